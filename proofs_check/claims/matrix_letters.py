"""Letters and numbers in declarations of matrices: sizes, degrees of freedom, variances; and the identity."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

import sympy as sp

from proofs_check.claims.matrix_declarations import EXAMPLE, Declaration, is_identity
from proofs_check.claims.syntax import Node, parse_formula
from theory import symbols
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import is_symbol_name


def size_for(text: str, values: Mapping[str, sp.Expr], letters: dict[str, sp.Expr]) -> sp.Expr:
    """Return a size: a number, or a letter, or the number that is given for it; and keep it among the letters.

    Parameters
    ----------
    text : str
        As it stands in a declaration.
    values : mapping of str to sympy.Expr
        Numbers for letters.
    letters : dict of str to sympy.Expr
        The letters so far.

    Raises
    ------
    InvalidArgument
        If it is neither a number nor a name, or not a positive whole number.

    Examples
    --------
    >>> size_for("n", {}, {}), size_for("n", {"n": sp.Integer(3)}, {})
    (n, 3)
    """
    if text.isdigit() and int(text) > 0:
        return sp.Integer(text)
    if not is_symbol_name(text):
        raise InvalidArgument("matrix", f"the size {text!r} is neither a number nor a name", EXAMPLE)
    size = values.get(text, symbols.whole(text))
    if not (size.is_integer and size.is_positive):
        raise InvalidArgument("set", f"the size {text} must be a positive integer, got {size}", "use e.g. n=4")
    return letters.setdefault(text, size)


def identity(
    declared: Declaration, kind: str, shape: tuple[sp.Expr, sp.Expr], letters: Mapping[str, sp.Expr]
) -> sp.Identity | None:
    """Return the identity, if a declaration names it as a mean, a covariance or a scale; otherwise None.

    Parameters
    ----------
    declared : Declaration
        The declaration.
    kind : str
        For which part: mean, rowcov, colcov or scale.
    shape : pair of sympy.Expr
        The shape that this part must have.
    letters : mapping of str to sympy.Expr
        The sizes, by which ``I_n`` is read.

    Raises
    ------
    InvalidArgument
        If the identity is of another size.

    Examples
    --------
    >>> from proofs_check.claims.matrix_declarations import declaration
    >>> identity(declaration("S: wishart 4 scale I, 2 by 2"), "scale", (sp.Integer(2), sp.Integer(2)), {})
    I
    """
    if not is_identity(declared.parts[kind]):
        return None
    rows, columns = shape
    _, _, size = declared.parts[kind].partition("_")
    given = sp.Integer(size) if size.isdigit() else letters.get(size, sp.Symbol(size)) if size else rows
    if sp.expand(rows - columns) != 0 or sp.expand(given - rows) != 0:
        problem = f"the {kind} of {declared.name} is {rows} by {columns}, and {declared.parts[kind]} is not"
        raise InvalidArgument("matrix", problem, "write I, or the name of a matrix" if rows == columns else "name one")
    return sp.Identity(rows)


def letters_of_law(declared: Declaration, sizes: Collection[str]) -> dict[str, sp.Expr]:
    """Return the letters in a declaration's formula that are no sizes: degrees of freedom, a probability, variances.

    Parameters
    ----------
    declared : Declaration
        The declaration.
    sizes : collection of str
        The letters of all sizes. A letter that is one of these but for its case is left out, as a slip.

    Examples
    --------
    >>> from proofs_check.claims.matrix_declarations import declaration
    >>> letters_of_law(declaration("W: normal s^2/n, n by m"), ["n", "m"])
    {'s': s}
    >>> letters_of_law(declaration("W: normal 1/N, n by m"), ["n", "m"])
    {}
    """
    counted = declared.law in ("wishart", "inverse-wishart")
    if counted or declared.law == "bernoulli":
        whole, name = symbols.whole(declared.scale or "b"), declared.scale
        found = whole if counted else sp.Symbol(name, positive=True)
        return {name: found} if is_symbol_name(name) and name not in sizes else {}
    if not declared.scale or declared.law in ("haar", "unitary", "constant"):
        return {}
    try:
        names = _names(parse_formula(declared.scale)[0])
    except InvalidArgument:  # refused with its place, when it is read
        return {}
    taken = {size.lower() for size in sizes}
    return {
        name: sp.Symbol(name, positive=True)
        for name in dict.fromkeys(names)
        if _LETTER.fullmatch(name) and name not in ("e", "pi") and name.lower() not in taken
    }


_GREEK = "alpha|beta|delta|epsilon|zeta|eta|theta|kappa|lambda|mu|nu|rho|sigma|tau|phi|chi|psi|omega"
_LETTER = re.compile(rf"(?:[a-z]|{_GREEK})(?:_?[A-Za-z0-9])?")
"""What a variance may be called: a small or a Greek letter, with an index."""


def _names(node: Node) -> Iterator[str]:
    if node.kind == "name":
        yield f"{node.value}_{node.sub}" if node.sub else node.value
    for part in node.parts:
        yield from _names(part)

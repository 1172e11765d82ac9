r"""Numbers and verdicts as LaTeX macros, for the text of a paper: ``\vcMedian`` in place of a number typed in."""

from __future__ import annotations

import re
from collections.abc import Mapping

from proofs_check.tables.model import Number
from proofs_check.tables.prose import typeset_prose
from theory.ensembles import InvalidArgument

Macros = dict[str, str]
"""What each macro stands for, by its name without the backslash."""


def require_macro(argument: str, name: str, taken: Mapping[str, object]) -> str:
    r"""Return the name of a macro, if it can be one.

    Parameters
    ----------
    argument : str
        The argument that names it, for errors.
    name : str
        Letters only, as TeX has it; a backslash before them is allowed.
    taken : mapping
        The names that are taken.

    Raises
    ------
    InvalidArgument
        If it has other characters than letters, or only small ones, as LaTeX's own have, or is taken.

    Examples
    --------
    >>> require_macro("macro", r"\vcMedian", {})
    'vcMedian'
    >>> require_macro("macro", "vc_2", {})
    Traceback (most recent call last):
    theory.ensembles.arguments.InvalidArgument: macro: 'vc_2' is no name of a macro; use letters only, as in vcMedian
    """
    bare = name.removeprefix("\\")
    if not re.fullmatch(r"[A-Za-z]+", bare):
        raise InvalidArgument(argument, f"{name!r} is no name of a macro", "use letters only, as in vcMedian")
    if bare == bare.lower():
        problem = f"{name!r} may be one of LaTeX's own"
        raise InvalidArgument(argument, problem, "use a name with a capital letter in it, as in vcMedian")
    if bare in taken:
        raise InvalidArgument(argument, f"{bare} is named twice", "give each its own name")
    return bare


def number_macro(number: Number) -> str:
    r"""Return a number in LaTeX, for text or formulas.

    Examples
    --------
    >>> from decimal import Decimal
    >>> print(number_macro(Number("0.0683(12)", Decimal("0.0683"))))
    \num{0.0683(12)}
    """
    if number.is_bounds:
        ends = ", ".join(rf"\num{{{end}}}" for end in number.written.strip("[]").split(", "))
        return rf"\ensuremath{{[{ends}]}}"
    if "oo" in number.written:
        return rf"\ensuremath{{{number.written.replace('oo', chr(92) + 'infty')}}}"
    return rf"\num{{{number.written}}}"


def prose_macro(text: str) -> str:
    """Return a text in LaTeX, its formulas typeset.

    Examples
    --------
    >>> prose_macro("all n, L")
    'all $n$, $L$'
    """
    return typeset_prose(text)


def macro_file(macros: Mapping[str, str], origin: str) -> str:
    r"""Return the file that defines all macros.

    Examples
    --------
    >>> print(macro_file({"vcOne": "1"}, "vanishing paper p.toml"))
    % vanishing paper p.toml
    % needs \usepackage{amsmath,amssymb,siunitx,xspace}
    \newcommand{\vcOne}{1\xspace}
    <BLANKLINE>
    """
    lines = [f"% {origin}", r"% needs \usepackage{amsmath,amssymb,siunitx,xspace}"]
    lines += [rf"\newcommand{{\{name}}}{{{text}\xspace}}" for name, text in macros.items()]
    return "\n".join([*lines, ""])

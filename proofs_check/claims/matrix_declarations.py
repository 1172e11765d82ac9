"""Declarations of matrices, from text to laws: 'W: normal 1/n, n by n', 'X: normal colcov Sigma, b by p'."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from proofs_check.claims.arithmetic import read_formula
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import exact_fraction, nearest

LAWS = (
    *("normal", "uniform", "rademacher", "symmetric", "bernoulli", "relu", "complex-normal"),
    *("haar", "unitary", "wishart", "inverse-wishart", "mask", "constant"),
)
"""The words that a declaration may have for a law; constant is none, and may be followed by symmetric."""

EXAMPLE = "use e.g. --matrix 'W: normal 1/n, n by n' and --matrix 'A: n by n'"

_DECLARED = re.compile(
    r"\s*(?P<name>[A-Za-z]+(_[A-Za-z0-9]+)?)\s*:\s*(?:(?P<law>[A-Za-z]+(?:-[A-Za-z]+)?)(?:\s+(?P<rest>[^,]+))?\s*,)?"
    r"\s*(?P<rows>\S+)\s+(?:by|x)\s+(?P<columns>\S+)\s*"
)
_PARTS = re.compile(r"(?:^|\s+)(mean|rowcov|colcov|scale)\s+([A-Za-z]+(?:_[A-Za-z0-9]+)?)(?=\s|$)")


@dataclass(frozen=True)
class Declaration:
    """A declared matrix.

    Parameters
    ----------
    text : str
        As it was given.
    name, rows, columns : str
        Its name and its sizes.
    law : str
        The word for its law, or constant.
    scale : str
        The formula of its variance, degrees of freedom, probability or slope; empty if there is none.
    parts : mapping of str to str
        The names of matrices in its law, by mean, rowcov, colcov and scale.
    """

    text: str
    name: str
    rows: str
    columns: str
    law: str
    scale: str
    parts: Mapping[str, str]

    @property
    def is_symmetric(self) -> bool:
        """Whether it is a constant and symmetric matrix."""
        return self.law == "constant" and self.scale == "symmetric"


def declaration(text: str) -> Declaration:
    """Read the declaration of one matrix.

    Parameters
    ----------
    text : str
        Such as ``W: normal 1/n, n by n`` or ``S: wishart b scale Sigma, p by p``.

    Raises
    ------
    InvalidArgument
        If it cannot be read, or the law is unknown or has no such part.

    Examples
    --------
    >>> read = declaration("X: normal 1/b mean M colcov Sigma, b by p")
    >>> read.law, read.scale, read.parts
    ('normal', '1/b', {'mean': 'M', 'colcov': 'Sigma'})
    """
    match = _DECLARED.fullmatch(text)
    if numbered := re.match(r"\s*([A-Za-z]+)(\d+)\s*:", text):
        raise InvalidArgument("matrix", f"{text!r} cannot be read", f"write {numbered[1]}_{numbered[2]} for its name")
    if match is None:
        raise InvalidArgument("matrix", f"{text!r} cannot be read", EXAMPLE)
    for name in (match["name"], match["rows"], match["columns"]):
        if is_identity(name):
            raise InvalidArgument("matrix", f"{name!r} in {text!r} is the identity", "use another letter")
    law, rest = _one_word((match["law"] or "constant").lower(), (match["rest"] or "").strip())
    if law not in LAWS:
        raise InvalidArgument("matrix", f"there is no law {law!r}", nearest(law, LAWS))
    found = _PARTS.findall(rest)
    parts = dict(found)
    if len(parts) < len(found):
        raise InvalidArgument("matrix", f"{rest!r} names one part twice", "name it once")
    allowed = _ALLOWED.get(law, ())
    if wrong := [part for part in parts if part not in allowed]:
        known = f"it may have {', '.join(allowed)}" if allowed else "leave it out"
        raise InvalidArgument("matrix", f"{law} has no {wrong[0]}", known)
    scale = _PARTS.sub("", rest).strip()
    if unread := [part for part in ("mean", "rowcov", "colcov", "scale") if part in scale.split()]:
        raise InvalidArgument("matrix", f"{unread[0]} needs the name of a matrix", f"use e.g. {unread[0]} Sigma")
    if law == "constant" and scale not in ("", "symmetric"):
        raise InvalidArgument(
            "matrix", f"{scale!r} is not known of a constant matrix", "leave it out, or say symmetric"
        )
    return Declaration(text, match["name"], match["rows"], match["columns"], law, scale, parts)


def given_number(name: str, value: Any) -> sp.Expr:
    """Return the number that is given for a letter, exactly.

    Parameters
    ----------
    name : str
        The letter.
    value : number or str
        The number.

    Raises
    ------
    InvalidArgument
        If it is no number, or not positive.

    Examples
    --------
    >>> given_number("p", "1/2")
    1/2
    """
    exact = exact_fraction("set", str(value))
    if exact <= 0:
        raise InvalidArgument("set", f"{name} must be positive, got {value}", f"use e.g. {name}=4")
    return sp.Rational(exact.numerator, exact.denominator)


def _one_word(law: str, rest: str) -> tuple[str, str]:
    """Return a law and what follows; 'haar unitary' and 'unitary haar' are unitary, 'haar orthogonal' is haar."""
    words = {law, *rest.lower().split()}
    for group, name in (("unitary", "unitary"), ("orthogonal", "haar")):
        if words == {"haar", group}:
            return name, ""
    return law, rest


_ALLOWED = {"normal": ("mean", "rowcov", "colcov"), "wishart": ("scale",), "inverse-wishart": ("scale",)}


def law_of(declared: Declaration, letters: Mapping[str, sp.Expr], matrix: Callable[[str], Any]) -> Any:
    """Return the law that a declaration says.

    Parameters
    ----------
    declared : Declaration
        The declaration; not that of a constant matrix.
    letters : mapping of str to sympy.Expr
        The letters that its formula may have.
    matrix : callable
        Returns the matrix for mean, rowcov, colcov or scale.

    Raises
    ------
    InvalidArgument
        If its formula cannot be read, is negative, is missing, or is there where it says nothing.

    Examples
    --------
    >>> law_of(declaration("S: wishart 5, 2 by 2"), {}, sp.Symbol)
    Wishart(dof=5, scale=1)
    """
    from theory import (
        ComplexGaussian,
        Entries,
        Gaussian,
        Haar,
        Iid,
        InverseWishart,
        Mask,
        Unitary,
        Wishart,
    )

    value = _value(declared, letters)
    parts = {part: matrix(part) for part in declared.parts}
    one = sp.S.One if value is None else value
    match declared.law:
        case "haar":
            return Haar()
        case "unitary":
            return Unitary()
        case "wishart":
            return Wishart(value, **parts)
        case "inverse-wishart":
            return InverseWishart(value, **parts)
        case "mask":
            return Mask(0 if value is None else value)
        case "bernoulli":
            return Entries.bernoulli(sp.Rational(1, 2) if value is None else value)
        case "relu":
            return Entries.relu(one)
        case "complex-normal":
            return ComplexGaussian(one)
        case "normal":
            return Gaussian(one, **parts)
    return Iid(declared.law, one)


def is_identity(name: str) -> bool:
    """Whether a name means the identity, so that no matrix may have it.

    Examples
    --------
    >>> is_identity("I"), is_identity("I_n"), is_identity("In")
    (True, True, False)
    """
    return name.split("_")[0] == "I"


def _value(declared: Declaration, letters: Mapping[str, sp.Expr]) -> sp.Expr | None:
    """Return the number in a declaration, which must be positive, and there or not as the law needs it."""
    law, scale = declared.law, declared.scale
    if law in ("haar", "unitary") and scale:
        raise InvalidArgument("matrix", f"{law.capitalize()} matrices have no variance, got {scale}", "leave it out")
    if law in ("wishart", "inverse-wishart") and not scale:
        remedy = f"use e.g. '{declared.name}: {law} 4, {declared.rows} by {declared.columns}'"
        raise InvalidArgument("matrix", f"{law} needs its degrees of freedom", remedy)
    if not scale:
        return None
    what = {"bernoulli": "probability", "mask": "slope"}.get(law, "variance" if "wishart" not in law else "dof")
    try:
        value = read_formula(scale, letters)
    except InvalidArgument as bad:
        known = f"known are {', '.join(letters)}, and small letters in a variance" if letters else EXAMPLE
        remedy = known if "is not known" in bad.problem else EXAMPLE
        raise InvalidArgument("matrix", f"the {what} {scale!r}: {bad.problem}", remedy) from None
    if law != "mask" and value.is_number and not value > 0:
        raise InvalidArgument("matrix", f"the {what} {scale!r} is not positive", EXAMPLE)
    return value

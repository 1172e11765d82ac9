r"""A single weight: its Mellin transform :math:`E|w|^r` and the cumulants of :math:`\log|w|`, integrated by SymPy."""

from __future__ import annotations

from functools import cache

import sympy as sp

from theory.ensembles import InvalidArgument, Law

_r = sp.Symbol("r", positive=True)
_w = sp.Symbol("w", positive=True)


@cache
def _density(law: Law) -> tuple[sp.Expr, sp.Expr]:
    """Return the density of |w| for the law of variance 1, which lives on (0, end), and that end."""
    if law.name == "normal":
        return sp.sqrt(2 / sp.pi) * sp.exp(-(_w**2) / 2), sp.oo
    if law.name == "uniform":
        return 1 / sp.sqrt(3), sp.sqrt(3)
    raise InvalidArgument("law", f"the density of {law.name!r} is not known here", "use law='normal' or 'uniform'")


def density_at_zero(law: Law) -> sp.Expr:
    r"""Return p_0, the density of :math:`|w|` at 0 for variance 1, which is its largest value.

    Raises
    ------
    InvalidArgument
        For a law without a known density.

    Examples
    --------
    >>> from theory import Law
    >>> density_at_zero(Law.named("uniform"))
    sqrt(3)/3
    """
    return _density(law)[0].subs(_w, 0)


@cache
def absolute_moment(law: Law) -> sp.Expr:
    r"""Derive :math:`E|w|^r` for variance 1, as an expression in the symbol ``r``.

    Raises
    ------
    InvalidArgument
        For a law without a known density.

    Examples
    --------
    >>> from theory import Law
    >>> absolute_moment(Law.named("uniform"))
    3**(r/2)/(r + 1)
    """
    density, end = _density(law)
    return sp.powsimp(sp.simplify(sp.integrate(_w**_r * density, (_w, 0, end))))


@cache
def log_cumulant(law: Law, order: int) -> sp.Expr:
    r"""Derive a cumulant of :math:`\log|w|` for variance 1, a derivative of :math:`\log E|w|^r` at 0.

    Parameters
    ----------
    law : Law
        The law of a weight divided by its standard deviation, normal or uniform.
    order : int
        Which cumulant: 1 for the mean, 2 for the variance, ...

    Raises
    ------
    InvalidArgument
        For a law without a known density.

    Examples
    --------
    >>> from theory import Law
    >>> log_cumulant(Law.named("uniform"), 1), log_cumulant(Law.named("uniform"), 2)
    (-1 + log(3)/2, 1)
    >>> log_cumulant(Law.named("normal"), 2)
    pi**2/8
    """
    generating = sp.expand_log(sp.log(absolute_moment(law)), force=True)
    return sp.expand(sp.simplify(sp.diff(generating, _r, order).subs(_r, 0)))

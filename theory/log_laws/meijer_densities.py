r"""Densities of products of chi-squares in closed form: Meijer G-functions, and finite mixtures of them for ReLU.

A product of independent chi-squares with :math:`d_1, ..., d_m` degrees of freedom, times a scale, has the Mellin
transform :math:`\prod_i2^t\Gamma(d_i/2+t)/\Gamma(d_i/2)`, which is that of a Meijer G-function. A ReLU layer has
:math:`d = B` with B ~ Binomial(n, 1/2) units on, so the density of what survives is a mixture over the numbers of units
that are on in each layer. In which order they come does not matter, so that there are as many functions as multisets.
"""

from __future__ import annotations

from math import comb

import sympy as sp

from theory.ensembles import InvalidArgument
from theory.log_laws.layer_factors import ChiSquares
from theory.log_laws.log_sums import LogSumLaw
from theory.log_laws.masked_signs import Coins

MOST_FUNCTIONS = 60
"""A mixture of more functions is no formula to read."""


def product_density(law: LogSumLaw, y: sp.Symbol) -> sp.Expr:
    r"""Return the density at y > 0 of the product of a law's factors and its constant.

    Parameters
    ----------
    law : LogSumLaw
        The law of the logarithm of the product; each factor occurs a number of times that is known.
    y : sympy.Symbol
        The argument.

    Raises
    ------
    InvalidArgument
        For leaky layers, symbols in ReLU layers or for the depth, or a mixture of more than 60 functions.

    Examples
    --------
    >>> from theory import Ensemble, LogNormLaw
    >>> r = sp.Symbol("r", positive=True)
    >>> product_density(LogNormLaw(Ensemble(width=1, depth=1, activation="relu", init=2, input="e1")), r)
    meijerg(((), ()), ((-1/2,), ()), r/4)/(8*sqrt(pi))
    """
    return sp.Add(*(_meijer(degrees, scale, y, sp.S.One) * chance for degrees, scale, chance in _parts(law)))


def root_density(law: LogSumLaw, u: sp.Symbol) -> sp.Expr:
    r"""Return the density at u of a symmetric number whose square has the law; it is |u| times that of the square.

    Parameters and errors are those of :func:`product_density`.

    Examples
    --------
    >>> from theory import Ensemble, LogNormLaw
    >>> u = sp.Symbol("u", real=True)
    >>> sp.hyperexpand(root_density(LogNormLaw(Ensemble(width=1, depth=1, init=1)), u))  # a standard normal number
    sqrt(2)*exp(-u**2/2)/(2*sqrt(pi))
    """
    parts = _parts(law)
    return sp.Add(*(_meijer(degrees, scale, u**2, sp.S.Half) * chance for degrees, scale, chance in parts))


def _meijer(degrees: tuple[sp.Expr, ...], scale: sp.Expr, y: sp.Expr, power: sp.Rational) -> sp.Expr:
    """Return y^(1 - power) times the density at y of the scale times the product of Gamma(d/2, 1) variables."""
    gammas = sp.Mul(*(sp.gamma(d / 2) for d in degrees))
    return sp.meijerg([[], []], [[d / 2 - power for d in degrees], []], y / scale) / (scale**power * gammas)


_Part = tuple[tuple[sp.Expr, ...], sp.Expr, sp.Expr]
"""Degrees of freedom, the scale of their product, and a probability."""


def _parts(law: LogSumLaw) -> list[_Part]:
    """Return the mixture's parts, with those of the same degrees in one."""
    parts: list[_Part] = [((), law.constant, sp.S.One)]
    for factor, times in law.terms:
        if not times.is_Integer:
            raise InvalidArgument("depth", f"the G-function has one parameter a layer, got {times}", "give a number")
        for _ in range(int(times)):
            merged: dict[tuple[tuple[str, ...], sp.Expr], _Part] = {}
            for degrees, scale, chance in parts:
                for degree, size, share in _options(factor):
                    more = (*degrees, *degree)
                    key = (tuple(sorted(map(str, more))), scale * size)
                    known = merged[key][2] if key in merged else sp.S.Zero
                    merged[key] = (merged[key][0] if key in merged else more, scale * size, known + chance * share)
            parts = list(merged.values())
            if len(parts) > MOST_FUNCTIONS:
                problem = f"the density is a mixture of more than {MOST_FUNCTIONS} Meijer G-functions"
                raise InvalidArgument("width", problem, "ask for the density at a point")
    return parts


def _options(factor: ChiSquares | Coins) -> list[_Part]:
    """Return what a factor can be: chi-squares or numbers, and how probable each is; 0 is left out."""
    n, scale = factor.width, factor.scale
    if factor.slope == 1:
        one = sp.S.One
        return [((n,), 2 * scale, one)] if isinstance(factor, ChiSquares) else [((), scale * n, one)]
    if factor.slope != 0:
        problem = "the density of a leaky network is no finite mixture of Meijer G-functions"
        raise InvalidArgument("activation", problem, "ask for the density at a point")
    if not n.is_Integer:
        raise InvalidArgument("width", f"the mixture over units that are on needs a number, got {n}", "give a number")
    chances = [(b, sp.Rational(comb(int(n), b), 2 ** int(n))) for b in range(1, int(n) + 1)]
    if isinstance(factor, ChiSquares):
        return [((sp.Integer(b),), 2 * scale, chance) for b, chance in chances]
    return [((), scale * b, chance) for b, chance in chances]

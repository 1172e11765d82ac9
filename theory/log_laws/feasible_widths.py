r"""How wide a network of depth L must be to keep its norm, with the constant in "width must scale with depth".

For normal weights the law of :math:`\log|a_L|^2` decides exactly whether :math:`P(|a_L|^2 \ge c|x|^2) \ge p`. For c < 1
this holds from some width on, the *threshold*. For c > 1 it holds in a *band* of widths only, as very wide networks
keep the norm, and for large p it holds nowhere.

As L and n grow together with :math:`\beta = L/n`, the logarithm is asymptotically normal with mean
:math:`-\kappa\beta/2` and variance :math:`\kappa\beta`, where :math:`\kappa` is 5 for ReLU and 2 for linear networks.
So the widths at which the probability is p solve :math:`-\kappa\beta/2 - z\sqrt{\kappa\beta} = \log c` with
:math:`z = \Phi^{-1}(p)`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint
import sympy as sp

from theory import symbols
from theory.balls import Ball, enclose, enclose_number, less, precision, require_digits
from theory.ensembles import Ensemble, InvalidArgument, require_ensemble
from theory.ensembles.arguments import exact_fraction
from theory.log_laws.log_norms import LogNormLaw
from theory.moments.expansions import kurtosis_rate
from theory.moments.transfer import transfer_matrix
from theory.requirements import require_normal

_WIDEST = 1 << 20
"""Wider networks are not tried."""


@dataclass(frozen=True)
class Widths:
    """The widths at which a network keeps its norm.

    Parameters
    ----------
    least : int or None
        The least such width that was found; None if there is none.
    most : int or None
        The greatest width of the band that begins there; None if it has no end (a threshold), or if there is no band.
    """

    least: int | None
    most: int | None


def exceedance(net: Ensemble, c: Any, layer: int | str | None = None) -> float:
    r"""Return :math:`P(|a_k|^2 \ge c|x|^2)` in floats.

    Parameters
    ----------
    net : Ensemble
        A network with normal weights and without symbols.
    c : number or str
        A positive number, exact: e.g. ``"1/2"``.
    layer : int, optional
        k; the depth by default.

    Raises
    ------
    InvalidArgument
        For another law, symbols, or a c that is not positive.

    Examples
    --------
    >>> from theory import Ensemble
    >>> round(exceedance(Ensemble(width=32, depth=32, activation="relu", init="he"), "1/2"), 4)
    0.2082
    """
    require_ensemble(net)
    net.require_numbers("the probability")
    factor, law = _positive(c), LogNormLaw(net, layer)
    size = math.log(factor.numerator) - math.log(factor.denominator)  # the fraction may be too big for a float
    return law.exceedance(size + float(enclose_number(symbols.input_power_sum(net, 2)).log()))


def exceedance_error(net: Ensemble, layer: int | str | None = None) -> float:
    """Return about how far :func:`exceedance` may be off where it is neither small nor nearly 1.

    Examples
    --------
    >>> from theory import Ensemble
    >>> exceedance_error(Ensemble(width=32, depth=32, activation="relu", init="he")) < 2e-12
    True
    """
    return LogNormLaw(net, layer).error


def enclosed_exceedance(net: Ensemble, c: Any, digits: int = 15, layer: int | str | None = None) -> Ball:
    r"""Enclose :math:`P(|a_k|^2 \ge c|x|^2)`.

    Parameters
    ----------
    net, c, layer
        As for :func:`exceedance`.
    digits : int
        The number of significant digits of the answer.

    Returns
    -------
    flint.arb

    Raises
    ------
    InvalidArgument
        As :func:`exceedance`, and if the digits are out of range or cannot be met.

    Examples
    --------
    >>> from theory import Ensemble
    >>> print(enclosed_exceedance(Ensemble(width=2, depth=1, init=1, input="e1"), 2, 15).str(15, radius=False))  # 1/e
    0.367879441171442
    """
    size, law = _threshold(net, c, layer, digits)
    return law.enclosed_exceedance(size, digits)


def enclosed_log_exceedance(net: Ensemble, c: Any, digits: int = 15, layer: int | str | None = None) -> Ball:
    r"""Enclose :math:`\log P(|a_k|^2 \ge c|x|^2)`; parameters and errors are those of :func:`enclosed_exceedance`.

    Examples
    --------
    >>> from theory import Ensemble
    >>> one_layer = Ensemble(width=2, depth=1, init=1, input="e1")
    >>> print(enclosed_log_exceedance(one_layer, "1e-40", 15).str(15, radius=False))  # -1e-40/2
    -5.00000000000000e-41
    """
    size, law = _threshold(net, c, layer, digits)
    return law.enclosed_log_exceedance(size, digits)


def _threshold(net: Ensemble, c: Any, layer: int | str | None, digits: int) -> tuple[Ball, LogNormLaw]:
    require_ensemble(net)
    net.require_numbers("the probability")
    law, factor = LogNormLaw(net, layer), _positive(c)
    require_digits(digits)
    size = sp.log(sp.Rational(factor.numerator, factor.denominator) * symbols.input_power_sum(net, 2))
    return enclose(size, digits + 90), law


def feasible_widths(net: Ensemble, c: Any, p: Any) -> Widths:
    r"""Find the widths n at which :math:`P(|a_L|^2 \ge c|x|^2) \ge p`.

    Parameters
    ----------
    net : Ensemble
        A network of constant width with normal weights, any activation, and an initialization that keeps the mean norm.
        Its depth is a number; its width does not matter, as it is varied.
    c : number or str
        A positive number other than 1, exact: e.g. ``"1/2"``.
    p : number or str
        A number between 0 and 1, exact.

    Returns
    -------
    Widths
        The first band. Each width that was looked at is decided: by floats if the probability is further than 1e-6 from
        p, and by balls otherwise. So `least` satisfies the inequality and `least` - 1 does not. That the probability
        does not cross p elsewhere between these widths was seen in all cases tried, but is not proved.

    Raises
    ------
    InvalidArgument
        For other networks; for c = 1, where the probability tends to 1/2 and decides nothing; for a p that is not
        strictly between 0 and 1; or if no width up to 2^20 is enough.

    References
    ----------
    The last theorem of arXiv:2106.03763 has the threshold up to constants; see also B. Hanin, arXiv:1801.03744.

    Examples
    --------
    >>> from theory import Ensemble
    >>> feasible_widths(Ensemble(width="n", depth=16, init="xavier"), "1/2", "1/2")
    Widths(least=23, most=None)
    >>> feasible_widths(Ensemble(width="n", depth=16, init="xavier"), 2, "1/10")
    Widths(least=10, most=54)
    >>> feasible_widths(Ensemble(width="n", depth=16, init="xavier"), 2, "1/2")
    Widths(least=None, most=None)
    """
    factor, chance = _factor(c), _chance(p)
    _require(net)
    if factor < 1:
        least = _first(net, factor, chance, 1, holds=True)
        return Widths(least, None)
    peak = _best_width(net, factor)
    if not _decide(net, peak, factor, chance):
        return Widths(None, None)
    least = 1 if _decide(net, 1, factor, chance) else _bisect(net, factor, chance, 1, peak, holds=True)
    return Widths(least, _first(net, factor, chance, peak, holds=False) - 1)


def asymptotic_slope(net: Ensemble, c: Any, p: Any) -> tuple[sp.Expr, ...]:
    r"""Derive :math:`\lim n^*/L`: one number for a threshold, two for a band, none where the band is empty.

    Parameters
    ----------
    net : Ensemble
        A network as for :func:`feasible_widths`; its depth does not matter.
    c, p : number or str
        As for :func:`feasible_widths`.

    Returns
    -------
    tuple of SymPy expressions
        The limits, which contain :math:`z = \Phi^{-1}(p)`, written with ``erfinv``.

    Raises
    ------
    InvalidArgument
        As :func:`feasible_widths`.

    Notes
    -----
    The limit law of :math:`\log(|a_L|^2/|x|^2)` is normal with mean -v/2 and variance v = kappa beta. The mean is -v/2
    because the mean of the squared norm is kept. kappa comes from the limit of the kurtosis, exp(kappa beta).

    Examples
    --------
    >>> from theory import Ensemble
    >>> relu = Ensemble(width="n", depth="L", activation="relu", init="he")
    >>> asymptotic_slope(relu, "1/2", "1/2")
    (5/(2*log(2)),)
    """
    factor, chance = _factor(c), _chance(p)
    require_normal(net, "the threshold")
    _require_kept_mean(net)
    rate = kurtosis_rate(_with_symbols(net))
    z = sp.sqrt(2) * sp.erfinv(2 * sp.Rational(chance.numerator, chance.denominator) - 1)
    logarithm = sp.log(sp.Rational(factor.numerator, factor.denominator))
    square = z**2 - 2 * logarithm
    if factor < 1:  # sqrt(v) = -z + sqrt(z^2 - 2 log c) is the positive root of v/2 + z sqrt(v) + log c = 0
        return (rate / (-z + sp.sqrt(square)) ** 2,)
    if not (square.is_positive or (square.evalf() > 0)) or z.evalf() >= 0:
        return ()
    return rate / (-z + sp.sqrt(square)) ** 2, rate / (-z - sp.sqrt(square)) ** 2


def _with_symbols(net: Ensemble) -> Ensemble:
    return net.at(width="n", depth="L", input=None) if net.is_constant_width else net


def _require_kept_mean(net: Ensemble) -> None:
    if net.is_constant_width and transfer_matrix(_with_symbols(net), 2).matrix[0] != 1:
        raise InvalidArgument("init", "does not keep the mean norm, so no width does", "use 'he', or linear 'xavier'")


def _decide(net: Ensemble, width: int, c: Fraction, p: Fraction) -> bool:
    """Whether the probability is at least p at this width, by floats if they are clear, and by balls if not."""
    here = net.at(width=width)
    value = exceedance(here, c)
    if abs(value - p) > 1e-6:
        return value >= p
    for digits in (15, 30, 60):
        with precision(digits + 10):
            verdict = less(enclosed_exceedance(here, c, digits), flint.arb(flint.fmpq(p.numerator, p.denominator)))
        if verdict is not None:
            return not verdict
    raise InvalidArgument("p", f"60 digits cannot tell the probability at width {width} from {p}", "change p a little")


def _first(net: Ensemble, c: Fraction, p: Fraction, start: int, *, holds: bool) -> int:
    """Find the first width from `start` on at which the inequality `holds`, or does not, by doubling and bisection."""
    low, high = start, start
    while _decide(net, high, c, p) != holds:
        low, high = high, 2 * high
        if high > _WIDEST:
            raise InvalidArgument("p", f"no width up to {_WIDEST} decides", "use a smaller p, or c further from 1")
    return high if high == start else _bisect(net, c, p, low, high, holds=holds)


def _bisect(net: Ensemble, c: Fraction, p: Fraction, low: int, high: int, *, holds: bool) -> int:
    """Find the least width from which on the answer is the one at `high`, which differs from the one at `low`."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _decide(net, middle, c, p) == holds else (middle, high)
    return high


def _best_width(net: Ensemble, c: Fraction) -> int:
    """Find the width with the greatest probability of a norm above c > 1, by ternary search after doubling."""
    width = 1
    while width < _WIDEST and exceedance(net.at(width=2 * width), c) >= exceedance(net.at(width=width), c):
        width *= 2
    low, high = max(1, width // 2), 2 * width
    while high - low > 2:
        left, right = low + (high - low) // 3, high - (high - low) // 3
        if exceedance(net.at(width=left), c) < exceedance(net.at(width=right), c):
            low = left + 1
        else:
            high = right
    return max(range(low, high + 1), key=lambda n: exceedance(net.at(width=n), c))


def _require(net: Ensemble) -> None:
    require_normal(net, "the phase diagram")
    net.require_equal_layers("differ, and one width is asked for", "use width='n'")
    net.at(width=1).require_numbers("the phase diagram")
    _require_kept_mean(net)


def _factor(c: Any) -> Fraction:
    factor = _positive(c)
    if factor == 1:
        problem = "must not be 1, where the probability tends to 1/2 and decides nothing"
        raise InvalidArgument("c", problem, "use e.g. c='1/2' (a threshold) or c=2 (a band)")
    return factor


def _positive(c: Any) -> Fraction:
    factor = exact_fraction("c", c)
    if factor <= 0:
        raise InvalidArgument("c", f"must be positive, got {c}", "use e.g. c='1/2'")
    return factor


def _chance(p: Any) -> Fraction:
    chance = exact_fraction("p", p)
    if not 0 < chance < 1:
        raise InvalidArgument("p", f"must lie strictly between 0 and 1, got {p}", "use e.g. p='1/2'")
    return chance

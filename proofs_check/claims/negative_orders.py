"""Moments of negative order: where they are finite, in closed form; where they are infinite, known to be so."""

from __future__ import annotations

import flint
import sympy as sp

from proofs_check import assumptions
from proofs_check.claims.derivations import Derived, derive_statistic, law_of
from proofs_check.claims.positivity import Least
from proofs_check.claims.random_numbers import AbsoluteOutput, Activation, Gradient, Moment, Statistic
from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument
from theory.log_laws.norm_moments import enclosed_norm_moment, least_order, norm_moment


def has_negative_order(statistic: Statistic) -> bool:
    """Whether a statistic is a moment in which a norm is divided by, so that it may be infinite.

    Parameters
    ----------
    statistic : Statistic
        The statistic.

    Examples
    --------
    >>> last = Activation((sp.Symbol("L", integer=True, positive=True),))
    >>> has_negative_order(Moment(((last, -2),))), has_negative_order(Moment(((last, 2),)))
    (True, False)
    """
    return isinstance(statistic, Moment) and any(order < 0 for _, order in statistic.powers)


def derive_any_order(statistic: Statistic, net: Ensemble, least: Least) -> Derived:
    """Derive a statistic, a moment of negative order with what is known of the sizes.

    Parameters
    ----------
    statistic : Statistic
        What is asked.
    net : Ensemble
        The networks, whose sizes may be symbols.
    least : mapping of Symbol to int
        The least values of sizes.

    Returns
    -------
    Derived
        For letters a formula, if the moment is finite from the least sizes on; for numbers infinity where it is that.

    Raises
    ------
    InvalidArgument
        If theory does not know it, or if letters stand for sizes of which some have an infinite moment.

    Examples
    --------
    >>> n, L = symbols.whole("n"), symbols.whole("L")
    >>> moment, net = Moment(((Activation((L,)), -2),)), Ensemble(width="n", depth="L")
    >>> derive_any_order(moment, net, {n: 3}).formula
    (n/(n - 2))**L/norm_x**2
    >>> derive_any_order(moment.at({L: sp.Integer(4)}), net.at(width=2, depth=4), {}).enclosed(10) > 10**9
    True
    """
    if not (isinstance(statistic, Moment) and has_negative_order(statistic)):
        return derive_statistic(statistic, net)
    ((number, given), *others) = statistic.powers
    order = sp.Rational(given)
    if others or not isinstance(number, (Activation, AbsoluteOutput, Gradient)):
        return derive_statistic(statistic, net)
    simple = all(layer.is_Integer or layer.is_Symbol for layer in number.layers)
    law = law_of(number if simple else type(number)((symbols.whole("layer0"),)), net)
    assumed = [assumptions.NORMAL, assumptions.PIECEWISE_LINEAR]
    if isinstance(number, Gradient) and not net.is_linear:
        assumed.append(assumptions.SIGN_SYMMETRIC_READOUT)
    widths = {letter: letter + first - 1 for letter, first in least.items() if letter.is_Symbol}
    beyond = (order - least_order(law)).xreplace(widths)
    if law.can_die or beyond.is_nonpositive:
        return Derived(None, lambda digits: flint.arb("inf"), tuple(assumed))
    linear = all(getattr(factor, "slope", None) == 1 for factor, _ in law.terms)
    if net.symbols or any(not layer.is_Integer for layer in number.layers):
        if not beyond.is_positive or not linear:  # sums are faster in balls, and there are sizes where it is infinite
            raise InvalidArgument("claim", f"{statistic.text} may be infinite", "name larger widths with --for")
        formula = norm_moment(law, order)
        if not simple:
            formula = formula.subs(symbols.whole("layer0"), number.layers[0])
        return Derived(formula, assumed=tuple(assumed))
    return Derived(None, lambda digits: enclosed_norm_moment(law, order, digits), tuple(assumed))

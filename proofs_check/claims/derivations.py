"""What theory knows of each statistic: a formula in letters, or a number at given sizes, with what it assumes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import singledispatch
from typing import Any

import flint
import sympy as sp

from proofs_check import assumptions
from proofs_check.assumptions import Assumption
from proofs_check.claims.number_reader import SECOND_NORM, layer_rank
from proofs_check.claims.random_numbers import (
    AbsoluteOutput,
    Activation,
    Exceedance,
    Gradient,
    HessianBlock,
    InnerProduct,
    LogCumulant,
    MatrixExpectation,
    Moment,
    Output,
    Quantile,
    RandomNumber,
    SecondActivation,
    Statistic,
    WeightProduct,
    WholeHessian,
)
from theory import (
    LogGradientLaw,
    LogNormLaw,
    activation_moment,
    gradient_moment,
    gradient_product,
    hessian_block_moment,
    hessian_moment,
    mixed_moment,
    symbols,
    two_input_moment,
)
from theory.architectures.orthogonal import orthogonal_log_mean, orthogonal_log_variance
from theory.architectures.residual import enclosed_log_mean, enclosed_log_variance
from theory.balls import Ball, enclose, precision
from theory.ensembles import Ensemble, InvalidArgument
from theory.ensembles.usual_slopes import of_usual_slope
from theory.log_laws.all_alive import log_survival_ball
from theory.log_laws.log_norms import survival
from theory.log_laws.log_sums import LogSumLaw
from theory.log_laws.norm_moments import enclosed_norm_moment, least_order, norm_moment, require_finite
from theory.log_laws.output_law import OutputLaw
from theory.moments.jacobians import weight_product_moment
from theory.moments.outputs import output_moment


@dataclass(frozen=True)
class Derived:
    """What theory knows of a statistic.

    Parameters
    ----------
    formula : sympy.Expr or None
        A formula in letters, or an exact number.
    ball : callable or None
        Returns a ball around the number, given a number of digits; where there is no formula.
    assumed : tuple of Assumption
        What the derivation assumes, beside what the ensemble says.
    """

    formula: sp.Expr | None
    ball: Callable[[int], Ball] | None = None
    assumed: tuple[Assumption, ...] = ()

    def enclosed(self, digits: int, values: Mapping[sp.Symbol, Ball] | None = None) -> Ball:
        """Return a ball around the number.

        Parameters
        ----------
        digits : int
            The number of decimal digits to work with.
        values : mapping of Symbol to flint.arb, optional
            The values of letters that are left in the formula, such as K.
        """
        if self.formula is not None:
            return enclose(self.formula, digits, values)
        assert self.ball is not None
        return self.ball(digits)


@singledispatch
def derive_statistic(statistic: Statistic, net: Ensemble) -> Derived:
    """Derive a statistic of the networks of an ensemble.

    Parameters
    ----------
    statistic : Statistic
        What is asked.
    net : Ensemble
        The networks, whose sizes may be symbols.

    Raises
    ------
    InvalidArgument
        If theory does not know it.

    Examples
    --------
    >>> last = Activation((sp.Symbol("L", integer=True, positive=True),))
    >>> net = Ensemble(width="n", depth="L", activation="relu", init="he")
    >>> derive_statistic(Moment(((last, 4),)), net).formula
    norm_x**4*(1 + 5/n)**L
    """
    raise InvalidArgument("claim", f"theory does not know {statistic.text}", "it can only be sampled")


def _unknown(statistic: Statistic) -> InvalidArgument:
    return InvalidArgument("claim", f"theory does not know {statistic.text}", "it can only be sampled")


def _at_layers(layers: tuple[sp.Expr, ...], formula: Callable[..., sp.Expr]) -> sp.Expr:
    """Return a formula at layers such as L - 1, which it is asked for as letters of their own."""
    given: list[Any] = []
    back = {}
    for place, layer in enumerate(layers):
        if layer.is_Integer:
            given.append(int(layer))
        elif layer.is_Symbol:
            given.append(str(layer))
        else:
            letter = f"layer{place}"
            given.append(letter)
            back[symbols.whole(letter)] = layer
    return formula(*given).subs(back)


@derive_statistic.register
def _moment(statistic: Moment, net: Ensemble) -> Derived:
    kinds = {type(number) for number, _ in statistic.powers}
    if kinds & {InnerProduct, SecondActivation}:
        return _two_inputs(statistic, net)
    if len(kinds) > 1:
        raise _unknown(statistic)
    kind = kinds.pop()
    if len(statistic.powers) > 1:
        return _joint_moment(statistic, net, kind)
    ((number, order),) = statistic.powers
    if kind is Activation:
        return _activation_moment(statistic, net, number, order)
    if kind is Output or (kind is AbsoluteOutput and order % 2 == 0):
        return _output_moment(statistic, net, order)
    if kind is AbsoluteOutput and order > 0 and _is_normal_and_plain(net):
        return _real_moment(number, net, sp.Rational(order))
    if not isinstance(order, int):
        raise _unknown(statistic)
    if kind is Gradient:
        exact = _at_layers(number.layers, lambda k: gradient_moment(net, k, order))
        return Derived(exact, assumed=gradients_assume(net))
    if kind is HessianBlock:
        exact = _at_layers(number.layers, lambda k, later: hessian_block_moment(net, k, later, order))
        return Derived(exact, assumed=gradients_assume(net))
    if kind is WholeHessian and order == 2:
        return Derived(hessian_moment(net), assumed=gradients_assume(net))
    if kind is WeightProduct:
        return Derived(weight_product_moment(net, order))
    raise _unknown(statistic)


def _two_inputs(statistic: Moment, net: Ensemble) -> Derived:
    """Answer for |a_k|^p |a'_k|^q <a_k, a'_k>^r at one layer k."""
    orders = {type(number): order for number, order in statistic.powers}
    p, q, r = (orders.pop(kind, 0) for kind in (Activation, SecondActivation, InnerProduct))
    layers = {number.layers[0] for number in statistic.numbers}
    if orders or len(layers) > 1 or not all(isinstance(order, int) for order in (p, q, r)):
        raise _unknown(statistic)
    if p == r == 0:  # the second input alone: at order 2 its direction does not matter, nor for normal weights
        if q != 2 and not net.law.is_normal:
            raise _unknown(statistic)
        exact = _at_layers((layers.pop(),), lambda k: activation_moment(replace(net, input="e1"), q, k))
        return Derived(exact * SECOND_NORM**q, assumed=(assumptions.PIECEWISE_LINEAR,))
    exact = _at_layers((layers.pop(),), lambda k: two_input_moment(net, norm=p, other=q, inner=r, layer=k))
    norms = symbols.norm_symbol(2) ** (p + r) * SECOND_NORM ** (q + r)
    return Derived(exact * norms, assumed=() if net.slope == 1 else (assumptions.NORMAL,))


def gradients_assume(net: Ensemble) -> tuple[Assumption, ...]:
    """Return what moments of gradients and Hessian blocks assume.

    Examples
    --------
    >>> [assumed.sentence for assumed in gradients_assume(Ensemble(width="n", depth="L"))]
    ['the activation is linear, ReLU or leaky ReLU']
    """
    if net.is_linear:
        return (assumptions.PIECEWISE_LINEAR,)
    readout = assumptions.SIGN_SYMMETRIC_READOUT if net.has_sign_symmetric_readout else assumptions.FIXED_READOUT
    return (assumptions.for_slopes(assumptions.PIECEWISE_LINEAR, net), assumptions.NO_ATOMS, readout)


def _activation_moment(statistic: Moment, net: Ensemble, number: RandomNumber, order: Any) -> Derived:
    if isinstance(order, int) and order > 0 and order % 2 == 0:
        exact = _at_layers(number.layers, lambda k: activation_moment(net, order, k))
        return Derived(exact, assumed=(assumptions.for_slopes(assumptions.PIECEWISE_LINEAR, net),))
    if not _is_normal_and_plain(net):
        raise _unknown(statistic)
    return _real_moment(number, net, sp.Rational(order))


def _real_moment(number: RandomNumber, net: Ensemble, order: sp.Rational) -> Derived:
    """Answer for an order that is not even: a formula of gamma functions for letters, else a ball."""
    simple = all(layer.is_Integer or layer.is_Symbol for layer in number.layers)
    law = law_of(number if simple else type(number)((symbols.whole("layer0"),)), net)
    assumed = (assumptions.NORMAL, assumptions.PIECEWISE_LINEAR)
    require_finite(law, order)
    if of_usual_slope(net, "this moment")[0].slope != 1 or (order - least_order(law)).is_positive is None:
        net.require_numbers("this moment")  # sums are faster in balls, and negative orders infinite at some widths
    if net.symbols or any(not layer.is_Integer for layer in number.layers):
        formula = norm_moment(law, order)
        return Derived(formula if simple else formula.subs(symbols.whole("layer0"), number.layers[0]), assumed=assumed)
    return Derived(None, lambda digits: enclosed_norm_moment(law, order, digits), assumed)


def _is_normal_and_plain(net: Ensemble) -> bool:
    plain = net.architecture.is_plain and net.bias.name == "none"
    return net.law.is_normal and net.has_independent_entries and plain


def _output_moment(statistic: Moment, net: Ensemble, order: Any) -> Derived:
    if not isinstance(order, int) or order < 1:
        raise _unknown(statistic)
    if order % 2 and net.has_sign_symmetric_readout:
        return Derived(sp.S.Zero, assumed=(assumptions.SIGN_SYMMETRIC_READOUT,))
    if order % 2:
        raise _unknown(statistic)
    readout = assumptions.SIGN_SYMMETRIC_READOUT if net.has_sign_symmetric_readout else assumptions.FIXED_READOUT
    return Derived(output_moment(net, order), assumed=(readout,))


def _joint_moment(statistic: Moment, net: Ensemble, kind: type[RandomNumber]) -> Derived:
    powers = sorted(statistic.powers, key=lambda item: layer_rank(item[0].layers[0], symbols.whole(net.depth)))
    layers = tuple(number.layers[0] for number, _ in powers)
    orders = [order for _, order in powers]
    if kind is Activation and all(isinstance(order, int) and order % 2 == 0 and order > 0 for order in orders):
        exact = _at_layers(layers, lambda *at: mixed_moment(net, dict(zip(at, orders, strict=True))))
        return Derived(exact, assumed=(assumptions.for_slopes(assumptions.PIECEWISE_LINEAR, net),))
    if kind is Gradient and orders == [2, 2]:
        exact = _at_layers(layers, lambda first, last: gradient_product(net, first, last))
        return Derived(exact, assumed=gradients_assume(net))
    raise _unknown(statistic)


def law_of(number: RandomNumber, net: Ensemble) -> LogSumLaw:
    """Return the law of the logarithm of the square of a norm.

    Parameters
    ----------
    number : RandomNumber
        The norm of an activation or a gradient, or |f|.
    net : Ensemble
        The networks.

    Raises
    ------
    InvalidArgument
        If theory does not know the law.
    """
    if isinstance(number, AbsoluteOutput):
        return OutputLaw(net)
    if isinstance(number, (Activation, Gradient)):
        (layer,) = number.layers
        at = int(layer) if layer.is_Integer else str(layer)
        return LogNormLaw(net, at) if isinstance(number, Activation) else LogGradientLaw(net, at)
    raise InvalidArgument("claim", f"theory does not know the law of log{number.text}", "it can only be sampled")


@derive_statistic.register
def _log_cumulant(statistic: LogCumulant, net: Ensemble) -> Derived:
    number, order = statistic.number, statistic.order
    if isinstance(number, Activation) and not _is_normal_and_plain(net):
        return _log_cumulant_beyond(statistic, net)
    if not isinstance(number, (Activation, Gradient)):
        raise _unknown(statistic)
    simple = all(layer.is_Integer or layer.is_Symbol for layer in number.layers)
    law = law_of(number if simple else type(number)((symbols.whole("layer0"),)), net)
    assumed = (assumptions.NORMAL, *((assumptions.SURVIVAL,) if law.can_die else ()))
    if isinstance(number, Gradient) and not net.is_linear:
        assumed = (*assumed, assumptions.SIGN_SYMMETRIC_READOUT)
    if net.symbols or any(not layer.is_Integer for layer in number.layers):
        formula = law.cumulant(order)
        if not simple:
            formula = formula.subs(symbols.whole("layer0"), number.layers[0])
        return Derived(formula, assumed=assumed)
    return Derived(None, lambda digits: law.enclosed_cumulant(order, digits), assumed)


def _log_cumulant_beyond(statistic: LogCumulant, net: Ensemble) -> Derived:
    """Answer for orthogonal weights and residual networks, at the last layer."""
    (layer,) = statistic.number.layers
    if layer != symbols.whole(net.depth):
        raise _unknown(statistic)
    assumed = (assumptions.SURVIVAL,) if net.can_die else ()
    first = statistic.order == 1
    if net.architecture.is_plain and not net.has_independent_entries:
        return Derived((orthogonal_log_mean if first else orthogonal_log_variance)(net), assumed=assumed)
    if net.architecture.name != "residual" or not net.law.is_normal:
        raise _unknown(statistic)
    net.require_numbers("this logarithm")
    if not first:
        return Derived(None, lambda digits: enclosed_log_variance(net, digits), assumed)

    def mean(digits: int) -> Ball:
        ball = enclosed_log_mean(net, digits)
        with precision(digits + 15):
            return ball + enclose(symbols.input_power_sum(net, 2), digits).log()

    return Derived(None, mean, assumed)


@derive_statistic.register
def _quantile(statistic: Quantile, net: Ensemble) -> Derived:
    net.require_numbers("a quantile")
    law = law_of(statistic.number, net)
    return Derived(None, lambda digits: quantile_ball(law, statistic.p, digits), (assumptions.NORMAL,))


def quantile_ball(law: LogSumLaw, p: sp.Rational, digits: int) -> Ball:
    """Return a ball around a quantile of a logarithm, which is minus infinity if so many networks are dead.

    Parameters
    ----------
    law : LogSumLaw
        The law of the logarithm.
    p : sympy.Rational
        The probability.
    digits : int
        The digits that the inversion works with.

    Examples
    --------
    >>> law = LogNormLaw(Ensemble(width=1, depth=1, activation="relu", init="he"))
    >>> quantile_ball(law, sp.Rational(1, 2), 10) < -1000
    True
    """
    if _is_dead(law, p):
        return flint.arb("-inf")
    return law.enclosed_quantile(Fraction(int(p.p), int(p.q)), digits)


def _is_dead(law: LogSumLaw, p: sp.Rational) -> bool:
    """Whether so many networks are dead; exactly only where balls do not tell, as exact numbers have many digits."""
    with precision(60):
        gap = -log_survival_ball(law.terms).expm1() - enclose(p, 60)
        if not gap.contains(0):
            return bool(gap > 0)
    return bool((1 - law.survival() - p).is_nonnegative)


@derive_statistic.register
def _exceedance(statistic: Exceedance, net: Ensemble) -> Derived:
    number = statistic.number
    if statistic.threshold == 0 and isinstance(number, Activation):
        exact = _at_layers(number.layers, lambda k: survival(net, k))
        return Derived(exact, assumed=(assumptions.NO_ATOMS,))
    if statistic.threshold == 0 and isinstance(number, (Gradient, AbsoluteOutput)):
        return Derived(law_of(number, net).survival(), assumed=(assumptions.NORMAL,))
    net.require_numbers("a probability")
    law = law_of(number, net)

    def probability(digits: int) -> Ball:
        threshold = enclose(statistic.threshold, digits + 10)
        if not threshold > 0:
            return flint.arb(1)
        with precision(digits + 10):
            return law.enclosed_exceedance(threshold.log(), digits)

    return Derived(None, probability, (assumptions.NORMAL,))


@derive_statistic.register
def _matrix_expectation(statistic: MatrixExpectation, net: Ensemble) -> Derived:
    raise _unknown(statistic)

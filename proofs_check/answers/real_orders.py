"""Moments of orders that are not even: formulas and numbers for normal weights, bounds for other laws, estimates."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import flint
import numpy as np
import sympy as sp

from proofs_check import assumptions
from proofs_check.answers.assumed import what_is_assumed
from proofs_check.answers.derivation import Derivation, formula, number
from proofs_check.answers.query import Query
from proofs_check.answers.sampled import Sampled
from proofs_check.answers.sampled_means import mean_of_power, no_variance, planned_mean, require_enough
from proofs_check.answers.sampling import Sampling
from proofs_check.assumptions import Assumption
from theory.balls import Ball, decimal_bound
from theory.ensembles import Ensemble, InvalidArgument
from theory.log_laws.log_sums import LogSumLaw
from theory.log_laws.norm_moments import enclosed_norm_moment, has_formula, norm_moment, require_finite
from theory.moments.between_orders import HIGHEST, bounded_moment
from theory.moments.transfer import HIGHEST_ORDER

_DIGITS = 20
_SHOWN = 8


def has_even_formula(query: Query) -> bool:
    """Whether the order is 2, 4, 6, ..., which has a formula for any law; very high ones are left to the exact law."""
    if not isinstance(query.order, int) or query.order <= 0 or query.order % 2:
        return False
    return query.order <= HIGHEST_ORDER or not knows_law(query.net)


def given_survival(query: Query) -> bool:
    """Whether dead networks are left out, of whose norm 0 a negative order would make an infinity."""
    return query.order < 0 and query.net.can_die


def knows_law(net: Ensemble) -> bool:
    """Whether theory has the exact law of the norm: normal weights, plain, without biases, piecewise linear."""
    normal = net.law.is_normal and net.has_independent_entries
    return normal and net.architecture.is_plain and net.is_homogeneous


def moment_answer(query: Query, law: LogSumLaw, *more: Assumption) -> Derivation:
    """Answer with E|.|^order of what has this law of logarithms.

    Parameters
    ----------
    query : Query
        The question, which holds the order.
    law : LogSumLaw
        The law of the logarithm of the squared norm.
    *more : Assumption
        The assumptions beside those of every answer.

    Raises
    ------
    InvalidArgument
        If the moment is infinite, or has neither a formula nor a number.
    """
    alive = given_survival(query)
    survival = (assumptions.SURVIVAL,) if alive else ()
    assumed = what_is_assumed(query, *survival, *more)
    exact = require_finite(law, query.order, given_survival=alive)
    if alive:
        assumed = (*assumed, "with dead networks counted, whose norm is 0, the mean is infinite")
    symbolic = query.net.symbols or any(not times.is_Integer for _, times in law.terms)
    if symbolic:
        if exact <= -1 and not alive:  # widths are at least 1
            assumed = (*assumed, f"every width is above {-exact}, where this moment is finite")
        return formula(query, norm_moment(law, exact, given_survival=alive), assumed)
    shown = norm_moment(law, exact, given_survival=alive) if has_formula(law, exact) else None
    if shown is not None and shown.has(sp.hyper):
        shown = None  # a sum of hypergeometric numbers is no formula to read
    ball = enclosed_norm_moment(law, exact, _DIGITS if query.digits is None else query.digits + 5, given_survival=alive)
    return number(query, shown, ball=ball, assumed=assumed)


def bounds_answer(query: Query, layer: int) -> Derivation:
    """Answer with bounds on E|a_k|^order, from the even moments of any law.

    Parameters
    ----------
    query : Query
        The question, which holds the order.
    layer : int
        k.

    Raises
    ------
    InvalidArgument
        If the even moments do not bound it.
    """
    lower, upper = bounded_moment(query.net, Fraction(query.order), layer, query.digits or _DIGITS)
    digits = query.digits or _SHOWN
    between = decimal_bound(lower, digits, upper=False), decimal_bound(upper, digits, upper=True)
    how = (
        f"order {query.order} of this law has no formula: these are the best bounds that follow from its even moments, "
        f"up to order {HIGHEST} where they are known"
    )
    assumed = (*what_is_assumed(query, assumptions.PIECEWISE_LINEAR), how)
    return Derivation(query, None, value=None, log_value=None, assumptions=assumed, between=between)


def sampled_moment(query: Query, logs: Any, law: LogSumLaw | None, layer: int, sampling: Sampling) -> Sampled:
    """Estimate E|.|^order of a real order, with a bound on its variance from theory.

    Parameters
    ----------
    query : Query
        The question, which holds the order.
    logs : callable
        Draws the networks, given how many and where, and returns the logarithms of the squared norms, shape
        (networks,); dead ones at -infinity.
    law : LogSumLaw or None
        The exact law of the logarithm, if theory has it; else even moments bound the variance.
    layer : int
        The layer that is sampled.
    sampling : Sampling
        How they are sampled.

    Raises
    ------
    InvalidArgument
        If theory has no bound on the variance, or so few networks cannot tell the mean from 0.
    """
    alive, order = given_survival(query), Fraction(query.order)
    if law is not None:
        require_finite(law, order, given_survival=alive)
        try:
            require_finite(law, 2 * order, given_survival=alive)
        except InvalidArgument as bad:
            problem = f"the interval of a mean of order {order} needs a variance: {bad.problem}"
            raise InvalidArgument("order", problem, "use one nearer to 0, or sample a median") from None
        mean = square = enclosed_norm_moment(law, order, _DIGITS, given_survival=alive)
        square = enclosed_norm_moment(law, 2 * order, _DIGITS, given_survival=alive)
    else:
        try:
            mean = bounded_moment(query.net, order, layer, _DIGITS)[0]  # the least that it can be serves as the unit
            square = bounded_moment(query.net, 2 * order, layer, _DIGITS)[1]
        except InvalidArgument as bad:
            raise no_variance(query.net, bad) from None
    unit, most = (_number(ball) for ball in (mean.lower(), square.upper()))
    relative_variance = most / unit**2 - 1
    sampling = planned_mean(query, sampling, unit, relative_variance)
    variance = require_enough(relative_variance, sampling.samples, sampling.error)
    drawn = logs(sampling)
    seen = drawn[np.isfinite(drawn)] if alive else drawn
    if not len(seen):
        raise InvalidArgument("samples", f"all {len(drawn)} networks are dead", "sample more, or wider networks")
    survival = (assumptions.SURVIVAL,) if alive else ()
    return mean_of_power(
        query,
        seen,
        mean=unit,
        relative_variance=float(variance),
        sampling=sampling,
        drawn=drawn,
        more=survival,
        is_bound=law is None,
    )


def _number(ball: Ball) -> sp.Float:
    return sp.Float(flint.arb(ball).str(25, radius=False), 25)

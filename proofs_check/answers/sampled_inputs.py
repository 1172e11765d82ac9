"""Products of two inputs' activations: means by Catoni's interval, their variance bounded by moments of one input."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
import sympy as sp

from montecarlo import InnerProducts, NormProducts
from montecarlo.ties import input_square
from proofs_check.answers.combined import Part, Plan, combined, planned
from proofs_check.answers.query import Query
from proofs_check.answers.sampled import Sampled
from proofs_check.answers.sampling import Sampling
from theory import activation_moment, two_input_moment
from theory.ensembles import InvalidArgument
from theory.moments.two_inputs import COSINE


def sample_inner_product(query: Query, sampling: Sampling, order: int) -> Sampled:
    r"""Estimate :math:`E\langle a_k,a'_k\rangle^{order}/(|x||x'|)^{order}`.

    Parameters
    ----------
    query, sampling
        The question, and how it is sampled.
    order : int
        1 or 2.

    Raises
    ------
    InvalidArgument
        If theory has no bound on the variance, or a precision takes more networks than may be drawn.
    """
    square = _known(query, inner=2) if order == 1 else None
    return _mean(query, sampling, _known(query, inner=order), square, order, lambda cosines: cosines**order)


def sample_norm_product(query: Query, sampling: Sampling) -> Sampled:
    r"""Estimate :math:`E|a_k|^2|a'_k|^2/(|x||x'|)^2`.

    Parameters and errors are those of :func:`sample_inner_product`.
    """
    return _mean(query, sampling, _known(query, norm=2, other=2), None, 2, np.ones_like)


def _mean(
    query: Query,
    sampling: Sampling,
    exact: sp.Expr | None,
    square: sp.Expr | None,
    order: int,
    of_cosines: Callable[[Any], Any],
) -> Sampled:
    """Estimate the mean of (|a||a'|/(|x||x'|))^order times a function of the cosine, which is at most 1.

    Its mean square is known, or at most the moment of order 4 `order` of one input, by Cauchy and Schwarz.
    """
    net, layer, cosine = query.net, query.numeric_layer, query.numeric_cosine
    net.require_plain("a mean of two inputs")
    bound = square if square is not None else _largest_moment(query, 4 * order)
    unit = float(sp.log(sp.N(bound, 30))) / 2  # the root of the mean square
    mean = None if exact is None else float(sp.N(exact / sp.sqrt(bound), 30))
    log_input = math.log(input_square(net))

    def values(logs: Any, margin: float) -> tuple[Any, Any]:
        log_norms = np.where(np.isneginf(logs[:, 0]), 0.0, logs[:, 0] / 2)  # log|a||a'|; where it is 0, so are products
        parts = np.exp(np.minimum(logs[:, 1:] - log_norms[:, None], 0.0))
        cosines = parts[:, 0] - (parts[:, 1] if parts.shape[1] > 1 else 0.0)
        size = np.exp(order * (logs[:, 0] / 2 - log_input) - unit)
        # an inner product is off by a share of both norms, not of itself
        return size * of_cosines(cosines), size * 2 * math.expm1(order * margin)

    part = Part(values, max(1.0 - (mean or 0.0) ** 2, 0.0), mean)
    plan = Plan((part,), lambda ends: ends, "its variance bounded by moments", unit)
    settings = planned(query, plan, sampling, mean)
    observables = (NormProducts(cosine, layers=(layer,)), InnerProducts(cosine, layers=(layer,)))
    answer = combined(query, plan, settings.columns(net, *observables), settings)
    second = f"a' belongs to a second input x' of the norm of x, at an angle of cosine {cosine}"
    return replace(answer, assumptions=(*answer.assumptions, f"{second}, towards the first axis that x is not on"))


def _known(query: Query, **orders: int) -> sp.Expr | None:
    """Return a moment of two inputs at the cosine asked about, or None where it has no closed form."""
    with suppress(InvalidArgument):
        exact = two_input_moment(query.net, layer=query.numeric_layer, **orders)
        return exact.subs(COSINE, sp.Rational(query.numeric_cosine))
    return None


def _largest_moment(query: Query, order: int) -> sp.Expr:
    """Return the largest moment E|a_k|^order/|x|^order that any direction of the input has.

    For normal weights all directions have the same. Else the moment of order 4 is linear in |x|_4^4/|x|^4, whose ends
    are 1/n_0 and 1.
    """
    net, layer = query.net, query.numeric_layer
    alike = net.law.is_normal or not net.has_independent_entries
    if order > 4 and not alike:
        problem = f"a bound on this variance is known for normal weights only, got {net.law.name!r}"
        raise InvalidArgument("init" if net.init.name == "pytorch" else "law", problem, "use law='normal', or order=1")
    return sp.Max(
        *(activation_moment(replace(net, input=x), order, layer) for x in (("e1",) if alike else ("e1", None)))
    )

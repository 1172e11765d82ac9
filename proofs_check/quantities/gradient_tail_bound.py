"""A bound on the probability that a gradient keeps a share of its size: P(|df/dW_k|_F^2 >= c |x|^2) is below it."""

from __future__ import annotations

import sympy as sp

from proofs_check.answers import notation
from proofs_check.answers.assumed import assumed_of_gradients
from proofs_check.answers.derivation import Derivation, in_range, known
from proofs_check.answers.log_laws import gradient_law
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.answers.tail_bounds import any_law_answer, normal_answer, require_positive
from proofs_check.quantities import Quantity
from theory import symbols
from theory.balls import enclose, precision
from theory.log_laws.log_gradients import LogGradientLaw
from theory.moments.root_bounds import gradient_root_tail_bound

_FEW = 1e-3
"""Smaller probabilities are enclosed, as floats have few digits of them."""


def _left(query: Query) -> Notation:
    return notation.upper_bound(notation.kept_gradient(query.at_gradient, query.c))


def _probability(query: Query, law: LogGradientLaw) -> Derivation:
    """Return the probability itself, from the exact law of the gradient's logarithm."""
    size = sp.log(sp.Rational(query.c) * symbols.input_power_sum(query.net, 2))
    value = law.exceedance(float(enclose(size)))
    if value > _FEW:
        return Derivation(query, None, value=known(value, law.error), log_value=None, assumptions=())
    log = law.enclosed_log_exceedance(enclose(size, 110), 17)
    with precision(40):
        return Derivation(query, None, value=in_range(log.exp()), log_value=in_range(log), assumptions=())


def _derive(query: Query) -> Derivation:
    require_positive(query)
    assumed = assumed_of_gradients(query)
    if not query.net.law.is_normal:
        return any_law_answer(query, gradient_root_tail_bound(query.net, query.c, query.layer), assumed)
    law = gradient_law(query)
    return normal_answer(query, law, lambda: _probability(query, law), assumed)


QUANTITY = Quantity(_left, _derive, takes=("layer", "c", "digits", "readout"))

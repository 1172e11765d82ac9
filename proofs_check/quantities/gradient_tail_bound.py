"""A bound on the probability that a gradient keeps a share of its size: P(|df/dW_k|_F^2 >= c |x|^2) is below it."""

from __future__ import annotations

from fractions import Fraction

import sympy as sp

from proofs_check.answers import notation
from proofs_check.answers.assumed import assumed_of_gradients
from proofs_check.answers.derivation import Derivation, known, number
from proofs_check.answers.log_laws import gradient_law
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.answers.tail_bounds import any_law_answer, normal_answer, require_positive
from proofs_check.quantities import Quantity
from theory import symbols
from theory.balls import enclose
from theory.ensembles import InvalidArgument
from theory.log_laws.log_gradients import LogGradientLaw
from theory.moments.root_bounds import gradient_root_tail_bound


def _left(query: Query) -> Notation:
    return notation.upper_bound(notation.kept_gradient(query.at_gradient, query.c))


def _probability(query: Query, law: LogGradientLaw) -> Derivation:
    """Return the probability itself, from the exact law of the gradient's logarithm."""
    size = sp.log(symbols.number(Fraction(query.c)) * symbols.input_power_sum(query.net, 2))
    value = law.exceedance(float(enclose(size)))
    return Derivation(query, None, value=known(value, 1e-11 * value + 1e-300), log_value=None, assumptions=())

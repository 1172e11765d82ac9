"""The inner product of two inputs' activations: E<a_k, a'_k>^order/(|x||x'|)^order."""

from __future__ import annotations

import sympy as sp

from proofs_check.answers import notation
from proofs_check.answers.assumed import what_is_assumed
from proofs_check.answers.derivation import Derivation, formula
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.answers.sampled import Sampled
from proofs_check.answers.sampled_inputs import sample_inner_product
from proofs_check.answers.sampling import Sampling
from proofs_check.quantities import Quantity
from theory import two_input_moment
from theory.ensembles import InvalidArgument
from theory.moments.two_inputs import COSINE


def _left(query: Query) -> Notation:
    a, power = notation.activation(query.at), f"^{query.order}" if _order(query) > 1 else ""
    below = rf"|x|{power}|x'|{power}"
    latex = rf"\frac{{\mathbb{{E}}\langle {a.latex}, {a.latex}'\rangle{power}}}{{{below}}}"
    return Notation(f"E<{a.plain}, {a.plain}'>{power}/(|x|{power} |x'|{power})", latex)


def _order(query: Query) -> int:
    """Return the power of the inner product, and refuse those that are not known."""
    if query.order not in (1, 2):
        raise InvalidArgument("order", f"of an inner product must be 1 or 2, got {query.order}", "use order=1")
    return int(query.order)


def _derive(query: Query) -> Derivation:
    exact = two_input_moment(query.net, inner=_order(query), layer=query.layer)
    return of_two_inputs(query, exact)


def of_two_inputs(query: Query, exact: sp.Expr) -> Derivation:
    """Answer with a formula of the cosine, or with its value at the one asked about.

    Parameters
    ----------
    query : Query
        The question.
    exact : sympy.Expr
        The formula.
    """
    meaning = "a' belongs to a second input x'"
    if query.cosine is None:
        meaning += ", and c is the cosine of the angle between x and x'"
    else:
        exact = exact.subs(COSINE, sp.Rational(query.cosine))
        meaning += f"; the cosine of the angle between x and x' is {query.cosine}"
    return formula(query, exact, (*what_is_assumed(query), meaning))


def _sample(query: Query, sampling: Sampling) -> Sampled:
    return sample_inner_product(query, sampling, _order(query))


QUANTITY = Quantity(
    _left,
    _derive,
    _sample,
    takes=("order", "layer", "cosine", "digits"),
    sample_takes=("order", "layer", "cosine", "input"),
    default_order=1,
)

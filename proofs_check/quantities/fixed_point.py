"""Where a wide network's preactivations settle with depth: the limit of their variance."""

from __future__ import annotations

from proofs_check.answers.derivation import Derivation
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.answers.wide_limits import as_number, assumed_of_width, number_of
from proofs_check.quantities import Quantity
from theory.mean_field.fixed_points import fixed_point


def _left(_: Query) -> Notation:
    return Notation("lim_(k->oo) lim_(n->oo) Var(W_k a_(k-1) + b_k)", r"\lim_{k\to\infty}\lim_{n\to\infty}q_k")


def _derive(query: Query) -> Derivation:
    found = fixed_point(query.net, query.digits or 17)
    scales = (("depth_scale", found.depth_scale), ("length_depth_scale", found.length_depth_scale))
    related = (
        ("size_of_activations", as_number(found.size)),
        ("chi", as_number(found.chi)),
        ("length_slope", as_number(found.length_slope)),
        *((name, as_number(scale)) for name, scale in scales if scale is not None),
    )
    more: tuple[str, ...] = (
        "chi is the factor by which the mean square of gradients grows a layer, going back",
        "a depth scale is the number of layers over which gradients (or a deviation of the size) change by a factor e",
    )
    if query.net.input is None and isinstance(query.net.width, str):
        more = (*more, "the input is (1, ..., 1)")
    return number_of(query, found.variance, (*assumed_of_width(query), *more), related)


QUANTITY = Quantity(
    _left,
    _derive,
    takes=("digits", "input"),
    not_sampled="a limit of growing networks",
    instead="median",
    of_limits=True,
)

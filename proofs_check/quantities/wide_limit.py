"""The size of a wide network's activations, any activation and biases: the limit of |a_k|^2/n_k as the width grows."""

from __future__ import annotations

from proofs_check.answers.derivation import Derivation
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.answers.wide_limits import as_number, assumed_of_width, limit_of, number_of
from proofs_check.quantities import Quantity
from theory.ensembles import InvalidArgument
from theory.mean_field.length_map import layer_limits


def _left(query: Query) -> Notation:
    k = query.at
    return limit_of(Notation(f"|a_{k}|^2/n_{k}", rf"\frac{{|a_{{{k}}}|^2}}{{n_{{{k}}}}}"))


def _derive(query: Query) -> Derivation:
    layer = query.at
    if not isinstance(layer, int):
        argument = "depth" if query.layer is None else "layer"
        raise InvalidArgument(argument, f"must be a number, got {layer!r}", "use e.g. 10, or ask for fixed-point")
    found = layer_limits(query.net, layer, query.digits or 17)[-1]
    related = [
        ("preactivation_variance", as_number(found.variance)),
        ("mean_square_slope", as_number(found.slope_square)),
    ]
    assumed = assumed_of_width(query)
    if found.log_shift is not None and found.log_variance is not None:
        times = "_times_n" if isinstance(query.net.width, str) else ""
        related += [
            (f"shift_of_E_log{times}", as_number(found.log_shift)),
            (f"Var_log{times}", as_number(found.log_variance)),
        ]
        assumed += (_FIRST_ORDER,)
    return number_of(query, found.size, assumed, tuple(related))


_FIRST_ORDER = "E log|a_k|^2 = log(n_k limit) + its shift, and Var log|a_k|^2, are those to first order in 1/n"

QUANTITY = Quantity(_left, _derive, takes=("layer", "digits", "input"))

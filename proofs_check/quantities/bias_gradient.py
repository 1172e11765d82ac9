"""The mean of a power of the norm of a gradient in biases: E|df/db_k|^order."""

from __future__ import annotations

from proofs_check.answers import notation
from proofs_check.answers.assumed import assumed_of_gradients
from proofs_check.answers.derivation import Derivation, formula
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.quantities import Quantity
from theory import bias_gradient_moment
from theory.ensembles import InvalidArgument
from theory.requirements import require_order


def _left(query: Query) -> Notation:
    return notation.mean_power(notation.bias_gradient(query.at_gradient), query.order)


def _derive(query: Query) -> Derivation:
    if query.layer is None:
        raise InvalidArgument("layer", "is needed for a gradient in biases", "use layer=1, ..., the depth, or a name")
    return formula(
        query, bias_gradient_moment(query.net, query.layer, require_order(query.order)), assumed_of_gradients(query)
    )


QUANTITY = Quantity(_left, _derive, takes=("order", "layer", "digits", "readout"))

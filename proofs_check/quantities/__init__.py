"""What `derive` and `sample` can be asked for: each quantity with its formula, its estimate and its assumptions.

==============  ======================================================================
query           the form of a question and of its answers
sampling        how many networks, by which engine, where they run
sampled_means   valid intervals for heavy-tailed means
norms           moments of activations: one layer, two layers, two inputs
gradients       moments of gradients and of the Hessian's blocks
typical         laws of logarithms: mean, median, quantiles, probabilities, widths
==============  ======================================================================
"""

from proofs_check.quantities.gradients import GRADIENTS
from proofs_check.quantities.norms import NORMS
from proofs_check.quantities.query import Derivation, Quantity, Query, Sampled
from proofs_check.quantities.typical import TYPICAL
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import nearest

__all__ = ["QUANTITIES", "quantity", "Query", "Quantity", "Derivation", "Sampled"]

QUANTITIES = (*NORMS, *GRADIENTS, *TYPICAL)


def quantity(name: str) -> Quantity:
    """Return the quantity of that name.

    Raises
    ------
    InvalidArgument
        If there is none; the nearest is suggested.

    Examples
    --------
    >>> quantity("kurtosis").describe
    'E|a_k|^4/(E|a_k|^2)^2'
    """
    for candidate in QUANTITIES:
        if candidate.name == name:
            return candidate
    remedy = nearest(name, [candidate.name for candidate in QUANTITIES])
    raise InvalidArgument("quantity", f"there is no quantity {name!r}", remedy)

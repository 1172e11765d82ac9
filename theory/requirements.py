"""What formulas ask of an ensemble, refused in one line where it is not met."""

from __future__ import annotations

import sympy as sp

from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument

_LONGEST = 10**5
"""Above it the exact power of a number is too long."""


def require_ensemble(net: object) -> None:
    """Refuse what is no ensemble.

    Raises
    ------
    InvalidArgument
        Says what came instead.
    """
    if not isinstance(net, Ensemble):
        problem = f"must be an Ensemble, got {net!r}"
        raise InvalidArgument("net", problem, "use e.g. Ensemble(width='n', depth='L')")


def require_short(matrix: sp.Matrix, steps: sp.Expr) -> None:
    """Refuse a number's exact power, or a matrix's, of more digits than anyone could use.

    Raises
    ------
    InvalidArgument
        Unless the exponent is a name, or at most 10^5, or what is raised to it a single expression with names.
    """
    if steps.is_Integer and steps > _LONGEST and (matrix.rows > 1 or (matrix[0].is_Rational and matrix[0] != 1)):
        problem = f"the exact power of a number has too many digits beyond the exponent {_LONGEST}"
        raise InvalidArgument("depth", problem, "use a name such as 'L' for the depth")


def require_order(order: int) -> int:
    """Refuse an order that is not a positive even integer.

    Raises
    ------
    InvalidArgument
        Odd moments of a norm have no closed form here; order 0 is trivial.
    """
    if isinstance(order, bool) or not isinstance(order, int) or order < 2 or order % 2:
        raise InvalidArgument("order", f"must be a positive even integer, got {order!r}", "use 2, 4, 6, ...")
    return order


def require_layer(net: Ensemble, layer: int | str | None, *, optional: bool = False) -> None:
    """Refuse a layer without weights.

    Raises
    ------
    InvalidArgument
        If the layer is not between 1 and the depth, or is left out where it matters.
    """
    if layer is None:
        if not optional:
            problem = "is needed for unequal widths, orders above 2, and a fixed readout under relu"
            raise InvalidArgument("layer", problem, "use layer=1, ..., the depth")
        return
    net.width_at(layer)  # refuses a layer that is not there
    if isinstance(layer, int) and layer < 1:
        raise InvalidArgument("layer", f"weights are numbered from 1 to the depth, got {layer}", "use layer=1")


def require_independent_masks(net: Ensemble) -> None:
    """Refuse the networks in which gradient masks are not as if independent.

    Raises
    ------
    InvalidArgument
        For a discrete law (atoms at 0) or a fixed readout, unless the network is linear; for what is not plain.
    """
    net.require_plain("this formula of gradients")
    if net.slope == 1:
        return
    if net.law.has_atoms:
        raise InvalidArgument(
            "law",
            f"{net.law.name!r} has atoms, so a preactivation is exactly 0 with positive probability, P(z > 0) < 1/2, "
            "and the gradient formula of this activation does not hold",
            "use law='normal' or 'uniform', or activation='linear'",
        )
    if not net.has_sign_symmetric_readout:
        raise InvalidArgument(
            "readout",
            "is fixed, so the masks of this activation do not act as if independent",
            "use readout='random' or 'signs', activation='linear', or relu with law='normal' for one gradient",
        )


def require_independent_entries(net: Ensemble) -> None:
    """Refuse orthogonal weights, whose entries are not independent, and networks that are not plain.

    Raises
    ------
    InvalidArgument
        Names the initialization or the architecture.
    """
    net.require_plain("this formula")
    if not net.has_independent_entries:
        problem = "orthogonal weights have dependent entries, and this formula needs independent ones"
        raise InvalidArgument("init", problem, "use xavier, he, lecun, pytorch or a variance")


def require_normal(net: Ensemble, what: str) -> None:
    """Refuse weights that are not independent normal, and networks that are not plain.

    Raises
    ------
    InvalidArgument
        Names the law or the architecture.
    """
    net.require_plain(f"the exact law of {what}")
    if not net.law.is_normal or not net.has_independent_entries:
        kind = net.law.name if net.has_independent_entries else "orthogonal"
        raise InvalidArgument("law", f"the exact law of {what} needs normal weights, got {kind}", "use law='normal'")


def require_two_layers(net: Ensemble, first: int | str, last: int | str) -> None:
    """Refuse anything but two layers with weights, in increasing order.

    Raises
    ------
    InvalidArgument
        Names the layers, or an architecture that is not plain.
    """
    net.require_plain("what lies between two layers")
    for layer in (first, last):
        net.width_at(layer)
    gap = symbols.whole(last) - symbols.whole(first)
    if first == last or gap.is_nonpositive or first == net.depth or (isinstance(first, int) and first < 1):
        problem = f"needs two layers between 1 and the depth, the earlier first, got {first}, {last}"
        raise InvalidArgument("layers", problem, "use e.g. layers=(1, 2)")

"""What formulas require of an ensemble; one that does not meet it is refused in one line."""

from __future__ import annotations

from fractions import Fraction

import sympy as sp

from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument, require_ensemble

LONGEST = 10**5
"""The exact power of a number has too many digits where the exponent exceeds this."""


def require_short(matrix: sp.Matrix, steps: sp.Expr) -> None:
    """Refuse an exact power with more digits than anyone could use.

    Parameters
    ----------
    matrix : sympy.Matrix
        The square matrix that is to be raised to a power.
    steps : sympy.Expr
        The exponent, a symbol or a number.

    Raises
    ------
    InvalidArgument
        If the exponent is a number above 10^5, unless the matrix has a single entry that is 1 or has symbols.

    Examples
    --------
    >>> require_short(sp.Matrix([2]), sp.Integer(10**5))
    >>> require_short(sp.Matrix([sp.Symbol("a")]), sp.Integer(10**9))
    """
    if steps.is_Integer and steps > LONGEST and (matrix.rows > 1 or (matrix[0].is_Rational and matrix[0] != 1)):
        problem = f"the exact power of a number has too many digits beyond the exponent {LONGEST}"
        raise InvalidArgument("depth", problem, "use a name such as 'L' for the depth")


def require_order(order: int | Fraction) -> int:
    """Return the order of a moment, and refuse one that is not a positive even integer.

    Raises
    ------
    InvalidArgument
        For odd orders, as odd moments of a norm have no closed form here, and for everything else but 2, 4, 6, ...

    Examples
    --------
    >>> require_order(4)
    4
    """
    if isinstance(order, bool) or not isinstance(order, int) or order < 2 or order % 2:
        shown = order if isinstance(order, Fraction) and order.denominator > 1 else repr(order)
        raise InvalidArgument("order", f"must be a positive even integer, got {shown}", "use 2, 4, 6, ...")
    return order


def require_layer(net: Ensemble, layer: int | str | None, *, optional: bool = False) -> None:
    """Refuse a layer without weights.

    Parameters
    ----------
    net : Ensemble
        The network.
    layer : int, str or None
        k, from 1 to the depth, or a name for it; None if the caller left it out.
    optional : bool
        Whether the layer may be left out because the answer is the same for all.

    Raises
    ------
    InvalidArgument
        If the layer is not between 1 and the depth, or is left out where it matters.

    Examples
    --------
    >>> require_layer(Ensemble(width=4, depth=3), 3)
    >>> require_layer(Ensemble(width=4, depth=3), None, optional=True)
    """
    require_ensemble(net)
    if layer is None:
        if not optional:
            problem = "is needed for unequal widths, orders above 2, biases, and a fixed readout under relu"
            raise InvalidArgument("layer", problem, "use layer=1, ..., the depth")
        return
    net.width_at(layer)  # refuses a layer that is not there
    if isinstance(layer, int) and layer < 1:
        raise InvalidArgument("layer", f"weights are numbered from 1 to the depth, got {layer}", "use layer=1")


def require_independent_masks(net: Ensemble, *, biases: bool = False) -> None:
    """Refuse the networks whose masks do not act in gradients as if they were independent of all else.

    Parameters
    ----------
    net : Ensemble
        The network.
    biases : bool
        Whether biases are known there; constant ones are for linear networks only.

    Raises
    ------
    InvalidArgument
        If the network is nonlinear and its law of weights has atoms or its readout is fixed, or if it is not plain.

    Examples
    --------
    >>> require_independent_masks(Ensemble(width=4, depth=3, activation="relu"))
    """
    require_ensemble(net)
    net.require_plain("this formula of gradients", biases=biases)
    if net.slope == 1:
        return
    if net.bias.name == "constant":
        problem = f"{net.bias.describe()!r} makes preactivations asymmetric, so masks are no fair coins"
        raise InvalidArgument("bias", problem, "use a variance such as bias='1/10', activation='linear', or sample it")
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


def require_independent_entries(net: Ensemble, *, biases: bool = False) -> None:
    """Refuse orthogonal weights, whose entries are not independent, and networks that are not plain.

    Parameters
    ----------
    net : Ensemble
        The network.
    biases : bool
        Whether biases are known there.

    Raises
    ------
    InvalidArgument
        If the weights are orthogonal, or the architecture is another.

    Examples
    --------
    >>> require_independent_entries(Ensemble(width=4, depth=3, init="he"))
    """
    require_ensemble(net)
    net.require_plain("this formula", biases=biases)
    if not net.has_independent_entries:
        problem = "orthogonal weights have dependent entries, and this formula needs independent ones"
        raise InvalidArgument("init", problem, "use xavier, he, lecun, pytorch or a variance")


def require_free_name(net: Ensemble, name: str, use: str) -> None:
    """Refuse a network of which a part has a name that a formula needs.

    Parameters
    ----------
    net : Ensemble
        The network.
    name : str
        The name.
    use : str
        What it stands for in the formula.

    Raises
    ------
    InvalidArgument
        If a part of the network has that name; the message names the part.

    Examples
    --------
    >>> require_free_name(Ensemble(width="n", depth=2), "r", "the argument of the density")
    """
    require_ensemble(net)
    parts = [
        *(("widths", width) for width in net.widths or ()),
        ("width", net.width),
        ("depth", net.depth),
        ("activation", net.slope_name),
        ("init", net.init.value),
        ("bias", net.bias.value),
        ("architecture", net.architecture.symbol),
    ]
    for argument, part in parts:
        if part == name:
            raise InvalidArgument(argument, f"{name!r} already names {use}", "choose another name")


def require_normal(net: Ensemble, what: str) -> None:
    """Refuse weights that are not independent normal variables, and networks that are not plain.

    Parameters
    ----------
    net : Ensemble
        The network.
    what : str
        What needs normal weights, for the message: "the exact law of ... needs normal weights".

    Raises
    ------
    InvalidArgument
        If the law is another, the weights are orthogonal, or the architecture is not plain.

    Examples
    --------
    >>> require_normal(Ensemble(width=4, depth=3), "the gradient")
    """
    require_ensemble(net)
    require_product(net, f"the exact law of {what}")
    if not net.has_independent_entries:
        problem = f"the exact law of {what} needs independent entries, which orthogonal weights do not have"
        raise InvalidArgument("init", problem, "use e.g. init='xavier', or a variance")
    if not net.law.is_normal:
        problem = f"the exact law of {what} needs normal weights, got {net.law.name}"
        raise InvalidArgument("law", problem, "use law='normal'")


def require_product(net: Ensemble, who: str) -> None:
    """Refuse biases where norms must be products of independent factors, one for each layer, and what is not plain.

    Parameters
    ----------
    net : Ensemble
        The network.
    who : str
        The subject of the error's sentence, such as ``"the factor of a layer"``.

    Raises
    ------
    InvalidArgument
        If the network has biases, or is not plain.

    Examples
    --------
    >>> require_product(Ensemble(width=4, depth=3), "the factor of a layer")
    """
    require_ensemble(net)
    if net.bias.name != "none":
        problem = f"{who} is not known with biases ({net.bias.describe()}), under which |a_k| is no product of factors"
        raise InvalidArgument("bias", problem, "use bias='none'")
    net.require_plain(who)


def require_two_layers(net: Ensemble, first: int | str, last: int | str, *, biases: bool = False) -> None:
    """Refuse anything but two layers with weights, in increasing order.

    Parameters
    ----------
    net : Ensemble
        The network.
    first, last : int or str
        The two layers, as numbers from 1 to the depth or as names.
    biases : bool
        Whether biases are known there.

    Raises
    ------
    InvalidArgument
        If one of the layers is not there, the first does not come before the last, or the network is not plain.

    Examples
    --------
    >>> require_two_layers(Ensemble(width=4, depth=3), 1, 3)
    """
    require_ensemble(net)
    net.require_plain("what lies between two layers", biases=biases)
    for layer in (first, last):
        net.width_at(layer)
    gap = symbols.whole(last) - symbols.whole(first)
    if first == last or gap.is_nonpositive or first == net.depth or (isinstance(first, int) and first < 1):
        problem = f"needs two layers between 1 and the depth, the earlier first, got {first}, {last}"
        raise InvalidArgument("layers", problem, "use e.g. layers=(1, 2)")

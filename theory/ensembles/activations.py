"""What an activation's name means: piecewise-linear ones have slopes on both sides of 0, smooth ones have none."""

from __future__ import annotations

from fractions import Fraction

from theory.ensembles.arguments import Exact, InvalidArgument, exact_fraction, is_symbol_name, nearest
from theory.ensembles.own_activations import Activation

SMOOTH = ("tanh", "erf", "sigmoid", "gelu", "silu", "softplus", "elu", "selu", "sine")
"""Activations that are no scaled copies of themselves: doubling what comes in does not double what goes out."""

SELU_ALPHA, SELU_SCALE = Fraction("1.6732632423543772848170429916717"), Fraction("1.0507009873554804934193349852946")
"""SELU's constants, which make mean 0 and variance 1 a fixed point of wide layers."""

_ALIASES = {
    "swish": "silu",
    "sin": "sine",
    "logistic": "sigmoid",
    "abs": "leaky:-1",
    "leaky_relu": "leaky",
    "leakyrelu": "leaky",
    "leaky-relu": "leaky",
}
_NAMES = ("linear", "relu", "leaky:SLOPE", "pieces:BELOW:ABOVE", "abs", *SMOOTH)


def parse_activation(value: object) -> str | Activation:
    """Read the ``activation`` argument: return the one name that the activation has, or one of the user's own.

    ``leaky:SLOPE`` is SLOPE*z below 0 and z above; ``pieces:BELOW:ABOVE`` has a slope on either side, the one above 0
    positive; ``abs`` is ``leaky:-1``.

    Raises
    ------
    InvalidArgument
        If there is no such activation, its slope is out of range, or the name of one's own is taken.

    Examples
    --------
    >>> parse_activation("leaky:0"), parse_activation("Swish")
    ('relu', 'silu')
    >>> parse_activation("pieces:-1:2"), parse_activation("pieces:1/2:1"), parse_activation("abs")
    ('pieces:-1:2', 'leaky:1/2', 'leaky:-1')
    """
    if isinstance(value, Activation):
        if value.name.lower() in (*_NAMES, *_ALIASES, "leaky"):
            problem = f"the name {value.name!r} is that of an activation that is known"
            raise InvalidArgument("activation", problem, "give yours another one")
        return value
    if not isinstance(value, str):
        remedy = f"use one of {', '.join(_NAMES)}, or an Activation of your own"
        raise InvalidArgument("activation", f"must be a string, got {value!r}", remedy)
    name, colon, slope_text = value.strip().partition(":")
    name = _ALIASES.get(name.lower(), name.lower())
    text = name + colon + slope_text
    if text in ("linear", "relu", *SMOOTH):
        return text
    if text.startswith("pieces:"):
        return _parse_pieces(slope_text)
    if text == "leaky":
        raise InvalidArgument("activation", f"{value!r} has no slope", "use e.g. leaky:1/100, the default of PyTorch")
    if not text.startswith("leaky:"):
        raise InvalidArgument("activation", f"there is no activation {value!r}", nearest(text, _NAMES))
    slope_text = text.removeprefix("leaky:").strip()
    if is_symbol_name(slope_text):
        return f"leaky:{slope_text}"
    return _named(exact_fraction("activation", slope_text), Fraction(1))


def _parse_pieces(text: str) -> str:
    example = "use e.g. pieces:-1:2, the slopes below and above 0"
    parts = text.split(":")
    if len(parts) != 2:
        raise InvalidArgument("activation", f"pieces needs two slopes with a colon between them, got {text!r}", example)
    if any(is_symbol_name(part.strip()) for part in parts):
        problem = f"the slopes of pieces must be numbers, got {text!r}"
        raise InvalidArgument("activation", problem, "use e.g. pieces:-1:2, or leaky:NAME for a symbol")
    below, above = (exact_fraction("activation", part) for part in parts)
    if above > 0:
        return _named(below, above)
    if below == 0 == above:
        raise InvalidArgument("activation", "both slopes are 0, so that the network is 0", example)
    # signs of weights do not matter, so z may be replaced by -z, and phi by -phi
    same = f"pieces:{above}:{abs(below)}" if below > 0 or above == 0 else f"pieces:{-below}:{-above}"
    problem = f"the slope above 0 must be positive, got {above}"
    raise InvalidArgument("activation", problem, f"use {same}, whose norms have the same law")


def _named(below: Fraction, above: Fraction) -> str:
    if above != 1:
        return f"pieces:{below}:{above}"
    return {Fraction(0): "relu", Fraction(1): "linear"}.get(below, f"leaky:{below}")


def known_name(activation: str | Activation) -> str:
    """Return the name of an activation that theory knows, and refuse one of the user's own.

    Raises
    ------
    InvalidArgument
        If it is one of the user's own.

    Examples
    --------
    >>> known_name("tanh")
    'tanh'
    """
    if isinstance(activation, Activation):
        problem = f"theory knows activations by their names, and '{activation}' is one of your own"
        raise InvalidArgument("activation", problem, "sample it, or use e.g. tanh")
    return activation


def is_piecewise_linear(activation: str | Activation) -> bool:
    """Return whether an activation is linear on both sides of 0; one's own counts as smooth, whatever it computes.

    Examples
    --------
    >>> is_piecewise_linear("leaky:1/4"), is_piecewise_linear("tanh")
    (True, False)
    """
    return isinstance(activation, str) and activation not in SMOOTH


def pieces_of(activation: str | Activation) -> tuple[Exact, Fraction]:
    """Return the slopes of a piecewise-linear activation below and above 0.

    Parameters
    ----------
    activation : str or Activation
        What :func:`parse_activation` has returned.

    Raises
    ------
    InvalidArgument
        If the activation is smooth.

    Examples
    --------
    >>> pieces_of("relu"), pieces_of("pieces:-1:2"), pieces_of("leaky:s")
    ((Fraction(0, 1), Fraction(1, 1)), (Fraction(-1, 1), Fraction(2, 1)), ('s', Fraction(1, 1)))
    """
    if isinstance(activation, Activation) or activation in SMOOTH:
        problem = f"this is known for piecewise-linear activations, and '{activation}' is none"
        raise InvalidArgument("activation", problem, "use relu, leaky:SLOPE or linear")
    if activation in ("linear", "relu"):
        return Fraction(activation == "linear"), Fraction(1)
    kind, *slopes = activation.split(":")
    if kind == "pieces":
        return Fraction(slopes[0]), Fraction(slopes[1])
    return slopes[0] if is_symbol_name(slopes[0]) else Fraction(slopes[0]), Fraction(1)


def slope_of(activation: str | Activation) -> Exact:
    """Return the slope for negative arguments, 1 for linear and 0 for ReLU, where it lies between 0 and 1.

    Parameters
    ----------
    activation : str
        A name that :func:`parse_activation` has returned.

    Raises
    ------
    InvalidArgument
        If the activation is smooth, or has another slope than 1 above 0, or a slope outside of [0, 1] below.

    Examples
    --------
    >>> slope_of("leaky:1/4")
    Fraction(1, 4)
    """
    below, above = pieces_of(activation)
    if above != 1 or not (isinstance(below, str) or 0 <= below <= 1):
        shown = "abs" if below == -1 and above == 1 else activation
        problem = f"this is known for slopes from 0 to 1 below 0 and 1 above, got '{shown}'"
        raise InvalidArgument("activation", problem, "use relu, linear, or e.g. leaky:1/4")
    return below

"""What an activation's name means: piecewise-linear ones have a slope, smooth ones have none."""

from __future__ import annotations

from fractions import Fraction

from theory.ensembles.arguments import Exact, InvalidArgument, exact_fraction, is_symbol_name, nearest

SMOOTH = ("tanh", "erf", "sigmoid", "gelu", "silu", "softplus", "elu", "selu", "sine")
"""Activations that are no scaled copies of themselves: doubling what comes in does not double what goes out."""

_ALIASES = {"swish": "silu", "sin": "sine", "logistic": "sigmoid"}
_NAMES = ("linear", "relu", "leaky:SLOPE", *SMOOTH)


def parse_activation(value: object) -> str:
    """Read the ``activation`` argument, and return the one name that the activation has.

    Raises
    ------
    InvalidArgument
        If there is no such activation, or its slope is out of range.

    Examples
    --------
    >>> parse_activation("leaky:0"), parse_activation("Swish")
    ('relu', 'silu')
    """
    if not isinstance(value, str):
        raise InvalidArgument("activation", f"must be a string, got {value!r}", f"use one of {', '.join(_NAMES)}")
    name, colon, slope_text = value.strip().partition(":")
    name = _ALIASES.get(name.lower(), name.lower())
    text = name + colon + slope_text
    if text in ("linear", "relu", *SMOOTH):
        return text
    if not text.startswith("leaky:"):
        raise InvalidArgument("activation", f"there is no activation {value!r}", nearest(text, _NAMES))
    if is_symbol_name(slope_text):
        return text
    slope = exact_fraction("activation", slope_text)
    if not 0 <= slope <= 1:
        raise InvalidArgument("activation", f"the slope must lie between 0 and 1, got {slope}", "use e.g. leaky:1/4")
    return {Fraction(0): "relu", Fraction(1): "linear"}.get(slope, f"leaky:{slope}")


def slope_of(activation: str) -> Exact:
    """Return the slope for negative arguments of a piecewise-linear activation, 1 for linear and 0 for ReLU.

    Parameters
    ----------
    activation : str
        A name that :func:`parse_activation` has returned.

    Raises
    ------
    InvalidArgument
        If the activation is smooth.

    Examples
    --------
    >>> slope_of("leaky:1/4")
    Fraction(1, 4)
    """
    if activation in SMOOTH:
        problem = f"this is known for piecewise-linear activations, and {activation!r} is none"
        raise InvalidArgument("activation", problem, "use relu, leaky:SLOPE or linear")
    if activation in ("linear", "relu"):
        return Fraction(activation == "linear")
    text = activation.removeprefix("leaky:")
    return text if is_symbol_name(text) else Fraction(text)

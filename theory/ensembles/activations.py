"""What an activation's name means: piecewise-linear ones have a slope, smooth ones have none."""

from __future__ import annotations

from fractions import Fraction

from theory.ensembles.arguments import Exact, InvalidArgument, exact_fraction, is_symbol_name, nearest
from theory.ensembles.own_activations import Activation

SMOOTH = ("tanh", "erf", "sigmoid", "gelu", "silu", "softplus", "elu", "selu", "sine")
"""Activations that are no scaled copies of themselves: doubling what comes in does not double what goes out."""

_ALIASES = {"swish": "silu", "sin": "sine", "logistic": "sigmoid"}
_NAMES = ("linear", "relu", "leaky:SLOPE", *SMOOTH)


def parse_activation(value: object) -> str | Activation:
    """Read the ``activation`` argument: return the one name that the activation has, or one of the user's own.

    Raises
    ------
    InvalidArgument
        If there is no such activation, its slope is out of range, or the name of one's own is taken.

    Examples
    --------
    >>> parse_activation("leaky:0"), parse_activation("Swish")
    ('relu', 'silu')
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
    if not text.startswith("leaky:"):
        raise InvalidArgument("activation", f"there is no activation {value!r}", nearest(text, _NAMES))
    if is_symbol_name(slope_text):
        return text
    slope = exact_fraction("activation", slope_text)
    if not 0 <= slope <= 1:
        raise InvalidArgument("activation", f"the slope must lie between 0 and 1, got {slope}", "use e.g. leaky:1/4")
    return {Fraction(0): "relu", Fraction(1): "linear"}.get(slope, f"leaky:{slope}")


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


def slope_of(activation: str | Activation) -> Exact:
    """Return the slope for negative arguments of a piecewise-linear activation, 1 for linear and 0 for ReLU.

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
    >>> slope_of("leaky:1/4")
    Fraction(1, 4)
    """
    if isinstance(activation, Activation) or activation in SMOOTH:
        problem = f"this is known for piecewise-linear activations, and '{activation}' is none"
        raise InvalidArgument("activation", problem, "use relu, leaky:SLOPE or linear")
    if activation in ("linear", "relu"):
        return Fraction(activation == "linear")
    text = activation.removeprefix("leaky:")
    return text if is_symbol_name(text) else Fraction(text)

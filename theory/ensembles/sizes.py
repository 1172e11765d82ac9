"""Sizes and vectors of an ensemble, read from what was given."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from theory.ensembles.arguments import InvalidArgument, exact_fraction, is_symbol_name, nearest, size
from theory.ensembles.initializations import Initialization


def read_sizes(
    width: object, depth: object, widths: object
) -> tuple[int | str | None, int | str, tuple[int | str, ...] | None]:
    """Read the sizes: one width and a depth, or the width of each layer.

    Parameters
    ----------
    width, depth, widths
        As for :class:`theory.ensembles.Ensemble`.

    Raises
    ------
    InvalidArgument
        If they are no sizes, or say two things.

    Examples
    --------
    >>> read_sizes(None, None, (4, 4, 4)), read_sizes(None, None, (4, 2))
    ((4, 2, None), (None, 1, (4, 2)))
    """
    if (width is None) == (widths is None):
        remedy = "use width=32 or widths=(784, 100, 10)"
        raise InvalidArgument("width", "exactly one of width and widths is needed", remedy)
    if widths is None:
        if depth is None:
            raise InvalidArgument("depth", "is missing", "use a positive integer or a symbol's name")
        return size("width", width), size("depth", depth), None
    if isinstance(widths, (str, bytes)) or not isinstance(widths, Sequence):
        raise InvalidArgument("widths", f"must be a sequence, got {widths!r}", "use e.g. widths=(784, 100, 10)")
    layers = tuple(size("widths", w) for w in widths)
    if len(layers) < 2:
        raise InvalidArgument("widths", f"needs at least n_0 and n_1, got {layers}", "use e.g. widths=(784, 10)")
    if depth is not None and size("depth", depth) != len(layers) - 1:
        raise InvalidArgument("depth", f"is {depth}, but the widths have depth {len(layers) - 1}", "leave it out")
    if len(set(layers)) == 1:  # each ensemble has one form, so that equal ones compare equal
        return layers[0], len(layers) - 1, None
    return None, len(layers) - 1, layers


def by_layer(
    init: Initialization, width: int | str | None, depth: int | str, widths: tuple[int | str, ...] | None
) -> tuple[Initialization, int | str | None, tuple[int | str, ...] | None]:
    """Give layers with variances of their own widths of their own, so that nothing takes them for equal.

    Parameters
    ----------
    init : Initialization
        The initialization.
    width, depth, widths
        What :func:`read_sizes` returned.

    Raises
    ------
    InvalidArgument
        If there is not one variance for each layer.

    Examples
    --------
    >>> by_layer(Initialization.parse("1,4"), 3, 2, None)[1:]
    (None, (3, 3, 3))
    """
    if not init.layers:
        return init, width, widths
    if isinstance(depth, str):
        problem = f"gives {len(init.layers)} layers a variance, and the depth is the symbol {depth!r}"
        raise InvalidArgument("init", problem, f"use depth={len(init.layers)}")
    if depth != len(init.layers):
        problem = f"gives {len(init.layers)} layers a variance, and the depth is {depth}"
        raise InvalidArgument("init", problem, "give one for each layer, or one for all")
    if len(set(init.layers)) == 1:  # each ensemble has one form
        return Initialization("variance", init.layers[0]), width, widths
    return init, None, (width,) * (depth + 1) if widths is None and width is not None else widths


def joined(vector: str | tuple[Any, ...]) -> str:
    """Return a name, or numbers with commas between them.

    Examples
    --------
    >>> joined((1, 2))
    '1,2'
    """
    return vector if isinstance(vector, str) else ",".join(map(str, vector))


def read_vector(argument: str, value: object, names: tuple[str, ...]) -> str | tuple[Fraction, ...]:
    """Read a vector: one of some names, or exact numbers.

    Parameters
    ----------
    argument : str
        The argument's name, for messages.
    value : str or sequence
        What was given; text has commas between numbers.
    names : tuple of str
        The names that are known.

    Raises
    ------
    InvalidArgument
        If it is neither.

    Examples
    --------
    >>> read_vector("readout", "1/2,1", ("ones",))
    (Fraction(1, 2), Fraction(1, 1))
    """
    if isinstance(value, str):
        if value in names:
            return value
        if is_symbol_name(value):
            raise InvalidArgument(argument, f"there is no {argument} {value!r}", f"{nearest(value, names)}, or numbers")
        value = value.split(",")
    if isinstance(value, Sequence) and value:
        return tuple(exact_fraction(argument, entry) for entry in value)
    raise InvalidArgument(argument, f"cannot read {value!r}", f"use {', '.join(names)}, or numbers such as '1/2,1,3/2'")

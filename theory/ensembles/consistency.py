"""What the parts of an ensemble require of each other, refused in one line where it is not met."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from theory.ensembles.activations import pieces_of
from theory.ensembles.arguments import InvalidArgument
from theory.ensembles.sizes import joined

if TYPE_CHECKING:
    from theory.ensembles.ensemble import Ensemble

_LEAST_UNITS = 3
"""Layer norm needs so many units, as two standardized numbers are always 1 and -1."""


def require_consistency(net: Ensemble) -> None:
    """Refuse an ensemble whose parts contradict each other.

    Parameters
    ----------
    net : Ensemble
        The ensemble, each part of which has been read.

    Raises
    ------
    InvalidArgument
        If two parts do not fit; the message names one, and what would do.

    Examples
    --------
    >>> from theory.ensembles import Ensemble
    >>> require_consistency(Ensemble(width=4, depth=2, law="uniform"))
    """
    if net.init.law not in (None, net.law.name):
        problem = f"the {net.init.name} initialization is {net.init.law}, got {net.law.name!r}"
        raise InvalidArgument("law", problem, f"use law={net.init.law!r} or init={net.init.without_law.describe()!r}")
    if "n" in net.init.letters and net.widths is not None:
        problem = f"{net.init.describe()!r} has the letter 'n', but the widths differ"
        raise InvalidArgument("init", problem, "use n_in and n_out")
    _require_distinct_symbols(net)
    _require_positive_variances(net)
    if net.init.name == "orthogonal":
        if not net.law.is_normal:
            raise InvalidArgument(
                "law", f"orthogonal weights are Haar distributed, got {net.law.name!r}", "leave law out"
            )
        if net.widths is not None and any(isinstance(w, str) for w in net.widths):
            raise InvalidArgument(
                "widths",
                f"orthogonal layers of symbolic, unequal widths {joined(net.widths)}",
                "use numbers or one width",
            )
    for name, k in (("readout", net.depth), ("input", 0)):
        vector = getattr(net, name)
        if isinstance(vector, tuple) and len(vector) != net.width_at(k):
            raise InvalidArgument(
                name, f"has {len(vector)} entries, but layer {k} has width {net.width_at(k)}", "make the two equal"
            )
        if isinstance(vector, tuple) and not any(vector):
            raise InvalidArgument(name, f"is the zero vector {joined(vector)}", "give it a nonzero entry")
    _require_fitting_architecture(net)


def _require_positive_variances(net: Ensemble) -> None:
    """Refuse variances that are negative, infinite or irrational, where the widths are numbers."""
    if not (net.init.formula or net.init.name == "geometric") or isinstance(net.slope_name, str):
        return
    below, above = pieces_of(net.activation) if net.is_piecewise_linear else (0, 1)
    layers = range(1, 2 if net.widths is None else len(net.widths))
    for k in layers:
        fan_in, fan_out = net.width_at(k - 1), net.width_at(k)
        if isinstance(fan_in, str) or isinstance(fan_out, str):
            continue
        one = None if net.init.value is None else Fraction(1)  # a symbol is positive, and stands for a factor
        variance = net.init.variance(fan_in, fan_out, below, above=above, symbol=one)
        if one is None and variance <= 0:
            problem = f"{net.init.describe()!r} is {variance} for n_in = {fan_in} and n_out = {fan_out}"
            raise InvalidArgument("init", problem, "a variance must be positive")


def _require_fitting_architecture(net: Ensemble) -> None:
    """Refuse sizes, laws and inputs for which the architecture is not defined."""
    if not net.architecture.is_plain:
        wired = f"in the architecture {net.architecture.describe()!r}"
        if net.bias.name != "none":
            raise InvalidArgument("bias", f"{wired} there are no biases", "use bias='none'")
        if not net.is_piecewise_linear:
            raise InvalidArgument("activation", f"'{net.activation}' is not known {wired}", "use e.g. relu")
    if net.architecture.name == "residual":
        net.require_equal_layers("what a branch adds to has its own width", "use width=32")
        if isinstance(net.depth, int) and net.depth % net.architecture.matrices_a_branch:
            raise InvalidArgument("depth", f"{net.depth} matrices make no pairs", "use an even depth")
        of_depth = isinstance(net.architecture.alpha, str) and net.architecture.symbol is None
        if of_depth and "L" in net.symbols and net.depth != "L":
            problem = f"in {net.architecture.describe()!r} L is the number of branches, but it names another part"
            raise InvalidArgument("architecture", problem, "choose another name for that, or a number")
    if net.architecture.name in ("layernorm", "batchnorm") and net.law.has_atoms:
        problem = f"{net.law.name!r} has atoms, so that preactivations can all be equal, with nothing to divide by"
        raise InvalidArgument("law", problem, "use e.g. law='normal' or 'uniform'")
    if net.architecture.name == "layernorm":
        argument, units = ("width", (net.width,)) if net.widths is None else ("widths", net.widths[1:])
        if any(isinstance(n, int) and n < _LEAST_UNITS for n in units):
            problem = "fewer than three standardized units are the same whatever comes in"
            raise InvalidArgument(argument, problem, f"use a width of at least {_LEAST_UNITS}")
    if net.architecture.name == "batchnorm" and net.input is not None:
        raise InvalidArgument("input", "the inputs of a batch are drawn with the network", "leave it out")


def _require_distinct_symbols(net: Ensemble) -> None:
    """Refuse one name for two things, which could not be told apart in a formula."""
    sizes = (net.width, net.depth) if net.widths is None else net.widths
    taken = {"beta": "the ratio of depth to width", **({"K": "the kurtosis"} if net.law.is_symbolic else {})}
    taken |= {size: "a size" for size in sizes if isinstance(size, str) and size not in taken}
    parts: list[tuple[str, Any, str]] = [
        *(("width" if net.widths is None else "widths", size, "a size") for size in sizes),
        ("activation", net.slope_name, "the slope"),
        ("init", net.init.value, "the variance"),
        ("bias", net.bias.value, "the bias"),
        ("architecture", net.architecture.symbol, "the scale or the batch"),
    ]
    for argument, name, role in parts:
        if isinstance(name, str) and net.law.is_symbolic and re.fullmatch(r"m\d+", name):
            raise InvalidArgument(argument, f"{name!r} already names a moment of the law", "choose another name")
        if isinstance(name, str) and (
            taken.setdefault(name, role) != role or (name.startswith("norm") and name.endswith("_x"))
        ):
            problem = f"{name!r} already names {taken[name] if taken[name] != role else 'a norm of the input'}"
            raise InvalidArgument(argument, problem, "choose another name")

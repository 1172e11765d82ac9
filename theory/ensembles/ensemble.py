"""The random network itself: sizes, activation, architecture, readout and input, with its law and initialization."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from theory.ensembles.activations import is_piecewise_linear, parse_activation, slope_of
from theory.ensembles.architectures import Architecture
from theory.ensembles.arguments import Exact, InvalidArgument, exact_fraction, is_symbol_name, nearest, size
from theory.ensembles.biases import Bias
from theory.ensembles.initializations import Initialization
from theory.ensembles.laws import Law, parse_law
from theory.ensembles.own_activations import Activation

_READOUTS = ("random", "signs", "ones")
_INPUTS = ("e1", "ones")
_LEAST_UNITS = 3
"""Layer norm needs so many units, as two standardized numbers are always 1 and -1."""


@dataclass(frozen=True, init=False)
class Ensemble:
    r"""A random network :math:`f(x) = \langle v, a_L\rangle`, :math:`a_k = \phi(W_k a_{k-1} + b_k)`, :math:`a_0 = x`.

    The weights :math:`W_k`, of shape (n_k, n_{k-1}), have independent entries, symmetric about 0; unless they are
    asked for, there are no biases :math:`b_k`. The formula for :math:`a_k` is that of the plain architecture; the
    others are those of :class:`Architecture`. Everything is exact: ints, Fractions, or the names of symbols, so that
    theory can answer with a formula and montecarlo with an estimate of the very same network.

    Parameters
    ----------
    width : int or str, optional
        The width n_0 = ... = n_L, a number or a symbol's name. Either this or `widths` is given.
    depth : int or str, optional
        The number L of weight matrices, which follows from `widths` where those are given.
    widths : sequence of int or str, optional
        The widths n_0, ..., n_L.
    activation : str or Activation
        ``linear``, ``relu``, or ``leaky:SLOPE`` with a slope between 0 and 1 (or a symbol's name); or a smooth one:
        ``tanh``, ``erf``, ``sigmoid``, ``gelu``, ``silu``, ``softplus``, ``elu``, ``selu`` or ``sine``; or an
        :class:`Activation` of one's own.
    init : str, int or Fraction
        How the weight variance follows from the widths; see :class:`Initialization`.
    law : str or Law, optional
        The law of a weight; see :class:`Law`. By default it is ``normal``, or ``uniform`` under the PyTorch
        initialization.
    bias : str, int, Fraction or Bias
        ``none``, ``pytorch``, a variance, ``variance:NAME`` or ``constant:NUMBER``; see :class:`Bias`.
    readout : str or sequence of numbers
        A random readout is ``random`` (i.i.d. normal entries of variance 1/n_L) or ``signs`` (i.i.d. signs over
        sqrt(n_L)); both are sign-symmetric with E|v|^2 = 1. A fixed one is ``ones``, or n_L numbers.
    input : str or sequence of numbers, optional
        The input is ``ones``, ``e1``, or n_0 numbers. By default it is a unit vector, which montecarlo takes along
        (1, ..., 1); formulas keep |x| as a symbol while the ensemble has other symbols.
    architecture : str or Architecture
        ``plain``, ``residual:ALPHA``, ``residual:ALPHA:two``, ``layernorm`` or ``batchnorm:B``; see
        :class:`Architecture`.

    Raises
    ------
    InvalidArgument
        If any of these cannot be used; the message names it and says what would do.

    Examples
    --------
    >>> net = Ensemble(width="n", depth="L", activation="relu", init="he")
    >>> net.at(width=32, depth=64).variance(1)
    Fraction(1, 16)
    >>> net.at(widths=(784, 100, 10))
    Ensemble(widths=(784, 100, 10), activation='relu', init='he')
    >>> print(net.at(architecture="residual:1/sqrt(L)").describe())
    width=n depth=L activation=relu init=he law=normal readout=random architecture=residual:1/sqrt(L)
    """

    width: int | str | None
    depth: int | str
    widths: tuple[int | str, ...] | None
    activation: str | Activation
    init: Initialization
    law: Law
    bias: Bias
    readout: str | tuple[Fraction, ...]
    input: str | tuple[Fraction, ...] | None
    architecture: Architecture

    def __init__(
        self,
        width: int | str | None = None,
        depth: int | str | None = None,
        *,
        widths: Sequence[int | str] | None = None,
        activation: str | Activation = "linear",
        init: str | int | Fraction | Initialization = "xavier",
        law: str | Law | None = None,
        bias: str | int | Fraction | Bias = "none",
        readout: str | Sequence[Any] = "random",
        input: str | Sequence[Any] | None = None,  # noqa: A002  # the field's own word
        architecture: str | Architecture = "plain",
    ) -> None:
        init = Initialization.parse(init)
        width, depth, layers = _parse_sizes(width, depth, widths)
        default_law = "uniform" if init.name == "pytorch" else "normal"
        activation = parse_activation(activation)
        parsed = {
            "width": width,
            "depth": depth,
            "widths": layers,
            "activation": activation,
            "init": init,
            "law": parse_law(default_law if law is None else law),
            "bias": Bias.parse(bias),
            "readout": _parse_vector("readout", readout, _READOUTS),
            "input": None if input is None else _parse_vector("input", input, _INPUTS),
            "architecture": Architecture.parse(architecture, str(activation)),
        }
        for name, value in parsed.items():
            object.__setattr__(self, name, value)  # the class is frozen, and this is the one place that writes
        self._require_consistency()

    def _require_consistency(self) -> None:
        if self.init.name == "pytorch" and self.law.name != "uniform":
            raise InvalidArgument(
                "law",
                f"the pytorch initialization is uniform, got {self.law.name!r}",
                "use law='uniform' or init='1/96'",
            )
        self._require_distinct_symbols()
        if self.init.name == "orthogonal":
            if not self.law.is_normal:
                raise InvalidArgument(
                    "law", f"orthogonal weights are Haar distributed, got {self.law.name!r}", "leave law out"
                )
            if self.widths is not None and any(isinstance(w, str) for w in self.widths):
                raise InvalidArgument(
                    "widths",
                    f"orthogonal layers of symbolic, unequal widths {_joined(self.widths)}",
                    "use numbers or one width",
                )
        for name, k in (("readout", self.depth), ("input", 0)):
            vector = getattr(self, name)
            if isinstance(vector, tuple) and len(vector) != self.width_at(k):
                raise InvalidArgument(
                    name, f"has {len(vector)} entries, but layer {k} has width {self.width_at(k)}", "make the two equal"
                )
            if isinstance(vector, tuple) and not any(vector):
                raise InvalidArgument(name, f"is the zero vector {_joined(vector)}", "give it a nonzero entry")
        self._require_fitting_architecture()

    def _require_fitting_architecture(self) -> None:
        """Refuse sizes, laws and inputs for which the architecture is not defined."""
        if not self.architecture.is_plain:
            wired = f"in the architecture {self.architecture.describe()!r}"
            if self.bias.name != "none":
                raise InvalidArgument("bias", f"{wired} there are no biases", "use bias='none'")
            if not self.is_piecewise_linear:
                raise InvalidArgument("activation", f"'{self.activation}' is not known {wired}", "use e.g. relu")
        if self.architecture.name == "residual":
            if not self.is_constant_width:
                raise InvalidArgument("widths", "what a branch adds to has its own width", "use width=32")
            if isinstance(self.depth, int) and self.depth % self.architecture.matrices_a_branch:
                raise InvalidArgument("depth", f"{self.depth} matrices make no pairs", "use an even depth")
            of_depth = isinstance(self.architecture.alpha, str) and self.architecture.symbol is None
            if of_depth and "L" in self.symbols and self.depth != "L":
                problem = f"in {self.architecture.describe()!r} L is the number of branches, but it names another part"
                raise InvalidArgument("architecture", problem, "choose another name for that, or a number")
        if self.architecture.name in ("layernorm", "batchnorm") and self.law.has_atoms:
            problem = f"{self.law.name!r} has atoms, so that preactivations can all be equal, with nothing to divide by"
            raise InvalidArgument("law", problem, "use e.g. law='normal' or 'uniform'")
        if self.architecture.name == "layernorm":
            argument, units = ("width", (self.width,)) if self.widths is None else ("widths", self.widths[1:])
            if any(isinstance(n, int) and n < _LEAST_UNITS for n in units):
                problem = "fewer than three standardized units are the same whatever comes in"
                raise InvalidArgument(argument, problem, f"use a width of at least {_LEAST_UNITS}")
        if self.architecture.name == "batchnorm" and self.input is not None:
            raise InvalidArgument("input", "the inputs of a batch are drawn with the network", "leave it out")

    def _require_distinct_symbols(self) -> None:
        """Refuse one name for two things, which could not be told apart in a formula."""
        sizes = (self.width, self.depth) if self.widths is None else self.widths
        taken = {"beta": "the ratio of depth to width", **({"K": "the kurtosis"} if self.law.is_symbolic else {})}
        taken |= {size: "a size" for size in sizes if isinstance(size, str) and size not in taken}
        parts: list[tuple[str, Any, str]] = [
            *(("width" if self.widths is None else "widths", size, "a size") for size in sizes),
            ("activation", self._slope_name, "the slope"),
            ("init", self.init.value, "the variance"),
            ("bias", self.bias.value, "the bias"),
            ("architecture", self.architecture.symbol, "the scale or the batch"),
        ]
        for argument, name, role in parts:
            if isinstance(name, str) and self.law.is_symbolic and re.fullmatch(r"m\d+", name):
                raise InvalidArgument(argument, f"{name!r} already names a moment of the law", "choose another name")
            if isinstance(name, str) and (
                taken.setdefault(name, role) != role or (name.startswith("norm") and name.endswith("_x"))
            ):
                problem = f"{name!r} already names {taken[name] if taken[name] != role else 'a norm of the input'}"
                raise InvalidArgument(argument, problem, "choose another name")

    @classmethod
    def from_text(cls, fields: Mapping[str, str]) -> Ensemble:
        """Return the ensemble whose parts are written out, as options and files have them.

        Parameters
        ----------
        fields : mapping of str to str
            Any of the parameters above by their names; lists have commas between their entries.

        Raises
        ------
        InvalidArgument
            If there is no such ensemble.

        Examples
        --------
        >>> Ensemble.from_text({"widths": "784,100,10", "readout": "ones"})
        Ensemble(widths=(784, 100, 10), readout='ones')
        """
        given: dict[str, Any] = dict(fields)
        if "widths" in given:
            given["widths"] = given["widths"].split(",")
        return cls(**given)

    def at(self, **changes: Any) -> Ensemble:
        """Return the same ensemble with some fields changed, such as numbers for symbols, or another law.

        Parameters
        ----------
        **changes
            New values of fields. New widths replace a width and the depth, and a new width replaces unequal widths.

        Raises
        ------
        InvalidArgument
            If there is no such field, or the new ensemble would be none.

        Examples
        --------
        >>> Ensemble(width="n", depth="L").at(width=8, depth=2).width_at(1)
        8
        """
        unknown = set(changes) - set(self.__dataclass_fields__)
        if unknown:
            name = min(unknown)
            raise InvalidArgument(name, "an ensemble has no such field", nearest(name, self.__dataclass_fields__))
        if "widths" in changes:
            changes = {"width": None, "depth": None, **changes}
        elif "width" in changes:
            changes = {"widths": None, **changes}
        elif "depth" in changes and self.widths is not None:
            raise InvalidArgument("depth", "follows from widths", "change widths instead")
        if "init" in changes:
            init = Initialization.parse(changes["init"])
            if "pytorch" in (self.init.name, init.name):  # the default law follows from it
                changes = {"law": None, **changes}
        return replace(self, **changes)

    def width_at(self, layer: int | str) -> int | str:
        """Return n_k, the number of units of layer k (0 is the input).

        Raises
        ------
        InvalidArgument
            If the layer is not an integer between 0 and the depth, or a name.
        """
        if isinstance(layer, bool) or not (
            isinstance(layer, int) or (isinstance(layer, str) and is_symbol_name(layer))
        ):
            raise InvalidArgument("layer", f"must be an integer or a name, got {layer!r}", "count from the input")
        if isinstance(layer, int) and (layer < 0 or (isinstance(self.depth, int) and layer > self.depth)):
            raise InvalidArgument(
                "layer", f"must be between 0 and the depth {self.depth}, got {layer}", "count from the input"
            )
        if isinstance(layer, str) and layer != self.depth and layer in self.symbols:
            raise InvalidArgument(
                "layer", f"{layer!r} already names another part of the network", "choose another name"
            )
        if self.widths is None:
            assert self.width is not None
            return self.width
        if not isinstance(layer, int):
            raise InvalidArgument("layer", f"{layer!r} is symbolic, but the widths differ", "give its number")
        return self.widths[layer]

    @property
    def slope(self) -> Exact:
        """The slope of the activation for negative arguments, 1 for linear and 0 for ReLU; smooth ones are refused."""
        return slope_of(self.activation)

    @property
    def _slope_name(self) -> str | None:
        """The slope's name where it is a symbol."""
        slope = self.slope if self.is_piecewise_linear else None
        return slope if isinstance(slope, str) else None

    @property
    def is_piecewise_linear(self) -> bool:
        """Whether the activation is linear on both sides of 0, so that it has a slope."""
        return is_piecewise_linear(self.activation)

    @property
    def is_homogeneous(self) -> bool:
        """Whether scaling the input scales the output: no biases, and no smooth activation."""
        return self.is_piecewise_linear and self.bias.name == "none"

    @property
    def is_constant_width(self) -> bool:
        """Whether all layers have the same width."""
        return self.widths is None

    @property
    def has_independent_entries(self) -> bool:
        """Whether the entries of a weight matrix are independent, which those of orthogonal ones are not."""
        return self.init.name != "orthogonal"

    @property
    def has_sign_symmetric_readout(self) -> bool:
        """Whether the readout has independent symmetric signs."""
        return self.readout in ("random", "signs")

    @property
    def symbols(self) -> tuple[str, ...]:
        """The names of the symbols in the ensemble, in reading order; there are none if every part is a number."""
        sizes = [self.width, self.depth] if self.widths is None else list(self.widths)
        kurtosis = (self.law.kurtosis,) if self.law.is_symbolic else ()
        parts = [*sizes, self._slope_name, self.init.value, self.bias.value, *kurtosis, self.architecture.symbol]
        return tuple(dict.fromkeys(part for part in parts if isinstance(part, str)))

    @property
    def plain(self) -> Ensemble:
        """The ensemble of the same sizes, weights, readout and input in the plain architecture."""
        return self if self.architecture.is_plain else replace(self, architecture=Architecture("plain"))

    def require_plain(self, who: str, *, biases: bool = False, smooth: bool = False) -> None:
        """Refuse any architecture but the plain one, biases and smooth activations, where nothing else is known.

        Parameters
        ----------
        who : str
            The subject of the error's sentence, such as ``"the law of log|a_k|^2"``.
        biases, smooth : bool
            Whether biases, and whether smooth activations are known there.

        Raises
        ------
        InvalidArgument
            If the architecture is another one, which the message names, or the network has what is not known.
        """
        if not self.architecture.is_plain:
            problem = f"{who} is known for plain networks only, got {self.architecture.describe()!r}"
            raise InvalidArgument("architecture", problem, "use architecture='plain'")
        if not biases and self.bias.name != "none":
            problem = f"{who} is known without biases only, got {self.bias.describe()!r}"
            raise InvalidArgument("bias", problem, "use bias='none'")
        if not smooth and not self.is_piecewise_linear:
            problem = f"{who} is known for piecewise-linear activations only, got '{self.activation}'"
            raise InvalidArgument("activation", problem, "use relu, leaky:SLOPE or linear")

    @property
    def can_die(self) -> bool:
        """Whether all units of a layer can be 0 with positive probability, so that a_L = 0.

        With residual branches the input of a branch remains, and of units that are standardized together one is
        positive.
        """
        units_die = self.activation == "relu" and self.architecture.name in ("plain", "batchnorm")
        return units_die or self.law.has_atoms

    def variance(self, layer: int) -> Fraction:
        """Return the variance s_k^2 of an entry of W_k, for an ensemble without symbols.

        Raises
        ------
        InvalidArgument
            If any part of the ensemble is a symbol, or there is no such layer.
        """
        self.require_numbers("variance")
        if isinstance(layer, bool) or not isinstance(layer, int) or layer < 1:
            raise InvalidArgument("layer", f"weights are numbered 1, 2, ..., got {layer!r}", "use 1, ..., depth")
        gain_slope = self.slope if self.is_piecewise_linear else 0  # He's gain is that of ReLU for all others
        return Fraction(self.init.variance(self.width_at(layer - 1), self.width_at(layer), gain_slope))

    def bias_variance(self, layer: int) -> Fraction:
        """Return the variance of an entry of b_k, for an ensemble without symbols; 0 if it is constant.

        Raises
        ------
        InvalidArgument
            If any part of the ensemble is a symbol, or there is no such layer.
        """
        self.variance(layer)  # refuses what it refuses
        return Fraction(self.bias.variance(self.width_at(layer - 1)))

    def require_numbers(self, who: str) -> None:
        """Refuse an ensemble with symbols, where numbers are needed.

        Parameters
        ----------
        who : str
            The subject of the error's sentence, such as ``"montecarlo"``.

        Raises
        ------
        InvalidArgument
            If a part is a symbol, which the message names.
        """
        layers: tuple[int | str | None, ...] = self.widths or ()
        parts: list[tuple[str, Exact | None, str]] = [
            *(("widths", part, "widths=(784, 10)") for part in layers),
            ("width", self.width, "width=32"),
            ("depth", self.depth, "depth=64"),
            ("activation", self._slope_name, "activation='leaky:1/4'"),
            ("init", self.init.value, "init='1/32'"),
            ("bias", self.bias.value, "bias='1/10'"),
            ("law", self.law.name if self.law.is_symbolic else None, "law='uniform'"),
            ("architecture", self.architecture.symbol, "architecture='residual:1/2' or 'batchnorm:16'"),
        ]
        for name, part, remedy in parts:
            if isinstance(part, str):
                raise InvalidArgument(name, f"{who} needs a number, got the symbol {part!r}", f"use {remedy}")

    def __repr__(self) -> str:
        """Return the call that makes the ensemble, without what is so by default."""
        usual = "uniform" if self.init.name == "pytorch" else "normal"
        given: list[tuple[str, object, object]] = [
            ("width", self.width, None),
            ("depth", self.depth if self.widths is None else None, None),
            ("widths", self.widths, None),
            ("activation", self.activation, "linear"),
            ("init", self.init.describe(), "xavier"),
            ("law", self.law.name if self.law.is_named else self.law, usual),
            ("bias", self.bias.describe(), "none"),
            ("readout", _joined(self.readout), "random"),
            ("input", None if self.input is None else _joined(self.input), None),
            ("architecture", self.architecture.describe(), "plain"),
        ]
        return f"Ensemble({', '.join(f'{name}={value!r}' for name, value, default in given if value != default)})"

    def describe(self) -> str:
        """Return the ensemble on one line. Equal texts mean equal ensembles, but for laws of one's own with one name.

        Examples
        --------
        >>> print(Ensemble(width=8, depth=2, activation="relu", init="he").describe())
        width=8 depth=2 activation=relu init=he law=normal readout=random
        """
        sizes = f"width={self.width} depth={self.depth}" if self.widths is None else f"widths={_joined(self.widths)}"
        vectors = f"readout={_joined(self.readout)}" + ("" if self.input is None else f" input={_joined(self.input)}")
        wired = "" if self.architecture.is_plain else f" architecture={self.architecture.describe()}"
        biased = "" if self.bias.name == "none" else f" bias={self.bias.describe()}"
        drawn = f"init={self.init.describe()} law={self.law.name}{biased}"
        return f"{sizes} activation={self.activation} {drawn} {vectors}{wired}"

    def digest(self) -> str:
        """Return a SHA-256 of all that decides the networks' distribution, the same on every machine."""
        return hashlib.sha256(f"{self.describe()} {self.law.describe()}".encode()).hexdigest()


def require_ensemble(net: object) -> None:
    """Refuse what is no ensemble.

    Raises
    ------
    InvalidArgument
        If it is none; the message shows what came instead.

    Examples
    --------
    >>> require_ensemble(Ensemble(width="n", depth="L"))
    """
    if not isinstance(net, Ensemble):
        problem = f"must be an Ensemble, got {net!r:.60}"
        raise InvalidArgument("net", problem, "use e.g. Ensemble(width='n', depth='L')")


def _parse_sizes(
    width: object, depth: object, widths: object
) -> tuple[int | str | None, int | str, tuple[int | str, ...] | None]:
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


def _joined(vector: str | tuple[Any, ...]) -> str:
    return vector if isinstance(vector, str) else ",".join(map(str, vector))


def _parse_vector(argument: str, value: object, names: tuple[str, ...]) -> str | tuple[Fraction, ...]:
    if isinstance(value, str):
        if value in names:
            return value
        if is_symbol_name(value):
            raise InvalidArgument(argument, f"there is no {argument} {value!r}", f"{nearest(value, names)}, or numbers")
        value = value.split(",")
    if isinstance(value, Sequence) and value:
        return tuple(exact_fraction(argument, entry) for entry in value)
    raise InvalidArgument(argument, f"cannot read {value!r}", f"use {', '.join(names)}, or numbers such as '1/2,1,3/2'")

"""The random network itself: sizes, activation, architecture, readout and input, with its law and initialization."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from theory.ensembles.activations import is_piecewise_linear, parse_activation, pieces_of, slope_of
from theory.ensembles.architectures import Architecture
from theory.ensembles.arguments import Exact, InvalidArgument, is_symbol_name, nearest
from theory.ensembles.biases import Bias
from theory.ensembles.consistency import require_consistency
from theory.ensembles.initializations import Initialization
from theory.ensembles.laws import Law, parse_law
from theory.ensembles.own_activations import Activation
from theory.ensembles.sizes import by_layer, joined, read_sizes, read_vector

_READOUTS = ("random", "signs", "ones")
_INPUTS = ("e1", "ones")


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
        ``linear``, ``relu``, ``leaky:SLOPE`` with the slope below 0 (a number, or a symbol's name), ``abs``, or
        ``pieces:BELOW:ABOVE`` with the slopes below and above 0; or a smooth one: ``tanh``, ``erf``, ``sigmoid``,
        ``gelu``, ``silu``, ``softplus``, ``elu``, ``selu`` or ``sine``; or an
        :class:`Activation` of one's own.
    init : str, int, Fraction or sequence of these
        How the weight variance follows from the widths, or one for each layer; see :class:`Initialization`.
    law : str or Law, optional
        The law of a weight; see :class:`Law`. By default it is ``normal``, or the law that the initialization brings
        along: ``uniform`` under PyTorch's, ``truncated-normal`` under ``he_normal``.
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
        init: str | int | Fraction | Sequence[Any] | Initialization = "xavier",
        law: str | Law | None = None,
        bias: str | int | Fraction | Bias = "none",
        readout: str | Sequence[Any] = "random",
        input: str | Sequence[Any] | None = None,  # noqa: A002  # the field's own word
        architecture: str | Architecture = "plain",
    ) -> None:
        init = Initialization.parse(init)
        width, depth, layers = read_sizes(width, depth, widths)
        init, width, layers = by_layer(init, width, depth, layers)
        default_law = init.law or "normal"
        activation = parse_activation(activation)
        parsed = {
            "width": width,
            "depth": depth,
            "widths": layers,
            "activation": activation,
            "init": init,
            "law": parse_law(default_law if law is None else law),
            "bias": Bias.parse(bias),
            "readout": read_vector("readout", readout, _READOUTS),
            "input": None if input is None else read_vector("input", input, _INPUTS),
            "architecture": Architecture.parse(architecture, str(activation)),
        }
        for name, value in parsed.items():
            object.__setattr__(self, name, value)  # the class is frozen, and this is the one place that writes
        require_consistency(self)

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
            if self.init.law or init.law:  # the default law follows from it
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
            differ = "variances" if self.init.layers else "widths"
            raise InvalidArgument("layer", f"{layer!r} is symbolic, but the {differ} differ", "give its number")
        return self.widths[layer]

    @property
    def slope(self) -> Exact:
        """The slope of the activation for negative arguments, 1 for linear and 0 for ReLU.

        Smooth activations, slopes outside of [0, 1], and other slopes than 1 for positive arguments are refused: what
        knows those asks for :attr:`pieces`, or for the network that ``usual_slopes`` returns.
        """
        return slope_of(self.activation)

    @property
    def pieces(self) -> tuple[Exact, Fraction]:
        """The slopes of the activation for negative and for positive arguments; smooth ones are refused."""
        return pieces_of(self.activation)

    @property
    def has_usual_slope(self) -> bool:
        """Whether there is nothing that ``of_usual_slope`` would change, as for ReLU and smooth activations."""
        if not self.is_piecewise_linear:
            return True
        below, above = self.pieces
        return above == 1 and (isinstance(below, str) or 0 <= below <= 1)

    @property
    def slope_name(self) -> str | None:
        """The name of the slope for negative arguments where it is a symbol, else None."""
        slope = self.pieces[0] if self.is_piecewise_linear else None
        return slope if isinstance(slope, str) else None

    @property
    def is_piecewise_linear(self) -> bool:
        """Whether the activation is linear on both sides of 0, so that it has a slope."""
        return is_piecewise_linear(self.activation)

    @property
    def is_linear(self) -> bool:
        """Whether there is no activation, so that a layer is its matrix."""
        return self.activation == "linear"

    @property
    def is_homogeneous(self) -> bool:
        """Whether scaling the input scales the output: no biases, and no smooth activation."""
        return self.is_piecewise_linear and self.bias.name == "none"

    @property
    def is_constant_width(self) -> bool:
        """Whether all layers have the same width, and weights of the same variance."""
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
        parts = [*sizes, self.slope_name, self.init.value, self.bias.value, *kurtosis, self.architecture.symbol]
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

    def require_equal_layers(self, problem: str, remedy: str) -> None:
        """Refuse layers of unequal widths, or with variances of their own, where one of each is needed.

        Parameters
        ----------
        problem, remedy : str
            What is wrong with unequal widths, and what would do.

        Raises
        ------
        InvalidArgument
            If the widths differ, with that message, or if the initialization has a variance for each layer.
        """
        if self.init.layers:
            problem = f"gives each layer a variance of its own ({self.init.describe():.40}), and one is needed here"
            raise InvalidArgument("init", problem, "use e.g. init='1/32'")
        if not self.is_constant_width:
            raise InvalidArgument("widths", problem, remedy)

    @property
    def can_die(self) -> bool:
        """Whether all units of a layer can be 0 with positive probability, so that a_L = 0.

        With residual branches the input of a branch remains, and of units that are standardized together one is
        positive. Behind biases a dead layer revives, and the last one alone counts.
        """
        units_die = (
            self.is_piecewise_linear and self.pieces[0] == 0 and self.architecture.name in ("plain", "batchnorm")
        )
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
        below, above = self.pieces if self.is_piecewise_linear else (0, 1)  # He's gain is that of ReLU for all others
        fans = self.width_at(layer - 1), self.width_at(layer)
        return Fraction(self.init.variance(*fans, below, above=above, layer=layer))

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
            ("activation", self.slope_name, "activation='leaky:1/4'"),
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
        usual = self.init.law or "normal"
        given: list[tuple[str, object, object]] = [
            ("width", self.width, None),
            ("depth", self.depth if self.widths is None else None, None),
            ("widths", self.widths, None),
            ("activation", self.activation, "linear"),
            ("init", self.init.describe(), "xavier"),
            ("law", self.law.name if self.law.is_named else self.law, usual),
            ("bias", self.bias.describe(), "none"),
            ("readout", joined(self.readout), "random"),
            ("input", None if self.input is None else joined(self.input), None),
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
        sizes = f"width={self.width} depth={self.depth}" if self.widths is None else f"widths={joined(self.widths)}"
        vectors = f"readout={joined(self.readout)}" + ("" if self.input is None else f" input={joined(self.input)}")
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

"""Weight variance as a function of the fans, as the frameworks define it for rectangular layers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from theory.ensembles.arguments import InvalidArgument, exact_fraction, is_symbol_name, nearest
from theory.ensembles.fan_formulas import (
    FANS,
    formula_letters,
    formula_text,
    formula_value,
    read_formula,
    read_gain,
    root,
)

_ALIASES = {
    "glorot": "xavier",
    "kaiming": "he",
    "fan_out": "fan-out",
    "xavier_uniform": "glorot_uniform",
    "kaiming_uniform": "he_uniform",
}
_LAWS = {
    "pytorch": "uniform",
    **{f"{name}_normal": "truncated-normal" for name in ("he", "glorot", "lecun")},
    **{f"{name}_uniform": "uniform" for name in ("he", "glorot", "lecun")},
}
"""The laws that are part of a name."""
_VARIANCES = {
    "pytorch": "1/(3*n_in)",
    "he_normal": "2/n_in",
    "he_uniform": "2/n_in",
    "glorot_normal": "xavier",
    "glorot_uniform": "xavier",
    "lecun_normal": "lecun",
    "lecun_uniform": "lecun",
}
"""What has the same variances and no law of its own."""
_NAMED = ("xavier", "he", "lecun", "fan-out", "geometric", "orthogonal", *_LAWS)
_OWN_GAIN = ("he", "fan-out", "geometric", "pytorch")
"""Names that have a gain of their own."""
_AMBIGUOUS = {"xavier_normal": "glorot_normal", "kaiming_normal": "he_normal"}
_NUMBER = re.compile(r"[-+\d\s./_eE]*|[-+]?(?:nan|inf|infinity)", re.IGNORECASE)


@dataclass(frozen=True)
class Initialization:
    """How the weight variance follows from fan-in, fan-out and the activation.

    ==================  =====================================================================
    xavier              2/(fan_in + fan_out), gain 1 [1]_
    he                  1/(p fan_in), p = (1 + slope^2)/2: 2/fan_in for ReLU, 1/fan_in for linear [2]_
    fan-out             1/(p fan_out): he in its other mode, which keeps gradients [2]_
    geometric           1/(p sqrt(fan_in fan_out)), between the two
    lecun               1/fan_in
    pytorch             1/(3 fan_in): ``torch.nn.Linear``'s uniform default, its biases left out
    he_normal           2/fan_in whatever the activation, normal truncated at two standard deviations: Keras and JAX
    glorot_normal       2/(fan_in + fan_out), the same law: Keras and JAX
    lecun_normal        1/fan_in, the same law: Keras and JAX
    he_uniform, ...     the three variances with the uniform law; glorot_uniform is the default of Keras
    orthogonal          Haar (semi-)orthogonal matrices: entries of variance 1/max(fan_in, fan_out), not independent
    NAME:gain=G         the variances of xavier, lecun, orthogonal and the like times G^2
    variance            a given number or symbol, the same in each layer
    1,4,9,16            one variance for each layer, from the first
    formula             arithmetic of n_in and n_out (fan_in and fan_out are other names), n at constant width
    variance:formula    the same with a symbol, as in ``variance:s2/n``
    ==================  =====================================================================

    Roots of numbers that are no squares are refused, as variances are exact: ``geometric`` takes widths whose products
    are squares, or symbols.

    Parameters
    ----------
    name : str
        One of the names above, ``variance``, ``layers`` or ``formula``.
    value : Fraction or str, optional
        The variance, for ``variance``; for a formula with a symbol, the symbol's name.
    square_gain : Fraction
        What the variance that the name stands for is multiplied by.
    layers : tuple of Fraction
        The variance of each layer, for ``layers``.
    formula : str
        The formula, for ``formula``.

    References
    ----------
    .. [1] X. Glorot and Y. Bengio, AISTATS 2010, eq. (16).
    .. [2] K. He et al., ICCV 2015, eqs. (10) and (15).

    Examples
    --------
    >>> Initialization.parse("xavier").variance(784, 100, slope=0)
    Fraction(1, 442)
    >>> Initialization.parse("1/(3*fan_in)").variance(10, 20, slope=0)
    Fraction(1, 30)
    >>> Initialization.parse("xavier:gain=tanh").describe()
    'xavier:gain=5/3'
    """

    name: str
    value: Fraction | str | None = None
    square_gain: Fraction = Fraction(1)
    layers: tuple[Fraction, ...] = ()
    formula: str = ""

    @classmethod
    def parse(cls, value: object) -> Initialization:
        """Read the ``init`` argument: a name, a variance, one for each layer, or a formula.

        Raises
        ------
        InvalidArgument
            If the name is unknown, a variance is not positive and finite, or a formula has a letter it may not have.
        """
        if isinstance(value, Initialization):
            return value
        if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
            return cls("layers", layers=tuple(_positive(entry) for entry in value))
        return cls._of_text(value.strip()) if isinstance(value, str) else cls("variance", _positive(value))

    @classmethod
    def _of_text(cls, text: str) -> Initialization:
        name, colon, rest = text.partition(":")
        name = _ALIASES.get(name.strip().lower(), name.strip().lower())
        if name in _NAMED and not colon:
            return cls(name)
        if name in _NAMED:
            return cls(name, square_gain=_gain(name, rest))
        if name == "variance" and colon:
            return cls._of_formula(rest.strip(), symbols=1)
        if name.startswith("gain") and re.match(r"gain\s*=", text):
            problem = f"{text!r} does not say what the gain multiplies"
            remedy = f"use xavier:{text}, orthogonal:{text}, or lecun:{text}, which is Kaiming's"
            raise InvalidArgument("init", problem, remedy)
        if "," in text:
            return cls("layers", layers=tuple(_positive(entry) for entry in text.split(",")))
        if _NUMBER.fullmatch(text):
            return cls("variance", _positive(text))
        if name in _AMBIGUOUS:
            problem = f"{name!r} is normal in PyTorch, and truncated in JAX"
            plain = name.removesuffix("_normal").replace("kaiming", "2/n_in")
            raise InvalidArgument("init", problem, f"use {plain!r} with law='normal', or {_AMBIGUOUS[name]!r}")
        if is_symbol_name(text):
            known = nearest(name, [*_NAMED, *_ALIASES])
            problem = f"there is no initialization {text!r}"
            raise InvalidArgument("init", problem, f"{known}, a variance, or variance:NAME for a symbol")
        return cls._of_formula(text, symbols=0)

    @classmethod
    def _of_formula(cls, text: str, symbols: int) -> Initialization:
        """Read a formula that may have so many letters beside the fans."""
        if is_symbol_name(text) and symbols:
            return cls("variance", text)
        if _NUMBER.fullmatch(text):
            return cls("variance", _positive(text))
        tree = read_formula(text)
        if isinstance(tree, Fraction):
            return cls("variance", _positive(tree))
        letters = list(dict.fromkeys(letter for letter in formula_letters(tree) if letter not in FANS))
        if len(letters) > symbols:
            remedy = f"a formula has the letters {', '.join(FANS)}; for one symbol use variance:{text}"
            if symbols:
                remedy = "a formula has one symbol beside n_in, n_out and n"
            raise InvalidArgument("init", f"{text!r} has the letter {letters[symbols]!r}", remedy)
        return cls("formula", letters[0] if letters else None, formula=formula_text(tree))

    @property
    def law(self) -> str | None:
        """The name of the law that the initialization brings along, if it does."""
        return _LAWS.get(self.name)

    @property
    def without_law(self) -> Initialization:
        """The same variances by a name or a formula that leaves the law open.

        >>> [Initialization.parse(name).without_law.describe() for name in ("pytorch", "glorot_uniform:gain=2", "he")]
        ['1/(3*n_in)', 'xavier:gain=2', 'he']
        """
        if self.law is None:
            return self
        return Initialization.parse(_VARIANCES[self.name]).scaled(self.square_gain)

    @property
    def letters(self) -> tuple[str, ...]:
        """The letters of a formula."""
        return tuple(formula_letters(read_formula(self.formula))) if self.formula else ()

    def variance(
        self, fan_in: Any, fan_out: Any, slope: Any, *, above: Any = 1, layer: int | None = None, symbol: Any = None
    ) -> Any:
        """Return the variance of a weight of shape (fan_out, fan_in).

        Parameters
        ----------
        fan_in, fan_out, slope : int, Fraction or SymPy expression
            The fans, and the activation's slope below 0. The answer is as exact as they are, as only arithmetic is done
            on them.
        above : int, Fraction or SymPy expression
            The activation's slope above 0.
        layer : int, optional
            The layer, from 1, which matters where each has a variance of its own.
        symbol : SymPy expression, optional
            What stands for the symbol of a formula.

        Raises
        ------
        InvalidArgument
            If a formula divides by 0, or has a root of a number that is no square.
        """
        variance = self._of_name(fan_in, fan_out, slope, above, layer, symbol)
        return variance if self.square_gain == 1 else self.square_gain * variance

    def _of_name(self, fan_in: Any, fan_out: Any, slope: Any, above: Any, layer: int | None, symbol: Any) -> Any:
        one = Fraction(1)
        match self.name:
            case "xavier" | "glorot_normal" | "glorot_uniform":
                return 2 * one / (fan_in + fan_out)
            case "he":
                return 2 * one / ((above**2 + slope**2) * fan_in)
            case "fan-out":
                return 2 * one / ((above**2 + slope**2) * fan_out)
            case "geometric":
                mean = fan_in if fan_in == fan_out else root(fan_in * fan_out)
                return 2 * one / ((above**2 + slope**2) * mean)
            case "lecun" | "lecun_normal" | "lecun_uniform":
                return one / fan_in
            case "he_normal" | "he_uniform":
                return 2 * one / fan_in
            case "pytorch":
                return one / (3 * fan_in)
            case "orthogonal":
                if fan_in == fan_out:
                    return one / fan_in
                return one / max(fan_in, fan_out)
            case "layers":
                assert layer is not None
                return self.layers[layer - 1]
            case "formula":
                values = {"n_in": fan_in, "n_out": fan_out, "n": fan_in}
                if self.value is not None:
                    values[str(self.value)] = symbol
                return formula_value(read_formula(self.formula), values)
            case _:
                return self.value

    def scaled(self, factor: Fraction) -> Initialization:
        """Return the initialization whose variances are so many times as large.

        Parameters
        ----------
        factor : Fraction
            Positive.

        Examples
        --------
        >>> Initialization.parse("xavier").scaled(Fraction(4)).describe()
        'xavier:gain=2'
        >>> Initialization.parse("2/n").scaled(Fraction(4)).describe()
        '4*(2/n)'
        """
        if factor == 1:
            return self
        match self.name:
            case "variance" if isinstance(self.value, Fraction):
                return replace(self, value=self.value * factor)
            case "variance":
                return replace(self, name="formula", formula=formula_text(("*", factor, self.value)))
            case "formula":
                return replace(self, formula=formula_text(("*", factor, read_formula(self.formula))))
            case "layers":
                return replace(self, layers=tuple(variance * factor for variance in self.layers))
            case "pytorch":
                return Initialization("formula", formula=formula_text(("/", factor / 3, "n_in")))
            case _:
                return replace(self, square_gain=self.square_gain * factor)

    def at(self, symbol: Fraction) -> Initialization:
        """Return the initialization with a number for its symbol.

        Parameters
        ----------
        symbol : Fraction
            The number.

        Examples
        --------
        >>> Initialization.parse("variance:s2/n").at(Fraction(1, 3)).describe()
        '(1/3)/n'
        """
        if self.name == "variance":
            return Initialization("variance", _positive(symbol))
        tree = read_formula(self.formula)
        return Initialization._of_formula(formula_text(_substituted(tree, str(self.value), symbol)), symbols=0)

    def describe(self) -> str:
        """Return the text that stands for the initialization in fingerprints and on the command line.

        >>> Initialization.parse("variance:s2").describe()  # 's2' alone would be read as a name
        'variance:s2'
        """
        if self.layers:
            return ",".join(map(str, self.layers))
        if self.formula:
            return self.formula if self.value is None else f"variance:{self.formula}"
        if isinstance(self.value, str):
            return f"variance:{self.value}"
        gain = "" if self.square_gain == 1 else f":gain={_shown_gain(self.square_gain)}"
        return self.name + gain if self.value is None else str(self.value)


def _positive(value: object) -> Fraction:
    variance = exact_fraction("init", value)
    if variance <= 0:
        raise InvalidArgument("init", f"the variance must be positive, got {variance}", "use e.g. init='1/32'")
    return variance


def _gain(name: str, text: str) -> Fraction:
    """Read what follows the colon behind a name."""
    word, equals, gain = text.partition("=")
    if word.strip().lower() != "gain" or not equals:
        if name == "he" and word.strip().lower() in ("fan-out", "fan_out"):
            raise InvalidArgument("init", f"there is no initialization 'he:{text}'", "use fan-out")
        raise InvalidArgument("init", f"cannot read {text!r} behind {name}", "use e.g. xavier:gain=5/3")
    if name in _OWN_GAIN:
        problem = f"{name} has a gain of its own"
        raise InvalidArgument("init", problem, f"use lecun:gain={gain}, which is 1/fan_in times its square")
    return read_gain(gain)


def _shown_gain(square: Fraction) -> str:
    try:
        return str(root(square))
    except InvalidArgument:
        return f"sqrt({square})"


def _substituted(tree: Any, letter: str, number: Fraction) -> Any:
    if isinstance(tree, tuple):
        return (tree[0], *(_substituted(part, letter, number) for part in tree[1:]))
    return number if tree == letter else tree

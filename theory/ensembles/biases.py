"""Biases: none, one number for all units, or independent random ones by their variance."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from theory.ensembles.arguments import InvalidArgument, exact_fraction, is_symbol_name, nearest

_NAMED = ("none", "pytorch")
_EXAMPLES = "none, pytorch, a variance such as 1/10, variance:NAME for a symbol, or constant:1/10"


@dataclass(frozen=True)
class Bias:
    r"""The biases b_k that are added to :math:`W_k a_{k-1}` in each layer.

    ===========  ==========================================================================
    none         no biases
    pytorch      random ones of variance 1/(3 fan_in): ``torch.nn.Linear``'s default
    variance     random ones of a given variance (a number or a symbol), the same in each layer
    constant     the given number (or a symbol) in every unit
    ===========  ==========================================================================

    Random biases are independent of each other and of the weights; divided by their standard deviation they have the
    weights' law. The readout has none.

    Parameters
    ----------
    name : str
        One of the names above.
    value : Fraction or str, optional
        The variance, or the constant.
    square_gain : Fraction
        What the variance is multiplied by, as :meth:`scaled` has it; it cannot be typed.

    Examples
    --------
    >>> Bias.parse("1/10")
    Bias(name='variance', value=Fraction(1, 10))
    >>> Bias.parse("constant:1/10").describe(), Bias.parse("0") == Bias("none")
    ('constant:1/10', True)
    """

    name: str
    value: Fraction | str | None = None
    square_gain: Fraction = field(default=Fraction(1), repr=False)

    @classmethod
    def parse(cls, value: object) -> Bias:
        """Read the ``bias`` argument: ``none``, ``pytorch``, a variance, ``variance:NAME`` or ``constant:NUMBER``.

        Raises
        ------
        InvalidArgument
            If it is none of these, or the variance is negative.
        """
        if isinstance(value, Bias):
            return value
        if isinstance(value, str):
            text = value.strip()
            if text.lower() in _NAMED:
                return cls(text.lower())
            kind, colon, number = text.partition(":")
            if colon and kind in ("variance", "constant"):
                if is_symbol_name(number):
                    return cls(kind, number)
                return cls._of(kind, exact_fraction("bias", number))
            if is_symbol_name(text):
                raise InvalidArgument("bias", f"there are no biases {text!r}", f"{nearest(text, _NAMED)}: {_EXAMPLES}")
            value = text
        return cls._of("variance", exact_fraction("bias", value))

    @classmethod
    def _of(cls, kind: str, value: Fraction) -> Bias:
        if kind == "variance" and value < 0:
            raise InvalidArgument("bias", f"a variance is not negative, got {value}", f"use {_EXAMPLES}")
        return cls(kind, value) if value else cls("none")

    @property
    def is_random(self) -> bool:
        """Whether the biases are drawn."""
        return self.name in ("pytorch", "variance")

    def variance(self, fan_in: Any) -> Any:
        """Return the variance of a bias: 0 for constants, a symbol's name, otherwise as exact as the fan is.

        Parameters
        ----------
        fan_in : int, Fraction or SymPy expression
            The number of units that the layer reads.

        Examples
        --------
        >>> Bias("pytorch").variance(10)
        Fraction(1, 30)
        """
        match self.name:
            case "pytorch":
                return self.square_gain / (3 * fan_in)
            case "variance":
                return self.value
            case _:
                return Fraction(0)

    def scaled(self, gain: Fraction) -> Bias:
        """Return the biases multiplied by a number.

        Parameters
        ----------
        gain : Fraction
            Positive.

        Raises
        ------
        InvalidArgument
            If the constant is a symbol, and the number is not 1.

        Examples
        --------
        >>> Bias.parse("1/10").scaled(Fraction(3)), Bias("pytorch").scaled(Fraction(3)).variance(10)
        (Bias(name='variance', value=Fraction(9, 10)), Fraction(3, 10))
        """
        if gain == 1 or self.name == "none":
            return self
        if isinstance(self.value, Fraction):
            return replace(self, value=self.value * (gain if self.name == "constant" else gain**2))
        if self.name == "constant":
            problem = f"must be a number with these slopes, got {self.value!r}"
            raise InvalidArgument("bias", problem, "use e.g. bias='constant:1/10'")
        return replace(self, square_gain=self.square_gain * gain**2)

    def describe(self) -> str:
        """Return the text that stands for the biases in fingerprints and on the command line."""
        if self.name in _NAMED:
            return self.name
        is_symbol = isinstance(self.value, str)
        return f"{self.name}:{self.value}" if is_symbol or self.name == "constant" else str(self.value)

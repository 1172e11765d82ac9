"""Weight variance as a function of the fans, as the frameworks define it for rectangular layers."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from theory.ensembles.arguments import InvalidArgument, exact_fraction, is_symbol_name, nearest

_ALIASES = {"glorot": "xavier", "kaiming": "he"}
_NAMED = ("xavier", "he", "lecun", "pytorch", "orthogonal")


@dataclass(frozen=True)
class Initialization:
    """How the weight variance follows from fan-in, fan-out and the activation's negative slope.

    ==============  =====================================================================
    xavier          2/(fan_in + fan_out), gain 1 [1]_
    he              2/((1 + slope^2) fan_in): 2/fan_in for ReLU, 1/fan_in for linear [2]_
    lecun           1/fan_in
    pytorch         1/(3 fan_in): ``torch.nn.Linear``'s uniform default, its biases left out
    orthogonal      Haar (semi-)orthogonal matrices: entries of variance 1/max(fan_in, fan_out), not independent
    variance        a given number or symbol, the same in each layer
    ==============  =====================================================================

    Parameters
    ----------
    name : str
        One of the names above.
    value : Fraction or str, optional
        The variance, for ``variance``.

    References
    ----------
    .. [1] X. Glorot and Y. Bengio, AISTATS 2010, eq. (16).
    .. [2] K. He et al., ICCV 2015, eqs. (10) and (15).

    Examples
    --------
    >>> Initialization.parse("xavier").variance(784, 100, slope=0)
    Fraction(1, 442)
    >>> Initialization.parse("1/3")
    Initialization(name='variance', value=Fraction(1, 3))
    """

    name: str
    value: Fraction | str | None = None

    @classmethod
    def parse(cls, value: object) -> Initialization:
        """Read the ``init`` argument: a name, a variance, or ``'variance:NAME'`` for a symbol.

        Raises
        ------
        InvalidArgument
            If the name is unknown, or the variance is not positive and finite.
        """
        if isinstance(value, Initialization):
            return value
        if isinstance(value, str):
            text = _ALIASES.get(value.strip().lower(), value.strip())
            if text.lower() in _NAMED:
                return cls(text.lower())
            if text.startswith("variance:"):
                text = text.removeprefix("variance:")
                if is_symbol_name(text):
                    return cls("variance", text)
            elif is_symbol_name(text):
                known = nearest(text.lower(), [*_NAMED, *_ALIASES])
                raise InvalidArgument(
                    "init",
                    f"there is no initialization {text!r}",
                    f"{known}, a variance, or variance:NAME for a symbol",
                )
            value = text
        variance = exact_fraction("init", value)
        if variance <= 0:
            raise InvalidArgument("init", f"the variance must be positive, got {variance}", "use e.g. init='1/32'")
        return cls("variance", variance)

    def variance(self, fan_in: Any, fan_out: Any, slope: Any) -> Any:
        """Return the variance of a weight of shape (fan_out, fan_in).

        Parameters
        ----------
        fan_in, fan_out, slope : int, Fraction or SymPy expression
            The fans, and the activation's slope. The answer is as exact as they are, as only arithmetic is done on
            them.
        """
        one = Fraction(1)
        match self.name:
            case "xavier":
                return 2 * one / (fan_in + fan_out)
            case "he":
                return 2 * one / ((1 + slope**2) * fan_in)
            case "lecun":
                return one / fan_in
            case "pytorch":
                return one / (3 * fan_in)
            case "orthogonal":
                if fan_in == fan_out:
                    return one / fan_in
                return one / max(fan_in, fan_out)
            case _:
                return self.value

    def describe(self) -> str:
        """Return the text that stands for the initialization in fingerprints and on the command line.

        >>> Initialization.parse("variance:s2").describe()  # 's2' alone would be read as a name
        'variance:s2'
        """
        if isinstance(self.value, str):
            return f"variance:{self.value}"
        return self.name if self.value is None else str(self.value)

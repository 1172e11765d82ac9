"""The form of a question: an ensemble, and whatever else matters for the quantity."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from proofs_check.answers.notation import Layer, Notation
from theory.ensembles import Ensemble, InvalidArgument

_NOTHING = Notation("", "")


@dataclass(frozen=True)
class Query:
    """What is asked.

    Parameters
    ----------
    net : Ensemble
        The networks that are asked about.
    order : int or Fraction
        The power of a norm; a whole one is an int.
    layer : int, str or None
        The layer k, by its number or a symbol's name; None stands for the usual layer of the quantity.
    layers : tuple of two, or None
        The layers j and k, where two are asked about.
    p : Fraction
        A probability.
    c : Fraction
        The factor in P(|a_k|^2 >= c |x|^2).
    cosine : Fraction or None
        The cosine of the angle between two inputs; None stands for the letter c.
    at_point : Fraction or None
        The point at which a density or a distribution is asked for.
    digits : int or None
        How many decimal digits are to be enclosed; None asks for a float.
    quantity : str
        The name of the quantity.
    left : Notation
        The left-hand side of the answer.
    """

    net: Ensemble
    order: int | Fraction = 2
    layer: Layer | None = None
    layers: tuple[Layer, Layer] | None = None
    p: Fraction = Fraction(1, 2)
    c: Fraction = Fraction(1, 2)
    cosine: Fraction | None = None
    at_point: Fraction | None = None
    digits: int | None = None
    quantity: str = ""
    left: Notation = _NOTHING

    @property
    def described(self) -> str:
        """The networks that are asked about, on one line."""
        return self.net.describe()

    @property
    def at(self) -> Layer:
        """The layer asked about: the last by default."""
        return self.net.depth if self.layer is None else self.layer

    @property
    def at_gradient(self) -> Layer:
        """The layer of a gradient: any by default, for which k stands."""
        return "k" if self.layer is None else self.layer

    @property
    def two_layers(self) -> tuple[Layer, Layer]:
        """The two layers asked about.

        Raises
        ------
        InvalidArgument
            If they were not given.
        """
        if self.layers is None:
            raise InvalidArgument("layers", "two layers are needed", "use e.g. layers=(1, 3)")
        return self.layers

    @property
    def numeric_cosine(self) -> Fraction:
        """The cosine of the angle between two inputs to be sampled.

        Raises
        ------
        InvalidArgument
            If it was not given.
        """
        if self.cosine is None:
            raise InvalidArgument("cosine", "the angle between the two inputs is needed", "use e.g. cosine='1/2'")
        return self.cosine

    @property
    def numeric_layer(self) -> int:
        """The number of the layer to be sampled: the last by default.

        Raises
        ------
        InvalidArgument
            If there is no such layer, or it is no number.

        Examples
        --------
        >>> Query(Ensemble(width=4, depth=2)).numeric_layer
        2
        """
        if not isinstance(self.at, int):
            raise InvalidArgument("layer", f"must be a number to be sampled, got {self.at!r}", "use e.g. layer=3")
        self.net.width_at(self.at)
        return self.at

"""The random numbers that a claim can speak of: norms, eigenvalues, the output; and what is asked of their laws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from proofs_check.answers.notation import power_text


@dataclass(frozen=True)
class RandomNumber:
    """A random number of a network.

    Parameters
    ----------
    layers : tuple of sympy.Expr
        The layers that it belongs to: numbers, letters, or letters plus numbers such as L - 1.
    """

    layers: tuple[sp.Expr, ...] = ()
    signed = False
    """Whether it can be negative."""

    @property
    def text(self) -> str:
        """How it is written in a claim."""
        raise NotImplementedError

    def at(self, point: Mapping[sp.Symbol, Any]) -> RandomNumber:
        """Return the same with numbers for the letters of its layers."""
        return type(self)(tuple(layer.xreplace(dict(point)) for layer in self.layers))


def _index(layer: sp.Expr) -> str:
    text = str(layer).replace(" ", "")
    return text if layer.is_Symbol or layer.is_Integer else f"{{{text}}}"


def _squared(number: RandomNumber) -> str:
    return f"{number.text}^2" if number.text.startswith("|") else f"({number.text}^2)"


class Activation(RandomNumber):
    """|a_k|."""

    @property
    def text(self) -> str:
        """How it is written."""
        return f"|a_{_index(self.layers[0])}|"


class Gradient(RandomNumber):
    """|df/dW_k|, the Frobenius norm of the gradient."""

    @property
    def text(self) -> str:
        """How it is written."""
        return f"|df/dW_{_index(self.layers[0])}|"


class HessianBlock(RandomNumber):
    """|H_kl|_F, the Frobenius norm of the mixed second derivatives in two layers."""

    @property
    def text(self) -> str:
        """How it is written."""
        return f"|H_{{{self.layers[0]},{self.layers[1]}}}|_F".replace(" ", "")


class WholeHessian(RandomNumber):
    """|H|_F, the Frobenius norm of the Hessian of f in all weights."""

    text = "|H|_F"


class LargestEigenvalue(RandomNumber):
    """The largest eigenvalue of the Hessian."""

    text = "lambda_max"


class LeastEigenvalue(RandomNumber):
    """The least eigenvalue of the Hessian, which is at most 0."""

    text = "lambda_min"
    signed = True


class Output(RandomNumber):
    """The output f = <v, a_L>."""

    text = "f"
    signed = True


class AbsoluteOutput(RandomNumber):
    """|f|."""

    text = "|f|"


class SecondActivation(RandomNumber):
    """|a'_k|, of a second input."""

    @property
    def text(self) -> str:
        """How it is written."""
        return f"|a'_{_index(self.layers[0])}|"


class InnerProduct(RandomNumber):
    """<a_k, a'_k> of two inputs."""

    signed = True

    @property
    def text(self) -> str:
        """How it is written."""
        index = _index(self.layers[0])
        return f"<a_{index}, a'_{index}>"


class WeightProduct(RandomNumber):
    """||W_L*...*W_1||_F, the Frobenius norm of the product of all weight matrices."""

    text = "||W_L*...*W_1||_F"


@dataclass(frozen=True)
class Statistic:
    """What is asked of the law of random numbers: a number, which theory may know and montecarlo may estimate."""

    @property
    def text(self) -> str:
        """How it is written in a claim."""
        raise NotImplementedError

    @property
    def numbers(self) -> tuple[RandomNumber, ...]:
        """The random numbers it is about."""
        raise NotImplementedError

    def at(self, point: Mapping[sp.Symbol, Any]) -> Statistic:
        """Return the same with numbers for the letters in it."""
        raise NotImplementedError

    @property
    def letters(self) -> set[sp.Symbol]:
        """The letters of its layers."""
        return {letter for number in self.numbers for layer in number.layers for letter in layer.free_symbols}


@dataclass(frozen=True)
class Moment(Statistic):
    """E of a product of powers of norms.

    Parameters
    ----------
    powers : tuple of (RandomNumber, int)
        The factors, each with its power.
    """

    powers: tuple[tuple[RandomNumber, int], ...]

    @property
    def text(self) -> str:
        """How it is written in a claim."""
        product = " ".join(number.text + power_text(power) for number, power in self.powers)
        return f"E{product}" if product[0] in "|<" else f"E {product}"

    @property
    def numbers(self) -> tuple[RandomNumber, ...]:
        """The random numbers it is about."""
        return tuple(number for number, _ in self.powers)

    def at(self, point: Mapping[sp.Symbol, Any]) -> Moment:
        """Return the same with numbers for the letters in it."""
        merged: dict[RandomNumber, int] = {}
        for number, power in self.powers:
            merged[number.at(point)] = merged.get(number.at(point), 0) + power
        return Moment(tuple(merged.items()))


@dataclass(frozen=True)
class _OfOne(Statistic):
    """What is asked of one random number."""

    number: RandomNumber

    @property
    def numbers(self) -> tuple[RandomNumber, ...]:
        """The random numbers it is about."""
        return (self.number,)


@dataclass(frozen=True)
class LogCumulant(_OfOne):
    """The mean (order 1) or the variance (order 2) of the logarithm of the square, given that it is not 0.

    Parameters
    ----------
    number : RandomNumber
        A norm.
    order : int
        1 or 2.
    """

    order: int = 1

    @property
    def text(self) -> str:
        """How it is written in a claim."""
        return f"{'E' if self.order == 1 else 'Var'} log{_squared(self.number)}"

    def at(self, point: Mapping[sp.Symbol, Any]) -> LogCumulant:
        """Return the same with numbers for the letters in it."""
        return LogCumulant(self.number.at(point), self.order)


@dataclass(frozen=True)
class Quantile(_OfOne):
    """The p-quantile of the logarithm of the square of a norm, or of a signed number itself.

    Parameters
    ----------
    number : RandomNumber
        The random number.
    p : sympy.Rational
        The probability below it.
    """

    p: sp.Expr = sp.S.Half

    @property
    def text(self) -> str:
        """How it is written in a claim."""
        name = "median" if self.p == sp.Rational(1, 2) else f"quantile[{self.p}]"
        return f"{name} {self.number.text}" if self.number.signed else f"{name} log{_squared(self.number)}"

    def at(self, point: Mapping[sp.Symbol, Any]) -> Quantile:
        """Return the same with numbers for the letters in it."""
        return Quantile(self.number.at(point), self.p)


@dataclass(frozen=True)
class Exceedance(_OfOne):
    """The probability that the square of a norm is at least a threshold, or a signed number itself.

    Parameters
    ----------
    number : RandomNumber
        The random number.
    threshold : sympy.Expr
        The threshold, which may contain letters. For the square of a norm, minus infinity never occurs: 0 stands for
        the event that the norm is not 0.
    strict : bool
        Whether the threshold itself is left out, which matters where it has a probability.
    """

    threshold: sp.Expr = sp.S.Zero
    strict: bool = False

    @property
    def text(self) -> str:
        """How it is written in a claim."""
        sign = ">" if self.strict else ">="
        if self.number.signed:
            return f"P({self.number.text} {sign} {self.threshold})"
        if self.threshold == 0:
            return f"P({self.number.text} > 0)"
        return f"P({self.number.text}^2 {sign} {self.threshold})".replace("norm_x", "|x|").replace("**", "^")

    def at(self, point: Mapping[sp.Symbol, Any]) -> Exceedance:
        """Return the same with numbers for the letters in it."""
        return Exceedance(self.number.at(point), self.threshold.xreplace(dict(point)), self.strict)

    @property
    def letters(self) -> set[sp.Symbol]:
        """The letters of its layers, and of its threshold."""
        return super().letters | set(self.threshold.free_symbols)


@dataclass(frozen=True)
class MatrixExpectation(Statistic):
    """E of a polynomial in traces of random matrices.

    Parameters
    ----------
    expression : sympy.Expr
        The polynomial.
    written : str
        How it is written in the claim.
    """

    expression: sp.Expr
    written: str

    @property
    def text(self) -> str:
        """How it is written in a claim."""
        is_matrix = getattr(self.expression, "is_Matrix", False)
        return f"E[{self.written}]" if is_matrix else f"E {self.written}"

    @property
    def numbers(self) -> tuple[RandomNumber, ...]:
        """None: the matrices are in the expression."""
        return ()

    def at(self, point: Mapping[sp.Symbol, Any]) -> MatrixExpectation:
        """Return the same; its letters are those of the matrices."""
        return self

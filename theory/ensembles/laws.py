"""Symmetric laws of one weight entry, standardized to variance 1, by their exact even moments."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from numbers import Integral
from typing import Any

from theory.ensembles.arguments import Exact, InvalidArgument, exact_fraction, is_symbol_name, nearest
from theory.ensembles.truncated_normal import NAME as TRUNCATED
from theory.ensembles.truncated_normal import RESCALING, truncated_coefficients, truncated_moment_name

Sampler = Callable[[Any, tuple[int, ...]], Any]
"""``sampler(rng, shape)`` returns standardized entries, drawn from a :class:`numpy.random.Generator`."""

_NAMED = ("normal", "uniform", "rademacher", TRUNCATED, "symmetric")


@dataclass(frozen=True)
class Law:
    """A law of weight entries, symmetric about 0 and standardized to variance 1.

    Use the constructors: :meth:`named`, :meth:`discrete`, :meth:`from_moments`.

    Parameters
    ----------
    name : str
        ``normal``, ``uniform``, ``rademacher``, ``truncated-normal`` (cut off at two standard deviations and rescaled,
        as in Keras and JAX), ``symmetric`` (any symmetric law, whose moments are symbols: the kurtosis ``K``, then
        ``m6``, ``m8``, ...), or a name of one's own.
    atoms : tuple of (value, probability) pairs
        The values of a discrete law before standardization, and their exact probabilities.
    moments : tuple of int, Fraction or str
        The moments E w^2 = 1, E w^4, E w^6, ... of a law that is given by them, as far as they are known.
    sampler : callable, optional
        Draws standardized entries, which montecarlo needs for a law given by moments. It is a function at module level,
        so that it can travel to worker processes.

    Examples
    --------
    >>> Law.named("uniform").moment(4)
    Fraction(9, 5)
    >>> Law.discrete({-1: "1/8", 0: "3/4", 1: "1/8"}).moment(4)
    Fraction(4, 1)
    >>> Law.from_moments("laplace", {2: 2, 4: 24})
    Law.from_moments('laplace', {2: 1, 4: 6})
    """

    name: str
    atoms: tuple[tuple[Fraction, Fraction], ...] = ()
    moments: tuple[Exact, ...] = ()
    sampler: Sampler | None = None

    @classmethod
    def named(cls, name: str) -> Law:
        """Return one of the built-in laws.

        Raises
        ------
        InvalidArgument
            If there is no such law.

        Examples
        --------
        >>> Law.named("normal").moment(6)
        Fraction(15, 1)
        """
        if name not in _NAMED:
            raise InvalidArgument("law", f"there is no law {name!r}", nearest(name, _NAMED))
        half = Fraction(1, 2)
        return cls(name, atoms=((Fraction(-1), half), (Fraction(1), half)) if name == "rademacher" else ())

    @classmethod
    def discrete(cls, weights: Mapping[Any, Any], name: str = "discrete") -> Law:
        """Return the law that takes finitely many values.

        Parameters
        ----------
        weights : mapping
            The probability of each value, both exact (ints, Fractions or strings such as ``"1/4"``).
        name : str
            The name of the law.

        Raises
        ------
        InvalidArgument
            If the probabilities are not positive with sum 1, the law is not symmetric about 0, it is 0, or its name
            is taken.

        Examples
        --------
        >>> Law.discrete({-2: "1/4", 2: "1/4", -1: "1/4", 1: "1/4"}).variance
        Fraction(5, 2)
        """
        _require_free_name(name)
        table: dict[Fraction, Fraction] = {}
        for value, probability in weights.items():
            exact = exact_fraction("law", value)
            table[exact] = table.get(exact, Fraction(0)) + exact_fraction("law", probability)
        if any(p <= 0 for p in table.values()) or sum(table.values()) != 1:
            given = ", ".join(map(str, table.values()))
            problem = f"the probabilities of {name!r} must be positive with sum 1, got {given or 'none'}"
            raise InvalidArgument("law", problem, "rescale them, e.g. '1/4'")
        for value, probability in table.items():
            if table.get(-value) != probability:
                unequal = f"P({value}) = {probability}, P({-value}) = {table.get(-value, 0)}"
                remedy = "give each value and its negative the same probability"
                raise InvalidArgument("law", f"{name!r} is not symmetric about 0: {unequal}", remedy)
        if set(table) == {Fraction(0)}:
            raise InvalidArgument("law", f"{name!r} is always 0", "give it a positive variance")
        return cls(name, atoms=tuple(sorted(table.items())))

    @classmethod
    def from_moments(cls, name: str, moments: Mapping[int, Any], sampler: Sampler | None = None) -> Law:
        """Return a continuous symmetric law of one's own, given by its even moments and a sampler.

        Parameters
        ----------
        name : str
            The name of the law.
        moments : mapping
            The moment of each order, for consecutive even orders from 2, at any common variance.
        sampler : callable, optional
            ``sampler(rng, shape)`` returns entries of variance 1.

        Raises
        ------
        InvalidArgument
            If an odd moment is given that is not 0, an order is missing, the name is taken, or no continuous law has
            these moments.

        Examples
        --------
        >>> laplace = Law.from_moments("laplace", {2: 2, 4: 24, 6: 720})
        >>> laplace.kurtosis
        Fraction(6, 1)
        """
        _require_free_name(name)
        if sampler is not None and not callable(sampler):
            raise InvalidArgument("law", f"the sampler of {name!r} is not callable", "give a function of (rng, shape)")
        values = {_order("law", order): exact_fraction("law", value) for order, value in moments.items()}
        odd = {order: value for order, value in values.items() if order % 2 and value}
        if odd:
            order, value = min(odd.items())
            raise InvalidArgument(
                "law", f"{name!r} is not symmetric about 0: its moment of order {order} is {value}", "center it"
            )
        orders = sorted(order for order in values if order % 2 == 0 and order > 0)
        if not orders or orders != list(range(2, 2 * len(orders) + 1, 2)):
            raise InvalidArgument(
                "law", f"{name!r} has moments of orders {orders}", "give consecutive even orders from 2: 2, 4, 6, ..."
            )
        if values[2] <= 0:
            raise InvalidArgument("law", f"{name!r} has variance {values[2]}", "give it a positive variance")
        standardized = [values[2 * m] / values[2] ** m for m in range(1, len(orders) + 1)]
        _require_moment_sequence(name, standardized)
        return cls(name, moments=tuple(standardized), sampler=sampler)

    def __repr__(self) -> str:
        """Return the call that makes the law; a sampler must be imported by its name."""
        if self.is_named:
            return f"Law.named({self.name!r})"
        own = self.name not in _NAMED and (not self.atoms or not (self.moments or self.sampler))
        if own and self.atoms and self.atoms == tuple(sorted(self.atoms)):
            table = ", ".join(f"{_exact(value)}: {_exact(probability)}" for value, probability in self.atoms)
            return f"Law.discrete({{{table}}}{'' if self.name == 'discrete' else f', name={self.name!r}'})"
        if own and self.moments and all(isinstance(moment, Fraction) for moment in self.moments):
            table = ", ".join(f"{2 * m}: {_exact(moment)}" for m, moment in enumerate(self.moments, start=1))
            return f"Law.from_moments({self.name!r}, {{{table}}}{_drawn_by(self.sampler)})"
        return f"Law({self.name!r}, atoms={self.atoms!r}, moments={self.moments!r}{_drawn_by(self.sampler)})"

    @property
    def variance(self) -> Fraction:
        """The variance of a discrete law's values before standardization; 1 for all other laws."""
        return sum((p * v * v for v, p in self.atoms), Fraction(0)) if self.atoms else Fraction(1)

    @property
    def is_named(self) -> bool:
        """Whether it is one of the built-in laws, of which the name says all."""
        return self.name in _NAMED and self == Law.named(self.name)

    @property
    def is_normal(self) -> bool:
        """Whether the entries are Gaussian, so that laws, not only moments, are known."""
        return self.name == "normal"

    @property
    def is_symbolic(self) -> bool:
        """Whether the moments are symbols."""
        return self.name == "symmetric"

    @property
    def has_atoms(self) -> bool:
        """Whether a preactivation can be exactly 0 while its input is not."""
        return bool(self.atoms)

    @property
    def kurtosis(self) -> Exact:
        """The kurtosis E w^4 / (E w^2)^2, from which 3 is not subtracted."""
        return self.moment(4)

    def moment(self, order: int) -> Exact:
        """Return E w^order of the standardized law.

        Parameters
        ----------
        order : int
            The order, not negative.

        Returns
        -------
        Fraction or str
            The moment; a name for the moments of ``symmetric``, and for those of ``truncated-normal``, which are
            irrational: :func:`theory.symbols.number` has them in closed form.

        Raises
        ------
        InvalidArgument
            If the moment is not known, or the order is not a whole number.

        Examples
        --------
        >>> Law.named("normal").moment(4), Law.named("symmetric").moment(4), Law.named("rademacher").moment(8)
        (Fraction(3, 1), 'K', Fraction(1, 1))
        """
        if _order("order", order) % 2:
            return Fraction(0)
        m = order // 2
        if m < 2 or self.name == "rademacher":
            return Fraction(1)
        if self.name == "normal":
            return Fraction(math.prod(range(1, order, 2)))
        if self.name == "uniform":
            return Fraction(3**m, order + 1)
        if self.name == TRUNCATED:
            return truncated_moment_name(m)
        if self.name == "symmetric":
            return "K" if order == 4 else f"m{order}"
        if self.atoms:
            return sum((p * v**order for v, p in self.atoms), Fraction(0)) / self.variance**m
        if m > len(self.moments):
            raise InvalidArgument(
                "law",
                f"the moment of order {order} of {self.name!r} is unknown",
                f"give it: Law.from_moments({self.name!r}, {{..., {order}: ...}})",
            )
        return self.moments[m - 1]

    def rational_moment(self, order: int) -> Fraction:
        """Return the moment of an order as a rational number, to 30 digits where it is irrational, for those who draw.

        Raises
        ------
        InvalidArgument
            If the moment is a symbol or not known.

        Examples
        --------
        >>> float(Law.named("truncated-normal").rational_moment(4))
        2.3655367171296495
        """
        moment = self.moment(order)
        if self.is_symbolic and isinstance(moment, str):
            raise InvalidArgument("law", f"the moment {moment} of {self.name!r} is a symbol", "use e.g. law='uniform'")
        if isinstance(moment, str):
            p, q = truncated_coefficients(order // 2)
            return p * RESCALING ** (order // 2) + q * RESCALING ** (order // 2 - 1)
        return Fraction(moment)

    def describe(self) -> str:
        """Return the text that stands for the law in fingerprints, with all that decides its draws."""
        named = getattr(self.sampler, "__qualname__", type(self.sampler).__name__)  # a partial has no name of its own
        sampler = "" if self.sampler is None else f"{self.sampler.__module__}.{named}"
        return f"{self.name}|{self.atoms}|{self.moments}|{sampler}"


def _exact(value: Exact) -> str:
    """Return a number as it is typed in."""
    return repr(str(value)) if Fraction(value).denominator > 1 else str(value)


def _drawn_by(sampler: Sampler | None) -> str:
    if sampler is None:
        return ""
    name = getattr(sampler, "__qualname__", None)  # a partial has no name of its own
    return f", sampler={sampler!r}" if name is None else f", sampler={sampler.__module__}.{name}"


def _require_free_name(name: str) -> None:
    if name in _NAMED or not name:
        raise InvalidArgument("law", f"the name {name!r} is taken", "choose another name for your own law")


def _order(argument: str, order: object) -> int:
    if isinstance(order, bool) or not isinstance(order, Integral) or order < 0:
        raise InvalidArgument(argument, f"orders of moments are 0, 1, 2, ..., got {order!r}", "use 2, 4, 6, ...")
    return int(order)


def _require_moment_sequence(name: str, moments: list[Fraction]) -> None:
    """Refuse moments that no continuous symmetric law has.

    The Hankel matrices of w^2 must be positive definite (Stieltjes). If one is singular, w^2 takes finitely many
    values.
    """
    sequence = [Fraction(1), *moments]
    for shift in (0, 1):
        order = (len(sequence) - shift + 1) // 2
        if not _is_positive_definite([sequence[shift + i : shift + i + order] for i in range(order)]):
            raise InvalidArgument(
                "law",
                f"no continuous law has the standardized moments {', '.join(map(str, moments))} of {name!r}",
                "check them: E w^4 > (E w^2)^2 and so on, or use Law.discrete",
            )


def _is_positive_definite(matrix: list[list[Fraction]]) -> bool:
    """Whether all pivots of a symmetric matrix are positive."""
    if not matrix:
        return True
    (pivot, *top), *rest = matrix
    return pivot > 0 and _is_positive_definite(
        [[entry - first * above / pivot for entry, above in zip(row, top, strict=True)] for first, *row in rest]
    )


def parse_law(value: object) -> Law:
    """Read the ``law`` argument, which is a Law, or the name of a built-in one.

    Raises
    ------
    InvalidArgument
        If it is neither.

    Examples
    --------
    >>> parse_law("uniform").kurtosis
    Fraction(9, 5)
    """
    if isinstance(value, Law):
        return value
    if isinstance(value, str) and (is_symbol_name(value) or value in ("", *_NAMED)):
        return Law.named(value)
    raise InvalidArgument("law", f"cannot read {value!r} as a law", f"use a Law or one of {', '.join(_NAMED)}")

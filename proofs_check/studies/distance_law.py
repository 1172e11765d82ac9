r"""How far gradient flow ends from the solution of minimum norm, against width: networks beside theory's exact mean.

Networks are :math:`f(x) = VU^Tx` with 4 inputs, h hidden units and one output, on data of rank one with the target
:math:`\theta = 3/2`. All weights are normal of variance :math:`h^{-2a}` at the start, with a = 1/2, as most networks
are initialized, or a = 3/8. The squared distance of :math:`UV^T` from the solution of minimum norm is measured at the
end of gradient flow, which is known in closed form (:mod:`montecarlo.training.regression.pair_flows`).

*Theory.* Its mean is exact at every width (:mod:`theory.dynamics.linear_pairs.distances`), and falls like a power of h:
:math:`3\sqrt{1+\theta^2}/h` at a = 1/2, and :math:`3/\sqrt h` at a = 3/8, in the limit of large h.

*Intervals* are Catoni's, with a bound on the variance that is exact
(:func:`proofs_check.statements.linear2.random_starts.variance`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from montecarlo import Estimate, Workers, simulate
from montecarlo.training import PairFlow
from montecarlo.workers.workers import in_task_order
from proofs_check.studies import Study
from proofs_check.studies.curvature import ERROR
from proofs_check.tables.model import Table, table_of_texts
from theory.ensembles import Ensemble

EXPONENTS = (Fraction(1, 2), Fraction(3, 8))
"""The numbers a."""
WIDTHS = (4, 8, 16, 32, 64, 128, 256)
TARGET, INPUTS = Fraction(3, 2), 4

COLUMNS = ("a", "width", "variance", "mean", "interval", "theory", "limit law", "theory/limit law")


@dataclass(frozen=True)
class Distance:
    """The mean squared distance at one width.

    Attributes
    ----------
    exponent : Fraction
        a.
    width : int
        h.
    mean : Estimate
        The mean, measured.
    """

    exponent: Fraction
    width: int
    mean: Estimate


def net(exponent: Fraction, width: int) -> Ensemble:
    r"""Return the networks of one width, all weights of the variance :math:`h^{-2a}`.

    Examples
    --------
    >>> net(Fraction(3, 8), 16)
    Ensemble(widths=(4, 16, 1), init='1/8')
    """
    variance = Fraction(width ** float(-2 * exponent))  # exact at powers of 2 if the root is, and to 16 digits else
    return Ensemble(widths=(INPUTS, width, 1), init=str(variance))


def theory(exponent: Fraction, width: int) -> float:
    """Return the exact mean squared distance.

    Parameters
    ----------
    exponent : Fraction
        a.
    width : int
        h.

    Examples
    --------
    >>> round(theory(Fraction(1, 2), 16), 6), round(theory(Fraction(3, 8), 64), 6)
    (0.337033, 0.42247)
    """
    from theory.dynamics.linear_pairs.distances import (
        distance_mean,
    )  # imported here, as workers that train need no SymPy

    return float(distance_mean(width, str(exponent), str(TARGET), INPUTS, 8))


def limit_law(exponent: Fraction, width: int) -> float:
    """Return the constant over the power of h to which the mean tends.

    Parameters
    ----------
    exponent, width
        As for :func:`theory`.

    Examples
    --------
    >>> round(16 * limit_law(Fraction(1, 2), 16), 6), limit_law(Fraction(3, 8), 64)
    (5.408327, 0.375)
    """
    from theory.dynamics.linear_pairs.distances import distance_mean_limit

    power, constant = distance_mean_limit(str(exponent), str(TARGET), INPUTS)
    return float(constant / width**power)


def measured(cases: Sequence[tuple[Fraction, int]], *, samples: int, seed: int, workers: Workers) -> Iterator[Distance]:
    """Draw networks, follow gradient flow to its end, and take means.

    Parameters
    ----------
    cases : sequence of tuples
        Exponent and width of each.
    samples : int
        The number of networks of each.
    seed : int
        The root seed.
    workers : Workers
        Each worker takes one exponent and width at a time.

    Yields
    ------
    Distance
        In the order of the cases.

    Examples
    --------
    >>> from montecarlo import serial
    >>> with serial() as workers:
    ...     (found,) = measured([(Fraction(1, 2), 16)], samples=1000, seed=0, workers=workers)
    >>> found.mean.lo < theory(Fraction(1, 2), 16) < found.mean.hi < 0.45
    True
    """
    return in_task_order(_measured, [(*case, samples, seed) for case in cases], workers)


def cases() -> list[tuple[Fraction, int]]:
    """Return exponent and width of all networks that are measured, exponent by exponent."""
    return [(exponent, width) for exponent in EXPONENTS for width in WIDTHS]


def distance_law_table(
    workers: Workers, *, samples: int, seed: int, chosen: Sequence[tuple[Fraction, int]] | None = None
) -> Table:
    """Return the numbers that the figure ``distance-law`` shows at the widths of its points.

    Parameters
    ----------
    workers : Workers
        Where networks are drawn.
    samples : int
        The number of networks of each width and exponent.
    seed : int
        The root seed.
    chosen : sequence of tuples, optional
        Exponent and width of each row; by default those of the figure.
    """
    wanted = cases() if chosen is None else list(chosen)
    found = list(measured(wanted, samples=samples, seed=seed, workers=workers))
    exact = in_task_order(theory, wanted, workers)
    rows = [_row(one, mean) for one, mean in zip(found, exact, strict=True)]
    caption = (
        f"distance-law: mean squared distance from the solution of minimum norm at the end of gradient flow, over "
        f"{samples} networks of {INPUTS} inputs and one output each, weights of variance h^(-2a), target {TARGET}; "
        f"each interval misses with probability at most {ERROR:g} (seed {seed}); theory: the exact mean, and the power "
        "of h that it tends to"
    )
    return table_of_texts("distance-law", caption, COLUMNS, rows, stub=3)


def _measured(exponent: Fraction, width: int, samples: int, seed: int) -> Distance:
    from proofs_check.evidence import Mean
    from proofs_check.statements.linear2.random_starts import variance

    networks, flow = net(exponent, width), PairFlow(TARGET)
    logs = simulate(networks, [flow], samples=samples, seed=seed)[flow].log_values("distance")
    bound = partial(variance, what="distance", theta=TARGET)
    return Distance(exponent, width, Mean(1.0, bound).estimate(logs, networks, ERROR))


def _row(found: Distance, exact: float) -> tuple[str, ...]:
    mean, law = found.mean, limit_law(found.exponent, found.width)
    variance = f"{float(net(found.exponent, found.width).variance(1)):.4g}"
    return (
        str(found.exponent), str(found.width), variance, f"{mean.value:.4g}", f"[{mean.lo:.4g}, {mean.hi:.4g}]",
        f"{exact:.4g}", f"{law:.4g}", f"{exact / law:.4g}",
    )  # fmt: skip


STUDY = Study(distance_law_table, {"quick": 10_000, "full": 100_000})

"""All cells of a grid, derived and measured; the intervals of all together have one error probability."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal

import flint
import sympy as sp

from proofs_check.claims.random_numbers import Exceedance, LogCumulant, Moment, Quantile
from proofs_check.claims.sampled import Drawing, as_ball, measured_statistic
from proofs_check.claims.tolerances import is_within
from proofs_check.grids.axes import Setting
from proofs_check.grids.cases import Case, case_of
from proofs_check.grids.quantities import Asked, ask
from proofs_check.tables.digits import Measured, decimal_of
from proofs_check.verdict import Verdict
from theory.balls import Ball, less
from theory.ensembles import InvalidArgument

Told = Callable[[str, int, int], object]
"""Called with what is being done, the number of cells done and the number of all."""


@dataclass(frozen=True)
class Reading:
    """What one cell shows.

    Parameters
    ----------
    case : Case
        The networks.
    quantity : str
        What is asked of them.
    theory : Decimal or None
        What theory says.
    measured : Measured or None
        What drawn networks say.
    ratio : Measured or None
        The measured over the derived value.
    verdict : Verdict or None
        Whether both agree: supported if the whole interval is within the tolerance, refuted if theory's value is not
        in the interval.
    dead : bool
        Whether the quantity is 0, or minus infinity, as most networks are dead.
    is_given_survival : bool
        Whether it is that of the networks that are alive, as the logarithm of 0 has no mean.
    is_mean : bool
        Whether it is a mean, whose interval is as wide as its variance makes it.
    untold : tuple of (str, str)
        For what is None, ``theory`` or ``measured``, the reason.
    """

    case: Case
    quantity: str
    theory: Decimal | None = None
    measured: Measured | None = None
    ratio: Measured | None = None
    verdict: Verdict | None = None
    dead: bool = False
    is_given_survival: bool = False
    is_mean: bool = False
    untold: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Wanted:
    """What is wanted of each cell.

    Parameters
    ----------
    theory, measured : bool
        Whether it is derived, and whether it is measured.
    """

    theory: bool = True
    measured: bool = True


def readings(
    cells: Sequence[tuple[dict[str, str], Sequence[Setting], str]],
    drawing: Drawing,
    *,
    wanted: Wanted,
    told: Told | None = None,
) -> list[Reading]:
    """Derive and measure a quantity in each cell.

    Parameters
    ----------
    cells : sequence of (dict, sequence of Setting, str)
        For each cell what the whole grid sets, what its row and its column set, and the quantity.
    drawing : Drawing
        How much is drawn. Its error probability is that of all intervals together.
    wanted : Wanted
        What is wanted.
    told : callable, optional
        Called with what is being done, as :data:`Told` says.

    Returns
    -------
    list of Reading
        In the order of the cells.

    Raises
    ------
    InvalidArgument
        If there are no cells, or no such networks or quantities; before anything is drawn.
    """
    if not cells:
        raise InvalidArgument("rows", "the grid has no cell", "give it rows and columns")
    asked = []
    for base, settings, quantity in cells:
        case = case_of(base, settings)
        asked.append((case, quantity, ask(quantity, case)))
    statistics = sum(len(one.sides.meaning.statistics) for _, _, one in asked)
    share = drawing.error / statistics
    out = []
    for done, (case, quantity, one) in enumerate(asked):
        if told is not None:
            told(f"{quantity}: {case.net.describe()}", done, len(asked))
        out.append(_reading(case, quantity, one, drawing, share, wanted))
    if told is not None:
        told("", len(asked), len(asked))
    return out


def _reading(case: Case, quantity: str, asked: Asked, drawing: Drawing, share: float, wanted: Wanted) -> Reading:
    untold = []
    theory = ball = middle = None
    if wanted.theory:
        try:
            theory = asked.theory()
        except InvalidArgument as bad:
            untold.append(("theory", bad.problem))
    if wanted.measured:
        try:
            ball, middle = _measured(asked, drawing, share)
        except InvalidArgument as bad:
            untold.append(("measured", _of_measuring(bad.problem)))
    least, most = bounds_of(asked)
    measured = None if ball is None or middle is None else _as_measured(middle, ball, least, most)
    known = None if theory is None else decimal_of_ball(theory)
    return Reading(
        case, quantity, known, measured,
        ratio=_ratio(theory, ball, middle, least),
        verdict=None if theory is None or ball is None else _verdict(asked, theory, ball, drawing.tolerance),
        dead=_is_dead(asked, known, measured),
        is_given_survival=case.net.can_die
        and any(isinstance(one, LogCumulant) for one in asked.sides.meaning.statistics.values()),
        is_mean=any(isinstance(one, Moment) for one in asked.sides.meaning.statistics.values()),
        untold=tuple(untold),
    )  # fmt: skip


def _of_measuring(problem: str) -> str:
    """Say why nothing is measured, whatever theory knows."""
    for words in ("neither derived nor sampled", "neither derived here nor sampled"):
        problem = problem.replace(f"can be {words}", "cannot be sampled")
    return problem


def _measured(asked: Asked, drawing: Drawing, share: float) -> tuple[Ball, Ball]:
    """Return a ball around the interval of the measured quantity, and its value at the estimates."""
    balls, middles = {}, {}
    for letter, statistic in asked.sides.meaning.statistics.items():
        estimate = measured_statistic(asked.sides, letter, asked.point, drawing, share)
        balls[letter] = as_ball(estimate, rounded=not isinstance(statistic, Exceedance))
        middles[letter] = flint.arb(estimate.value)
        if estimate.lo == -math.inf < estimate.hi < math.inf and len(asked.sides.meaning.statistics) == 1:
            # of a logarithm: what is asked goes one way with it, so that its ends are those of the interval
            ends = [asked.value({letter: flint.arb(end)}) for end in (estimate.lo, estimate.hi)]
            return _between(*ends), asked.value(middles)
    return asked.value(balls), asked.value(middles)


def _between(first: Ball, last: Ball) -> Ball:
    """Return a ball around all between two numbers, with room for rounding; the whole line if one is none."""
    if not (first.is_finite() and last.is_finite()):
        return flint.arb(0, math.inf)
    return first.union(last * flint.arb(1, 1e-9))


def bounds_of(asked: Asked) -> tuple[Decimal, Decimal]:
    """Return what a quantity cannot be below or above: no mean of a norm's power is negative.

    Parameters
    ----------
    asked : Asked
        The quantity.

    Examples
    --------
    >>> from theory.ensembles import Ensemble
    >>> bounds_of(ask("P(|a_L|^2 >= 1/4)", Case(Ensemble(width=4, depth=2))))
    (Decimal('0'), Decimal('1'))
    """
    statistic = asked.sides.meaning.statistics.get(asked.side)
    if isinstance(statistic, Exceedance):
        return Decimal(0), Decimal(1)
    if isinstance(statistic, Moment) and all(not number.signed or power % 2 == 0 for number, power in statistic.powers):
        return Decimal(0), Decimal("Infinity")
    if isinstance(asked.side, sp.exp):  # the median of a norm
        return Decimal(0), Decimal("Infinity")
    return Decimal("-Infinity"), Decimal("Infinity")


def _as_measured(
    middle: Ball, ball: Ball, least: Decimal = Decimal("-Infinity"), most: Decimal = Decimal("Infinity")
) -> Measured:
    if not ball.is_finite() and not ball.mid().is_finite():  # most networks are dead
        end = decimal_of_ball(ball)
        return Measured(end, end, end)
    lo, hi = (min(max(decimal_of_ball(end), least), most) for end in (ball.lower(), ball.upper()))
    value = decimal_of_ball(middle)
    return Measured(min(max(value, lo), hi), lo, hi, most)


def _ratio(theory: Ball | None, ball: Ball | None, middle: Ball | None, least: Decimal) -> Measured | None:
    if theory is None or ball is None or middle is None or theory.contains(0) or not theory.is_finite():
        return None
    if not ball.is_finite():
        return None
    return _as_measured(middle / theory, ball / theory, least if theory > 0 else Decimal("-Infinity"))


def _verdict(asked: Asked, theory: Ball, ball: Ball, tolerance: float) -> Verdict:
    if not (theory.is_finite() and ball.is_finite()):
        same = not theory.is_finite() and not ball.is_finite() and decimal_of_ball(theory) == decimal_of_ball(ball)
        return Verdict.SUPPORTED if same else Verdict.INCONCLUSIVE
    if less(ball, theory) or less(theory, ball):
        return Verdict.REFUTED
    inside = is_within(asked.sides, asked.sides.meaning.right, asked.point, {}, ball - theory, tolerance)
    return Verdict.SUPPORTED if inside or (theory == 0 and ball == 0) else Verdict.INCONCLUSIVE


def _is_dead(asked: Asked, theory: Decimal | None, measured: Measured | None) -> bool:
    if not any(isinstance(one, Quantile) for one in asked.sides.meaning.statistics.values()):
        return False
    values = [theory, None if measured is None or measured.lo != measured.hi else measured.value]
    return any(value is not None and (value == 0 or value == Decimal("-Infinity")) for value in values)


_HUGE = Context(prec=30, Emax=MAX_EMAX, Emin=MIN_EMIN)
"""Numbers may be far beyond all floats."""


def decimal_of_ball(ball: Ball) -> Decimal:
    """Return the middle of a ball to 25 digits.

    Examples
    --------
    >>> decimal_of_ball(flint.arb("0.5")), decimal_of_ball(flint.arb("-inf"))
    (Decimal('0.5'), Decimal('-Infinity'))
    """
    middle = ball.mid()
    if not middle.is_finite():
        return decimal_of(float(middle))
    return Decimal(middle.str(25, radius=False)).normalize(_HUGE)

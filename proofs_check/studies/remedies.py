r"""What remedies do to the typical size of signal, gradient and curvature, beside theory's numbers.

ReLU networks of width 16, normal (or Haar) weights, He, a unit vector for input (or, for batch norm, 16 normal ones)
and a normal readout, E|v|^2 = 1. Squares of norms, each in its natural unit: the signal :math:`|a_L|^2` in that of
:math:`|x|^2`, or of n/2 behind a normalization; the gradient at the second matrix in that of the last one, as the first
one meets an input that no layer has shaped; :math:`|H|_F^2` as it is. Orthogonal weights carry the gain
:math:`\sqrt2`, which keeps the mean as He does.

*Means.* One step (a layer of normal or of orthogonal weights and its mask; a branch :math:`a+\alpha W'\phi(Wa)` of two
matrices) multiplies the mean square of any vector that is fixed before it by the same r, whether along the signal or
across it: r = 1 for layers in the units above, :math:`r=1+2\alpha^2` for branches. So, backwards by induction, the
derivative of :math:`a_L` in :math:`a_k` has, given all up to layer k, the mean square :math:`r^{\text{steps}}` in every
direction; and the mean of :math:`|b_l|^2|M_{lk}|_F^2|a_{k-1}|^2` is the product of three means. Hence
:math:`E|\partial f/\partial W_2|^2=E|\partial f/\partial W_L|^2`, and :math:`E|H|_F^2=\frac n4L(L-1)|x|^2` without
branches; with them it is :func:`theory.architectures.residual.residual_hessian_moment`.

*Typical size.* Of the plain signal the exact median, of the orthogonal one the exact mean log. Of |H| to leading order:
its mean square times :math:`e^{-\kappa L/n}`, :math:`\kappa` = 5/2 (plain) or 3/2 (orthogonal), as of the signal.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from montecarlo import (
    ActivationNorms,
    Estimate,
    GradientGrowth,
    HessianNorms,
    Observable,
    Workers,
    simulate,
)
from montecarlo.intervals import order_statistic_interval
from montecarlo.workers.workers import in_task_order
from proofs_check.reporting.tables import Table, exponential_cells
from proofs_check.studies import Study
from proofs_check.studies.curvature import ERROR
from theory.ensembles import Ensemble

QUANTITIES = ("signal", "gradient", "hessian")
WIDTH, BATCH = 16, 16
DEPTHS = (4, 8, 16, 32, 64, 96, 128)
"""Even, as branches of two matrices need it, and from 4."""

TITLES = {"signal": "|a_L|^2", "gradient": "|G_2|^2/|G_L|^2", "hessian": "|H|_F^2"}
COLUMNS = (
    *("remedy", "width", "depth"),
    *(f"{what}{title}" for title in TITLES.values() for what in ("median ", "interval of ", "theory of ")),
)


@dataclass(frozen=True)
class Remedy:
    """An architecture at its initialization.

    Parameters
    ----------
    name : str
    architecture : str
        How its layers are wired.
    init : str
        The initialization of its weights.
    hessian : Observable, optional
        Of one component, the log of what the third quantity is; by default that is not measured.
    """

    name: str
    architecture: str = "plain"
    init: str = "he"
    hessian: Observable | None = None

    def net(self, depth: int) -> Ensemble:
        """Return the ensemble of one depth."""
        return Ensemble(width=WIDTH, depth=depth, activation="relu", init=self.init, architecture=self.architecture)

    def observables(self, depth: int) -> dict[str, Observable]:
        """Return what measures each quantity."""
        found: dict[str, Observable] = {
            "signal": ActivationNorms(layers=(depth,)),
            "gradient": GradientGrowth(2, depth),
        }
        return found | ({} if self.hessian is None else {"hessian": self.hessian})

    def log_unit(self, quantity: str, depth: int) -> float:
        """Return the log of a quantity's unit.

        Examples
        --------
        >>> [round(remedy.log_unit("signal", 10) / math.log(2), 9) for remedy in REMEDIES[:3]]
        [0.0, -10.0, 3.0]
        """
        if self.init == "orthogonal" and quantity != "gradient":  # drawn without gain: f has it L times, H L - 2 times
            return -math.log(2) * (depth if quantity == "signal" else depth - 2)
        normalized = self in (LAYER_NORM, BATCH_NORM) and quantity == "signal"
        return math.log(WIDTH / 2) if normalized else 0.0


PLAIN = Remedy("plain", hessian=HessianNorms())
ORTHOGONAL = Remedy("orthogonal", init="orthogonal", hessian=HessianNorms())
LAYER_NORM = Remedy("layer norm", "layernorm")
BATCH_NORM = Remedy("batch norm", f"batchnorm:{BATCH}")
PAIRS = tuple(
    Remedy(f"residual, alpha = {name}", f"residual:{alpha}:two", hessian=HessianNorms())
    for name, alpha in (("1", "1"), ("1/sqrt(B)", "1/sqrt(L)"), ("1/B", "1/L"))
)
"""Branches of two matrices, B = L/2 of them."""
RELU_BRANCHES = Remedy("ReLU branches, alpha = 1/sqrt(L)", "residual:1/sqrt(L)", hessian=HessianNorms())
"""Each of one matrix and its activation: these have a mean, and add up."""
REMEDIES = (PLAIN, ORTHOGONAL, LAYER_NORM, BATCH_NORM, *PAIRS, RELU_BRANCHES)


@dataclass(frozen=True)
class Line:
    """A number of theory.

    Attributes
    ----------
    kind : str
        ``"median"`` and ``"mean log"``: exact, of the quantity; ``"mean"``: exact, of the gradient the ratio of two;
        ``"bounds"``: proved, of the mean; ``"leading"``: the typical size to leading order.
    logs : tuple of float
        Its logarithm, or those of both bounds.
    """

    kind: str
    logs: tuple[float, ...]


@dataclass(frozen=True)
class Measured:
    """A remedy at one depth.

    Attributes
    ----------
    remedy : Remedy
    depth : int
    medians : dict of str to Estimate
        Of the logarithm of each quantity that is measured, in its unit.
    """

    remedy: Remedy
    depth: int
    medians: dict[str, Estimate]


def measured(
    remedies: Sequence[Remedy], depths: Sequence[int], *, samples: int, seed: int, workers: Workers
) -> Iterator[Measured]:
    """Draw networks with each remedy, and take medians.

    Parameters
    ----------
    remedies : sequence of Remedy
    depths : sequence of int
        Even, from 4.
    samples : int
        Networks of each remedy and depth.
    seed : int
        Root seed.
    workers : Workers
        Each takes one remedy and depth at a time.

    Yields
    ------
    Measured
        Remedy by remedy.

    Examples
    --------
    >>> from montecarlo import serial
    >>> with serial() as workers:
    ...     plain, normed = measured([PLAIN, LAYER_NORM], [64], samples=100, seed=0, workers=workers)
    >>> plain.medians["signal"].hi < -5 < -1 < normed.medians["signal"].lo
    True
    """
    tasks = ((remedy, depth, samples, seed) for remedy in remedies for depth in depths)
    return in_task_order(_measured, tasks, workers)


def _measured(remedy: Remedy, depth: int, samples: int, seed: int) -> Measured:
    net, observables = remedy.net(depth), remedy.observables(depth)
    readings = simulate(net, list(observables.values()), samples=samples, seed=seed)
    medians = {}
    for quantity, observable in observables.items():
        (component,) = observable.components(net)
        logs = readings[observable].log_values(component) - remedy.log_unit(quantity, depth)
        medians[quantity] = order_statistic_interval(logs, 0.5, ERROR)
    return Measured(remedy, depth, medians)


def theory(remedy: Remedy, depth: int) -> dict[str, tuple[Line, ...]]:
    """Return what theory says of each quantity; of some nothing.

    Examples
    --------
    >>> lines = theory(PAIRS[1], 64)
    >>> [(line.kind, round(math.exp(line.logs[0]), 3)) for lines in lines.values() for line in lines]
    [('mean', 6.959), ('mean', 1.0), ('mean', 486.962)]
    """
    net = remedy.net(depth)
    match net.architecture.name, net.architecture.branch:
        case "residual", "two":
            found = _of_pairs(net)
        case "residual", _:
            found = _of_relu_branches(net)
        case "layernorm", _:
            found = _of_layer_norm(net)
        case "batchnorm", _:
            found = _of_batch_norm(depth)
        case _:
            found = _of_orthogonal(depth) if remedy.init == "orthogonal" else _of_plain(depth)
    return dict.fromkeys(QUANTITIES, ()) | found


_ONE = Line("mean", (0.0,))


def _of_plain(depth: int) -> dict[str, tuple[Line, ...]]:
    from theory import LogNormLaw  # here, as workers that draw need no SymPy

    typical = Line("median", (LogNormLaw(PLAIN.net(depth)).median(),))
    return {"signal": (typical, _ONE), "gradient": (_ONE,), "hessian": _hessian(depth, Fraction(5, 2))}


def _of_orthogonal(depth: int) -> dict[str, tuple[Line, ...]]:
    from theory.architectures.orthogonal import orthogonal_log_mean

    log_mean = float(orthogonal_log_mean(ORTHOGONAL.net(depth))) - ORTHOGONAL.log_unit("signal", depth)
    typical = Line("mean log", (log_mean,))
    return {"signal": (typical, _ONE), "gradient": (_ONE,), "hessian": _hessian(depth, Fraction(3, 2))}


def _hessian(depth: int, kappa: Fraction) -> tuple[Line, ...]:
    """Return mean and typical size of |H|_F^2 of layers that keep the mean."""
    from theory import hessian_moment

    mean = math.log(hessian_moment(PLAIN.net(depth)))
    return Line("leading", (mean - float(kappa * depth / WIDTH),)), Line("mean", (mean,))


def _of_layer_norm(net: Ensemble) -> dict[str, tuple[Line, ...]]:
    from theory.architectures.normalized import layer_norm_gradient_rate

    log_ratio = (int(net.depth) - 2) * float(layer_norm_gradient_rate(net))
    return {"signal": (_ONE,), "gradient": (Line("leading", (log_ratio,)),)}


def _of_batch_norm(depth: int) -> dict[str, tuple[Line, ...]]:
    from theory.architectures.normalized import batch_norm_growth

    log_ratio = (depth - 2) * math.log(batch_norm_growth(BATCH))
    return {"signal": (_ONE,), "gradient": (Line("leading", (log_ratio,)),)}


def _of_pairs(net: Ensemble) -> dict[str, tuple[Line, ...]]:
    from theory import activation_moment, hessian_moment

    signal, hessian = math.log(activation_moment(net)), math.log(hessian_moment(net))
    return {"signal": (Line("mean", (signal,)),), "gradient": (_ONE,), "hessian": (Line("mean", (hessian,)),)}


def _of_relu_branches(net: Ensemble) -> dict[str, tuple[Line, ...]]:
    from theory.architectures.residual import relu_branch_bounds

    low, high = (math.log(bound) for bound in relu_branch_bounds(net))
    return {"signal": (Line("bounds", (low, high)),)}


def remedies_table(
    workers: Workers,
    *,
    samples: int,
    seed: int,
    remedies: Sequence[Remedy] = REMEDIES,
    depths: Sequence[int] = DEPTHS,
) -> Table:
    """Return the numbers that the figure ``remedies`` shows.

    Parameters
    ----------
    workers : Workers
        Where the networks are drawn.
    samples : int
        Networks of each remedy and depth.
    seed : int
        Root seed.
    remedies, depths
        Another grid.
    """
    found = list(measured(remedies, depths, samples=samples, seed=seed, workers=workers))
    lines = in_task_order(theory, [(point.remedy, point.depth) for point in found], workers)
    rows = tuple(_row(point, of_point) for point, of_point in zip(found, lines, strict=True))
    caption = (
        f"remedies: medians of {samples} ReLU networks each (He; orthogonal weights with the gain sqrt(2); batches of "
        f"{BATCH} for batch norm; B = L/2 branches of two matrices); |a_L|^2 in units of |x|^2, or of n/2 if "
        "normalized; G_k the gradient at W_k; |H|_F^2 in units of the input and the readout's mean square; each "
        f"interval misses with probability at most {ERROR:g} (seed {seed}); theory: exact, but 'about' is leading "
        "order in 1/n (batch norm: the wide limit); 'mean' of a ratio is the ratio of means"
    )
    return Table("remedies", caption, COLUMNS, rows)


def _row(point: Measured, lines: dict[str, tuple[Line, ...]]) -> tuple[str, ...]:
    cells = [point.remedy.name, str(WIDTH), str(point.depth)]
    for quantity in QUANTITIES:
        median = point.medians.get(quantity)
        cells += ["", ""] if median is None else exponential_cells(median)
        cells.append(", ".join(map(_in_words, lines[quantity])))
    return tuple(cells)


def _in_words(line: Line) -> str:
    low, high = (f"{math.exp(log):.4g}" for log in (line.logs[0], line.logs[-1]))
    if line.kind == "bounds":
        return f"mean in [{low}, {high}]"
    name = {"mean log": "exp of mean log", "leading": "about"}.get(line.kind, line.kind)
    return f"{name} {low}"


STUDY = Study(remedies_table, {"quick": 1000, "full": 10_000})

r"""What remedies do to the typical size of signal, gradient and curvature, beside theory's numbers.

*Networks.* They are ReLU networks of width 16 at He initialization, with normal (or Haar-orthogonal) weights, a unit
vector for input (for batch norm, 16 normal inputs) and a normal readout with E|v|^2 = 1. Orthogonal weights have the
gain :math:`\sqrt2`, which keeps the mean as He does.

*Units.* All numbers are squares of norms, each in its natural unit. The unit of the signal :math:`|a_L|^2` is
:math:`|x|^2`, or n/2 behind a normalization. The unit of the gradient at the second matrix is the gradient at the last
one; the first matrix is left out, as its input has not passed any layer. :math:`|H|_F^2` is taken as it is.

*Means.* A step is either a layer, with normal or orthogonal weights and its mask, or a branch
:math:`a+\alpha W'\phi(Wa)` of two matrices. It multiplies the mean square of any vector that is fixed before it by the
same r, whether along the signal or across it: r = 1 for layers in the units above, :math:`r=1+2\alpha^2` for branches.
By induction backwards, the derivative of :math:`a_L` in :math:`a_k` has, given all up to layer k, the mean square
:math:`r^{\text{steps}}` in every direction. So the mean of :math:`|b_l|^2|M_{lk}|_F^2|a_{k-1}|^2` is the product of
three means. Hence :math:`E|\partial f/\partial W_2|^2=E|\partial f/\partial W_L|^2`, and
:math:`E|H|_F^2=\frac n4L(L-1)|x|^2` without branches; with them it is
:func:`theory.architectures.residual_hessians.residual_hessian_moment`.

*Typical size.* For the plain signal it is the exact median, and for the orthogonal one the exact mean logarithm. For
|H| it is known to leading order: the mean square times :math:`e^{-\kappa L/n}`, as for the signal, where
:math:`\kappa` is 5/2 for plain and 3/2 for orthogonal weights.
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
from proofs_check.studies import Study
from proofs_check.studies.curvature import ERROR
from proofs_check.tables.model import Column, Table, Text, table_of_texts
from proofs_check.tables.ready import exponential_cells
from theory.ensembles import Ensemble

QUANTITIES = ("signal", "gradient", "hessian")
WIDTH, BATCH = 16, 16
DEPTHS = (4, 8, 16, 32, 64, 96, 128)
"""All depths are even, as branches of two matrices need it, and at least 4."""

TITLES = {"signal": "|a_L|^2", "gradient": "|G_2|^2/|G_L|^2", "hessian": "|H|_F^2"}
COLUMNS: tuple[str | Column, ...] = (
    *("remedy", "width", "depth"),
    *(Column(Text(what), Text(title)) for title in TITLES.values() for what in ("median", "interval", "theory")),
)


@dataclass(frozen=True)
class Remedy:
    """An architecture at its initialization.

    Parameters
    ----------
    name : str
        The name in the table.
    architecture : str
        How its layers are wired, as for :class:`~theory.ensembles.Ensemble`.
    init : str
        The initialization of its weights.
    hessian : Observable, optional
        What measures the third quantity, with one component; by default it is not measured.
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

        Parameters
        ----------
        quantity : str
            One of :data:`QUANTITIES`.
        depth : int
            The number of weight matrices.

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
"""These have B = L/2 branches of two matrices each."""
RELU_BRANCHES = Remedy("ReLU branches, alpha = 1/sqrt(L)", "residual:1/sqrt(L)", hessian=HessianNorms())
"""Each branch is one matrix and its activation. Such branches have a mean, and so they add up."""
REMEDIES = (PLAIN, ORTHOGONAL, LAYER_NORM, BATCH_NORM, *PAIRS, RELU_BRANCHES)


@dataclass(frozen=True)
class Line:
    """A number of theory, or two that bound one.

    Attributes
    ----------
    kind : str
        ``"median"``, ``"mean log"`` or ``"mean"``: this number of the quantity, exactly; for the gradient, the mean is
        the ratio of two means. ``"bounds"``: two proved bounds on the mean. ``"leading"``: the typical size to leading
        order.
    logs : tuple of float
        The logarithm of the number, or those of both bounds.
    """

    kind: str
    logs: tuple[float, ...]


@dataclass(frozen=True)
class Measured:
    """What was measured with one remedy at one depth.

    Attributes
    ----------
    remedy : Remedy
        The remedy.
    depth : int
        The number of weight matrices.
    medians : dict of str to Estimate
        The median of the logarithm of each quantity that is measured, in its unit.
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
        The remedies.
    depths : sequence of int
        The depths, all even and at least 4.
    samples : int
        The number of networks of each remedy and depth.
    seed : int
        The root seed.
    workers : Workers
        Each worker takes one remedy and depth at a time.

    Yields
    ------
    Measured
        Remedy by remedy, in the order of the depths.

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
    """Return what theory says of each quantity; of some it says nothing.

    Parameters
    ----------
    remedy : Remedy
        The remedy.
    depth : int
        The number of weight matrices, even and at least 4.

    Returns
    -------
    dict of str to tuple of Line
        The lines of each of :data:`QUANTITIES`.

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
    from theory import LogNormLaw  # imported here, as workers that draw need no SymPy

    typical = Line("median", (LogNormLaw(PLAIN.net(depth)).median(),))
    return {"signal": (typical, _ONE), "gradient": (_ONE,), "hessian": _hessian(depth, Fraction(5, 2))}


def _of_orthogonal(depth: int) -> dict[str, tuple[Line, ...]]:
    from theory.architectures.orthogonal import orthogonal_log_mean

    log_mean = float(orthogonal_log_mean(ORTHOGONAL.net(depth))) - ORTHOGONAL.log_unit("signal", depth)
    typical = Line("mean log", (log_mean,))
    return {"signal": (typical, _ONE), "gradient": (_ONE,), "hessian": _hessian(depth, Fraction(3, 2))}


def _hessian(depth: int, kappa: Fraction) -> tuple[Line, ...]:
    """Return the mean and the typical size of |H|_F^2, for layers that keep the mean."""
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
        The number of networks of each remedy and depth.
    seed : int
        The root seed.
    remedies, depths
        As for :func:`measured`; by default those of the figure.
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
    return table_of_texts("remedies", caption, COLUMNS, rows, stub=3)


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

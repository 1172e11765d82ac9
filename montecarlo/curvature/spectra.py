"""The Hessian of one output in all weights: every eigenvalue, or the extreme ones for networks of any size."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from montecarlo.arguments import as_between, as_count, as_real
from montecarlo.arrays import Array
from montecarlo.curvature.directions import Directions
from montecarlo.curvature.lanczos import reduced_extremes
from montecarlo.curvature.networks import Network
from montecarlo.curvature.reduction import Reduction
from montecarlo.wording import counted, scaled, spread
from theory.ensembles import InvalidArgument

MOST_BYTES = 2**31
"""A dense matrix may take so many bytes, unless more is granted."""
_SMALL = 32
"""Up to this rank, finding all eigenvalues takes no longer than finding the extreme ones."""
_LOST = 1e-14
"""Eigenvalues smaller than this, relative to the largest, are lost in rounding."""


@dataclass(frozen=True, eq=False)
class HessianSpectrum:
    """All eigenvalues of the Hessian of an output in all weights.

    Attributes
    ----------
    eigenvalues : ndarray, shape (r,)
        The eigenvalues that are not 0, in ascending order and in units of ``exp(log_scale)``, accurate to about 1e-15
        of the largest. `values` has them in units of 1.
    log_scale : float
        Log of the unit, thanks to which a spectrum of size 1e-400 is as accurate as one of size 1; 0 where there are no
        eigenvalues.
    zeros : int
        Multiplicity of the eigenvalue 0, which is exact wherever `note` is empty.
    note : str
        Why the Hessian is 0, or that its smallest eigenvalues are lost in rounding, as where f = 0 or where layers
        differ in size by many orders of magnitude. Otherwise it is empty.

    Examples
    --------
    >>> spectrum = hessian_spectrum(Network([np.eye(2), np.eye(2)], "linear", readout=[1.0, 0.0]), [3.0, 4.0])
    >>> spectrum.values.round(12), spectrum.zeros
    (array([-5., -5.,  5.,  5.]), 4)
    """

    eigenvalues: Array
    log_scale: float
    zeros: int
    note: str = ""

    def __repr__(self) -> str:
        ends = [scaled(float(end), self.log_scale) for end in self.eigenvalues[:: max(1, self.rank - 1)]]
        range_ = f", {' to '.join(ends)}" if ends else ""
        note = f"; {self.note}" if self.note else ""
        return f"HessianSpectrum({self.negative} negative, {self.positive} positive, {self.zeros} zero{range_}{note})"

    @property
    def values(self) -> Array:
        """The eigenvalues as floats, which may underflow to 0."""
        return np.asarray(self.eigenvalues * np.exp(self.log_scale))

    @property
    def log_sizes(self) -> Array:
        """Logs of the eigenvalues' absolute values, in the same order."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(np.abs(self.eigenvalues)) + self.log_scale)

    @property
    def rank(self) -> int:
        """How many eigenvalues are not 0."""
        return len(self.eigenvalues)

    @property
    def positive(self) -> int:
        """How many eigenvalues are positive."""
        return int((self.eigenvalues > 0).sum())

    @property
    def negative(self) -> int:
        """How many eigenvalues are negative."""
        return int((self.eigenvalues < 0).sum())


@dataclass(frozen=True, eq=False)
class ScaledExtremes:
    """Least and largest eigenvalue of the Hessians of m networks, in units of their own.

    Attributes
    ----------
    scaled_least, scaled_largest : ndarray, shape (m,)
        The two eigenvalues in units of ``exp(log_scale)``; 0 where the Hessian is 0.
    log_scale : ndarray, shape (m,)
        Log of each network's unit.
    errors : ndarray, shape (m,)
        Estimated relative error of the less accurate of the two.
    notes : tuple of str
        For each network why its Hessian is 0; empty where it is not.

    Examples
    --------
    >>> net = Network([[[3.0]], [[4.0]], [[0.5]]], "linear", readout=[2.0])
    >>> found = hessian_extremes(net, [1.0])
    >>> found.least, found.largest
    (array([-9.53586623]), array([10.49510008]))
    """

    scaled_least: Array
    scaled_largest: Array
    log_scale: Array
    errors: Array
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        ends = (
            scaled(float(end[0]), float(self.log_scale[0])) if len(end) == 1 else spread(end * np.exp(self.log_scale))
            for end in (self.scaled_least, self.scaled_largest)
        )
        vanishing = sum(map(bool, self.notes))
        of_zero = f", {vanishing} of them 0" if vanishing else ""
        found = "least {}, largest {}".format(*ends)
        return f"ScaledExtremes({counted(len(self.notes), 'network')}, {found}{of_zero})"

    @property
    def least(self) -> Array:
        """The least eigenvalues as floats, which may underflow to 0."""
        return self.scaled_least * np.exp(self.log_scale)

    @property
    def largest(self) -> Array:
        """The largest eigenvalues as floats, which may underflow to 0."""
        return self.scaled_largest * np.exp(self.log_scale)


def hessian_spectrum(
    network: Network, inputs: ArrayLike, *, output: int = 0, most_bytes: int = MOST_BYTES
) -> HessianSpectrum:
    r"""Compute all eigenvalues of the Hessian of an output in all weights, on one input.

    The Hessian in all :math:`\sum n_kn_{k-1}` weights is reduced to the :math:`2S - (L-2)` directions on which it is
    not 0, S the number of active units below the last layer (:mod:`montecarlo.curvature.reduction`).

    Parameters
    ----------
    network : Network
        The network.
    inputs : array_like, shape (n_0,)
        x.
    output : int
        Which output, counted from 0.
    most_bytes : int
        Memory that the reduced matrix may take.

    Returns
    -------
    HessianSpectrum

    Raises
    ------
    InvalidArgument
        If a unit is exactly at 0, where the Hessian is not defined, the matrix would take more memory, or shapes or
        another argument do not fit.

    References
    ----------
    A. Orvieto et al., arXiv:2106.03763, for the blocks; the reduction is derived in this package.

    Examples
    --------
    A network of width 32 and depth 32 has 32,768 eigenvalues, of which fewer than a thousand are not 0:

    >>> from theory.ensembles import Ensemble
    >>> net = Network.sample(Ensemble(width=32, depth=32, activation="relu", init="he"))
    >>> spectrum = hessian_spectrum(net, np.ones(32))
    >>> spectrum.rank + spectrum.zeros == net.parameters
    True
    >>> abs(spectrum.positive - spectrum.negative)
    30
    """
    directions = _directions(_listed(network), inputs, output)
    note = _note(directions, 0)
    if note:
        return HessianSpectrum(np.zeros(0), 0.0, network.parameters, note)
    reduction = Reduction(directions)
    rank = int(reduction.ranks[0])
    needed = 8 * (rank**2 + 2 * reduction.size**2)
    if np.isnan(as_real(most_bytes)):
        raise InvalidArgument("most_bytes", f"must be a number, got {most_bytes!r}", "use e.g. 2**31")
    if needed > most_bytes:
        problem = f"gives {rank} eigenvalues, whose matrix takes {needed / 2**30:.3g} GiB"
        remedy = f"use hessian_extremes, or grant most_bytes={needed}"
        raise InvalidArgument("network", problem, remedy)
    eigenvalues: Array = np.asarray(np.linalg.eigvalsh(reduction.dense(0)))
    sizes = np.abs(eigenvalues)
    if sizes.min() < _LOST * sizes.max():
        note = "the smallest eigenvalues are lost in rounding: their signs, and whether they are 0, are open"
    return HessianSpectrum(eigenvalues, float(reduction.log_scale[0]), network.parameters - rank, note)


def hessian_spectra(
    networks: Sequence[Network], inputs: ArrayLike, *, output: int = 0, most_bytes: int = MOST_BYTES, jobs: int = 1
) -> list[HessianSpectrum]:
    """Compute all eigenvalues of an output's Hessian for each of several networks; see :func:`hessian_spectrum`.

    Parameters
    ----------
    networks : sequence of Network
        Networks of the same widths and activation.
    inputs : array_like, shape (n_0,)
        x, the same for all networks.
    output : int
        Which output, counted from 0.
    most_bytes : int
        Memory that the matrix of one network may take.
    jobs : int
        How many threads share the networks. With more than one, set OPENBLAS_NUM_THREADS=1, as BLAS has threads too.

    Returns
    -------
    list of HessianSpectrum

    Raises
    ------
    InvalidArgument
        As for :func:`hessian_spectrum`, for the first network without a spectrum.

    Examples
    --------
    >>> chains = [Network([[[1.0]], [[w]]], "linear", [1.0]) for w in (1.0, 2.0)]
    >>> [spectrum.rank for spectrum in hessian_spectra(chains, [3.0])]
    [2, 2]
    """
    jobs, networks = as_count("jobs", jobs, example=2), _listed(networks)
    one = partial(hessian_spectrum, inputs=inputs, output=output, most_bytes=most_bytes)
    if jobs == 1:
        return [one(network) for network in networks]
    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(one, networks))


def hessian_extremes(
    networks: Network | Sequence[Network], inputs: ArrayLike, *, output: int = 0, tolerance: float = 1e-10
) -> ScaledExtremes:
    """Compute the least and the largest eigenvalue of the Hessian of an output in all weights, on one input.

    Time and memory are linear in the number of weights: no matrix is formed. Many networks go together faster.

    Parameters
    ----------
    networks : Network or sequence of Network
        One network, or several of the same widths and activation.
    inputs : array_like, shape (n_0,)
        x.
    output : int
        Which output, counted from 0.
    tolerance : float
        Relative error at which to stop, between 1e-14 and 1.

    Returns
    -------
    ScaledExtremes
        Its arrays have an entry for each network.

    Raises
    ------
    InvalidArgument
        If a unit is exactly at 0, where the Hessian is not defined, or shapes or another argument do not fit.

    Examples
    --------
    >>> from theory.ensembles import Ensemble
    >>> ensemble = Ensemble(width=16, depth=16, activation="relu", init="he")
    >>> found = hessian_extremes([Network.sample(ensemble, seed) for seed in range(20)], np.ones(16))
    >>> bool((found.scaled_least < 0).all() and (found.scaled_largest > 0).all())
    True
    """
    tolerance = as_between("tolerance", tolerance, 1e-14, 1, closed=True, example=1e-10)
    given = _listed(networks)
    directions = _directions(given, inputs, output)
    fine = directions.depth > 1 and directions.alive.all()
    notes = tuple("" if fine else _note(directions, number) for number in range(len(given)))
    curved = np.array([not note for note in notes])
    out = {name: np.zeros(len(given)) for name in ("scaled_least", "scaled_largest", "log_scale", "errors")}
    if curved.any():
        for name, values in zip(out, measured_extremes(directions.taken(curved), tolerance), strict=True):
            out[name][curved] = values
    return ScaledExtremes(notes=notes, **out)


def measured_extremes(directions: Directions, tolerance: float) -> tuple[Array, Array, Array, Array]:
    """Find the extreme eigenvalues of networks that are alive.

    Parameters
    ----------
    directions : Directions
        The networks, of depth at least 2.
    tolerance : float
        Relative error at which to stop.

    Returns
    -------
    least, largest, log_scale, errors : ndarray, shapes (m,)
        As :class:`ScaledExtremes` has them.
    """
    reduction = Reduction(directions)
    low, high, errors = np.zeros(reduction.networks), np.zeros(reduction.networks), np.zeros(reduction.networks)
    small = reduction.ranks <= _SMALL
    for network in map(int, np.flatnonzero(small)):
        low[network], high[network] = np.linalg.eigvalsh(reduction.dense(network))[[0, -1]]
    errors[small] = np.finfo(float).eps
    if not small.all():
        rest = Reduction(directions.taken(~small)) if small.any() else reduction
        low[~small], high[~small], errors[~small], _ = reduced_extremes(rest, tolerance)
    for network in map(int, np.flatnonzero(errors > tolerance)):  # not converged
        if 8 * (int(reduction.ranks[network]) ** 2 + 2 * int(reduction.sizes[network]) ** 2) <= MOST_BYTES:
            low[network], high[network] = np.linalg.eigvalsh(reduction.dense(network))[[0, -1]]
            errors[network] = np.finfo(float).eps
    return low, high, reduction.log_scale, errors


def _listed(networks: object) -> list[Network]:
    """Return the networks as a list, or refuse them."""
    given = [networks] if isinstance(networks, Network) else networks
    if not isinstance(given, Sequence) or not given or not all(isinstance(network, Network) for network in given):
        raise InvalidArgument("networks", "must be networks, at least one", "use Network(weights, ...)")
    return list(given)


def _directions(networks: list[Network], inputs: ArrayLike, output: int) -> Directions:
    """Run the networks on the input; refuse networks, inputs or outputs that do not fit."""
    first = networks[0]
    for network in networks[1:]:
        alike = network.widths == first.widths and network.slope == first.slope
        if not alike or network.outputs_size != first.outputs_size:
            both = [f"{net.widths}, {net.activation}, {net.outputs_size} outputs" for net in (first, network)]
            problem = f"differ: {both[0]} and {both[1]}"
            raise InvalidArgument("networks", problem, "give networks of one architecture, or one at a time")
    x = first.checked_inputs(inputs)
    if len(x) != 1:
        raise InvalidArgument("inputs", f"are {len(x)}, but one output has one Hessian an input", "give one input")
    output = as_count("output", output, 0, first.outputs_size - 1, example=0)
    if not x.any():
        raise InvalidArgument("inputs", "are the zero vector, on which every network is 0", "give a nonzero input")
    weights = [w[None] for w in first.weights]
    if len(networks) > 1:
        weights = [np.stack(layer) for layer in zip(*(network.weights for network in networks), strict=True)]
    axis = np.eye(1, first.widths[-1], output)[0]
    v = np.stack([axis if network.readout is None else network.readout[output] for network in networks])
    directions = Directions.of(weights, first.slope, v, x, last_is_linear=first.readout is None)
    if first.slope != 1:
        _require_off_kinks(directions)
    return directions


def _require_off_kinks(directions: Directions) -> None:
    """Refuse a unit that is exactly at 0, unless all of its inputs are 0: then it is 0 whatever its weights are."""
    if not directions.at_kink.any():
        return
    first = 0
    for layer, width in enumerate(directions.widths, start=1):
        reached = np.isfinite(directions.log_forward[:, layer - 1, None])
        found = np.argwhere(directions.at_kink[:, first : first + width] & reached)
        first += width
        if len(found):
            network, unit = found[0]
            which = f"unit {unit} of layer {layer}" + (f" of network {network}" if directions.networks > 1 else "")
            problem = f"put {which} exactly at 0, where the activation has a kink and no Hessian is defined"
            raise InvalidArgument("inputs", problem, "move the input, or the weights, a little")


def _note(directions: Directions, number: int) -> str:
    """Say why a network's Hessian is 0, in no words if it is not; refuse a network that has no reduction."""
    if directions.depth == 1:
        return "of depth 1: the output is linear in the weights, so the Hessian is 0"
    on = np.logical_or.reduceat(directions.slopes[number] != 0, np.cumsum([0, *directions.widths[:-1]]))
    if not on.all():
        return f"layer {1 + int(on.argmin())} is dead: all of its units are off, so the Hessian is 0"
    if directions.backward_norms.mantissas[number, -1] == 0:
        return "the readout is 0 on all units that are on, so the Hessian is 0"
    if directions.alive[number]:
        return ""
    problem = "has a signal that is exactly 0 although no layer is dead, for which no reduction is known"
    raise InvalidArgument("networks", problem, "move the weights a little, or use LossHessian")

"""Ensembles, sources and checks that many statements share."""

from __future__ import annotations

from functools import partial

import sympy as sp

from montecarlo import ActivationNorms
from proofs_check.evidence import Mean, Simulated
from theory import activation_moment
from theory.ensembles import Ensemble, Law

PAPER = "arXiv:2106.03763"


RELU = Ensemble(width="n", depth="L", activation="relu", init="he")


LINEAR = Ensemble(width="n", depth="L", activation="linear", init="xavier", readout="signs")


SPARSE = Law.discrete({-1: "1/8", 0: "3/4", 1: "1/8"}, name="sparse")  # kurtosis 4, an atom at 0


LAPLACE = Law.from_moments("laplace", {2: 2, 4: 24, 6: 720})  # kurtosis 6


LADDER = Law.discrete({-2: "1/6", -1: "1/3", 1: "1/3", 2: "1/6"}, name="ladder")  # kurtosis 3/2


def last(net: Ensemble) -> tuple[ActivationNorms, str]:
    """Return the observable of |a_L|^2, and its component."""
    return ActivationNorms(layers=(int(net.depth),)), f"a_{net.depth}"


def power_variance(order: int, net: Ensemble) -> sp.Expr:
    """Return Var |a_L|^order, from theory's moments.

    Parameters
    ----------
    order : int
        The power, even.
    net : Ensemble
        The ensemble.

    Examples
    --------
    >>> power_variance(2, LINEAR.at(width=4, depth=1, input="e1"))
    1/2
    """
    return activation_moment(net, 2 * order) - activation_moment(net, order) ** 2


def mean_check(net: Ensemble, order: int, tolerance: float, samples: int, full_samples: int = 0) -> Simulated:
    """Return the check of E|a_L|^order on one ensemble, from real weights.

    Parameters
    ----------
    net : Ensemble
        The ensemble, with numbers for all sizes.
    order : int
        The power, even.
    tolerance, samples, full_samples
        As for :class:`~proofs_check.evidence.simulated.Simulated`.
    """
    reading = Mean(order / 2, partial(power_variance, order))
    check = f"E|a_L|^{order} from real weights"
    return Simulated(
        check, net, *last(net), reading=reading, tolerance=tolerance, samples=samples, full_samples=full_samples
    )


def small_cases(laws: tuple[Law, ...] = (Law.named("rademacher"), SPARSE, LADDER)) -> tuple[tuple[Ensemble], ...]:
    """Return networks small enough for brute force, He or Xavier, of several laws, slopes and inputs.

    Parameters
    ----------
    laws : tuple of Law
        Discrete laws of the weights.

    Returns
    -------
    tuple of (Ensemble,)
        The cases of an :class:`~proofs_check.evidence.enumerated.Enumerated`.
    """
    return tuple(
        (Ensemble(width=n, depth=depth, activation=activation, init=init, law=law, input=tuple(range(1, n + 1))),)
        for law in laws
        for activation, init in (("relu", "he"), ("linear", "xavier"), ("leaky:1/3", "he"))
        for n, depth in ((1, 2), (2, 1), (2, 2))
    )

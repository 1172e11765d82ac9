"""How a quantity is to be sampled: how many networks, by which engine, where they run, and what is kept of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any

import numpy as np

from montecarlo import Simulation, Workers, simulate
from montecarlo.engines.engine import Precision
from montecarlo.observables import Observable
from montecarlo.rounding import Rounding, rounding_of
from proofs_check.answers.within import Within, least_number
from theory.ensembles import Ensemble, InvalidArgument


@dataclass(frozen=True)
class Sampling:
    """The settings of one estimate.

    Parameters
    ----------
    samples : int
        The number of networks, or the largest number where `within` is given.
    seed : int
        The root seed.
    error : float
        The probability that the interval may miss.
    engine : str
        ``"direct"`` or ``"law-exact"``.
    dtype : str
        The precision of the direct engine.
    jobs : int
        The number of threads.
    workers : Workers, optional
        What runs the simulations in place of threads.
    store : path, optional
        The file that keeps the finished blocks.
    block : int, optional
        Draw this block alone.
    within : Within, optional
        How sharp the interval is to be.
    is_planned : bool
        Whether the number of networks was chosen for that, before any was drawn.
    progress : callable, optional
        Called with the networks that are done and the networks in all.
    """

    samples: int
    seed: int
    error: float
    engine: str = "direct"
    dtype: Precision = "float64"
    jobs: int = 1
    workers: Workers | None = None
    store: str | PathLike[str] | None = None
    block: int | None = None
    within: Within | None = None
    is_planned: bool = False
    progress: Callable[[int, int], object] | None = None

    def logs(
        self,
        net: Ensemble,
        observable: Observable,
        until: Callable[[Any], bool] | None = None,
    ) -> Any:
        """Return the logarithms of the observable's first component, for the networks drawn before any interrupt.

        Parameters
        ----------
        net : Ensemble
            The networks to be drawn.
        observable : Observable
            What is measured on each.
        until : callable, optional
            Ends the sampling early once it returns True, given the logarithms so far.

        Returns
        -------
        ndarray
            Shape (networks,); dead networks are at -infinity.
        """
        return self.columns(net, observable, until=until)[:, 0]

    def columns(self, net: Ensemble, *observables: Observable, until: Callable[[Any], bool] | None = None) -> Any:
        """Return the logarithms of all components of observables of the same networks.

        Parameters
        ----------
        net, until
            As for :meth:`logs`; `until` is given the first component.
        *observables : Observable
            What is measured on each.

        Returns
        -------
        ndarray
            Shape (networks, components).
        """
        labels = [(observable, label) for observable in observables for label in observable.components(net)]

        def enough(so_far: Simulation) -> bool:
            assert until is not None
            return until(so_far[labels[0][0]].log_values(labels[0][1]))

        simulation = simulate(
            net,
            observables,
            samples=self.samples,
            seed=self.seed,
            engine=self.engine,
            dtype=self.dtype,
            jobs=self.jobs,
            executor=self.workers,
            store=self.store,
            block=self.block,
            until=None if until is None else enough,
            partial=True,
            progress=self.progress,
        )
        return np.stack([simulation[observable].log_values(label) for observable, label in labels], axis=1)

    def planned(self, what: str, enough: Callable[[int], bool]) -> Sampling:
        """Return the same with as many networks as the precision wanted takes; as it is where none is wanted.

        Parameters
        ----------
        what : str
            What is estimated, for the message.
        enough : callable
            Whether the interval of so many networks is surely sharp enough.

        Raises
        ------
        InvalidArgument
            If it takes more networks than may be drawn; the message says how many it takes.
        """
        if self.within is None:
            return self
        needed = least_number(enough, _MOST)
        if needed is not None and needed <= self.samples:
            return replace(self, samples=needed, is_planned=True)
        size = f"{needed:.3g}" if needed is not None else f"more than {_MOST:.0g}"
        problem = f"{self.within} takes {size} networks for {what}, and {self.samples} may be drawn"
        more = f"allow them by samples={needed}, or " if needed is not None and needed < _DRAWABLE else ""
        raise InvalidArgument("within", problem, f"{more}ask for less, or for a median")

    def rounding(self, net: Ensemble) -> Rounding:
        """Return how far rounding may have moved the logarithms.

        Parameters
        ----------
        net : Ensemble
            The networks that were drawn.
        """
        return rounding_of(net, self.dtype)

    def require_fixed_size(self, quantity: str) -> None:
        """Refuse `within` where no interval is valid at every sample size.

        Raises
        ------
        InvalidArgument
            If it is given.
        """
        if self.within is not None:
            problem = f"{quantity} is estimated from a number of networks that is fixed beforehand"
            raise InvalidArgument("within", problem, "use samples=..., or ask for a median or quantile")

    def require_direct(self, method: str, *, workers: bool = False) -> None:
        """Refuse settings that a method with populations of its own does not know.

        Parameters
        ----------
        method : str
            The method, for the message.
        workers : bool
            Whether it does not know other workers either.

        Raises
        ------
        InvalidArgument
            If one of them is given.
        """
        for name, given in (("engine", self.engine != "direct"), ("dtype", self.dtype != "float64"),
                            ("store", self.store is not None), ("block", self.block is not None),
                            ("executor", workers and self.workers is not None)):  # fmt: skip
            if given:
                raise InvalidArgument(name, f"has no effect on {method}, which this estimate needs", "leave it out")


_MOST = 10**18
"""Plans end at so many networks."""
_DRAWABLE = 10**10
"""More networks than these are not suggested."""

"""How a quantity is to be sampled: how many networks, by which engine, where they run, and what is kept of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from typing import Any

from montecarlo import Simulation, Workers, simulate
from montecarlo.engines.engine import Precision
from montecarlo.observables import Observable
from montecarlo.rounding import Rounding, rounding_of
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
    within : float, optional
        Stop once the interval's half-width is at most this share of the quantity.
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
    within: float | None = None
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
        label = observable.components(net)[0]

        def enough(so_far: Simulation) -> bool:
            assert until is not None
            return until(so_far[observable].log_values(label))

        simulation = simulate(
            net,
            [observable],
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
        return simulation[observable].log_values(label)

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
            raise InvalidArgument("within", problem, "use --samples, or ask for a median or quantile")

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

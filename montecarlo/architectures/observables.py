"""What is measured of networks with a remedy beyond norms: Hessians of residual ones, and how gradients grow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from montecarlo.arrays import Array
from montecarlo.engines.engine import Networks
from montecarlo.observables import layers_between
from theory.ensembles import Ensemble, InvalidArgument


@dataclass(frozen=True)
class GradientGrowth:
    """Squared gradient norm of one layer over that of another, log(|df/dW_j|_F^2/|df/dW_k|_F^2), of any engine.

    -inf where either is 0.

    Parameters
    ----------
    first, second : int
        j and k, between 1 and L.

    Examples
    --------
    >>> GradientGrowth(1, 3).components(Ensemble(width=8, depth=4))
    ('G_1/G_3',)
    """

    first: int
    second: int
    name: ClassVar[str] = "GradientGrowth"
    needs: ClassVar[frozenset[str]] = frozenset({"backward"})

    def components(self, net: Ensemble) -> tuple[str, ...]:
        """Return ``G_j/G_k``."""
        layers_between((self.first, self.second), 1, net)
        if self.first == self.second:
            raise InvalidArgument("second", f"is the first layer, {self.first}, again", "name another one")
        return (f"G_{self.first}/G_{self.second}",)

    def measure(self, chunk: Networks) -> Array:
        """Return the logs, shape (m, 1)."""
        first, second = chunk.log_gradient_norms([self.first, self.second]).T
        both = np.isfinite(first) & np.isfinite(second)
        return np.asarray(np.subtract(first, second, out=np.full(len(first), -np.inf), where=both)[:, None])


@dataclass(frozen=True)
class ResidualHessianNorms:
    """Squared Frobenius norm of the Hessian of f in all weights of a residual network, log|H|_F^2.

    Of plain networks it is :class:`montecarlo.HessianNorms`.

    Examples
    --------
    >>> ResidualHessianNorms().components(Ensemble(width=8, depth=4))
    ('H',)
    """

    name: ClassVar[str] = "ResidualHessianNorms"
    needs: ClassVar[frozenset[str]] = frozenset({"backward"})

    def components(self, net: Ensemble) -> tuple[str, ...]:
        """Return ``H``; refuse depth 1, where it is 0."""
        if int(net.depth) < 2:
            raise InvalidArgument("depth", "the Hessian of one layer is 0", "use a depth of at least 2")
        return ("H",)

    def measure(self, chunk: Any) -> Array:
        """Return the logs, shape (m, 1)."""
        if not hasattr(chunk, "log_hessian_squares"):
            problem = f"{self.name} is known of residual networks only"
            raise InvalidArgument("observables", problem, "use engine=Residual(), or HessianNorms()")
        return np.asarray(chunk.log_hessian_squares()[:, None])

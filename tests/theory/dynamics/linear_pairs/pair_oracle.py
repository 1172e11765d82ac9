"""Gradient flow of two linear layers by SciPy's integrator: it knows nothing of imbalance or propagators."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import solve_ivp

from montecarlo.arrays import Array


def flown(first: ArrayLike, second: ArrayLike, spectrum: ArrayLike, target: ArrayLike, time: float) -> Any:
    """Both layers, of shapes (d, h) and (m, h), after that time: U moves by X^T (Y - X U V^T) V, V likewise."""
    U, V, lam, theta = (np.asarray(part, dtype=float) for part in (first, second, spectrum, target))
    (d, h), r = U.shape, len(lam)

    def speed(_: float, y: Array) -> Array:
        u, v = y[: d * h].reshape(d, h), y[d * h :].reshape(-1, h)
        pull = np.zeros((d, len(v)))
        pull[:r] = lam[:, None] * (theta - u[:r] @ v.T)
        return np.concatenate([(pull @ v).ravel(), (pull.T @ u).ravel()])

    start = np.concatenate([U.ravel(), V.ravel()])
    end = solve_ivp(speed, (0, time), start, method="DOP853", rtol=1e-12, atol=1e-13).y[:, -1]
    return end[: d * h].reshape(d, h), end[d * h :].reshape(-1, h)

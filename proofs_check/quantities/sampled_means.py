"""Estimates of heavy-tailed means by an interval that is valid, or a refusal that says how many networks it takes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import sympy as sp

from montecarlo import Estimate
from montecarlo.intervals import catoni_interval
from proofs_check.quantities.query import Sampled
from theory.ensembles import InvalidArgument


def mean_of_power(
    name: str, logs: Any, order: int, mean: sp.Expr, relative_variance: float, error: float, seed: int
) -> Sampled:
    """Catoni's interval on the scale of the exact mean, so that nothing under- or overflows on the way."""
    log_scale = float(sp.log(sp.N(mean, 30)))
    estimate = catoni_interval(np.exp(order / 2 * logs - log_scale), relative_variance, error)
    scale = math.exp(log_scale)
    scaled = Estimate(
        estimate.value * scale,
        estimate.lo * scale,
        estimate.hi * scale,
        estimate.error,
        f"{estimate.method}; relative variance {relative_variance:.6g} from theory",
        estimate.samples,
    )
    return Sampled(name, scaled, len(logs), seed, False, int(np.isfinite(logs).sum()))


def require_enough(mean: sp.Expr, square: sp.Expr, samples: int, error: float) -> float:
    """Return the relative variance; refuse a mean that so few networks cannot tell from 0: rare networks carry it."""
    relative_variance = sp.N(square / mean**2 - 1, 30)
    needed = 2 * relative_variance * math.log(2 / error)
    if needed < samples:
        return float(relative_variance)
    size = f"{float(needed):.3g}" if needed < 1e300 else f"10^{int(sp.log(needed, 10))}"
    problem = f"{samples} are too few: theory knows the relative variance of this mean, and it needs more than {size}"
    raise InvalidArgument("samples", problem, "sample the median or the log-norm instead")

"""The largest stable learning rates, as text and as JSON."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from typing import Any

from proofs_check.sgd_stability.rates import Paths, StableRates

_LONGEST = 24
"""Fractions with more characters are shown as decimals alone."""


def as_text(found: StableRates) -> str:
    """Return what was found for a person.

    Parameters
    ----------
    found : StableRates
        What was found.
    """
    kind = "every example once in an epoch" if found.reshuffled else "drawn afresh"
    plural = "" if len(found.curvatures) == 1 else "s"
    lines = [
        f"curvatures: {len(found.curvatures)} example{plural}, mean {_number(found.mean)}, "
        f"variance {_number(found.variance)}",
        f"minibatches: {found.batch}, {kind}; momentum {_number(found.momentum)}",
        f"largest stable learning rate, all examples together: {_number(found.descent)}",
        f"in mean square: {_number(found.mean_square)}",
        _typical(found),
        *_paths(found),
        *(f"assuming: {sentence}" for sentence in _assumed(found)),
    ]
    return "\n".join(lines)


def _assumed(found: StableRates) -> tuple[str, ...]:
    """Say what the letters are, and what the rates speak of."""
    momentum = " + mu (psi - psi_-)" if found.momentum else ""
    return (
        f"psi is the displacement along one direction, and a step takes it to psi - eta h_B psi{momentum}, where h_B "
        "is the mean curvature of a minibatch",
        "at the minimum all examples' gradients are 0; in mean square means that E psi^2 vanishes below the rate",
    )


def _typical(found: StableRates) -> str:
    if found.typical is not None:
        return f"typically, up to which almost every path vanishes: {_number(found.typical)}"
    low, high = found.bounds
    above = "" if high is None else f", at most {float(high):.10g}"
    return f"typically, up to which almost every path vanishes: at least {float(low):.10g}{above} (proved bounds)"


def _number(value: Any) -> str:
    """Write a fraction exactly and as a decimal, and a ball as its digits."""
    if isinstance(value, Fraction):
        exact, decimal = str(value), f"{float(value):.10g}"
        if exact == decimal or len(exact) > _LONGEST:
            return decimal if exact == decimal else f"{decimal} (exact: a fraction of {len(exact)} characters)"
        return f"{exact} = {decimal}" if Fraction(decimal) == value else f"{exact} = {decimal}..."
    return f"{value.str(12, radius=False)} (enclosed)"


def _paths(found: StableRates) -> list[str]:
    if not found.runs:
        return ["simulated: no"]
    first = found.runs[0]
    lines = [f"simulated: {first.paths} paths of {first.steps} steps, median of log|psi_T/psi_0|/T"]
    lines += [f"  at {run.rate:.6g}: {_growth(run)}" for run in found.runs]
    falling = [run.rate for run in found.runs if run.verdict == "fall"]
    growing = [run.rate for run in found.runs if run.verdict == "grow"]
    if found.typical is None and falling and growing:
        lines.append(f"  most paths fall at {max(falling):.6g} and grow at {min(growing):.6g}")
    return lines


def _growth(run: Paths) -> str:
    if not math.isfinite(run.growth):
        return "all are at 0"
    said = {"fall": "they fall", "grow": "they grow", "undecided": "undecided"}[run.verdict]
    return f"{run.growth:.4g} in [{run.lo:.4g}, {run.hi:.4g}], {said}"


def as_json(found: StableRates) -> str:
    """Return what was found as JSON.

    Parameters
    ----------
    found : StableRates
        What was found.
    """
    low, high = found.bounds
    data = {
        "examples": len(found.curvatures),
        "mean": str(found.mean),
        "variance": str(found.variance),
        "batch": found.batch,
        "momentum": str(found.momentum),
        "reshuffled": found.reshuffled,
        "descent": _entry(found.descent),
        "mean_square": _entry(found.mean_square),
        "typical": None if found.typical is None else _entry(found.typical),
        "typical_bounds": [_entry(low), None if high is None else _entry(high)],
        "assumptions": list(_assumed(found)),
        "simulated": [
            {
                "rate": run.rate, "steps": run.steps, "paths": run.paths, "verdict": run.verdict,
                "growth": _finite(run.growth), "interval": [_finite(run.lo), _finite(run.hi)],
            }
            for run in found.runs
        ],
    }  # fmt: skip
    return json.dumps(data, allow_nan=False)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _entry(value: Any) -> dict[str, Any]:
    if isinstance(value, Fraction):
        return {"exact": str(value), "float": float(value), "enclosed": None}
    return {"exact": None, "float": float(value), "enclosed": value.str(17)}

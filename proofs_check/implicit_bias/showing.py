"""What gradient flow selects, as text and as JSON."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from proofs_check.implicit_bias.selecting import Selection

_SHOWN = 12
"""So many coordinates are shown; of more, those of the largest moduli."""


def as_text(found: Selection) -> str:
    """Return what was found for a person.

    Parameters
    ----------
    found : Selection
        What was found.
    """
    read = found.design
    plural = "" if read.size == 1 else "s"
    lines = [
        f"network: {found.parametrization.described}",
        f"data: {read.size} input{plural} of {read.dimension} coordinates, of rank {read.size}",
        f"minimized among all w with X w = y: {found.parametrization.minimized}",
    ]
    how = "of the simulated flow" if found.parametrization.potential(read.dimension) is None else "in floats"
    if not found.is_solution:
        how += ", which does not fit the targets yet"
    if found.balls is not None:
        how = f"enclosed, all errors below {_error(found):.1g}"
    lines.append(f"selected ({how}):")
    lines += [f"  w_{place + 1} = {found.point[place]:.12g}" for place in _largest(found.point)]
    if read.dimension > _SHOWN:
        lines.append(f"  and {read.dimension - _SHOWN} of smaller moduli")
    lines += _norms(found)
    lines.append(_run(found))
    return "\n".join(lines)


def _largest(point: Any) -> list[int]:
    if len(point) <= _SHOWN:
        return list(range(len(point)))
    return sorted(np.argsort(-np.abs(point), kind="stable")[:_SHOWN].tolist())


def _error(found: Selection) -> float:
    assert found.balls is not None
    return max(float(ball.rad()) for ball in found.balls) + 1e-300


def _norms(found: Selection) -> list[str]:
    total = float(np.abs(found.point).sum())
    line = f"|w|_1 = {total:.8g}"
    if found.l1 is not None:
        unique = "one solution has it" if found.l1.is_unique else "several solutions may have it"
        unique = "the only solution" if found.design.size == found.design.dimension else unique
        line += f"; least {float(found.l1.norm):.8g} (certified; {unique})"
        if found.l1_excess is not None:
            line += f": it is {found.l1_excess:.3g} above"
    if "l1" in found.bounds:
        line += f"; theory: at most {found.bounds['l1']:.3g} above the least"
    length = f"|w|_2 = {float(np.linalg.norm(found.point)):.8g}; least {float(np.linalg.norm(found.l2)):.8g}"
    length += f", whose solution is {found.l2_distance:.3g} away"
    if "l2" in found.bounds:
        length += f"; theory: at most {found.bounds['l2']:.3g}"
    return [line, length]


def _run(found: Selection) -> str:
    run = found.run
    if run is None:
        return "simulated: no"
    if not math.isfinite(run.residual):
        return "simulated: the flow from this start is too stiff to be followed in floats"
    fit = f"largest residual {run.residual:.1e}" + ("" if run.is_fitted else ", not fitted within the budget of steps")
    away = "" if run.distance is None else f", {run.distance:.1e} from the selected point"
    return f"simulated: gradient flow to t = {run.time:.4g}, {fit}{away}"


def as_json(found: Selection) -> str:
    """Return what was found as JSON.

    Parameters
    ----------
    found : Selection
        What was found.
    """
    run = found.run
    reached = None if run is None or not math.isfinite(run.residual) else run.residual
    data = {
        "network": found.parametrization.described,
        "minimized": found.parametrization.minimized,
        "inputs": found.design.size,
        "coordinates": found.design.dimension,
        "point": found.point.tolist(),
        "enclosed": None if found.balls is None else [ball.str(17) for ball in found.balls],
        "least_l2": found.l2.tolist(),
        "l2_distance": found.l2_distance,
        "least_l1": None if found.l1 is None else [float(x) for x in found.l1.point],
        "least_l1_norm": None if found.l1 is None else float(found.l1.norm),
        "l1_norm": float(np.abs(found.point).sum()),
        "bounds": dict(found.bounds),
        "simulated": None if run is None else {
            "time": run.time, "residual": reached, "fitted": run.is_fitted, "distance": run.distance,
        },
    }  # fmt: skip
    return json.dumps(data, allow_nan=False)

"""Answers of montecarlo as text, LaTeX and JSON."""

from __future__ import annotations

import json
import math
from typing import Any

from proofs_check.answers.derivation import exp_in_range
from proofs_check.answers.formats import json_number, versions, what_it_is_of
from proofs_check.answers.sampled import Sampled


def sampled_text(answer: Sampled) -> str:
    """Return an answer of montecarlo for a person: the estimate, its interval, the networks, and what is assumed."""
    estimate, left = answer.estimate, answer.statement
    interval = f"in [{estimate.lo:.6g}, {estimate.hi:.6g}]"
    lines = [f"{left} = {estimate.value:.6g}   {interval} at confidence {answer.confidence:g}"]
    if answer.log_scale:
        value, lo, hi = (_shown_exp(x) for x in (estimate.value, estimate.lo, estimate.hi))
        lines = [
            f"{left} = {value}   in [{lo}, {hi}] at confidence {answer.confidence:g}",
            f"log = {estimate.value:.6g}   {interval}",
        ]
    lines.append(f"{estimate.method}; {answer.samples} networks, {answer.networks_alive} alive, seed {answer.seed}")
    if not answer.reached:
        needed = answer.networks_needed
        more = f"about {needed:,.0f} networks would do" if needed < _COUNTED else "use more samples"
        lines.append(f"not as sharp as asked for: the interval is {answer.missed_by:.3g} times as long; {more}")
    if answer.is_partial:
        lines.append(f"interrupted: {answer.samples} of {answer.asked} networks")
    return "\n".join([*lines, *what_it_is_of(answer)])


_COUNTED = 1e12
"""Beyond so many networks no number is suggested."""


def sampled_latex(answer: Sampled) -> str:
    """Return an answer of montecarlo as LaTeX (without delimiters): the interval, and the estimate."""
    estimate = answer.estimate
    numbers = (estimate.value, estimate.lo, estimate.hi)
    value, lo, hi = (_shown_exp(x) if answer.log_scale else f"{x:.6g}" for x in numbers)
    return rf"{answer.notation} \approx {_power(value)} \in \left[{_power(lo)}, {_power(hi)}\right]"


def _power(number: str) -> str:
    r"""Return a number as LaTeX has it.

    >>> print(_power("1.5e-07"))
    1.5 \cdot 10^{-7}
    """
    mantissa, e, exponent = number.replace("inf", r"\infty").partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if e else mantissa


def sampled_json(answer: Sampled) -> str:
    """Return an answer of montecarlo as JSON."""
    estimate = answer.estimate
    triple = (estimate.value, estimate.lo, estimate.hi)
    value, lo, hi = map(exp_in_range, triple) if answer.log_scale else triple
    data: dict[str, Any] = {
        "quantity": answer.quantity,
        "statement": answer.statement,
        "estimate": json_number(value),
        "interval": [json_number(lo), json_number(hi)],
        "confidence": answer.confidence,
        "method": estimate.method,
        "samples": answer.samples,
        "seed": answer.seed,
        "alive": answer.networks_alive,
        "latex": sampled_latex(answer),
        "ensemble": answer.ensemble,
        "assumptions": list(answer.assumptions),
        "versions": versions(),
    }
    if answer.is_partial:
        data["asked"] = answer.asked
    if not answer.reached:
        data["within_reached"] = False
    if answer.log_scale:
        data["log_estimate"] = json_number(triple[0])
        data["log_interval"] = [json_number(triple[1]), json_number(triple[2])]
    return json.dumps(data, allow_nan=False)


def _shown_exp(log: float) -> str:
    """Return the exponential to six digits, also where no float holds it.

    >>> _shown_exp(-2000.0)
    '2.58e-869'
    """
    value = exp_in_range(log)
    if value is not None:
        return f"{value:.6g}"
    power = math.floor(log / math.log(10))
    return f"{math.exp(log - power * math.log(10)):.3g}e{power:+d}"

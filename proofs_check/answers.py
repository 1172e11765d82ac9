"""Answers of `derive` and `sample` as text, LaTeX, Python and JSON."""

from __future__ import annotations

import json
import math
from typing import Any

import sympy as sp

from proofs_check.quantities import Derivation, Sampled
from theory import symbols
from theory.ensembles import InvalidArgument


def latex(expression: sp.Expr) -> str:
    r"""Return a formula as LaTeX, with |x| for the input's norm.

    >>> print(latex(symbols.norm_symbol(2) ** 4 * (1 + 5 / symbols.whole("n")) ** symbols.whole("L")))
    \left\|x\right\|^{4} \left(1 + \frac{5}{n}\right)^{L}
    """
    names = {symbols.norm_symbol(2): r"\left\|x\right\|"}
    for symbol in expression.free_symbols - set(names):
        order = str(symbol).removeprefix("norm").removesuffix("_x")
        if str(symbol).startswith("norm") and order.isdigit():
            names[symbol] = rf"\left\|x\right\|_{{{order}}}"
    return str(sp.latex(expression, symbol_names=names))


def derivation_text(answer: Derivation) -> str:
    """Return an answer of theory for a person: the formula, its number, its assumptions."""
    lines = []
    if answer.exact is not None:
        lines.append(str(answer.exact))
    if answer.value is not None and (answer.exact is None or not answer.exact.is_Integer):
        lines.append(f"= {answer.value!r}" if lines else repr(answer.value))
    if answer.log_value is not None and (answer.exact is None or answer.value is None):
        lines.append(f"log = {answer.log_value!r}")
    lines += [f"assuming: {assumption}" for assumption in answer.assumptions]
    return "\n".join(lines)


def derivation_latex(answer: Derivation) -> str:
    """Return an answer of theory as one LaTeX equation (without delimiters)."""
    right = "0" if answer.value == 0 else rf"\exp({answer.log_value!r})"
    if answer.exact is not None:
        right = latex(answer.exact)
    return f"{answer.notation} = {right}"


def derivation_python(answer: Derivation) -> str:
    """Return an answer of theory as a Python function of its symbols, standard library only where that suffices.

    Raises
    ------
    InvalidArgument
        If no float holds the number, or the formula has no counterpart in Python.
    """
    if answer.value is None and answer.log_value is not None:
        problem = f"no float holds the value, exp({answer.log_value!r})"
        raise InvalidArgument("format", problem, "use --format json, which gives its logarithm")
    name = answer.quantity.replace("-", "_")
    if answer.exact is None:
        return f"def {name}():\n    return {answer.value!r}\n"
    arguments = ", ".join(sorted(str(symbol) for symbol in answer.exact.free_symbols))
    known = {"polygamma": "scipy.special.polygamma", "binomial": "math.comb"}
    try:
        code = sp.pycode(answer.exact, fully_qualified_modules=True, user_functions=known)
    except NotImplementedError as unknown:
        problem = str(unknown).splitlines()[0]
        raise InvalidArgument("format", problem, "use --format json and SymPy's lambdify") from None
    modules = [m for m in ("builtins", "math", "scipy.special") if f"{m}." in code]
    imports = "".join(f"import {module}\n" for module in modules)
    return f"{imports}\n\ndef {name}({arguments}):\n    return {code}\n".lstrip("\n")


def derivation_json(answer: Derivation) -> str:
    """Return an answer of theory as JSON; ``exact`` is a string that SymPy parses, given the names in ``symbols``."""
    data: dict[str, Any] = {
        "quantity": answer.quantity,
        "exact": None if answer.exact is None else str(answer.exact),
        "float": _number(answer.value),
        "latex": derivation_latex(answer),
        "assumptions": list(answer.assumptions),
        "symbols": _symbols(answer.exact),
    }
    if answer.log_value is not None:
        data["log"] = _number(answer.log_value)
        data["log10"] = _number(answer.log_value / math.log(10))
    return json.dumps(data, allow_nan=False)


def _symbols(expression: sp.Expr | None) -> dict[str, str]:
    """Name the symbols: a name such as N or beta means something else to SymPy unless it is passed as a local."""
    free = () if expression is None else sorted(expression.free_symbols, key=str)
    return {str(symbol): "positive integer" if symbol.is_integer else "positive" for symbol in free}


def sampled_text(answer: Sampled) -> str:
    """Return an answer of montecarlo for a person."""
    estimate = answer.estimate
    name = f"log of the {answer.quantity}" if answer.log_scale else answer.quantity
    interval = f"in [{estimate.lo:.6g}, {estimate.hi:.6g}] at confidence {1 - estimate.error:g}"
    lines = [f"{name} = {estimate.value:.6g}   {interval}"]
    if answer.log_scale:
        value, lo, hi = (_exp(x) for x in (estimate.value, estimate.lo, estimate.hi))
        lines.insert(0, f"{answer.quantity} = {value:.6g}   in [{lo:.6g}, {hi:.6g}]")
    lines.append(f"{estimate.method}; {answer.samples} networks, {answer.networks_alive} alive, seed {answer.seed}")
    return "\n".join(lines)


def sampled_json(answer: Sampled) -> str:
    """Return an answer of montecarlo as JSON."""
    estimate = answer.estimate
    triple = (estimate.value, estimate.lo, estimate.hi)
    value, lo, hi = map(_exp, triple) if answer.log_scale else triple
    data: dict[str, Any] = {
        "quantity": answer.quantity,
        "estimate": _number(value),
        "interval": [_number(lo), _number(hi)],
        "confidence": 1 - estimate.error,
        "method": estimate.method,
        "samples": answer.samples,
        "seed": answer.seed,
        "alive": answer.networks_alive,
    }
    if answer.log_scale:
        data["log_estimate"] = _number(triple[0])
        data["log_interval"] = [_number(triple[1]), _number(triple[2])]
    return json.dumps(data, allow_nan=False)


def _exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def _number(value: float | None) -> float | str | None:
    """Return a JSON number; infinities, which JSON lacks, as strings."""
    return value if value is None or math.isfinite(value) else str(value)

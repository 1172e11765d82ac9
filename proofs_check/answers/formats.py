"""Answers of `derive` and `sample` as text, LaTeX, Python and JSON."""

from __future__ import annotations

import json
import keyword
import math
from typing import Any

import sympy as sp
from sympy.printing.str import StrPrinter

from proofs_check.answers.query import Derivation, Sampled
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


def readable(expression: sp.Expr) -> tuple[sp.Expr, list[tuple[sp.Symbol, sp.Expr]]]:
    """Name the long bases of symbolic powers, such as the eigenvalues of a recursion, lambda_1, lambda_2, ...

    Returns
    -------
    formula : sympy.Expr
        The expression with those names in it.
    names : list of (sympy.Symbol, sympy.Expr)
        Each name, and the base that it stands for.

    Examples
    --------
    >>> n, depth = symbols.whole("n"), symbols.whole("L")
    >>> readable((1 + sp.sqrt(1 + n**2 + 3 * n + 7) / n) ** depth)
    (lambda_1**L, [(lambda_1, 1 + sqrt(n**2 + 3*n + 8)/n)])
    """
    powers = sorted(expression.atoms(sp.Pow), key=sp.default_sort_key)
    bases = dict.fromkeys(p.base for p in powers if not p.exp.is_number and p.base.count_ops() > _LONG)
    taken = {str(symbol) for symbol in expression.free_symbols}
    free = (name for j in range(1, len(bases) + len(taken) + 1) if (name := f"lambda_{j}") not in taken)
    names = [(sp.Symbol(name, positive=True), base) for name, base in zip(free, bases, strict=False)]
    expression = expression.xreplace({base: symbol for symbol, base in names})
    if len(names) == 2:  # the difference of two eigenvalues is the root of the discriminant, up to a factor
        difference = symbols.tidy(names[1][1] - names[0][1])
        for root in difference.atoms(sp.Pow):
            if root.exp == sp.Rational(1, 2):
                named = (names[1][0] - names[0][0]) * sp.cancel(root / difference)
                expression = expression.xreplace({root: named, 1 / root: 1 / named})
    return expression, names


_LONG = 5
"""The base of a power gets a name if it has more operations than this."""


class _SafePrinter(StrPrinter):  # type: ignore[misc]  # SymPy has no types
    """Prints text that SymPy reads back; a symbol whose name means something else to SymPy is written out."""

    def _print_Symbol(self, symbol: sp.Symbol) -> str:
        name = str(symbol.name)
        if not hasattr(sp, name) and not keyword.iskeyword(name):
            return name
        return (
            f"Symbol({name!r}, integer=True, positive=True)"
            if symbol.is_integer
            else f"Symbol({name!r}, positive=True)"
        )


def parsable(expression: sp.Expr) -> str:
    """Return text that SymPy parses to the expression, with symbols that are positive or positive integers.

    >>> parsable(symbols.whole("N") + symbols.whole("m"))
    "Symbol('N', integer=True, positive=True) + m"
    """
    return str(_SafePrinter().doprint(expression))


def derivation_text(answer: Derivation) -> str:
    """Return an answer of theory for a person: the formula, its number, its assumptions."""
    lines = []
    if answer.exact is not None:
        formula, names = readable(answer.exact)
        lines.append(str(formula))
        lines += [f"where {name} = {base}" for name, base in names]
    if answer.value is not None and (answer.exact is None or not answer.exact.is_Integer):
        lines.append(f"= {answer.value!r}" if lines else repr(answer.value))
    if answer.log_value is not None and (answer.exact is None or answer.value is None):
        lines.append(f"log = {answer.log_value!r}")
        if answer.value is None:
            lines.append(f"log10 = {answer.log_value / math.log(10)!r}")
    if answer.enclosed is not None:
        lines.append(f"enclosed: {answer.enclosed}")
    if answer.reason:
        lines.append(f"no formula: {answer.reason}")
    lines += [f"{name} = {expression}" for name, expression in answer.related]
    lines += [f"assuming: {assumption}" for assumption in answer.assumptions]
    return "\n".join(lines)


def derivation_latex(answer: Derivation) -> str:
    """Return an answer of theory as one LaTeX equation (without delimiters)."""
    if answer.exact is not None:
        formula, names = readable(answer.exact)
        where = "".join(rf",\quad {sp.latex(name)} = {latex(base)}" for name, base in names)
        return f"{answer.notation} = {latex(formula)}{where}"
    if answer.reason:
        related = dict(answer.related)
        if "generating_function" in related:
            return rf"\sum_{{L\ge0}} z^L\,{answer.notation} = {latex(related['generating_function'])}"
        return rf"{answer.notation}\ \text{{does not exist}}"
    right = "0" if answer.value == 0 or answer.log_value is None else rf"\exp({answer.log_value!r})"
    if answer.log_value is None and answer.value is not None and answer.value != 0:
        right = repr(answer.value)
    return f"{answer.notation} = {right}"


def derivation_python(answer: Derivation) -> str:
    """Return an answer of theory as a Python function of its symbols, which imports SciPy only where it must.

    Raises
    ------
    InvalidArgument
        If no float holds the number, or the formula has no counterpart in Python.
    """
    if answer.value is None and answer.log_value is not None:
        problem = f"no float holds the value, exp({answer.log_value!r})"
        raise InvalidArgument("format", problem, "use --format json, which gives its logarithm")
    if answer.reason:
        raise InvalidArgument("format", f"there is no formula: {answer.reason}", "use --format json")
    name = answer.quantity.replace("-", "_")
    if answer.exact is None:
        return f"def {name}():\n    return {answer.value!r}\n"
    # a symbol may be called lambda, math or scipy, but an argument may not
    free = sorted(answer.exact.free_symbols, key=str)
    safe = {symbol: sp.Symbol(f"{symbol}_" if _is_taken(str(symbol)) else str(symbol)) for symbol in free}
    arguments = ", ".join(str(safe[symbol]) for symbol in free)
    known = {
        "polygamma": "scipy.special.polygamma",
        "binomial": "math.comb",
        "erfinv": "scipy.special.erfinv",
    }
    expression = answer.exact.removeO().xreplace(safe)
    try:
        code = sp.pycode(expression, fully_qualified_modules=True, user_functions=known)
    except NotImplementedError as unknown:
        problem = str(unknown).splitlines()[0]
        raise InvalidArgument("format", problem, "use --format json and SymPy's lambdify") from None
    modules = [m for m in ("builtins", "math", "scipy.special") if f"{m}." in code]
    imports = "".join(f"import {module}\n" for module in modules)
    return f"{imports}\n\ndef {name}({arguments}):\n    return {code}\n".lstrip("\n")


def _is_taken(name: str) -> bool:
    return keyword.iskeyword(name) or name in ("math", "scipy", "builtins")


def derivation_json(answer: Derivation) -> str:
    """Return an answer of theory as JSON; ``exact`` is a string that SymPy parses, given the names in ``symbols``."""
    data: dict[str, Any] = {
        "quantity": answer.quantity,
        "exact": None if answer.exact is None else parsable(answer.exact),
        "float": _number(answer.value),
        "latex": derivation_latex(answer),
        "assumptions": list(answer.assumptions),
        "symbols": _symbols(answer.exact, *(expression for _, expression in answer.related)),
    }
    if answer.log_value is not None:
        data["log"] = _number(answer.log_value)
        data["log10"] = _number(answer.log_value / math.log(10))
    if answer.enclosed is not None:
        data["enclosed"] = answer.enclosed
    if answer.reason:
        data["reason"] = answer.reason
    data |= {name: parsable(expression) for name, expression in answer.related}
    return json.dumps(data, allow_nan=False)


def _symbols(*expressions: sp.Expr | None) -> dict[str, str]:
    """Name the symbols: a name such as N or beta means something else to SymPy unless it is passed as a local."""
    free = sorted({s for e in expressions if e is not None for s in e.free_symbols}, key=str)
    return {str(symbol): "positive integer" if symbol.is_integer else "positive" for symbol in free}


def sampled_text(answer: Sampled) -> str:
    """Return an answer of montecarlo for a person."""
    estimate = answer.estimate
    name = f"log of the {answer.quantity}" if answer.log_scale else answer.quantity
    interval = f"in [{estimate.lo:.6g}, {estimate.hi:.6g}] at confidence {1 - estimate.error:g}"
    lines = [f"{name} = {estimate.value:.6g}   {interval}"]
    if answer.log_scale:
        value, lo, hi = (_shown_exp(x) for x in (estimate.value, estimate.lo, estimate.hi))
        lines.insert(0, f"{answer.quantity} = {value}   in [{lo}, {hi}]")
    lines.append(f"{estimate.method}; {answer.samples} networks, {answer.networks_alive} alive, seed {answer.seed}")
    if not answer.reached:
        lines.append(f"not as sharp as asked for: known to {estimate.half_width:.3g} of itself; use more --samples")
    if answer.is_partial:
        lines.append(f"interrupted: {answer.samples} of {answer.asked} networks")
    lines += [f"assuming: {assumption}" for assumption in answer.assumptions]
    return "\n".join(lines)


def sampled_json(answer: Sampled) -> str:
    """Return an answer of montecarlo as JSON."""
    estimate = answer.estimate
    triple = (estimate.value, estimate.lo, estimate.hi)
    value, lo, hi = map(_exp_or_none, triple) if answer.log_scale else triple
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
    if answer.is_partial:
        data["asked"] = answer.asked
    if not answer.reached:
        data["within_reached"] = False
    if answer.assumptions:
        data["assumptions"] = list(answer.assumptions)
    if answer.log_scale:
        data["log_estimate"] = _number(triple[0])
        data["log_interval"] = [_number(triple[1]), _number(triple[2])]
    return json.dumps(data, allow_nan=False)


def _exp_or_none(log: float) -> float | None:
    """Return the exponential, or None where a float would wrongly make it 0 or infinite."""
    if not math.isfinite(log):
        return math.exp(log)
    return math.exp(log) if -745 < log < 709 else None


def _shown_exp(log: float) -> str:
    """Return the exponential to six digits, also where no float holds it.

    >>> _shown_exp(-2000.0)
    '2.58e-869'
    """
    value = _exp_or_none(log)
    if value is not None:
        return f"{value:.6g}"
    power = math.floor(log / math.log(10))
    return f"{math.exp(log - power * math.log(10)):.3g}e{power:+d}"


def _number(value: float | None) -> float | str | None:
    """Return a number for JSON, where infinities, which JSON lacks, become strings."""
    return value if value is None or math.isfinite(value) else str(value)

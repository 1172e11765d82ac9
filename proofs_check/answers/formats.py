"""Answers of theory as text, LaTeX, Python and JSON; what answers of montecarlo share with them."""

from __future__ import annotations

import html
import json
import keyword
import math
from importlib.metadata import version
from typing import Any

import sympy as sp
from sympy.printing.str import StrPrinter

from proofs_check.answers.derivation import Derivation
from proofs_check.answers.letter_query import LetterQuery
from proofs_check.answers.letters import involves_readout
from proofs_check.answers.query import Query
from proofs_check.answers.sampled import Sampled
from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument
from theory.irrational_numbers import RESCALING, closed_form
from theory.symbols import latex


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
    return _with_letter_for_rescaling(expression, names)


def _with_letter_for_rescaling(
    expression: sp.Expr, names: list[tuple[sp.Symbol, sp.Expr]]
) -> tuple[sp.Expr, list[tuple[sp.Symbol, sp.Expr]]]:
    """Give the number by which truncated normal weights are rescaled a letter, as its closed form is long."""
    if not any(part.has(RESCALING) for part in (expression, *(base for _, base in names))):
        return expression, names
    taken = {str(letter) for letter in expression.free_symbols}
    letter = sp.Symbol(next(name for name in ("u", "r", "t", "y", "z") if name not in taken), positive=True)
    short = [(name, base.xreplace({RESCALING: letter})) for name, base in names]
    return expression.xreplace({RESCALING: letter}), [*short, (letter, closed_form(RESCALING))]


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


def log10(log: float) -> float:
    """Return a logarithm to base 10, to as many digits as are shown of the natural one.

    Examples
    --------
    >>> log10(-20133.3052), log10(0.0)
    (-8743.78335, 0.0)
    """
    digits = len(repr(log).split("e")[0].replace(".", "").lstrip("-0"))
    return float(f"{log / math.log(10):.{max(1, digits)}g}")


def derivation_text(answer: Derivation) -> str:
    """Return an answer of theory for a person: the equation, its number, the networks, and what it assumes."""
    left, lines = answer.statement, []
    if answer.exact is not None:
        formula, names = readable(answer.exact)
        lines.append(f"{left} = {formula}")
        lines += [f"where {name} = {base}" for name, base in names]
    if answer.value is not None and (answer.exact is None or not answer.exact.is_Integer):
        lines.append(f"= {answer.value!r}" if lines else f"{left} = {answer.value!r}")
    if answer.log_value is not None and (answer.exact is None or answer.value is None):
        lines.append(f"log = {answer.log_value!r}" if lines else f"{left} = exp({answer.log_value!r})")
        if answer.value is None:
            lines.append(f"log10 = {log10(answer.log_value)!r}")
    if answer.between is not None:
        lines.append(f"{answer.between[0]} <= {left} <= {answer.between[1]}")
    if answer.enclosed is not None:
        lines.append(f"enclosed: {answer.enclosed}")
    if answer.reason:
        lines.append(f"{left}: {answer.reason}")
    lines += [f"{name} = {_short(expression)}" for name, expression in answer.related]
    return "\n".join([*lines, *what_it_is_of(answer)])


def _short(expression: sp.Expr) -> str:
    """Return what belongs to an answer as text: a long number as a float."""
    text = str(expression)
    return text if len(text) <= _LONG_TEXT or expression.free_symbols else str(sp.N(expression, 15))


_LONG_TEXT = 60
"""A number beside an answer is shown as a float if its formula has more letters than this."""


def what_it_is_of(answer: Derivation | Sampled) -> list[str]:
    """Return the lines that let an answer stand alone: which networks or letters, and what is assumed of them."""
    if isinstance(answer.query, LetterQuery):
        at = [f"at: {answer.ensemble}"] if answer.ensemble else []
        return [
            *at,
            *(f"assuming: {assumption}" for assumption in answer.assumptions),
            f"source: {answer.query.source}",
        ]
    net = answer.query.net
    of = answer.ensemble if involves_readout(answer.query) else answer.ensemble.replace(_readout(net), "")
    wired = " architecture=plain" if net.architecture.is_plain else ""
    return [f"networks: {of}{wired}", *(f"assuming: {assumption}" for assumption in answer.assumptions)]


def _readout(net: Ensemble) -> str:
    text = net.readout if isinstance(net.readout, str) else ",".join(map(str, net.readout))
    return f" readout={text}"


def derivation_latex(answer: Derivation) -> str:
    """Return an answer of theory as one LaTeX equation (without delimiters), after comments on what it is of."""
    return "\n".join([*(f"% {line}" for line in what_it_is_of(answer)), derivation_equation(answer)])


def derivation_equation(answer: Derivation) -> str:
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
    if answer.between is not None:
        return rf"{answer.between[0]} \le {answer.notation} \le {answer.between[1]}"
    right = "0" if answer.value == 0 or answer.log_value is None else rf"\exp({answer.log_value!r})"
    if answer.log_value is None and answer.value is not None and answer.value != 0:
        right = repr(answer.value)
    return f"{answer.notation} = {right}"


def as_html(equation: str, lines: list[str]) -> str:
    """Return an answer as HTML, for a notebook: its equation, and its other lines below.

    >>> as_html("$x$", ["networks: width=4", "assuming: c < 1"])
    '<p>$x$</p><ul><li>networks: width=4</li><li>assuming: c &lt; 1</li></ul>'
    """
    items = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
    return f"<p>{html.escape(equation, quote=False)}</p><ul>{items}</ul>"


def versions() -> dict[str, str]:
    """Return the versions of what an answer comes from.

    >>> sorted(versions())
    ['numpy', 'sympy', 'vanishing-curvature']
    """
    return {name: version(name) for name in ("vanishing-curvature", "sympy", "numpy")}


def derivation_python(answer: Derivation) -> str:
    """Return an answer of theory as a Python function of its symbols, after comments on what it is.

    It imports SciPy only where it must. Where no float holds a number, the function returns its natural logarithm, and
    says so in its name.

    Raises
    ------
    InvalidArgument
        If the formula has no counterpart in Python.
    """
    name = answer.quantity.replace("-", "_").replace(".", "_")
    if answer.value is None and answer.log_value is not None:
        comment = "# no float holds the number: this is its natural logarithm\n"
        return f"{_comments(answer)}{comment}def log_{name}():\n    return {answer.log_value!r}\n"
    if answer.between is not None:
        raise InvalidArgument("format", "there are bounds, and no formula", "use --format json")
    if answer.reason:
        raise InvalidArgument("format", f"there is no formula: {answer.reason}", "use --format json")
    if answer.exact is None:
        return f"{_comments(answer)}def {name}():\n    return {answer.value!r}\n"
    # a symbol may be called lambda, math or scipy, but an argument may not
    free = sorted(answer.exact.free_symbols, key=str)
    safe = {symbol: sp.Symbol(f"{symbol}_" if _is_taken(str(symbol)) else str(symbol)) for symbol in free}
    arguments = ", ".join(str(safe[symbol]) for symbol in free)
    known = {
        "polygamma": "scipy.special.polygamma",
        "binomial": "math.comb",
        _SHARE.__name__: [(lambda *_: True, lambda n, b: f"(math.comb({n}, {b})/2**({n}))")],
        "erfinv": "scipy.special.erfinv",
        "Ei": "scipy.special.expi",
        "erfi": "scipy.special.erfi",
    }
    expression = _with_binomial_shares(answer.exact.removeO()).xreplace(safe)
    try:
        code = sp.pycode(expression, fully_qualified_modules=True, user_functions=known)
    except NotImplementedError as unknown:
        problem = str(unknown).splitlines()[0]
        raise InvalidArgument("format", problem, "use --format json and SymPy's lambdify") from None
    modules = [m for m in ("builtins", "math", "scipy.special") if f"{m}." in code]
    imports = "".join(f"import {module}\n" for module in modules)
    spaced = f"{imports}\n\n" if imports else ""
    return f"{_comments(answer)}{spaced}def {name}({arguments}):\n    return {code}\n"


_SHARE = sp.Function("binomial_share")


def _with_binomial_shares(expression: sp.Expr) -> sp.Expr:
    """Return sums over binomial coefficients as sums over their shares of 2^n, which floats hold at any n.

    >>> n, b = symbols.whole("n"), sp.Symbol("b")
    >>> _with_binomial_shares(sp.Sum(sp.binomial(n, b) / b, (b, 1, n)) / (2**n - 1))
    Sum(binomial_share(n, b)/b, (b, 1, n))/(1 - 1/2**n)
    """
    replaced: dict[sp.Expr, sp.Expr] = {}
    for total in expression.atoms(sp.Sum):
        widths = {coefficient.args[0] for coefficient in total.atoms(sp.binomial)}
        if len(widths) == 1:
            (n,) = widths
            small = sp.Pow(2, -n)
            replaced[total] = total.replace(sp.binomial, _SHARE) / small
            # where such sums are divided by 2^n or 2^n - 1, nothing large remains
            replaced |= {2**n: 1 / small, 2**n - 1: (1 - small) / small}
    return expression.xreplace(replaced)


def _comments(answer: Derivation) -> str:
    made_by = ", ".join(f"{name} {number}" for name, number in versions().items())
    return "".join(f"# {line}\n" for line in (answer.statement, *what_it_is_of(answer), made_by))


def _is_taken(name: str) -> bool:
    return keyword.iskeyword(name) or name in ("math", "scipy", "builtins")


def derivation_json(answer: Derivation) -> str:
    """Return an answer of theory as JSON; ``exact`` is a string that SymPy parses, given the names in ``symbols``."""
    data: dict[str, Any] = {
        "quantity": answer.quantity,
        "statement": answer.statement,
        "exact": None if answer.exact is None else parsable(answer.exact),
        "float": json_number(answer.value),
        "latex": derivation_equation(answer),
        **_what(answer.query),
        "assumptions": list(answer.assumptions),
        "symbols": {name: _kind(symbol) for name, symbol in answer.symbols.items()},
        "versions": versions(),
    }
    if answer.log_value is not None:
        data["log"] = json_number(answer.log_value)
        data["log10"] = json_number(log10(answer.log_value))
    if answer.enclosed is not None:
        data["enclosed"] = answer.enclosed
    if answer.between is not None:
        data["between"] = list(answer.between)
    if answer.reason:
        data["reason"] = answer.reason
    data |= {name: parsable(expression) for name, expression in answer.related}
    return json.dumps(data, allow_nan=False)


def _what(query: Query | LetterQuery) -> dict[str, Any]:
    if isinstance(query, Query):
        return {"ensemble": query.described}
    return {"values": dict(pair.split("=") for pair in query.described.split()), "source": query.source}


def _kind(symbol: sp.Symbol) -> str:
    """Say what a symbol stands for: a name such as N or beta means something else to SymPy unless it is a local."""
    if symbol.is_integer:
        return "positive integer"
    return "positive" if symbol.is_positive else "real"


def json_number(value: float | None) -> float | str | None:
    """Return a number for JSON, where infinities, which JSON lacks, become strings.

    >>> json_number(0.5), json_number(float("-inf"))
    (0.5, '-inf')
    """
    return value if value is None or math.isfinite(value) else str(value)

r"""A claim, or a part of one, in LaTeX: from the tree, so that what was typed is what is typeset.

>>> print(typeset("median |a_L|^2"), typeset("P(|a_L|^2 >= 1/4)"))
\operatorname{med}|a_{L}|^{2} \mathbb{P}\left(|a_{L}|^{2} \ge \frac{1}{4}\right)
"""

from __future__ import annotations

import re

from proofs_check.claims.spelling import spelled
from proofs_check.claims.syntax import FUNCTIONS, RELATIONS, Node, parse_claim, parse_formula
from theory.ensembles import InvalidArgument

_GREEK = ("alpha", "beta", "gamma", "sigma", "lambda", "kappa", "pi", "rho", "tau", "theta", "mu")
_NAMES = {"inf": r"\infty", "EulerGamma": r"\gamma"} | {name: rf"\{name}" for name in _GREEK}
_STATISTICS = {
    "E": r"\mathbb{E}",
    "median": r"\operatorname{med}",
    "P": r"\mathbb{P}",
    "kurtosis": r"\operatorname{kurt}",
    "Var": r"\operatorname{Var}",
    "Cov": r"\operatorname{Cov}",
    "Corr": r"\operatorname{Corr}",
}
_FUNCTIONS = {
    "log": r"\log", "exp": r"\exp", "gamma": r"\Gamma", "Gamma": r"\Gamma", "digamma": r"\psi", "psi": r"\psi",
    "trigamma": r"\psi'", "erf": r"\operatorname{erf}", "acos": r"\arccos", "tr": r"\operatorname{tr}",
    "min": r"\min", "max": r"\max", "O": "O",
}  # fmt: skip
_SIGNS = {"<=": r"\le", ">=": r"\ge", "~": r"\sim", "=": "=", "<": "<", ">": ">", "!=": r"\neq"}
_SUM, _PRODUCT, _POWER, _ATOM = range(4)
"""How strongly a part holds together: a sum least, a letter or what is in brackets most."""


def typeset(text: str) -> str:
    r"""Return a claim, or what stands on one side of it, in LaTeX.

    Parameters
    ----------
    text : str
        Such as ``E|a_L|^4 = (1+5/n)^L |x|^4`` or ``median |a_L|^2``.

    Raises
    ------
    InvalidArgument
        If it cannot be read; a caret shows where.

    Examples
    --------
    >>> print(typeset("E|df/dW_1|^2 = (1+5/n)^L"))
    \mathbb{E}|\partial f/\partial W_{1}|^{2} = \left(1 + \frac{5}{n}\right)^{L}
    """
    numbered = re.findall(r"(?<![A-Za-z0-9])([A-Za-z]+)(\d+)", text)
    names = [
        name + digits for name, digits in numbered if name not in FUNCTIONS
    ]  # each is one letter, as an option declared it
    try:
        node = parse_formula(text, names)[0]
    except InvalidArgument:
        if not any(sign in spelled(text).text for sign in RELATIONS):
            raise
        node = parse_claim(text, names)[0]
    return of_node(node)


def of_node(node: Node) -> str:
    r"""Return a part of a claim in LaTeX.

    Examples
    --------
    >>> print(of_node(parse_formula("sqrt(2n)/(1+K)")[0]))
    \frac{\sqrt{2 n}}{1 + K}
    """
    return _typeset(node)[0]


def _typeset(node: Node) -> tuple[str, int]:
    match node.kind:
        case "number":
            return _number(node.value)
        case "name":
            return _name(node), _ATOM
        case "dots":
            return r"\cdots", _ATOM
        case "add":
            return _sum(node.parts), _SUM
        case "neg":
            return f"-{_bracketed(node.parts[0], _PRODUCT)}", _SUM
        case "mul" | "div" if node.parts[0].kind == "neg":  # -5*L/n, where the sign was read first
            positive = Node(node.kind, "", (node.parts[0].parts[0], node.parts[1]), node.start, node.end)
            return f"-{_bracketed(positive, _PRODUCT)}", _SUM
        case "mul":
            return _product(node), _PRODUCT
        case "div":
            return _quotient(node)
        case "pow":
            return f"{_bracketed(node.parts[0], _ATOM)}^{{{of_node(node.parts[1])}}}", _POWER
        case "transpose":
            return rf"{_bracketed(node.parts[0], _ATOM)}^{'*' if node.value == 'H' else chr(92) + 'top'}", _POWER
        case "norm":
            return _norm(node), _ATOM
        case "inner":
            left, right = map(of_node, node.parts)
            return rf"\langle {left}, {right}\rangle", _ATOM
        case "call":
            return _call(node)
        case "statistic":
            return _statistic(node)
        case "relation":
            left, right = map(of_node, node.parts)
            return f"{left} {_SIGNS[node.value]} {right}", _SUM
    return ", ".join(map(of_node, node.parts)), _ATOM  # the bounds of a sum


def _number(digits: str) -> tuple[str, int]:
    mantissa, _, exponent = digits.lower().partition("e")
    if not exponent:
        return digits, _ATOM
    power = f"10^{{{int(exponent)}}}"
    return (power, _POWER) if float(mantissa) == 1 else (rf"{mantissa} \cdot {power}", _PRODUCT)


def _bracketed(node: Node, least: int) -> str:
    text, strength = _typeset(node)
    return text if strength >= least else _in_brackets(text)


def _in_brackets(text: str, left: str = "(", right: str = ")") -> str:
    """Put brackets around a text, as tall as it is."""
    tall = any(mark in text for mark in (r"\frac", r"\sum", r"\prod", r"\binom"))
    return rf"\left{left}{text}\right{right}" if tall else f"{left}{text}{right}"


def _sum(parts: tuple[Node, ...]) -> str:
    first, *more = parts
    out = of_node(first)
    for part in more:
        out += f" - {_bracketed(part.parts[0], _PRODUCT)}" if part.kind == "neg" else f" + {of_node(part)}"
    return out


def _product(node: Node) -> str:
    left, right = node.parts
    before, after = _bracketed(left, _PRODUCT), _bracketed(right, _PRODUCT)
    touching = after[:1].isdigit() or (after.startswith(r"\frac") and before[-1:].isdigit())
    return f"{before} \\cdot {after}" if touching else f"{before} {after}"


def _quotient(node: Node) -> tuple[str, int]:
    top, bottom = node.parts
    if top.kind == bottom.kind == "name" and (top.value, bottom.value) in _DERIVATIVES:
        below = rf"\partial W_{{{bottom.sub}}}" if bottom.sub else r"\partial W"
        return rf"\partial f/{below}", _PRODUCT
    above, below = of_node(top), of_node(bottom)
    if above.startswith("-") and top.kind != "add":
        return rf"-\frac{{{above[1:]}}}{{{below}}}", _SUM
    return rf"\frac{{{above}}}{{{below}}}", _PRODUCT


_DERIVATIVES = {("df", "dW"), ("dF", "dW")}


def _name(node: Node) -> str:
    name, primes = re.fullmatch(r"([^']*)('*)", node.value).groups()  # type: ignore[union-attr]
    if numbered := re.fullmatch(r"([A-Za-z]+)(\d+)", name):
        return _name(Node("name", numbered[1] + primes, (), node.start, node.end, numbered[2]))
    shown = _NAMES.get(name, name if len(name) == 1 else rf"\mathrm{{{name}}}")
    if not node.sub:
        return shown + primes
    sub = rf"\{node.sub}" if node.sub in ("max", "min") else node.sub.replace("*", "")
    return f"{shown}{primes}_{{{sub}}}"


def _norm(node: Node) -> str:
    (inside,) = node.parts
    text = of_node(inside)
    index = f"_{node.value}" if node.value else ""
    if _is_matrix(inside):
        return rf"\lVert {text}\rVert{index}"
    tall = r"\frac" in text
    return (rf"\left|{text}\right|" if tall else f"|{text}|") + index


def _is_matrix(node: Node) -> bool:
    if node.kind == "name":
        return node.value in ("W", "H")
    return node.kind in ("dots", "transpose") or (node.kind == "mul" and any(map(_is_matrix, node.parts)))


def _call(node: Node) -> tuple[str, int]:
    if node.value == "sqrt":
        return rf"\sqrt{{{of_node(node.parts[0])}}}", _ATOM
    if node.value == "factorial":
        return f"{_bracketed(node.parts[0], _ATOM)}!", _POWER
    if node.value == "abs":
        return rf"\left|{of_node(node.parts[0])}\right|", _ATOM
    arguments = [of_node(part) for part in node.parts]
    if node.value == "binomial":
        return rf"\binom{{{arguments[0]}}}{{{arguments[1]}}}", _ATOM
    if node.value in ("Sum", "Prod") and node.parts[-1].kind == "tuple":
        letter, first, last = map(of_node, node.parts[-1].parts)
        sign = r"\sum" if node.value == "Sum" else r"\prod"
        return rf"{sign}_{{{letter}={first}}}^{{{last}}} {_bracketed(node.parts[0], _PRODUCT)}", _SUM
    if node.value == "polygamma":
        return rf"\psi^{{({arguments[0]})}}" + _in_brackets(arguments[1]), _ATOM
    name = _FUNCTIONS.get(node.value, rf"\operatorname{{{node.value}}}")
    (only, *more) = node.parts
    if node.value == "log" and not more and only.kind in ("norm", "name", "number"):
        return f"{name} {arguments[0]}", _PRODUCT
    if node.value == "log" and not more and only.kind == "pow" and only.parts[0].kind == "norm":
        return f"{name} {arguments[0]}", _PRODUCT
    return name + _in_brackets(", ".join(arguments)), _ATOM


def _statistic(node: Node) -> tuple[str, int]:
    name = _STATISTICS.get(node.value, "")
    if node.value == "quantile":
        name = f"q_{{{node.sub}}}"
    parts = [of_node(part) for part in node.parts]
    (first, *more) = node.parts
    bare = not more and (first.kind == "norm" or (first.kind == "pow" and first.parts[0].kind == "norm"))
    if bare and node.value != "kurtosis":
        return f"{name}{parts[0]}", _PRODUCT
    logarithm = not more and first.kind == "call" and first.value == "log" and parts[0].startswith(r"\log ")
    if logarithm and node.value in ("median", "Var", "E"):
        return f"{name}{parts[0]}", _PRODUCT
    brackets = ("[", "]") if node.value == "E" else ("(", ")")
    return name + _in_brackets(", ".join(parts), *brackets), _ATOM

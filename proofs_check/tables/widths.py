"""How wide a text will be on paper, near enough to choose a size of type and to see what does not fit.

The widths are those of Computer Modern at ten points, which is TeX's own and among the wider faces of papers.
"""

from __future__ import annotations

import re

_WIDE = dict.fromkeys("mwMWQO@%", 0.8) | dict.fromkeys("ABCDEFGHKNPRSTUVXYZLJ", 0.71)
_NARROW = dict.fromkeys("ijl.,;:'|!I", 0.29) | dict.fromkeys("()[]ft r", 0.36)
_COMMANDS = {r"\times": 1.2, r"\cdot": 0.7, r"\le": 1.35, r"\ge": 1.35, r"\sim": 1.35, r"\infty": 1.0, r"\mid": 0.8,
             r"\neq": 1.35, r"\quad": 1.0, r"\,": 0.17, r"\ ": 0.33, r"\to": 1.55}  # fmt: skip
_SILENT = {r"\left", r"\right", r"\mathbb", r"\mathrm", r"\operatorname", r"\text", r"\emph", r"\texttt",
           r"\allowbreak", r"\displaystyle", r"\tfrac", r"\num", r"\textbf", r"\!", r"\-", r"\mathit"}  # fmt: skip
_WORDS = {r"\log": 1.3, r"\exp": 1.5, r"\min": 1.7, r"\max": 1.9, r"\textasciicircum": 0.5, r"\textasciitilde": 0.5,
          r"\textbackslash": 0.5, r"\textbar": 0.28, r"\textless": 0.78, r"\textgreater": 0.78}  # fmt: skip
_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[\^_]|[{}]|.", re.DOTALL)
_SCRIPT = 0.75
"""Sub- and superscripts are set so much smaller."""


def ems(latex: str) -> float:
    r"""Return the width of a line of LaTeX in ems, at any size of type.

    Parameters
    ----------
    latex : str
        Text, formulas, or both.

    Examples
    --------
    >>> ems("0.0683"), ems(r"$\frac{a}{b}$") < ems("$a/b$")
    (2.79, True)
    """
    tokens = _TOKEN.findall(latex)
    total, place = 0.0, 0
    while place < len(tokens):
        width, place = _next(tokens, place)
        total += width
    return round(total, 3)


def _next(tokens: list[str], place: int) -> tuple[float, int]:
    """Return the width of what begins at a place, and the place behind it."""
    if place >= len(tokens):
        return 0.0, place
    token = tokens[place]
    if token == "{":
        total, place = 0.0, place + 1
        while place < len(tokens) and tokens[place] != "}":
            width, place = _next(tokens, place)
            total += width
        return total, place + 1
    if token in "^_":
        width, place = _next(tokens, place + 1)
        return _SCRIPT * width, place
    if token in (r"\frac", r"\tfrac", r"\binom"):
        above, place = _next(tokens, place + 1)
        below, place = _next(tokens, place)
        return 0.2 + 0.75 * max(above, below), place
    if token in _SILENT or token in "}$&":
        return 0.0, place + 1
    return _width(token), place + 1


def _width(token: str) -> float:
    if token.startswith("\\") and len(token) > 1:
        return _COMMANDS.get(token) or _WORDS.get(token) or 0.6
    if token in "=<>+-":
        return 1.35 if token in "=<>" else 0.9
    return _WIDE.get(token) or _NARROW.get(token) or 0.5

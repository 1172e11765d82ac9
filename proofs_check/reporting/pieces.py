"""LaTeX in lines, parts and pieces: arguments in braces, bars told left from right, broken outside of brackets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_TOKEN = re.compile(r"\\[A-Za-z]+\*?|\\.|\s+|.", re.DOTALL)
_ARGUMENTS = dict.fromkeys(("\\frac", "\\tfrac", "\\dfrac", "\\binom", "\\overset", "\\underset", "\\stackrel"), 2)
_ARGUMENTS |= dict.fromkeys(("\\sqrt", "\\mathbb", "\\mathcal", "\\mathrm", "\\operatorname", "\\text"), 1)
_OTHER_WORDS = {"\\mathrm": "\\operatorname", "\\lvert": "|", "\\rvert": "|", "\\lVert": "\\|", "\\rVert": "\\|",
                "\\vert": "|", "\\Vert": "\\|", "\\dots": "\\ldots"}  # fmt: skip
_ENVIRONMENTS = {"aligned": "align*", "split": "align*", "gathered": "gather*"}
_SPACES = {" ", "\\,", "\\:", "\\;", "\\!", "\\ ", "\\quad", "\\qquad", "~"}
_OPENERS = {"(", "[", "\\{", "\\lfloor", "\\lceil", "\\langle"}
_CLOSERS = {")", "]", "\\}", "\\rfloor", "\\rceil", "\\rangle"}
_RELATIONS = {"=", "<", ">", "\\le", "\\leq", "\\ge", "\\geq", "\\ne", "\\neq", "\\in", "\\sim", "\\to", "\\approx",
              "\\leftarrow", "\\rightarrow", "\\Rightarrow", "\\ll", "\\gg", "\\overset", "\\equiv"}  # fmt: skip
_SIGNS = {"+", "-", "\\pm", "\\mp", "\\cdot", "\\times"}
FUNCTIONS = {"\\log", "\\exp", "\\det", "\\max", "\\min", "\\sup", "\\inf", "\\lim", "\\sum", "\\prod", "\\int"}
_BEFORE_AN_OPENING_BAR = _OPENERS | _RELATIONS | _SIGNS | FUNCTIONS | {"", "{", ",", ";", ":", "&", "\\\\"}
_PUNCTUATION = {",", ";", ":"}
_BREAKS = _RELATIONS | _SIGNS - {"\\cdot", "\\times"}
_NO_BREAK_AFTER = _RELATIONS | _SIGNS | FUNCTIONS | _PUNCTUATION | {"", "^", "_"}
_SIZES = {"": None, "big": "1.2em", "Big": "1.623em", "bigg": "2.047em", "Bigg": "2.470em"}
BARS = {
    chr(0xE000 + number): (bar, opens, size)
    for number, (bar, opens, size) in enumerate(
        (bar, opens, size) for bar in ("|", "\u2016") for opens in (True, False) for size in _SIZES.values()
    )
}
"""Characters of nobody's that stand for bars on their way through latex2mathml, which does not tell left from right."""
_BAR_OF = {meaning: character for character, meaning in BARS.items()}


class Unreadable(Exception):
    """LaTeX that we do not know, or that is none."""


def pieces_of(latex: str) -> list[list[list[str]]]:
    r"""Return the pieces of a formula: of each line, that ends at a ``\quad``, and of each of its parts.

    Parameters
    ----------
    latex : str
        A formula, without dollars.

    Returns
    -------
    list of lists of lists of str
        LaTeX in which a bar is one of :data:`BARS`, which nobody else writes.

    Raises
    ------
    Unreadable
        If braces do not match, or an argument is missing.

    Examples
    --------
    >>> pieces_of(r"n=\frac ab+1,\ m=2,\quad k\ge1")
    [[['n', '=\\frac{a}{b}', '+1,'], ['m', '=2,']], [[' k', '\\ge1']]]
    """
    return _lines(_prepared(latex))


def _prepared(latex: str) -> list[str]:
    """Return the tokens of a formula in which each argument has braces and each bar is told left or right."""
    tokens = [" " if token.isspace() else token for token in _TOKEN.findall(latex)]
    depth = 0
    for token in tokens:
        depth += (token == "{") - (token == "}")
        if depth < 0:
            raise Unreadable
    if depth:
        raise Unreadable
    return list(_with_bars(list(_braced(iter(tokens)))))


def _braced(tokens: Iterator[str]) -> Iterator[str]:
    for token in tokens:
        yield from _whole(token, tokens)


def _whole(token: str, rest: Iterator[str]) -> Iterator[str]:
    """Yield a token, with its arguments in braces if it has any."""
    token = _OTHER_WORDS.get(token, token)
    if token in ("\\begin", "\\end"):
        name = "".join(_argument(rest))
        # in braces, so that a power is that of the whole matrix
        yield from "{" if token == "\\begin" else ""
        yield f"{token}{{{_ENVIRONMENTS.get(name, name)}}}"
        yield from "}" if token == "\\end" else ""
        return
    yield token
    for _ in range(_ARGUMENTS.get(token, 0)):
        verbatim = token in ("\\text", "\\operatorname")
        inside = list(_argument(rest))
        yield from ("{", *(inside if verbatim else _braced(iter(inside))), "}")


def _argument(rest: Iterator[str]) -> Iterator[str]:
    """Yield the tokens of the next argument, without its braces."""
    first = next((token for token in rest if token != " "), None)
    if first is None:
        raise Unreadable
    if first != "{":
        yield from _whole(first, rest)
        return
    depth = 1
    for token in rest:
        depth += (token == "{") - (token == "}")
        if not depth:
            return
        yield token


def _with_bars(tokens: Sequence[str]) -> Iterator[str]:
    """Yield the tokens, with characters for bars that tell left from right."""
    open_bars: list[list[str]] = [[]]
    before, size, side = "", "", ""
    for i, token in enumerate(tokens):
        sized = re.fullmatch(r"\\([Bb]igg?)([lrm]?)", token)
        if sized and next(iter(tokens[i + 1 :]), "") in ("|", "\\|"):
            size, side = sized.groups()
            continue
        if token in ("|", "\\|"):
            if side == "m":
                yield "\\mid"
            else:
                bar = "|" if token == "|" else "\u2016"
                scripted = next(iter(tokens[i + 1 :]), "") in ("^", "_")
                open_here = bar in open_bars[-1]
                opens = side == "l" or (
                    side == "" and not scripted and (not open_here or before in _BEFORE_AN_OPENING_BAR)
                )
                if opens:
                    open_bars[-1].append(bar)
                elif open_here:
                    open_bars[-1].remove(bar)
                yield _BAR_OF[bar, opens, _SIZES[size]]
            size, side = "", ""
            before = "|"
            continue
        if token == "{" or token in _OPENERS:
            open_bars.append([])
        elif (token == "}" or token in _CLOSERS) and len(open_bars) > 1:
            open_bars.pop()
        if token not in _SPACES:
            before = token
        yield token


def _lines(tokens: Sequence[str]) -> list[list[list[str]]]:
    """Split at quads, each line at spaces behind commas, and before relations and signs; all outside of brackets."""
    lines: list[list[list[list[str]]]] = [[[[]]]]
    within: list[str] = []
    before = ""
    for token in tokens:
        if not within and token in ("\\quad", "\\qquad"):
            lines.append([[[]]])
            before = ""
            continue
        if not within and token == "\\ " and before in _PUNCTUATION:
            lines[-1].append([[]])
            before = ""
            continue
        if not within and token in _BREAKS and before not in _NO_BREAK_AFTER:
            lines[-1][-1].append([])
        lines[-1][-1][-1].append(token)
        _go(within, token)
        if token not in _SPACES:
            before = token
    told = [[["".join(_spelled(piece)) for piece in part] for part in line] for line in lines]
    shown = [[[piece for piece in part if piece.strip()] for part in line] for line in told]
    kept = [parts for line in shown if (parts := [part for part in line if part])]
    together = kept[:1]
    for line in kept[1:]:  # what is in brackets, or begins with a word, belongs to what stands before it
        if line[0][0].lstrip().startswith(("(", "\\text")):
            together[-1] += line
        else:
            together.append(line)
    return together


def _spelled(tokens: Sequence[str]) -> Iterator[str]:
    """Yield tokens so that a command's name ends where it ends."""
    for token, following in zip(tokens, [*tokens[1:], ""], strict=True):
        yield f"{token} " if re.fullmatch(r"\\[A-Za-z]+", token) and following[:1].isalpha() else token


def _go(within: list[str], token: str) -> None:
    """Note a bracket that opens or closes; one that closes nothing, as at the end of a restriction, closes no brace."""
    is_bar = token in BARS
    if token == "{" or token in _OPENERS or (is_bar and BARS[token][1]):
        within.append("{" if token == "{" else "(")
    elif token == "}":
        while within and within.pop() != "{":
            pass
    elif (is_bar or token in _CLOSERS) and within and within[-1] != "{":
        within.pop()

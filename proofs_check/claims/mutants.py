"""Nearby false variants of a claim, made from its text: a constant moved by one, a term dropped, n - 1 for n."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from proofs_check.claims.syntax import Node, parse_claim

_MOST = 40


@dataclass(frozen=True)
class Variant:
    """A claim that differs from another in one place.

    Parameters
    ----------
    name : str
        What was changed, such as ``5 becomes 6``.
    claim : str
        The changed claim.
    """

    name: str
    claim: str


def variants(claim: str, names: Collection[str] = ()) -> list[Variant]:
    """Return the variants of a claim's right side; an error term O(...) stays as it is.

    Parameters
    ----------
    claim : str
        A claim that can be read.
    names : collection of str
        The names that the network declares.

    Examples
    --------
    >>> [variant.claim for variant in variants("E|a_L|^2 = |x|^2*n")][:3]
    ['E|a_L|^2 = |x|^1*n', 'E|a_L|^2 = |x|^3*n', 'E|a_L|^2 = |x|^2*(n - 1)']
    """
    root, source = parse_claim(claim, names)
    text = source.text
    out: dict[str, str] = {}
    right = root.parts[1]
    for name, start, end, new in _changes(right, text):
        out.setdefault(text[:start] + new + text[end:], name)
    whole = text[right.start : right.end]
    main, rest = whole, ""
    if right.kind == "add" and right.parts[-1].kind == "call" and right.parts[-1].value == "O":
        cut = text.rindex("+", right.start, right.parts[-1].start)
        main, rest = text[right.start : cut].strip(), " " + text[cut : right.end]
    if main != "0":
        out.setdefault(f"{text[: right.start]}2*({main}){rest}", "twice as much")
        out.setdefault(f"{text[: right.start]}({main})/2{rest}", "half as much")
        out.setdefault(f"{text[: right.start]}-({main}){rest}", "the sign changed")
    out.pop(text, None)
    return [Variant(name, new) for new, name in list(out.items())[:_MOST]]


def _changes(node: Node, text: str) -> Iterator[tuple[str, int, int, str]]:
    """Yield what is changed, where, and by what it is replaced."""
    if node.kind == "call" and node.value == "O":
        return
    if node.kind == "number":
        yield from _of_number(node)
    elif node.kind == "name" and not node.sub:
        yield from _of_letter(node)
    elif node.kind == "add":
        yield from _of_sum(node, text)
    elif node.kind == "neg":
        yield "a sign changed", node.start, node.start + 1, "" if _begins_sum(node, text) else "+"
    if node.kind not in ("norm", "inner", "statistic"):
        for part in node.parts:
            yield from _changes(part, text)


def _begins_sum(node: Node, text: str) -> bool:
    before = text[: node.start].rstrip()
    return not before or before[-1] in "(=<>~,*/^"


def _of_number(node: Node) -> Iterator[tuple[str, int, int, str]]:
    value = node.value
    if value.isdigit():
        for other in (int(value) - 1, int(value) + 1):
            yield f"{value} becomes {other}", node.start, node.end, str(other)
    else:
        scaled = f"({value}*11/10)"
        yield f"{value} becomes ten percent more", node.start, node.end, scaled


def _of_letter(node: Node) -> Iterator[tuple[str, int, int, str]]:
    name = node.value
    if name == "K":
        yield "K dropped", node.start, node.end, "1"
        yield "K becomes that of a normal weight", node.start, node.end, "3"
    if name in ("pi", "e", "EulerGamma", "K"):
        return
    yield f"{name} becomes {name} - 1", node.start, node.end, f"({name} - 1)"
    yield f"{name} becomes {name} + 1", node.start, node.end, f"({name} + 1)"


def _of_sum(node: Node, text: str) -> Iterator[tuple[str, int, int, str]]:
    terms = [part for part in node.parts if not (part.kind == "call" and part.value == "O")]
    for term in terms:
        if len(terms) > 1:
            shown = text[term.start : term.end]
            yield f"{shown} dropped", term.start, term.end, " + 0" if term.kind == "neg" else "0"
    for term in terms[1:]:
        if term.kind != "neg":
            plus = text.rindex("+", 0, term.start)
            yield f"the sign of {text[term.start : term.end]} changed", plus, plus + 1, "-"

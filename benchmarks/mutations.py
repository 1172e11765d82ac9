"""Small changes of a Python source that its tests should notice: where one can be made, and the changed text.

Left alone is what no test should look at: annotations, decorators, formatted strings, what is raised, `__all__`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

COMPARISONS = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==",
    "in": "not in", "not in": "in", "is": "is not", "is not": "is",
}  # fmt: skip
ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*", "+=": "-=", "-=": "+=", "*=": "/=", "/=": "*="}
CONNECTIVES = {"and": "or", "or": "and"}
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True)
class Mutation:
    """A change of a source: the bytes from `start` to `end` are replaced.

    Parameters
    ----------
    start, end : int
        Offsets into the source's UTF-8 bytes.
    new : bytes
        What comes in their place.
    line : int
        The line, from 1 on.
    kind : str
        What is changed: comparison, arithmetic, power, connective, not, minus, constant, name, truth.
    """

    start: int
    end: int
    new: bytes
    line: int
    kind: str

    def applied(self, source: str) -> str:
        """Return the changed source."""
        data = source.encode()
        return (data[: self.start] + self.new + data[self.end :]).decode()

    def column(self, source: str) -> int:
        """Return where in its line the change begins, in bytes."""
        return self.start - (source.encode().rfind(b"\n", 0, self.start) + 1)

    def diff(self, source: str) -> str:
        r"""Return the line before and after the change, as one line.

        Examples
        --------
        >>> change, = mutations("if a < b:\n    pass")
        >>> change.diff("if a < b:\n    pass")
        'if a < b: -> if a <= b:'
        """
        before, after = (text.encode().split(b"\n")[self.line - 1] for text in (source, self.applied(source)))
        return f"{before.decode().strip()} -> {after.decode().strip()}"


def mutations(source: str) -> list[Mutation]:
    """Return all small changes of a source, in its order; each stays within one line.

    Parameters
    ----------
    source : str
        The text of a module.

    Examples
    --------
    >>> [change.applied("y = -x ** 2") for change in mutations("y = -x ** 2")]
    ['y = x ** 2', 'y = -x', 'y = -x ** 3']
    """
    text = _Text(source)
    found = [change for node in _code(ast.parse(source)) for change in _changes(text, node)]
    one_line = (change for change in found if b"\n" not in text.data[change.start : change.end])
    return sorted(one_line, key=lambda change: (change.start, change.end))


class _Text:
    """A source as bytes, as the positions of its syntax tree count bytes."""

    def __init__(self, source: str) -> None:
        self.data = source.encode()
        self.lines = [0, *(found.end() for found in re.finditer(b"\n", self.data))]

    def start(self, node: ast.expr | ast.stmt) -> int:
        return self.lines[node.lineno - 1] + node.col_offset

    def end(self, node: ast.expr | ast.stmt) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.lines[node.end_lineno - 1] + node.end_col_offset

    def change(self, start: int, end: int, new: str, kind: str) -> Mutation:
        return Mutation(start, end, new.encode(), self.data.count(b"\n", 0, start) + 1, kind)

    def between(self, left: ast.expr, right: ast.expr) -> tuple[int, int, str]:
        """Return where the operator between two operands is; else there are parentheses and comments only."""
        begin = self.end(left)
        gap = re.sub(rb"#[^\n]*", lambda found: b" " * len(found[0]), self.data[begin : self.start(right)])
        found = re.search(rb"[^\s()\\](?:.*[^\s()\\])?", gap, re.DOTALL)
        assert found is not None
        return begin + found.start(), begin + found.end(), " ".join(found[0].decode().split())

    def swapped(self, left: ast.expr, right: ast.expr, table: dict[str, str], kind: str) -> Iterator[Mutation]:
        start, end, operator = self.between(left, right)
        if operator in table:
            yield self.change(start, end, table[operator], kind)


def _code(node: ast.AST) -> Iterator[ast.AST]:
    """Walk through what runs, leaving out what no test should look at."""
    yield node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not isinstance(child, (ast.Raise, ast.JoinedStr)) and not _is_all(child):
                yield from _code(child)


def _is_all(node: ast.AST) -> bool:
    return isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets)


def _changes(text: _Text, node: ast.AST) -> Iterator[Mutation]:
    """Return the changes of one node itself."""
    match node:
        case ast.Compare(left=left, comparators=others):
            for a, b in pairwise([left, *others]):
                yield from text.swapped(a, b, COMPARISONS, "comparison")
        case ast.BoolOp(values=values):
            for a, b in pairwise(values):
                yield from text.swapped(a, b, CONNECTIVES, "connective")
        case ast.BinOp(left=left, op=ast.Pow()):
            end = text.end(left)
            end += len(re.match(rb"[\s)]*", text.data[end:])[0].rstrip())  # type: ignore[index]  # it always matches
            yield text.change(end, text.end(node), "", "power")
        case ast.BinOp(left=left, right=right):
            yield from text.swapped(left, right, ARITHMETIC, "arithmetic")
        case ast.AugAssign(target=target, value=value):
            yield from text.swapped(target, value, ARITHMETIC, "arithmetic")
        case ast.UnaryOp(op=ast.Not() | ast.USub() as op, operand=_):
            start = text.start(node)
            found = re.match(rb"(not|-)\s*", text.data[start:])
            assert found is not None
            yield text.change(start, start + found.end(), "", "not" if isinstance(op, ast.Not) else "minus")
        case ast.Constant(value=bool() as value):
            yield text.change(text.start(node), text.end(node), str(not value), "truth")
        case ast.Constant(value=int() as value):
            yield text.change(text.start(node), text.end(node), str(value + 1), "constant")
        case ast.Name(id=name) | ast.Attribute(attr=name) if name in NAMES:
            end = text.end(node)
            yield text.change(end - len(name), end, NAMES[name], "name")

"""The shapes of matrices that nobody declared, from what they are multiplied with and added to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy as sp

from proofs_check.claims.syntax import Node

Shape = tuple[Any, Any]


def matrix_name(node: Node) -> str:
    """Return the name of a matrix, without the marks of a transpose behind it.

    Examples
    --------
    >>> from proofs_check.claims.syntax import parse_formula
    >>> matrix_name(parse_formula("W_1'")[0])
    'W_1'
    """
    stem = node.value.rstrip("'")
    return f"{stem}_{node.sub}" if node.sub else stem


class Shapes:
    """Dimensions that must be equal, joined while a claim is walked through.

    Parameters
    ----------
    known : mapping of str to shape
        The shapes of the declared matrices.
    letters : mapping of str to sympy.Expr
        The numbers that names stand for.

    Examples
    --------
    >>> from proofs_check.claims.syntax import parse_formula
    >>> b, p = sp.symbols("b p")
    >>> shapes = Shapes({"X": (b, p)}, {"b": b, "p": p})
    >>> _ = shapes.of(parse_formula("X.T*A*X*B")[0])
    >>> shapes.found("A"), shapes.found("B")
    ((b, b), (p, p))
    """

    def __init__(self, known: Mapping[str, Shape], letters: Mapping[str, Any]) -> None:
        self._known = dict(known)
        self._letters = letters
        self._parent: dict[Any, Any] = {}

    def found(self, name: str) -> tuple[sp.Expr | None, sp.Expr | None]:
        """Return the dimensions of a matrix, None where nothing says what they are.

        A matrix with one known size is square if no other matrix depends on the unknown one.
        """
        rows, columns = (self._root(dimension) for dimension in self._known[name])
        others = {self._root(x) for other, shape in self._known.items() if other != name for x in shape}
        if isinstance(rows, str) and not isinstance(columns, str) and rows not in others:
            rows = columns
        elif isinstance(columns, str) and not isinstance(rows, str) and columns not in others:
            columns = rows
        return (None if isinstance(rows, str) else rows), (None if isinstance(columns, str) else columns)

    @property
    def names(self) -> set[str]:
        """The names of all matrices."""
        return set(self._known)

    def of(self, node: Node) -> Shape | None:
        """Return the shape of a part, None for a number; and join the dimensions that it makes equal."""
        match node.kind:
            case "name":
                return self._of_name(node)
            case "add" | "relation":
                shapes = [shape for part in node.parts if (shape := self.of(part)) is not None]
                for shape in shapes[1:]:
                    self._join(shapes[0], shape)
                return shapes[0] if shapes else None
            case "mul":
                left, right = map(self.of, node.parts)
                if left is None or right is None:
                    return left or right
                self._join(left[1:], right[:1])
                return self._settled((left[0], right[1]))
            case "div" | "neg" | "statistic":
                first, *_ = map(self.of, node.parts)
                return first
            case "transpose":
                shape = self.of(node.parts[0])
                return None if shape is None else (shape[1], shape[0])
            case "pow":
                shape = self.of(node.parts[0])
                if shape is not None:
                    self._join(shape[:1], shape[1:])
                return shape
        inner = [self.of(part) for part in node.parts]
        if node.kind == "call" and node.value == "tr" and inner and inner[0] is not None:
            self._join(inner[0][:1], inner[0][1:])
        if node.kind == "call" and node.value == "hadamard" and None not in inner:
            for other in inner[1:]:
                self._join(inner[0], other)
            return inner[0]
        if node.kind == "call" and node.value == "ones" and len(node.parts) == 2:
            return self._settled((self._size(node.parts[0]), self._size(node.parts[1])))
        if node.kind == "call" and node.value == "diag" and inner[0] is not None:
            if self._root(inner[0][1]) == 1:
                return inner[0][0], inner[0][0]
            self._join(inner[0][:1], inner[0][1:])
            return inner[0]
        return None

    def _size(self, node: Node) -> Any:
        """Return the number that a size is, or a name of its own if it is a formula."""
        if node.kind == "number":
            return sp.Integer(node.value)
        return self._letters.get(node.value, f"size at {node.start}")

    def _of_name(self, node: Node) -> Shape | None:
        if node.value.endswith("'"):  # W' is the transpose of W, if that is declared
            shape = self._known.get(matrix_name(node))
            return self._settled((shape[1], shape[0])) if shape else None
        name = matrix_name(node)
        if name not in self._known:
            if name in self._letters or not name[0].isupper() or node.value == "I":
                return None
            self._known[name] = (f"{name} rows", f"{name} columns")
        return self._settled(self._known[name])

    def _settled(self, shape: Shape) -> Shape | None:
        """Return None for a matrix with one entry, which is a number."""
        return None if all(self._root(dimension) == 1 for dimension in shape) else shape

    def _root(self, dimension: Any) -> Any:
        while dimension in self._parent:
            dimension = self._parent[dimension]
        return dimension

    def _join(self, one: Any, other: Any) -> None:
        """Make dimensions equal; where two known ones differ, reading the claim says so."""
        for left, right in zip(one, other, strict=True):
            left, right = self._root(left), self._root(right)
            if isinstance(left, str) and left != right:
                self._parent[left] = right
            elif isinstance(right, str) and left != right:
                self._parent[right] = left

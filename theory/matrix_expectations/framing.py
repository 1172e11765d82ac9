"""From a canonical sum with frames back to a matrix: what stands between the frames of rows and columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import sympy as sp

from theory.ensembles import InvalidArgument
from theory.matrix_expectations.index_graphs import NONE, Component, Word
from theory.matrix_expectations.letters import Frame, Letter, Pin
from theory.matrix_expectations.reading import Network, letter_of, product_of, written

_VERTICES = {"rows": -2, "columns": -3}
"""The vertices of frames, which no other vertex is."""


def matrix_of(
    terms: Iterable[tuple[sp.Expr, tuple[Component, ...]]],
    letters: Sequence[Letter],
    settled: Callable[[Any], Any] = lambda expression: expression,
) -> Any:
    """Return a sum of canonical graphs with frames as a matrix.

    Parameters
    ----------
    terms : iterable of (sympy.Expr, tuple of Component)
        The weight and the components of each term. The frames of rows and of columns occur once in each term.
    letters : sequence of Letter
        The matrices that labels stand for.
    settled : callable
        Rewrites a matrix or a scalar, such as the transpose of a symmetric matrix.

    Examples
    --------
    >>> A, n = sp.MatrixSymbol("A", 3, 3), sp.Integer(3)
    >>> letters = [A, Frame("rows", n), Frame("columns", n)]
    >>> matrix_of([(n, ((((3, 0, 4), NONE, NONE),),)), (n, ((((5, 0, 2), NONE, NONE),),))], letters)
    3*A + 3*A.T
    """
    frames = {letter.side: letter.dimension for letter in letters if isinstance(letter, Frame)}
    shape = frames.get("rows", sp.S.One), frames.get("columns", sp.S.One)
    collected: dict[Any, list[sp.Expr]] = {}
    for weight, components in terms:
        scalars, parts = [weight], list[tuple[bool, Any]]()
        for component in components:
            if held := _frames_in(component, letters):
                part = _framed(component, letters)
                parts.append((held == {"columns"}, part.T if held == {"columns"} else part))
            else:
                scalars.append(settled(written(component, letters)))
        in_order = [part for _, part in sorted(parts, key=lambda pair: pair[0])]
        collected.setdefault(settled(product_of(in_order)), []).append(sp.Mul(*scalars))
    found = [(sp.Add(*scalars), matrix) for matrix, scalars in collected.items()]
    summands = [_times(scalar, matrix) for scalar, matrix in found if scalar != 0]
    if not summands:
        return sp.ZeroMatrix(*shape)
    return summands[0] if len(summands) == 1 else sp.MatAdd(*sorted(summands, key=sp.default_sort_key))


def _frames_in(component: Component, letters: Sequence[Letter]) -> set[str]:
    """Return the sides of the frames in a component."""
    inside = {letters[letter >> 1] for word, _, _ in component for letter in word}
    return {letter.side for letter in inside if isinstance(letter, Frame)}


def _times(scalar: sp.Expr, matrix: Any) -> Any:
    """Multiply without SymPy's evaluation, which would write forms such as x.T*A*x out as sums."""
    if scalar == 1:
        return matrix
    if isinstance(matrix, sp.MatrixBase):
        return scalar * matrix
    return sp.MatMul(scalar, *(matrix.args if isinstance(matrix, sp.MatMul) else (matrix,)))


def _framed(component: Component, letters: Sequence[Letter]) -> Any:
    """Return what a component is as a matrix, or as a column if it has one frame only."""
    (word, u, v), *others = component
    if not others and u == v == NONE:
        return _on_a_path(word, letters)
    return _FramedNetwork(component, letters).matrix()


def _on_a_path(word: Word, letters: Sequence[Letter]) -> Any:
    """Read a path that begins or ends in a frame: the letters between."""
    first, last = letters[word[0] >> 1], letters[word[-1] >> 1]
    if isinstance(first, Pin) or isinstance(last, Pin):
        raise _pinned()
    ends = isinstance(first, Frame), isinstance(last, Frame)
    inner = [letter_of(letter, letters) for letter in word[ends[0] : len(word) - ends[1]]]
    if not all(ends):
        return product_of(inner) if ends[0] else product_of(inner).T
    matrix = product_of(inner) if inner else sp.Identity(first.dimension)
    return matrix if first.side == "rows" else matrix.T


def _pinned() -> InvalidArgument:
    problem = "an entry at a number multiplies a matrix, and does not come apart from it"
    return InvalidArgument("expression", problem, "ask for an entry of the whole, which is a scalar")


class _FramedNetwork(Network):
    """A network with a vertex for each frame, which is never removed."""

    def __init__(self, component: Component, letters: Sequence[Letter]) -> None:
        frames, plain = [], []
        for word, u, v in component:
            last = letters[word[-1] >> 1]
            if isinstance(last, Frame):
                frames.append((last, word[:-1], u))
            else:
                plain.append((word, u, v))
        super().__init__(tuple(plain), letters)
        self._shape = {frame.side: frame.dimension for frame, _, _ in frames}
        for frame, word, u in frames:
            matrix = product_of([letter_of(x, letters) for x in word]) if word else sp.Identity(frame.dimension)
            self._left[u] = matrix.shape[0]
            self._join(matrix, u, _VERTICES[frame.side])
        if self._columns:
            raise _pinned()

    def matrix(self) -> Any:
        """Remove all other vertices, and return what is left between the frames, or at the only one."""
        self._reduced()
        if self._left:
            i, j = sp.symbols("i j", integer=True)
            entry = self._written_out({_VERTICES["rows"]: i, _VERTICES["columns"]: j})
            return sp.FunctionMatrix(*(self._shape.get(side, 1) for side in _VERTICES), sp.Lambda((i, j), entry))
        if len(self._shape) == 1:
            ((vector,),) = self._vectors.values()
            return vector
        ((matrix, u, _),) = self._matrices
        return matrix if u == _VERTICES["rows"] else matrix.T

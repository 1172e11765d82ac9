"""Sums over indices by brute force: what all readings of a graph must equal."""

import itertools
from collections.abc import Sequence
from functools import reduce
from math import prod
from typing import Any

import numpy as np
import sympy as sp
from hypothesis import strategies as st
from sympy.matrices.expressions.diagonal import DiagMatrix, DiagonalOf
from sympy.matrices.expressions.matexpr import MatrixElement

from theory.matrix_expectations.index_graphs import Edge, ends

SMALL = st.integers(-2, 3)


def matrices(rows: int, columns: int) -> st.SearchStrategy[sp.ImmutableMatrix]:
    """Small integer matrices."""
    size = int(rows) * int(columns)
    entries = st.lists(SMALL, min_size=size, max_size=size)
    return entries.map(lambda values: sp.ImmutableMatrix(rows, columns, values))


def brute_sum(edges: Sequence[Edge], values: Sequence[Any], size: int) -> Any:
    """The product of all entries, summed over all vertices that occur, of one size."""
    vertices = sorted({vertex for edge in edges for vertex in ends(edge)})
    total = 0
    for choice in itertools.product(range(size), repeat=len(vertices)):
        at = {-1: 0, **dict(zip(vertices, choice, strict=True))}
        total += prod(values[label][at[row], at[column]] for label, row, column in edges)
    return total


def evaluated(expression: sp.Expr, values: dict[sp.MatrixSymbol, Any]) -> sp.Expr:
    """The number that a deterministic expression is at explicit matrices, without SymPy's own evaluation."""

    def matrix(node: Any) -> Any:
        match node:
            case sp.MatrixSymbol():
                return array(values[node])
            case sp.MatrixBase():
                return array(node)
            case sp.MatMul():
                scalars = prod(scalar(arg) for arg in node.args if not arg.is_Matrix)
                return scalars * reduce(np.matmul, (matrix(arg) for arg in node.args if arg.is_Matrix))
            case sp.MatAdd():
                return sum(map(matrix, node.args))
            case sp.MatPow():
                return reduce(np.matmul, [matrix(node.base)] * int(node.exp))
            case sp.Transpose():
                return matrix(node.arg).T
            case sp.HadamardProduct():
                return prod(map(matrix, node.args))
            case sp.HadamardPower():
                return matrix(node.base) ** int(node.exp)
            case DiagonalOf():
                return np.diagonal(matrix(node.arg))[:, None]
            case DiagMatrix():
                return np.diag(matrix(node.args[0])[:, 0])
            case sp.OneMatrix():
                return np.ones(tuple(map(int, node.shape)), dtype=object) * 1
        raise AssertionError(node)

    def scalar(node: Any) -> Any:
        match node:
            case sp.Add():
                return sum(map(scalar, node.args))
            case sp.Mul():
                return prod(map(scalar, node.args))
            case sp.Pow():
                return scalar(node.base) ** node.exp
            case sp.Trace():
                return matrix(node.arg).trace()
            case MatrixElement():
                return matrix(node.args[0])[int(node.args[1]), int(node.args[2])]
            case sp.Sum():
                symbols = [limit[0] for limit in node.limits]
                ranges = [range(int(limit[2]) + 1) for limit in node.limits]
                places = (dict(zip(symbols, choice, strict=True)) for choice in itertools.product(*ranges))
                return sum(scalar(node.function.xreplace({s: sp.Integer(v) for s, v in at.items()})) for at in places)
        assert not node.atoms(sp.MatrixSymbol)
        return node

    return scalar(sp.sympify(expression))


def array(matrix: Any) -> Any:
    """An explicit matrix as an array of Python's integers."""
    return (
        matrix
        if isinstance(matrix, np.ndarray)
        else np.array([[int(v) for v in row] for row in matrix.tolist()], dtype=object)
    )


def matrix_value(expression: Any, values: dict[sp.MatrixSymbol, Any]) -> sp.ImmutableMatrix:
    """The explicit matrix that a deterministic matrix expression is, by rules of its own for each node."""

    def matrix(node: Any) -> Any:
        match node:
            case sp.MatrixSymbol():
                return sp.ImmutableMatrix(values[node])
            case sp.MatrixBase():
                return node.as_immutable()
            case sp.Identity():
                return sp.ImmutableMatrix(sp.eye(int(node.rows)))
            case sp.ZeroMatrix():
                return sp.ImmutableMatrix(sp.zeros(*map(int, node.shape)))
            case sp.OneMatrix():
                return sp.ImmutableMatrix(sp.ones(*map(int, node.shape)))
            case sp.MatMul():
                factors = [matrix(arg) for arg in node.args if arg.is_Matrix]
                return prod((scalar(a) for a in node.args if not a.is_Matrix), start=sp.S.One) * reduce(
                    lambda left, right: left * right, factors
                )
            case sp.MatAdd():
                return reduce(lambda left, right: left + right, map(matrix, node.args))
            case sp.Inverse():
                return matrix(node.arg).inv()
            case sp.MatPow():
                return matrix(node.base) ** int(node.exp)
            case sp.Transpose():
                return matrix(node.arg).T
            case sp.Adjoint():
                return matrix(node.arg).H
            case sp.HadamardProduct():
                return reduce(lambda left, right: left.multiply_elementwise(right), map(matrix, node.args))
            case sp.HadamardPower():
                return matrix(node.base).applyfunc(lambda entry: entry**node.exp)
            case DiagonalOf():
                inside = matrix(node.arg)
                return sp.ImmutableMatrix([inside[k, k] for k in range(inside.rows)])
            case DiagMatrix():
                return sp.ImmutableMatrix(sp.diag(*matrix(node.args[0])))
            case sp.FunctionMatrix():
                return sp.ImmutableMatrix(*node.shape, lambda i, j: scalar(node.lamda(i, j)))
        raise AssertionError(node)

    def scalar(node: Any) -> Any:
        parts = {trace: matrix(trace.arg).trace() for trace in node.atoms(sp.Trace)}
        parts |= {e: matrix(e.args[0])[int(e.args[1]), int(e.args[2])] for e in node.atoms(MatrixElement)}
        return node.xreplace(parts)

    return sp.ImmutableMatrix(matrix(expression)).applyfunc(lambda entry: sp.expand(entry))

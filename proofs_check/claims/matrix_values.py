"""Values of formulas in traces and products of fixed matrices, at numbers and simple explicit matrices."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterable, Mapping
from functools import reduce
from operator import add, mul
from typing import Any

import sympy as sp
from sympy.matrices.expressions.diagonal import DiagMatrix, DiagonalOf
from sympy.matrices.expressions.matexpr import MatrixElement

from proofs_check.claims.matrices import Matrices, is_matrix
from theory import ComplexGaussian, Unitary
from theory.balls import enclose
from theory.ensembles import InvalidArgument

SAMPLES = 3
"""So many sets of explicit matrices are tried at each size."""


def fixed_matrices(matrices: Matrices, numbers: Mapping[Any, sp.Expr], sample: int) -> dict[Any, sp.ImmutableMatrix]:
    """Return explicit matrices of small whole numbers for the fixed ones; symmetric ones are positive definite.

    Parameters
    ----------
    matrices : Matrices
        The matrices.
    numbers : mapping of Symbol to number
        The sizes.
    sample : int
        Which set of matrices: 0, 1, ...
    """
    is_complex = sample > 0 and any(isinstance(law, (ComplexGaussian, Unitary)) for law in matrices.laws.values())
    out = {}
    for place, (name, matrix) in enumerate(sorted(matrices.named.items())):
        if matrix in matrices.laws:
            continue
        rows, columns = (int(size.xreplace(dict(numbers))) for size in matrix.shape)
        symbol = matrix.xreplace(dict(numbers))
        if not sample:
            entries = sp.Matrix(rows, columns, lambda i, j, p=place: (3 * i + 5 * j * j + i * j + p) % 7 - 2)
        else:
            drawn = random.Random(f"{name} {sample}")
            entries = sp.Matrix(rows, columns, lambda i, j, d=drawn: d.randint(-3, 3))
            if is_complex and matrix not in matrices.symmetric:
                entries += sp.I * sp.Matrix(rows, columns, lambda i, j, d=drawn: d.randint(-3, 3))
        if matrix in matrices.symmetric:  # its inverse exists, too
            entries = entries * entries.T + sp.eye(rows) if sample else entries + entries.T + 40 * rows * sp.eye(rows)
        out[symbol] = entries.as_immutable()
    return out


def value_at(side: Any, numbers: Mapping[Any, sp.Expr], fixed: Mapping[Any, sp.ImmutableMatrix]) -> Any:
    """Return the number or the explicit matrix that a formula is, or None where it has no value.

    Parameters
    ----------
    side : sympy.Expr or matrix expression
        The formula.
    numbers : mapping of Symbol to number
        Numbers for all letters.
    fixed : mapping of MatrixSymbol to matrix
        Explicit matrices, of these sizes.
    """
    try:
        plain = side.xreplace(dict(numbers))
        found = _matrix(plain, fixed) if is_matrix(plain) else _scalar(plain, fixed)
    except (ValueError, TypeError, ZeroDivisionError):  # an inverse that does not exist, or a division by zero
        return None
    if is_matrix(found) and found.shape == (1, 1):
        found = found[0, 0]
    entries = list(found) if is_matrix(found) else [found]
    return found if all(entry.is_number and entry.is_finite for entry in entries) else None


def higher_moments(sides: Iterable[Any], point: Mapping[Any, sp.Expr]) -> dict[Any, sp.Expr]:
    """Return m6, m8, ... of the law with kurtosis K whose entries are 0 and two numbers of one size.

    Parameters
    ----------
    sides : iterable of sympy.Expr
        The formulas in which they may occur.
    point : mapping of Symbol to number
        The number for K, if it occurs.

    Examples
    --------
    >>> higher_moments([sp.Symbol("m6")], {sp.Symbol("K"): sp.Integer(2)})
    {m6: 4}
    """
    kurtosis = next((value for letter, value in point.items() if str(letter) == "K"), sp.Integer(3))
    letters = {letter for side in sides for letter in side.free_symbols if re.fullmatch(r"m\d+", str(letter))}
    return {letter: kurtosis ** (int(str(letter)[1:]) // 2 - 1) for letter in letters - set(point)}


def are_different(one: Any, other: Any) -> bool:
    """Whether two numbers, or two explicit matrices, are certainly not equal.

    Parameters
    ----------
    one, other : number or matrix
        Finite ones.

    Examples
    --------
    >>> are_different(sp.Integer(1), sp.Integer(2)), are_different(sp.sqrt(8), 2 * sp.sqrt(2))
    (True, False)
    """
    if is_matrix(one) or is_matrix(other):
        shape = one.shape if is_matrix(one) else other.shape
        sides = [side if is_matrix(side) else side * sp.ones(*shape) for side in (one, other)]  # a number is 0 here
        return any(are_different(a, b) for a, b in zip(*map(list, sides), strict=True))
    difference = sp.expand(one - other)
    real, imaginary = difference.as_real_imag()
    if real.is_Rational and imaginary.is_Rational:
        return bool(difference != 0)
    try:
        return any(not enclose(part).contains(0) for part in (real, imaginary))
    except InvalidArgument:
        return False


def _matrix(node: Any, fixed: Mapping[Any, sp.ImmutableMatrix]) -> Any:
    def at(part: Any) -> Any:
        return _matrix(part, fixed)

    match node:
        case sp.MatrixSymbol():
            return fixed[node]
        case sp.MatrixBase():
            return node.applyfunc(lambda entry: _scalar(entry, fixed)).as_immutable()
        case sp.Identity():
            return sp.ImmutableMatrix(sp.eye(int(node.rows)))
        case sp.ZeroMatrix() | sp.OneMatrix():
            make = sp.zeros if isinstance(node, sp.ZeroMatrix) else sp.ones
            return sp.ImmutableMatrix(make(*map(int, node.shape)))
        case sp.MatMul():
            numbers = [_scalar(part, fixed) for part in node.args if not is_matrix(part)]
            return reduce(mul, map(at, filter(is_matrix, node.args))) * sp.Mul(*numbers)
        case sp.MatAdd():
            return reduce(add, map(at, node.args))
        case sp.MatPow():  # an inverse, too
            return at(node.base) ** int(node.exp)
        case sp.Transpose():
            return at(node.arg).T
        case sp.Adjoint():
            return at(node.arg).H
        case sp.HadamardProduct():
            return reduce(lambda one, other: one.multiply_elementwise(other), map(at, node.args))
        case sp.HadamardPower():
            return at(node.base).applyfunc(lambda entry: entry**node.exp)
        case DiagonalOf():
            inside = at(node.arg)
            return sp.ImmutableMatrix([inside[k, k] for k in range(inside.rows)])
        case DiagMatrix():
            return sp.ImmutableMatrix(sp.diag(*at(node.args[0])))
        case sp.FunctionMatrix():
            return sp.ImmutableMatrix(*node.shape, lambda i, j: _scalar(node.lamda(i, j), fixed))
    if type(node).__name__ == "Conjugate" or isinstance(node, sp.conjugate):
        return at(node.args[0]).conjugate()
    raise TypeError(node)


def _scalar(node: Any, fixed: Mapping[Any, sp.ImmutableMatrix]) -> Any:
    match node:
        case sp.Trace():
            return sp.expand(_matrix(node.arg, fixed).trace())
        case MatrixElement():
            return sp.expand(_matrix(node.args[0], fixed)[int(node.args[1]), int(node.args[2])])
        case sp.Sum():
            letters = [limit[0] for limit in node.limits]
            ranges = [map(sp.Integer, range(int(limit[1]), int(limit[2]) + 1)) for limit in node.limits]
            places = (dict(zip(letters, choice, strict=True)) for choice in itertools.product(*ranges))
            return sp.Add(*(_scalar(node.function.xreplace(place), fixed) for place in places))
    if not node.args or not node.has(sp.MatrixSymbol, sp.Sum):
        return node
    return node.func(*(_scalar(part, fixed) for part in node.args))

"""Inverses of random matrices: where they and their moments exist, which have cancelled, and what is not known."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sympy as sp

from proofs_check.claims.matrices import Matrices
from proofs_check.claims.matrix_text import claimed
from theory import Gaussian, Haar, InverseWishart, Unitary, Wishart
from theory.ensembles import InvalidArgument

_GENERAL = "inverses are known of a Wishart matrix alone, e.g. S^-1 with --matrix 'S: wishart b scale Sigma, p by p'"


def inverse_conditions(expressions: Iterable[Any], matrices: Matrices) -> dict[str, sp.Expr]:
    """Return where the moments of inverse Wishart matrices are finite: in words, with what must be positive.

    An inverse that cancelled leaves the condition that it exists.

    Parameters
    ----------
    expressions : iterable of sympy.Expr
        What expectations are taken of.
    matrices : Matrices
        The matrices.
    """
    every, found = list(expressions), dict[str, sp.Expr]()
    for matrix, law in matrices.laws.items():
        if not isinstance(law, (Wishart, InverseWishart)):
            continue
        inverse = matrix if isinstance(law, InverseWishart) else sp.Inverse(matrix)
        order = max((degree(expression, inverse) for expression in every), default=0)
        spare = law.dof - matrix.rows - 2 * order + 1
        if order and not spare.is_number:
            found[f"{law.dof} > {matrix.rows + 2 * order - 1}"] = spare
        elif not order and matrix in map(_core, matrices.inverted) and not spare.is_number:
            found[f"{law.dof} >= {matrix.rows}"] = spare
    return found


def invertible(matrices: Matrices) -> list[str]:
    """Return what must be invertible although its inverse may have cancelled, in words.

    Wishart matrices are left to :func:`inverse_conditions`, and orthogonal and unitary ones have their inverse.

    Parameters
    ----------
    matrices : Matrices
        The matrices, after a claim or an expression was read.
    """
    always = (Wishart, InverseWishart, Haar, Unitary)
    bases = dict.fromkeys(map(_core, matrices.inverted))
    return [f"{claimed(base)} is invertible" for base in bases if not isinstance(matrices.laws.get(base), always)]


def require_known_inverses(argument: str, expression: Any, matrices: Matrices) -> None:
    """Refuse an inverse whose mean is not known, and say how one that is known would be written.

    Parameters
    ----------
    argument : str
        The argument's name, with which the error begins.
    expression : sympy.Expr or matrix expression
        What an expectation is taken of.
    matrices : Matrices
        The matrices.

    Raises
    ------
    InvalidArgument
        If there is such an inverse, or one that no matrix with the given sizes has.
    """
    for base in map(_core, matrices.inverted):
        law = matrices.laws.get(base)
        if isinstance(law, (Wishart, InverseWishart)) and (law.dof - base.rows).is_negative:
            problem = f"{base} has no inverse: {law.dof} degrees of freedom and size {base.rows}"
            raise InvalidArgument(argument, problem, "use at least as many degrees of freedom as rows")
    random = set(matrices.laws)
    inverses = [part for part in sp.preorder_traversal(expression) if _is_inverse(part) and part.free_symbols & random]
    for inverse in inverses:
        base = _core(inverse.base)
        if not isinstance(matrices.laws.get(base), (Wishart, InverseWishart)):
            names = ", ".join(sorted(map(str, inverse.free_symbols & random)))
            problem = f"{claimed(inverse)} is no polynomial in {names}"
            raise InvalidArgument(argument, problem, _instead(base, expression, matrices))


def _is_inverse(part: Any) -> bool:
    return isinstance(part, sp.MatPow) and bool(part.exp.is_negative)


def _core(base: Any) -> Any:
    """Return what has an inverse if a whole power of it, or its transpose, has one."""
    while True:
        if isinstance(base, sp.MatMul) and len(matrices := base.as_coeff_matrices()[1]) == 1:
            base = matrices[0]
        elif isinstance(base, (sp.Transpose, sp.MatPow)):
            base = base.args[0]
        else:
            return base


def _instead(base: Any, expression: Any, matrices: Matrices) -> str:
    """Return what may be written instead of an inverse that is not known."""
    law = matrices.laws.get(base)
    if isinstance(law, Haar):
        return f"write {base}.T, which is the inverse"
    if isinstance(law, Unitary):
        return f"write {base}.H, which is the inverse"
    for matrix, law in matrices.laws.items():
        if isinstance(law, Gaussian) and law.mean is None and law.variance == 1:
            squares = (matrix.T * matrix, matrix.rows, law.rowcov, law.colcov)
            for product, dof, across, scale in (squares, (matrix * matrix.T, matrix.cols, law.colcov, law.rowcov)):
                only = not expression.xreplace({product: sp.Identity(product.rows)}).has(matrix)
                if base == product and across is None and only:
                    return _as_wishart(product, dof, scale, matrices)
    return _GENERAL


def _as_wishart(product: Any, dof: Any, scale: Any, matrices: Matrices) -> str:
    name = next(name for name in "SGVZC" if name not in matrices.named)
    law = f"wishart {dof}" + ("" if scale is None else f" scale {scale}")
    declared = f"--matrix '{name}: {law}, {product.rows} by {product.rows}'"
    return f"{claimed(product)} is a Wishart matrix: call it {name}, with {declared}, and write {name}^-1"


def degree(expression: Any, matrix: sp.MatrixSymbol) -> int:
    """Return how many factors of a matrix a product has, at most.

    Parameters
    ----------
    expression : sympy.Expr or matrix expression
        A product, or a sum of them.
    matrix : MatrixSymbol or Inverse
        The matrix, or the inverse of one.

    Examples
    --------
    >>> S = sp.MatrixSymbol("S", 2, 2)
    >>> degree(sp.Trace(S * S.T) * sp.Trace(S), S), degree(S**-3, sp.Inverse(S))
    (3, 3)
    """
    if expression == matrix:
        return 1
    if isinstance(matrix, sp.Inverse) and isinstance(expression, sp.MatPow):
        whole = expression.base == matrix.arg and expression.exp.is_negative
        return int(-expression.exp) if whole else 0
    if isinstance(expression, (sp.Add, sp.MatAdd)):
        return max(degree(part, matrix) for part in expression.args)
    if isinstance(expression, (sp.Pow, sp.MatPow)):
        return int(degree(expression.base, matrix) * expression.exp) if expression.exp.is_number else 0
    return sum(degree(part, matrix) for part in expression.args)

"""Formulas with matrices as Python functions of NumPy arrays."""

from __future__ import annotations

import keyword
from typing import Any

import sympy as sp
from sympy.matrices.expressions.diagonal import DiagMatrix, DiagonalOf
from sympy.matrices.expressions.matexpr import MatrixElement

from theory.ensembles import InvalidArgument


def as_numpy(expression: Any, name: str) -> str:
    """Return a number or a matrix as a function of the matrices and letters in it.

    Parameters
    ----------
    expression : sympy.Expr or matrix expression
        What the function returns.
    name : str
        The function's name.

    Raises
    ------
    InvalidArgument
        If it has no counterpart in NumPy.

    Examples
    --------
    >>> n = sp.Symbol("n")
    >>> A = sp.MatrixSymbol("A", n, n)
    >>> print(as_numpy(sp.Trace(A) * A.T / n, "mean"), end="")
    import numpy as np
    <BLANKLINE>
    <BLANKLINE>
    def mean(A, n):
        return (np.trace(A)/n)*A.T
    """
    free = sorted(expression.free_symbols, key=str)
    safe = {symbol: _safe(str(symbol)) for symbol in free}
    code = _Code(safe).of(expression)
    return f"import numpy as np\n\n\ndef {name}({', '.join(safe.values())}):\n    return {code}\n"


def _safe(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) or name == "np" else name


class _Code:
    """Writes parts of a formula; the names of symbols are given."""

    def __init__(self, names: dict[Any, str]) -> None:
        self.names = names

    def of(self, node: Any) -> str:
        return self.matrix(node) if getattr(node, "is_Matrix", False) else self.scalar(node)

    def scalar(self, node: Any) -> str:
        """Write a number; traces and entries are letters for SymPy's own printer, which are code already."""
        if node.atoms(sp.Sum):
            raise InvalidArgument("format", "a sum over indices has no matrix product", "use --format json")
        parts = {part: sp.Symbol(f"np.trace({self.matrix(part.arg)})") for part in node.atoms(sp.Trace)}
        for part in node.atoms(MatrixElement):
            parent, row, column = part.args
            where = f"[{self.scalar(row)}, {self.scalar(column)}]"
            parts[part] = sp.Symbol(f"({self.matrix(parent)}){where}")
        parts |= {symbol: sp.Symbol(name) for symbol, name in self.names.items() if not symbol.is_Matrix}
        return str(sp.pycode(node.xreplace(parts), fully_qualified_modules=False)).replace("math.", "np.")

    def matrix(self, node: Any) -> str:
        match node:
            case sp.MatrixSymbol():
                return self.names[node]
            case sp.MatrixBase():
                return f"np.array({[[self.scalar(entry) for entry in row] for row in node.tolist()]})".replace("'", "")
            case sp.Identity():
                return f"np.eye({self.scalar(node.rows)})"
            case sp.ZeroMatrix() | sp.OneMatrix():
                kind = "zeros" if isinstance(node, sp.ZeroMatrix) else "ones"
                return f"np.{kind}(({', '.join(self.scalar(size) for size in node.shape)}))"
            case sp.MatMul():
                number = sp.Mul(*(part for part in node.args if not part.is_Matrix))
                product = " @ ".join(self.bracketed(part) for part in node.args if part.is_Matrix)
                return product if number == 1 else f"({self.scalar(number)})*{self.grouped(product)}"
            case sp.MatAdd():
                return " + ".join(map(self.matrix, node.args))
            case sp.Inverse():
                return f"np.linalg.inv({self.matrix(node.arg)})"
            case sp.MatPow():
                return f"np.linalg.matrix_power({self.matrix(node.base)}, {node.exp})"
            case sp.Transpose():
                return f"{self.bracketed(node.arg)}.T"
            case sp.Adjoint():
                return f"np.conj({self.bracketed(node.arg)}).T"
            case sp.HadamardProduct():
                return "*".join(self.bracketed(part) for part in node.args)
            case sp.HadamardPower():
                return f"{self.bracketed(node.base)}**{node.exp}"
            case DiagonalOf():
                return f"np.diag({self.matrix(node.arg)})[:, None]"
            case DiagMatrix():
                (inside,) = node.args
                return f"np.diag(({self.matrix(inside)})[:, 0])"
        problem = f"{type(node).__name__} has no counterpart in NumPy"
        raise InvalidArgument("format", problem, "use --format json")

    def bracketed(self, node: Any) -> str:
        whole = isinstance(node, (sp.MatMul, sp.MatAdd, sp.HadamardProduct, sp.HadamardPower))
        return f"({self.matrix(node)})" if whole else self.matrix(node)

    def grouped(self, product: str) -> str:
        return f"({product})" if " @ " in product else product

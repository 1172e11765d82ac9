"""Expectations of matrices as text that a claim may have: tr(A), A.T, I, ones(n, m), diag(A), hadamard(A, B)."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.matrices.expressions.diagonal import DiagMatrix, DiagonalOf
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.printing.latex import LatexPrinter
from sympy.printing.str import StrPrinter

from proofs_check.claims.matrices import is_matrix
from proofs_check.claims.syntax import Node, parse_formula
from theory.ensembles import InvalidArgument

_MOST_BITS = 13_000
"""Of a whole number in an answer: Python prints no more than 4,300 digits."""


class _ClaimPrinter(StrPrinter):  # type: ignore[misc]  # SymPy has no types
    """Prints what the grammar of claims reads back."""

    def _print_Trace(self, node: Any) -> str:
        return f"tr({self._print(node.arg)})"

    def _print_MatrixElement(self, node: Any) -> str:
        parent, row, column = node.args
        if parent.shape == (1, 1):
            return f"({self._print(parent)})"
        return f"({self._print(parent)})[{self._print(row)}, {self._print(column)}]"

    def _print_Identity(self, node: Any) -> str:
        return f"I_{node.rows}" if node.rows.is_Symbol else "I"

    def _print_OneMatrix(self, node: Any) -> str:
        return f"ones({', '.join(map(self._print, node.shape))})"

    def _print_ZeroMatrix(self, node: Any) -> str:
        return "0"

    def _print_DiagMatrix(self, node: Any) -> str:
        (inside,) = node.args
        return f"diag({self._print(inside.arg if isinstance(inside, DiagonalOf) else inside)})"

    def _print_DiagonalOf(self, node: Any) -> str:
        return f"(diag({self._print(node.arg)})*ones({self._print(node.shape[0])}, 1))"

    def _print_HadamardPower(self, node: Any) -> str:
        return f"hadamard({', '.join([self._print(node.base)] * int(node.exp))})"

    def _print_HadamardProduct(self, node: Any) -> str:
        return f"hadamard({', '.join(map(self._print, node.args))})"

    def _print_Adjoint(self, node: Any) -> str:
        return f"{self._atom(node.arg)}.H"

    def _print_Transpose(self, node: Any) -> str:
        return f"{self._atom(node.arg)}.T"

    def _print_Inverse(self, node: Any) -> str:
        return f"{self._atom(node.arg)}^-1"

    def _print_MatPow(self, node: Any) -> str:
        return f"{self._atom(node.base)}^{self._print(node.exp)}"

    def _print_MatMul(self, node: Any) -> str:
        scalars = [factor for factor in node.args if not is_matrix(factor)]
        matrices = [factor for factor in node.args if is_matrix(factor)]
        parts = [self._atom(factor) for factor in matrices]
        number = sp.Mul(*scalars)
        if number == 1 or not matrices:
            return "*".join(parts)
        if number == -1:
            return f"-{'*'.join(parts)}"
        above, below = _lowest_terms(number).as_numer_denom()
        text = "*".join(([] if above == 1 else [self._factor(above)]) + parts)
        return text if below == 1 else f"{text}/{self._divisor(below)}"

    def _print_MatAdd(self, node: Any) -> str:
        out = ""
        for text in map(self._print, node.args):
            out += text if not out else f" - {text[1:]}" if text.startswith("-") else f" + {text}"
        return out

    def _factor(self, number: sp.Expr) -> str:
        return f"({self._print(number)})" if number.is_Add else self._print(number)

    def _divisor(self, number: sp.Expr) -> str:
        text = self._print(number)
        return text if number.is_Symbol or number.is_Integer else f"({text})"

    def _atom(self, matrix: Any) -> str:
        text = self._print(matrix)
        return f"({text})" if isinstance(matrix, (sp.MatMul, sp.MatAdd)) else text


class _LatexPrinter(LatexPrinter):  # type: ignore[misc]  # SymPy has no types
    """Prints matrices as they are written in LaTeX, with the functions of the grammar of claims by their names."""

    def _print_Identity(self, node: Any) -> str:
        return f"I_{{{self._print(node.rows)}}}"

    def _print_OneMatrix(self, node: Any) -> str:
        return rf"\operatorname{{ones}}\left({', '.join(map(self._print, node.shape))}\right)"

    def _print_DiagMatrix(self, node: Any) -> str:
        (inside,) = node.args
        inside = inside.arg if isinstance(inside, DiagonalOf) else inside
        return rf"\operatorname{{diag}}\left({self._print(inside)}\right)"

    def _print_DiagonalOf(self, node: Any) -> str:
        ones = sp.OneMatrix(node.shape[0], 1)
        return rf"\left({self._print(DiagMatrix(node))} {self._print(ones)}\right)"

    def _print_MatrixElement(self, node: Any) -> str:
        if node.parent.shape == (1, 1):
            return rf"\left({self._print(node.parent)}\right)"
        return str(super()._print_MatrixElement(node))


def in_latex(expression: Any) -> str:
    r"""Return a number or a matrix in LaTeX.

    Parameters
    ----------
    expression : sympy.Expr or matrix expression
        What is written.

    Examples
    --------
    >>> n = sp.Symbol("n", integer=True, positive=True)
    >>> print(in_latex(sp.MatrixSymbol("A", n, n) + sp.OneMatrix(n, n)))
    A + \operatorname{ones}\left(n, n\right)
    """
    return str(_LatexPrinter().doprint(expression))


def _lowest_terms(number: sp.Expr) -> sp.Expr:
    """Return a sum of fractions as one fraction in lowest terms, with traces and forms as letters."""
    parts = number.atoms(sp.Trace, MatrixElement)
    names = {part: sp.Dummy() for part in sorted(parts, key=sp.default_sort_key)}
    plain = number.xreplace(names)
    return (sp.factor(plain) if plain.is_Add else plain).xreplace({name: part for part, name in names.items()})


def require_printable(argument: str, expression: Any) -> None:
    """Refuse numbers with more digits than Python prints.

    Parameters
    ----------
    argument : str
        The argument's name, with which the error begins.
    expression : sympy.Expr or matrix expression
        Where the numbers stand.

    Raises
    ------
    InvalidArgument
        If there is one.

    Examples
    --------
    >>> require_printable("claim", sp.Integer(10) ** 3000)
    """
    numbers = expression.atoms(sp.Rational)
    if any(max(abs(number.p), number.q).bit_length() > _MOST_BITS for number in numbers):
        raise InvalidArgument(argument, "a number has more than 3,900 digits", "use a letter for it")


def mean_of(text: str) -> str:
    """Return the mean of a number as a claim may have it: with brackets, unless it is one term that is read without.

    Parameters
    ----------
    text : str
        The number, in the grammar of claims.

    Examples
    --------
    >>> mean_of("tr(W)^2"), mean_of("tr(W)*tr(A*W)"), mean_of("(x.T*A*x)^3")
    ('E tr(W)^2', 'E[tr(W)*tr(A*W)]', 'E[(x.T*A*x)^3]')
    """
    inside = parse_formula(text)[0]
    try:
        whole = parse_formula(f"E {text}")[0]
    except InvalidArgument:  # E (...)^3 can be read in two ways
        return f"E[{text}]"
    bare = (
        inside.kind in ("call", "norm", "pow") and whole.kind == "statistic" and _tree(whole.parts[0]) == _tree(inside)
    )
    return f"E {text}" if bare else f"E[{text}]"


def _tree(node: Node) -> tuple[Any, ...]:
    """Return what a node is, wherever it stands."""
    return node.kind, node.value, node.sub, *map(_tree, node.parts)


def claimed(expression: Any) -> str:
    """Return a number or a matrix as text in the grammar of claims.

    Parameters
    ----------
    expression : sympy.Expr or matrix expression
        What is written.

    Examples
    --------
    >>> n = sp.Symbol("n", integer=True, positive=True)
    >>> A = sp.MatrixSymbol("A", n, n)
    >>> claimed(sp.MatMul(sp.Trace(A) / n, sp.Identity(n)) + A.T * A)
    'tr(A)*I_n/n + A.T*A'
    """
    return str(_ClaimPrinter().doprint(expression)).replace("**", "^")

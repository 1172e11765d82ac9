"""Expectations of polynomials in random matrices: one matrix at a time, on sums of products of entries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy as sp

from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import nearest
from theory.matrix_expectations.calculation import Calculation
from theory.matrix_expectations.matrix_laws import (
    ComplexGaussian,
    Gaussian,
    Haar,
    InverseWishart,
    Mask,
    MatrixLaw,
    Symmetric,
    Unitary,
    Wishart,
    is_matrix,
)
from theory.matrix_expectations.parsing import Known, parse
from theory.matrix_expectations.scalars import exact_scalar


def expectation(expression: Any, laws: Mapping[sp.MatrixSymbol, MatrixLaw]) -> sp.Expr:
    r"""Derive the expectation of a polynomial in independent random matrices.

    Parameters
    ----------
    expression : sympy.Expr or matrix expression
        Sums, products and whole powers of traces, of 1x1 products such as ``x.T*W.T*W*x``, of entries such as
        ``Q[0, 0]`` or ``(x.T*W*x)[0, 0]``, and of sums of entries over whole ranges of indices; or a matrix such as
        ``X.T*A*X*B``. The matrices may be rectangular, their dimensions symbols or numbers; transposes, Hadamard
        products and powers, diagonal matrices, explicit matrices, conjugates (``Adjoint(Z)``) and inverses of Wishart
        matrices may occur.
    laws : mapping of MatrixSymbol to law
        The law of each random matrix: :class:`Iid`, :class:`Entries` (not centred), :class:`Gaussian` (with a mean and
        covariances), :class:`ComplexGaussian`, :class:`Haar`, :class:`Unitary`, :class:`Wishart`,
        :class:`InverseWishart` or :class:`Mask`. :class:`Symmetric` marks a fixed one. All other symbols are fixed.

    Returns
    -------
    sympy.Expr or matrix expression
        The exact expectation, a matrix where the expression is one and not 1x1: rational functions of dimensions and
        parameters, times traces and forms and products of the fixed matrices, with equal terms collected. The sum of
        the x_i^4 is written ``(HadamardPower(x.T, 2)*HadamardPower(x, 2))[0, 0]``, and that of the x_i^3
        ``(x.T*HadamardPower(x, 2))[0, 0]``. What has no such form is a :class:`sympy.Sum` over indices, or a
        :class:`sympy.FunctionMatrix` of such sums.

    Raises
    ------
    InvalidArgument
        If the expression is no polynomial in the random matrices, or dimensions do not match; if a law is given for a
        symbol that does not occur, does not fit its matrix, or has an unknown or infinite moment; if a product has more
        than 8 factors of one Haar matrix or 4 of an inverse Wishart matrix; or if an average would take minutes, as for
        more than 12 normal factors of one matrix among different ones.

    Notes
    -----
    A product of traces and forms is a sum over indices, and averaging over one matrix makes some of them equal.
    Independent entries become blocks of equal entries, weighted by joint cumulants. A Haar matrix pairs the row indices
    and pairs the column indices, weighted by the Weingarten function; an inverse Wishart matrix pairs all its indices.
    Complex entries are paired with conjugated ones. A matrix is read off a sum whose row and column index are left
    open. After each matrix equal sums are collected, by a
    canonical form of their index graphs, so the cost of a product of L matrices grows linearly with L. Nothing of
    :mod:`theory.moments.transfer` is used, so the two may be compared.

    Where dimensions are numbers, write ``x.T*W*x`` or its trace rather than ``(x.T*W*x)[0, 0]``, which SymPy expands.

    References
    ----------
    P. McCullagh, *Tensor Methods in Statistics*, 1987, ch. 2-3, has the cumulants; B. Collins and P. Sniady,
    arXiv:math-ph/0402073, have the Weingarten function.

    Examples
    --------
    >>> from theory.matrix_expectations import Gaussian, Haar, Wishart
    >>> n, m = sp.symbols("n m", integer=True, positive=True)
    >>> W, Q, S = sp.MatrixSymbol("W", n, m), sp.MatrixSymbol("Q", n, n), sp.MatrixSymbol("S", n, n)
    >>> A, x = sp.MatrixSymbol("A", n, n), sp.MatrixSymbol("x", m, 1)
    >>> expectation((x.T * W.T * W * x) ** 2, {W: Gaussian(1 / n)})
    (n + 2)*(x.T*x)[0, 0]**2/n
    >>> expectation(sp.Trace(Q * A * Q.T * A), {Q: Haar()})
    Trace(A)**2/n
    >>> expectation(Q[0, 0] ** 4, {Q: Haar()})
    3/(n*(n + 2))
    >>> expectation(sp.Trace(S) ** 2, {S: Wishart(m)})
    m*n*(m*n + 2)
    >>> Sigma = sp.MatrixSymbol("Sigma", n, n)
    >>> expectation(S * A * S, {S: Wishart(m, Sigma)})
    m**2*Sigma*A*Sigma + m*Sigma*A.T*Sigma + (m*Trace(A*Sigma))*Sigma
    """
    expression = _read(expression)
    _require_laws(laws, expression)
    random = {symbol: law for symbol, law in laws.items() if not isinstance(law, Symmetric)}
    known = Known(
        {symbol: law.mean for symbol, law in random.items() if isinstance(law, Gaussian) and law.mean is not None},
        frozenset(symbol for symbol, law in random.items() if isinstance(law, (Wishart, InverseWishart))),
        frozenset(symbol for symbol, law in laws.items() if not isinstance(law, (ComplexGaussian, Unitary))),
    )
    monomials, letters = parse(expression, random.keys(), known)
    return Calculation.of(monomials, letters, laws).result()


def _read(expression: Any) -> Any:
    if isinstance(expression, sp.MatrixBase):
        expression = expression.as_immutable()
    return expression if getattr(expression, "is_Matrix", False) else exact_scalar("expression", expression)


def _require_laws(laws: Any, expression: Any) -> None:
    """Refuse laws of wrong shapes, and laws of what does not occur, as a misspelled symbol would go unnoticed."""
    if not isinstance(laws, Mapping):
        raise InvalidArgument("laws", f"must be a mapping, got {laws!r}", "such as {W: Gaussian(1/n)}")
    symbols = {str(symbol): symbol for symbol in expression.free_symbols if isinstance(symbol, sp.MatrixSymbol)}
    for symbol, law in laws.items():
        if not isinstance(symbol, sp.MatrixSymbol):
            raise InvalidArgument("laws", f"{symbol!r} is no MatrixSymbol", "use the symbols of the expression as keys")
        shape = "x".join(map(str, symbol.shape))
        if symbols.get(symbol.name) != symbol:
            problem = f"the {shape} matrix {symbol} does not occur in the expression, or has cancelled"
            raise InvalidArgument("laws", problem, nearest(symbol.name, sorted(symbols)))
        if not isinstance(law, MatrixLaw):
            raise InvalidArgument("laws", f"{law!r} is no law of {symbol}", f"use {', '.join(_LAWS)}")
        if isinstance(law, _SQUARE) and sp.expand(symbol.rows - symbol.cols) != 0:
            name = type(law).__name__
            raise InvalidArgument("laws", f"{symbol} is {shape}, and {name} needs a square matrix", "make it square")
        for part, matrix, size in _parts(symbol, law):
            if any(sp.expand(one - other) != 0 for one, other in zip(matrix.shape, size, strict=True)):
                got, wanted = ("x".join(map(str, shape)) for shape in (matrix.shape, size))
                raise InvalidArgument("laws", f"the {part} of {symbol} is {got}", f"it must be {wanted}")
            if held := {other for other, its in laws.items() if not isinstance(its, Symmetric)} & matrix.free_symbols:
                names = ", ".join(sorted(map(str, held)))
                raise InvalidArgument("laws", f"the {part} of {symbol} has the random matrix {names}", "use fixed ones")


_SQUARE = (Haar, Unitary, Wishart, InverseWishart, Mask, Symmetric)
_LAWS = tuple(law.__name__ for law in MatrixLaw.__args__)


def _parts(symbol: sp.MatrixSymbol, law: MatrixLaw) -> list[tuple[str, Any, tuple[sp.Expr, sp.Expr]]]:
    """Return the matrices in a law, with the shapes that they must have."""
    rows, columns = symbol.shape
    match law:
        case Gaussian():
            parts = [
                ("mean", law.mean, (rows, columns)),
                ("rowcov", law.rowcov, (rows, rows)),
                ("colcov", law.colcov, (columns, columns)),
            ]
        case Wishart() | InverseWishart():
            parts = [("scale", law.scale, (rows, rows))]
        case _:
            parts = []
    return [part for part in parts if is_matrix(part[1])]

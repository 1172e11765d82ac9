"""Asks for the mean of a product of random matrices, a number or a matrix."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from proofs_check.answers.formats import parsable, versions
from proofs_check.answers.numpy_code import as_numpy
from proofs_check.claims.latex import from_latex
from proofs_check.claims.matrices import Matrices, is_matrix
from proofs_check.claims.matrix_claims import assumptions, least_sizes
from proofs_check.claims.matrix_inverses import inverse_conditions, invertible, require_known_inverses
from proofs_check.claims.matrix_names import POLYNOMIALS, names_in
from proofs_check.claims.matrix_text import claimed, in_latex, mean_of, require_printable
from proofs_check.claims.number_reader import NumberReader
from proofs_check.claims.syntax import Node, parse_formula
from theory import expectation
from theory.ensembles import Ensemble, InvalidArgument


@dataclass(frozen=True, repr=False)
class MatrixMean:
    """The mean of a product of random matrices.

    Parameters
    ----------
    expression : str
        What the mean is taken of, as it was given.
    read : sympy.Expr or matrix expression
        The same as it was read.
    exact : sympy.Expr or matrix expression
        The mean, a matrix where the expression is one.
    assumptions : tuple of str
        The laws, the fixed matrices, and for which sizes the answer holds.
    """

    expression: str
    read: Any
    exact: Any
    assumptions: tuple[str, ...]

    @property
    def statement(self) -> str:
        """The left-hand side, as it is written in a claim."""
        return f"E[{self.expression}]" if is_matrix(self.exact) else mean_of(self.expression)

    def __repr__(self) -> str:
        return f"<MatrixMean: {self.statement} = {claimed(self.exact)}>"

    def __str__(self) -> str:
        return as_text(self)

    def _repr_latex_(self) -> str:
        return f"${equation(self)}$"


def expect(
    expression: str, matrices: Sequence[str], values: Mapping[str, Any] | None = None, *, latex: bool = False
) -> MatrixMean:
    """Return the mean of a product of random matrices.

    Parameters
    ----------
    expression : str
        A number or a matrix in the grammar of claims, such as ``tr(W*A*W.T*B)`` or ``X.T*A*X``. Matrices that are not
        declared are fixed, and have the shape that their neighbours need.
    matrices : sequence of str
        Declarations such as ``W: normal 1/n, n by n`` or ``X: normal colcov Sigma, b by p``.
    values : mapping, optional
        Numbers for letters, such as ``{"n": 4}``.
    latex : bool
        Whether the expression is written in LaTeX.

    Returns
    -------
    MatrixMean

    Raises
    ------
    InvalidArgument
        If the expression or a declaration cannot be read, sizes do not fit, or the mean is infinite or not known.

    Examples
    --------
    >>> expect("tr(W*A*W.T*B)", ["W: normal 1/n, n by n"])
    <MatrixMean: E tr(W*A*W.T*B) = tr(A)*tr(B)/n>
    >>> expect("S*A*S", ["S: wishart 4 scale Sigma, p by p"])
    <MatrixMean: E[S*A*S] = 4*tr(A*Sigma)*Sigma + 4*Sigma*A.T*Sigma + 16*Sigma*A*Sigma>
    """
    if isinstance(matrices, str) or not matrices:
        raise InvalidArgument("matrix", "names no random matrix", "use e.g. --matrix 'W: normal 1/n, n by n'")
    known = Matrices.declared(matrices, values)
    try:
        node, source = parse_formula(from_latex(expression, known.names) if latex else expression)
        reader = _Reader(Ensemble(width="n", depth="L"), source, known)
        inner = node.parts[0] if node.kind == "statistic" and node.value == "E" else node
        known.infer(inner)
        read = known.value(inner, reader)
        require_printable("expression", read)
        require_known_inverses("expression", read, known)
        mean = expectation(read, known.laws_in(read))
        require_printable("expression", mean)
    except InvalidArgument as bad:
        raise InvalidArgument("expression", bad.problem, bad.remedy) from None
    if unused := [str(matrix) for matrix in known.laws if str(matrix) not in names_in(inner)]:
        problem = f"the random matrix {unused[0]} does not occur in it"
        raise InvalidArgument("expression", problem, "leave its declaration out, or check its name")
    shown = source.text[inner.start : inner.end]
    holds = list(inverse_conditions([read], known))
    holds += [f"{size} >= {least}" for size, least in least_sizes([read], known).items() if least > 1]
    told = [*assumptions(known), *(f"{name} = {value}" for name, value in (values or {}).items())]
    told += invertible(known)
    told += [f"this is so for {condition}" for condition in holds]
    return MatrixMean(shown, read, mean, tuple(told))


class _Reader(NumberReader):
    """Reads numbers in which no statistic stands, as the mean is taken of the whole."""

    def special(self, node: Node) -> sp.Expr:
        """Read a trace or a norm."""
        if node.kind == "statistic" and node.value != "E":
            parts = "ask for the means that it is made of, such as those of tr(W)^2 and tr(W)"
            remedy = parts if node.value in ("Var", "Cov", "Corr", "kurtosis") else POLYNOMIALS
            raise self.refuse(node, f"{node.value} is not known here, only means are", remedy)
        if node.kind == "statistic":
            raise self.refuse(node, "a mean inside of a mean", "leave the E out: the mean is taken of the whole")
        return super().special(node)


def as_text(answer: MatrixMean) -> str:
    """Return a mean for a person: the equation, which may be pasted into a claim, and what it assumes."""
    lines = [f"{answer.statement} = {claimed(answer.exact)}"]
    return "\n".join([*lines, *(f"assuming: {text}" for text in answer.assumptions)])


def equation(answer: MatrixMean) -> str:
    """Return a mean as one LaTeX equation, without delimiters."""
    return rf"\mathbb{{E}}\left[{in_latex(answer.read)}\right] = {in_latex(answer.exact)}"


def as_latex(answer: MatrixMean) -> str:
    """Return a mean as one LaTeX equation, without delimiters, after comments on what it assumes."""
    return "\n".join([*(f"% {text}" for text in answer.assumptions), equation(answer)])


def as_python(answer: MatrixMean) -> str:
    """Return a mean as a Python function of NumPy arrays and numbers.

    Raises
    ------
    InvalidArgument
        If the formula has no counterpart in NumPy.
    """
    made_by = ", ".join(f"{name} {number}" for name, number in versions().items())
    lines = (f"{answer.statement} = {claimed(answer.exact)}", *answer.assumptions, made_by)
    return "".join(f"# {line}\n" for line in lines) + as_numpy(answer.exact, "mean")


def as_json(answer: MatrixMean) -> str:
    """Return a mean as JSON; ``exact`` is a string that SymPy parses, given the matrices and letters by their names."""
    free = sorted(answer.exact.free_symbols, key=str)
    data = {
        "statement": answer.statement,
        "formula": claimed(answer.exact),
        "exact": parsable(answer.exact),
        "latex": equation(answer),
        "shape": [str(size) for size in answer.exact.shape] if is_matrix(answer.exact) else None,
        "assumptions": list(answer.assumptions),
        "matrices": {str(m): [str(size) for size in m.shape] for m in free if is_matrix(m)},
        "symbols": [str(letter) for letter in free if not is_matrix(letter)],
        "versions": versions(),
    }
    return json.dumps(data, allow_nan=False)

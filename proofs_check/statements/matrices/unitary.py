"""Haar unitary matrices: a word with two factors and two adjoints."""

from __future__ import annotations

from functools import partial

import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.domain import EVERYWHERE
from proofs_check.evidence import Enumerated, Obligation, Proved
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.toolkit.matrix_traces import letter, lettered, times, trace, transpose, without_symmetry
from theory import Unitary, expectation, symbols

UNIFORM = Assumption("U is uniform on the unitary n by n matrices, n >= 2; A, B, C and D are any fixed matrices")


def unitary_word(*, below: int = 1, apart: int = 1) -> sp.Expr:
    """E tr(U A U* B U C U* D) = (n (a c BD + AC b d) - (a b c d + AC BD))/(n (n^2 - 1)), letters being traces."""
    n = symbols.whole("n")
    a, b, c, d, ac, bd = (letter(*name) for name in ("A", "B", "C", "D", "AC", "BD"))
    return (n * (a * c * bd + ac * b * d) - apart * (a * b * c * d + ac * bd)) / (n * (n**2 - below))


_NAMES = ("A", "B", "C", "D", "AC", "BD")


def _by_weingarten(claim: Claim) -> list[Obligation]:
    """The calculus permutes rows and columns, weighted by the unitary Weingarten function; n = m + 1."""
    n, m = symbols.whole("n"), symbols.whole("m")
    U, A, B, C, D = (sp.MatrixSymbol(name, n, n) for name in "UABCD")
    adjoint = sp.Adjoint(U)
    derived = expectation(sp.Trace(U * A * adjoint * B * U * C * adjoint * D), {U: Unitary()})
    products = {letter(*name): word for name, word in zip(_NAMES, (A, B, C, D, A * C, B * D), strict=True)}
    return [Obligation("Weingarten", lettered(derived, products), claim(), where=((n, m + 1),))]


def clifford() -> list[tuple[list[list[complex]], int]]:
    """Return the 24 unitary matrices that Hadamard's and the phase gate generate, up to phases: a unitary 3-design.

    Each is a matrix of Gaussian integers, which floats hold exactly, and the square of what it is divided by.

    Examples
    --------
    >>> len(clifford())
    24
    """
    gates: list[tuple[list[list[complex]], int]] = [([[1, 1], [1, -1]], 2), ([[1, 0], [0, 1j]], 1)]
    new: list[tuple[list[list[complex]], int]] = [([[1, 0], [0, 1]], 1)]
    found: dict[tuple[complex, ...], tuple[list[list[complex]], int]] = {}
    while new:
        matrix, square = new.pop()
        while square > 2 or (square == 2 and _is_even(matrix)):
            matrix, square = [[entry / (1 + 1j) for entry in row] for row in matrix], square // 2
        flat = [entry for row in matrix for entry in row]
        first = next(entry for entry in flat if entry)
        key = tuple(entry * first.conjugate() for entry in map(complex, flat))
        if key not in found:
            found[key] = matrix, square
            new += [(times(gate, matrix), square * more) for gate, more in gates]
    return list(found.values())


def _is_even(matrix: list[list[complex]]) -> bool:
    """Whether all entries are multiples of 1 + i."""
    return all((complex(entry).real + complex(entry).imag) % 2 == 0 for row in matrix for entry in row)


def _matrices() -> dict[str, list[list[int]]]:
    return {name: without_symmetry(2, 2, seed) for seed, name in enumerate("ABCD")}


def _every_clifford(size: int) -> sp.Expr:
    known, total = _matrices(), sp.S.Zero
    for matrix, square in clifford():
        adjoint = [[complex(entry).conjugate() for entry in row] for row in transpose(matrix)]
        word = times(matrix, known["A"], adjoint, known["B"], matrix, known["C"], adjoint, known["D"])
        value = complex(trace(word))
        total += (sp.Integer(round(value.real)) + sp.I * sp.Integer(round(value.imag))) / square**2
    return sp.expand(total / 24)


def _at_numbers(claim: Claim, size: int) -> sp.Expr:
    known = _matrices()
    values = {letter(*name): sp.Integer(trace(times(*(known[factor] for factor in name)))) for name in _NAMES}
    return claim().xreplace({**values, symbols.whole("n"): sp.Integer(size)})


UNITARY_HAAR = Statement(
    id="matrices.unitary-haar",
    title="E[U A U* B U C U*] of a Haar unitary matrix, by traces of A, C and AC.",
    latex=(
        r"\mathbb E[UAU^*BUCU^*]=\frac{n\operatorname{tr}A\operatorname{tr}C-\operatorname{tr}AC}{n(n^2-1)}\,B"
        r"+\frac{n\operatorname{tr}AC-\operatorname{tr}A\operatorname{tr}C}{n(n^2-1)}\operatorname{tr}(B)\,I"
    ),
    source="B. Collins and P. Sniady, arXiv:math-ph/0402073; M. Novaes, arXiv:1406.2182",
    assumptions=(UNIFORM,),
    claim=unitary_word,
    evidence=(
        Proved("the unitary Weingarten function, against any fourth matrix", _by_weingarten, "all n >= 2"),
        Enumerated(
            "the Clifford group, a unitary 3-design",
            ((2,),),
            _every_clifford,
            label=lambda size: f"n = {size}",
            apply=_at_numbers,
            covers="n = 2",
        ),
    ),
    mutants=(
        Mutant("n^2 - 2 for n^2 - 1", partial(unitary_word, below=2)),
        Mutant("the negative terms twice", partial(unitary_word, apart=2)),
    ),
    domain=EVERYWHERE,
)

STATEMENTS = (UNITARY_HAAR,)

"""Claims about expectations of products of matrices, such as E tr(W*A*W.T*A) = tr(A)^2/n: decided by the calculus."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import sympy as sp

from proofs_check.claims.checked import Checked, Judgement, Sharpness
from proofs_check.claims.conditions import Condition
from proofs_check.claims.counterexamples import Counterexample
from proofs_check.claims.matrices import Matrices, is_matrix
from proofs_check.claims.matrix_inverses import degree, inverse_conditions, invertible, require_known_inverses
from proofs_check.claims.matrix_text import claimed as as_claim
from proofs_check.claims.matrix_text import require_printable
from proofs_check.claims.meaning import Meaning, understand
from proofs_check.claims.mutants import variants
from proofs_check.claims.random_numbers import MatrixExpectation
from proofs_check.verdict import Verdict
from theory import Haar, Unitary, expectation
from theory.balls import enclose
from theory.ensembles import Ensemble, InvalidArgument

_SIZES = 3
_MOST_SIZES = 65


def check_matrices(claim: str, net: Ensemble, matrices: Matrices, began: float, *, compare: bool = True) -> Checked:
    """Check an equation between expectations of matrix products.

    Parameters
    ----------
    claim : str
        The claim.
    net : Ensemble
        An ensemble, which does not matter.
    matrices : Matrices
        The random and the fixed matrices.
    began : float
        When the check began, by the monotonic clock.
    compare : bool
        Whether nearby false variants of the claim are tried on the same evidence.

    Raises
    ------
    InvalidArgument
        If the claim is no equation, or has no expectation that can be derived.
    """
    meaning = understand(claim, net, matrices)
    for side in (meaning.left, meaning.right):
        require_printable("claim", side)
    if meaning.relation != "=" or meaning.remainder is not None:
        raise meaning.source.refused(0, "of matrix products only equations are known here", "use =")
    for side in (meaning.left, meaning.right):
        if side.atoms(sp.MatrixSymbol) & set(matrices.laws):
            raise meaning.source.refused(0, "a random matrix stands outside E", "put it inside: E[...]")
    derived = _derived(meaning, meaning.left, matrices)
    claimed = _derived(meaning, meaning.right, matrices)
    letters = sorted(matrices.letters, key=str)
    scope = f"all {', '.join(letters)} and all fixed matrices" if letters else "matrices of these sizes"
    scope += _haar_sizes(meaning, matrices)
    finite = inverse_conditions([s.expression for s in meaning.statistics.values()], matrices)  # type: ignore[attr-defined]
    scope += "".join(f", {condition}" for condition in [*finite, *invertible(matrices)])
    unproved = [condition for condition in meaning.conditions if not condition.proved(lambda number: number)]
    scope += ", wherever both sides have a value" if unproved else ""
    least = least_sizes_of(meaning, matrices)
    missing = _without_value(unproved, matrices, finite, least)
    tier = "derived"
    example = None
    if missing:
        judgement = Judgement(Verdict.INCONCLUSIVE, f"as a claim for {scope}", ((tier, missing),))
    elif _is_same(derived, claimed, matrices):
        judgement = Judgement(Verdict.SUPPORTED, scope, ((tier, "both sides have one canonical form"),))
    else:
        example = _witness(derived, claimed, matrices, least, finite)
        verdict = Verdict.REFUTED if example else Verdict.INCONCLUSIVE
        says = "the canonical forms differ, and so do the numbers" if example else "the canonical forms differ"
        judgement = Judgement(verdict, f"as a claim for {scope}", ((tier, says),), example)
    supported = judgement.verdict is Verdict.SUPPORTED
    return Checked(
        claim=claim,
        net=net,
        judgement=judgement,
        left=meaning.written(meaning.left) if not is_matrix(meaning.left) else as_claim(meaning.named(meaning.left)),
        right=_written(meaning),
        relation="=",
        derived=derived,
        ratio=None,
        assumptions=assumptions(matrices),
        sharpness=_sharpness(meaning, net, matrices, claimed) if supported and compare else Sharpness(),
        seconds=time.monotonic() - began,
        about="matrices",
    )


def _without_value(
    conditions: Iterable[Condition],
    matrices: Matrices,
    finite: Mapping[str, sp.Expr],
    least: Mapping[sp.Expr, int],
) -> str:
    """Return sizes at which a side has no value, in words; those with traces of fixed matrices are left open."""
    plain = [one for one in conditions if one.letters <= set(matrices.letters.values())]
    for size in range(1, _MOST_SIZES):
        point = _raised(dict.fromkeys(matrices.letters.values(), sp.Integer(size)), finite)
        if point is None or any(point[letter] < number for letter, number in least.items()):
            continue  # what is derived does not hold there
        for one in plain:
            problem = one.broken(partial(_exactly, point))
            if problem:
                where = ", ".join(f"{letter} = {value}" for letter, value in point.items())
                return f"no value at {where}: {problem}"
    return ""


def _raised(point: dict[Any, sp.Expr], finite: Mapping[str, sp.Expr]) -> dict[Any, sp.Expr] | None:
    """Return sizes with degrees of freedom that leave moments finite, or None where there are none."""
    for spare in finite.values():
        short = spare.xreplace(point)
        raised = [letter for letter in spare.free_symbols if spare.coeff(letter) == 1]
        if short <= 0 and raised:
            point = {**point, raised[0]: point[raised[0]] + 1 - short}
        elif short <= 0:
            return None
    return point


def _exactly(point: Mapping[sp.Symbol, sp.Expr], number: sp.Expr) -> tuple[sp.Expr, None]:
    return number.xreplace(dict(point)), None


def _haar_sizes(meaning: Meaning, matrices: Matrices) -> str:
    """Return from which size on the moments of Haar matrices are these, in words."""
    return "".join(f", {size} >= {number}" for size, number in least_sizes_of(meaning, matrices).items() if number > 1)


def least_sizes_of(meaning: Meaning, matrices: Matrices) -> dict[sp.Expr, int]:
    """Return from which size on the moments of Haar matrices in a claim are these."""
    return least_sizes([s.expression for s in meaning.statistics.values()], matrices)  # type: ignore[attr-defined]


def least_sizes(expressions: Sequence[Any], matrices: Matrices) -> dict[sp.Expr, int]:
    """Return from which size on the moments of Haar matrices are these: a product of 2m factors needs size m.

    Parameters
    ----------
    expressions : sequence of sympy.Expr
        What expectations are taken of.
    matrices : Matrices
        The matrices.
    """
    least: dict[sp.Expr, int] = {}
    for matrix, law in matrices.laws.items():
        if isinstance(law, (Haar, Unitary)) and matrix.rows.is_Symbol:
            orders = [degree(expression, matrix) for expression in expressions]
            least[matrix.rows] = max(least.get(matrix.rows, 1), -(-max(orders, default=0) // 2))
    return least


def _written(meaning: Meaning) -> str:
    text = meaning.source.text
    return text[text.index("=") + 1 :].strip()


def assumptions(matrices: Matrices) -> tuple[str, ...]:
    """Return what is assumed of matrices: the laws of the random ones as they were declared, and the fixed ones.

    Parameters
    ----------
    matrices : Matrices
        The matrices.
    """
    random = {str(matrix) for matrix in matrices.laws}
    fixed = [
        f"{name} is a fixed {'symmetric ' if m in matrices.symmetric else ''}{m.rows} by {m.cols} matrix"
        for name, m in matrices.named.items()
        if name not in random
    ]
    return (*(f"{text.strip()}" for text in matrices.texts if text.split(":")[0].strip() in random),
            "random matrices are independent", *fixed)  # fmt: skip


def _derived(meaning: Meaning, side: sp.Expr, matrices: Matrices) -> sp.Expr:
    """Return a side with its expectations derived, in the calculus' canonical form."""
    values: dict[Any, sp.Expr] = {}
    for letter, statistic in meaning.statistics.items():
        if letter in side.free_symbols:
            assert isinstance(statistic, MatrixExpectation)
            values[letter] = _expectation(statistic.expression, matrices)
    whole = side.xreplace(values)
    return _expectation(whole, matrices) if whole.atoms(sp.MatrixSymbol) else whole


def _expectation(expression: sp.Expr, matrices: Matrices) -> sp.Expr:
    require_printable("claim", expression)
    require_known_inverses("claim", expression, matrices)
    try:
        return expectation(expression, matrices.laws_in(expression))
    except InvalidArgument as bad:
        raise InvalidArgument("claim", f"{expression}: {bad.problem}", bad.remedy) from None


def _is_same(one: Any, other: Any, matrices: Matrices) -> bool:
    """Whether two numbers are the same, or two matrices M and N: then u^T M v and u^T N v for all vectors u and v."""
    if not is_matrix(one) and not is_matrix(other):
        return _is_zero(one - other)
    shape = one.shape if is_matrix(one) else other.shape
    left, right = (sp.MatrixSymbol(f"vector {side}", size, 1) for side, size in enumerate(shape))
    forms = [sp.Trace(sp.MatMul(left.T, matrix, right)) if is_matrix(matrix) else sp.S.Zero for matrix in (one, other)]
    first, second = (_expectation(form, matrices) for form in forms)
    return _is_zero(first - second)


def _is_zero(difference: sp.Expr) -> bool:
    """Whether a polynomial in traces of fixed matrices with rational coefficients is 0."""
    atoms = sorted(difference.atoms(sp.Trace, sp.matrices.expressions.matexpr.MatrixElement), key=str)
    plain = difference.xreplace({atom: sp.Dummy(f"trace{place}") for place, atom in enumerate(atoms)})
    return bool(sp.expand(sp.numer(sp.together(plain))) == 0)


def _witness(
    derived: Any, claimed: Any, matrices: Matrices, least: Mapping[sp.Expr, int], finite: Mapping[str, sp.Expr]
) -> Counterexample | None:
    """Return the smallest sizes and simple fixed matrices at which both sides differ."""
    for size in range(1, _SIZES + max(least.values(), default=1)):
        numbers: dict[Any, sp.Expr] = {x: sp.Integer(size + shift) for shift, x in enumerate(_letters(matrices))}
        numbers |= {x: sp.Rational(1, size + 1) for x in numbers if str(x) in matrices.probabilities}
        raised = _raised(numbers, finite)
        if raised is None:
            continue
        numbers = raised
        if any(numbers[letter] < number for letter, number in least.items()):
            continue  # what is derived does not hold there
        values = [_value(side, matrices, numbers) for side in (derived, claimed)]
        if None in values or values[0] == values[1]:
            continue
        at: dict[str, Any] = {str(letter): value for letter, value in numbers.items()}
        return Counterexample(at, _text(values[1]), _text(values[0]))
    return None


def _letters(matrices: Matrices) -> Iterable[sp.Symbol]:
    sizes = {size for matrix in matrices.named.values() for size in matrix.shape if size.is_Symbol}
    rest = [letter for letter in matrices.letters.values() if letter not in sizes]
    return [*sorted(sizes, key=str), *rest]


def _value(side: sp.Expr, matrices: Matrices, numbers: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr | None:
    """Return a side's value at given sizes, with fixed matrices of small whole numbers."""
    fixed = {}
    for place, (_name, matrix) in enumerate(sorted(matrices.named.items())):
        if matrix not in matrices.laws:
            rows, columns = (int(size.subs(numbers)) for size in matrix.shape)
            entries = sp.Matrix(rows, columns, lambda i, j, p=place: (3 * i + 5 * j * j + i * j + p) % 7 - 2)
            fixed[matrix] = entries
        if matrix in matrices.symmetric:
            fixed[matrix] = fixed[matrix] + fixed[matrix].T + 40 * sp.eye(fixed[matrix].rows)  # its inverse exists, too
    try:
        found = side.xreplace({m: sp.ImmutableMatrix(value) for m, value in fixed.items()}).subs(numbers).doit()
    except (TypeError, ValueError, AttributeError):
        return None
    if is_matrix(found):
        found = sp.ImmutableMatrix(found).applyfunc(sp.simplify)
        return found if all(entry.is_number and entry.is_finite for entry in found) else None
    return sp.simplify(found) if found.is_number and found.is_finite else None


def _text(value: Any) -> str:
    if is_matrix(value):
        return str(value.tolist())
    return str(value) if value.is_Rational else str(enclose(value).str(10, radius=False))


def _sharpness(meaning: Meaning, net: Ensemble, matrices: Matrices, claimed: sp.Expr) -> Sharpness:
    refuted: list[str] = []
    for variant in variants(meaning.source.text):
        try:
            other = understand(variant.claim, net, matrices)
            right = _derived(other, other.right, matrices)
        except InvalidArgument:
            continue
        if not right.has(sp.zoo, sp.nan) and not _is_same(right, claimed, matrices):
            refuted.append(variant.name)
    return Sharpness(len(refuted), len(refuted), refuted[0] if refuted else "")

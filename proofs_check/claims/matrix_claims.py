"""Claims about expectations of products of matrices, such as E tr(W*A*W.T*A) = tr(A)^2/n: decided by the calculus."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

import sympy as sp

from proofs_check.claims.checked import Checked, Judgement, Sharpness
from proofs_check.claims.conditions import Condition
from proofs_check.claims.counterexamples import Counterexample
from proofs_check.claims.matrices import Matrices, is_matrix
from proofs_check.claims.matrix_inverses import degree, inverse_conditions, invertible, require_known_inverses
from proofs_check.claims.matrix_sizes import MatrixSizes, matrices_at
from proofs_check.claims.matrix_text import claimed as as_claim
from proofs_check.claims.matrix_text import require_printable
from proofs_check.claims.matrix_values import SAMPLES, are_different, fixed_matrices, higher_moments, value_at
from proofs_check.claims.meaning import Meaning, understand
from proofs_check.claims.mutants import variants
from proofs_check.claims.random_numbers import MatrixExpectation
from proofs_check.verdict import Verdict
from theory import Haar, Unitary, expectation
from theory.balls import enclose
from theory.ensembles import Ensemble, InvalidArgument

_TIER = "derived"
_MOST_VALUES = 64


def check_matrices(
    claim: str,
    net: Ensemble,
    matrices: Matrices,
    began: float,
    *,
    sizes: str | Iterable[str] | Mapping[str, Any] | None = None,
    compare: bool = True,
) -> Checked:
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
    sizes : str, list of str or mapping, optional
        For which sizes and degrees of freedom: ``"n>=2"``; by default all.
    compare : bool
        Whether nearby false variants of the claim are tried on the same evidence.

    Raises
    ------
    InvalidArgument
        If the claim is no equation, or has no expectation that can be derived, or no moment is finite at these sizes.
    """
    within = MatrixSizes.read(sizes, matrices)
    equation = _read(claim, net, matrices)
    meaning = equation.meaning
    finite = equation.finite
    if next(within.points(matrices, finite), None) is None:
        problem = f"no size there has finite moments, which need {', '.join(finite)}"
        raise InvalidArgument("for", problem, "use more degrees of freedom")
    unproved = [one for one in meaning.conditions if not one.proved(lambda number: number, within.least)]
    scope = within.text + "".join(f", {condition}" for condition in [*finite, *invertible(matrices)])
    scope += ", wherever both sides have a value" if unproved else ""
    missing, advice = _without_value(unproved, matrices, within, finite)
    if missing:
        judgement = Judgement(Verdict.INCONCLUSIVE, f"as a claim for {scope}", ((_TIER, missing),), advice=advice)
    else:
        judgement = judged(equation, within)
        if judgement.verdict is not Verdict.SUPPORTED:
            scope = f"as a claim for {scope}"
        judgement = replace(judgement, scope=scope)
    supported = judgement.verdict is Verdict.SUPPORTED
    small = judgement.verdict is Verdict.REFUTED and equation.is_identity
    return Checked(
        claim=claim,
        net=net,
        judgement=judgement,
        left=meaning.written(meaning.left) if not is_matrix(meaning.left) else as_claim(meaning.named(meaning.left)),
        right=_written(meaning),
        relation="=",
        derived=None if small else equation.derived,
        ratio=None,
        assumptions=assumptions(matrices),
        sharpness=_sharpness(meaning, net, matrices, within) if supported and compare else Sharpness(),
        seconds=time.monotonic() - began,
        about="matrices",
    )


def _read(claim: str, net: Ensemble, matrices: Matrices) -> Equation:
    meaning = understand(claim, net, matrices)
    for side in (meaning.left, meaning.right):
        require_printable("claim", side)
    if meaning.relation != "=" or meaning.remainder is not None:
        raise meaning.source.refused(0, "of matrix products only equations are known here", "use =")
    for side in (meaning.left, meaning.right):
        if side.atoms(sp.MatrixSymbol) & set(matrices.laws):
            raise meaning.source.refused(0, "a random matrix stands outside E", "put it inside: E[...]")
    return Equation(meaning, matrices)


@dataclass(frozen=True)
class Equation:
    """Both sides of a claim, at some sizes or at all.

    Parameters
    ----------
    meaning : Meaning
        The claim.
    matrices : Matrices
        Its matrices, of these sizes.
    at : mapping of Symbol to number
        The sizes that are numbers by now.
    """

    meaning: Meaning
    matrices: Matrices
    at: Mapping[sp.Symbol, sp.Expr] = field(default_factory=dict)

    @cached_property
    def expressions(self) -> list[Any]:
        """What expectations are taken of."""
        return [part.expression.xreplace(dict(self.at)) for part in self.meaning.statistics.values()]  # type: ignore[attr-defined]

    @cached_property
    def derived(self) -> Any:
        """The left side, with its expectations derived."""
        return _derived(self.meaning, self.meaning.left, self.matrices, self.at)

    @cached_property
    def claimed(self) -> Any:
        """The right side, with its expectations derived."""
        return _derived(self.meaning, self.meaning.right, self.matrices, self.at)

    @cached_property
    def is_identity(self) -> bool:
        """Whether both sides are the same wherever what is derived holds."""
        return _is_same(self.derived, self.claimed, self.matrices)

    @property
    def finite(self) -> dict[str, sp.Expr]:
        """Where moments are finite, in words, with what must be positive."""
        return inverse_conditions(self.expressions, self.matrices)

    @property
    def least(self) -> dict[sp.Expr, int]:
        """From which size on what is derived holds."""
        return {size: least for size, least in least_sizes(self.expressions, self.matrices).items() if least > 1}

    def fixed(self, letter: sp.Symbol, value: sp.Expr) -> Equation:
        """Return the claim at one value of a size."""
        return Equation(self.meaning, matrices_at(self.matrices, {letter: value}), {**self.at, letter: value})


def judged(equation: Equation, within: MatrixSizes) -> Judgement:
    """Decide a claim at some sizes: by canonical forms, and at the smallest ones one by one.

    Parameters
    ----------
    equation : Equation
        The claim.
    within : MatrixSizes
        For which sizes it is made.

    Returns
    -------
    Judgement
        Without a scope.
    """
    for letter, least in equation.least.items():
        for value in within.below(letter, least):
            found = _at_one_value(equation, within, letter, value)
            if found.verdict is Verdict.REFUTED and equation.is_identity:
                says = (
                    f"the claim is false at {letter} = {value}, but from {letter} = {least} on its sides are the same"
                )
                return replace(
                    found, tiers=((_TIER, says),), advice=f"for the claim that holds, use --for '{letter}>={least}'"
                )
            if found.verdict is not Verdict.SUPPORTED:
                return found
    if equation.is_identity:
        return Judgement(Verdict.SUPPORTED, "", ((_TIER, "both sides have one canonical form"),))
    if example := _witness(equation, within):
        holds = "".join(f", which hold for {letter} >= {least}" for letter, least in equation.least.items())
        says = f"the canonical forms{holds and holds + ','} differ, and so do the numbers"
        return Judgement(Verdict.REFUTED, "", ((_TIER, says),), example)
    listed = {x: values for x, values in within.finite.items() if x not in equation.at}
    for letter, values in listed.items():
        if len(values) <= _MOST_VALUES:
            found_at = (_at_one_value(equation, within, letter, sp.Integer(value)) for value in values)
            other = next((one for one in found_at if one.verdict is not Verdict.SUPPORTED), None)
            says = "both sides have one canonical form at each of these sizes"
            return other or Judgement(Verdict.SUPPORTED, "", ((_TIER, says),))
    return Judgement(Verdict.INCONCLUSIVE, "", ((_TIER, "the canonical forms differ"),))


def _at_one_value(equation: Equation, within: MatrixSizes, letter: sp.Symbol, value: sp.Expr) -> Judgement:
    """Decide a claim at one value of a size; where no moment is finite there, nothing is claimed."""
    finite = {words: spare.xreplace({letter: value}) for words, spare in equation.finite.items()}
    if next(within.points(equation.matrices, finite, {*equation.at, letter}), None) is None:
        return Judgement(Verdict.SUPPORTED, "", ((_TIER, "no moment is finite there"),))
    found = judged(equation.fixed(letter, value), within)
    if found.counterexample is None:
        return found
    at = {str(letter): value, **found.counterexample.at}
    return replace(found, counterexample=replace(found.counterexample, at=at))


def _without_value(
    conditions: Iterable[Condition], matrices: Matrices, within: MatrixSizes, finite: Mapping[str, sp.Expr]
) -> tuple[str, str]:
    """Return sizes at which a side has no value, in words, and what to do; traces of fixed matrices are left open."""
    plain = [one for one in conditions if one.letters <= set(matrices.letters.values())]
    for point in within.diagonal(matrices, finite):
        for one in plain:
            problem = one.broken(partial(_exactly, point))
            if problem:
                where = ", ".join(f"{letter} = {value}" for letter, value in point.items())
                beyond = next((x for x in point if x in one.letters and x in within.ranges), None)
                advice = f"to leave it out, use e.g. --for '{beyond}>={point[beyond] + 1}'" if beyond else ""
                return f"no value at {where}: {problem}", advice
    return "", ""


def _exactly(point: Mapping[sp.Symbol, sp.Expr], number: sp.Expr) -> tuple[sp.Expr, None]:
    return number.xreplace(dict(point)), None


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


def _derived(meaning: Meaning, side: Any, matrices: Matrices, at: Mapping[sp.Symbol, sp.Expr]) -> Any:
    """Return a side with its expectations derived, in the calculus' canonical form."""
    values: dict[Any, sp.Expr] = {}
    for letter, statistic in meaning.statistics.items():
        if letter in side.free_symbols:
            assert isinstance(statistic, MatrixExpectation)
            found = _expectation(statistic.expression.xreplace(dict(at)), matrices)
            shape = letter.xreplace(dict(at)).shape if is_matrix(letter) else None
            values[letter] = found if is_matrix(found) or shape is None else found * sp.OneMatrix(*shape)
    whole = side.xreplace(values).xreplace(dict(at))
    return _expectation(whole, matrices) if whole.atoms(sp.MatrixSymbol) or is_matrix(whole) else whole


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


def _witness(equation: Equation, within: MatrixSizes) -> Counterexample | None:
    """Return the smallest sizes and simple fixed matrices at which both sides differ."""
    sides = (equation.derived, equation.claimed)
    for point in within.points(equation.matrices, equation.finite, equation.at):
        if any(point[letter] < least for letter, least in equation.least.items()):
            continue  # what is derived does not hold there
        numbers = point | higher_moments(sides, point)
        for sample in range(SAMPLES):
            fixed = fixed_matrices(equation.matrices, numbers, sample)
            true, claimed = (value_at(side, numbers, fixed) for side in sides)
            if true is not None and claimed is not None and are_different(true, claimed):
                return Counterexample({str(x): value for x, value in point.items()}, _text(claimed), _text(true))
            if not fixed:
                break
    return None


def _text(value: Any) -> str:
    if is_matrix(value):
        return str(value.tolist())
    if value.is_Rational or value.has(sp.I):
        return str(value)
    return str(enclose(value).str(10, radius=False))


def _sharpness(meaning: Meaning, net: Ensemble, matrices: Matrices, within: MatrixSizes) -> Sharpness:
    refuted: list[str] = []
    survives: list[str] = []
    for variant in variants(meaning.source.text):
        try:
            found = judged(_read(variant.claim, net, matrices), within)
        except InvalidArgument:
            continue
        if found.verdict is Verdict.REFUTED:
            refuted.append(variant.name)
        elif found.verdict is Verdict.INCONCLUSIVE:
            survives.append(variant.name)
    tried = len(refuted) + len(survives)
    return Sharpness(len(refuted), tried, refuted[0] if refuted else "", survives=tuple(survives))

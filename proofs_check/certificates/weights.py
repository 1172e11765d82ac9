"""From the moments of single weights to the closed form, at every depth, with the shipped theory's map of one layer."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from proofs_check.certificates.inductions import Written, first_step
from proofs_check.certificates.writing import Theorem, in_brackets, intros, substituted, theorem
from proofs_check.evidence.induction import Backward, Branches, Forward, Induction

_NORMS = {2: "square", 4: "fourth"}
"""What ``OneLayer.v`` calls the sums of squares and of fourth powers."""


def from_the_weights(induction: Induction, steps: str, name: str) -> Theorem:
    """Return the theorem that begins with independent symmetric weights.

    Parameters
    ----------
    induction : Induction
        One that has an origin.
    steps : str
        The name of its theorem for all steps.
    name : str
        What the theorem is called.

    Raises
    ------
    InvalidArgument
        If a formula cannot be written as a term.
    """
    assert induction.origin is not None
    width = induction.origin.width
    symbolic = width.is_Symbol
    written = Written(induction, (width,) if symbolic else ())
    terms, counted = written.terms, written.letters
    n = terms.name(width) if symbolic else str(width)
    source = _source(induction, written, n)
    norms = {k: letter for k in _NORMS if (letter := _norm(written, k))}
    more = [
        *([f"(0 < {n})%nat"] if symbolic else []),
        *source.assumed,
        *(f"{letter} ^ {k} = {_NORMS[k]} {n} x" for k, letter in norms.items()),
        *([f"({least} <= {counted[0]})%nat"] if (least := first_step(induction)) else []),
    ]
    variables = {
        **({n: "nat"} if symbolic else {}),
        "E": "(matrix -> R) -> R",
        **({"V": "nat -> nat -> R"} if isinstance(induction.origin, Backward) else {}),
        "x": "vector",
    }
    put_in = "".join(f"{line[:-1]}; " for line in substituted(terms, induction.where))
    fits = f"by (unfold gate2, gate4; {put_in}powers; closes)"
    proof = [
        intros(terms, [*counted, *variables]),
        *([f"assert (0 < INR {n}) by (apply lt_0_INR; assumption)."] if symbolic else []),
        f"rewrite ({source.layers}) by assumption.",
        *source.first,
        *(f"replace ({ours}) with ({terms.of(entry)}) {fits}." for ours, entry in source.same),
        *(
            [f"replace (square {n} x ^ 2) with ({norms[2]} ^ 4) by (rewrite <- fourth_of_square; congruence)."]
            if isinstance(induction.origin, Forward) and induction.origin.order == 4
            else []
        ),
        *(
            f"repeat match goal with H : _ = {norm} {n} x |- _ => rewrite <- H; clear H end."
            for norm in _NORMS.values()
        ),
        f"apply {steps}; assumption.",
    ]
    text = theorem(
        "Theorem",
        name,
        f"{induction.name}: from independent symmetric weights to the claim, at every depth",
        written.head(more, [f"({name} : {kind})" for name, kind in variables.items()]),
        [source.quantity, f"= {written.closed}"],
        proof,
    )
    return Theorem(name, text)


@dataclass(frozen=True)
class _Source:
    """What the shipped theory says: of which quantity, assuming what, in which theorem, with which numbers.

    Parameters
    ----------
    assumed : tuple of str
        What is assumed of the weights and the readout.
    quantity : str
        What the theorem is about.
    layers : str
        The shipped theorem, applied.
    same : tuple of (str, sympy.Expr)
        The numbers in the shipped theorem, and in the induction.
    first : tuple of str
        What is done before these are compared.
    """

    assumed: tuple[str, ...]
    quantity: str
    layers: str
    same: tuple[tuple[str, sp.Expr], ...]
    first: tuple[str, ...] = ()


def _source(induction: Induction, written: Written, n: str) -> _Source:
    match induction.origin:
        case Forward(order=2):
            return _forward_square(induction, written, n)
        case Forward():
            return _forward_fourth(induction, written, n)
        case Backward():
            return _backward(induction, written, n)
        case _:
            return _branches(induction, written, n)


def _forward_square(induction: Induction, written: Written, n: str) -> _Source:
    forward, (moments,), (depth,) = induction.origin, induction.carried, written.letters
    assert isinstance(forward, Forward)
    s2, slope = _arguments(written, forward.variance, forward.slope)
    return _Source(
        (f"second_moments {n} {n} {s2} E",),
        f"after {n} {slope} E {depth} (square {n}) x",
        f"square_after {n} {s2} {slope} E",
        ((f"INR {n} * gate2 {slope} * {s2}", moments.matrix[0]),),
    )


def _forward_fourth(induction: Induction, written: Written, n: str) -> _Source:
    forward, (moments,), (depth,) = induction.origin, induction.carried, written.letters
    assert isinstance(forward, Forward)
    s2, slope, kurtosis = _arguments(written, forward.variance, forward.slope, forward.kurtosis)
    unit = f"INR {n} * gate4 {slope} * {s2} ^ 2"
    top = f"{unit} * 3 + INR {n} * (INR {n} - 1) * gate2 {slope} ^ 2 * {s2} ^ 2"
    alone = len(moments.start) == 1
    matrix = moments.matrix
    beside = () if alone else ((f"{unit} * ({kurtosis} - 3)", matrix[0, 1]), (f"{unit} * 3", matrix[1, 0]))
    return _Source(
        (f"fourth_moments {n} {n} {s2} {kurtosis} E",),
        f"after {n} {slope} E {depth} (fun a => square {n} a ^ 2) x",
        f"fourth_after {n} {s2} {kurtosis} {slope} E",
        ((top, matrix[0, 0]), *beside),
        (f"replace ({unit} * ({kurtosis} - 3)) with 0 by ring. rewrite first_alone.",) if alone else (),
    )


def _backward(induction: Induction, written: Written, n: str) -> _Source:
    backward, carried = induction.origin, induction.carried
    assert isinstance(backward, Backward)
    s2, slope, readout = _arguments(written, backward.variance, backward.slope, backward.readout)
    white = f"V i j = if Nat.eqb i j then {readout} else 0"
    what = "block" if backward.blocks else "gradient"
    same = [
        (f"INR {n} * gate2 {slope} * {s2}", carried[0].matrix[0]),
        (f"INR {n} * gate2 {slope} * {readout}", carried[0].start[0]),
        *([(f"INR {n} * gate2 {slope}", carried[1].start[0])] if backward.blocks else []),
    ]
    return _Source(
        (
            f"second_moments {n} {n} {s2} E",
            f"without_atoms {n} E",
            f"(forall i j, (i < {n})%nat -> (j < {n})%nat -> {white})",
        ),
        f"{what} {n} {slope} E V {' '.join(written.letters)} x",
        f"{what}_is {n} {s2} {slope} {readout} E V",
        tuple(same),
    )


def _branches(induction: Induction, written: Written, n: str) -> _Source:
    branches, (moments,), (count,) = induction.origin, induction.carried, written.letters
    assert isinstance(branches, Branches)
    s2, slope, alpha = _arguments(written, branches.variance, branches.slope, branches.scale)
    grown, assumed = f"1 + {alpha} ^ 2 * (INR {n} * {s2})", (f"second_moments {n} {n} {s2} E", "E (fun _ => 1) = 1")
    if branches.matrices == 1:
        return _Source(
            assumed,
            f"branched {n} {alpha} E {count} (square {n}) x",
            f"branched_square {n} {s2} {alpha} E",
            ((grown, moments.matrix[0]),),
        )
    return _Source(
        assumed,
        f"branched_twice {n} {alpha} {slope} E {count} (square {n}) x",
        f"branched_twice_square {n} {s2} {alpha} {slope} E",
        ((f"{grown} * (INR {n} * gate2 {slope} * {s2})", moments.matrix[0]),),
    )


def _arguments(written: Written, *values: sp.Expr) -> list[str]:
    return [in_brackets(written.terms.of(value)) for value in values]


def _norm(written: Written, order: int) -> str:
    name = "norm_x" if order == 2 else f"norm{order}_x"
    return next((text for symbol, text in written.terms.reals.items() if str(symbol) == name), "")

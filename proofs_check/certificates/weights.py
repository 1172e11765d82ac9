"""From the moments of single weights to the closed form, at every depth, with the shipped theory's map of one layer."""

from __future__ import annotations

import sympy as sp

from proofs_check.certificates.inductions import Written, first_step
from proofs_check.certificates.terms import Terms
from proofs_check.certificates.writing import Theorem, in_brackets, intros, substituted, theorem
from proofs_check.evidence.induction import Forward, Induction

_NORMS = {2: "square", 4: "fourth"}
"""What ``OneLayer.v`` calls the sums of squares and of fourth powers."""


def from_the_weights(induction: Induction, steps: str, name: str) -> Theorem:
    """Return the theorem that begins with independent symmetric weights.

    Parameters
    ----------
    induction : Induction
        One with a single sequence, whose matrix comes from the forward pass.
    steps : str
        The name of its theorem for all steps.
    name : str
        What the theorem is called.

    Raises
    ------
    InvalidArgument
        If a formula cannot be written as a term.
    """
    forward = induction.forward
    assert forward is not None
    symbolic = forward.width.is_Symbol
    written = Written(induction, (forward.width,) if symbolic else ())
    terms, depth = written.terms, written.letters[0]
    n = terms.name(forward.width) if symbolic else str(forward.width)
    variance, slope = (in_brackets(terms.of(value)) for value in (forward.variance, forward.slope))
    kurtosis = in_brackets(terms.of(forward.kurtosis))
    if forward.order == 2:
        law, quantity = f"second_moments {n} {n} {variance} E", f"(square {n})"
        layers = f"square_after {n} {variance} {slope} E"
    else:
        law, quantity = f"fourth_moments {n} {n} {variance} {kurtosis} E", f"(fun a => square {n} a ^ 2)"
        layers = f"fourth_after {n} {variance} {kurtosis} {slope} E"
    more = [
        *([f"(0 < {n})%nat"] if symbolic else []),
        law,
        *(f"{letter} ^ {k} = {norm} {n} x" for k, norm in _NORMS.items() if (letter := _norm(terms, k))),
        *([f"({least} <= {depth})%nat"] if (least := first_step(induction)) else []),
    ]
    others = [*([n] if symbolic else []), "E", "x"]
    types = [*([f"({n} : nat)"] if symbolic else []), "(E : (matrix -> R) -> R)", "(x : vector)"]
    proof = [
        intros(terms, [depth, *others]),
        *([f"assert (0 < INR {n}) by (apply lt_0_INR; assumption)."] if symbolic else []),
        f"rewrite ({layers}) by assumption.",
        *_same_map(induction, forward, terms, n),
        *(
            [f"replace (square {n} x ^ 2) with ({letter} ^ 4) by (rewrite <- fourth_of_square; congruence)."]
            if forward.order == 4 and (letter := _norm(terms, 2))
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
        written.head(more, types),
        [f"after {n} {slope} E {depth} {quantity} x", f"= {written.closed}"],
        proof,
    )
    return Theorem(name, text)


def _same_map(induction: Induction, forward: Forward, terms: Terms, n: str) -> list[str]:
    """Return the steps which show that theory's matrix is that of ``OneLayer.v``."""
    (moments,) = induction.carried
    size, variance = in_brackets(f"INR {n}"), in_brackets(terms.of(forward.variance))
    slope, kurtosis = in_brackets(terms.of(forward.slope)), in_brackets(terms.of(forward.kurtosis))
    put_in = "".join(f"{line[:-1]}; " for line in substituted(terms, induction.where))

    def same(ours: str, entry: sp.Expr) -> str:
        return f"replace ({ours}) with ({terms.of(entry)}) by (unfold gate2, gate4; {put_in}powers; closes)."

    if forward.order == 2:
        return [same(f"{size} * gate2 {slope} * {variance}", moments.matrix[0])]
    unit = f"{size} * gate4 {slope} * {variance} ^ 2"
    top = f"{unit} * 3 + {size} * ({size} - 1) * gate2 {slope} ^ 2 * {variance} ^ 2"
    if len(moments.start) == 1:
        alone = f"replace ({unit} * ({kurtosis} - 3)) with 0 by ring. rewrite first_alone."
        return [alone, same(top, moments.matrix[0])]
    return [
        same(top, moments.matrix[0, 0]),
        same(f"{unit} * ({kurtosis} - 3)", moments.matrix[0, 1]),
        same(f"{unit} * 3", moments.matrix[1, 0]),
    ]


def _norm(terms: Terms, order: int) -> str:
    name = "norm_x" if order == 2 else f"norm{order}_x"
    return next((text for symbol, text in terms.reals.items() if str(symbol) == name), "")

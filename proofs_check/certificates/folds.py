"""A fold as a theorem: whatever letters the steps have, the claim holds after any number of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from proofs_check.certificates.terms import Terms
from proofs_check.certificates.writing import Theorem, head, theorem
from proofs_check.evidence.fold import Fold
from theory.ensembles import InvalidArgument


def for_any_steps(fold: Fold, name: str) -> Theorem:
    """Return the recursion that the steps define, and the theorem about it, with the induction in Coq.

    Parameters
    ----------
    fold : Fold
        What each step does, and the closed form.
    name : str
        What the theorem is called.

    Raises
    ------
    InvalidArgument
        If a formula cannot be written as a term, or the claim divides by a number that steps change.
    """
    numbers = (fold.first, *fold.others)
    terms = Terms([fold.closed, *(value for one in numbers for value in (one.start, one.after))])
    start = ", ".join(terms.of(one.start) for one in numbers)
    after = ", ".join(terms.of(one.after) for one in numbers)
    closed = terms.of(fold.closed)
    changing = {one.letter for one in numbers}
    if any(value.free_symbols & changing for value in terms.denominators.values()) or terms.roots:
        raise InvalidArgument("fold", f"{fold.name} divides by what changes", "multiply it out")
    assumed = [line for line in head(terms, ()) if not line.startswith("forall")]
    letters = [terms.name(one.letter) for one in numbers]
    own = [terms.name(step) for step in fold.steps]
    constants = [text for symbol, text in terms.reals.items() if symbol not in changing | set(fold.steps)]
    functions = [f"{letter}_at" for letter in own]
    state = f"{name}_state"
    applied = " ".join([state, *constants, *functions])
    pattern = f"({', '.join(letters)})"
    kinds = [f"({' '.join(constants)} : R)"] if constants else []
    parameters = " ".join([*kinds, f"({' '.join(functions)} : nat -> R)"])
    definition = [
        f"(* {', '.join(letters)} after some steps, each of which has {', '.join(own)} of its own *)",
        f"Fixpoint {state} {parameters} (steps : nat) : {' * '.join('R' for _ in numbers)} :=",
        "  match steps with",
        f"  | O => ({start})",
        "  | S rest =>",
        f"      let '{pattern} := {applied} rest in",
        *(f"      let {letter} := {at} rest in" for letter, at in zip(own, functions, strict=True)),
        f"      ({after})",
        "  end.",
    ]
    proof = [
        f"intros {' '.join([*constants, *functions, 'steps'])}. intros.",
        f"induction steps as [| steps so_far]; cbn [{state}]; [closes |].",
        f"revert so_far; destruct ({applied} steps) as {_nested(letters)}; intro so_far.",
        "repeat match goal with H : forall i : nat, _ |- _ => specialize (H steps) end.",
        "cbv zeta. rewrite so_far. closes.",
    ]
    text = theorem(
        "Theorem",
        name,
        f"{fold.name}, for any number of steps",
        [f"forall {parameters} (steps : nat),", *(_at_each_step(line, own) for line in assumed)],
        [f"let '{pattern} := {applied} steps in", letters[0], f"= {closed}"],
        proof,
    )
    return Theorem(name, "\n".join([*definition, "", text]))


def _nested(letters: Sequence[str]) -> str:
    """Return the pattern of nested pairs, as tactics take it."""
    nested = letters[0]
    for letter in letters[1:]:
        nested = f"[{nested} {letter}]"
    return nested


def _at_each_step(line: str, own: Sequence[str]) -> str:
    """Return an assumption about a step's letters as one about those of all steps."""
    written = line
    for letter in own:
        written = re.sub(rf"\b{letter}\b", f"{letter}_at i", written)
    return line if written == line else f"(forall i : nat, {written.removesuffix(' ->')}) ->"

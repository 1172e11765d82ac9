"""An induction as a theorem: what a recursion defines is the closed form that is claimed, for all numbers of steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import sympy as sp

from proofs_check.certificates.terms import Terms
from proofs_check.certificates.writing import (
    Theorem,
    closing,
    head,
    in_brackets,
    intros,
    prelude,
    substituted,
    theorem,
)
from proofs_check.evidence.induction import Carried, Induction
from theory.ensembles import InvalidArgument


def for_all_steps(induction: Induction, name: str) -> Theorem:
    """Return the theorem that the induction proves, with the induction in Coq.

    Parameters
    ----------
    induction : Induction
        What is carried, and the closed form.
    name : str
        What the theorem is called.

    Raises
    ------
    InvalidArgument
        If a formula cannot be written as a term.

    Examples
    --------
    >>> L = sp.Symbol("L", integer=True, positive=True)
    >>> doubles = Induction("2^L", (Carried.number(L, sp.Integer(2), sp.Integer(1)),), 2**L)
    >>> print(for_all_steps(doubles, "doubles").text)
    (* 2^L, for all steps *)
    Theorem doubles :
      forall (L : nat),
      carried1 2 1 L
      = 2 ^ L.
    Proof.
      intros L. intros.
      induction L as [| L so_far].
      2: { change (carried1 2 1 (S L)) with (2 * carried1 2 1 L).
           transitivity (2 * (carried1 2 1 L)); [ring |].
           rewrite so_far. replace (S L) with (L + 1)%nat by lia.
           powers. closes. }
      change (carried1 2 1 0) with 1.
      powers. closes.
    Qed.
    """
    least = first_step(induction)
    if not least:
        written = Written(induction)
        return written.theorem(name, "for all steps", written.proof())
    later, whole = Written(induction, later=least), Written(induction)
    letter = whole.letters[0]
    shifted = later.theorem(f"{name}_later", f"{least} steps later", later.proof())
    proof = [
        intros(whole.terms, whole.letters),
        f"destruct (Nat.le_exists_sub {least} {letter}) as [rest [from _]]; [assumption |]; subst {letter}.",
        *(f"replace (rest + {least} - {i})%nat with (rest + {least - i})%nat by lia." for i in range(1, least + 1)),
        "rewrite ?Nat.add_0_r.",
        f"apply {name}_later; assumption.",
    ]
    final = whole.theorem(name, f"for all steps from {least} on", proof, [f"({least} <= {letter})%nat"])
    return Theorem(name, f"{shifted.text}\n\n{final.text}")


def first_step(induction: Induction) -> int:
    """Return the number of steps from which on the closed form has no negative exponents.

    Raises
    ------
    InvalidArgument
        If it is not 0 although several numbers of steps are counted.

    Examples
    --------
    >>> L = sp.Symbol("L", integer=True, positive=True)
    >>> first_step(Induction("2^(L-1)", (Carried.number(L, sp.Integer(2), sp.Rational(1, 2)),), 2 ** (L - 1)))
    1
    """
    letters = {one.letter for one in induction.carried}
    least = 0
    for node in sp.preorder_traversal(sp.sympify(induction.closed, strict=True)):
        if node.is_Pow and node.exp.free_symbols & letters:
            constant, rest = sp.expand(node.exp).as_coeff_Add()
            constant = -constant if rest.could_extract_minus_sign() else constant
            least = min(least, int(constant)) if constant.is_Integer else least
    if least and len(letters) > 1:
        remedy = "count the steps so that all exponents are natural numbers"
        raise InvalidArgument("induction", f"{induction.name} begins after step 0", remedy)
    return -least


@dataclass
class Written:
    """An induction in Coq's terms.

    Parameters
    ----------
    induction : Induction
        What is written.
    naturals : tuple of sympy.Symbol
        Further letters that are natural numbers.
    later : int
        How many steps later it begins.

    Attributes
    ----------
    terms : Terms
        Its formulas.
    closed : str
        The closed form.
    letters : list of str
        The numbers of steps.
    """

    induction: Induction
    naturals: tuple[sp.Symbol, ...] = ()
    later: int = 0
    terms: Terms = field(init=False)
    closed: str = field(init=False)
    letters: list[str] = field(init=False)

    def __post_init__(self) -> None:
        letters = tuple(one.letter for one in self.induction.carried)
        closed = sp.sympify(self.induction.closed, strict=True)
        if self.later:
            closed = closed.subs({letter: letter + self.later for letter in letters}, simultaneous=True)
        entries = [entry for one in self.induction.carried for entry in (*one.matrix, *one.start)]
        values = [value for _, value in self.induction.where]
        self.terms = Terms([closed, *entries, *values], (*letters, *self.naturals))
        self.closed = self.terms.of(closed)
        self.letters = [self.terms.name(letter) for letter in letters]
        self._carried = sorted(self.induction.carried, key=lambda one: len(one.start))
        self.product = " * ".join(self._number(one) for one in self._carried)

    def theorem(self, name: str, which: str, proof: Sequence[str], more: Sequence[str] = ()) -> Theorem:
        """Return the theorem with a proof."""
        claim = [self.product, f"= {self.closed}"]
        return Theorem(name, theorem("Theorem", name, f"{self.induction.name}, {which}", self.head(more), claim, proof))

    def head(self, more: Sequence[str] = (), naturals: Sequence[str] = ()) -> list[str]:
        """Return what is quantified and assumed."""
        where = [f"{self.terms.name(letter)} = {self.terms.of(value)}" for letter, value in self.induction.where]
        counted = f"({' '.join(self.letters)} : nat)"
        return head(self.terms, self.induction.below_one, [*where, *more], [counted, *naturals])

    def entries(self, one: Carried) -> list[str]:
        """Return the matrix and the start of one of its sequences."""
        return [in_brackets(self.terms.of(entry)) for entry in (*one.matrix, *one.start)]

    def proof(self) -> list[str]:
        """Return the induction over each number of steps, where the others are fixed; two numbers come last."""
        out = [intros(self.terms, self.letters), *prelude(self.terms)]
        for position, one in enumerate(self._carried):
            letter = self.terms.name(one.letter)
            if len(one.start) == 2:
                return [*out, *self._two_steps(one, letter)]
            factor, start = self.entries(one)
            before = [self.entries(other)[-1] for other in self._carried[:position]]
            whole = " * ".join([*before, *(self._number(other) for other in self._carried[position:])])
            out += [
                f"induction {letter} as [| {letter} so_far].",
                f"2: {{ change ({self._number(one, f'(S {letter})')}) with ({factor} * {self._number(one)}).",
                f"     transitivity ({factor} * ({whole})); [ring |].",
                f"     rewrite so_far. replace (S {letter}) with ({letter} + 1)%nat by lia.",
                f"     {self._close} }}",
                "cbn [carried1 Nat.add]." if self.later else f"change ({self._number(one, '0')}) with {start}.",
            ]
        return [*out, self._close]

    @property
    def _close(self) -> str:
        return " ".join([*substituted(self.terms, self.induction.where), "powers.", closing(self.terms)])

    def _number(self, one: Carried, at: str = "") -> str:
        steps = at or self.terms.name(one.letter)
        steps = f"({steps} + {self.later})" if self.later else steps
        return f"{'carried1' if len(one.start) == 1 else 'first'} {' '.join(self.entries(one))} {steps}"

    def _two_steps(self, one: Carried, letter: str) -> list[str]:
        a, b, c, d, *_ = self.entries(one)
        begins = f"- unfold first; simpl carried2; cbv [fst snd]. {self._close}"
        return [
            f"revert {letter}. apply (two_steps_determine ({a} + {d}) ({a} * {d} - {b} * {c})).",
            "- intro steps. rewrite ?Nat.add_succ_l. rewrite first_recursion. ring.",
            "- intro steps.",
            "  replace (S (S steps)) with (steps + 2)%nat by lia. replace (S steps) with (steps + 1)%nat by lia.",
            f"  {self._close}",
            begins,
            begins,
        ]

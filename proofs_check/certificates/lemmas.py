"""An obligation as a lemma: both sides are equal for all values of the letters."""

from __future__ import annotations

from proofs_check.certificates.terms import Terms
from proofs_check.certificates.writing import Theorem, closing, head, intros, prelude, substituted, theorem
from proofs_check.evidence.proved import Obligation


def lemma(obligation: Obligation, name: str) -> Theorem:
    """Return an obligation as a lemma.

    Parameters
    ----------
    obligation : Obligation
        What must be met.
    name : str
        What the lemma is called.

    Raises
    ------
    InvalidArgument
        If a side cannot be written as a term.

    Examples
    --------
    >>> import sympy as sp
    >>> n = sp.Symbol("n", positive=True)
    >>> print(lemma(Obligation("step", (n + 5) / n, 1 + 5 / n), "step").text)
    (* step *)
    Lemma step :
      forall (n : R),
      0 < n ->
      (n + 5) / n
      = 1 + 5 / n.
    Proof.
      intros n. intros. closes.
    Qed.
    """
    terms = Terms([obligation.left, obligation.right, *(value for _, value in obligation.where)])
    left, right = terms.of(obligation.left), terms.of(obligation.right)
    where = [f"{terms.name(letter)} = {terms.of(value)}" for letter, value in obligation.where]
    meanings = (*terms.exponents.items(), *((name, str(value)) for value, name in terms.opaque.items()))
    comment = "".join(f"; {letter} = {value}" for letter, value in meanings)
    powers = ["powers."] if terms.exponents else []
    proof = [intros(terms), *substituted(terms, obligation.where), *prelude(terms), *powers, closing(terms)]
    text = theorem(
        "Lemma",
        name,
        f"{obligation.name}{comment}",
        head(terms, obligation.below_one, where),
        [left, f"= {right}"],
        [" ".join(proof)],
    )
    return Theorem(name, text)

"""What is left of a linear committee: one neuron with exponential weight normalization, all of them without."""

from __future__ import annotations

from functools import partial

import sympy as sp

from montecarlo.training.weight_norm.committee_sparsity import CommitteeSparsity
from proofs_check.assumptions import Assumption
from proofs_check.evidence import Quantile, Simulated
from proofs_check.statement import Mutant, Statement
from proofs_check.statements.weightnorm.flows import EXPONENTIAL_LOSS, FLOW, SOURCE
from proofs_check.verdict import Between
from theory.ensembles import Ensemble


def left(
    net: Ensemble,
    *,
    of: str,
    sparse: tuple[str, ...] = ("exponential",),
    apart: sp.Rational | int = 0,
) -> Between:
    """Of 8 linear neurons exponential normalization leaves about one, standard and none leave at least 6.5 of 8.

    At log(1/L) = 60 the median of the participation ratio (sum rho^2)^2/sum rho^4 is at most 1.1 with exponential
    normalization, from 6.5 to 8 with standard and from 7.8 to 8 without. The predictor is the same: its normalized
    margin is, in the median, within 0.1 % of that without normalization, with standard within 2 %.

    Parameters
    ----------
    net : Ensemble
        What draws examples and starts.
    of : str
        What is spoken of: a family, or ``margins: `` and a family.
    """
    if of.startswith("margins: "):
        room = sp.Rational(1, 1000) if of.endswith("exponential") else sp.Rational(1, 50)
        return Between(sp.log(1 + apart) - room, sp.log(1 + apart) + room)
    if of in sparse:
        return Between(sp.S.Zero, sp.log(sp.Rational(11, 10)))
    low = sp.Rational(13, 2) if of == "standard" else sp.Rational(39, 5)
    return Between(sp.log(low), sp.log(8) + sp.Rational(1, 10**9))


_NET = Ensemble(width=8, depth=2)
_COMMITTEE = CommitteeSparsity()


def _median(words: str, of: str) -> Simulated:
    return Simulated(
        f"{words}, 8 neurons, 5 examples of 3 entries",
        _NET,
        _COMMITTEE,
        of,
        reading=Quantile(0.5),
        tolerance=0,
        samples=120,
        full_samples=480,
        arguments={"of": of},
    )


SPARSE_REPRESENTATION = Statement(
    id="weightnorm.sparse-representation",
    title="Of a linear committee exponential normalization leaves one neuron, standard and none leave all.",
    latex=(
        r"\frac{(\sum_u\rho_u^2)^2}{\sum_u\rho_u^4}\ \text{at}\ \log\tfrac1L=60:\quad\text{median}\le1.1\ "
        r"(\text{EWN}),\ "
        r"\ge6.5\ (\text{SWN}),\ \ge7.8\ (\text{none})\ \text{of}\ 8"
    ),
    source=f"{SOURCE}, sparse representation; this model and its numbers are derived here",
    assumptions=(
        FLOW,
        EXPONENTIAL_LOSS,
        Assumption("Phi = sum s_u <w_u, x> with 8 signs that alternate; small normal starts that all families share"),
        Assumption("5 normal examples in R^3, labelled by their first entry and pushed apart by 1"),
    ),
    claim=left,
    evidence=(
        *(_median(f"participation ratio, {family}", family) for family in ("exponential", "standard", "plain")),
        *(
            _median(f"normalized margin over plain's, {name}", f"margins: {name}")
            for name in ("exponential", "standard")
        ),
    ),
    mutants=(
        Mutant("standard is sparse", partial(left, sparse=("exponential", "standard"))),
        Mutant("none is sparse", partial(left, sparse=("exponential", "plain"))),
        Mutant("exponential is dense", partial(left, sparse=())),
        Mutant("margins differ by 5 %", partial(left, apart=sp.Rational(1, 20))),
    ),
)

STATEMENTS = (SPARSE_REPRESENTATION,)

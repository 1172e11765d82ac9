"""Two-layer linear networks: what their initialization does to convergence and to the solution that is reached.

The claims are those of the abstracts (three versions differ in what is put first) and of the theorems as others quote
them. Constants of the paper's bound on the distance hold from a width on that it does not specify; what is checked in
its place is exact at every width.
"""

from proofs_check.paper import Claim, Paper

_ABSTRACT = "abstract"
_LATER = "abstract of version 2"
_QUOTED = "theorems, as quoted by others"

PAPER = Paper(
    key="min-2021",
    title="On the Explicit Role of Initialization on the Convergence and Implicit Bias of Overparametrized Linear "
    "Networks",
    authors="Hancheng Min, Salma Tarmoun, Rene Vidal, Enrique Mallada",
    arxiv="2105.06351",
    published="ICML 2021, PMLR 139",
    claims=(
        Claim(
            "Gradient flow on a two-layer linear network keeps the imbalance of its layers.",
            _QUOTED,
            ids=("linear2.imbalance", "linear2.descent-shrinks"),
        ),
        Claim(
            "The squared loss converges exponentially to its optimum at a rate that depends on the level of imbalance "
            "of the initialization.",
            _ABSTRACT,
            ids=("linear2.rate", "linear2.scalar-solution"),
        ),
        Claim(
            "The rate depends on the level of imbalance and on the margin of the initialization.",
            _LATER,
            ids=("linear2.margin-rate",),
        ),
        Claim(
            "Wide networks of independent normal weights have enough imbalance to converge exponentially.",
            _QUOTED,
            ids=("linear2.imbalance-probability",),
        ),
        Claim(
            "Proper initialization constrains the dynamics of the network parameters to lie within an invariant set.",
            _ABSTRACT,
            ids=("linear2.invariant-set", "linear2.orthonormal-start"),
        ),
        Claim(
            "Minimizing the loss over the invariant set leads to the min-norm solution.",
            _ABSTRACT,
            ids=("linear2.invariant-set", "linear2.min-norm-distance"),
        ),
        Claim(
            "Large hidden layers with properly scaled random initialization come close to the invariant set, so that "
            "the solution reached is near the min-norm solution.",
            _ABSTRACT,
            ids=("linear2.distance-law", "linear2.min-norm-distance"),
        ),
        Claim(
            "It is at most a given multiple of h^(1/2-2a) with probability 1 - delta once h is large enough.",
            _QUOTED,
            why="how large h must be is an unspecified polynomial; linear2.distance-law is exact at every h",
        ),
        Claim(
            "The same holds in the limit of infinite time, whatever the rank of the data and the number of outputs.",
            _QUOTED,
            why="a limit of infinite time is no finite claim beyond r = m = 1, where the flow is solved",
        ),
    ),
)

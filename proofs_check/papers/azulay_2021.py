"""Initialization shape, by the sentences of the abstract, and the title.

Its theorems are not quoted: the potentials and their limits have been derived anew, and statements say so. Where a
formula is known from the paper, such as the factor 3/2 of a neuron's potential, the statement names it.
"""

from proofs_check.paper import Claim, Paper

_ABSTRACT = "abstract"

PAPER = Paper(
    key="azulay-2021",
    title="On the Implicit Bias of Initialization Shape: Beyond Infinitesimal Mirror Descent",
    authors=(
        "Shahar Azulay, Edward Moroshko, Mor Shpigel Nacson, Blake Woodworth, Nathan Srebro, Amir Globerson, "
        "Daniel Soudry"
    ),
    arxiv="2102.09769",
    published="ICML 2021, PMLR 139:468-477",
    claims=(
        Claim(
            "The scale of the start determines the structure of the solutions that gradient methods converge to.",
            _ABSTRACT,
            ids=("shape.descent", "shape.diagonal-rate"),
        ),
        Claim(
            "Large initialization leads to the solution of the kernel regime.",
            _ABSTRACT,
            ids=("shape.kernel-limit", "shape.neuron-limits"),
        ),
        Claim("Small initialization leads to the rich regime.", _ABSTRACT, ids=("shape.rich-limit",)),
        Claim(
            "The start has more structure than its scale: the relative magnitudes of weights and layers, its shape, "
            "play an important role in determining the learned model.",
            _ABSTRACT,
            ids=(
                "shape.kernel-limit",
                "shape.diagonal-regularizer",
                "shape.biased-start",
                "shape.neuron-regularizer",
            ),
        ),
        Claim(
            "The technique that derives the inductive bias of gradient flow goes beyond infinitesimal mirror descent.",
            "title",
            ids=("shape.neuron-warp",),
        ),
        Claim(
            "It gives closed-form implicit regularizers for multiple cases of interest: diagonal linear networks.",
            _ABSTRACT,
            ids=("shape.diagonal-conservation", "shape.diagonal-regularizer"),
        ),
        Claim(
            "It gives closed-form implicit regularizers for multiple cases of interest: one neuron, linear or leaky, "
            "and aligned neurons.",
            _ABSTRACT,
            ids=("shape.neuron-regularizer", "shape.leaky-neuron", "shape.aligned-neurons"),
        ),
        Claim(
            "The technique, the warping of time, is a theorem about a class of networks.",
            "theorems",
            why="its wording was not found; for neurons that are not aligned, the potential of one neuron is refuted",
        ),
        Claim(
            "The error of the solution of a sparse regression depends on scale and shape as in its figure.",
            "numerical simulations",
            why="the figure's constants are not known; what flow and descent select is computed for any data",
        ),
    ),
)

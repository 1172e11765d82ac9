"""Continuous and discrete optimization of deep networks: how near gradient descent is to gradient flow, and when.

The paper's text was not at hand: claims are those of the abstract and of the senior author's post (offconvex,
2022-01-06), and where they have no constants, those of the statements are derived here.
"""

from proofs_check.paper import Claim, Paper

_ABSTRACT = "abstract"
_THEOREM_1 = "theorem 1, as told in the post"
_PROPOSITION_1 = "proposition 1, as told in the post"
_THEOREM_2 = "theorem 2, as told in the post"
_THEOREM_3 = "proposition 2 and theorem 3, as told in the post"

PAPER = Paper(
    key="elkabetz-2021",
    title="Continuous vs. Discrete Optimization of Deep Neural Networks",
    authors="Omer Elkabetz, Nadav Cohen",
    arxiv="2107.06608",
    published="NeurIPS 2021",
    claims=(
        Claim(
            "The distance of gradient descent from gradient flow is bounded by the step, and by how far the curvature "
            "is below 0 along the flow.",
            _THEOREM_1,
            ids=("descent.euler-recursion",),
        ),
        Claim(
            "There are losses on which the step must be exponentially small in the time.",
            _PROPOSITION_1,
            ids=("descent.exponential-step",),
        ),
        Claim(
            "The least eigenvalue of a deep network's Hessian is bounded below by its layers and by the gradient in "
            "their product.",
            _THEOREM_2,
            ids=("descent.hessian-floor",),
        ),
        Claim(
            "In space it can be arbitrarily negative.",
            _THEOREM_2,
            ids=("descent.unbounded-in-space",),
        ),
        Claim(
            "Along trajectories from near zero it is almost non-negative.",
            _THEOREM_2,
            ids=("descent.floor-along-descent", "descent.curvature-integral"),
        ),
        Claim(
            "That is true near zero and of the integral along the way; at each point of the way it is false.",
            "against a reading of theorem 2; derived here",
            ids=("descent.deepest-curvature",),
        ),
        Claim(
            "Gradient flow of a deep linear network with one output reaches the minimum from almost every start.",
            _THEOREM_3,
            ids=("descent.balanced-flow",),
        ),
        Claim(
            "So does gradient descent, with a step that is not small.",
            _THEOREM_3,
            ids=("descent.arrives",),
        ),
        Claim(
            "On real data descent with a usual step stays near descent with far smaller ones, as flow would.",
            "experiments",
            ids=("descent.step-refinement",),
        ),
        Claim(
            "Descent with a conventional step follows gradient flow on convolutional networks.",
            "experiments",
            why="networks with convolutions are not built here; descent.step-refinement has fully connected ones",
        ),
        Claim(
            "A random start near zero converges almost surely, with a step that is polynomial in the start.",
            _THEOREM_3,
            why="the polynomial's constants were not at hand, and no certified step for whole networks is derived here",
        ),
    ),
)

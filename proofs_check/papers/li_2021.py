"""Implicit sparse regularization, by the sentences of its abstract and the claims of its theorem and experiments."""

from proofs_check.paper import Claim, Paper

_ABSTRACT = "abstract"
_THEOREM = "theorem 1"
_EXPERIMENTS = "experiments"

PAPER = Paper(
    key="li-2021",
    title="Implicit Sparse Regularization: The Impact of Depth and Early Stopping",
    authors="Jiangyuan Li, Thanh V. Nguyen, Chinmay Hegde, Raymond K. W. Wong",
    arxiv="2108.05574",
    published="Advances in Neural Information Processing Systems 34 (NeurIPS 2021)",
    claims=(
        Claim(
            "Gradient descent on depth-N diagonal networks has an implicit bias, not only for quadratic "
            "parametrizations.",
            _ABSTRACT,
            ids=("sparse.conservation", "sparse.l1-gap"),
        ),
        Claim(
            "Early stopping is crucial for gradient descent to converge to a sparse model where there is noise.",
            _ABSTRACT,
            ids=("sparse.early-stopping", "sparse.window"),
        ),
        Claim(
            "Under the restricted isometry property, gradient descent from a small enough start recovers the signal in "
            "a window of time, at the minimax optimal rate.",
            _THEOREM,
            why="restricted isometry constants of a given matrix cannot be computed, and a minimax rate bounds all "
            "estimators from below",
        ),
        Claim(
            "With incoherent designs there is such a window, and in it errors on the support are those of the noise, "
            "and off it those of the start.",
            _THEOREM,
            ids=("sparse.certificate", "sparse.hitting-time", "sparse.leakage"),
        ),
        Claim(
            "As the depth grows, gradient descent works with a larger scale of initialization.",
            _ABSTRACT,
            ids=("sparse.leakage",),
        ),
        Claim(
            "As the depth grows, there is a wider window for early stopping.",
            _ABSTRACT,
            ids=("sparse.window", "sparse.early-stopping"),
        ),
        Claim(
            "Gradient descent with a finite step size has the bias of the flow.",
            _THEOREM,
            ids=("sparse.descent",),
        ),
        Claim(
            "In simulations on Rademacher designs with noise, deeper networks stay near the signal for longer, and "
            "allow larger starts.",
            _EXPERIMENTS,
            ids=("sparse.early-stopping",),
        ),
    ),
)

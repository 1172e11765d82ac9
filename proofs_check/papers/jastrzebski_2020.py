"""The break-even point, by the sentences of the abstract and the assumptions of its model.

Its theorem and conjectures are not quoted, as their wording was not found: what is checked is derived anew, and
statements say so. Two things that look true are statements of their own, with what is true instead.
"""

from proofs_check.paper import Claim, Paper

_ABSTRACT = "abstract"
_MODEL = "the model of one direction"

PAPER = Paper(
    key="jastrzebski-2020",
    title="The Break-Even Point on Optimization Trajectories of Deep Neural Networks",
    authors=(
        "Stanislaw Jastrzebski, Maciej Szymczak, Stanislav Fort, Devansh Arpit, Jacek Tabor, Kyunghyun Cho, "
        "Krzysztof Geras"
    ),
    arxiv="2002.09572",
    published="ICLR 2020",
    claims=(
        Claim(
            "The early phase of training is governed by the stability of SGD along the direction of largest curvature.",
            _MODEL,
            ids=("sgd.second-moment", "sgd.mean-square-stability"),
        ),
        Claim(
            "At the break-even point the curvature falls as the learning rate grows or the batch shrinks.",
            _MODEL,
            ids=("sgd.break-even", "sgd.low-curvature-unstable"),
        ),
        Claim(
            "So does the variance of gradients along that direction.",
            _MODEL,
            ids=("sgd.break-even-variance",),
        ),
        Claim(
            "Stability is meant in mean square; typical paths, and training by reshuffled epochs, have other limits.",
            _MODEL,
            ids=("sgd.typical-break-even", "sgd.reshuffled-epochs"),
        ),
        Claim(
            "Noise in the gradients and curvature grow together along the direction of largest curvature.",
            _MODEL,
            ids=("noise.bounded-by-curvature",),
        ),
        Claim(
            "The conditioning of the covariance of gradients is measured by lam_*/lam_1 of a sample of them.",
            "experiments",
            ids=("noise.gram-spectrum",),
        ),
        Claim(
            "Beyond a break-even point on the trajectory SGD regularizes the curvature: on two weights, exactly.",
            _ABSTRACT,
            ids=("chain.break-even",),
        ),
        Claim(
            "Curvature and noise are lower with a larger learning rate or smaller batches: on real networks.",
            _ABSTRACT,
            ids=("training.edge-of-stability", "training.variance-reduction"),
        ),
        Claim(
            "A large learning rate reduces the variance of the gradient and improves the conditioning of its "
            "covariance; a low one conditions the loss badly, with batch normalization, too.",
            _ABSTRACT,
            ids=("training.variance-reduction", "training.pre-conditioning", "training.batch-norm"),
        ),
        Claim(
            "This holds along the rest of the trajectory, whatever the data: it does not on true labels, and where "
            "nothing is learned.",
            "conjectures",
            ids=("training.variance-reduction-reversed", "training.pre-conditioning-reversed"),
        ),
        Claim(
            "These effects are beneficial from the perspective of optimization, on CIFAR-10, IMDB and ImageNet.",
            "abstract and experiments",
            why="the networks and data are too large here, and beneficial is no number",
        ),
    ),
)

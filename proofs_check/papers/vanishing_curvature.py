"""The paper that this package grew from, by the sentences of its two abstracts.

The version of 2021 argues from chains, which are networks of width one, and ends with remedies. The version of 2022 has
ReLU in its title, argues from the median, adds "with high probability", and says nothing of remedies.
"""

from proofs_check.paper import Claim, Paper

_BOTH = "abstracts of 2021 and 2022"
_FIRST = "abstract of 2021"
_LAST = "abstract of 2022"

PAPER = Paper(
    key="orvieto-2021",
    title="Vanishing Curvature and the Power of Adaptive Methods in Randomly Initialized Deep Networks",
    authors="Antonio Orvieto, Jonas Kohler, Dario Pavllo, Thomas Hofmann, Aurelien Lucchi",
    arxiv="2106.03763",
    published="Vanishing Curvature in Randomly Initialized Deep ReLU Networks, AISTATS 2022, PMLR 151:7942-7975",
    claims=(
        Claim(
            "The analysis by expectations behind Xavier's and He's initializations has shortcomings in deep networks.",
            _LAST,
            ids=(
                "forward.mean-preserved",
                "gradient.mean-preserved",
                "forward.fourth-moment",
                "forward.kurtosis-limit",
            ),
        ),
        Claim(
            "Neural chains, networks of width one, are analyzed in depth.",
            _FIRST,
            ids=(
                "chain.mean-preserved",
                "chain.typical-vanishes",
                "chain.median",
                "chain.gradient-rate",
                "chain.hessian-hollow",
                "chain.hessian-inertia",
                "chain.hessian-size",
                "chain.hessian-rate",
                "chain.hessian-law",
            ),
        ),
        Claim(
            "The median of the forward pass is analyzed in depth.",
            _LAST,
            ids=(
                "forward.typical-rate",
                "forward.width-depth",
                "forward.uniform-width-depth",
                "law.quantiles",
                "law.width-threshold",
                "chain.median",
            ),
        ),
        Claim(
            "Vanishing gradients cannot be circumvented when the width grows slower than the depth, even under Xavier "
            "and He initialization.",
            _BOTH,
            ids=("gradient.typical-rate", "forward.width-depth", "remedy.width"),
        ),
        Claim(
            "With high probability, vanishing gradients cannot be circumvented at such widths.",
            _LAST,
            ids=("forward.with-high-probability", "gradient.with-high-probability"),
        ),
        Claim(
            "Random i.i.d. initialization gives Hessians with eigenspectra that vanish as networks grow in depth.",
            _BOTH,
            ids=(
                "hessian.frobenius",
                "hessian.typical-rate",
                "hessian.vanishes-in-median-not-in-mean",
                "chain.hessian-rate",
                "chain.hessian-law",
            ),
        ),
        Claim(
            "Where Hessians vanish, optimizers are initialized in a very flat, saddle point-like plateau.",
            _BOTH,
            ids=("plateau.saddle", "plateau.flatness", "plateau.residual-part", "hessian.rank-and-inertia"),
        ),
        Claim(
            "The plateau is hard to escape, as the time of escape by gradient descent is inversely related to "
            "curvature.",
            _BOTH,
            ids=("escape.saddle-time", "escape.inverse-curvature", "escape.balanced-chain"),
        ),
        Claim(
            "The same holds for stochastic gradient descent, with the noise of its minibatches.",
            _BOTH,
            ids=("escape.saddle-time", "escape.minibatch-noise"),
        ),
        Claim(
            "Vanishing curvature is crucial for understanding historical difficulties of training deep networks with "
            "vanilla SGD.",
            _BOTH,
            why="theory has no formula for training on data; the table and the figure 'digits' show it",
        ),
        Claim(
            "Vanishing curvature is crucial for understanding the success of adaptive methods, which adapt to it and "
            "quickly escape flat plateaus.",
            _BOTH,
            ids=("escape.adaptive-steps", "escape.adaptive-faster", "escape.epsilon-threshold"),
        ),
        Claim(
            "Vanishing curvature is crucial for understanding the effectiveness of residual connections and "
            "normalization layers.",
            _FIRST,
            ids=(
                "remedy.residual",
                "remedy.residual-relu",
                "remedy.residual-hessian",
                "remedy.layernorm",
                "remedy.batchnorm",
                "remedy.normalized-hessian",
                "remedy.normalized-curvature",
            ),
        ),
    ),
)

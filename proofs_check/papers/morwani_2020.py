"""Exponential weight normalization, by what its abstract says.

Its body is not quoted: flows, asymptotic relations and rates have been derived anew, at finite times, and statements
say so. Where the paper's code is the source, as for learning rates that follow the loss, the statement names it.
"""

from proofs_check.paper import Claim, Paper

_ABSTRACT = "abstract"

PAPER = Paper(
    key="morwani-2020",
    title="Inductive Bias of Gradient Descent for Exponentially Weight Normalized Smooth Homogeneous Neural Nets",
    authors="Depen Morwani, Harish G. Ramaswamy",
    arxiv="2010.12909",
    published="ALT 2022, PMLR 167:827-880",
    claims=(
        Claim(
            "Gradient flow with exponential weight normalization is gradient flow on standard networks, with an "
            "adaptive learning rate.",
            _ABSTRACT,
            ids=("weightnorm.flow-equivalence", "weightnorm.invariants", "weightnorm.single-neuron"),
        ),
        Claim("This extends to gradient descent.", _ABSTRACT, ids=("weightnorm.descent", "weightnorm.descent-rate")),
        Claim(
            "Weights and gradients have asymptotic relations, one for each normalization.",
            _ABSTRACT,
            ids=("weightnorm.norm-gradient-relation",),
        ),
        Claim(
            "Exponential weight normalization updates weights in a way that prefers asymptotic relative sparsity.",
            _ABSTRACT,
            ids=("weightnorm.relative-sparsity", "weightnorm.committee-winner", "weightnorm.sparse-representation"),
        ),
        Claim(
            "The contrast: without it, or with standard normalization, there is no such sparsity. True of linear "
            "neurons, false of products of three weights and of two layers of squared ReLU.",
            "as the abstract may be read",
            ids=("weightnorm.plain-sparsity", "weightnorm.two-layer-sparsity", "weightnorm.sparse-representation"),
        ),
        Claim(
            "With gradient flow the loss converges at a rate that holds at finite times.",
            _ABSTRACT,
            ids=("weightnorm.finite-time-rate", "weightnorm.loss-rates"),
        ),
        Claim(
            "With gradient descent it converges at a tight asymptotic rate. True for learning rates L^(-a) with a < 1, "
            "false for a = 1, which the authors' code has among its options.",
            _ABSTRACT,
            ids=("weightnorm.descent-rate", "weightnorm.loss-rates"),
        ),
        Claim(
            "For a general net the rate is tight, too: a lower bound on the loss.",
            "theorems",
            why="it needs a normalized margin that stays away from 0, a limit that is assumed and not checked here",
        ),
        Claim(
            "Experiments on simple data sets find sparse solutions, even with SGD, which can be pruned.",
            _ABSTRACT,
            why="training to log L = -300 on XOR, MNIST and CIFAR is not run here; linear committees are",
        ),
    ),
)

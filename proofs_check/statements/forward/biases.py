"""The signal with biases: its mean is affine in |x|^2, and grows with the depth under He or tends to a fixed point."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import sympy as sp

from proofs_check import assumptions
from proofs_check.domain import EVERYWHERE
from proofs_check.evidence import Enumerated, Proved
from proofs_check.exact.all_weights import activation_power
from proofs_check.statement import Mutant, Statement
from proofs_check.toolkit.checks import LADDER, LINEAR, RELU, SPARSE
from proofs_check.toolkit.depth_induction import induction_over_depth
from proofs_check.toolkit.letters import Letters
from theory import symbols
from theory.biases import bias_constant, bias_variance
from theory.ensembles import Ensemble, Law

# --- forward.biases-mean ----------------------------------------------------------------------------------------------


def mean_with_biases(
    net: Ensemble, *, times: int = 1, gate: bool = True, power: int = 1, fewer: int = 0, carried: bool = True
) -> sp.Expr:
    r"""The mean is q^L |x|^2 + n p2 t (q^L - 1)/(q - 1) with q = n p2 s^2; for q = 1 it is |x|^2 + L n p2 t.

    The variance of a bias is t; of a constant one it is the square that matters.
    """
    a = Letters.of(net)
    t = bias_variance(net, 1) + bias_constant(net) ** 2
    q, added = symbols.tidy(a.n * a.p2 * a.s2), times * a.n * (a.p2 if gate else 1) * t**power
    if q == 1:
        return a.x2 + (a.L - fewer) * added
    if not carried:
        return q**a.L * a.x2 + added
    return q**a.L * a.x2 + added * (q ** (a.L - fewer) - 1) / (q - 1)


_SIGNS = Law.named("rademacher")
_SMALL = tuple(
    (Ensemble(width=n, depth=depth, activation=a, init=init, law=law, bias="1/9", input=tuple(range(1, n + 1))),)
    for law, sizes in ((_SIGNS, ((1, 3), (2, 2))), (SPARSE, ((1, 2), (2, 1))), (LADDER, ((2, 1),)))
    for a, init in (("relu", "1"), ("linear", "1/4"), ("leaky:1/3", "1"))
    for n, depth in sizes
)
_CONSTANT = tuple(
    (Ensemble(width=n, depth=depth, init="1/4", law=_SIGNS, bias="constant:1/3", input=tuple(range(1, n + 1))),)
    for n, depth in ((1, 3), (2, 2))
)

BIASES_MEAN = Statement(
    id="forward.biases-mean",
    title="With biases of variance t a layer adds n p_2 t to the mean of |a|^2: L times under He, up to a fixed point.",
    latex=(
        r"\mathbb E|a_L|^2 = q^L|x|^2 + np_2t\,\frac{q^L-1}{q-1},\ q = np_2s^2\ne1;\quad "
        r"\mathbb E|a_L|^2 = |x|^2+Lnp_2t,\ q = 1\ \text{(He)}"
    ),
    source="derived here, from one layer; constant width. He et al., arXiv:1502.01852, sec. 2.2, without biases",
    assumptions=(
        assumptions.INDEPENDENT_ENTRIES,
        assumptions.CONSTANT_WIDTH,
        assumptions.PLAIN,
        assumptions.BIASES_IN_MOMENTS,
        assumptions.PIECEWISE_LINEAR,
    ),
    claim=mean_with_biases,
    evidence=(
        induction_over_depth(
            "ReLU, He, any symmetric law, all n and L", RELU.at(law="symmetric", bias="variance:t"), 2
        ),
        induction_over_depth(
            "leaky ReLU of any slope, He, any symmetric law, all n and L",
            RELU.at(activation="leaky:slope", law="symmetric", bias="variance:t"),
            2,
        ),
        induction_over_depth(
            "any slope and variance, any symmetric law, all n and L",
            RELU.at(activation="leaky:slope", init="variance:s2", law="symmetric", bias="variance:t"),
            2,
        ),
        induction_over_depth(
            "ReLU, PyTorch's weights and biases, all n and L", RELU.at(init="pytorch", bias="pytorch"), 2
        ),
        induction_over_depth(
            "linear, Xavier, any symmetric law, all n and L", LINEAR.at(law="symmetric", bias="variance:t"), 2
        ),
        induction_over_depth(
            "linear, Xavier, constant biases, all n and L", LINEAR.at(law="symmetric", bias="constant:B"), 2
        ),
        induction_over_depth(
            "linear, any variance, constant biases, all n and L",
            LINEAR.at(init="variance:s2", law="symmetric", bias="constant:B"),
            2,
        ),
        Enumerated("E|a_L|^2 over all weights and biases", _SMALL + _CONSTANT, partial(activation_power, order=2)),
    ),
    mutants=(
        Mutant("every bias is counted twice", partial(mean_with_biases, times=2)),
        Mutant("p_2 is missing before t", partial(mean_with_biases, gate=False)),
        Mutant("t^2 for t", partial(mean_with_biases, power=2)),
        Mutant("the first layer's bias is forgotten", partial(mean_with_biases, fewer=1)),
        Mutant("only the last layer's bias counts", partial(mean_with_biases, carried=False)),
    ),
    domain=EVERYWHERE,
)

# --- forward.biases-fourth-moment -------------------------------------------------------------------------------------


def fourth_moment_with_biases(
    net: Ensemble, *, cross: int = 2, squares: int = 1, fewer: int = 0, steady: bool = False
) -> sp.Expr:
    r"""With u = E|a|^4 and m = E|a|^2 a layer sends u to h (s^4 u + 2 s^2 t m + t^2), h = 3 n p4 + n(n-1) p2^2.

    So u_L = r^L |x|^4 + h t^2 S + 2 h s^2 t sum_k r^(L-1-k) m_k with r = h s^4, S = (r^L - 1)/(r - 1) and the m_k of
    forward.biases-mean.
    """
    a = Letters.of(net)
    t, L = bias_variance(net, 1), a.L - fewer
    h = 3 * a.n * a.p4 + a.n * (a.n - 1) * a.p2**2
    q, r, added = symbols.tidy(a.n * a.p2 * a.s2), symbols.tidy(h * a.s2**2), a.n * a.p2 * t
    S = (r**L - 1) / (r - 1)
    if steady:
        means = a.x2 * S
    elif q == 1:
        means = a.x2 * S + added * (r**L - 1 - L * (r - 1)) / (r - 1) ** 2
    else:
        limit = added / (1 - q)
        means = (a.x2 - limit) * (r**L - q**L) / (r - q) + limit * S
    return r**a.L * a.x2**2 + squares * h * t**2 * S + cross * h * a.s2 * t * means


def _induction(check: str, net: Ensemble) -> Proved:
    return replace(induction_over_depth(check, net, 4), certified=False)  # three numbers are carried, Coq has two


BIASES_FOURTH_MOMENT = Statement(
    id="forward.biases-fourth-moment",
    title="With biases E|a_L|^4 grows by the factor of weights alone, and by what the layers before add to |a|^2.",
    latex=(
        r"\mathbb E|a_L|^4 = r^L|x|^4 + ht^2\frac{r^L-1}{r-1} + 2hs^2t\sum_{k<L}r^{L-1-k}\,\mathbb E|a_k|^2,\quad "
        r"h = 3np_4+n(n-1)p_2^2,\ r = hs^4;\quad r = 1+\tfrac5n\ \text{(He, ReLU)}"
    ),
    source="derived here, from one layer of normal weights; without biases: B. Hanin, arXiv:1801.03744",
    assumptions=(
        assumptions.NORMAL,
        assumptions.CONSTANT_WIDTH,
        assumptions.PLAIN,
        assumptions.RANDOM_BIASES,
        assumptions.LINEAR_OR_RELU,
    ),
    claim=fourth_moment_with_biases,
    evidence=(
        _induction("ReLU, He, all n and L", RELU.at(bias="variance:t")),
        _induction("linear, Xavier, all n and L", LINEAR.at(bias="variance:t")),
        _induction("ReLU, any variance, all n and L", RELU.at(init="variance:s2", bias="variance:t")),
    ),
    mutants=(
        Mutant("the mixed term is counted once", partial(fourth_moment_with_biases, cross=1)),
        Mutant("t^2 is counted twice", partial(fourth_moment_with_biases, squares=2)),
        Mutant("the first layer's bias is forgotten", partial(fourth_moment_with_biases, fewer=1)),
        Mutant("|a_k|^2 keeps its mean", partial(fourth_moment_with_biases, steady=True)),
    ),
)

STATEMENTS = (BIASES_MEAN, BIASES_FOURTH_MOMENT)

"""The Hessian of f in the weights: its mean, which is preserved, and how far its blocks spread."""

from __future__ import annotations

from functools import partial

import sympy as sp

from montecarlo import GradientProducts, HessianNorms
from proofs_check import assumptions
from proofs_check.assumptions import Assumption
from proofs_check.domain import EVERYWHERE
from proofs_check.evidence import Carried, Enumerated, Induction, Mean, Proved, Simulated
from proofs_check.exact.all_weights import hessian_power
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.toolkit.both_passes import above, at_layers, backward_pass, below, between
from proofs_check.toolkit.checks import LADDER, LINEAR, PAPER, RELU
from proofs_check.toolkit.depth_induction import variance_of
from proofs_check.toolkit.letters import Letters
from theory import gradient_moment, hessian_block_moment, hessian_moment, symbols
from theory.ensembles import Ensemble, Law

# --- hessian.frobenius ------------------------------------------------------------------------------------------------


def mean_square(net: Ensemble, *, pairs: int = 1, missing: int = 2, gates: int = 2, wide: bool = True) -> sp.Expr:
    r"""The mean is E|H|_F^2 = L(L-1) |x|^2 E|v|^2 n p2^2 (n p2 s^2)^(L-2)."""
    t = Letters.of(net)
    q = symbols.tidy(t.n * t.p2 * t.s2)
    return t.L * (t.L - pairs) * t.x2 * (t.n if wide else 1) * t.p2**gates * q ** (t.L - missing)


def _every_block(net: Ensemble, claim: Claim) -> list[Induction]:
    """Each of the L(L-1) blocks, wherever its two layers lie, has the share of the claim.

    Theory derives what one layer more does above, between and below. That masks act as if they were independent is the
    row-sign argument in theory.moments.gradients, which enumeration and simulation test.
    """
    depth = symbols.whole(net.depth)
    share = at_layers(net, claim(net) / (depth * (depth - 1)))
    numbers, slopes = tuple(part(net, 2) for part in (above, between, below)), tuple(symbols.slope(net).free_symbols)
    name, origin = "E|H_kl|^2 at L = i+j+m+2, k = m+1, l = m+j+2", backward_pass(net, blocks=True)
    return [Induction(name, numbers, share, slopes, variance_of(net), origin)]


def _whole(net: Ensemble) -> sp.Expr:
    """Return E|H|_F^2 by brute force, as twice the sum of the blocks above the diagonal."""
    depth = int(net.depth)
    pairs = ((k, later) for k in range(1, depth) for later in range(k + 1, depth + 1))
    return sp.Rational(2) * sp.Add(*(sp.Rational(hessian_power(net, *pair)) for pair in pairs))


def _norm_variance_bound(net: Ensemble) -> sp.Expr:
    """Return a bound: Var|H|_F^2 <= L(L-1) sum of E|H_kl|^4 over all blocks - (E|H|^2)^2, by Cauchy and Schwarz."""
    depth = int(net.depth)
    pairs = [(k, later) for k in range(1, depth) for later in range(k + 1, depth + 1)]
    blocks = sp.Add(*(hessian_block_moment(net, k, later, 4) for k, later in pairs))
    return 4 * len(pairs) * blocks - hessian_moment(net) ** 2


def _mean_check(net: Ensemble, tolerance: float, samples: int) -> Simulated:
    reading = Mean(1, _norm_variance_bound)
    return Simulated(
        "E|H|_F^2 from real weights", net, HessianNorms(), "H", reading=reading, tolerance=tolerance, samples=samples
    )


_SIGNS = Law.named("rademacher")

FROBENIUS = Statement(
    id="hessian.frobenius",
    title="The mean of |H|_F^2, of the sum of squared eigenvalues, grows like L(L-1) under He (Xavier, if linear).",
    latex=r"\mathbb E|\nabla^2 f|_F^2 = L(L-1)\,|x|^2\,\mathbb E|v|^2\,n p_2^2\,(np_2s^2)^{L-2}",
    source=f"{PAPER}, the Hessian theorems",
    assumptions=(
        assumptions.INDEPENDENT_ENTRIES,
        assumptions.SIGN_SYMMETRIC_READOUT,
        assumptions.NO_ATOMS,
        assumptions.CONSTANT_WIDTH,
        assumptions.PLAIN,
        assumptions.DEPTH_TWO,
        assumptions.NO_BIASES,
        assumptions.PIECEWISE_LINEAR,
    ),
    claim=mean_square,
    evidence=(
        Proved.by_induction(
            "ReLU, He, any law, all n and L", partial(_every_block, RELU.at(law="symmetric")), "all n, L"
        ),
        Proved.by_induction(
            "any slope and variance, all n and L",
            partial(_every_block, RELU.at(activation="leaky:slope", init="variance:s2", law="symmetric")),
            "all n, L",
        ),
        Enumerated(
            "E|H|_F^2 over all weights and signs, preactivations at 0 on either side with probability 1/2",
            tuple(
                (Ensemble(n, depth, activation=a, init="he", law=law, input=(1, 2)[:n], readout="signs"),)
                for a in ("relu", "linear", "leaky:1/3")
                for law, n, depth in ((_SIGNS, 2, 2), (LADDER, 1, 3))
            ),
            _whole,
        ),
        _mean_check(RELU.at(width=16, depth=4), 0.11, 20_000),
        _mean_check(LINEAR.at(width=16, depth=4), 0.06, 20_000),
    ),
    mutants=(
        Mutant("L^2 for L(L-1)", partial(mean_square, pairs=0)),
        Mutant("L - 1 layers grow", partial(mean_square, missing=1)),
        Mutant("one mask is forgotten", partial(mean_square, gates=1)),
        Mutant("the width is forgotten", partial(mean_square, wide=False)),
    ),
    domain=EVERYWHERE,
)

# --- hessian.spread ---------------------------------------------------------------------------------------------------


def spread(
    net: Ensemble, distance: int, *, relu: int = 5, linear: int = 2, shrinks: int = 1, shares: tuple[int, int] = (1, 2)
) -> sp.Expr:
    r"""E|H_kl|^4/(E|H_kl|^2)^2 = E|G_k|^2|G_l|^2/(E|G|^2)^2 = (g^L + 2 g^(L-d) h^d)/3 at distance d = l - k.

    g = 1 + 5/n (ReLU), 1 + 2/n (linear), and 1 + (3 p4/p2^2 - 1)/n in general; h = 1 - 1/n.

    Parameters
    ----------
    distance : int
        The distance d = l - k of the two layers.
    """
    t = Letters.of(net)
    excess = relu if net.slope == 0 else linear if net.slope == 1 else 3 * t.p4 / t.p2**2 - 1
    grows, shrinking = symbols.tidy(1 + excess / t.n), symbols.tidy(1 - sp.Integer(shrinks) / t.n)
    one, two = shares
    return (one * grows**t.L + two * grows ** (t.L - distance) * shrinking**distance) / 3


def _both_ratios(net: Ensemble, claim: Claim) -> list[Induction]:
    """The claim holds for the block and for the product of gradients, wherever the two layers lie.

    E|G_k|^2|G_l|^2 is s^4 E|H_kl|^4 (theory.moments.gradient_products); both are compared with squared means.
    """
    s2, where = symbols.number("s2"), variance_of(net)
    numbers = tuple(part(net, 4) for part in (above, between, below))
    claimed = at_layers(net, claim(net, symbols.whole("l") - symbols.whole("k")))
    first = Carried(numbers[0].letter, numbers[0].matrix, (s2**2 * numbers[0].start[0],))
    squares = [at_layers(net, mean**2) for mean in (hessian_block_moment(net, "k", "l"), gradient_moment(net))]
    at = "at L = i+j+m+2, k = m+1, l = m+j+2"
    return [
        Induction(f"E|H_kl|^4 {at}", numbers, squares[0] * claimed, (), where),
        Induction(f"E|G_k|^2|G_l|^2 {at}", (first, *numbers[1:]), squares[1] * claimed, (), where),
    ]


def _product_variance(net: Ensemble, **_: int) -> sp.Expr:
    """Return a bound: Var(|G_k|^2 |G_l|^2) <= E|G|^8, the same for all layers, by Cauchy and Schwarz."""
    return gradient_moment(net, 1, 8)


def _product_check(net: Ensemble, tolerance: float, samples: int) -> Simulated:
    """Return the check of the product; |x|^2 = 1/p2 makes E|G|^2 = 1, so that its mean is the ratio."""
    products, component = GradientProducts(1, 2), "G_1*G_2"
    reading, arguments = Mean(1, _product_variance), {"distance": 1}
    check = "E|G_1|^2|G_2|^2 from real weights"
    return Simulated(
        check,
        net,
        products,
        component,
        reading=reading,
        tolerance=tolerance,
        samples=samples,
        full_samples=0,
        arguments=arguments,
    )


def uncorrelated(net: Ensemble, distance: int) -> sp.Expr:
    """A mutant: the norms of two gradients are uncorrelated.

    Parameters
    ----------
    distance : int
        As for :func:`spread`.
    """
    return sp.S.One


NORMAL_READOUT = Assumption("the readout is normal with variance 1/n")

SPREAD = Statement(
    id="hessian.spread",
    title="Hessian blocks, and pairs of gradients, spread like (g^L + 2 g^(L-d) h^d)/3: less, the further apart.",
    latex=(
        r"\frac{\mathbb E|H_{kl}|_F^4}{(\mathbb E|H_{kl}|_F^2)^2} ="
        r"\frac{\mathbb E|\partial_{W_k}f|^2|\partial_{W_l}f|^2}{(\mathbb E|\partial_Wf|^2)^2} ="
        r"\tfrac13\bigl(g^L+2g^{L-d}h^d\bigr),\quad d=l-k,\ h=1-\tfrac1n,\ "
        r"g=1+\tfrac5n\text{ (ReLU)},\ 1+\tfrac2n\text{ (linear)}"
    ),
    source="derived here (theory.moments.jacobians); B. Hanin, arXiv:1801.03744, has the exponent of d = 0",
    assumptions=(
        assumptions.NORMAL,
        NORMAL_READOUT,
        assumptions.CONSTANT_WIDTH,
        assumptions.DEPTH_TWO,
        assumptions.NO_BIASES,
        assumptions.PIECEWISE_LINEAR,
        assumptions.HE_OR_XAVIER,
    ),
    claim=spread,
    evidence=(
        Proved.by_induction("ReLU, all n, L, k and l", partial(_both_ratios, RELU), "all n, L, k, l"),
        Proved.by_induction(
            "linear, all n, L, k and l", partial(_both_ratios, LINEAR.at(readout="random")), "all n, L, k, l"
        ),
        Proved.by_induction(
            "slope 1/2, all n, L, k and l", partial(_both_ratios, RELU.at(activation="leaky:1/2")), "all n, L, k, l"
        ),
        _product_check(RELU.at(width=8, depth=2, input=(1, 1, 0, 0, 0, 0, 0, 0)), 0.17, 200_000),
        _product_check(LINEAR.at(width=8, depth=2, readout="random"), 0.09, 200_000),
    ),
    mutants=(
        Mutant("5 becomes 6", partial(spread, relu=6)),
        Mutant("2 becomes 3", partial(spread, linear=3)),
        Mutant("h = 1", partial(spread, shrinks=0)),
        Mutant("the shares are swapped", partial(spread, shares=(2, 1))),
        Mutant("gradients of two layers are uncorrelated", uncorrelated),
    ),
)

STATEMENTS = (FROBENIUS, SPREAD)

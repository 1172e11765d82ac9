"""How large the Hessian of f is for every network: its blocks, bounds between norms, and the chain inside it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import flint
import sympy as sp

from montecarlo import HessianNorms
from proofs_check import assumptions
from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enumerated, Induction, Mean, Obligation, Proved, Simulated
from proofs_check.exact.all_weights import hessian_power
from proofs_check.exact.real_roots import (
    LargestRoot,
    frobenius_squared,
    roots_above,
    signs,
    spectral_norm_squared,
    squared_roots,
)
from proofs_check.exact.small_networks import SmallNetwork, small_networks
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.toolkit.both_passes import above, at_layers, backward_pass, below, between
from proofs_check.toolkit.checks import LADDER, PAPER, RELU
from proofs_check.toolkit.depth_induction import variance_of
from proofs_check.toolkit.letters import Letters
from theory import hessian_block_moment, symbols
from theory.ensembles import Ensemble, Law

_ALL = tuple((net,) for net in small_networks())
_ALIVE = tuple((net,) for net in small_networks() if net.value != 0)


# --- hessian.block-norms ----------------------------------------------------------------------------------------------


def block_square(
    case: SmallNetwork | Ensemble,
    k: Any,
    later: Any,
    *,
    below: int = 1,
    lower: bool = False,
    between: bool = True,
    gate: bool = True,
    apart: bool = False,
) -> Any:
    r"""A block has |H_kl|_F^2 = |b_l|^2 |M_lk|_F^2 |a_{k-1}|^2.

    In the mean these factors are E|v|^2 p2 q^(L-l), n p2 q^(l-k-1) and |x|^2 q^(k-1), with q = n p2 s^2.

    Parameters
    ----------
    case : SmallNetwork or Ensemble
        One network, or an ensemble for the mean.
    k, later : int or sympy.Symbol
        The two layers k < l.
    """
    factor, top = (later - k if apart else 1), (k if lower else later)
    if isinstance(case, Ensemble):
        t = Letters.of(case)
        q = symbols.tidy(t.n * t.p2 * t.s2)
        jacobian = t.n * (t.p2 if gate else 1) if between else sp.S.One
        layers = (t.L - top) + (later - k - 1 if between else 0) + (k - below)
        return factor * t.x2 * t.p2 * jacobian * q ** sp.expand(layers)
    squares = [frobenius_squared(_backward(case, top)), frobenius_squared(case.activations[k - below])]
    if between:
        squares.append(frobenius_squared(_jacobian(case, k, later, gate=gate)))
    return factor * math.prod(squares)


def _backward(net: SmallNetwork, layer: int) -> Any:
    """Return b_layer, by b_L = D_L v and b_k = D_k W_{k+1}^T b_{k+1}."""
    b = net.masks[-1] * net.readout.transpose()
    for k in range(net.depth - 1, layer - 1, -1):
        b = net.masks[k - 1] * (net.matrices[k].transpose() * b)
    return b


def _jacobian(net: SmallNetwork, k: int, later: int, *, gate: bool) -> Any:
    """Return M_lk = D_{l-1} W_{l-1} ... W_{k+1} D_k."""
    out = net.masks[k - 1] if gate else net.masks[k - 1] ** 0
    for j in range(k + 1, later):
        out = net.masks[j - 1] * net.matrices[j - 1] * out
    return out


def _each_block(net: Ensemble, claim: Claim) -> list[Induction]:
    """The claim is the block of any two layers k < l: theory derives what a layer more does above, between, below."""
    claimed = at_layers(net, claim(net, symbols.whole("k"), symbols.whole("l")))
    numbers, slopes = tuple(part(net, 2) for part in (above, between, below)), tuple(symbols.slope(net).free_symbols)
    name, origin = "E|H_kl|^2 at L = i+j+m+2, k = m+1, l = m+j+2", backward_pass(net, blocks=True)
    return [Induction(name, numbers, claimed, slopes, variance_of(net), origin)]


def _squares(net: SmallNetwork, k: int, later: int) -> Callable[[Any], bool]:
    truth = frobenius_squared(net.block(k, later))
    return lambda claimed: bool(claimed == truth)


def _block_variance(net: Ensemble, **_: int) -> sp.Expr:
    return hessian_block_moment(net, 1, 3, 4) - hessian_block_moment(net, 1, 3) ** 2


_SIGNS = Law.named("rademacher")

MEAN_SIGN_SYMMETRIC = Assumption(
    "for the mean: constant width, independent entries symmetric about 0 without atoms, sign-symmetric readout"
)

_MEAN = "all n, L: in the mean"

BLOCK_NORMS = Statement(
    id="hessian.block-norms",
    title="A block of the Hessian has norm |b_l| |M_lk| |a_{k-1}|; in the mean all pairs of layers are alike.",
    latex=(
        r"|H_{kl}|_F^2=|b_l|^2\,|M_{lk}|_F^2\,|a_{k-1}|^2,\qquad "
        r"\mathbb E|H_{kl}|_F^2=|x|^2\,\mathbb E|v|^2\,np_2^2\,(np_2s^2)^{L-2}"
    ),
    source=f"{PAPER}, the Hessian theorems",
    assumptions=(
        assumptions.PIECEWISE_LINEAR,
        assumptions.NO_BIASES,
        assumptions.NO_KINK,
        assumptions.DEPTH_TWO,
        MEAN_SIGN_SYMMETRIC,
    ),
    claim=block_square,
    evidence=(
        Proved.by_induction(
            "in the mean: ReLU, He, any law, all n, L, k < l", partial(_each_block, RELU.at(law="symmetric")), _MEAN
        ),
        Proved.by_induction(
            "in the mean: any slope and variance, all n, L, k < l",
            partial(_each_block, RELU.at(activation="leaky:slope", init="variance:s2")),
            _MEAN,
        ),
        Enumerated(
            f"every block of {len(_ALL)} networks, from f itself",
            tuple(
                (net, k, later) for (net,) in _ALL for k, later in itertools.combinations(range(1, net.depth + 1), 2)
            ),
            _squares,
            label=lambda net, k, later: f"H_{k}{later} of {net}",
        ),
        Enumerated(
            "in the mean: over all weights and signs, preactivations at 0 on either side with probability 1/2",
            tuple(
                (Ensemble(n, depth, activation=a, init="he", law=law, input=(1, 2)[:n], readout="signs"), k, later)
                for a in ("relu", "linear", "leaky:1/3")
                for law, n, depth in ((_SIGNS, 2, 2), (LADDER, 1, 3))
                for k, later in itertools.combinations(range(1, depth + 1), 2)
            ),
            hessian_power,
        ),
        Simulated(
            "E|H_13|_F^2 from real weights",
            RELU.at(width=16, depth=4),
            HessianNorms(blocks=((1, 3),)),
            "H_1_3",
            reading=Mean(1, _block_variance),
            tolerance=0.11,
            samples=20_000,
            arguments={"k": 1, "later": 3},
        ),
    ),
    mutants=(
        Mutant("a_k for a_{k-1}", partial(block_square, below=0)),
        Mutant("M is forgotten", partial(block_square, between=False)),
        Mutant("M has no mask D_k", partial(block_square, gate=False)),
        Mutant("b_k for b_l", partial(block_square, lower=True)),
        Mutant("pairs far apart have more", partial(block_square, apart=True)),
    ),
)

# --- hessian.norm-bounds ----------------------------------------------------------------------------------------------


class Bounds(NamedTuple):
    """Factors between squares of norms, or between norms.

    Parameters
    ----------
    block, row : Any
        The factors c in c |H_kl|^2 <= |H|^2 and in |H|^2 <= c max_k |H_k|^2.
    norms : Any
        The factor c in |H|^2 <= c |N|^2 and in |N| <= c max row sum.
    trace : Any
        The factor c in |H|^2 <= c |H|_F^2.
    """

    block: Any
    row: Any
    norms: Any
    trace: Any


def norm_bounds(
    depth: Any, m: Any, *, block: int = 1, row: int | None = None, diagonal: int = 1, norms: Any = 1, more: int = 1
) -> Bounds:
    r"""Norms obey |H_kl| <= |H| <= sqrt(L-1) max_k |H_k|, |H| <= |N| with N_kl = |H_kl|, |H| <= sqrt(m/(m+1)) |H|_F.

    H_k is the k-th row of blocks, and m the larger number of eigenvalues of one sign: it is S if f is not 0, and at
    most rank H - 1. The factors returned are those between the squares.

    Parameters
    ----------
    depth : int
        The number L of weight matrices.
    m : flint.fmpq or sympy.Symbol
        The number m.
    """
    return Bounds(block, row or depth - diagonal, norms, m / (m + more))


def _trace_is_zero(claim: Claim) -> list[Obligation]:
    """Balance an eigenvalue lam > 0 by m of the other sign, of sum P1 = lam + rho, rho >= 0, and sum of squares P2.

    Then |H|_F^2 - lam^2/c is (P2 - P1^2/m) + rho (2 lam + rho)/m + the squares of the other positive ones, whose sum is
    rho; none of these terms is negative.
    """
    lam, rho, second, others, m = (sp.Symbol(name, positive=True) for name in ("lam", "rho", "P2", "R2", "m"))
    first = lam + rho
    left_over = (second - first**2 / m) + rho * (2 * lam + rho) / m + others
    constant = claim(3, m).trace
    return [Obligation("|H|_F^2 = lam^2/c + squares", left_over, lam**2 + second + others - lam**2 / constant)]


def _claimed_bounds(claim: Claim, net: SmallNetwork) -> Bounds:
    positive, negative, _ = signs(net.characteristic)
    claimed: Bounds = claim(net.depth, flint.fmpq(max(positive, negative)))
    return claimed


def _blocks_below(net: SmallNetwork) -> Callable[[Bounds], bool | None]:
    return lambda claimed: _all(
        norm.times(claimed.block).at_most(net.norm_squared) for norm in net.block_norms_squared.values()
    )


@cache
def _rows(net: SmallNetwork) -> list[LargestRoot]:
    """Return |H_k|_2^2 for the rows of blocks."""
    return [spectral_norm_squared(net.row(k)) for k in range(1, net.depth + 1)]


def _rows_above(net: SmallNetwork) -> Callable[[Bounds], bool | None]:
    return lambda claimed: _any(net.norm_squared.at_most(row.times(claimed.row)) for row in _rows(net))


def _norms_above(net: SmallNetwork) -> Callable[[Bounds], bool | None]:
    """Judge |H| <= |N| <= the largest row sum, with the norms of blocks rounded to 80 places, down and up."""
    lower, upper = (_norm_matrix(net, end) for end in (0, 1))
    low, high = spectral_norm_squared(lower), spectral_norm_squared(upper)
    largest_sum = max(sum(row, flint.fmpq(0)) for row in upper.tolist())

    def judge(claimed: Bounds) -> bool | None:
        c = claimed.norms
        if net.norm_squared.at_most(low.times(c)):
            return low.at_most(LargestRoot.rational((c * largest_sum) ** 2))
        return False if net.norm_squared.at_most(high.times(c)) is False else None

    return judge


def _norm_matrix(net: SmallNetwork, end: int) -> Any:
    """Return N with its entries rounded down (end 0) or up (end 1)."""
    norms = {pair: root.root_bounds()[end] for pair, root in net.block_norms_squared.items()}
    layers = range(1, net.depth + 1)
    return flint.fmpq_mat([[norms.get((min(k, j), max(k, j)), flint.fmpq(0)) for j in layers] for k in layers])


def _trace_above(net: SmallNetwork) -> Callable[[Bounds], bool]:
    square, squares = frobenius_squared(net.hessian), squared_roots(net.characteristic)
    return lambda claimed: roots_above(squares, claimed.trace * square) == 0


def _all(answers: Any) -> bool | None:
    """Return whether all of some answers are True; None stands for one that is open."""
    seen = set(answers)
    return False if False in seen else None if None in seen else True


def _any(answers: Any) -> bool | None:
    """Return whether any of some answers is True; None stands for one that is open."""
    seen = set(answers)
    return True if True in seen else None if None in seen else False


def _distinct(net: SmallNetwork) -> bool:
    """Whether |H| < |N|, or both are rational.

    At depth 2 and for a rotated chain both are equal, and their enclosures overlap.
    """
    hidden = [net.active(k) for k in range(1, net.depth)]
    return net.value != 0 and net.depth > 2 and (max(hidden) > 1 or max(net.widths) == 1)


_NORMS = tuple((net,) for net in small_networks() if _distinct(net))

NORM_BOUNDS = Statement(
    id="hessian.norm-bounds",
    title="Blocks bound the Hessian's norm from both sides; trace 0 keeps it below sqrt(m/(m+1)) times Frobenius's.",
    latex=(
        r"\max_{k,l}\|H_{kl}\|_2\le\|H\|_2\le\sqrt{L-1}\,\max_k\|(H_{k1},\dots,H_{kL})\|_2,\quad "
        r"\|H\|_2\le\bigl\|(\|H_{kl}\|_2)_{kl}\bigr\|_2\le\max_k\sum_l\|H_{kl}\|_2,\quad "
        r"\|H\|_2\le\sqrt{\tfrac{m}{m+1}}\,|H|_F,\ m=\max(\#\{\lambda>0\},\#\{\lambda<0\})\le\operatorname{rank}H-1"
    ),
    source=f"derived here, for the Hessians of {PAPER}",
    assumptions=(assumptions.PIECEWISE_LINEAR, assumptions.NO_BIASES, assumptions.NO_KINK, assumptions.DEPTH_TWO),
    claim=norm_bounds,
    evidence=(
        Proved("m/(m+1), for any eigenvalues whose sum is 0", _trace_is_zero, "all m: the trace bound"),
        Enumerated(
            f"each block against the whole, by exact enclosures, {len(_ALL)} networks",
            _ALL,
            _blocks_below,
            apply=_claimed_bounds,
        ),
        Enumerated(
            f"the whole against its rows of blocks, by exact enclosures, {len(_ALL)} networks",
            _ALL,
            _rows_above,
            apply=_claimed_bounds,
        ),
        Enumerated(
            f"the whole against the matrix of block norms, in rational enclosures, {len(_NORMS)} networks",
            _NORMS,
            _norms_above,
            apply=_claimed_bounds,
        ),
        Enumerated(
            f"the whole against its Frobenius norm, by Descartes' rule, {len(_ALL)} networks",
            _ALL,
            _trace_above,
            apply=_claimed_bounds,
        ),
    ),
    mutants=(
        Mutant("a block is at most half the whole", partial(norm_bounds, block=4)),
        Mutant("L - 2 for L - 1", partial(norm_bounds, diagonal=2)),
        Mutant("the largest row bounds the whole", partial(norm_bounds, row=1)),
        Mutant("one percent less than the norm of the block norms", partial(norm_bounds, norms=flint.fmpq(99, 100))),
        Mutant("m + 2 for m + 1", partial(norm_bounds, more=2)),
    ),
)

# --- hessian.contains-chain -------------------------------------------------------------------------------------------


class Chain(NamedTuple):
    """H in the directions dW_k = y_k a_{k-1}^T/|a_{k-1}|^2, and what it implies.

    Parameters
    ----------
    beside, diagonal : Any
        The entries beside the diagonal, and on it.
    lengths : tuple
        The squared lengths |dW_k|^2.
    power : Any
        A lower bound on |H|_2^(2L).
    """

    beside: Any
    diagonal: Any
    lengths: tuple[Any, ...]
    power: Any


def contains_chain(
    net: SmallNetwork, *, gap: int = 1, sign: int = 1, diagonal: int = 0, root: int = 2, after: bool = False
) -> Chain:
    r"""In L orthonormal directions H is f (u u^T - diag u^2), u_k = |a_{k-1}|/|y_k|: |H| >= (L-1) |f| (prod u_k)^(2/L).

    y_k is a_k for the slopes 0 and 1, and z_k for slopes in between.
    """
    layers = net.activations[1:] if after or net.slope in (0, 1) else net.preactivations
    squares = [frobenius_squared(a) / frobenius_squared(y) for a, y in zip(net.activations[:-1], layers, strict=True)]
    product = math.prod(squares, start=flint.fmpq(1))
    power = ((net.depth - gap) * net.value) ** (2 * net.depth) * product**root
    return Chain(sign * net.value, diagonal * net.value, tuple(1 / u for u in squares), power)


@cache
def _chain_inside(net: SmallNetwork) -> tuple[list[list[Any]], tuple[Any, ...]]:
    """Return H in the L directions, and their squared lengths."""
    layers = net.activations[1:] if net.slope in (0, 1) else net.preactivations
    columns = []
    for k, (a, y) in enumerate(zip(net.activations[:-1], layers, strict=True), 1):
        column, place = [flint.fmpq(0)] * net.hessian.nrows(), net.places(k)
        for index, entry in zip(place, (y * a.transpose()).entries(), strict=True):
            column[index] = entry / frobenius_squared(a)
        columns.append(column)
    rows = flint.fmpq_mat(columns)
    return (rows * net.hessian * rows.transpose()).tolist(), tuple(sum(x * x for x in column) for column in columns)


def _is_a_chain(net: SmallNetwork) -> Callable[[Chain], bool]:
    form, lengths = _chain_inside(net)
    layers = range(net.depth)

    def judge(claimed: Chain) -> bool:
        entries = all(form[i][j] == (claimed.diagonal if i == j else claimed.beside) for i in layers for j in layers)
        return entries and lengths == claimed.lengths

    return judge


def _above_the_chain(net: SmallNetwork) -> Callable[[Chain], bool | None]:
    """Compare |H|_2^(2L) with the claimed power, which may be the L-th power of a rational."""
    square, depth = net.norm_squared, net.depth

    def judge(claimed: Chain) -> bool | None:
        if square.lo**depth >= claimed.power:
            return True
        if square.hi**depth < claimed.power:
            return False
        root = flint.fmpq(*(flint.fmpz(part).root(depth) for part in (claimed.power.p, claimed.power.q)))
        return LargestRoot.rational(root).at_most(square) if root**depth == claimed.power else None

    return judge


CONTAINS_CHAIN = Statement(
    id="hessian.contains-chain",
    title="On L orthogonal directions the Hessian is that of a chain: it is at least (L-1) |f| (prod u)^(2/L) large.",
    latex=(
        r"\nabla^2f\Big|_{\operatorname{span}\{y_ka_{k-1}^\top\}}=f\,(uu^\top-\operatorname{diag}u^2),\ "
        r"u_k=\frac{|a_{k-1}|}{|y_k|},\quad \|\nabla^2f\|_2\ge(L-1)\,|f|\prod_ku_k^{2/L},\quad "
        r"y_k=a_k\text{ (linear, ReLU)},\ z_k\text{ (leaky)}"
    ),
    source=f"derived here; {PAPER} has the chain",
    assumptions=(
        assumptions.PIECEWISE_LINEAR,
        assumptions.NO_BIASES,
        assumptions.NO_KINK,
        assumptions.OUTPUT_NOT_ZERO,
        assumptions.DEPTH_TWO,
    ),
    claim=contains_chain,
    evidence=(
        Enumerated(f"H on the L directions, and their lengths, {len(_ALIVE)} networks", _ALIVE, _is_a_chain),
        Enumerated(
            f"the norm against the bound, by exact enclosures, {len(_ALIVE)} networks", _ALIVE, _above_the_chain
        ),
    ),
    mutants=(
        Mutant("L for L - 1", partial(contains_chain, gap=0)),
        Mutant("the sign is flipped", partial(contains_chain, sign=-1)),
        Mutant("the diagonal is kept", partial(contains_chain, diagonal=1)),
        Mutant("a_k for z_k under leaky ReLU", partial(contains_chain, after=True)),
        Mutant("the exponent is 1/L", partial(contains_chain, root=1)),
    ),
)

STATEMENTS = (BLOCK_NORMS, NORM_BOUNDS, CONTAINS_CHAIN)

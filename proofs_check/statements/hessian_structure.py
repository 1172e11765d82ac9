"""What holds for the Hessian of f of every network: its blocks, rank, inertia and norm, and the chain inside it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import flint
import sympy as sp

from montecarlo import HessianNorms
from proofs_check.enumeration import hessian_power
from proofs_check.evidence import Enumerated, Mean, Obligation, Proved, Simulated
from proofs_check.small_hessians import (
    LargestRoot,
    SmallNetwork,
    frobenius_squared,
    roots_above,
    signs,
    small_networks,
    spectral_norm_squared,
    squared_roots,
)
from proofs_check.statement import Assumption, Claim, Mutant, Statement
from proofs_check.statements.forward import LADDER, PAPER, RELU
from proofs_check.statements.letters import Letters
from theory import hessian_block_moment, symbols
from theory.ensembles import Ensemble, Law

_ALL = tuple((net,) for net in small_networks())
_ALIVE = tuple((net,) for net in small_networks() if net.value != 0)


# --- symbolic networks ------------------------------------------------------------------------------------------------


class _Symbolic(NamedTuple):
    """A network whose weights, masks, readout and input are all indeterminates: every mask and slope at once."""

    matrices: tuple[sp.Matrix, ...]
    masks: tuple[sp.Matrix, ...]
    readout: sp.Matrix
    input: sp.Matrix

    def value(self, matrices: tuple[sp.Matrix, ...] | None = None) -> sp.Expr:
        """f, also with other matrices in place of W_1, ..., W_L."""
        a = self.input
        for matrix, mask in zip(matrices or self.matrices, self.masks, strict=True):
            a = mask * (matrix * a)
        return (self.readout.T * a)[0, 0]


@cache
def _symbolic(widths: tuple[int, ...]) -> _Symbolic:
    shapes = list(enumerate(itertools.pairwise(widths), 1))
    matrices = tuple(sp.Matrix(rows, columns, _letters(f"w{k}", rows * columns)) for k, (columns, rows) in shapes)
    masks = tuple(sp.diag(*_letters(f"d{k}", rows)) for k, (_, rows) in shapes)
    return _Symbolic(matrices, masks, sp.Matrix(_letters("v", widths[-1])), sp.Matrix(_letters("x", widths[0])))


def _letters(name: str, count: int) -> tuple[sp.Symbol, ...]:
    return tuple(sp.Symbol(f"{name}_{i}") for i in range(count))


@cache
def _directions(widths: tuple[int, ...]) -> tuple[sp.Matrix, ...]:
    """A change of every weight, in indeterminates."""
    return tuple(
        sp.Matrix(rows, columns, _letters(f"c{k}", rows * columns))
        for k, (columns, rows) in enumerate(itertools.pairwise(widths), 1)
    )


# --- hessian.hollow ---------------------------------------------------------------------------------------------------


class Hollow(NamedTuple):
    """An entry of the diagonal block of a layer, and the trace of the whole."""

    within: Any
    trace: Any


def hollow(f: Any, layer: int, *, first: int = 0, later: int = 0, trace: int = 0) -> Hollow:
    """d2f/dW_k dW_k = 0 for every layer k, so tr H = 0: masks fixed, f is affine in each matrix."""
    return Hollow((first if layer == 1 else later) * f, trace * f)


def _second_differences(claim: Claim) -> list[Obligation]:
    """f(W_k + C) - 2 f(W_k) + f(W_k - C) for an indeterminate C; the mixed ones follow by polarization."""
    widths = (2, 2, 2, 1)
    net, changes = _symbolic(widths), _directions(widths)
    f, out = net.value(), []
    for k, (matrix, change) in enumerate(zip(net.matrices, changes, strict=True)):
        there, back = (
            net.value((*net.matrices[:k], matrix + side * change, *net.matrices[k + 1 :])) for side in (1, -1)
        )
        out.append(Obligation(f"second difference in W_{k + 1}", there - 2 * f + back - claim(f, k + 1).within))
    return out


def _claimed_diagonal(claim: Claim, net: SmallNetwork) -> tuple[list[Any], Any]:
    claimed = [claim(net.value, k) for k in range(1, net.depth + 1)]
    return [one.within for one in claimed], claimed[0].trace


def _diagonal(net: SmallNetwork) -> Callable[[tuple[list[Any], Any]], bool]:
    blocks = [net.block(k, k).entries() for k in range(1, net.depth + 1)]
    trace = sum((net.hessian[i, i] for i in range(net.hessian.nrows())), flint.fmpq(0))

    def judge(claimed: tuple[list[Any], Any]) -> bool:
        within, claimed_trace = claimed
        same = all(entry == value for block, value in zip(blocks, within, strict=True) for entry in block)
        return bool(same and trace == claimed_trace)

    return judge


HOLLOW = Statement(
    id="hessian.hollow",
    title="Away from kinks f is affine in each weight matrix: the Hessian's diagonal blocks are 0, and its trace is.",
    latex=r"\frac{\partial^2f}{\partial W_k\,\partial W_k}=0\quad(k=1,\dots,L),\qquad \operatorname{tr}\nabla^2f=0",
    source=f"{PAPER}, the Hessian theorems",
    assumptions=(Assumption.PIECEWISE_LINEAR, Assumption.NO_BIASES, Assumption.NO_KINK),
    claim=hollow,
    evidence=(
        Proved("widths 2-2-2-1: weights, input, readout, masks and slopes indeterminate", _second_differences),
        Enumerated(
            f"second differences within each layer, {len(_ALL)} networks of widths 1 to 4 and depth 2 to 5",
            _ALL,
            _diagonal,
            apply=_claimed_diagonal,
        ),
    ),
    mutants=(
        Mutant("the diagonal is kept", partial(hollow, first=1, later=1, trace=1)),
        Mutant("f is quadratic in the first matrix", partial(hollow, first=2)),
        Mutant("the trace is f", partial(hollow, trace=1)),
    ),
)

# --- hessian.rank-and-inertia -----------------------------------------------------------------------------------------


class Signature(NamedTuple):
    """How many eigenvalues have the sign of f and the other one; two entries of the constraints' dual Gram matrix."""

    same: Any
    opposite: Any
    diagonal: Any
    beside: Any


def signature(
    f: Any,
    depth: Any,
    hidden: Any,
    last: Any,
    units: Any,
    *,
    ends: int = 2,
    swapped: bool = False,
    counts_last: bool = False,
    counts_dead: bool = False,
    gram: tuple[int, int] = (2, -1),
) -> Signature:
    """S - (L-2) eigenvalues of the sign of f, S of the other, S the active units below layer L.

    H is the form 2 q^T T p of signature (S, S) on the L-2 constraints b_k . p_k = a_{k-1} . q_{k-1}, whose Gram matrix
    in the dual form is f tridiag(-1, 2, -1): definite, of the sign of f. On the active units p_k = dW_k a_{k-1} and
    q_{k-1} = dW_k^T b_k; T_jk = M_{j+1,k} for k <= j.
    """
    total = (units if counts_dead else hidden) + (last if counts_last else 0)
    same, opposite = total - (depth - ends), total
    if swapped:
        same, opposite = opposite, same
    return Signature(same, opposite, gram[0] * f, gram[1] * f)


def _gram_is_definite(claim: Claim) -> list[Obligation]:
    """The claimed Gram matrix has the minors (j+1) f^j: each constraint costs an eigenvalue of the sign of f."""
    f, depth, hidden, last, units, j = (sp.Symbol(name, positive=True) for name in ("f", "L", "S", "A", "U", "j"))
    claimed = claim(f, depth, hidden, last, units)
    minors = [(j + 1) * f**j, (j + 2) * f ** (j + 1), (j + 3) * f ** (j + 2)]
    return [
        Obligation("base: the first minor is 2f", claimed.diagonal - 2 * f),
        Obligation("step: three minors", claimed.diagonal * minors[1] - claimed.beside**2 * minors[0] - minors[2]),
        Obligation("eigenvalues of the sign of f", claimed.same - (hidden - (depth - 2))),
        Obligation("eigenvalues of the other sign", claimed.opposite - hidden),
    ]


def _dual_vectors(claim: Claim) -> list[Obligation]:
    """(q, p) = (-W_j^T b_j, W_{j+1}^T b_{j+1}; -z_{j-1}, z_j) at j-1, j solves T p = -a_{j-1} at j-1, T^T q = b_j at j.

    Its products with the constraints are the Gram matrix. Checked at widths 1-2-2-2-1, where L - 2 = 2.
    """
    net, solved = _symbolic((1, 2, 2, 2, 1)), _solves_the_constraints()
    claimed = claim(net.value(), 4, 6, 1, 6)
    (z1, z2, z3), (a1, a2, _), (c1, c2, _), (_, b2, b3) = _passes()
    first, second = (-z1, z2), (-z2, z3)
    return [
        *solved,
        Obligation("constraint 2 with itself", (b2.T * first[1] + a1.T * c1)[0] - claimed.diagonal),
        Obligation("constraint 3 with itself", (b3.T * second[1] + a2.T * c2)[0] - claimed.diagonal),
        Obligation("constraints 2 and 3", (b2.T * second[0])[0] - claimed.beside),
        Obligation("constraints 3 and 2", (-a2.T * c2)[0] - claimed.beside),
    ]


@cache
def _passes() -> tuple[tuple[sp.Matrix, ...], ...]:
    """z_k, a_k, W_{k+1}^T b_{k+1} and b_k of the symbolic network's hidden layers."""
    net = _symbolic((1, 2, 2, 2, 1))
    z: list[sp.Matrix] = []
    a: list[sp.Matrix] = []
    x = net.input
    for matrix, mask in zip(net.matrices[:-1], net.masks[:-1], strict=True):
        z.append(matrix * x)
        x = mask * z[-1]
        a.append(x)
    pulled: list[sp.Matrix] = []
    backward: list[sp.Matrix] = []
    b = net.masks[-1] * net.readout
    for matrix, mask in zip(net.matrices[:0:-1], net.masks[-2::-1], strict=True):
        pulled.insert(0, matrix.T * b)
        b = mask * pulled[0]
        backward.insert(0, b)
    return tuple(z), tuple(a), tuple(pulled), tuple(backward)


@cache
def _solves_the_constraints() -> tuple[Obligation, ...]:
    """The two systems for both constraints, each contracted with indeterminates."""
    net = _symbolic((1, 2, 2, 2, 1))
    (z1, z2, z3), (a1, a2, _), (c1, c2, c3), (_, b2, b3) = _passes()
    d, w = net.masks, net.matrices
    nothing = sp.zeros(2, 2)
    form = sp.Matrix(
        sp.BlockMatrix(
            [
                [d[0], nothing, nothing],
                [d[1] * w[1] * d[0], d[1], nothing],
                [d[2] * w[2] * d[1] * w[1] * d[0], d[2] * w[2] * d[1], d[2]],
            ]
        )
    )
    zero, test = sp.zeros(2, 1), sp.Matrix(_letters("t", 6))
    out = []
    for j, p, target, q, dual in (
        (2, (-z1, z2, zero), (-a1, zero, zero), (-c1, c2, zero), (zero, b2, zero)),
        (3, (zero, -z2, z3), (zero, -a2, zero), (zero, -c2, c3), (zero, zero, b3)),
    ):
        residuals = form * sp.Matrix.vstack(*p) - sp.Matrix.vstack(*target)
        duals = form.T * sp.Matrix.vstack(*q) - sp.Matrix.vstack(*dual)
        out.append(Obligation(f"T p, constraint {j}", (test.T * residuals)[0]))
        out.append(Obligation(f"T^T q, constraint {j}", (test.T * duals)[0]))
    return tuple(out)


def _claimed_signature(claim: Claim, net: SmallNetwork) -> Signature:
    depth = net.depth
    hidden = sum(net.active(k) for k in range(1, depth))
    claimed: Signature = claim(net.value, depth, hidden, net.active(depth), sum(net.widths[1:depth]))
    return claimed


def _counts(net: SmallNetwork) -> Callable[[Signature], bool]:
    positive, negative, _ = signs(net.characteristic)
    same, opposite = (positive, negative) if net.value > 0 else (negative, positive)
    rank = net.hessian.rank()
    return lambda claimed: (
        (claimed.same, claimed.opposite) == (same, opposite) and rank == claimed.same + claimed.opposite
    )


def _gram(net: SmallNetwork) -> Callable[[Signature], bool]:
    truth = _dual_gram(net)
    size = len(truth)

    def judge(claimed: Signature) -> bool:
        row = {0: claimed.diagonal, 1: claimed.beside, -1: claimed.beside}
        return all(truth[i][j] == row.get(i - j, 0) for i in range(size) for j in range(size))

    return judge


@cache
def _dual_gram(net: SmallNetwork) -> list[list[Any]]:
    """R K^-1 R^T with K = (0, T^T; T, 0) on the active units, T and b read off runs of the network."""
    places = [(k, i) for k in range(1, net.depth) for i in range(net.widths[k]) if net.masks[k - 1][i, i] != 0]
    size = len(places)
    units = {(k, i): flint.fmpq_mat(net.widths[k], 1, [int(i == j) for j in range(net.widths[k])]) for k, i in places}
    form = [[flint.fmpq(0)] * (2 * size) for _ in range(2 * size)]
    for (row, (j, i)), (column, (k, p)) in itertools.product(enumerate(places), repeat=2):
        if k <= j:
            entry = net.run(k, units[k, p], j)[i, 0]
            form[size + row][column] = form[column][size + row] = entry
    rows = []
    for layer in range(2, net.depth):
        on_p = [(net.readout * net.run(k, units[k, i], net.depth))[0, 0] if k == layer else 0 for k, i in places]
        on_q = [-net.activations[k][i, 0] if k == layer - 1 else 0 for k, i in places]
        rows.append(on_p + on_q)
    if not rows:
        return []
    constraints = flint.fmpq_mat(rows)
    gram: list[list[Any]] = (constraints * flint.fmpq_mat(form).solve(constraints.transpose())).tolist()
    return gram


_DEEP = tuple((net,) for net in small_networks() if net.value != 0 and net.depth > 2)

RANK_AND_INERTIA = Statement(
    id="hessian.rank-and-inertia",
    title="With S active units below layer L: S-(L-2) eigenvalues have the sign of f, S the other, the rest are 0.",
    latex=(
        r"\operatorname{rank}\nabla^2f=2S-(L-2),\quad "
        r"\#\{\lambda: \lambda f>0\}=S-(L-2),\quad \#\{\lambda: \lambda f<0\}=S,\quad "
        r"S=\sum_{k<L}\#\{\text{active units of layer }k\}"
    ),
    source=f"derived here; {PAPER} has the hollow Hessian",
    assumptions=(
        Assumption.PIECEWISE_LINEAR,
        Assumption.NO_BIASES,
        Assumption.NO_KINK,
        Assumption.OUTPUT_NOT_ZERO,
        Assumption.DEPTH_TWO,
    ),
    claim=signature,
    evidence=(
        Proved("dual vectors of the constraints, widths 1-2-2-2-1: all indeterminate", _dual_vectors),
        Proved("minors of the dual Gram matrix, all L", _gram_is_definite),
        Enumerated(
            f"rank, and signs of the roots of the characteristic polynomial, {len(_ALIVE)} networks",
            _ALIVE,
            _counts,
            apply=_claimed_signature,
        ),
        Enumerated(
            f"the constraints' Gram matrix in the inverse form, {len(_DEEP)} networks of depth 3 to 5",
            _DEEP,
            _gram,
            apply=_claimed_signature,
        ),
    ),
    mutants=(
        Mutant("L - 1 for L - 2", partial(signature, ends=1)),
        Mutant("no constraints: rank 2S", lambda *case: signature(*case)._replace(same=case[2])),
        Mutant("the signs are swapped", partial(signature, swapped=True)),
        Mutant("layer L counts too", partial(signature, counts_last=True)),
        Mutant("units that are off count too", partial(signature, counts_dead=True)),
        Mutant("the Gram matrix is f tridiag(-1, 1, -1)", partial(signature, gram=(1, -1))),
    ),
)

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
    r"""|H_kl|_F^2 = |b_l|^2 |M_lk|_F^2 |a_{k-1}|^2; in the mean E|v|^2 p2 q^(L-l), n p2 q^(l-k-1) and |x|^2 q^(k-1)."""
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
    """b_L = D_L v, b_k = D_k W_{k+1}^T b_{k+1}."""
    b = net.masks[-1] * net.readout.transpose()
    for k in range(net.depth - 1, layer - 1, -1):
        b = net.masks[k - 1] * (net.matrices[k].transpose() * b)
    return b


def _jacobian(net: SmallNetwork, k: int, later: int, *, gate: bool) -> Any:
    """M_lk = D_{l-1} W_{l-1} ... W_{k+1} D_k."""
    out = net.masks[k - 1] if gate else net.masks[k - 1] ** 0
    for j in range(k + 1, later):
        out = net.masks[j - 1] * net.matrices[j - 1] * out
    return out


def _each_block(net: Ensemble, claim: Claim) -> list[Obligation]:
    """The block of layers k < l, both indeterminate: theory multiplies one-layer steps above, between and below."""
    k, later = sp.Symbol("k", positive=True), sp.Symbol("l", positive=True)
    slopes = tuple(symbols.slope(net).free_symbols)
    return [Obligation("a block (k, l)", claim(net, k, later) - hessian_block_moment(net, "k", "l"), slopes)]


def _squares(net: SmallNetwork, k: int, later: int) -> Callable[[Any], bool]:
    truth = frobenius_squared(net.block(k, later))
    return lambda claimed: bool(claimed == truth)


def _block_variance(net: Ensemble, **_: int) -> sp.Expr:
    return hessian_block_moment(net, 1, 3, 4) - hessian_block_moment(net, 1, 3) ** 2


_SIGNS = Law.named("rademacher")

BLOCK_NORMS = Statement(
    id="hessian.block-norms",
    title="A block of the Hessian has norm |b_l| |M_lk| |a_{k-1}|; in the mean all pairs of layers are alike.",
    latex=(
        r"|H_{kl}|_F^2=|b_l|^2\,|M_{lk}|_F^2\,|a_{k-1}|^2,\qquad "
        r"\mathbb E|H_{kl}|_F^2=|x|^2\,\mathbb E|v|^2\,np_2^2\,(np_2s^2)^{L-2}"
    ),
    source=f"{PAPER}, the Hessian theorems",
    assumptions=(
        Assumption.PIECEWISE_LINEAR,
        Assumption.NO_BIASES,
        Assumption.NO_KINK,
        Assumption.DEPTH_TWO,
        Assumption.MEAN_SIGN_SYMMETRIC,
    ),
    claim=block_square,
    evidence=(
        Proved("in the mean: ReLU, He, any law, all n, L, k < l", partial(_each_block, RELU.at(law="symmetric"))),
        Proved(
            "in the mean: any slope and variance, all n, L, k < l",
            partial(_each_block, RELU.at(activation="leaky:slope", init="variance:s2")),
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
            Mean(1, _block_variance),
            0.11,
            20_000,
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
    """Factors c: c |H_kl|^2 <= |H|^2 <= c max_k |H_k|^2; |H|^2 <= c |N|^2, |N| <= c max row sum; |H|^2 <= c |H|_F^2."""

    block: Any
    row: Any
    norms: Any
    trace: Any


def norm_bounds(
    depth: Any, m: Any, *, block: int = 1, row: int | None = None, diagonal: int = 1, norms: Any = 1, more: int = 1
) -> Bounds:
    r"""Squared factors: |H_kl| <= |H| <= sqrt(L-1) max_k |H_k|, |H| <= |N|, N_kl = |H_kl|, |H| <= sqrt(m/(m+1)) |H|_F.

    H_k is the k-th row of blocks, m the larger number of eigenvalues of one sign: S, if f is not 0; at most rank H - 1.
    """
    return Bounds(block, row or depth - diagonal, norms, m / (m + more))


def _trace_is_zero(claim: Claim) -> list[Obligation]:
    """An eigenvalue lam > 0 is balanced by m of the other sign, of sum P1 = lam + rho and sum of squares P2, rho >= 0.

    |H|_F^2 - lam^2/c is then (P2 - P1^2/m) + rho (2 lam + rho)/m + the squares of the other positive ones, of sum rho:
    none of them negative.
    """
    lam, rho, second, others, m = (sp.Symbol(name, positive=True) for name in ("lam", "rho", "P2", "R2", "m"))
    first = lam + rho
    left_over = (second - first**2 / m) + rho * (2 * lam + rho) / m + others
    constant = claim(3, m).trace
    return [Obligation("|H|_F^2 = lam^2/c + squares", lam**2 + second + others - lam**2 / constant - left_over)]


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
    """|H_k|_2^2 for the rows of blocks."""
    return [spectral_norm_squared(net.row(k)) for k in range(1, net.depth + 1)]


def _rows_above(net: SmallNetwork) -> Callable[[Bounds], bool | None]:
    return lambda claimed: _any(net.norm_squared.at_most(row.times(claimed.row)) for row in _rows(net))


def _norms_above(net: SmallNetwork) -> Callable[[Bounds], bool | None]:
    """Whether |H| <= |N| <= the largest row sum, with the blocks' norms rounded to 80 places, down and up."""
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
    """N, its entries rounded down (end 0) or up (1)."""
    norms = {pair: root.root_bounds()[end] for pair, root in net.block_norms_squared.items()}
    layers = range(1, net.depth + 1)
    return flint.fmpq_mat([[norms.get((min(k, j), max(k, j)), flint.fmpq(0)) for j in layers] for k in layers])


def _trace_above(net: SmallNetwork) -> Callable[[Bounds], bool]:
    square, squares = frobenius_squared(net.hessian), squared_roots(net.characteristic)
    return lambda claimed: roots_above(squares, claimed.trace * square) == 0


def _all(answers: Any) -> bool | None:
    """The conjunction of True, False and None (open)."""
    seen = set(answers)
    return False if False in seen else None if None in seen else True


def _any(answers: Any) -> bool | None:
    """The disjunction."""
    seen = set(answers)
    return True if True in seen else None if None in seen else False


def _distinct(net: SmallNetwork) -> bool:
    """Whether |H| < |N|, or both are rational: equal at depth 2 and for a rotated chain, their enclosures overlap."""
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
    assumptions=(Assumption.PIECEWISE_LINEAR, Assumption.NO_BIASES, Assumption.NO_KINK, Assumption.DEPTH_TWO),
    claim=norm_bounds,
    evidence=(
        Proved("m/(m+1), for any eigenvalues whose sum is 0", _trace_is_zero),
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
    """H on dW_k = y_k a_{k-1}^T/|a_{k-1}|^2: beside the diagonal, on it; |dW_k|^2; and what |H|_2^(2L) is at least."""

    beside: Any
    diagonal: Any
    lengths: tuple[Any, ...]
    power: Any


def contains_chain(
    net: SmallNetwork, *, gap: int = 1, sign: int = 1, diagonal: int = 0, root: int = 2, after: bool = False
) -> Chain:
    r"""In L orthonormal directions H is f (u u^T - diag u^2), u_k = |a_{k-1}|/|y_k|: |H| >= (L-1) |f| (prod u_k)^(2/L).

    y_k is a_k for slopes 0 and 1, z_k in between.
    """
    layers = net.activations[1:] if after or net.slope in (0, 1) else net.preactivations
    squares = [frobenius_squared(a) / frobenius_squared(y) for a, y in zip(net.activations[:-1], layers, strict=True)]
    product = math.prod(squares, start=flint.fmpq(1))
    power = ((net.depth - gap) * net.value) ** (2 * net.depth) * product**root
    return Chain(sign * net.value, diagonal * net.value, tuple(1 / u for u in squares), power)


@cache
def _chain_inside(net: SmallNetwork) -> tuple[list[list[Any]], tuple[Any, ...]]:
    """H in the L directions, and their squared lengths."""
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
    """|H|_2^(2L) against the claimed power, which may be the L-th power of a rational."""
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
        Assumption.PIECEWISE_LINEAR,
        Assumption.NO_BIASES,
        Assumption.NO_KINK,
        Assumption.OUTPUT_NOT_ZERO,
        Assumption.DEPTH_TWO,
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

# --- hessian.homogeneity ----------------------------------------------------------------------------------------------


class Euler(NamedTuple):
    """W . grad f and W_k . df/dW_k as multiples of f; H W as a multiple of grad f."""

    all: Any
    layer: Any
    hessian: Any


def homogeneity(depth: Any, *, shift: int = 0, layer: int = 1, less: int = 1) -> Euler:
    r"""Degree L, and 1 in each matrix: so L|f| <= |W| |grad f|, and (L-1) |grad f| <= |W| |H|_2."""
    return Euler(depth + shift, layer, depth - less)


@cache
def _derivatives() -> tuple[sp.Expr, sp.Expr, sp.Expr, sp.Expr, sp.Expr]:
    """f, W . grad f, W_2 . df/dW_2, C . grad f and C . H W for an indeterminate C, at widths 1-2-2-1."""
    widths = (1, 2, 2, 1)
    net = _symbolic(widths)
    weights, changes = ([w for m in ms for w in m] for ms in (net.matrices, _directions(widths)))
    f = sp.expand(net.value())

    def along(expression: sp.Expr, pairs: Any) -> sp.Expr:
        return sp.Add(*(change * sp.diff(expression, w) for w, change in pairs))

    moved = along(f, zip(weights, changes, strict=True))
    layer = along(f, ((w, w) for w in net.matrices[1]))
    return (
        f,
        along(f, zip(weights, weights, strict=True)),
        layer,
        moved,
        along(moved, zip(weights, weights, strict=True)),
    )


def _euler(claim: Claim) -> list[Obligation]:
    """SymPy differentiates f; C . grad f is itself homogeneous, of degree L - 1."""
    f, once, layer, moved, twice = _derivatives()
    claimed = claim(3)
    return [
        Obligation("W . grad f", once - claimed.all * f),
        Obligation("W_2 . df/dW_2", layer - claimed.layer * f),
        Obligation("C . H W", twice - claimed.hessian * moved),
    ]


def _identities(net: SmallNetwork) -> Callable[[Euler], bool]:
    products = [w * g for w, g in zip(net.weights.entries(), net.gradient.entries(), strict=True)]
    layers = [sum((products[i] for i in net.places(k)), flint.fmpq(0)) for k in range(1, net.depth + 1)]
    pushed = net.hessian * net.weights
    return lambda claimed: (
        sum(layers, flint.fmpq(0)) == claimed.all * net.value
        and all(product == claimed.layer * net.value for product in layers)
        and pushed == claimed.hessian * net.gradient
    )


def _consequences(net: SmallNetwork) -> Callable[[Euler], bool | None]:
    weights, gradient = frobenius_squared(net.weights), frobenius_squared(net.gradient)

    def judge(claimed: Euler) -> bool | None:
        if (claimed.all * net.value) ** 2 > weights * gradient:
            return False
        return LargestRoot.rational(claimed.hessian**2 * gradient / weights).at_most(net.norm_squared)

    return judge


HOMOGENEITY = Statement(
    id="hessian.homogeneity",
    title="The Hessian maps the weights to L-1 times the gradient, so it is at least (L-1) |grad f|/|W| large.",
    latex=(
        r"W_k\cdot\frac{\partial f}{\partial W_k}=f,\quad W\cdot\nabla f=Lf,\quad \nabla^2f\,W=(L-1)\nabla f,\qquad "
        r"L|f|\le|W||\nabla f|,\quad (L-1)|\nabla f|\le|W|\,\|\nabla^2f\|_2"
    ),
    source=f"Euler's theorem on homogeneous functions, for the networks of {PAPER}",
    assumptions=(Assumption.PIECEWISE_LINEAR, Assumption.NO_BIASES, Assumption.NO_KINK),
    claim=homogeneity,
    evidence=(
        Proved("widths 1-2-2-1: weights, input, readout, masks and slopes indeterminate", _euler),
        Enumerated(
            f"the identities, {len(_ALL)} networks of depth 2 to 5",
            _ALL,
            _identities,
            apply=lambda claim, net: claim(net.depth),
        ),
        Enumerated(
            f"the inequalities, by exact enclosures, {len(_ALL)} networks of depth 2 to 5",
            _ALL,
            _consequences,
            apply=lambda claim, net: claim(net.depth),
        ),
    ),
    mutants=(
        Mutant("L + 1 for L", partial(homogeneity, shift=1)),
        Mutant("L for L - 1", partial(homogeneity, less=0)),
        Mutant("L - 2 for L - 1", partial(homogeneity, less=2)),
        Mutant("of degree 2 in each matrix", partial(homogeneity, layer=2)),
    ),
)

STATEMENTS = (HOLLOW, RANK_AND_INERTIA, BLOCK_NORMS, NORM_BOUNDS, CONTAINS_CHAIN, HOMOGENEITY)

"""What holds for the Hessian of f of every network: it is hollow; its rank and inertia; Euler's identities."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import flint
import sympy as sp

from proofs_check import assumptions
from proofs_check.evidence import Carried, Enumerated, Identity, Induction, Obligation, Proved
from proofs_check.evidence.proved import bases_and_steps
from proofs_check.exact.real_roots import LargestRoot, frobenius_squared, signs
from proofs_check.exact.small_networks import SmallNetwork, small_networks
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.toolkit.checks import PAPER
from proofs_check.toolkit.symbolic_networks import directions, letters, symbolic_network
from theory import symbols

_ALL = tuple((net,) for net in small_networks())
_ALIVE = tuple((net,) for net in small_networks() if net.value != 0)


# --- hessian.hollow ---------------------------------------------------------------------------------------------------


class Hollow(NamedTuple):
    """What is claimed of the diagonal.

    Parameters
    ----------
    within : Any
        An entry of the diagonal block of a layer.
    trace : Any
        The trace of the whole Hessian.
    """

    within: Any
    trace: Any


def hollow(f: Any, layer: int, *, first: int = 0, later: int = 0, trace: int = 0) -> Hollow:
    """d2f/dW_k dW_k = 0 for every layer k, so tr H = 0: with masks fixed, f is affine in each matrix.

    Parameters
    ----------
    f : Any
        The output.
    layer : int
        The layer k.
    """
    return Hollow((first if layer == 1 else later) * f, trace * f)


def _second_differences(claim: Claim) -> list[Obligation]:
    """Take f(W_k + C) - 2 f(W_k) + f(W_k - C) for a C of symbols; the mixed differences follow by polarization."""
    widths = (2, 2, 2, 1)
    net, changes = symbolic_network(widths), directions(widths)
    f, out = net.value(), []
    for k, (matrix, change) in enumerate(zip(net.matrices, changes, strict=True)):
        there, back = (
            net.value((*net.matrices[:k], matrix + side * change, *net.matrices[k + 1 :])) for side in (1, -1)
        )
        out.append(Obligation(f"second difference in W_{k + 1}", there - 2 * f + back, claim(f, k + 1).within))
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
    assumptions=(assumptions.PIECEWISE_LINEAR, assumptions.NO_BIASES, assumptions.NO_KINK),
    claim=hollow,
    evidence=(
        Identity(
            "widths 2-2-2-1: weights, input, readout, masks and slopes indeterminate",
            _second_differences,
            "all weights at 2-2-2-1",
        ),
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
    """What is claimed of the signs of eigenvalues.

    Parameters
    ----------
    same, opposite : Any
        How many eigenvalues have the sign of f, and how many the other sign.
    diagonal, beside : Any
        Two entries of the dual Gram matrix of the constraints.
    """

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
    """S - (L-2) eigenvalues have the sign of f, and S the other sign, where S counts the active units below layer L.

    H is the form 2 q^T T p of signature (S, S) on the L-2 constraints b_k . p_k = a_{k-1} . q_{k-1}, whose Gram matrix
    in the dual form is f tridiag(-1, 2, -1): it is definite, of the sign of f. On the active units p_k = dW_k a_{k-1}
    and q_{k-1} = dW_k^T b_k; T_jk = M_{j+1,k} for k <= j.

    Parameters
    ----------
    f, depth : Any
        The output, and the number L of weight matrices.
    hidden, last : Any
        How many units are active below layer L, which is S, and in layer L.
    units : Any
        How many units there are below layer L, active or not.
    """
    total = (units if counts_dead else hidden) + (last if counts_last else 0)
    same, opposite = total - (depth - ends), total
    if swapped:
        same, opposite = opposite, same
    return Signature(same, opposite, gram[0] * f, gram[1] * f)


def _minors(claim: Claim) -> list[Induction]:
    """The claimed Gram matrix has the minors (j+1) f^j, so each constraint costs an eigenvalue of the sign of f.

    Each minor follows from the two before by expansion along the last row; that of no rows is 1.
    """
    f, j = sp.Symbol("f", positive=True), symbols.whole("j")
    claimed = claim(f, *(sp.Symbol(name, positive=True) for name in ("L", "S", "A", "U")))
    expansion = sp.Matrix([[claimed.diagonal, -(claimed.beside**2)], [1, 0]])
    return [Induction("the minor of order j", (Carried(j, expansion, (sp.S.One, sp.S.Zero)),), (j + 1) * f**j)]


def _gram_is_definite(claim: Claim) -> list[Obligation]:
    """So S - (L-2) of the form's S eigenvalues of the sign of f are left, and all S of the other sign."""
    f, depth, hidden, last, units = (sp.Symbol(name, positive=True) for name in ("f", "L", "S", "A", "U"))
    claimed = claim(f, depth, hidden, last, units)
    return [
        *bases_and_steps(_minors(claim)),
        Obligation("eigenvalues of the sign of f", hidden - (depth - 2), claimed.same),
        Obligation("eigenvalues of the other sign", hidden, claimed.opposite),
    ]


def _dual_vectors(claim: Claim) -> list[Obligation]:
    """Multiply the dual vectors of the constraints with the constraints, which gives the Gram matrix.

    (q, p) = (-W_j^T b_j, W_{j+1}^T b_{j+1}; -z_{j-1}, z_j) at j-1, j solves T p = -a_{j-1} at j-1 and T^T q = b_j at j.
    This is checked at widths 1-2-2-2-1, where L - 2 = 2.
    """
    net, solved = symbolic_network((1, 2, 2, 2, 1)), _solves_the_constraints()
    claimed = claim(net.value(), 4, 6, 1, 6)
    (z1, z2, z3), (a1, a2, _), (c1, c2, _), (_, b2, b3) = _passes()
    first, second = (-z1, z2), (-z2, z3)
    return [
        *solved,
        Obligation("constraint 2 with itself", (b2.T * first[1] + a1.T * c1)[0], claimed.diagonal),
        Obligation("constraint 3 with itself", (b3.T * second[1] + a2.T * c2)[0], claimed.diagonal),
        Obligation("constraints 2 and 3", (b2.T * second[0])[0], claimed.beside),
        Obligation("constraints 3 and 2", (-a2.T * c2)[0], claimed.beside),
    ]


@cache
def _passes() -> tuple[tuple[sp.Matrix, ...], ...]:
    """Return z_k, a_k, W_{k+1}^T b_{k+1} and b_k of the symbolic network's hidden layers."""
    net = symbolic_network((1, 2, 2, 2, 1))
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
    """Return the two systems for both constraints, each multiplied by a vector of symbols."""
    net = symbolic_network((1, 2, 2, 2, 1))
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
    zero, test = sp.zeros(2, 1), sp.Matrix(letters("t", 6))
    out = []
    for j, p, target, q, dual in (
        (2, (-z1, z2, zero), (-a1, zero, zero), (-c1, c2, zero), (zero, b2, zero)),
        (3, (zero, -z2, z3), (zero, -a2, zero), (zero, -c2, c3), (zero, zero, b3)),
    ):
        for name, matrix, vector, value in (("T p", form, p, target), ("T^T q", form.T, q, dual)):
            sides = (matrix * sp.Matrix.vstack(*vector), sp.Matrix.vstack(*value))
            out.append(Obligation(f"{name}, constraint {j}", *((test.T * side)[0] for side in sides)))
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
    """Return R K^-1 R^T with K = (0, T^T; T, 0) on the active units, where T and b are read off runs of the network."""
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
        assumptions.PIECEWISE_LINEAR,
        assumptions.NO_BIASES,
        assumptions.NO_KINK,
        assumptions.OUTPUT_NOT_ZERO,
        assumptions.DEPTH_TWO,
    ),
    claim=signature,
    evidence=(
        Identity(
            "dual vectors of the constraints, widths 1-2-2-2-1: all indeterminate",
            _dual_vectors,
            "all weights at 1-2-2-2-1",
        ),
        Proved("minors of the dual Gram matrix, all L", _gram_is_definite, "all L: the Gram matrix", _minors),
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

# --- hessian.homogeneity ----------------------------------------------------------------------------------------------


class Euler(NamedTuple):
    """What is claimed of derivatives along the weights.

    Parameters
    ----------
    all, layer : Any
        W . grad f and W_k . df/dW_k, as multiples of f.
    hessian : Any
        H W, as a multiple of grad f.
    """

    all: Any
    layer: Any
    hessian: Any


def homogeneity(depth: Any, *, shift: int = 0, layer: int = 1, less: int = 1) -> Euler:
    r"""The degree of f is L, and 1 in each matrix, so L|f| <= |W| |grad f| and (L-1) |grad f| <= |W| |H|_2.

    Parameters
    ----------
    depth : int
        The number L of weight matrices.
    """
    return Euler(depth + shift, layer, depth - less)


@cache
def _derivatives() -> tuple[sp.Expr, sp.Expr, sp.Expr, sp.Expr, sp.Expr]:
    """Return f, W . grad f, W_2 . df/dW_2, C . grad f and C . H W for a C of symbols, at widths 1-2-2-1."""
    widths = (1, 2, 2, 1)
    net = symbolic_network(widths)
    weights, changes = ([w for m in ms for w in m] for ms in (net.matrices, directions(widths)))
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
    """SymPy differentiates f, and C . grad f, which is itself homogeneous of degree L - 1."""
    f, once, layer, moved, twice = _derivatives()
    claimed = claim(3)
    return [
        Obligation("W . grad f", once, claimed.all * f),
        Obligation("W_2 . df/dW_2", layer, claimed.layer * f),
        Obligation("C . H W", twice, claimed.hessian * moved),
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
    assumptions=(assumptions.PIECEWISE_LINEAR, assumptions.NO_BIASES, assumptions.NO_KINK),
    claim=homogeneity,
    evidence=(
        Identity(
            "widths 1-2-2-1: weights, input, readout, masks and slopes indeterminate", _euler, "all weights at 1-2-2-1"
        ),
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

STATEMENTS = (HOLLOW, RANK_AND_INERTIA, HOMOGENEITY)

"""Gradients with biases: those of weights grow with what biases add below, those of biases with nothing."""

from __future__ import annotations

from functools import partial

import sympy as sp

from proofs_check import assumptions
from proofs_check.evidence import Carried, Enumerated, Induction, Proved
from proofs_check.exact.all_weights import bias_gradient_power, gradient_power
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.forward.biases import mean_with_biases
from proofs_check.toolkit.both_passes import ABOVE, BELOW, above
from proofs_check.toolkit.checks import LINEAR, RELU, SPARSE
from proofs_check.toolkit.depth_induction import of_any_variance, variance_of
from proofs_check.toolkit.letters import Letters
from theory import symbols
from theory.ensembles import Ensemble, Law
from theory.moments.transfer import input_power_sums, transfer_matrix

# --- gradient.biases-mean ---------------------------------------------------------------------------------------------


def gradient_with_biases(
    net: Ensemble, layer: int | sp.Symbol, *, below: int = 1, times: int = 1, gate: bool = True, ignored: bool = False
) -> sp.Expr:
    r"""E|df/dW_k|_F^2 = E|v|^2 p2 q^(L-k) E|a_(k-1)|^2, q = n p2 s^2: masks are fair coins, so biases act below alone.

    Parameters
    ----------
    layer : int or sympy.Symbol
        The layer k.
    """
    a = Letters.of(net)
    signal = net.at(bias="none") if ignored else net
    depth = sp.Symbol("depth", integer=True, positive=True)
    before = mean_with_biases(signal.at(depth="depth"), times=times, gate=gate).subs(depth, layer - below)
    return in_biases(net, layer) * before.subs(a.L, layer - below)


def in_biases(net: Ensemble, layer: int | sp.Symbol, *, above: int = 0, gate: bool = True) -> sp.Expr:
    r"""E|df/db_k|^2 = E|v|^2 p2 q^(L-k), q = n p2 s^2, of which the biases themselves are no part."""
    a = Letters.of(net)
    readout = sp.S.One if net.has_sign_symmetric_readout else symbols.readout_power_sum(net, 2)
    q = symbols.tidy(a.n * a.p2 * a.s2)
    return readout * (a.p2 if gate else 1) * q ** (a.L - layer + above)


def _below(net: Ensemble) -> Carried:
    """Return E|a_(k-1)|^2 with the constant 1, carried by the layers below from the input."""
    step = transfer_matrix(of_any_variance(net), 2)
    return Carried(BELOW, step.matrix, tuple(input_power_sums(net, part) for part in step.basis))


def _inductions(net: Ensemble, claim: Claim, *, in_weights: bool) -> list[Induction]:
    depth, k = symbols.whole(net.depth), sp.Symbol("k", positive=True)
    claimed = claim(net, k).subs({depth: ABOVE + BELOW + 1, k: BELOW + 1}, simultaneous=True)
    numbers = (above(net.at(bias="none"), 2), *((_below(net),) if in_weights else ()))
    slopes = tuple(symbols.slope(net).free_symbols)
    what = "E|df/dW_k|^2" if in_weights else "E|df/db_k|^2"
    return [Induction(f"{what} at L = i+m+1, k = m+1", numbers, claimed, slopes, variance_of(net))]


def _proved(check: str, net: Ensemble, *, in_weights: bool = True) -> Proved:
    return Proved.by_induction(check, partial(_inductions, net, in_weights=in_weights), "all n, L")


_SIGNS = Law.named("rademacher")
_SMALL = tuple(
    (net.at(activation=a, law=law, bias="1/9", init=init, input=tuple(range(1, int(net.width_at(0)) + 1))), layer)
    for law, net in (
        (_SIGNS, Ensemble(width=1, depth=3, readout="signs")),
        (_SIGNS, Ensemble(width=2, depth=1, readout="signs")),
        (SPARSE, Ensemble(width=1, depth=2, readout="signs")),
    )
    for a, init in (("relu", "1"), ("linear", "1/4"), ("leaky:1/3", "1"))
    for layer in range(1, int(net.depth) + 1)
)
_ASSUMED = (
    assumptions.INDEPENDENT_ENTRIES,
    assumptions.SIGN_SYMMETRIC_READOUT,
    assumptions.NO_ATOMS,
    assumptions.CONSTANT_WIDTH,
    assumptions.PLAIN,
    assumptions.RANDOM_BIASES,
    assumptions.PIECEWISE_LINEAR,
)
_HE = RELU.at(law="symmetric", bias="variance:t")
_ANY = RELU.at(activation="leaky:slope", init="variance:s2", law="symmetric", bias="variance:t")

BIASES_MEAN = Statement(
    id="gradient.biases-mean",
    title="With biases the mean of |df/dW_k|^2 is that of the backward pass, as without them, times E|a_(k-1)|^2.",
    latex=(
        r"\mathbb E\Bigl|\frac{\partial f}{\partial W_k}\Bigr|_F^2 = \mathbb E|v|^2\,p_2\,q^{L-k}\,"
        r"\mathbb E|a_{k-1}|^2,\quad q = np_2s^2"
    ),
    source="derived here: a row and its bias change sign together; without biases: arXiv:2106.03763",
    assumptions=_ASSUMED,
    claim=gradient_with_biases,
    evidence=(
        _proved("ReLU, He, any law, all n and L", _HE),
        _proved("any slope and variance, any law, all n and L", _ANY),
        _proved("linear, Xavier, any law, all n and L", LINEAR.at(law="symmetric", bias="variance:t")),
        Enumerated(
            "E|df/dW_k|^2 over all weights, biases and signs, preactivations at 0 on either side with probability 1/2",
            _SMALL,
            gradient_power,
        ),
    ),
    mutants=(
        Mutant("the biases are ignored", partial(gradient_with_biases, ignored=True)),
        Mutant("|a_k|^2 for |a_(k-1)|^2", partial(gradient_with_biases, below=0)),
        Mutant("every bias is counted twice", partial(gradient_with_biases, times=2)),
        Mutant("p_2 is missing before t", partial(gradient_with_biases, gate=False)),
    ),
)

# --- gradient.in-biases -----------------------------------------------------------------------------------------------

IN_BIASES = Statement(
    id="gradient.in-biases",
    title="The mean of |df/db_k|^2 is that of the backward pass alone, whatever the input and the biases.",
    latex=r"\mathbb E\Bigl|\frac{\partial f}{\partial b_k}\Bigr|^2 = \mathbb E|v|^2\,p_2\,q^{L-k},\quad q = np_2s^2",
    source="derived here: a row and its bias change sign together; without biases: arXiv:2106.03763",
    assumptions=_ASSUMED,
    claim=in_biases,
    evidence=(
        _proved("ReLU, He, any law, all n and L", _HE, in_weights=False),
        _proved("any slope and variance, any law, all n and L", _ANY, in_weights=False),
        Enumerated(
            "E|df/db_k|^2 over all weights, biases and signs, preactivations at 0 on either side with probability 1/2",
            _SMALL,
            bias_gradient_power,
        ),
    ),
    mutants=(
        Mutant("one layer more", partial(in_biases, above=1)),
        Mutant("the last mask is forgotten", partial(in_biases, gate=False)),
        Mutant("the gradient in weights", lambda net, layer: gradient_with_biases(net, layer)),
    ),
)

STATEMENTS = (BIASES_MEAN, IN_BIASES)

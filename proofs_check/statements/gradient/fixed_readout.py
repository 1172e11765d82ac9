"""A fixed readout under ReLU, where masks do not act as if they were independent."""

from __future__ import annotations

import sympy as sp

from montecarlo import GradientNorms
from proofs_check import assumptions
from proofs_check.evidence import Carried, Induction, Mean, Proved, Simulated, agrees_with
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.toolkit.checks import PAPER, RELU
from proofs_check.toolkit.letters import Letters
from theory import symbols
from theory.ensembles import Ensemble
from theory.moments.fixed_readouts import fixed_readout_gradient_moment


def mean_square(
    net: Ensemble, layer: int | str, *, correction: bool = True, lost: int = 1, square: bool = True
) -> sp.Expr:
    r"""E|df/dW_k|^2 = |x|^2 [ |v|^2/2 q^(L-1) + ((sum v)^2 - |v|^2)/(2 pi) q^(k-1) (q^(L-k) - r^(L-k)) ].

    q = n s^2/2 is the growth of the signal, and r = s^2 (n/2 - 1 + 2^-n) = s^2 E(B-1)^+. With independent masks there
    would be no second term.

    Parameters
    ----------
    layer : int or str
        The layer k, a number or a symbol's name.
    """
    t = Letters.of(net)
    k = symbols.whole(layer)
    v2, v1 = symbols.readout_power_sum(net, 2), symbols.readout_power_sum(net, 1)
    q, r = t.n * t.s2 / 2, t.s2 * (t.n / 2 - lost + 2**-t.n)
    across = ((v1**2 if square else v1) - v2) / (2 * sp.pi) if correction else 0
    return t.x2 * (v2 / 2 * q ** (t.L - 1) + across * q ** (k - 1) * (q ** (t.L - k) - r ** (t.L - k)))


def _recursion(claim: Claim) -> list[Induction]:
    """The recursion is E|b_k|^2 = E f^2/|a_k|^2 + s^2 E(B-1)^+ E|b_{k+1}|^2, from the last layer down: k = L - d.

    Under He the first term is the same at every layer, so that it is carried along.
    """
    inductions = []
    k, depth, down = symbols.whole("k"), symbols.whole("L"), symbols.whole("d")
    for n, readout in ((4, (1, 0, 3, 1)), (3, (1, 2, -1)), (5, (2, 0, 1, 1, 1))):
        net = RELU.at(width=n, readout=readout, init="he")
        s2, v2, v1 = symbols.variance(net, 1), symbols.readout_power_sum(net, 2), symbols.readout_power_sum(net, 1)
        value, x2 = claim(net, "k"), Letters.of(net).x2
        # under He |a|^2 keeps its mean, and <v, phi(g)> has the second moment of half-normal variables
        output = (1 - sp.Rational(1, 2**n)) * s2 * (v2 / 2 + (v1**2 - v2) / (2 * sp.pi))
        extra = s2 * (sp.Rational(n, 2) - 1 + sp.Rational(1, 2**n))
        # the algebra knows no pi, so the identity must hold with a symbol in its place
        output, value = (part.subs(sp.pi, sp.Symbol("pi_", positive=True)) for part in (output, value))
        moments = Carried(down, sp.Matrix([[extra, output], [0, 1]]), (x2 * v2 / 2, x2))
        inductions.append(Induction(f"n = {n}", (moments,), value.subs(k, depth - down)))
    return inductions


def _variance(net: Ensemble, layer: int) -> sp.Expr:
    fourth = fixed_readout_gradient_moment(net, layer, 4)
    return fourth - fixed_readout_gradient_moment(net, layer) ** 2


def _check(net: Ensemble, layer: int, tolerance: float, samples: int) -> Simulated:
    def variance(case: Ensemble) -> sp.Expr:
        return _variance(case, layer)

    observable, arguments = GradientNorms(layers=(layer,)), {"layer": layer}
    what = f"E|df/dW_{layer}|^2 from real weights"
    return Simulated(
        what,
        net,
        observable,
        f"G_{layer}",
        reading=Mean(1, variance),
        tolerance=tolerance,
        samples=samples,
        full_samples=0,
        arguments=arguments,
    )


_UNEQUAL = RELU.at(width=4, depth=5, readout="1/2,1,3/2,2", input="ones")
_BALANCED = RELU.at(width=3, depth=4, readout="2,2,-1", input="ones")  # here (sum v)^2 = |v|^2: nothing is corrected

FIXED_READOUT = Statement(
    id="gradient.fixed-readout",
    title="Under a fixed readout the mean ReLU gradient is not that of independent masks: the sum of v enters.",
    latex=(
        r"\mathbb E\Bigl|\frac{\partial f}{\partial W_k}\Bigr|_F^2 = |x|^2\Bigl[\tfrac12|v|^2q^{L-1}"
        r"+\frac{(\sum_iv_i)^2-|v|^2}{2\pi}\,q^{k-1}\bigl(q^{L-k}-r^{L-k}\bigr)\Bigr],\quad q=\tfrac{ns^2}2,\ "
        r"r=s^2\bigl(\tfrac n2-1+2^{-n}\bigr)"
    ),
    source=f"derived here (theory.moments.fixed_readouts); {PAPER} has the case of independent masks",
    assumptions=(
        assumptions.NORMAL,
        assumptions.FIXED_READOUT,
        assumptions.RELU,
        assumptions.CONSTANT_WIDTH,
        assumptions.NO_BIASES,
    ),
    claim=mean_square,
    evidence=(
        Proved.by_induction(
            "the recursion over layers, all k and L, three widths and readouts", _recursion, "all k, L at n = 3, 4, 5"
        ),
        agrees_with(
            "what theory carries from layer to layer",
            tuple((net, layer) for net in (_UNEQUAL, _BALANCED, _UNEQUAL.at(init="1/3")) for layer in (1, 3, 4)),
            fixed_readout_gradient_moment,
        ),
        _check(RELU.at(width=16, depth=4, readout="ones"), 1, 0.09, 50_000),
        _check(RELU.at(width=16, depth=4, readout="ones"), 3, 0.08, 50_000),
    ),
    mutants=(
        Mutant("the masks are as if independent", lambda net, layer: mean_square(net, layer, correction=False)),
        Mutant("B for B - 1", lambda net, layer: mean_square(net, layer, lost=0)),
        Mutant("the sum of v is not squared", lambda net, layer: mean_square(net, layer, square=False)),
    ),
)

STATEMENTS = (FIXED_READOUT,)

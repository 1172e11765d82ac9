"""Width one: the mean square of a product of weights is preserved, while the typical product vanishes."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import partial

import sympy as sp

from montecarlo import GradientNorms
from proofs_check import assumptions
from proofs_check.domain import EVERYWHERE
from proofs_check.evidence import Enclosed, Enumerated, Inequality, LogMean, Quantile, Simulated, agrees_with
from proofs_check.exact.all_weights import activation_power
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.toolkit.checks import LADDER, PAPER, SPARSE, last, mean_check
from proofs_check.toolkit.depth_induction import induction_over_depth
from proofs_check.toolkit.letters import Letters
from proofs_check.verdict import Between
from theory import symbols
from theory.ensembles import Ensemble, Law
from theory.width_one.products import ChainLaw

CHAIN = Ensemble(width=1, depth="L", law="uniform", readout="signs")
_SHAPE = (assumptions.WIDTH_ONE, assumptions.PLAIN, assumptions.LINEAR, assumptions.NO_BIASES)

# --- chain.mean-preserved ---------------------------------------------------------------------------------------------


def mean_square(net: Ensemble, *, per_layer: sp.Expr | None = None) -> sp.Expr:
    """The mean square is E (w_1 ... w_L x)^2 = s^(2L) x^2, where s = 1 under Xavier, He and LeCun."""
    t = Letters.of(net)
    return (t.s2 if per_layer is None else per_layer) ** t.L * t.x2


def typical_square(net: Ensemble) -> sp.Expr:
    """The square of the typical product, which a mutant takes for the mean square."""
    return sp.exp(2 * ChainLaw(net.at(law="uniform")).log_mean())


MEAN_PRESERVED = Statement(
    id="chain.mean-preserved",
    title="A product of L independent weights of variance 1 has mean square 1, whatever their law.",
    latex=r"\mathbb E (w_1\cdots w_L)^2 = s^{2L} = 1\ \text{under Xavier}",
    source=f"{PAPER}, neural chains",
    assumptions=(assumptions.INDEPENDENT_ENTRIES, *_SHAPE),
    claim=mean_square,
    evidence=(
        induction_over_depth(
            "any symmetric law, any variance, all L", CHAIN.at(law="symmetric", init="variance:s2"), 2
        ),
        Enumerated(
            "E (w_1 ... w_L x)^2 over all weights",
            tuple(
                (Ensemble(width=1, depth=depth, init=init, law=law, input=(3,)),)
                for law in (Law.named("rademacher"), SPARSE, LADDER)
                for init in ("xavier", "1/3")
                for depth in (1, 2, 3, 4)
            ),
            partial(activation_power, order=2),
        ),
        mean_check(CHAIN.at(depth=2), 2, 0.05, 200_000),
        mean_check(CHAIN.at(depth=3), 2, 0.07, 200_000),
        mean_check(CHAIN.at(depth=2, law="normal"), 2, 0.08, 300_000),
    ),
    mutants=(
        Mutant("the mean shrinks like the typical size", typical_square),
        Mutant("s^2 becomes 4/5", partial(mean_square, per_layer=sp.Rational(4, 5))),
        Mutant("s^2 becomes 6/5", partial(mean_square, per_layer=sp.Rational(6, 5))),
    ),
    domain=EVERYWHERE,
)

# --- chain.typical-vanishes -------------------------------------------------------------------------------------------


def log_mean(net: Ensemble, *, fewer_layers: int = 0, rate: sp.Expr | None = None) -> sp.Expr:
    """The mean logarithm is E log|w_1 ... w_L x| = gamma L for |x| = 1.

    gamma = log t - 1 for uniform weights on (-t, t), and log s - (log 2 + gamma_E)/2 for normal ones.
    """
    t = Letters.of(net)
    if rate is None:
        uniform = sp.log(3 * t.s2) / 2 - 1
        normal = sp.log(t.s2) / 2 - (sp.log(2) + sp.EulerGamma) / 2
        rate = normal if net.law.is_normal else uniform
    return (t.L - fewer_layers) * rate + sp.log(t.x2) / 2


def log_variance(net: Ensemble) -> sp.Expr:
    """Return Var log|w_1 ... w_L x|, from theory's law."""
    return ChainLaw(net).log_variance()


def _log_check(net: Ensemble, tolerance: float, samples: int) -> Simulated:
    return Simulated(
        "E log|w_1 ... w_L|",
        net,
        *last(net),
        reading=LogMean(log_variance, scale=0.5),
        tolerance=tolerance,
        samples=samples,
    )


def _negative_rate(claim: Claim) -> Iterator[Inequality]:
    """The median is at most exp(gamma L + sd), so it vanishes exponentially once L is past (sd/gamma)^2."""
    for law in ("uniform", "normal"):
        yield Inequality(f"{law}: gamma < 0", claim(CHAIN.at(law=law, depth=1)), sp.S.Zero)
        for depth in (100, 10_000):
            net = CHAIN.at(law=law, depth=depth)
            bound = claim(net) + sp.sqrt(log_variance(net))
            yield Inequality(f"{law}, L = {depth}: median < exp(-L/3)", bound, -sp.Rational(depth, 3))


def _derived(net: Ensemble) -> sp.Expr:
    return ChainLaw(net).log_mean()


TYPICAL_VANISHES = Statement(
    id="chain.typical-vanishes",
    title="The typical product of Xavier weights vanishes: E log|w_1...w_L| = gamma L < 0, while its mean square is 1.",
    latex=(
        r"\mathbb E\log|w_1\cdots w_L| = \gamma L,\quad \gamma=\log\sqrt3-1\approx-0.451\ \text{(uniform)},\ "
        r"-\tfrac12(\log2+\gamma_E)\approx-0.635\ \text{(normal)};"
        r"\quad \operatorname{med}\le e^{\gamma L+\sqrt{VL}},\ V=1,\ \tfrac{\pi^2}8"
    ),
    source=f"{PAPER}, neural chains",
    assumptions=(
        assumptions.NORMAL_OR_UNIFORM,
        *_SHAPE,
        assumptions.UNIT_INPUT,
    ),
    claim=log_mean,
    evidence=(
        agrees_with(
            "the derivative of the Mellin transform that SymPy integrates from the density",
            tuple(
                (CHAIN.at(law=law, init=init, depth=7),) for law in ("uniform", "normal") for init in ("xavier", "1/3")
            ),
            _derived,
        ),
        Enclosed("so gamma < 0, and the median is below exp(-L/3) at L = 100, 10,000", _negative_rate, refutes=False),
        _log_check(CHAIN.at(depth=10), 0.20, 100_000),
        _log_check(CHAIN.at(depth=10, law="normal"), 0.25, 100_000),
        _log_check(CHAIN.at(depth=1000), 8.0, 6_000),
        _log_check(CHAIN.at(depth=100_000), 300.0, 400),
    ),
    mutants=(
        Mutant("the typical product keeps its size", partial(log_mean, rate=sp.S.Zero)),
        Mutant("L - 1 for L", partial(log_mean, fewer_layers=1)),
        Mutant("the factor of log 2 is forgotten (normal)", partial(log_mean, rate=-sp.EulerGamma / 2)),
    ),
)

# --- chain.median -----------------------------------------------------------------------------------------------------


def median_range(net: Ensemble, *, shift: Fraction = Fraction(1, 3), fewer_layers: int = 0) -> Between:
    """The median of log|w_1 ... w_L| is L log t - L + 1/3, less 0 to 1/(37 L), for uniform weights on (-t, t)."""
    t = Letters.of(net)
    upper = t.L * sp.log(3 * t.s2) / 2 - (t.L - fewer_layers) + symbols.number(shift)
    return Between(upper - 1 / (37 * t.L), upper)


def _gamma_median(claim: Claim) -> Iterator[Inequality]:
    """Compare the distribution function of L log t - log|f|, a Gamma law of shape L, at the claimed ends with 1/2."""
    for depth in (*range(1, 33), 64, 128, 256, 1000):
        net = CHAIN.at(depth=depth)
        end = depth * sp.log(3) / 2
        claimed = claim(net)
        shape, half = sp.Integer(depth), sp.Rational(1, 2)
        above = sp.uppergamma(shape, sp.expand(end - claimed.hi), evaluate=False) / sp.gamma(shape)
        below = sp.uppergamma(shape, sp.expand(end - claimed.lo), evaluate=False) / sp.gamma(shape)
        yield Inequality(f"L = {depth}, upper end", half, above)
        yield Inequality(f"L = {depth}, lower end", below, half)


def _median_check(net: Ensemble, tolerance: float, samples: int) -> Simulated:
    return Simulated(
        "median of log|w_1 ... w_L|",
        net,
        *last(net),
        reading=Quantile(0.5, scale=0.5),
        tolerance=tolerance,
        samples=samples,
    )


MEDIAN = Statement(
    id="chain.median",
    title="For uniform weights on (-t, t) the median of |w_1...w_L| is e^(1/3) (t/e)^L, up to a factor exp(-1/(37 L)).",
    latex=r"t^L e^{-L+1/3-1/(37L)} < \operatorname{med}|w_1\cdots w_L| < t^L e^{-L+1/3}",
    source=f"{PAPER}, neural chains; J. Chen and H. Rubin, Statist. Probab. Lett. 4 (1986)",
    assumptions=(
        assumptions.UNIFORM,
        *_SHAPE,
        assumptions.UNIT_INPUT,
    ),
    claim=median_range,
    evidence=(
        Enclosed("the Gamma law's distribution function at both ends, L = 1 to 32, 64, 128, 256, 1000", _gamma_median),
        _median_check(CHAIN.at(depth=5), 0.12, 200_000),
        _median_check(CHAIN.at(depth=20), 0.20, 200_000),
        _median_check(CHAIN.at(depth=200), 0.90, 100_000),
    ),
    mutants=(
        Mutant("1/3 becomes 1/10", partial(median_range, shift=Fraction(1, 10))),
        Mutant("1/3 becomes 1/4", partial(median_range, shift=Fraction(1, 4))),
        Mutant("L - 1 for L", partial(median_range, fewer_layers=1)),
    ),
)

# --- chain.gradient-rate ----------------------------------------------------------------------------------------------


def gradient_log_mean(net: Ensemble, layer: int, *, missing: int = 1, rate: sp.Expr | None = None) -> sp.Expr:
    """The mean logarithm is E log|df/dw_k| = gamma (L - 1), the same for every k, at |v| = 1.

    Parameters
    ----------
    layer : int
        The number k of the weight, on which nothing depends.
    """
    return log_mean(net, fewer_layers=missing, rate=rate)


def _gradient_check(net: Ensemble, layer: int, tolerance: float, samples: int) -> Simulated:
    reading = LogMean(lambda case: ChainLaw(case).gradient().log_variance(), scale=0.5)
    observable = GradientNorms(layers=(layer,))
    return Simulated(
        f"E log|df/dw_{layer}|",
        net,
        observable,
        f"G_{layer}",
        reading=reading,
        tolerance=tolerance,
        samples=samples,
        arguments={"layer": layer},
    )


def _other_weights(net: Ensemble, layer: int) -> sp.Expr:
    return ChainLaw(net).gradient().log_mean()


GRADIENT_RATE = Statement(
    id="chain.gradient-rate",
    title="Every entry of the gradient vanishes at the typical rate: log|df/dw_k| has mean gamma (L-1), for each k.",
    latex=r"\mathbb E\log\Bigl|\frac{\partial f}{\partial w_k}\Bigr| = \gamma\,(L-1),\qquad k=1,\dots,L",
    source=f"{PAPER}, neural chains",
    assumptions=(assumptions.NORMAL_OR_UNIFORM, *_SHAPE, assumptions.UNIT_INPUT),
    claim=gradient_log_mean,
    evidence=(
        agrees_with(
            "the law of the other L - 1 weights that SymPy integrates",
            tuple((CHAIN.at(law=law, depth=depth), 1) for law in ("uniform", "normal") for depth in (2, 5, 50)),
            _other_weights,
        ),
        _gradient_check(CHAIN.at(depth=10), 1, 0.20, 100_000),
        _gradient_check(CHAIN.at(depth=10), 6, 0.20, 100_000),
        _gradient_check(CHAIN.at(depth=10, law="normal"), 10, 0.25, 100_000),
        _gradient_check(CHAIN.at(depth=300), 150, 4.0, 6_000),
    ),
    mutants=(
        Mutant("L for L - 1", partial(gradient_log_mean, missing=0)),
        Mutant("L - 2 for L - 1", partial(gradient_log_mean, missing=2)),
        Mutant("the gradient keeps its size", partial(gradient_log_mean, rate=sp.S.Zero)),
    ),
)

STATEMENTS = (MEAN_PRESERVED, TYPICAL_VANISHES, MEDIAN, GRADIENT_RATE)

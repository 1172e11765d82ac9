"""The signal: the mean size is preserved while the typical size vanishes, unless width grows like depth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache, partial

import sympy as sp

from proofs_check import assumptions
from proofs_check.assumptions import Assumption
from proofs_check.domain import EVERYWHERE, Domain
from proofs_check.evidence import (
    Enclosed,
    Enumerated,
    Inequality,
    LogMean,
    Obligation,
    Proved,
    Quantile,
    Simulated,
    agrees_with,
)
from proofs_check.exact.all_weights import activation_power
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.toolkit.checks import LADDER, LAPLACE, LINEAR, PAPER, RELU, last, mean_check, small_cases
from proofs_check.toolkit.depth_induction import induction_over_depth
from proofs_check.toolkit.letters import Letters
from proofs_check.toolkit.numbers import chance_to_exceed
from proofs_check.verdict import Between
from theory import activation_moment, kurtosis, kurtosis_limit, symbols
from theory.ensembles import Ensemble, Law
from theory.log_laws.log_norms import LogNormLaw

# --- forward.mean-preserved -------------------------------------------------------------------------------------------


def preserved(net: Ensemble) -> sp.Expr:
    """The mean is E|a_L|^2 = (n_L/n_0)|x|^2 under He.

    Under Xavier (linear) a layer multiplies it by 2 n_k/(n_{k-1} + n_k).
    """
    if net.init.name == "xavier":
        fans = [(symbols.whole(net.width_at(k - 1)), symbols.whole(net.width_at(k))) for k in _unequal_layers(net)]
        return sp.Mul(*(2 * out / (into + out) for into, out in fans)) * symbols.input_power_sum(net, 2)
    ratio = symbols.whole(net.width_at(net.depth)) / symbols.whole(net.width_at(0))
    return ratio * symbols.input_power_sum(net, 2)


def _unequal_layers(net: Ensemble) -> range:
    """Return the layers whose widths can differ; at constant width, where the depth may be a symbol, there are none."""
    return range(0) if net.is_constant_width else range(1, int(net.depth) + 1)


def _times(factor: sp.Expr, net: Ensemble) -> sp.Expr:
    """Let each layer multiply the mean by a factor that depends on the width ``n``."""
    letters = Letters.of(net)
    return preserved(net) * factor.subs(sp.Symbol("n"), letters.n) ** letters.L


_n = sp.Symbol("n")
_UNEQUAL_CASES = tuple(
    (Ensemble(widths=widths, activation=activation, init=init, law=law, input=(2,) * widths[0]),)
    for widths in ((2, 1, 3), (1, 3, 2))
    for activation, init in (("relu", "he"), ("linear", "xavier"))
    for law in (Law.named("rademacher"), LADDER)
)

MEAN_PRESERVED = Statement(
    id="forward.mean-preserved",
    title="At constant width, He (Xavier, if linear) initialization preserves the mean of |a|^2 at every depth.",
    latex=r"\mathbb E|a_L|^2 = |x|^2",
    source=f"{PAPER}, preliminaries; He et al., arXiv:1502.01852, sec. 2.2",
    assumptions=(
        assumptions.INDEPENDENT_ENTRIES,
        assumptions.CONSTANT_WIDTH,
        assumptions.PLAIN,
        assumptions.NO_BIASES,
        assumptions.PIECEWISE_LINEAR,
        assumptions.HE_OR_XAVIER,
    ),
    claim=preserved,
    evidence=(
        induction_over_depth("ReLU, He, any symmetric law, all n and L", RELU.at(law="symmetric"), 2),
        induction_over_depth("linear, Xavier, any symmetric law, all n and L", LINEAR.at(law="symmetric"), 2),
        induction_over_depth(
            "leaky ReLU of any slope, He, any symmetric law, all n and L",
            RELU.at(activation="leaky:slope", law="symmetric"),
            2,
        ),
        Enumerated("E|a_L|^2 over all weights", small_cases(), partial(activation_power, order=2)),
        mean_check(RELU.at(width=16, depth=4), 2, 0.04, 400_000),
        mean_check(RELU.at(width=16, depth=4, law="uniform"), 2, 0.06, 100_000),
        mean_check(LINEAR.at(width=16, depth=4, law="uniform"), 2, 0.03, 400_000),
        mean_check(RELU.at(width=32, depth=8), 2, 0.06, 0, 200_000),
    ),
    mutants=(
        Mutant("each layer loses 1/n", partial(_times, 1 - 1 / _n)),
        Mutant("each layer gains 1/n", partial(_times, 1 + 1 / _n)),
        Mutant("the mean shrinks like the typical size", partial(_times, sp.exp(-sp.Rational(5, 2) / _n))),
    ),
    domain=EVERYWHERE,
)

# --- forward.mean-at-unequal-widths -----------------------------------------------------------------------------------


def _few_layers(net: Ensemble, claim: Claim) -> list[Obligation]:
    """Theory carries the mean through one to three layers, whose widths are all letters."""
    slope = tuple(symbols.slope(net).free_symbols)
    nets = [net.at(widths=tuple(f"n_{k}" for k in range(depth + 1))) for depth in (1, 2, 3)]
    return [Obligation(f"depth {few.depth}", activation_moment(few, 2), claim(few), slope) for few in nets]


UNEQUAL_WIDTHS = Statement(
    id="forward.mean-at-unequal-widths",
    title="At unequal widths the mean of |a|^2 follows the width under He; under Xavier each layer has a factor.",
    latex=(
        r"\mathbb E|a_L|^2 = \tfrac{n_L}{n_0}|x|^2\ \text{(He)},\quad "
        r"\prod_k\tfrac{2n_k}{n_{k-1}+n_k}|x|^2\ \text{(Xavier, linear)}"
    ),
    source="He et al., arXiv:1502.01852, sec. 2.2; Glorot and Bengio, AISTATS 2010, eq. (16)",
    assumptions=(
        assumptions.INDEPENDENT_ENTRIES,
        assumptions.PLAIN,
        assumptions.NO_BIASES,
        assumptions.PIECEWISE_LINEAR,
        assumptions.HE_OR_XAVIER,
    ),
    claim=preserved,
    evidence=(
        Proved(
            "leaky ReLU of any slope, He, any symmetric law, all widths at depths 1 to 3",
            partial(_few_layers, RELU.at(activation="leaky:slope", law="symmetric")),
            "all widths, L = 1 to 3",
        ),
        Proved(
            "linear, Xavier, any symmetric law, all widths at depths 1 to 3",
            partial(_few_layers, LINEAR.at(law="symmetric")),
            "all widths, L = 1 to 3",
        ),
        Enumerated("E|a_L|^2 over all weights", _UNEQUAL_CASES, partial(activation_power, order=2)),
        mean_check(RELU.at(widths=(12, 24, 12, 8)), 2, 0.07, 100_000),
        mean_check(LINEAR.at(widths=(12, 24, 12, 8)), 2, 0.05, 100_000),
    ),
    mutants=(
        Mutant("the mean is preserved", lambda net: symbols.input_power_sum(net, 2)),
        Mutant("each layer loses 1/n", partial(_times, 1 - 1 / _n)),
        Mutant("each layer gains 1/n", partial(_times, 1 + 1 / _n)),
    ),
)

# --- forward.fourth-moment --------------------------------------------------------------------------------------------


def fourth_moment(
    net: Ensemble, *, three: int = 3, others: int = 1, keeps_kurtosis: bool = True, fewer_layers: int = 0
) -> sp.Expr:
    r"""The moment E|a_L|^4 for any law follows from a recursion of two terms.

    With u = E|a|_2^4 and v = E|a|_4^4, v' = n p4 s^4 (3u + (K-3)v) and u' = v' + n(n-1) p2^2 s^4 u. For normal weights
    (K = 3) this is (1 + 5/n)^L |x|^4 (He, ReLU) and (1 + 2/n)^L |x|^4 (Xavier, linear).
    """
    t = Letters.of(net)
    depth = t.L - fewer_layers
    excess = t.K - 3 if keeps_kurtosis else sp.S.Zero
    mean, one_unit = t.n * t.p2 * t.s2, t.p4 / (t.n * t.p2**2)  # the matrix is that of a layer that keeps the mean
    matrix = sp.Matrix(
        [
            [one_unit * three + (t.n - others) / t.n, one_unit * excess],
            [one_unit * three, one_unit * excess],
        ]
    ).applyfunc(symbols.tidy)
    u, v = t.x2**2, t.x4
    if excess == 0:
        return symbols.tidy(mean**2 * matrix[0, 0]) ** depth * u
    trace = symbols.tidy(matrix[0, 0] + matrix[1, 1])
    determinant = symbols.tidy(matrix[0, 0] * matrix[1, 1] - matrix[0, 1] * matrix[1, 0])
    root = sp.sqrt(symbols.tidy(trace**2 - 4 * determinant))
    upper, lower = (trace + root) / 2, (trace - root) / 2
    once = matrix[0, 0] * u + matrix[0, 1] * v
    kept = (upper**depth - lower**depth) * once - determinant * (upper ** (depth - 1) - lower ** (depth - 1)) * u
    return symbols.tidy(mean**2) ** depth * kept / root


FOURTH_MOMENT = Statement(
    id="forward.fourth-moment",
    title="E|a_L|^4 grows exponentially in depth/width: (1 + 5/n)^L for ReLU, (1 + 2/n)^L for linear normal networks.",
    latex=(
        r"\mathbb E|a_L|^4 = e_1^\top\begin{pmatrix} 3np_4s^4+n(n-1)p_2^2s^4 & (K-3)np_4s^4\\ 3np_4s^4 & (K-3)np_4s^4"
        r"\end{pmatrix}^{\!L}\binom{|x|^4}{|x|_4^4} = (1+\tfrac5n)^L|x|^4\ \text{(He, ReLU, normal)}"
    ),
    source=f"{PAPER}, the forward-pass theorems",
    assumptions=(
        assumptions.INDEPENDENT_ENTRIES,
        assumptions.CONSTANT_WIDTH,
        assumptions.PLAIN,
        assumptions.NO_BIASES,
        assumptions.PIECEWISE_LINEAR,
    ),
    claim=fourth_moment,
    evidence=(
        induction_over_depth("ReLU, He, normal, all n and L", RELU, 4),
        induction_over_depth("linear, Xavier, normal, all n and L", LINEAR, 4),
        induction_over_depth("ReLU, He, any kurtosis, all n and L", RELU.at(law="symmetric"), 4),
        replace(
            induction_over_depth(
                "any slope, variance and kurtosis, all n and L",
                RELU.at(activation="leaky:slope", init="variance:s2", law="symmetric"),
                4,
            ),
            certified=False,  # the polynomials in its square root take Coq a minute
        ),
        Enumerated("E|a_L|^4 over all weights", small_cases(), partial(activation_power, order=4)),
        mean_check(RELU.at(width=8, depth=2), 4, 0.08, 400_000),
        mean_check(RELU.at(width=16, depth=4), 4, 0.12, 400_000),
        mean_check(RELU.at(width=8, depth=2, law="uniform", input="e1"), 4, 0.08, 200_000),
        mean_check(LINEAR.at(width=16, depth=4, law="uniform"), 4, 0.05, 400_000),
    ),
    mutants=(
        Mutant("3 becomes 4: 5/n becomes 7/n", partial(fourth_moment, three=4)),
        Mutant("n - 1 becomes n: 5/n becomes 6/n", partial(fourth_moment, others=0)),
        Mutant("n - 1 becomes n - 2", partial(fourth_moment, others=2)),
        Mutant("the kurtosis is dropped", partial(fourth_moment, keeps_kurtosis=False)),
        Mutant("L - 1 for L", partial(fourth_moment, fewer_layers=1)),
    ),
    domain=EVERYWHERE,
)

# --- forward.kurtosis-limit -------------------------------------------------------------------------------------------


def kurtosis_rate(net: Ensemble, *, relu: int = 5, linear: int = 2) -> sp.Expr:
    """The exponent c of the limit exp(c beta) of E|a_L|^4/(E|a_L|^2)^2 along L = beta n."""
    return sp.Integer(relu if net.slope == 0 else linear)


@cache
def _log_kurtoses() -> tuple[tuple[str, Ensemble, int, Fraction, sp.Expr], ...]:
    """Return the logarithms of the derived kurtosis at finite sizes, each with its case; no claim changes them."""
    found = []
    for net in (RELU, LINEAR):
        for law in (Law.named("normal"), Law.named("uniform"), Law.named("rademacher"), LAPLACE):
            formula = kurtosis(net.at(law=law, input="ones"))
            for n in (1, 2, 8, 64, 512, 4096):
                for beta in (Fraction(1, 2), Fraction(2), Fraction(16)):
                    if (beta * n).denominator > 1:
                        continue
                    sizes = {symbols.whole("n"): sp.Integer(n), symbols.whole("L"): sp.Integer(int(beta * n))}
                    case = f"{net.activation}, {law.name}, n = {n}, L = {beta * n}"
                    # a fraction of 100,000 digits, whose logarithm SymPy would try to simplify
                    found.append((case, net, n, beta, sp.log(formula.xreplace(sizes), evaluate=False)))
    return tuple(found)


def _kurtosis_near_limit(claim: Claim) -> Iterator[Inequality]:
    """The bound |log kurtosis - c beta| < 40 (1 + beta)/n holds, for widths from 1 to 4096 and L from n/2 to 16n."""
    for case, net, n, beta, log_kurtosis in _log_kurtoses():
        distance = log_kurtosis - claim(net) * symbols.number(beta)
        bound = 40 * (1 + symbols.number(beta)) / n
        yield Inequality(case, distance, bound)
        yield Inequality(case, -bound, distance)


def _limit(net: Ensemble) -> sp.Expr:
    return sp.log(kurtosis_limit(net)) / symbols.BETA


KURTOSIS_TO_SIX = Assumption("the weights have kurtosis between 1 and 6")

KURTOSIS_LIMIT = Statement(
    id="forward.kurtosis-limit",
    title="Along L = beta n the kurtosis of |a_L| tends to exp(5 beta) (ReLU) or exp(2 beta) (linear).",
    latex=(
        r"\Bigl|\log\frac{\mathbb E|a_L|^4}{(\mathbb E|a_L|^2)^2} - c\beta\Bigr| \le \frac{40(1+\beta)}{n},\quad "
        r"c=5\ \text{(ReLU)},\ c=2\ \text{(linear)}"
    ),
    source="B. Hanin, arXiv:1801.03744; B. Hanin and M. Nica, arXiv:1812.05994",
    assumptions=(
        assumptions.INDEPENDENT_ENTRIES,
        KURTOSIS_TO_SIX,
        assumptions.CONSTANT_WIDTH,
        assumptions.NO_BIASES,
        assumptions.LINEAR_OR_RELU,
        assumptions.HE_OR_XAVIER,
    ),
    claim=kurtosis_rate,
    evidence=(
        agrees_with(
            "the limit that SymPy takes of the derived kurtosis, for any kurtosis of the weights and any input",
            ((RELU.at(law="symmetric"),), (LINEAR.at(law="symmetric"),)),
            _limit,
        ),
        Enclosed("the bound, n = 1 to 4096, L = n/2, 2n, 16n, kurtosis 1 to 6", _kurtosis_near_limit),
    ),
    mutants=(
        Mutant("5 becomes 6", partial(kurtosis_rate, relu=6)),
        Mutant("5 becomes 4", partial(kurtosis_rate, relu=4)),
        Mutant("2 becomes 3", partial(kurtosis_rate, linear=3)),
        Mutant("ReLU has the linear exponent", partial(kurtosis_rate, relu=2)),
    ),
)

# --- forward.typical-rate ---------------------------------------------------------------------------------------------


def log_mean(net: Ensemble, *, fewer_layers: int = 0, narrower: int = 0, first_order: bool = False) -> sp.Expr:
    r"""Given survival, E log|a_L|^2 = L (log 2 s^2 + E digamma(B/2)) for |x| = 1.

    B is n for linear networks, and Binomial(n, 1/2) given B >= 1 for ReLU networks.
    """
    t = Letters.of(net)
    n = t.n - narrower
    if first_order:
        rate = -sp.Rational(5, 2) / n if net.slope == 0 else -1 / n
    elif net.slope == 0:
        average = sum(sp.binomial(n, b) * sp.digamma(sp.Rational(b, 2)) for b in range(1, int(n) + 1)) / (2**n - 1)
        rate = sp.log(2 * t.s2) + average
    else:
        rate = sp.log(2 * t.s2) + sp.digamma(n / 2)
    return (t.L - fewer_layers) * rate + sp.log(t.x2)


def log_variance(net: Ensemble) -> sp.Expr:
    """Return Var log|a_L|^2 given survival, from theory's law."""
    return LogNormLaw(net).variance()


def _log_check(net: Ensemble, tolerance: float, samples: int) -> Simulated:
    return Simulated(
        "E log|a_L|^2 given survival",
        net,
        *last(net),
        reading=LogMean(log_variance),
        tolerance=tolerance,
        samples=samples,
    )


def _rate_is_negative(claim: Claim) -> Iterator[Inequality]:
    """The typical factor of a layer is below exp(-5/(2n)) (ReLU) or exp(-1/n) (linear), at the widths tried."""
    for net, leading in ((RELU, sp.Rational(5, 2)), (LINEAR, sp.S.One)):
        for n in (*range(4, 33), 48, 64, 128):
            rate = claim(net.at(width=n, depth=1))
            yield Inequality(f"{net.activation}, n = {n}: rate below -{leading}/n", rate, -leading / n)
            yield Inequality(
                f"{net.activation}, n = {n}: rate above -{leading}/n - 10/n^2",
                -leading / n - 10 / sp.Integer(n) ** 2,
                rate,
            )


TYPICAL_RATE = Statement(
    id="forward.typical-rate",
    title="The typical signal vanishes: E log|a_L|^2 < -5L/(2n) (ReLU) or -L/n (linear), for n = 4 to 32, 48, 64, 128.",
    latex=(
        r"\mathbb E[\log|a_L|^2 \mid a_L\neq0] = L\bigl(\log 2s^2 + \mathbb E[\psi(B/2)\mid B\ge1]\bigr)+\log|x|^2,"
        r"\quad B=n\ \text{or}\ \mathrm{Bin}(n,\tfrac12)"
    ),
    source=f"{PAPER}, the section on wide networks; C. M. Newman, Comm. Math. Phys. 103 (1986)",
    assumptions=(
        assumptions.NORMAL,
        assumptions.LINEAR_OR_RELU,
        assumptions.HE_OR_XAVIER,
        assumptions.CONSTANT_WIDTH,
        assumptions.SURVIVAL,
        assumptions.NO_BIASES,
    ),
    claim=log_mean,
    evidence=(
        agrees_with(
            "the mean of the log-norm law that theory derives",
            tuple((net.at(width=n, depth=5),) for net in (RELU, LINEAR) for n in (2, 3, 7, 20)),
            lambda net: LogNormLaw(net).mean(),
        ),
        Enclosed(
            "so the rate lies just below -5/(2n) (ReLU) and -1/n (linear), n = 4 to 32, 48, 64, 128",
            _rate_is_negative,
            refutes=False,
        ),
        _log_check(RELU.at(width=8, depth=50), 0.40, 100_000),
        _log_check(RELU.at(width=32, depth=32), 0.35, 12_000),
        _log_check(RELU.at(width=16, depth=64), 0.60, 16_000),
        _log_check(LINEAR.at(width=4, depth=20), 0.12, 200_000),
        _log_check(LINEAR.at(width=16, depth=64), 0.30, 20_000),
        _log_check(LINEAR.at(width=1, depth=1000), 16.0, 4_000),
    ),
    mutants=(
        Mutant("only the leading term -5/(2n)", partial(log_mean, first_order=True)),
        Mutant("L - 1 for L", partial(log_mean, fewer_layers=1)),
        Mutant("n - 1 for n", partial(log_mean, narrower=1)),
    ),
)

# --- forward.width-depth ----------------------------------------------------------------------------------------------


def median_range(
    net: Ensemble, *, relu: Fraction = Fraction(5, 2), linear: Fraction = Fraction(1), second_order: int = 1
) -> Between:
    """The median of log|a_L|^2 is -c L/n plus a term of order 1/n, where c = 5/2 (ReLU) or 1 (linear).

    A sum of L terms has a median of about L (mean - third cumulant/(6 variance)). In powers of 1/n the terms have mean
    -5/(2n) - 49/(12n^2), variance 5/n and third cumulant -31/n^2 (ReLU), or -1/n - 1/(3n^2), 2/n and -4/n^2 (linear).
    """
    n, depth = int(net.width_at(0)), int(net.depth)
    beta = sp.Rational(depth, n)
    if net.slope == 0:
        centre = -symbols.number(relu) * beta + second_order * (sp.Rational(31, 30) - sp.Rational(49, 12) * beta) / n
        margin = 20 * (1 + beta) / n**2
    else:
        centre = -symbols.number(linear) * beta + second_order * (1 - beta) / (3 * n)
        margin = (1 + beta) / (2 * n**2)
    return Between(centre - margin, centre + margin)


def _median_check(net: Ensemble, tolerance: float, samples: int, full_samples: int = 0) -> Simulated:
    return Simulated(
        "median of log|a_L|^2",
        net,
        *last(net),
        reading=Quantile(0.5),
        tolerance=tolerance,
        samples=samples,
        full_samples=full_samples,
    )


_MEDIAN_SIZES = ((16, 1), (16, 256), (32, 64), (64, 1), (64, 1024))


def _medians(claim: Claim) -> Iterator[Inequality]:
    """Compare the probability of exceeding the claimed ends, in balls, with 1/2."""
    half = sp.Rational(1, 2)
    for net in (RELU, LINEAR):
        for n, depth in _MEDIAN_SIZES:
            case = net.at(width=n, depth=depth, input="e1")
            claimed = claim(case)
            yield Inequality(f"{net.activation}, n = {n}, L = {depth}", half, chance_to_exceed(case, claimed.lo)[0])
            yield Inequality(f"{net.activation}, n = {n}, L = {depth}", chance_to_exceed(case, claimed.hi)[1], half)


WIDTH_DEPTH = Statement(
    id="forward.width-depth",
    title="The median of |a_L|^2 is about exp(-5L/(2n)) (ReLU), exp(-L/n) (linear): width must grow like depth.",
    latex=(
        r"\operatorname{med}\log\frac{|a_L|^2}{|x|^2}=-\frac{5L}{2n}+\frac1n\Bigl(\frac{31}{30}-\frac{49L}{12n}\Bigr)"
        r"\pm\frac{20(1+L/n)}{n^2}\ \text{(He, ReLU)},\quad"
        r"-\frac Ln+\frac1{3n}\Bigl(1-\frac Ln\Bigr)\pm\frac{1+L/n}{2n^2}\ \text{(Xavier, linear)}"
    ),
    source=f"{PAPER}, abstract: width less than O(depth) cannot avoid vanishing; the second order is derived here",
    assumptions=(
        assumptions.NORMAL,
        assumptions.LINEAR_OR_RELU,
        assumptions.HE_OR_XAVIER,
        assumptions.CONSTANT_WIDTH,
        assumptions.NO_BIASES,
    ),
    claim=median_range,
    evidence=(
        Enclosed("the law's mass on either side of the claimed range", _medians),
        _median_check(RELU.at(width=32, depth=32), 0.40, 12_000),
        _median_check(RELU.at(width=64, depth=64), 0.40, 0, 16_000),
        _median_check(LINEAR.at(width=16, depth=64), 0.40, 20_000),
        _median_check(LINEAR.at(width=32, depth=32), 0.30, 8_000),
    ),
    mutants=(
        Mutant("the median keeps its size at any depth", partial(median_range, relu=Fraction(0), linear=Fraction(0))),
        Mutant("ReLU decays like linear", partial(median_range, relu=Fraction(1))),
        Mutant("5/2 becomes 12/5", partial(median_range, relu=Fraction(12, 5))),
        Mutant("1 becomes 23/20", partial(median_range, linear=Fraction(23, 20))),
        Mutant("the term of order 1/n is dropped", partial(median_range, second_order=0)),
    ),
    domain=Domain(corners=((16, 1), (16, 256), (64, 1), (64, 1024)), each=("relu", "linear")),
)

STATEMENTS = (MEAN_PRESERVED, UNEQUAL_WIDTHS, FOURTH_MOMENT, KURTOSIS_LIMIT, TYPICAL_RATE, WIDTH_DEPTH)

"""What looks true and is false: that only exponential weight normalization leaves one neuron. Depth does it, too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import sympy as sp

from montecarlo.training.weight_norm.two_layer_sparsity import TwoLayerSparsity
from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enclosed, Inequality, Obligation, Proved, Quantile, Simulated
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.weightnorm.flows import SOURCE
from proofs_check.verdict import Between
from theory.dynamics.weight_norm.neurons import velocity
from theory.ensembles import Ensemble

PLAIN_FLOW = Assumption("plain gradient flow, on one example, of a loss that falls with the output")
BALANCED = Assumption("Phi = sum x_u p_u, where p_u > 0 is a product of n equal positive weights, and x_u > 0")

# --- weightnorm.plain-sparsity ----------------------------------------------------------------------------------------


class Kept(NamedTuple):
    """What is claimed of a product of n equal weights.

    Parameters
    ----------
    kept : sympy.Expr
        What grows at one rate, whatever x.
    rate : sympy.Expr
        This rate, in the clock of the integral of -L'.
    ratio : sympy.Expr
        p_w/p_v when the winner's product is a number that is given.
    """

    kept: Any
    rate: Any
    ratio: Any


def balanced(
    n: int,
    s: Any,
    x: Any,
    starts: Sequence[Any] = (1, 1),
    slopes: Sequence[Any] = (2, 1),
    now: Any = 1,
    *,
    dense: bool = False,
    exponential: bool = False,
    shift: int = 0,
) -> Kept:
    """Without normalization n = 1 is dense, p_w/p_v -> x_w/x_v; n = 2 grows by powers; n >= 3 leaves one product too.

    Kept between products are s/x, log(s)/x, and s^(2-n)/x, where p = s^n. So for n >= 3 the others stay finite, below
    what p_v is at p_w = oo.

    Parameters
    ----------
    n : int
        How many weights a product has.
    s, x : sympy.Expr
        A weight, and the slope of its product.
    starts, slopes : pair of sympy.Expr
        p and x of the winner and of another.
    now : sympy.Expr
        p of the winner at some later time.
    """
    like = 1 if dense else n
    e = 1 - sp.Rational(2, n)
    (p, q), (a, b) = starts, slopes
    if exponential:
        other = 1 / (b * (1 / (b * q) - 1 / (a * p) + 1 / (a * now)))
    elif like == 1:
        other = q + (now - p) * b / a
    elif n == 2:
        other = q * (now / p) ** (sp.S.One * b / a)
    else:
        other = (q**-e - b * (p**-e - now**-e) / a) ** (-1 / e)
    if like <= 1:
        return Kept(s / x, sp.S.One, now / other)
    if n == 2:
        return Kept(sp.log(s) / x, sp.S.One, now / other)
    return Kept(s ** (2 - n + shift) / x, sp.Integer(2 - n), now / other)


def _plain_clocks(claim: Claim) -> list[Obligation]:
    """Every weight moves by x s^(n-1)."""
    s, x = sp.symbols("s x", positive=True)
    found = []
    for n in (1, 2, 3, 4, 5):
        (speed,) = velocity("plain", (sp.S.One,), s, (-x * s ** (n - 1),))
        said = claim(n, s, x)
        found.append(Obligation(f"n = {n}", said.kept.diff(s) * speed, said.rate))
    return found


_AT = sp.Integer(5000)
"""Where ratios are read, from p = (1, 1) and x = (2, 1): 2.0, 71, 741, 1285, 1590; exponential has 2500 at all n."""


def _ratios(claim: Claim) -> Iterator[Inequality]:
    """The gap of what is kept, by the claimed ratio, and how large the ratio is."""
    s, x = sp.symbols("s x", positive=True)
    room = {1: ("199/100", "2"), 2: ("70", "71"), 3: ("740", "742"), 4: ("1285", "1287"), 5: ("1570", "1600")}
    for n, (low, high) in room.items():
        said = claim(n, s, x, (sp.S.One, sp.S.One), (sp.Integer(2), sp.S.One), _AT)
        yield Inequality(f"n = {n}, not below", sp.Rational(low), said.ratio)
        yield Inequality(f"n = {n}, not above", said.ratio, sp.Rational(high))
        ends = [(_AT, sp.Integer(2)), (_AT / said.ratio, sp.S.One)]
        gained = [said.kept.subs({s: sp.root(p, n), x: one}) - said.kept.subs({s: sp.S.One, x: one}) for p, one in ends]
        for sign in (1, -1):
            yield Inequality(f"n = {n}, kept", sign * (gained[0] - gained[1]), sp.Rational(1, 10**15))


PLAIN_SPARSITY = Statement(
    id="weightnorm.plain-sparsity",
    title="Without normalization products of n >= 3 equal weights leave one, too; of one weight all stay.",
    latex=(
        r"p_u=s_u^n,\ \dot s_u\propto x_us_u^{n-1}:\quad\tfrac{s_u}{x_u}\ (n=1),\ \tfrac{\log s_u}{x_u}\ (n=2),\ "
        r"\tfrac{s_u^{2-n}}{x_u}\ (n\ge3)\ \text{keep their differences};\qquad "
        r"n\ge3:\ p_v\le\Bigl(p_v(0)^{-k}-\tfrac{x_v}{x_w}p_w(0)^{-k}\Bigr)^{-1/k},\ k=1-\tfrac2n"
    ),
    source=f"derived here, against the contrast that {SOURCE} may suggest",
    assumptions=(PLAIN_FLOW, BALANCED),
    claim=balanced,
    evidence=(
        Proved("what is kept, differentiated", _plain_clocks, "all s, x, n = 1, ..., 5"),
        Enclosed("p_w/p_v at p_w = 5000 from (1, 1), x = (2, 1)", _ratios),
    ),
    mutants=(
        Mutant("only exponential is sparse: x_w/x_v at every depth", partial(balanced, dense=True)),
        Mutant("as sparse as exponential", partial(balanced, exponential=True)),
        Mutant("s^(3-n)", partial(balanced, shift=1)),
    ),
)

# --- weightnorm.two-layer-sparsity ------------------------------------------------------------------------------------


class Units(NamedTuple):
    """What is claimed of a unit a (b)_+^2 with b^2 = 2 a^2.

    Parameters
    ----------
    kept : sympy.Expr
        What falls at one rate for all units.
    rate : sympy.Expr
        This rate, in the clock of the integral of -L'.
    share : sympy.Expr
        The participation ratio (sum a^2)^2/sum a^4 of units, when the largest a is a number that is given.
    """

    kept: Any
    rate: Any
    share: Any


def units(
    a: Any,
    starts: Sequence[Any] = (1,),
    now: Any = 1,
    *,
    of: str = "",
    dense: bool = False,
    loose: bool = False,
    power: int = 1,
) -> Any:
    """Plain flow of two layers of squared ReLU keeps 1/a_u - 1/a_v: the largest takes all, and the others stop.

    Their participation ratio, of hidden norms as of output weights, is then near 1, whatever the number of units. Of
    random nets of 6 units on 3 examples its median at log(1/L) = 1000 is at most 2; with exponential normalization 1.3.

    Parameters
    ----------
    a : sympy.Expr or Ensemble
        The output weight of a unit; or what draws random nets, the logarithm of whose ratio lies in what is returned.
    starts : sequence of sympy.Expr
        Those of all units, different and positive, the largest first.
    now : sympy.Expr
        The largest of them later.
    of : str
        Of an ensemble: ``exponential`` or ``plain``.
    """
    if isinstance(a, Ensemble):
        if of == "exponential":
            return Between(sp.log(2), sp.log(3)) if loose else Between(sp.S.Zero, sp.log(sp.Rational(13, 10)))
        return Between(sp.log(4), sp.log(6)) if dense else Between(sp.S.Zero, sp.log(2))
    if dense:
        later = [now * start / starts[0] for start in starts]
    else:
        later = [1 / (1 / start - 1 / starts[0] + 1 / now) for start in starts]
    squares = [one**2 for one in later]
    return Units(1 / a**power, sp.Integer(2), sp.Add(*squares) ** 2 / sp.Add(*(x**2 for x in squares)))


def _two_layers(claim: Claim) -> list[Obligation]:
    """A unit sees one example of length 1 along it: f = sum a b^2, and b^2 = 2 a^2 stays so."""
    a, r = sp.Symbol("a", positive=True), sp.sqrt(2)
    b = r * a
    (out,) = velocity("plain", (sp.S.One,), a, (-(b**2),))
    (seen,) = velocity("plain", (sp.S.One,), b, (-2 * a * b,))
    said = claim(a)
    return [
        Obligation("balance", 2 * b * seen - 4 * a * out, sp.S.Zero),
        Obligation("1/a", -said.kept.diff(a) * out, said.rate),
    ]


_UNITS = ("2 1", "3/2 1 1/2 1/3", "1 9/10 4/5 1/2 1/3 1/4")


def _participation(claim: Claim) -> Iterator[Inequality]:
    """At a_w = 1000, when log(1/L) > 10^9, and at half of it: less than 1.001 units of up to six are left."""
    a = sp.Symbol("a", positive=True)
    for text in _UNITS:
        starts = tuple(map(sp.Rational, text.split()))
        for now in (sp.Integer(500), sp.Integer(1000)):
            said = claim(a, starts, now)
            yield Inequality(f"a(0) = {text}, a_w = {now}", said.share, sp.Rational(1001, 1000))
            yield Inequality(f"a(0) = {text}, a_w = {now}", 1, said.share)


TWO_LAYER_SPARSITY = Statement(
    id="weightnorm.two-layer-sparsity",
    title="Two layers of squared ReLU leave one unit under plain gradient flow: not only exponential is sparse.",
    latex=(
        r"\Phi=\sum_ua_u\langle b_u,x\rangle_+^2,\ b_u=\sqrt2a_ux:\quad\tfrac1{a_u}-\tfrac1{a_v}\ \text{is kept},\quad "
        r"\frac{(\sum_ua_u^2)^2}{\sum_ua_u^4}\to1"
    ),
    source=f"derived here, against the contrast that {SOURCE} may suggest",
    assumptions=(
        PLAIN_FLOW,
        Assumption("for what is proved, hidden weights are along the example, |x| = 1, and balanced: b_u^2 = 2 a_u^2"),
        Assumption("all a_u are positive and different"),
        Assumption("random nets: 3 examples of 3 positive entries and label 1, positive weights at the start"),
    ),
    claim=units,
    evidence=(
        Proved("differentiating along plain flow", _two_layers, "all a > 0"),
        Enclosed("the participation ratio of 2, 4 and 6 units", _participation),
        *(
            Simulated(
                f"participation ratio of 6 units at log(1/L) = 1000, {family}",
                Ensemble(width=6, depth=2),
                TwoLayerSparsity(),
                family,
                reading=Quantile(0.5),
                tolerance=0,
                samples=300,
                full_samples=1_200,
                arguments={"of": family},
            )
            for family in ("plain", "exponential")
        ),
    ),
    mutants=(
        Mutant("only exponential is sparse: ratios stay", partial(units, dense=True)),
        Mutant("1/a^2 is kept", partial(units, power=2)),
        Mutant("even exponential keeps half of the units", partial(units, loose=True)),
    ),
)

STATEMENTS = (PLAIN_SPARSITY, TWO_LAYER_SPARSITY)

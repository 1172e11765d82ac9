r"""Proofs that one layer shrinks the mean norm: log E sqrt(R) <= -y(n) for R = |a_k|^2/|a_(k-1)|^2, normal weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import flint
import sympy as sp

from proofs_check.evidence import Inequality, Obligation
from proofs_check.toolkit.numbers import ends
from theory import symbols
from theory.balls import enclose_number, precision
from theory.ensembles import Ensemble
from theory.log_laws.log_norms import layer_factor
from theory.moments.root_bounds import root_polynomial

Rate = Callable[[sp.Expr], sp.Expr]
"""The claimed y(n) of a layer of width n."""

LAST = 128
"""Up to this width ReLU layers are enclosed one by one; beyond it the polynomial of degree 5 proves all."""


def relu_obligations(net: Ensemble, rate: Rate) -> list[Obligation]:
    r"""Prove log E sqrt(R) <= -y for all ReLU layers wider than :data:`LAST`.

    Parameters
    ----------
    net : Ensemble
        ReLU networks under He initialization, of symbolic width.
    rate : callable
        y, a rational function of the width.

    Notes
    -----
    The root of r = v^2 lies below its polynomial of degree 5 at 1, by a multiple of (v-1)^6. So E sqrt(R) is below a
    rational function of n that moments up to order 10 give. It is enough that this is below 1 - y + y^2/2 - y^3/6,
    which is below e^-y for every y. With n = LAST + 1 + m the difference has no negative coefficient in m.
    """
    v, m = sp.Symbol("v", positive=True), sp.Symbol("m", integer=True, nonnegative=True)
    taylor = sp.Add(*(sp.binomial(sp.Rational(1, 2), j) * (v**2 - 1) ** j for j in range(6)))
    rest = (7 * v**4 + 42 * v**3 + 102 * v**2 + 122 * v + 63) / 256
    width = symbols.whole(net.width_at(0))
    y = rate(width)
    gap = (1 - y + y**2 / 2 - y**3 / 6 - _polynomial(net)).subs(width, LAST + 1 + m)
    return [
        Obligation("the polynomial lies above the root", taylor - v, (v - 1) ** 6 * rest),
        _nonnegative(f"n = {LAST + 1} + m", gap, m),
    ]


def linear_obligations(rate: Rate) -> list[Obligation]:
    r"""Prove log E sqrt(R) <= -y for linear layers of every width.

    Parameters
    ----------
    rate : callable
        y, a rational function of the width that vanishes for wide layers.

    Notes
    -----
    E sqrt(R) = Gamma(z + 1/2)/(sqrt(z) Gamma(z)) at z = n/2 tends to 1. So it is enough that from z + 1 to z the claim
    grows by no less, h(z) = -y(2z) + y(2z + 2) - log(1 - 1/(4 (z + 1/2)^2))/2 >= 0. As h tends to 0, it is enough that
    h' <= 0, a rational function whose numerator has no negative coefficient in z.
    """
    z = sp.Symbol("z", positive=True)
    claimed = -rate(2 * z) + rate(2 * z + 2)
    w = z + sp.Rational(1, 2)
    falls = sp.diff(claimed, z) - 1 / (4 * w * (w**2 - sp.Rational(1, 4)))
    top, bottom = (sp.Poly(part, z) for part in sp.fraction(sp.together(rate(2 * z))))
    vanishes = sp.S.Zero if top.degree() < bottom.degree() else top.LC() / bottom.LC()
    return [
        _nonnegative("the step falls in z = n/2", -falls, z),
        Obligation("y vanishes for wide layers", vanishes, sp.S.Zero),
    ]


@cache
def _polynomial(net: Ensemble) -> sp.Expr:
    return root_polynomial(net, 5)


def _nonnegative(name: str, expression: sp.Expr, letter: sp.Symbol) -> Obligation:
    """Return the obligation that numerator and denominator have no negative coefficient: p = |p| term by term."""
    top, bottom = (sp.Poly(part, letter) for part in sp.fraction(sp.together(expression)))
    if all(c <= 0 for c in bottom.all_coeffs()):
        top, bottom = -top, -bottom
    held = top if all(c >= 0 for c in bottom.all_coeffs()) else bottom
    signless = sp.Poly([abs(c) for c in held.all_coeffs()], letter)
    return Obligation(name, held.as_expr(), signless.as_expr())


@cache
def root_mean_end(net: Ensemble) -> sp.Rational:
    """Return a number just above E sqrt(R) of a layer, dead layers counted as 0.

    Parameters
    ----------
    net : Ensemble
        A network with normal weights and numbers for all sizes.

    Examples
    --------
    >>> round(float(root_mean_end(Ensemble(width=1, depth=1))), 6)  # the root of 2/pi
    0.797885
    """
    factor = layer_factor(net, 1)
    with precision(30):
        mean = factor.transform(flint.acb(flint.arb(1) / 2)).real * enclose_number(factor.survival())
    return ends(mean)[1]


def enclosed_layers(net: Ensemble, bound: Callable[[Ensemble], sp.Expr], widths: range) -> Iterator[Inequality]:
    """Enclose E sqrt(R) of layers, dead ones counted as 0, and compare it with what is claimed of one layer.

    Parameters
    ----------
    net : Ensemble
        Linear or ReLU networks of symbolic width.
    bound : callable
        Returns the claimed bound for a network of one layer.
    widths : range
        The widths.
    """
    for n in widths:
        here = net.at(width=n, depth=1)
        yield Inequality(f"{net.activation}, n = {n}, one layer", root_mean_end(here), bound(here))

r"""The output of wide and deep networks, depth over width fixed: a normal number times a log-normal one.

Along :math:`L = \beta n` the logarithm of :math:`|a_L|^2/|x|^2` is a sum of :math:`\beta n` independent terms of mean
:math:`-\kappa/(2n)` and variance :math:`\kappa/n` up to :math:`O(n^{-2})`, where :math:`e^{\kappa\beta}` is the limit
of the norm's kurtosis: kappa is 5 for He ReLU, and 2 for linear networks. So it becomes normal, and

.. math:: \frac{\sqrt n f}{|x|} \to Z e^{Y/2}, \qquad Z \sim N(0, 1),\ Y \sim N(-\kappa\beta/2, \kappa\beta),

independent. The moments of even order do not tell this law from others, as those of log-normal numbers do not, but the
distribution converges. Derived here; L. Noci et al., arXiv:2106.06615, have the mixture, as the limit of the moments.
"""

from __future__ import annotations

from fractions import Fraction

import flint

from theory import symbols
from theory.balls import Ball, ComplexBall, enclose_number, precision, require_digits
from theory.ensembles import Ensemble, InvalidArgument
from theory.ensembles.arguments import exact_fraction
from theory.moments.expansions import kurtosis_rate
from theory.requirements import require_normal


def output_tail_limit(net: Ensemble, beta: int | str | Fraction, c: int | str | Fraction, digits: int = 15) -> Ball:
    r"""Enclose the limit of :math:`P(\sqrt n|f| \ge c|x|)` as the width n grows and the depth is beta times the width.

    Parameters
    ----------
    net : Ensemble
        Networks with normal weights whose mean square is preserved: He for ReLU and leaky ReLU, Xavier for linear ones.
        Width and depth are names.
    beta : int, Fraction or str
        The depth over the width, exact and positive.
    c : int, Fraction or str
        The threshold, exact and positive.
    digits : int
        The number of significant digits.

    Returns
    -------
    flint.arb

    Raises
    ------
    InvalidArgument
        For other laws, initializations or readouts; if beta or c is not positive, or the digits are out of range.

    Examples
    --------
    >>> net = Ensemble(width="n", depth="L", activation="relu", init="he")
    >>> print(output_tail_limit(net, 1, 1, 12).str(12, radius=False))
    0.101101660189
    """
    require_normal(net, "the output's limit")
    require_digits(digits)
    if net.init.name != ("xavier" if net.slope == 1 else "he"):
        problem = f"{net.init.describe()!r} does not preserve the mean square, so that there is no such limit"
        raise InvalidArgument("init", problem, "use 'he', or 'xavier' for linear networks")
    if not net.has_sign_symmetric_readout:
        raise InvalidArgument("readout", "is fixed, and the limit is that of random ones", "use readout='random'")
    exact = {name: exact_fraction(name, value) for name, value in (("beta", beta), ("c", c))}
    for name, value in exact.items():
        if value <= 0:
            raise InvalidArgument(name, f"must be positive, got {value}", f"use e.g. {name}='1/2'")
    with precision(2 * digits + 20):
        variance = enclose_number(kurtosis_rate(net) * symbols.number(exact["beta"]))
        return _mixture_tail(variance, flint.arb(flint.fmpq(exact["c"].numerator, exact["c"].denominator)))


def _mixture_tail(variance: Ball, c: Ball) -> Ball:
    r"""Enclose P(|Z| e^(Y/2) >= c), as an integral over the logarithm w of |Z|.

    Outside of the ends the density of w is below :math:`e^{w}` on the left, and the tail of Z on the right.
    """
    accuracy = flint.arb(2) ** -flint.ctx.prec
    root = (2 * variance).sqrt()
    low = -flint.arb(flint.ctx.prec)
    high = (flint.arb(2 * flint.ctx.prec).sqrt()).log()

    def integrand(w: ComplexBall, _: bool) -> ComplexBall:
        beyond = ((2 * c.log() - 2 * w + variance / 2) / root).erfc() / 2
        return (w - (2 * w).exp() / 2).exp() * beyond

    inside = flint.acb.integral(integrand, low, high, rel_tol=accuracy, abs_tol=accuracy).real
    left, right = low.exp(), (-(2 * high).exp() / 2).exp()  # of w below, and of |Z| beyond e^high > 1
    return (2 / flint.arb.pi()).sqrt() * (inside + flint.arb(0).union(left) + flint.arb(0).union(right))

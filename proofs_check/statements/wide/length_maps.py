"""Variances in the limit of width: the length map of erf, its critical line, and what SELU keeps."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enclosed, Inequality, agrees_with
from proofs_check.statement import Claim, Mutant, Statement
from theory.balls import Ball, enclose_number, precision
from theory.ensembles import InvalidArgument
from theory.mean_field.critical_line import critical_point
from theory.mean_field.fixed_points import LengthMap
from theory.mean_field.gaussian_averages import GaussianAverages

_DIGITS = 30
_TRIED = tuple(sp.Rational(q) for q in ("1/1000", "1/10", "1/2", "1", "3", "20", "1000"))

NORMAL_LIMIT = Assumption("preactivations are independent normal variables, as in the limit of width")
VARIANCES_TRIED = Assumption(f"the variances of preactivations are those tried: {', '.join(map(str, _TRIED))}")


def _middle(ball: Ball) -> sp.Expr:
    """Return the middle of a ball, of which 20 digits are surely known."""
    if ball.rel_accuracy_bits() < 75 and ball.rad() > 1e-23:
        raise InvalidArgument("digits", f"too few are known of {ball.str(30)}", "enclose more")
    exact = ball.mid().fmpq()
    return sp.Rational(int(exact.p), int(exact.q))


# --- wide.erf-length-map ----------------------------------------------------------------------------------------------


def erf_length_map(
    q: sp.Expr, gain: sp.Expr, biases: sp.Expr, *, factor: int = 2, twice: int = 2, squared: bool = False
) -> sp.Expr:
    r"""The next variance is sigma_w^2 (2/pi) arcsin(2q/(1 + 2q)) + sigma_b^2.

    Parameters
    ----------
    q : sympy.Expr
        The variance of a preactivation.
    gain, biases : sympy.Expr
        sigma_w^2 = n s^2, and sigma_b^2.
    """
    reached = factor / sp.pi * sp.asin(twice * q / (1 + twice * q))
    return gain * (reached**2 if squared else reached) + biases


_NEAR = sp.Rational(10001, 10000)
_LAYERS = ((sp.S.One, sp.S.Zero), (sp.Rational(7, 3), sp.S.Half))
_MAPS = tuple((q, *layer) for q in _TRIED for layer in _LAYERS)


def _derived_map(q: sp.Expr, gain: sp.Expr, biases: sp.Expr) -> sp.Expr:
    with precision(_DIGITS):
        step = LengthMap("erf", enclose_number(gain), enclose_number(biases), _DIGITS)
        return _middle(step(enclose_number(q)))


ERF_LENGTH_MAP = Statement(
    id="wide.erf-length-map",
    title="Erf networks: the variance of preactivations follows an arcsine from layer to layer as the width grows.",
    latex=(
        r"q_{k+1} = \sigma_w^2\,\frac2\pi\arcsin\frac{2q_k}{1+2q_k}+\sigma_b^2,\quad "
        r"\sigma_w^2 = n s^2,\ \phi=\operatorname{erf}"
    ),
    source="C. K. I. Williams, NeurIPS 1996, for the average; B. Poole et al., arXiv:1606.05340, for the map",
    assumptions=(NORMAL_LIMIT, VARIANCES_TRIED),
    claim=erf_length_map,
    evidence=(agrees_with("E erf(sqrt(q) Z)^2, an enclosed integral", _MAPS, _derived_map),),
    mutants=(
        Mutant("q/(1 + q), as for GELU's angle", partial(erf_length_map, twice=1)),
        Mutant("1/pi for 2/pi", partial(erf_length_map, factor=1)),
        Mutant("the mean is squared", partial(erf_length_map, squared=True)),
        Mutant("biases by their deviation", lambda q, gain, biases: erf_length_map(q, gain, sp.sqrt(biases))),
        Mutant("a gain too large by 1/10000", lambda q, gain, biases: erf_length_map(q, _NEAR * gain, biases)),
    ),
)

# --- wide.erf-critical-line -------------------------------------------------------------------------------------------


def erf_critical_line(which: str, q: sp.Expr, *, slope: int = 4, share: sp.Expr = sp.S.Half) -> sp.Expr:
    r"""Gradients keep their size at sigma_w^2 = (pi/4) s, sigma_b^2 = q - s arcsin(2q/(1 + 2q))/2, s = sqrt(1 + 4q).

    Parameters
    ----------
    which : str
        ``weights`` or ``biases``.
    q : sympy.Expr
        The variance of preactivations, which these variances keep.
    """
    root = sp.sqrt(1 + slope * q)
    if which == "weights":
        return sp.pi / 4 * root
    return q - share * root * sp.asin(2 * q / (1 + 2 * q))


_LINE = tuple((which, q) for q in _TRIED for which in ("weights", "biases"))


def _derived_line(which: str, q: sp.Expr) -> sp.Expr:
    point = critical_point("erf", f"{q}", _DIGITS)
    return _middle(point.weight_variance if which == "weights" else point.bias_variance)


ERF_CRITICAL_LINE = Statement(
    id="wide.erf-critical-line",
    title="Erf networks: the edge of chaos, where gradients of wide networks neither vanish nor explode.",
    latex=(
        r"\sigma_w^2 = \tfrac\pi4\sqrt{1+4q},\quad \sigma_b^2 = q-\tfrac12\sqrt{1+4q}\,\arcsin\frac{2q}{1+2q}"
        r"\quad\Rightarrow\quad V(q) = q,\ \sigma_w^2\,\mathbb E\,\phi'(\sqrt qZ)^2 = 1"
    ),
    source="S. Schoenholz et al., arXiv:1611.01232, for the critical line; its form for erf: derived here",
    assumptions=(NORMAL_LIMIT, VARIANCES_TRIED),
    claim=erf_critical_line,
    evidence=(agrees_with("the critical point of the enclosed averages", _LINE, _derived_line),),
    mutants=(
        Mutant("1 + 2q under the root", partial(erf_critical_line, slope=2)),
        Mutant("arcsin times 51/100", partial(erf_critical_line, share=sp.Rational(51, 100))),
        Mutant("weights of variance 1, as for tanh at q = 0", lambda which, q: _weights_of_one(which, q)),
    ),
)


def _weights_of_one(which: str, q: sp.Expr) -> sp.Expr:
    return sp.S.One if which == "weights" else erf_critical_line(which, q)


# --- wide.selu --------------------------------------------------------------------------------------------------------

SELU_SETTING = Assumption("n s^2 = 1, there are no biases, and SELU's constants have their usual 31 digits")

_LAMBDA, _ALPHA = sp.Rational("1.0507009873554804934193349852946"), sp.Rational("1.6732632423543772848170429916717")


def selu(what: str, *, keeps: bool = False, shift: sp.Expr = sp.S.Zero, share: sp.Expr = sp.S.One) -> sp.Expr:
    r"""With n s^2 = 1 and no biases SELU keeps the mean 0 and the variance 1, up to the digits of its constants.

    - ``mean`` and ``variance`` of what comes out: 0 and 1, to 19 digits.
    - ``slope``: lambda^2 (1/2 + alpha^2 (2 e^2 Phi(-2) - sqrt(e) Phi(-1))) = 0.78265, by which deviations shrink.
    - ``gradients``: lambda^2 (1/2 + alpha^2 e^2 Phi(-2)) = 1.07157, by which gradients grow, layer by layer.

    Parameters
    ----------
    what : str
        Which of these.
    """
    below_two, below_one = (sp.erfc(z / sp.sqrt(2)) / 2 for z in (sp.Integer(2), sp.S.One))
    match what:
        case "mean":
            return shift
        case "variance":
            return share
        case "slope":
            return _LAMBDA**2 * (sp.S.Half + _ALPHA**2 * (2 * sp.E**2 * below_two - sp.sqrt(sp.E) * below_one))
        case _ if keeps:
            return sp.S.One
        case _:
            return _LAMBDA**2 * (sp.S.Half + _ALPHA**2 * sp.E**2 * below_two)


_PARTS = ("mean", "variance", "slope", "gradients")
_ROOM = sp.Rational(1, 10**19)


def _averages(claim: Claim) -> Iterator[Inequality]:
    """Each claimed number is that of the enclosed average over a standard normal variable, to 19 digits."""
    averages = GaussianAverages("selu", enclose_number(sp.S.One), digits=_DIGITS)
    with precision(_DIGITS):
        truths = averages.first(), averages.square(), averages.square_derivative(), averages.slope_square()
    for what, truth in zip(_PARTS, truths, strict=True):
        distance = claim(what) - _middle(truth)
        yield Inequality(what, distance, _ROOM)
        yield Inequality(what, -_ROOM, distance)


SELU = Statement(
    id="wide.selu",
    title="SELU keeps mean 0 and variance 1 as the width grows, while gradients grow by 1.0716 a layer.",
    latex=(
        r"\mathbb E\,\phi(Z) = 0,\quad \mathbb E\,\phi(Z)^2 = 1,\quad V'(1) = \lambda^2\bigl(\tfrac12+\alpha^2"
        r"(2e^2\Phi(-2)-\sqrt e\,\Phi(-1))\bigr) = 0.782\ldots,\quad "
        r"\chi = \lambda^2\bigl(\tfrac12+\alpha^2e^2\Phi(-2)\bigr) = 1.071\ldots"
    ),
    source="G. Klambauer et al., arXiv:1706.02515, for mean and variance; the factor of gradients: derived here",
    assumptions=(NORMAL_LIMIT, SELU_SETTING),
    claim=selu,
    evidence=(Enclosed("four averages over a standard normal variable, to 19 digits", _averages),),
    mutants=(
        Mutant("gradients keep their size", partial(selu, keeps=True)),
        Mutant("a mean of 1e-18", partial(selu, shift=sp.Rational(1, 10**18))),
        Mutant("a variance of 1 - 1e-18", partial(selu, share=1 - sp.Rational(1, 10**18))),
        Mutant("deviations shrink as gradients grow", lambda what: selu("gradients" if what == "slope" else what)),
    ),
)

STATEMENTS = (ERF_LENGTH_MAP, ERF_CRITICAL_LINE, SELU)

"""Risks on the path of descent, on designs and noise that are drawn: what stopping early gains, and what depth does."""

from __future__ import annotations

from functools import partial

import sympy as sp

from montecarlo.training.regression.sparse_observables import SparsePaths
from proofs_check import assumptions
from proofs_check.assumptions import Assumption
from proofs_check.evidence import Mean, Quantile, Simulated
from proofs_check.statement import Mutant, Statement
from proofs_check.statements.sparse.conservation import EQUAL_START, PAPER
from proofs_check.verdict import Between
from theory.ensembles import Ensemble

_SIGMA = sp.Rational(2, 5)
_SUPPORT = 6

ORTHONORMAL = Ensemble(width=16, depth=1, activation="linear", init="orthogonal")
"""Its matrix times 4 is the design, and its readout is the noise."""
SIGNS = Ensemble(widths=(80, 40), activation="linear", law="rademacher", init=1)
PAPERS = SIGNS.at(widths=(200, 100))


def early_stopping(
    net: Ensemble,
    what: str,
    depth: int = 0,
    *,
    all_noise: bool = False,
    forgets: bool = False,
    harmless: bool = False,
    always: bool = False,
    twice: bool = False,
    shallow: bool = False,
    deep: bool = False,
    relative: bool = False,
) -> sp.Expr | Between:
    r"""What is claimed of the risk |w - w*|^2 with n samples, p features, k ones in w* and noise of deviation sigma.

    On orthonormal designs, sigma = 2/5, the means are

    - ``stopped``: k sigma^2/n, in the window; ``last``: p sigma^2/n, at the end.

    On designs of independent signs the medians of logarithms are

    - ``overfits``: the last risk over the best is at least 4 with noise, and ``clean``: 1 to 1/100 without.
    - ``oracle``: the best over that of least squares on the support is 1 to 1/4, N = 3, w_0 = 1e-5.
    - ``best``: the same, at w_0 = 1/500: at least 3 for N = 2, at most 4 for N = 3.
    - ``window``: the last step over the first at which the risk is at most 1/10, at w_0 = 1/500: at most 7/2 for
      N = 2, at least 7/2 for N = 3.
    - ``own``: the same for at most twice the network's own best risk, which shows no such order: at least 5/2 for
      N = 2, at most 7/2 for N = 3.

    Parameters
    ----------
    net : Ensemble
        Its matrix is the design, and its readout the noise.
    what : str
        Which of these.
    depth : int
        N, where it matters.
    """
    n, p = sp.Integer(int(net.width_at(1))), sp.Integer(int(net.width_at(0)))
    shown = 2 if shallow else 3 if deep else depth
    match what:
        case "stopped":
            return (p if all_noise else _SUPPORT) * _SIGMA**2 / n
        case "last":
            return (_SUPPORT if forgets else p) * _SIGMA**2 / n
        case "overfits":
            return down(2) if harmless else up(4)
        case "clean":
            return up(2) if always else Between(-sp.Rational(1, 100), sp.Rational(1, 100))
        case "oracle":
            middle = sp.log(2) if twice else sp.S.Zero
            return Between(middle - sp.Rational(1, 4), middle + sp.Rational(1, 4))
        case "best":
            return up(3) if shown == 2 else down(4)
        case "window":
            return down("7/2") if shown == 2 else up("7/2")
        case _ if relative:
            return down("5/2") if depth == 2 else up("7/2")
        case _:
            return up("5/2") if depth == 2 else down("7/2")


def up(least: int | str) -> Between:
    """Return the range of logarithms from that of a number on.

    Examples
    --------
    >>> up("7/2")
    Between(lo=log(7/2), hi=oo)
    """
    return Between(sp.log(sp.Rational(least)), sp.oo)


def down(most: int | str) -> Between:
    """Return the range of logarithms up to that of a number.

    Examples
    --------
    >>> down(2)
    Between(lo=-oo, hi=log(2))
    """
    return Between(-sp.oo, sp.log(sp.Rational(most)))


def _variance(net: Ensemble, freedom: int) -> float:
    """Return the variance of sigma^2/n times a chi-square, with a tenth more for what leaks or is not fitted."""
    n = int(net.width_at(1))
    return float(1.1 * 2 * freedom * (_SIGMA**2 / n) ** 2)


def _mean(what: str, depth: int, freedom: int, steps: int, tolerance: float, samples: int) -> Simulated:
    paths = SparsePaths(depth, 1e-6, _SUPPORT, float(_SIGMA), 0.1, steps)
    return Simulated(
        f"mean of the risk, {what}, N = {depth}",
        ORTHONORMAL,
        paths,
        "last",
        reading=Mean(1, partial(_variance, freedom=freedom)),
        tolerance=tolerance,
        samples=samples,
        arguments={"what": what},
    )


def _median(
    what: str, component: str, net: Ensemble, paths: SparsePaths, samples: int, full_samples: int = 0
) -> Simulated:
    noise = "noise" if paths.noise else "no noise"
    return Simulated(
        f"median of log({component}) for {what}, N = {paths.depth}, w_0 = {paths.scale:g}, {noise}",
        net,
        paths,
        component,
        reading=Quantile(),
        tolerance=0.0,
        samples=samples,
        full_samples=full_samples,
        arguments={"what": what, "depth": paths.depth},
    )


def _paths(depth: int, scale: float, noise: float, steps: int, support: int = 2) -> SparsePaths:
    return SparsePaths(depth, scale, support, noise, 0.4 / depth**2, steps, level=0.1)


_TWO, _THREE = _paths(2, 2e-3, 0.5, 600), _paths(3, 2e-3, 0.5, 1_000)
_SMALL = _paths(3, 1e-5, 0.5, 3_000)


def _is_design(net: Ensemble) -> bool | None:
    return net.depth == 1 and net.slope == 1


DESIGN = Assumption("the design is one matrix, of signs or Haar-orthogonal, its columns scaled to sqrt(n)", _is_design)
ONES = Assumption("w* is 1 on its support, the noise is normal, and steps are small: eta N^2 is at most 9/10")

EARLY_STOPPING = Statement(
    id="sparse.early-stopping",
    title="With noise, stopping in the window cuts the risk p sigma^2/n to k sigma^2/n; without, it gains nothing.",
    latex=(
        r"X^TX=nI:\ \mathbb E|w-w^*|^2=\tfrac{k\sigma^2}n\text{ in the window},\ \tfrac{p\sigma^2}n\text{ at the end};"
        r"\qquad X_{ij}=\pm1:\ \operatorname{med}\log\frac{R_{\mathrm{end}}}{R_{\min}}\ge\log4\ (\sigma>0),\ "
        r"\le\tfrac1{100}\ (\sigma=0);\quad w_0=\tfrac1{500}:\ \operatorname{med}\frac{R_{\min}}{R_{\mathrm{oracle}}}"
        r"\ge3\ (N=2),\ \le4\ (N=3)"
    ),
    source=f"{PAPER}, experiments (Rademacher designs, w* = 1, noise 1/2); means and thresholds derived here",
    assumptions=(EQUAL_START, DESIGN, ONES, assumptions.PLAIN),
    claim=early_stopping,
    evidence=(
        _mean("stopped", 2, _SUPPORT, 80, 0.16, 3_500),
        _mean("stopped", 3, _SUPPORT, 700, 0.16, 3_500),
        _mean("last", 2, 16, 2_000, 0.16, 1_200),
        _median("overfits", "last/best", SIGNS, _paths(2, 1e-5, 0.5, 1_500), 80),
        _median("overfits", "last/best", SIGNS, _SMALL, 100),
        _median("overfits", "last/best", PAPERS, _paths(2, 1e-5, 0.5, 2_000, support=5), 48, 96),
        _median("clean", "last/best", SIGNS, _paths(2, 1e-5, 0.0, 1_500), 80),
        _median("clean", "last/best", SIGNS, _paths(3, 1e-5, 0.0, 1_500), 48),
        _median("oracle", "best/oracle", SIGNS, _SMALL, 100),
        *(
            _median(what, component, SIGNS, paths, 400, 1_000)
            for what, component in (("best", "best/oracle"), ("window", "good"), ("own", "good/own"))
            for paths in (_TWO, _THREE)
        ),
    ),
    mutants=(
        Mutant("p for k in the window", partial(early_stopping, all_noise=True)),
        Mutant("k for p at the end", partial(early_stopping, forgets=True)),
        Mutant("the last risk is at most twice the best", partial(early_stopping, harmless=True)),
        Mutant("without noise it gains as well", partial(early_stopping, always=True)),
        Mutant("the best risk is twice the oracle's", partial(early_stopping, twice=True)),
        Mutant("at w_0 = 1/500 every depth does as badly as N = 2", partial(early_stopping, shallow=True)),
        Mutant("at w_0 = 1/500 every depth does as well as N = 3", partial(early_stopping, deep=True)),
        Mutant("a threshold relative to one's own best shows it too", partial(early_stopping, relative=True)),
    ),
)

STATEMENTS = (EARLY_STOPPING,)

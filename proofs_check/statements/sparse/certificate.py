"""A window for any incoherent design, from its coherence and the noise alone, and the networks that keep to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache, partial
from typing import Any

import sympy as sp

from montecarlo.training.regression.sparse_observables import WindowErrors
from proofs_check import assumptions
from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enclosed, Enumerated, Inequality, Quantile, Simulated
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.sparse.conservation import EQUAL_START, PAPER
from proofs_check.toolkit.numbers import rational
from proofs_check.verdict import Between
from theory.dynamics.implicit_bias.sparse_certificates import coherence_certificate
from theory.dynamics.implicit_bias.two_basis_designs import coherence, two_basis_design
from theory.ensembles import Ensemble

_SIGMA, _EPS, _KAPPA, _DELTA = (sp.Rational(text) for text in ("1/10", "1/1000", "1/100", "1/20"))


def certificate(
    net: Ensemble | None,
    what: str,
    *numbers: Any,
    depth: int = 0,
    w0: str = "1",
    k: int = 1,
    alone: bool = False,
    forever: bool = False,
    quarter: bool = False,
    exact: bool = False,
    low: int = 2,
    equal: bool = False,
) -> Any:
    r"""What is claimed of a signal of k ones on a design of n rows and p columns of coherence mu.

    - ``coherence`` of the two-basis design of order q is 2^-q = 1/sqrt n.
    - ``risk`` bounds that of least squares on the support, given k, sigma, n, mu: k sigma^2/(n (1 - mu(k-1))).
    - ``opens``, ``closes`` and ``error``, given N, w_0, k, p, mu and the noise zeta: in the window errors on the
      support are at most ``error``, and coordinates off it at most eps = 1/1000. Stage 1 has B = mu(k + (p-k) eps) +
      zeta and the time of sparse.hitting-time for z = 1 - B, kappa = 1/100. Three more have B = mu(k e + (p-k) eps) +
      zeta, and end where the error e is 13/10 B. What then is left of G(eps) lasts until T_u.

    Of networks in the window, given noise of deviation 1/10 and the zeta that 19 draws in 20 do not exceed, logarithms:

    - ``support``: the 9/10-quantile of the largest error on the support is at most ``error``.
    - ``off``: that of the largest coordinate off it is at most eps.
    - ``oracle``: that of the distance from least squares at T_u is at most mu(p-k) eps/(1-mu(k-1)), and above 1e-9.
    - ``late``: the median of the largest coordinate off the support at t = 1000 is from 1/30 to 2/25.

    Parameters
    ----------
    net : Ensemble, optional
        The one whose readout is the noise, for the last four.
    what : str
        Which of these.
    numbers
        What is named in the list above.
    depth, w0, k
        N, w_0 and k of the networks.
    """
    if net is None:
        match what:
            case "coherence":
                return Fraction(1, low ** numbers[0])
            case "risk":
                support, sigma, n, mu = numbers
                return support * sigma**2 / n / (1 if exact else 1 - mu * (support - 1))
        return _stages(*numbers, alone=alone)[what]
    n = int(net.width_at(1))
    mu, p, zeta = 1 / sp.sqrt(n), 2 * n, _noise(n)
    tiny = sp.log(sp.Rational(1, 10**9))
    match what:
        case "support":
            error = _stages(depth, sp.Rational(w0), k, p, mu, zeta, alone=alone)["error"]
            return Between(-sp.oo, sp.log(zeta / 4 if quarter else error))
        case "off":
            return Between(-sp.oo, tiny if equal else sp.log(_EPS))
        case "oracle":
            far = sp.log(mu * (p - k) * _EPS / (1 - mu * (k - 1)))
            return Between(-sp.oo, tiny) if equal else Between(tiny, far)
    return Between(-sp.oo, sp.log(_EPS)) if forever else Between(sp.log(sp.Rational(1, 30)), sp.log(sp.Rational(2, 25)))


def _noise(n: int) -> sp.Expr:
    return _SIGMA * sp.sqrt(2 * sp.log(4 * n / _DELTA) / n)


def _stages(N: int, w0: sp.Expr, k: int, p: int, mu: sp.Expr, zeta: sp.Expr, *, alone: bool) -> dict[str, sp.Expr]:
    def dual(w: sp.Expr, shift: sp.Expr) -> sp.Expr:
        if N == 2:
            return sp.log(w / (2 * w0) + sp.sqrt(1 + (w / (2 * w0)) ** 2)) / 4
        return (w0 ** sp.Rational(2 - N, N) - (w + shift) ** sp.Rational(2 - N, N)) / (N * (N - 2))

    inside, outside = (0 if alone else mu * k), mu * (p - k) * _EPS + zeta
    B = inside + outside
    z = 1 - B
    opens = dual((1 - _KAPPA) * z, w0) / z
    opens += z ** (sp.Rational(2, N) - 2) * (sp.Rational(N, 2) + sp.log(1 / _KAPPA)) / N**2
    error, spent = B + _KAPPA * z, B * opens
    for _ in range(3):
        B = inside * error + outside
        time = sp.log((error - B) / (sp.Rational(3, 10) * B)) / (N**2 * (1 - error) ** (2 - sp.Rational(2, N)))
        opens, spent, error = opens + time, spent + B * time, sp.Rational(13, 10) * B
    closes = opens + (dual(_EPS, sp.S.Zero) - spent) / (inside * error + outside)
    return {"opens": opens, "closes": closes, "error": error}


@cache
def _exact_coherence(_: None, __: str, q: int) -> Fraction:
    return coherence(two_basis_design(q))


_SUPPORTS = (
    (2, (0, 16)),
    (2, (3, 21, 30)),
    (3, (0, 64)),
    (3, (5, 9, 70)),
    (3, (1, 2, 77, 100, 127)),
)
"""The order of the design, and the columns on the support."""


def _exact_risk(q: int, columns: tuple[int, ...]) -> Callable[[Claim], bool]:
    """Judge the bound by the exact sigma^2 tr(X_S^T X_S)^-1, which is at least half of it."""
    X = two_basis_design(q)[:, list(columns)]
    exact = _SIGMA**2 * sp.Matrix((X.T @ X).tolist()).inv().trace()
    k, n, mu = len(columns), 4**q, sp.Rational(1, 2**q)
    return lambda claim: bool(exact <= claim(None, "risk", k, _SIGMA, n, mu) <= 2 * exact)


def _itself(claim: Claim, *_: Any) -> Claim:
    return claim


_PLACES = ((2, 2, "1e-10", 3), (3, 2, "1e-6", 3), (4, 2, "1e-5", 3), (3, 1, "1e-6", 2))
"""N, k, w_0 and the order of the design."""


_TRAINED = (
    # N, k, w_0, q, the window that networks are looked at in, and when training ends
    (3, 1, "1e-6", 2, 53, 128, 128),
    (2, 2, "1e-10", 3, 11.3, 17.4, 17.4),
    (3, 1, "1e-6", 2, 53, 128, 1000),
)


def _derived(claim: Claim) -> Iterator[Inequality]:
    """The typed stages are what theory derives, to 20 digits, and networks are looked at inside of their windows."""
    tiny = sp.Rational(1, 10**20)
    for N, k, w0, q in _PLACES:
        n, mu, start = 4**q, sp.Rational(1, 2**q), sp.Rational(w0) ** sp.Rational(1, N)
        found = coherence_certificate(N, start, [1] * k, 2 * n, mu, _noise(n), _EPS, kappa=_KAPPA)
        for what, truth in (("opens", found.opens), ("closes", found.closes), ("error", found.support_error)):
            claimed = claim(None, what, N, sp.Rational(w0), k, 2 * n, mu, _noise(n))
            label = f"{what}, N = {N}, k = {k}, w_0 = {w0}, {n} rows"
            yield Inequality(f"{label}: not below", truth * (1 - tiny), claimed)
            yield Inequality(f"{label}: not above", claimed, truth * (1 + tiny))
    for N, k, w0, q, opens, closes, _ in _TRAINED:
        numbers = (N, sp.Rational(w0), k, 2 * 4**q, sp.Rational(1, 2**q), _noise(4**q))
        yield Inequality(f"N = {N}: opens", claim(None, "opens", *numbers), rational(Fraction(str(opens))))
        yield Inequality(f"N = {N}: closes", rational(Fraction(str(closes))), claim(None, "closes", *numbers))


def _trained(what: str, place: tuple[Any, ...], p: float, samples: int) -> Simulated:
    N, k, w0, q, opens, closes, late = place
    net = Ensemble(widths=(2 * 4**q, 4**q), activation="linear", law="rademacher", init=1)
    return Simulated(
        f"the {p:g}-quantile of log({what}) for descent in the certified window, N = {N}, w_0 = {w0}",
        net,
        WindowErrors(q, N, float(w0), k, float(_SIGMA), 0.4 / N**2, opens, closes, late),
        what,
        reading=Quantile(p),
        tolerance=0.0,
        samples=samples,
        arguments={"what": what, "depth": N, "w0": w0, "k": k},
    )


INCOHERENT = Assumption("columns have norm sqrt(n) and coherence mu, and every B is below 1, the signal on the support")
SMALL_STEPS = Assumption("networks follow flow by steps of eta = 2/(5 N^2)")

CERTIFICATE = Statement(
    id="sparse.certificate",
    title="The coherence of a design alone certifies a window in which flow is the oracle: no restricted isometry.",
    latex=(
        r"B_1=\mu(\|w^*\|_1+(p-k)\epsilon)+\zeta<\min_S|w^*|,\ "
        r"B_m=\mu(ke_{m-1}+(p-k)\epsilon)+\zeta,\ e_m=\tfrac{13}{10}B_m,\ "
        r"\sum_mB_m\tau_m\le G(\epsilon):\quad T_l=\sum_m\tau_m\le t\le T_l+\frac{G(\epsilon)-\sum B_m\tau_m}{B}\ "
        r"\Rightarrow\ \|w_S-w^*_S\|_\infty\le e,\ \|w_{S^c}\|_\infty\le\epsilon;\qquad "
        r"\mathbb E|\hat w_S-w^*|^2\le\frac{k\sigma^2}{n(1-\mu(k-1))};\qquad X=[H,DH]:\ \mu=\tfrac1{\sqrt n}"
    ),
    source=f"{PAPER}, theorem 1, has a window under restricted isometry; this one is derived here",
    assumptions=(EQUAL_START, INCOHERENT, SMALL_STEPS, assumptions.PLAIN),
    claim=certificate,
    evidence=(
        Enumerated(
            "all inner products of the two-basis design, n = 4 to 256",
            tuple((None, "coherence", q) for q in (1, 2, 3, 4)),
            _exact_coherence,
            label=lambda _, __, q: f"q = {q}",
        ),
        Enumerated("the exact risk of least squares on supports", _SUPPORTS, _exact_risk, apply=_itself),
        Enclosed("the stages are those that theory derives, to 20 digits", _derived, digits=40),
        *(_trained(what, place, 0.9, 240) for place in _TRAINED[:2] for what in ("support", "off", "oracle")),
        _trained("late", _TRAINED[2], 0.5, 60),
    ),
    mutants=(
        Mutant("it holds for all times", partial(certificate, forever=True)),
        Mutant("the error is at most zeta/4", partial(certificate, quarter=True)),
        Mutant("the oracle's risk is k sigma^2/n", partial(certificate, exact=True)),
        Mutant("a coherence of 3^-q", partial(certificate, low=3)),
        Mutant("the signal's other entries do not disturb", partial(certificate, alone=True)),
        Mutant("flow is least squares on the support, to 1e-9", partial(certificate, equal=True)),
    ),
)

STATEMENTS = (CERTIFICATE,)

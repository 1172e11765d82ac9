r"""A window for an incoherent design: from its coherence alone, the flow fits the support and nothing else.

Let the columns of X have norm :math:`\sqrt n` and coherence :math:`\mu`, y = Xw* + noise, w* supported on S with k
entries, :math:`\zeta \ge \|X^T\text{noise}/n\|_\infty`, and :math:`\epsilon > 0`. Coordinate i follows
:math:`\dot w_i = h'(G_i)\dot G_i` with :math:`\dot G_i = w^*_i+b_i-w_i`, where :math:`b_i` comes from the other
coordinates and the noise.

*While nothing off S exceeds* :math:`\epsilon`, *stage 1.* On S, :math:`0 \le |w_i| \le |w_i^*|+B_1`, with the sign of
:math:`w^*_i`, by induction over time, and :math:`|b| \le B_1 = \mu(\|w^*\|_1+(p-k)\epsilon)+\zeta`, which must be below
:math:`\min|w^*|`. So :math:`\dot G_i \ge z_i-h(G_i)`, :math:`z_i = |w_i^*|-B_1`, and after the time :math:`\tau_1` that
:func:`~theory.dynamics.implicit_bias.sparse_recovery.hitting_time_bounds` gives for the least of these all coordinates
are and stay above :math:`(1-\kappa)z_i`: errors on S are at most :math:`B_1+\kappa\max_iz_i`.

*Stage m.* If errors on S are at most e, :math:`|b| \le B = \mu(ke+(p-k)\epsilon)+\zeta`. There w is at least
:math:`l = \min|w^*|-e`, so :math:`h' \ge N^2l^{2-2/N}`. An error beyond B loses what it has beyond B at this rate, and
is :math:`\frac{13}{10}B` after :math:`\tau = \log\frac{e-B}{0.3B}/(N^2l^{2-2/N})`.

*Off S* :math:`|G_j|` grows at most at the speed :math:`|b_j|`, as w_j has its sign. So nothing there exceeds
:math:`\epsilon` before :math:`\sum B_m\tau_m` and what follows add up to :math:`h^{-1}(\epsilon)`.

*The oracle.* In the window w_S obeys :math:`\dot w_S = D(M(\hat w-w_S)-M'w_{S^c})`, where :math:`\hat w` are the least
squares on S, M and M' blocks of :math:`X^TX/n` and D the diagonal of h'. As M is diagonally dominant,
:math:`\|w_S-\hat w\|_\infty` tends to at most :math:`\mu(p-k)\max|w_{S^c}|/(1-\mu(k-1))`, at the rate
:math:`N^2l^{2-2/N}(1-\mu(k-1))`, and :math:`E|\hat w-w^*|^2 = \sigma^2\mathrm{tr}(X_S^TX_S)^{-1}`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sympy as sp

from theory import symbols
from theory.balls import enclose, less
from theory.dynamics.implicit_bias.depth_potentials import DepthPotential
from theory.dynamics.implicit_bias.sparse_recovery import hitting_time_bounds
from theory.ensembles import InvalidArgument
from theory.symbols import Scalar

_SLACK = sp.Rational(13, 10)


@dataclass(frozen=True)
class Certificate:
    r"""A window of gradient flow, with what holds in it.

    Parameters
    ----------
    opens, closes : sympy.Expr
        The window [T_l, T_u].
    support_error : sympy.Expr
        The bound on :math:`|w_i-w^*_i|` on the support.
    off_support : sympy.Expr
        The bound :math:`\epsilon` on :math:`|w_j|` off it.
    disturbances : tuple of SymPy expressions
        The bounds B_1, B_2, ... of the stages.
    durations : tuple of SymPy expressions
        How long they take.
    """

    opens: sp.Expr
    closes: sp.Expr
    support_error: sp.Expr
    off_support: sp.Expr
    disturbances: tuple[sp.Expr, ...]
    durations: tuple[sp.Expr, ...]

    def __repr__(self) -> str:
        opens, closes, error = (f"{float(enclose(x)):.4g}" for x in (self.opens, self.closes, self.support_error))
        return f"Certificate([{opens}, {closes}], {error} on the support, {float(self.off_support):.4g} off it)"


def coherence_certificate(
    depth: int,
    start: Scalar,
    signal: Iterable[Scalar],
    features: int,
    coherence: Scalar,
    noise: Scalar,
    eps: Scalar,
    *,
    kappa: Scalar = "1/100",
    stages: int = 4,
) -> Certificate:
    r"""Derive a window in which the flow on any design of this coherence has fitted the support and nothing else.

    Parameters
    ----------
    depth : int
        The depth N.
    start : number
        The weight :math:`\alpha` at the start.
    signal : sequence of numbers
        The entries of w* other than 0.
    features : int
        The number p of all coordinates.
    coherence : number
        The largest :math:`|x_i\cdot x_j|/n`, where all columns have norm :math:`\sqrt n`.
    noise : number
        A bound :math:`\zeta` on :math:`\|X^T\text{noise}/n\|_\infty`, such as :func:`noise_bound`.
    eps : number
        What coordinates off the support may reach.
    kappa : number
        The relative precision at the end of the first stage.
    stages : int
        At most so many stages; fewer where more do not help.

    Returns
    -------
    Certificate

    Raises
    ------
    InvalidArgument
        If there is no certificate: the disturbance is not below the signal (argument `coherence`), or coordinates off
        the support may exceed eps before it is fitted (argument `start`).

    References
    ----------
    arXiv:2108.05574, theorem 1, has such a window under the restricted isometry property, with unnamed constants. This
    one is derived in the docstring of this module.

    Examples
    --------
    >>> coherence_certificate(3, "1/100", [1, 1], 128, "1/8", "7/200", "1/1000")
    Certificate([48.71, 249.3], 0.1049 on the support, 0.001 off it)
    """
    potential, sizes = DepthPotential(depth, start), _signal(signal)
    mu, zeta = symbols.nonnegative("coherence", coherence), symbols.nonnegative("noise", noise)
    room, share = symbols.positive("eps", eps), symbols.positive("kappa", kappa)
    k, p = len(sizes), _count("features", features, len(sizes))
    N, least, outside = potential.order, min(sizes), (p - k) * room
    first = mu * (sum(sizes) + outside) + zeta
    error = first + share * (max(sizes) - first)
    if not _below(error, least):
        problem = (
            f"leaves a disturbance of {_brief(first)} and an error of {_brief(error)}, the signal is {_brief(least)}"
        )
        raise InvalidArgument("coherence", problem, "use a design of less coherence, fewer entries, or less noise")
    bounds, durations = [first], [hitting_time_bounds(depth, start, least - first, share)[1]]
    for _ in range(_count("stages", stages, 1) - 1):
        bound = mu * (k * error + outside) + zeta
        if not _below(_SLACK * bound, sp.Rational(99, 100) * error):
            break
        rate = N**2 * (least - error) ** (2 - 2 / N)
        bounds.append(bound)
        durations.append(sp.log((error - bound) / ((_SLACK - 1) * bound)) / rate)
        error = _SLACK * bound
    after = mu * (k * error + outside) + zeta
    spent, budget = sp.Add(*(b * t for b, t in zip(bounds, durations, strict=True))), potential.dual_bounds(room)[0]
    if not _below(spent, budget):
        problem = f"lets coordinates off the support reach {room} before it is fitted"
        raise InvalidArgument(
            "start", problem, "start nearer to 0, allow a larger eps, or use a design of less coherence"
        )
    opens = sp.Add(*durations)
    return Certificate(opens, opens + (budget - spent) / after, error, room, tuple(bounds), tuple(durations))


def noise_bound(sigma: Scalar, features: Scalar, samples: Scalar, delta: Scalar) -> sp.Expr:
    r"""Return :math:`\sigma\sqrt{2\log(2p/\delta)/n}`, which bounds :math:`\|X^T\text{noise}/n\|_\infty` in most draws.

    Parameters
    ----------
    sigma : number, name or expression
        The standard deviation of the noise, which is normal.
    features, samples : number, name or expression
        p and n.
    delta : number, name or expression
        It fails with at most this probability, by the union bound over p normal tails.

    Returns
    -------
    sympy.Expr

    Raises
    ------
    InvalidArgument
        If something is not positive.

    Examples
    --------
    >>> noise_bound("sigma", "p", "n", "delta")
    sqrt(2)*sigma*sqrt(log(2*p/delta))/sqrt(n)
    """
    s, p, n, d = (
        symbols.positive(name, value)
        for name, value in (("sigma", sigma), ("features", features), ("samples", samples), ("delta", delta))
    )
    return s * sp.sqrt(2 * sp.log(2 * p / d) / n)


def oracle_distance(coherence: Scalar, support: int, features: int, off_support: Scalar) -> sp.Expr:
    r"""Return :math:`\mu(p-k)\epsilon/(1-\mu(k-1))`, how far the flow stays from least squares on the support.

    Parameters
    ----------
    coherence : number, name or expression
        The coherence :math:`\mu`, below 1/(k-1).
    support, features : int
        k and p.
    off_support : number, name or expression
        The largest coordinate off the support.

    Returns
    -------
    sympy.Expr
        The bound that the distance tends to in the window.

    Raises
    ------
    InvalidArgument
        If :math:`\mu(k-1)` is not below 1, or an argument is out of range.

    Examples
    --------
    >>> oracle_distance("1/8", 2, 128, "eps")
    18*eps
    """
    mu, left = _dominance(coherence, support)
    p = _count("features", features, support)
    return mu * (p - support) * symbols.nonnegative("off_support", off_support) / left


def oracle_risk_bound(sigma: Scalar, samples: Scalar, support: int, coherence: Scalar) -> sp.Expr:
    r"""Return :math:`k\sigma^2/(n(1-\mu(k-1)))`, a bound on the risk of least squares on the support.

    Parameters
    ----------
    sigma, samples : number, name or expression
        The noise's standard deviation, and n.
    support : int
        k.
    coherence : number, name or expression
        :math:`\mu`, below 1/(k-1).

    Returns
    -------
    sympy.Expr

    Raises
    ------
    InvalidArgument
        As :func:`oracle_distance`.

    Examples
    --------
    >>> oracle_risk_bound("1/10", 64, 2, "1/8")
    1/2800
    """
    _, left = _dominance(coherence, support)
    return support * symbols.positive("sigma", sigma) ** 2 / (symbols.positive("samples", samples) * left)


def _dominance(coherence: Scalar, support: int) -> tuple[sp.Expr, sp.Expr]:
    mu = symbols.nonnegative("coherence", coherence)
    left = 1 - mu * (_count("support", support, 1) - 1)
    if left.is_number and not left.is_positive:
        raise InvalidArgument("coherence", f"times k - 1 must be below 1, got {1 - left}", "use a smaller support")
    return mu, left


def _signal(signal: Iterable[Scalar]) -> list[sp.Expr]:
    given = list(signal) if isinstance(signal, Iterable) and not isinstance(signal, str) else []
    sizes = [abs(symbols.real("signal", one)) for one in given]
    if not sizes or any(not size.is_positive for size in sizes):
        problem = f"must be a sequence of numbers other than 0, got {signal!r:.50}"
        raise InvalidArgument("signal", problem, "use e.g. [1, -1]")
    return sizes


def _count(argument: str, value: int, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InvalidArgument(
            argument, f"must be an integer, at least {least}, got {value!r}", f"use {argument}={least}"
        )
    return value


def _below(left: sp.Expr, right: sp.Expr) -> bool:
    return less(enclose(left), enclose(right)) is True


def _brief(value: sp.Expr) -> str:
    return f"{float(enclose(value)):.4g}"

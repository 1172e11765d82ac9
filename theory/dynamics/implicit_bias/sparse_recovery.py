r"""Sparse recovery by diagonal networks of depth N: when the signal is fitted, when noise is, and what leaks before.

*Orthonormal design.* Let :math:`X^TX = nI`, y = Xw* + noise and :math:`z = X^Ty/n`. Then coordinates decouple, and that
of the target z reaches w < z after :math:`T = \int_0^{G(w)}dG/(z-h_N(G))`, where :math:`h_N` is the mirror map of
:class:`~theory.dynamics.implicit_bias.depth_potentials.DepthPotential` and G its inverse. As :math:`0 \le h_N \le w`,
:math:`G/z \le T \le G/(z-w)`. As :math:`dw/dG \ge N^2w^{2-2/N}`,

.. math:: T-\frac Gz = \int_0^w\frac{x}{z(z-x)}\frac{dG}{dx}dx \le \frac{z^{2/N-2}}{N^2}\int_0^{1-\kappa}
          \frac{s^{2/N-1}}{1-s}ds \le \frac{z^{2/N-2}}{N^2}\Bigl(\frac N2+\log\frac1\kappa\Bigr), \quad w = (1-\kappa)z.

With x = sz in the first integral, T falls as z grows at a fixed precision :math:`\kappa`.

*Window.* Let :math:`|z_i| \ge z` on the support and :math:`|z_j| \le \zeta` off it. The support is fitted to the
relative precision :math:`\kappa` from a time :math:`T_l \le G/z+\ldots` on, and nothing off it exceeds
:math:`\epsilon < \zeta` before :math:`T_u \ge G(\epsilon)/\zeta`. As :math:`w_0 \to 0`, :math:`T_u/T_l` is about
:math:`\frac z\zeta\rho_N`,

.. math:: \rho_N = \frac{1-(w_0/\epsilon)^{1-2/N}}{1-(w_0/z)^{1-2/N}}, \qquad
          \rho_2 = \frac{\log(\epsilon/w_0)}{\log(z/w_0)},

which grows with N, as :math:`t/(e^t-1)` falls, and stays below 1.

*Leakage.* A coordinate with the target :math:`\zeta` has :math:`w_j(t) \le h_N(\zeta t)`. At :math:`T_l`, with
:math:`\rho = \zeta/z` and :math:`w_0 \to 0`, it is

.. math:: w_0^{1-\rho}\Bigl(\frac{1-\kappa}\kappa z\Bigr)^\rho(1+o(1)) \quad (N = 2), \qquad
          w_0\Bigl((1-\rho)^{-N/(N-2)}-(1+\rho)^{-N/(N-2)}\Bigr)(1+o(1)) \quad (N > 2).

*Any design.* At every time :math:`w_i = h_N(x_i\cdot\nu)`. So for N > 2 the vector :math:`c = X^T\nu'` has entries in
(-1, 1), the signs of w, and :math:`1-|c_i| \le (w_0/|w_i|)^{(N-2)/N}`. By weak duality :math:`\sum c_iw_i` is at most
the least l1 norm of all points with the same Xw. So it is missed by at most :math:`w_0^{(N-2)/N}\sum|w_i|^{2/N}`. For
N = 2 the same holds with :math:`c_i = \mathrm{arsinh}(w_i/2w_0)` over the largest of these.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import sympy as sp

from theory import symbols
from theory.balls import Ball, enclose
from theory.dynamics.implicit_bias.depth_enclosures import enclosed_coordinate, enclosed_time
from theory.dynamics.implicit_bias.depth_potentials import DepthPotential
from theory.ensembles import InvalidArgument
from theory.symbols import Scalar


class Window(NamedTuple):
    """The times between which the support is fitted and nothing else is.

    Parameters
    ----------
    opens : sympy.Expr
        A time from which on the support is fitted to the precision asked for.
    closes : sympy.Expr
        A time before which nothing off the support exceeds what is allowed. It may come before `opens`: then the bounds
        show no window.
    """

    opens: sp.Expr
    closes: sp.Expr

    @property
    def length(self) -> sp.Expr:
        """The time between both, which bounds the true length from below."""
        return self.closes - self.opens


def hitting_time_bounds(depth: int | str, start: Scalar, target: Scalar, kappa: Scalar) -> tuple[sp.Expr, sp.Expr]:
    r"""Derive bounds on the time from 0 to :math:`w = (1-\kappa)z`, for an orthonormal design.

    Parameters
    ----------
    depth, start
        N and :math:`\alpha`, as for :class:`~theory.dynamics.implicit_bias.depth_potentials.DepthPotential`.
    target : number, name or expression
        The target z > 0.
    kappa : number, name or expression
        The relative precision, between 0 and 1.

    Returns
    -------
    (lower, upper) : SymPy expressions

    Raises
    ------
    InvalidArgument
        If an argument is out of range.

    References
    ----------
    arXiv:2108.05574 has such times with unnamed constants; these are derived in the docstring of this module.

    Examples
    --------
    >>> [round(float(end), 4) for end in hitting_time_bounds(3, "1/10", 1, "1/100")]
    [2.9989, 3.6773]
    >>> round(float(enclosed_time(DepthPotential(3, "1/10"), "99/100", 1)), 4)
    3.5896
    >>> print(hitting_time_bounds(2, "a", "z", "kappa")[1] - hitting_time_bounds(2, "a", "z", "kappa")[0])
    (log(1/kappa) + 1)/(4*z)
    """
    potential, z = DepthPotential(depth, start), symbols.positive("target", target)
    share, N = _share("kappa", kappa), potential.order
    low, high = potential.dual_bounds((1 - share) * z)
    return low / z, high / z + z ** (2 / N - 2) * (N / 2 + sp.log(1 / share)) / N**2


def window(depth: int | str, start: Scalar, target: Scalar, zeta: Scalar, kappa: Scalar, eps: Scalar) -> Window:
    r"""Derive the window in which the support is fitted and nothing else is, for an orthonormal design.

    Parameters
    ----------
    depth, start, target, kappa
        As for :func:`hitting_time_bounds`; :math:`|z_i| \ge z` on the support.
    zeta : number, name or expression
        The bound on :math:`|z_j|` off the support, below z.
    eps : number, name or expression
        What coordinates off the support may reach, below zeta.

    Returns
    -------
    Window

    Raises
    ------
    InvalidArgument
        If not eps < zeta < z, or an argument is out of range.

    Examples
    --------
    >>> [round(float(window(N, "1/10", 1, "2/5", "1/100", "1/20").length), 2) for N in (2, 3, 4, 6)]
    [-1.52, 2.39, 17.07, 624.06]
    """
    potential = DepthPotential(depth, start)
    z, bound, room = symbols.positive("target", target), symbols.positive("zeta", zeta), symbols.positive("eps", eps)
    _require_below("zeta", bound, "the target", z)
    _require_below("eps", room, "zeta", bound)
    return Window(hitting_time_bounds(depth, start, z, kappa)[1], potential.dual_bounds(room)[0] / bound)


def window_ratio(depth: int | str, start: Scalar, target: Scalar, eps: Scalar) -> sp.Expr:
    r"""Derive :math:`\rho_N`, for which :math:`T_u/T_l` is about :math:`\frac z\zeta\rho_N` where :math:`w_0` is small.

    Parameters
    ----------
    depth, start, target, eps
        As for :func:`window`.

    Returns
    -------
    sympy.Expr
        It grows with N, and stays below 1.

    Raises
    ------
    InvalidArgument
        If not :math:`w_0 < \epsilon < z`.

    Examples
    --------
    >>> window_ratio(3, "1/100", 1, "1/8")
    98/99
    """
    potential = DepthPotential(depth, start)
    z, room, w0, N = symbols.positive("target", target), symbols.positive("eps", eps), potential.scale, potential.order
    _require_below("eps", room, "the target", z)
    _require_below("start", w0, "eps", room)
    if depth == 2:
        return sp.log(room / w0) / sp.log(z / w0)
    return (1 - (w0 / room) ** (1 - 2 / N)) / (1 - (w0 / z) ** (1 - 2 / N))


def leakage(depth: int | str, start: Scalar, target: Scalar, zeta: Scalar, kappa: Scalar) -> sp.Expr:
    r"""Derive the leading term, as :math:`w_0 \to 0`, of what a coordinate off the support has reached at T_l.

    Parameters
    ----------
    depth, start, target, zeta, kappa
        As for :func:`window`.

    Returns
    -------
    sympy.Expr

    Raises
    ------
    InvalidArgument
        As :func:`window`.

    Examples
    --------
    >>> leakage(3, "a", 1, "1/2", "1/10"), leakage(2, "a", 1, "1/2", "1/10")
    (208*a**3/27, 3*a)
    """
    potential, z, bound = (
        DepthPotential(depth, start),
        symbols.positive("target", target),
        symbols.positive("zeta", zeta),
    )
    _require_below("zeta", bound, "the target", z)
    share, ratio, N, w0 = _share("kappa", kappa), bound / z, potential.order, potential.scale
    if depth == 2:
        return sp.powdenest(w0 ** (1 - ratio)) * ((1 - share) * z / share) ** ratio
    p = N / (N - 2)
    return w0 * ((1 - ratio) ** (-p) - (1 + ratio) ** (-p))


def enclosed_leakage(
    depth: int, start: Scalar, target: Scalar, zeta: Scalar, kappa: Scalar, digits: int = 20
) -> tuple[Ball, Ball]:
    r"""Enclose bounds on what a coordinate with the target zeta has reached at the time of :math:`(1-\kappa)z`.

    Parameters
    ----------
    depth, start, target, zeta, kappa : numbers
        As for :func:`window`.
    digits : int
        About so many digits of both bounds are right.

    Returns
    -------
    (lower, upper) : flint.arb
        :math:`h_N(\zeta T)`, and what follows from it, :math:`h_N((\zeta-h_N(\zeta T))T)`, at least 0.

    Raises
    ------
    InvalidArgument
        As :func:`window`, and if :math:`\zeta T` is beyond the pole, so that nothing is known.

    Examples
    --------
    >>> [f"{float(end):.5g}" for end in enclosed_leakage(3, "1/1000", 1, "2/5", "1/100")]
    ['4.2726e-09', '4.2726e-09']
    >>> [f"{float(end):.3g}" for end in enclosed_leakage(3, "1/10", 1, "2/5", "1/100")]
    ['0.00492', '0.00508']
    """
    potential, z, bound = (
        DepthPotential(depth, start),
        symbols.positive("target", target),
        symbols.positive("zeta", zeta),
    )
    _require_below("zeta", bound, "the target", z)
    time = enclosed_time(potential, (1 - _share("kappa", kappa)) * z, z, digits + 10)
    speed = enclose(bound, digits + 10)
    upper = enclosed_coordinate(potential, speed * time, digits + 10)
    rest = (speed - upper).max(0)
    return enclosed_coordinate(potential, rest * time, digits + 10), upper


def largest_scale(
    depth: int, target: Scalar, zeta: Scalar, kappa: Scalar, leak: Scalar, digits: int = 3
) -> tuple[sp.Rational, sp.Rational]:
    r"""Find the start :math:`w_0` up to which a coordinate off the support has not reached a leak at T_l.

    Parameters
    ----------
    depth, target, zeta, kappa
        As for :func:`enclosed_leakage`.
    leak : number
        What the coordinate with the target zeta may have reached, below zeta.
    digits : int
        To how many digits the two ends agree.

    Returns
    -------
    (below, above) : SymPy rationals
        From the first the support is fitted before the leak is reached, and from the second after it, with every
        rounding bounded. That nothing changes further down is not proved.

    Raises
    ------
    InvalidArgument
        As :func:`window`.

    Examples
    --------
    >>> [f"{float(largest_scale(N, 1, '2/5', '1/100', '1/100')[0]):.1e}" for N in (2, 3, 6)]
    ['2.3e-05', '1.9e-03', '5.6e-03']
    """
    z, bound, room = symbols.positive("target", target), symbols.positive("zeta", zeta), symbols.positive("leak", leak)
    _require_below("zeta", bound, "the target", z)
    _require_below("leak", room, "zeta", bound)
    fitted = (1 - _share("kappa", kappa)) * z

    def leaks(scale: sp.Rational) -> bool:
        potential = DepthPotential(depth, scale ** sp.Rational(1, depth))
        return bool(enclosed_time(potential, room, bound, 10) < enclosed_time(potential, fitted, z, 10))

    below, above = sp.Rational(1, 10**60), sp.Rational(1, 10**60)
    while not leaks(above):
        below, above = above, 1000 * above
        if above > 10**60:
            raise InvalidArgument("leak", f"{leak} is not reached from any start below {below}", "allow less")
    while above / below - 1 > sp.Rational(1, 10**digits):
        middle = sp.Rational(float(below) ** 0.5 * float(above) ** 0.5)
        below, above = (below, middle) if leaks(middle) else (middle, above)
    return below, above


def l1_gap_bound(depth: int | str, start: Scalar, coordinates: Iterable[Scalar]) -> sp.Expr:
    r"""Derive a bound on :math:`\|w\|_1` minus the least l1 norm of all points with the same Xw, on the flow's path.

    Parameters
    ----------
    depth, start
        As for :func:`hitting_time_bounds`.
    coordinates : sequence of numbers, names or expressions
        The coordinates w_1, ..., w_p that the flow has reached, on any design and at any time.

    Returns
    -------
    sympy.Expr
        A power of the start :math:`w_0` for N > 2, and of the order :math:`1/\log(1/w_0)` for N = 2.

    Raises
    ------
    InvalidArgument
        If the coordinates are no sequence of real numbers.

    References
    ----------
    Derived in the docstring of this module. arXiv:2002.09277 has the limit.

    Examples
    --------
    >>> l1_gap_bound(4, "a", [1, "1/4"]), l1_gap_bound(3, "1/10", [0, -1])
    (3*a**2/2, 1/10)
    """
    given = list(coordinates) if isinstance(coordinates, Iterable) and not isinstance(coordinates, str) else []
    if not given:
        problem = f"must be a sequence of numbers, got {coordinates!r:.50}"
        raise InvalidArgument("coordinates", problem, "use e.g. [1, '1/2', 0]")
    sizes = [abs(symbols.real("coordinates", one)) for one in given]
    potential = DepthPotential(depth, start)
    N, w0 = potential.order, potential.scale
    if depth != 2:
        return sp.powdenest(w0 ** (1 - 2 / N)) * sp.Add(*(size ** (2 / N) for size in sizes if size != 0))
    logs = [sp.log(size / (2 * w0) + sp.sqrt(1 + (size / (2 * w0)) ** 2)) for size in sizes]
    largest = sp.Max(*logs)
    return sp.Add(*(size * (1 - one / largest) for size, one in zip(sizes, logs, strict=True) if size != 0))


def signal_and_noise(target: Scalar, zeta: Scalar, kappa: Scalar) -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """Read the target on the support, that off it, and the relative precision.

    Parameters
    ----------
    target, zeta, kappa
        As for :func:`window`.

    Raises
    ------
    InvalidArgument
        If not zeta < target, or an argument is out of range.

    Examples
    --------
    >>> signal_and_noise(1, "2/5", "1/100")
    (1, 2/5, 1/100)
    """
    z, bound = symbols.positive("target", target), symbols.positive("zeta", zeta)
    _require_below("zeta", bound, "the target", z)
    return z, bound, _share("kappa", kappa)


def _share(argument: str, value: Scalar) -> sp.Expr:
    share = symbols.positive(argument, value)
    _require_below(argument, share, "1", sp.S.One)
    return share


def _require_below(argument: str, value: sp.Expr, name: str, other: sp.Expr) -> None:
    if (other - value).is_number and not (other - value).is_positive:
        raise InvalidArgument(argument, f"must be below {name}, {other}, got {value}", "use a smaller one")

r"""The edge of the Hessian's spectrum as the width grows at fixed depth, enclosed.

*Reduction.* Let f be linear with normal weights of variance 1/n. A direction :math:`dW_k` enters the Hessian through
the vectors :math:`p_k = dW_ka_{k-1}` and :math:`q_k = dW_k^Tb_k` only. The Hessian is the form
:math:`2\sum_{k<l}q_l^TM_{lk}p_k = 2q^TTp` with :math:`T = (I-W)^{-1}`, where W has L - 1 block rows and
:math:`W_2, \dots, W_{L-1}` below its diagonal. As n grows, :math:`|a_k| \to |x|` and :math:`|b_k| \to |v|`. The
directions of p and q are free, except for the L - 2 constraints :math:`q_k\cdot a_{k-1} = b_k\cdot p_k`. These move
finitely many eigenvalues, and in simulations none leaves the rest of the spectrum. So :math:`\|H\|_2/(|x||v|)` tends to
the limit of :math:`\|T\|_2 = 1/\sigma_{min}(I-W)`.

*Matrix Dyson equation.* Let E be the mean of the hermitization of :math:`I - W`, and :math:`\mathcal W` its centered
part. The resolvent G at z tends to the solution of :math:`-G^{-1} = z - E + S[G]`, where S[G] is the mean of
:math:`\mathcal WG\mathcal W` [1]_. Here G has a 2x2 block of scalars for each j, with diagonal
:math:`\alpha_j, \beta_j`, and :math:`S[G]_j = \mathrm{diag}(\beta_{j-1}, \alpha_{j+1})`, with zeros beyond the ends.
With :math:`p_j = z+\beta_{j-1}` and :math:`q_j = z+\alpha_{j+1}` this reads

.. math:: \alpha_j = \frac{q_j}{1-p_jq_j}, \qquad \beta_j = \frac{p_j}{1-p_jq_j}, \qquad j = 1, \dots, L-1.

Between 0 and the least singular value the solution is real. It is a power series in z with coefficients
:math:`\int x^{-2k-2}d\mu \ge 0`. Its radius of convergence :math:`z^*` is the edge of the gap, and no singular value
stays below it [2]_. The limit of the norm is :math:`1/z^*`; it is 1 at depth 2 and :math:`1+\sqrt2` at depth 3.

*The edge is a fold.* The equation is y = F(y; z) for :math:`y = (p_2, \dots, p_{L-1}, q_1, \dots, q_{L-2})`, where F is
a power series in y and z with coefficients >= 0. If it has a solution y >= 0 at z, the iterates from 0 increase and
stay below it, so that :math:`z \le z^*`. Suppose that at (y, z), y > 0, the linearized equation has a kernel vector
> 0. The matrix is irreducible, so it has a left kernel vector :math:`\ell > 0` too (Perron and Frobenius). As
:math:`\log F_i` is convex in :math:`\log y`, the sum :math:`\sum_i\ell_iy_i(\log F_i(y') - \log y'_i)` is least over
all y' at y' = y, where it is 0. For larger z it is positive everywhere, and there is no solution. So :math:`z = z^*`.

*Shooting.* All others follow from :math:`q_1 = t`, by :math:`1/(p_{j+1}-z) = 1/p_j - q_j` and
:math:`1/q_{j+1} = 1/(q_j-z) + p_{j+1}`. What remains is the equation :math:`g = q_{L-1} - z = 0`. A fold is a common
zero of g and :math:`\partial g/\partial t`, which Newton's method in balls encloses. There the signs of all
:math:`p_j, q_j` and of their derivatives in t, which are the kernel vector, are checked.

*ReLU.* Given the masks and all :math:`a_k`, and up to rotations of each layer, the active parts of normal weights have
the law of a linear network of widths :math:`B_k \sim n/2` with weights of variance 2/n. And
:math:`|b_k|^2 \to |v|^2/2`. So the edge is that of the linear network divided by :math:`\sqrt2`.

*Deep networks.* At :math:`z = \zeta L^{-3/2}`, :math:`(p, q) \approx L^{-1/2}(P, Q)(j/L)` with
:math:`P' = \zeta + P^2Q`, :math:`-Q' = \zeta + PQ^2` and :math:`P(0) = 0 = Q(1)`. In the scale where
:math:`\zeta = 1` the length is :math:`X = \zeta^{2/3}`. There u = PQ satisfies :math:`u'^2 = (C-u^2/2)^2 - 4u`, because
:math:`P+Q = C-u^2/2`. So

.. math:: X(C) = 2\int_0^{u_m}\frac{du}{\sqrt{(C-u^2/2)^2-4u}},

which is an elliptic integral up to the first root :math:`u_m`. It is greatest at C = 3.4868, so that
:math:`1/z^* \sim (\max X)^{-3/2}L^{3/2} = 0.54346836678191\ldots L^{3/2}`.

References
----------
.. [1] J. W. Helton, R. Rashidi Far and R. Speicher, arXiv:math/0703510; L. Erdos, arXiv:1903.10060.
.. [2] U. Haagerup and S. Thorbjornsen, arXiv:math/0212265; H. Schultz, arXiv:math/0310182, for real entries.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import flint
import mpmath
import numpy as np
import sympy as sp

from theory import symbols
from theory.balls import Ball, precision, require_digits
from theory.ensembles import Ensemble, InvalidArgument
from theory.requirements import require_normal

_HIGHEST_POLYNOMIAL = 5
"""The edge's polynomial is derived up to this depth."""


def wide_edge(net: Ensemble, digits: int = 30) -> Ball:
    r"""Enclose the limit of :math:`\|H\|_2/(|x||v|)` as the width grows at fixed depth.

    Parameters
    ----------
    net : Ensemble
        A linear or ReLU network with normal weights, constant width, a depth that is a number from 2 on, and an
        initialization that keeps the mean norm (Xavier or He, respectively). A ReLU network needs a sign-symmetric
        readout. The width does not matter, as it grows.
    digits : int
        The number of significant digits of the answer.

    Returns
    -------
    flint.arb

    Raises
    ------
    InvalidArgument
        For other networks, or a depth so great that the precision cannot be met.

    Examples
    --------
    >>> from theory import Ensemble
    >>> print(wide_edge(Ensemble(width="n", depth=3)).str(20, radius=False))
    2.4142135623730950488
    >>> print(wide_edge(Ensemble(width="n", depth=100, activation="relu", init="he")).str(10, radius=False))
    382.4949916
    """
    require_digits(digits)
    depth = _require(net)
    with precision(digits + 10):
        linear = flint.arb(1) if depth == 2 else 1 / _enclosed_fold(depth, digits)[1]
        return linear if net.slope == 1 else linear / flint.arb(2).sqrt()


def edge_polynomial(depth: int) -> sp.Poly:
    r"""Derive a polynomial of which the edge :math:`1/z^*` of a linear network is a root, as a discriminant's factor.

    Parameters
    ----------
    depth : int
        L, from 2 to 5.

    Raises
    ------
    InvalidArgument
        For other depths.

    Examples
    --------
    >>> edge_polynomial(3), edge_polynomial(4)
    (Poly(e**2 - 2*e - 1, e, domain='ZZ'), Poly(4*e**10 - 71*e**8 + 169*e**6 - 137*e**4 + 43*e**2 - 4, e, domain='ZZ'))
    """
    if isinstance(depth, bool) or not isinstance(depth, int) or not 2 <= depth <= _HIGHEST_POLYNOMIAL:
        problem = f"must be between 2 and {_HIGHEST_POLYNOMIAL}, got {depth!r}"
        raise InvalidArgument("depth", problem, "use depth=3, or wide_edge")
    e, t, z = sp.symbols("e t z")
    if depth == 2:
        return sp.Poly(e - 1, e)
    p, q = z, t
    for _ in range(depth - 2):
        p = sp.cancel(z + p / (1 - p * q))
        q = sp.cancel((q - z) / (1 + p * (q - z)))
    fold = 1 / _float_fold(depth)[1]
    for part, _ in sp.factor_list(sp.numer(sp.together(q - z)))[1]:
        if sp.degree(part, t) < 2:
            continue
        for factor, _ in sp.factor_list(sp.discriminant(part, t))[1]:
            reverse = sp.Poly(sp.numer(sp.together(factor.subs(z, 1 / e))), e)
            if reverse.degree() > 0 and any(abs(root - fold) < 1e-9 for root in np.roots(reverse.all_coeffs())):
                return reverse if reverse.LC() > 0 else -reverse
    raise AssertionError("the fold is a double root in t")


@cache
def deep_edge_constant() -> float:
    r"""Return the limit of a linear network's edge over :math:`L^{3/2}`, from the maximum of an elliptic integral.

    Examples
    --------
    >>> deep_edge_constant()
    0.5434683667819132
    """
    with mpmath.workdps(30):

        def length(c: Any) -> Any:
            root = mpmath.findroot(lambda w: w**4 / 2 + 2 * w - c, c / 3) ** 2

            def integrand(y: Any) -> Any:
                u = root * (1 - y * y)  # this substitution removes the root at the end
                rest = c * (u + root) + 4 - (u**3 + u**2 * root + u * root**2 + root**3) / 4
                return 4 * mpmath.sqrt(root / rest)

            return mpmath.quad(integrand, [0, mpmath.mpf(1) / 2, 1])

        best = mpmath.findroot(lambda c: mpmath.diff(length, c), 3.5)
        return float(length(best) ** mpmath.mpf("-1.5"))


@dataclass(frozen=True)
class _Derivatives:
    """A function's value at (t, z), its two first derivatives, and its second derivatives in t, t and in t, z."""

    value: Any
    t: Any
    z: Any
    tt: Any
    tz: Any

    def __add__(self, other: _Derivatives) -> _Derivatives:
        return _Derivatives(*(x + y for x, y in zip(self._parts, other._parts, strict=True)))

    def __sub__(self, other: _Derivatives) -> _Derivatives:
        return _Derivatives(*(x - y for x, y in zip(self._parts, other._parts, strict=True)))

    @property
    def _parts(self) -> tuple[Any, ...]:
        return self.value, self.t, self.z, self.tt, self.tz

    def inverse(self) -> _Derivatives:
        """Return 1/self."""
        r = 1 / self.value
        square = r * r
        slope, curve = -square, 2 * square * r
        return _Derivatives(
            r,
            slope * self.t,
            slope * self.z,
            slope * self.tt + curve * self.t * self.t,
            slope * self.tz + curve * self.t * self.z,
        )


def _shoot(depth: int, t: Any, z: Any) -> tuple[list[_Derivatives], list[_Derivatives]]:
    """Return p_1, ..., p_(L-1) and q_1, ..., q_(L-1), starting from q_1 = t."""
    zero, one = 0 * t, 0 * t + 1
    end = _Derivatives(z, zero, one, zero, zero)
    p, q = [end], [_Derivatives(t, one, zero, zero, zero)]
    for _ in range(depth - 2):
        p.append((p[-1].inverse() - q[-1]).inverse() + end)
        q.append(((q[-1] - end).inverse() + p[-1]).inverse())
    return p, q


def _newton(depth: int, t: Any, z: Any, box: tuple[Any, Any] | None = None) -> tuple[Any, Any]:
    """Take one step of Newton's method for g = g_t = 0, where g = q_(L-1) - z.

    The derivatives are taken in the box if one is given, and at (t, z) otherwise.
    """
    here = _shoot(depth, t, z)[1][-1]
    there = here if box is None else _shoot(depth, *box)[1][-1]
    value, slope = here.value - z, here.t
    gt, gz, gtt, gtz = there.t, there.z - 1, there.tt, there.tz
    determinant = gt * gtz - gz * gtt
    return t - (value * gtz - gz * slope) / determinant, z - (gt * slope - gtt * value) / determinant


@cache
def _float_fold(depth: int) -> tuple[float, float]:
    """Return the fold's (t, z) in floats, by Newton's method from that of a shallower network."""
    if depth == 3:
        return 2**0.5, 2**0.5 - 1
    before = depth - 1 if depth < 12 else (depth + 1) // 2
    t, z = _float_fold(before)
    t, z = t * (before / depth) ** 0.5, z * (before / depth) ** 1.5
    for _ in range(30):
        t, z = _newton(depth, t, z)
    return t, z


def _enclosed_fold(depth: int, digits: int) -> tuple[Ball, Ball]:
    """Enclose the fold's (t, z), and prove that it is the edge."""
    start = _float_fold(depth)
    for extra in (20, 40, 80, 160):
        with precision(digits + extra):
            t, z = (flint.arb(x) for x in start)
            for _ in range((digits + extra).bit_length()):
                t, z = (x.mid() for x in _newton(depth, t, z))
            size = flint.arb(10) ** -(digits + 3)
            box = t + flint.arb(0, (size * t).abs_upper()), z + flint.arb(0, (size * z).abs_upper())
            image = _newton(depth, t, z, box)
            inside = all(b.contains_interior(i) for b, i in zip(box, image, strict=True))
            if inside and _is_edge(*_shoot(depth, *box)):
                return image
    raise InvalidArgument("depth", f"{digits} digits cannot be met at depth {depth}", "ask for fewer digits")


def _is_edge(p: list[_Derivatives], q: list[_Derivatives]) -> bool:
    """Whether all p, q and 1 - pq are positive, and so are all entries of the kernel vector."""
    values = all(x.value > 0 and y.value > 0 and x.value * y.value < 1 for x, y in zip(p, q, strict=True))
    return values and all(x.t > 0 for x in p[1:]) and all(y.t > 0 for y in q[:-1])


def _require(net: Ensemble) -> int:
    require_normal(net, "the edge")
    if net.slope not in (0, 1):
        raise InvalidArgument("activation", f"the edge is for linear and ReLU, got {net.activation!r}", "use relu")
    net.require_equal_layers("differ, and one width grows", "use width='n'")
    if isinstance(net.depth, str):
        raise InvalidArgument("depth", f"must be a number, got the symbol {net.depth!r}", "use e.g. depth=8")
    if net.depth == 1:
        raise InvalidArgument("depth", "the Hessian of depth 1 is 0", "use depth 2 or more")
    if net.slope == 0 and not net.has_sign_symmetric_readout:
        raise InvalidArgument("readout", "is fixed, so |b_k| does not tend to |v|/sqrt 2", "use readout='signs'")
    wide = net.at(width="n", input=None, readout="signs")
    if symbols.variance(wide, 1) * symbols.whole("n") * symbols.gate_moment(symbols.slope(wide), 2) != 1:
        raise InvalidArgument(
            "init", "does not keep the mean norm, so there is no limit", "use 'he', or linear 'xavier'"
        )
    return net.depth

r"""What shape and scale of the start select: bounds between the potentials of diagonal nets and neurons and norms.

*Kernel regime.* As :math:`0 \le \tau-\operatorname{arsinh}\tau \le \tau^3/6` for :math:`\tau \ge 0`, the gradient of
:math:`\sqrt kQ` at the minimizer :math:`w_k` of Xw = y is :math:`w_k-e`, where :math:`|e_i| \le \frac2{3k}|w_{k,i}|^3`.
It is in the row space, like the minimum-norm solution :math:`w_2`. So :math:`w_k-w_2 = P_{\ker X}e`. With one term
more, :math:`e = \frac2{3k}w_k^3` up to :math:`\frac6{5k^2}|w_k|^5`, and as :math:`|a^3-b^3| \le 3W^2|a-b|` where W
bounds both,

.. math:: |w_k-w_2| \le \frac2{3k}|w_k^3|, \qquad \Bigl|k(w_k-w_2)-\tfrac23P_{\ker X}w_2^3\Bigr|
          \le \frac1k\Bigl(\tfrac65|w_k^5|+\tfrac43W^2|w_k^3|\Bigr),

with entrywise powers and Euclidean norms. Large coordinates grow: this is the first step towards sparsity.

*Rich regime.* With :math:`\tau = 2x/\sqrt k`, the function :math:`D = 1-\sqrt{1+\tau^2}+\tau\operatorname{arsinh}\tau
-\tau\log2\tau+\tau` rises from 0, as :math:`D' = \operatorname{arsinh}\tau-\log2\tau \ge 0`, to 1. So for x > 0

.. math:: \frac{x\log\frac{4x}{\sqrt k}-x}2 \le q_k(x) \le \frac{x\log\frac{4x}{\sqrt k}-x}2+\frac{\sqrt k}4 .

Compare :math:`Q(w_k) \le Q(w_1)` for a solution of least norm :math:`\ell = |w_1|_1`. For a w of norm N whose shares
:math:`|w_i|/N` have the entropy H, the sum on the left is :math:`\frac N2(\log\frac{4N}{e\sqrt k}-H)`, with
:math:`H \le \log d`. With :math:`\Lambda = \log\frac{4\ell}{e\sqrt k} > \log d`,

.. math:: \frac{|w_k|_1}\ell-1 \le \frac{\log d-H_1+\frac{d\sqrt k}{2\ell}}{\Lambda-\log d} .

The dual point itself says more: :math:`\nu/|X^T\nu|_\infty` is a dual certificate, so that

.. math:: |w_k|_1-\ell \le \sum_i|w_{k,i}|\Bigl(1-\frac{q_k'(|w_{k,i}|)}{q_k'(|w_k|_\infty)}\Bigr) .

*Rate.* As :math:`S_i \ge \sqrt{k_i}`, the squared loss falls at least like
:math:`e^{-2\sigma_{\min}(X)^2\sqrt{k_{\min}}t}`. Between two minimizers w, w' of equal potential
:math:`\nabla Q(w)-\nabla Q(w') = M(w-w') = X^T\lambda`, where the mean M of the Hessians is diagonal, with entries
between :math:`(k+4W^2)^{-1/2}` and :math:`k^{-1/2}`; :math:`\lambda = (XM^{-1}X^T)^{-1}X(w-w')`, and so

.. math:: |w-w'| \le \Bigl(\frac{k+4W^2}k\Bigr)^{1/4}\frac{|X(w-w')|}{\sigma_{\min}(X)} .

*One neuron.* :math:`\rho = q'(n)/n` solves :math:`n^2\rho^4 = 1-\delta\rho^2`. With :math:`t = n^2/\delta^2`, the
number :math:`r = \sqrt\delta q'(n)/n` for :math:`\delta > 0`, or :math:`r = q'(n)/\sqrt{|\delta|}` for
:math:`\delta < 0`, is

.. math:: 1-\tfrac t2 \le r \le 1-\tfrac t2+\tfrac78t^2, \qquad 1+\tfrac t2-\tfrac58t^2 \le r \le 1+\tfrac t2,

as :math:`t = (1-r^2)/r^4` and :math:`t = r^4-r^2`, so that each difference is a polynomial in r with the double root 1.
"""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from theory.balls import enclose, less
from theory.dynamics.implicit_bias.designs import Design
from theory.dynamics.implicit_bias.mirror_potentials import diagonal_slope
from theory.ensembles import InvalidArgument
from theory.symbols import Scalar, nonnegative, positive, real


def cube_norm(point: Iterable[Scalar], power: int = 3) -> sp.Expr:
    """Return the Euclidean norm of a vector's entrywise cube, or of another power.

    Parameters
    ----------
    point : sequence of numbers
        The vector.
    power : int
        The power, 3 by default.

    Raises
    ------
    InvalidArgument
        If an entry is not real and finite.

    Examples
    --------
    >>> cube_norm([1, 2]), cube_norm([3, 4], power=1)
    (sqrt(65), 5)
    """
    return sp.sqrt(sp.Add(*(real("point", x) ** (2 * power) for x in point)))


def kernel_distance_bound(k: Scalar, cubes: Scalar) -> sp.Expr:
    r"""Return :math:`\frac2{3k}|w_k^3|`, a bound on the distance of :math:`w_k` from the minimum-norm solution.

    Parameters
    ----------
    k : number, name or expression
        The scale of all coordinates, positive.
    cubes : number, name or expression
        :math:`|w_k^3|`, by :func:`cube_norm`.

    Raises
    ------
    InvalidArgument
        If k is not positive, or the norm negative.

    References
    ----------
    arXiv:2102.09769 has the limit; the bound is derived in the docstring of this module.

    Examples
    --------
    >>> kernel_distance_bound(100, cube_norm([1, 2]))
    sqrt(65)/150
    """
    return 2 * nonnegative("cubes", cubes) / (3 * positive("k", k))


def kernel_direction(design: object, targets: object = None) -> tuple[sp.Rational, ...]:
    r"""Return :math:`\frac23P_{\ker X}w_2^3`, the limit of :math:`k(w_k-w_2)` as k grows.

    Parameters
    ----------
    design : array_like, shape (n, d), or Design
        X, of linearly independent rows.
    targets : array_like, shape (n,), optional
        y; by default the design's own.

    Raises
    ------
    InvalidArgument
        If the shapes do not match, or the rows are dependent.

    Examples
    --------
    >>> kernel_direction([[1, 2]], [5])
    (-8/5, 4/5)
    """
    read = Design.of(design, targets)
    third = read.project_on_kernel([x**3 for x in read.minimum_l2()])
    return tuple(sp.Rational(2 * x.numerator, 3 * x.denominator) for x in third)


def kernel_direction_error(k: Scalar, cubes: Scalar, fifths: Scalar, bound: Scalar) -> sp.Expr:
    r"""Bound the distance of :math:`k(w_k-w_2)` from its limit.

    Parameters
    ----------
    k, cubes : number, name or expression
        As for :func:`kernel_distance_bound`.
    fifths : number, name or expression
        :math:`|w_k^5|`, by :func:`cube_norm` with the power 5.
    bound : number, name or expression
        W, at least the modulus of every entry of :math:`w_k` and :math:`w_2`.

    Raises
    ------
    InvalidArgument
        If k is not positive, or another number negative.

    Examples
    --------
    >>> kernel_direction_error("k", 1, 1, 1)
    38/(15*k)
    """
    scale, cube, fifth = positive("k", k), nonnegative("cubes", cubes), nonnegative("fifths", fifths)
    most = nonnegative("bound", bound)
    return (sp.Rational(6, 5) * fifth + sp.Rational(4, 3) * most**2 * cube) / scale


def rich_potential_bounds(x: Scalar, k: Scalar) -> tuple[sp.Expr, sp.Expr]:
    r"""Return bounds on :math:`q_k(x)` that are :math:`\sqrt k/4` apart.

    Parameters
    ----------
    x : number, name or expression
        A coordinate's modulus, positive.
    k : number, name or expression
        The scale, positive.

    Returns
    -------
    (lower, upper) : SymPy expressions

    Raises
    ------
    InvalidArgument
        If one of them is not positive.

    Examples
    --------
    >>> rich_potential_bounds(1, "1/16")
    (-1/2 + log(16)/2, -7/16 + log(16)/2)
    """
    size, root = positive("x", x), sp.sqrt(positive("k", k))
    lower = (size * sp.log(4 * size / root) - size) / 2
    return lower, lower + root / 4


def share_entropy(point: Iterable[Scalar]) -> sp.Expr:
    """Return the entropy of the shares |w_i|/|w|_1, in nats.

    Parameters
    ----------
    point : sequence of numbers
        The vector, not 0.

    Raises
    ------
    InvalidArgument
        If an entry is not real and finite, or all are 0.

    Examples
    --------
    >>> share_entropy([1, -1, 0]), share_entropy([5, 0])
    (log(2), 0)
    """
    sizes = [abs(real("point", x)) for x in point]
    total = sp.Add(*sizes)
    if total.is_zero:
        raise InvalidArgument("point", "is 0 and has no shares", "give a vector with an entry that is not 0")
    return sp.Add(*(-size / total * sp.log(size / total) for size in sizes if not size.is_zero))


def rich_excess_bound(k: Scalar, norm: Scalar, entropy: Scalar, dimension: int) -> sp.Expr:
    r"""Bound by how much, relatively, the flow's solution exceeds the least l1 norm.

    Parameters
    ----------
    k : number, name or expression
        The scale of all coordinates, positive.
    norm : number, name or expression
        The least norm :math:`\ell` of the solutions of Xw = y.
    entropy : number, name or expression
        The entropy :math:`H_1` of the shares of a solution of that norm, by :func:`share_entropy`.
    dimension : int
        The number d of coordinates.

    Returns
    -------
    sympy.Expr
        It falls like :math:`1/\log(1/k)`.

    Raises
    ------
    InvalidArgument
        If k or the norm is not positive, the dimension no positive integer, or k too large for the bound.

    References
    ----------
    arXiv:2102.09769 has the limit; the bound is derived in the docstring of this module.

    Examples
    --------
    >>> enclose(rich_excess_bound("1e-16", 1, 0, 4))
    [0.0795775091395981 +/- 3.61e-17]
    """
    least, scale, shares = positive("norm", norm), positive("k", k), nonnegative("entropy", entropy)
    if isinstance(dimension, bool) or not isinstance(dimension, int) or dimension < 1:
        raise InvalidArgument("dimension", f"must be a positive integer, got {dimension!r}", "use e.g. dimension=10")
    root, width = sp.sqrt(scale), sp.log(dimension)
    room = sp.log(4 * least / root) - 1 - width
    if room.is_number and not less(enclose(sp.S.Zero), enclose(room)):
        problem = f"is too large for the bound: log(4 |w|_1/(e sqrt k)) must exceed log({dimension})"
        raise InvalidArgument("k", problem, "use a smaller k")
    return (width - shares + dimension * root / (2 * least)) / room


def rich_excess_of_point(k: Scalar, point: Iterable[Scalar]) -> sp.Expr:
    r"""Bound by how much a minimizer's l1 norm exceeds the least one, from itself; no solution is needed for it.

    Parameters
    ----------
    k : number, name or expression
        The scale of all coordinates, positive.
    point : sequence of numbers
        The minimizer :math:`w_k`, or the flow's point at any time, among all w with the same Xw; not 0.

    Returns
    -------
    sympy.Expr
        The bound on :math:`|w_k|_1-\ell`, in the unit of w.

    Raises
    ------
    InvalidArgument
        If k is not positive, an entry not real, or all are 0.

    Examples
    --------
    >>> rich_excess_of_point(1, [1, 1]), rich_excess_of_point(4, [1, 0])
    (0, 0)
    """
    sizes = [abs(real("point", x)) for x in point]
    most = sp.Max(*sizes)
    if most.is_zero:
        raise InvalidArgument("point", "is 0, the least norm already", "give a vector with an entry that is not 0")
    steepest = diagonal_slope(most, k)
    return sp.Add(*(size * (1 - diagonal_slope(size, k) / steepest) for size in sizes if not (size - most).is_zero))


def least_decay_rate(singular_value: Scalar, k: Scalar) -> sp.Expr:
    r"""Return :math:`2\sigma_{\min}(X)^2\sqrt{k_{\min}}`, at which the squared loss of a diagonal net falls at least.

    Parameters
    ----------
    singular_value : number, name or expression
        The least singular value of X.
    k : number, name or expression
        The least scale of a coordinate.

    Raises
    ------
    InvalidArgument
        If one of them is not positive.

    Examples
    --------
    >>> least_decay_rate(3, "1/4")
    9
    """
    return 2 * positive("singular_value", singular_value) ** 2 * sp.sqrt(positive("k", k))


def distance_factor(k: Scalar, bound: Scalar) -> sp.Expr:
    r"""Return :math:`(\frac{k+4W^2}k)^{1/4}`, by which :math:`|X(w-w')|/\sigma_{\min}` bounds the distance.

    Parameters
    ----------
    k : number, name or expression
        The scale of all coordinates, positive.
    bound : number, name or expression
        W, at least the modulus of every entry of both points.

    Raises
    ------
    InvalidArgument
        If k is not positive, or W negative.

    Examples
    --------
    >>> distance_factor(4, 0), distance_factor(1, 2)
    (1, 17**(1/4))
    """
    scale = positive("k", k)
    return ((scale + 4 * nonnegative("bound", bound) ** 2) / scale) ** sp.Rational(1, 4)


def neuron_limit_bounds(n: Scalar, delta: Scalar) -> tuple[sp.Expr, sp.Expr]:
    r"""Bound how far a neuron's potential is from :math:`n^2/(2\sqrt\delta)`, or from :math:`\sqrt{|\delta|}n`.

    Parameters
    ----------
    n : number, name or expression
        The norm of :math:`\tilde w = aw`, positive.
    delta : number or expression
        :math:`a^2-|w|^2`, of known sign and not 0.

    Returns
    -------
    (lower, upper) : SymPy expressions
        Of :math:`\sqrt\delta q'(n)/n` for positive, of :math:`q'(n)/\sqrt{|\delta|}` for negative :math:`\delta`.

    Raises
    ------
    InvalidArgument
        If n is not positive, or delta is 0 or of unknown sign.

    Examples
    --------
    >>> neuron_limit_bounds(1, 10), neuron_limit_bounds(1, -10)
    ((199/200, 79607/80000), (16079/16000, 201/200))
    """
    size, kept = positive("n", n), real("delta", delta)
    t = size**2 / kept**2 if not kept.is_zero else sp.S.Zero
    if kept.is_positive:
        return 1 - t / 2, 1 - t / 2 + 7 * t**2 / 8
    if kept.is_negative:
        return 1 + t / 2 - 5 * t**2 / 8, 1 + t / 2
    raise InvalidArgument("delta", f"must be positive or negative, got {delta}", "q is (2/3) n^(3/2) at 0")

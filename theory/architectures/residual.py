r"""Residual networks at their initialization: mean, typical and fourth-moment size, and where branches add up.

*One linear branch*, :math:`a_k = a_{k-1}+\alpha W_ka_{k-1}`, with q = n s^2. Terms of odd order in W have mean 0, so

.. math:: E|a_k|^2 = (1+\alpha^2q)\,E|a_{k-1}|^2

for any symmetric law. At order 4, with K the kurtosis of an entry, u = E|a|_2^4 and v = E|a|_4^4,

.. math:: u' &= \bigl(1+2\alpha^2(n+2)s^2+\alpha^4n(n+2)s^4\bigr)u+\alpha^4n(K-3)s^4v,\\
          v' &= \bigl(6\alpha^2s^2+3\alpha^4ns^4\bigr)u+\bigl(1+\alpha^4n(K-3)s^4\bigr)v.

For normal weights :math:`|a_k|^2/|a_{k-1}|^2 = R = |e+\beta g|^2`, where :math:`\beta^2=\alpha^2s^2`, g is standard
normal and e is any unit vector. So R is :math:`\beta^2` times a noncentral chi-square of n degrees and parameter
:math:`1/\beta^2`, independent of the layers before, and hence a mixture over a Poisson variable J of mean
:math:`1/(2\beta^2)`:

.. math:: E\log R = \log 2\beta^2+E\,\psi(\tfrac n2+J),\qquad
          \mathrm{Var}\log R = E\,\psi'(\tfrac n2+J)+\mathrm{Var}\,\psi(\tfrac n2+J).

*Typical size.* By the heat equation :math:`E\log|e+\sqrt t\,g|^2 = (n-2)\int_0^tE|e+\sqrt\tau g|^{-2}d\tau` for
n > 2, as :math:`\Delta\log|x|^2 = 2(n-2)/|x|^2`. Under the integral :math:`E|\cdot|^{-2}\ge1/(1+n\tau)` by Jensen, and
for n >= 4, where :math:`|x|^{-2}` is superharmonic, it is at most 1. Hence

.. math:: \bigl(1-\tfrac2n\bigr)\log(1+\alpha^2q)\le E\log R\le\bigl(1-\tfrac2n\bigr)\alpha^2q,

and, applying the Laplacian again, :math:`E\log R =
(1-\frac2n)\bigl(\alpha^2q-\frac12(1-\frac4n)\alpha^4q^2+\dots\bigr)`. At :math:`\alpha=1/\sqrt L` mean and typical size
stay together at every depth, near :math:`e^q` and :math:`e^{(1-2/n)q}`.

*A branch that ends in an activation* has a positive mean. With :math:`S=\sum_ia_i`, normal weights, ReLU,
:math:`c=\alpha s\sqrt{n/2\pi}` and :math:`q=ns^2/2`,

.. math:: E[|a_k|^2\mid a_{k-1}] = (1+\alpha^2q)|a_{k-1}|^2+\tfrac{2c}{\sqrt n}|a_{k-1}|S,\qquad
          E[S_k\mid a_{k-1}] = S+c\sqrt n|a_{k-1}|.

These equations do not close. But :math:`|S|\le\sqrt n|a|` bounds both, and :math:`E|a_L|^2\ge(ES_L)^2/n`, so that for
an input of nonnegative sum :math:`S_0`

.. math:: (1+c)^{2(L-1)}\Bigl(\frac{S_0}{\sqrt n}+c|x|\Bigr)^2\le E|a_L|^2\le(1+2c+\alpha^2q)^L|x|^2.

Under He, :math:`c=\alpha/\sqrt\pi` and q = 1. So at :math:`\alpha=1/\sqrt L` both sides grow like
:math:`e^{2\sqrt{L/\pi}}`, and for x along (1, ..., 1) their ratio stays below :math:`e^{1-1/\pi}`. Only at
:math:`\alpha=1/L` do they stay bounded.

*A second matrix* is the other way out: in :math:`a+\alpha W'\phi(Wa)` the branch has mean 0, and
:math:`E|a_{2j}|^2 = (1+\alpha^2q\,q')E|a_{2j-2}|^2` with :math:`q=np_2s^2`, :math:`q'=ns^2`.
"""

from __future__ import annotations

from fractions import Fraction
from functools import partial

import flint
import sympy as sp

from theory import symbols
from theory.balls import Ball, enclose_number, precision, require_digits
from theory.ensembles import Ensemble, InvalidArgument, require_ensemble
from theory.moments.powers import power_applied
from theory.moments.transfer import TransferMatrix, input_power_sums
from theory.requirements import require_independent_entries, require_normal, require_short

_MOST_TERMS = 10**6


def branch_scale(net: Ensemble) -> sp.Expr:
    r"""Return alpha as an expression in the ensemble's symbols.

    Parameters
    ----------
    net : Ensemble
        A residual network of independent entries.

    Raises
    ------
    InvalidArgument
        If the architecture is another one, the weights are orthogonal, or the scale is 0, as for fixup.

    Examples
    --------
    >>> branch_scale(Ensemble(width="n", depth="L", architecture="residual:1/sqrt(L)"))
    1/sqrt(L)
    """
    require_residual(net)
    match net.architecture.alpha:
        case "1/sqrt(L)":
            return 1 / sp.sqrt(branch_count(net))
        case "1/L":
            return 1 / branch_count(net)
        case 0:
            problem = "the formula needs a positive scale of the branches, got 0"
            raise InvalidArgument("architecture", problem, "use e.g. 'residual:1/sqrt(L):two'")
        case alpha:
            assert alpha is not None
            return symbols.number(alpha)


def require_residual(net: Ensemble, *branches: str) -> None:
    """Refuse what is no residual network of independent entries, or has another kind of branch than those named.

    Parameters
    ----------
    net : Ensemble
        The network.
    *branches : str
        The kinds of branches that will do: ``linear``, ``relu`` or ``two``; by default all of them.

    Raises
    ------
    InvalidArgument
        If it is another network; the message names its architecture, and those that would do.
    """
    require_ensemble(net)
    require_independent_entries(net.plain)
    branch = net.architecture.branch
    if branch is None:
        problem = f"must be residual here, got {net.architecture.describe()!r}"
        raise InvalidArgument("architecture", problem, "use e.g. 'residual:1/sqrt(L)'")
    if branches and branch not in branches:
        problem = f"the formula is for branches of kind {' or '.join(branches)}, got {branch!r}"
        remedy = "use activation='linear'" if branches == ("linear",) else "see theory.architectures.residual"
        raise InvalidArgument("architecture", problem, remedy)


def branch_count(net: Ensemble, layer: int | str | None = None) -> sp.Expr:
    """Return the number of branches up to a layer.

    Parameters
    ----------
    net : Ensemble
        A residual network.
    layer : int or str, optional
        The layer k, by default the last.

    Raises
    ------
    InvalidArgument
        If the architecture is another one, there is no such layer, or the layer is inside a branch.

    Examples
    --------
    >>> branch_count(Ensemble(width="n", depth="L", init="he", architecture="residual:1/sqrt(L):two"))
    L/2
    """
    require_residual(net)
    if layer is not None:
        net.width_at(layer)  # refuses a layer that is not there
    matrices = symbols.whole(net.depth if layer is None else layer)
    if net.architecture.branch != "two":
        return matrices
    if matrices.is_odd:
        raise InvalidArgument("layer", f"{layer} lies within a branch of two matrices", "use an even layer")
    return matrices / 2


def branch_map(net: Ensemble, order: int) -> TransferMatrix:
    """Return the map of one branch on |a|^order, or on (|a|_2^4, |a|_4^4).

    Parameters
    ----------
    net : Ensemble
        A residual network of a positive scale, whose branches are linear or have two matrices.
    order : int
        2 or 4.

    Raises
    ------
    InvalidArgument
        If the network or the order is another one, or the law is not normal where branches have two matrices and the
        order is 4.

    Examples
    --------
    >>> branch_map(Ensemble(width="n", depth="L", architecture="residual:alpha"), 2).matrix
    Matrix([[alpha**2 + 1]])
    """
    require_residual(net, "linear", "two")
    _require_order(order)
    n, s2, branch = symbols.whole(net.width_at(0)), symbols.variance(net, 1), net.architecture.branch
    a2, slope = branch_scale(net) ** 2, symbols.slope(net)
    p2, p4 = (symbols.gate_moment(slope, m) for m in (2, 4))
    if order == 2:
        growth = n * s2 if branch == "linear" else n * s2 * n * p2 * s2
        return TransferMatrix(((1,),), sp.Matrix([[1 + a2 * symbols.tidy(growth)]]))
    if branch == "two":
        require_normal(net.plain, "|a_L|^4 with branches of two matrices")
        # given h = phi(W a), |a + alpha W' h|^4 has the mean 1 + (2n + 4) t + n (n + 2) t^2 at t = alpha^2 s^2 |h|^2
        mean, square = n * p2 * s2, n * s2**2 * (3 * p4 + (n - 1) * p2**2)
        first, second = symbols.tidy((2 * n + 4) * s2 * mean), symbols.tidy(n * (n + 2) * s2**2 * square)
        return TransferMatrix(((1, 1),), sp.Matrix([[1 + a2 * first + a2**2 * second]]))
    excess = symbols.number(net.law.kurtosis) - 3
    growth = 1 + a2 * symbols.tidy(2 * (n + 2) * s2) + a2**2 * symbols.tidy(n * (n + 2) * s2**2)
    if excess == 0:
        return TransferMatrix(((1, 1),), sp.Matrix([[growth]]))
    of_law = a2**2 * n * excess * s2**2
    rows = [[growth, of_law], [6 * a2 * s2 + 3 * a2**2 * n * s2**2, 1 + of_law]]
    return TransferMatrix(((1, 1), (2,)), sp.Matrix(rows).applyfunc(symbols.tidy))


def residual_moment(net: Ensemble, order: int = 2, layer: int | str | None = None) -> sp.Expr:
    r"""Derive :math:`E|a_k|^{order}` of a residual network whose branches are linear or have two matrices.

    Parameters
    ----------
    net : Ensemble
        A residual network.
    order : int
        2 or 4.
    layer : int or str, optional
        The layer k, by default the last; it must be even where branches have two matrices.

    Returns
    -------
    sympy.Expr
        The exact moment, for any symmetric law; only branches of two matrices at order 4 need normal weights.

    Raises
    ------
    InvalidArgument
        If branches end in an activation, so that moments do not close (:func:`relu_branch_bounds`), the order is
        another one, the law is not normal where it must be, the layer is inside a branch, or an exact power is too
        long.

    References
    ----------
    arXiv:2106.03763 for the effect of residual branches on the plateau; the moments are derived in the module's
    docstring.

    Examples
    --------
    >>> net = Ensemble(width="n", depth="L", init="xavier", law="symmetric", architecture="residual:1/sqrt(L)")
    >>> residual_moment(net)
    norm_x**2*(1 + 1/L)**L
    >>> two = Ensemble(width="n", depth="L", activation="relu", init="he", architecture="residual:alpha:two")
    >>> residual_moment(two)
    norm_x**2*(2*alpha**2 + 1)**(L/2)
    >>> residual_moment(Ensemble(width=4, depth=1, init="xavier", architecture="residual:1"), order=4)
    11/2
    """
    require_residual(net)
    if net.architecture.branch == "relu":
        problem = "the moments of a branch that ends in an activation do not close"
        raise InvalidArgument("architecture", problem, "use relu_branch_bounds, or two matrices: 'residual:1/L:two'")
    _require_order(order)
    steps = branch_count(net, layer)
    if net.architecture.alpha == 0:
        return symbols.input_power_sum(net, 2) ** (order // 2)
    transfer = branch_map(net, order)
    start = partial(input_power_sums, net)
    require_short(transfer.matrix, steps)
    return power_applied(transfer, start, steps)


def typical_bounds(net: Ensemble) -> tuple[sp.Expr, sp.Expr]:
    r"""Derive bounds on :math:`E\log(|a_L|^2/|x|^2)` of a linear residual network of normal weights and width n >= 4.

    Returns
    -------
    tuple of sympy.Expr
        The bounds (1 - 2/n) L log(1 + alpha^2 q) and (1 - 2/n) L alpha^2 q, where q = n s^2.

    Raises
    ------
    InvalidArgument
        If the law or the activation is another one, or the width is below 4.

    Examples
    --------
    >>> typical_bounds(Ensemble(width="n", depth="L", architecture="residual:1/sqrt(L)"))
    (L*(1 - 2/n)*log(1 + 1/L), 1 - 2/n)
    """
    n, spread = _chi_square(net)
    if n.is_Integer and n < 4:
        raise InvalidArgument("width", f"the upper bound needs a width of at least 4, got {n}", "use enclosed_log_mean")
    depth, kept = symbols.whole(net.depth), 1 - 2 / n
    growth = symbols.tidy(n * spread)
    return depth * kept * sp.log(1 + growth), depth * kept * growth


def log_growth_expansion(net: Ensemble, terms: int = 2) -> sp.Expr:
    r"""Derive the expansion of :math:`E\log(|a_k|^2/|a_{k-1}|^2)` in :math:`\alpha^2`, for normal weights.

    Parameters
    ----------
    net : Ensemble
        A linear residual network of normal weights.
    terms : int
        The number of terms; the error has the order of the next one.

    Raises
    ------
    InvalidArgument
        If the network is another one, or the number is no positive integer.

    Examples
    --------
    >>> log_growth_expansion(Ensemble(width="n", depth="L", architecture="residual:alpha"), terms=1)
    alpha**2*(n - 2)/n
    """
    n, spread = _chi_square(net)
    if isinstance(terms, bool) or not isinstance(terms, int) or terms < 1:
        raise InvalidArgument("terms", f"must be a positive integer, got {terms!r}", "use terms=2")
    # (spread/2)^j/j! times the j-th Laplacian of log|x|^2, summed; a Laplacian maps |x|^(-2i) to 2i(2i+2-n)|x|^(-2i-2)
    total, laplacian = sp.S.Zero, 2 * (n - 2)
    for j in range(1, terms + 1):
        total += sp.factor(laplacian * (spread / 2) ** j / sp.factorial(j))
        laplacian *= 2 * j * (2 * j + 2 - n)
    return total


def enclosed_log_mean(net: Ensemble, digits: int = 30) -> Ball:
    r"""Enclose :math:`E\log(|a_L|^2/|x|^2)` of a linear residual network with normal weights.

    Parameters
    ----------
    net : Ensemble
        A linear residual network of normal weights, with numbers for all symbols.
    digits : int
        How many decimal digits the ball should have.

    Returns
    -------
    Ball
        Holds the exact mean.

    Raises
    ------
    InvalidArgument
        If symbols remain, or the Poisson mean 1/(2 alpha^2 s^2) is above a million.

    References
    ----------
    The mixture is classical: N. L. Johnson, S. Kotz and N. Balakrishnan, *Continuous Univariate Distributions* 2,
    1995, ch. 29.

    Examples
    --------
    >>> enclosed_log_mean(Ensemble(width=8, depth=64, architecture="residual:1/sqrt(L)"), digits=8)
    [0.747077941894531 +/- 2.51e-16]
    """
    return _enclosed(net, digits)[0]


def enclosed_log_variance(net: Ensemble, digits: int = 30) -> Ball:
    r"""Enclose :math:`\mathrm{Var}\log|a_L|^2` of a linear residual network with normal weights.

    The errors are those of :func:`enclosed_log_mean`.

    Parameters
    ----------
    net, digits
        As for :func:`enclosed_log_mean`.

    Returns
    -------
    Ball
        Holds the exact variance.

    Examples
    --------
    >>> enclosed_log_variance(Ensemble(width=8, depth=64, architecture="residual:1/sqrt(L)"), digits=8)
    [0.492260893742899 +/- 2.84e-16]
    """
    return _enclosed(net, digits)[1]


def relu_branch_bounds(net: Ensemble) -> tuple[sp.Expr, sp.Expr]:
    r"""Derive bounds on :math:`E|a_L|^2` for branches that end in a ReLU, and normal weights.

    Parameters
    ----------
    net : Ensemble
        A residual network with ReLU and normal weights, whose input has a nonnegative sum; by default it is along
        (1, ..., 1).

    Returns
    -------
    tuple of sympy.Expr
        The bounds (1 + c)^(2L-2) (S_0/sqrt(n) + c |x|)^2 and (1 + 2c + alpha^2 q)^L |x|^2, where
        c = alpha s sqrt(n/(2 pi)).

    Raises
    ------
    InvalidArgument
        If the law or the activation is another one, or the sum of the input is negative.

    Examples
    --------
    >>> net = Ensemble(width="n", depth="L", activation="relu", init="he", architecture="residual:1/L")
    >>> relu_branch_bounds(net)[1]
    norm_x**2*(1 + 2/(sqrt(pi)*L) + L**(-2))**L
    """
    require_residual(net, "relu")
    require_normal(net.plain, "a branch that ends in a ReLU")
    scale = branch_scale(net)
    if net.slope != 0:
        raise InvalidArgument("activation", f"the bounds are for ReLU, got {net.activation}", "use activation='relu'")
    n, depth, s2 = symbols.whole(net.width_at(0)), symbols.whole(net.depth), symbols.variance(net, 1)
    square, q = symbols.input_power_sum(net, 2), symbols.tidy(n * s2 / 2)
    c = scale * sp.sqrt(symbols.tidy(n * s2) / (2 * sp.pi))
    low = (1 + c) ** (2 * depth - 2) * (_sum_of_input(net) / sp.sqrt(n) + c * sp.sqrt(square)) ** 2
    if net.input in (None, "ones"):  # along (1, ..., 1) the first layer grows like the others
        low = (1 + c) ** (2 * depth) * square
    return low, (1 + 2 * c + scale**2 * q) ** depth * square


def relu_branch_square_bound(net: Ensemble) -> sp.Expr:
    r"""Derive an upper bound on :math:`E|a_L|^4`; the parameters and errors are those of :func:`relu_branch_bounds`.

    Notes
    -----
    With t = alpha s, :math:`X=\langle e,\phi(g)\rangle` and :math:`Y=|\phi(g)|^2`, a layer multiplies the moment by
    :math:`E(1+2tX+t^2Y)^2`, where :math:`EX\le\sqrt{n/2\pi}`, :math:`\mathrm{Var}X=\frac12-\frac1{2\pi}`,
    :math:`EY=\frac n2`, :math:`EY^2=\frac{n(n+5)}4` and :math:`EXY\le EY^{3/2}\le\sqrt{EY\,EY^2}`.

    Examples
    --------
    >>> net = Ensemble(width=64, depth=64, activation="relu", init="he", architecture="residual:1/sqrt(L)")
    >>> round(float(relu_branch_square_bound(net) / relu_branch_bounds(net)[1] ** 2), 2)
    1.23
    """
    relu_branch_bounds(net)
    n, depth = symbols.whole(net.width_at(0)), symbols.whole(net.depth)
    t = branch_scale(net) * sp.sqrt(symbols.variance(net, 1))
    x, y, y2 = sp.sqrt(n / (2 * sp.pi)), n / 2, n * (n + 5) / 4
    x2 = x**2 + sp.Rational(1, 2) - 1 / (2 * sp.pi)
    growth = 1 + 4 * t * x + t**2 * (4 * x2 + 2 * y) + 4 * t**3 * sp.sqrt(y * y2) + t**4 * y2
    return growth**depth * symbols.input_power_sum(net, 2) ** 2


def _require_order(order: object) -> None:
    if order not in (2, 4):
        raise InvalidArgument("order", f"must be 2 or 4, got {order!r}", "use order=2")


def _sum_of_input(net: Ensemble) -> sp.Expr:
    """Return the sum of the input's entries, which must not be negative."""
    n = symbols.whole(net.width_at(0))
    if net.input is None or isinstance(net.input, str):
        return sp.S.One if net.input == "e1" else n if net.input == "ones" else sp.sqrt(n * _square(net))
    total = sum(net.input, Fraction(0))
    if total < 0:
        raise InvalidArgument("input", f"has the sum {total}, and the bounds need one of at least 0", "change its sign")
    return symbols.number(total)


def _square(net: Ensemble) -> sp.Expr:
    return symbols.input_power_sum(net, 2)


def _chi_square(net: Ensemble) -> tuple[sp.Expr, sp.Expr]:
    """Return n and alpha^2 s^2, on which the law of |e + beta g|^2 depends."""
    require_residual(net, "linear")
    require_normal(net.plain, "log|a_L|^2 of a residual network")
    scale = branch_scale(net)
    return symbols.whole(net.width_at(0)), scale**2 * symbols.variance(net, 1)


def _enclosed(net: Ensemble, digits: int) -> tuple[Ball, Ball]:
    """Return mean and variance of log(|a_L|^2/|x|^2) as balls: sums over the Poisson variable, with bounded tails."""
    n, spread = _chi_square(net)
    net.require_numbers("an enclosure")
    if spread.free_symbols:
        problem = f"an enclosure needs a number for the scale, got {net.architecture.describe()!r}"
        raise InvalidArgument("architecture", problem, "use e.g. 'residual:1/sqrt(L)'")
    require_digits(digits)
    if 1 / (2 * spread) > _MOST_TERMS:
        problem = f"branches of scale^2 {spread} need more than {_MOST_TERMS} terms"
        raise InvalidArgument("architecture", problem, "use log_growth_expansion, or typical_bounds")
    with precision(digits + 15):
        beta2, depth = enclose_number(spread), int(net.depth)
        mean = 1 / (2 * beta2)
        last = int(float(1 / (2 * spread)) + (12 + digits / 2) * float(1 / (2 * spread)) ** 0.5 + 40 + 4 * digits)
        half = flint.arb(int(n)) / 2
        weight, digamma, trigamma = (-mean).exp(), half.digamma(), flint.arb(2).zeta(half)
        first = second = tri = flint.arb(0)
        shift = (2 * beta2).log()
        for j in range(last + 1):
            first, tri = first + weight * digamma, tri + weight * trigamma
            second += weight * digamma**2
            at = half + j
            digamma, trigamma = digamma + 1 / at, trigamma - 1 / at**2
            weight *= mean / (j + 1)
        # from here on weights fall geometrically, and so does weight * digamma^2 < weight * (n/2 + j)^2, by this ratio
        ratio = mean / (last + 2) * (1 + 1 / (half + last + 1)) ** 2
        if not ratio < 1:
            raise InvalidArgument("digits", "the tail was not bounded", "use fewer digits")
        tail = (weight * (half + last + 1) ** 2 / (1 - ratio)).upper()
        beyond = flint.arb(tail / 2, tail / 2)
        first, second, tri = first + beyond, second + beyond, tri + beyond
        return depth * (shift + first), depth * (tri + second - first**2)

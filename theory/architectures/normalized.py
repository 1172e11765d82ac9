r"""Layer and batch normalization at initialization: what they pin, and what gradients do behind them.

Networks have ReLU, normal weights, and neither gain nor bias. Hats are on entries that are standardized to mean 0 and
mean square 1.

*Two standardized entries.* Standardizing n normal numbers gives :math:`\sqrt n` times a uniform direction orthogonal to
(1, ..., 1), so entries have variance 1 and correlation :math:`\rho=-1/(n-1)`. The mean of a function of degree d is
that for normal entries of this correlation, divided by :math:`E(\chi^2_{n-1})^{d/2}/(n-1)^{d/2}`. With
:math:`\theta=\arccos\rho` (Cho and Saul)

.. math:: E\phi\phi = \frac{\sin\theta+(\pi-\theta)\cos\theta}{2\pi},\quad
          E\phi^2\phi^2 = \frac{3\sin\theta\cos\theta+(\pi-\theta)(1+2\cos^2\theta)}{2\pi},\quad
          P(\text{both on}) = \frac{\pi-\theta}{2\pi}.

*Layer norm*, n units. The directions of :math:`\hat z_k` are independent of each other and of the layers before, so
:math:`|a_k|^2=\sum_i\phi(\hat z_i)^2` are i.i.d. over layers. Their mean is n/2 exactly, as :math:`\hat z` and
:math:`-\hat z` have the same law and their squares add up to n; and by the moments above

.. math:: E|a_k|^4 = \frac{n-1}{n+1}\Bigl(\tfrac32n+n(n-1)E\phi^2\phi^2\Bigr),\qquad
          \frac{\mathrm{Var}|a_k|^2}{(n/2)^2}\sim\frac{3-8/\pi}n.

Backwards, :math:`b_k=\sigma_k^{-1}(I-\frac1n11^T-\frac1n\hat z\hat z^T)D_kW_{k+1}^Tb_{k+1}` is orthogonal to
:math:`z_k`. So given the forward pass, :math:`W_k^Tb_k` is :math:`s|b_k|` times a fresh normal vector without its part
along :math:`a_{k-1}`, and :math:`D_{k-1}` times this is orthogonal to :math:`\hat z_{k-1}` already. With B units on,
:math:`S_1=\sum\phi(\hat z_i)`, :math:`S_2=\sum\phi(\hat z_i)^2=|a|^2`, and :math:`\sigma_{k-1}^2 =
s^2|a_{k-2}|^2\chi^2_{n-1}/n`, the squared norms obey

.. math:: \frac{|b_{k-1}|^2}{|b_k|^2} = \frac{n\,Q}{|a_{k-2}|^2\,\chi^2_{n-1}},\qquad
          E[Q\mid\hat z_{k-1}] = (B-1)-\tfrac1n\Bigl(B-\frac{S_1^2}{S_2}\Bigr),

where Q is a quadratic form in fresh normal numbers: a projection of rank B - 1, less the part along (1, ..., 1). If
each Q is put together with the :math:`|a|^2` of its own layer, this gives i.i.d. factors :math:`Qn/(S_2\chi^2_{n-1})`,
and to order 1/n

.. math:: E\log\frac{nQ}{S_2\chi^2_{n-1}} = \underbrace{-\tfrac{3-2/\pi}n-\tfrac{1/2-1/\pi}n-\tfrac2n}_{\log Q/(n/2)}
          +\underbrace{\tfrac{3-8/\pi}{2n}}_{S_2}+\underbrace{\tfrac2n}_{\chi^2} = -\frac{2+1/\pi}n.

Layer norm keeps the signal, but the typical gradient still shrinks with depth over width, by
:math:`2+1/\pi\approx2.32` where the plain network has 5/2.

*Batch norm*, B inputs, wide layers. This is for n to infinity, exchangeable inputs, and a readout that is independent
of the rest, as in the mean-field argument of Yang et al. At every B, each unit's :math:`\hat z` is :math:`\sqrt B`
times a uniform direction orthogonal to (1, ..., 1). So the activations' kernel has the eigenvalue
:math:`\lambda=\frac12-E\phi\phi` off the constants, :math:`\sigma^2=ns^2\lambda\chi^2_{B-1}/B` is independent of
:math:`\hat z`, and gradients, of covariance :math:`G=I-\frac1B11^T` over the batch, grow by

.. math:: J_B = ns^2\,E\sigma^{-2}\,\frac{E\,\mathrm{tr}\,PDGDP}{B-1},\quad P = G-\tfrac1B\hat z\hat z^T,\quad
          ns^2\,E\sigma^{-2} = \frac B{\lambda(B-3)},

.. math:: E\,\mathrm{tr}\,PDGDP = \tfrac{B-1}2-\tfrac1B\bigl(\tfrac B2-\tfrac1BE(\textstyle\sum D)^2\bigr)
          -\tfrac1B\bigl(\tfrac B2-\tfrac1BE(\textstyle\sum\phi)^2\bigr),

a layer, in the mean of squares. As B grows, :math:`J_B\to\frac{1/2}{(\pi-1)/2\pi}=\frac\pi{\pi-1}`, the explosion of
Yang et al. At B <= 3 the mean is infinite.

*The Hessian*, for any readout, law and activation, away from kinks. Under either norm f does not change when
:math:`W_k` is multiplied by c > 0 (Hoffer et al., arXiv:1803.01814; van Laarhoven, arXiv:1706.05350), and under batch
norm not even when a single row is. Let w be such weights and g the gradient in them, both 0 elsewhere in the vector of
all weights. Euler's theorem for degree 0 is :math:`\langle w,\nabla f\rangle=0`, and its derivative in all weights is

.. math:: H\,w = -g,\qquad \text{hence}\quad \langle w_j,Hw_k\rangle=-\langle w_j,g_k\rangle=0
          \quad\text{for all layers (rows) } j, k.

So H is 0 on the span of these w, which has one dimension for each. On the orthonormal :math:`w/|w|, g/|g|` it is
:math:`\begin{pmatrix}0&-|g|/|w|\\-|g|/|w|&c\end{pmatrix}`, with the determinant :math:`-|g|^2/|w|^2`. By interlacing,
in every network

.. math:: (-\lambda_{\min})\,\lambda_{\max} \ge \max_k\frac{|g_k|^2}{|w_k|^2}.

On all w and g together H is :math:`\begin{pmatrix}0&-\Delta\\-\Delta&C\end{pmatrix}`, where :math:`\Delta` is the
diagonal matrix of :math:`|g_k|/|w_k|`. So at least as many eigenvalues are positive, and as many negative, as there are
:math:`g_k\ne0`, and both ends are bounded away from 0 by the layer that is steepest relative to its weights. Under
layer norm the law of :math:`|g_L|/|W_L|` is the same at every depth, so that neither end vanishes with depth.
Multiplying all weights by c divides H by :math:`c^2`, so f is flatter at larger weights.

Plain networks have degree 1 in each matrix, so :math:`HW_k=\nabla f-g_k` and
:math:`(-\lambda_{\min})\lambda_{\max}\ge\max_k\sum_{j\ne k}|g_j|^2/|W_k|^2`. There too the gradient bounds the
curvature from below, but typically both vanish with depth.
"""

from __future__ import annotations

import sympy as sp

from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument, require_ensemble
from theory.ensembles.arguments import size
from theory.requirements import require_normal
from theory.symbols import tidy

BATCH_EXPLOSION = sp.pi / (sp.pi - 1)
"""The factor by which squared gradients grow in a layer under batch norm, as first width and then batch grow."""


def layer_norm_moment(net: Ensemble, order: int = 2) -> sp.Expr:
    r"""Derive :math:`E|a_k|^{order}` under layer norm, the same for every layer k >= 1 of n units.

    Parameters
    ----------
    net : Ensemble
        A ReLU network of normal weights and of architecture ``layernorm``; its width may be a symbol.
    order : int
        2 or 4.

    Raises
    ------
    InvalidArgument
        For other networks and orders, or unequal widths.

    References
    ----------
    J. L. Ba, J. R. Kiros and G. E. Hinton, arXiv:1607.06450; Y. Cho and L. K. Saul, NIPS 2009, for the kernels.

    Examples
    --------
    >>> layer_norm_moment(Ensemble(width="n", depth="L", activation="relu", init="he", architecture="layernorm"))
    n/2
    """
    n = _units(net, "layernorm")
    if order == 2:
        return n / 2
    if order != 4:
        raise InvalidArgument("order", f"must be 2 or 4, got {order!r}", "use order=2")
    cosine = -1 / (n - 1)
    return (n - 1) / (n + 1) * (sp.Rational(3, 2) * n + n * (n - 1) * _kernel(cosine, 2))


def batch_norm_moment(net: Ensemble, order: int = 2) -> sp.Expr:
    r"""Derive :math:`E|a_k|^2` of one input under batch norm, the same for every layer k >= 1 of n units.

    Parameters
    ----------
    net : Ensemble
        A ReLU network of normal weights and of architecture ``batchnorm:B``; its width may be a symbol.
    order : int
        Only 2 is known.

    Raises
    ------
    InvalidArgument
        For other networks and orders, or unequal widths.

    Notes
    -----
    The squares of a standardized unit average to 1 over the batch. As the inputs are exchangeable, each has the mean 1.
    As :math:`\hat z` and :math:`-\hat z` have the same law, ReLU keeps half of it.

    Examples
    --------
    >>> batch_norm_moment(Ensemble(width="n", depth="L", activation="relu", init="he", architecture="batchnorm:B"))
    n/2
    """
    n = _units(net, "batchnorm")
    if order != 2:
        raise InvalidArgument("order", f"must be 2 under batch norm, got {order!r}", "use order=2")
    return n / 2


def layer_norm_spread(net: Ensemble) -> sp.Expr:
    r"""Derive :math:`\mathrm{Var}|a_k|^2/(E|a_k|^2)^2` under layer norm, about (3 - 8/pi)/n in every layer.

    By Chebyshev's inequality, this number over eps^2 bounds the probability that :math:`|a_k|^2` differs from n/2 by
    more than the share eps.

    Examples
    --------
    >>> net = Ensemble(width=64, depth=10, activation="relu", init="he", architecture="layernorm")
    >>> round(float(layer_norm_spread(net)), 5)
    0.00687
    """
    return layer_norm_moment(net, 4) / layer_norm_moment(net, 2) ** 2 - 1


def layer_norm_gradient_rate(net: Ensemble) -> sp.Expr:
    r"""Derive the leading term of :math:`E\log(|b_{k-1}|^2/|b_k|^2)` under layer norm, -(2 + 1/pi)/n.

    Notes
    -----
    The error is of order 1/n^2. Gradients of weights have the same rate, as :math:`|a_k|` has the same law in every
    layer.

    Examples
    --------
    >>> net = Ensemble(width="n", depth="L", activation="relu", init="he", architecture="layernorm")
    >>> layer_norm_gradient_rate(net)
    (-2 - 1/pi)/n
    """
    n = _units(net, "layernorm")
    of_projections = -(3 - 2 / sp.pi)  # 2 (E[Q | z] - n/2), E B = n/2
    of_masks = -(sp.Rational(1, 2) - 1 / sp.pi)  # -Var B/(2 (n/2)^2)
    of_normals = -2  # the logarithm of a chi-square of n/2 degrees
    of_signal, of_deviation = (3 - 8 / sp.pi) / 2, 2
    return sp.expand(of_projections + of_masks + of_normals + of_signal + of_deviation) / n


def batch_norm_growth(batch: int | str) -> sp.Expr:
    r"""Derive the factor by which :math:`E|df/dZ_k|^2` grows in a wide ReLU layer under batch norm, with batches of B.

    Parameters
    ----------
    batch : int or str
        The size B, a number from 4, or a symbol's name.

    Raises
    ------
    InvalidArgument
        If the batch is smaller, so that the mean is infinite, or is neither an integer nor a name.

    References
    ----------
    G. Yang, J. Pennington, V. Rao, J. Sohl-Dickstein and S. S. Schoenholz, arXiv:1902.08129, for the limit
    pi/(pi - 1); the formula is derived in the module's docstring.

    Examples
    --------
    >>> round(float(batch_norm_growth(8)), 4)
    1.7882
    >>> limit = sp.limit(batch_norm_growth("B"), sp.Symbol("B", integer=True, positive=True), sp.oo)
    >>> sp.simplify(limit - BATCH_EXPLOSION)
    0
    """
    inputs = size("batch", batch)
    if isinstance(inputs, int) and inputs < 4:
        raise InvalidArgument("batch", f"needs at least 4 inputs for a finite mean, got {batch!r}", "use batch=16")
    B = symbols.whole(inputs)
    cosine = -1 / (B - 1)
    both_on, product = _kernel(cosine, 0), _kernel(cosine, 1)
    eigenvalue = sp.Rational(1, 2) - product
    along_ones, along_signal = ((B / 2 + B * (B - 1) * mean) / B for mean in (both_on, product))
    trace = (B - 1) / 2 - (B / 2 - along_ones) / B - (B / 2 - along_signal) / B
    return B / (eigenvalue * (B - 3)) * trace / (B - 1)


def _kernel(cosine: sp.Expr, degree: int) -> sp.Expr:
    """Return the mean of phi(g)^d phi(g')^d for normal g, g' of variance 1 and that correlation."""
    angle, sine = sp.pi / 2 + sp.asin(cosine), sp.sqrt(tidy(1 - cosine**2))  # angle: pi - arccos
    parts = (angle, sine + angle * cosine, 3 * sine * cosine + angle * (1 + 2 * cosine**2))
    return parts[degree] / (2 * sp.pi)


def _units(net: Ensemble, architecture: str) -> sp.Expr:
    """Return the width n of a ReLU network of normal weights, and refuse all others and other architectures."""
    require_ensemble(net)
    if net.architecture.name != architecture:
        problem = f"must be {architecture} here, got {net.architecture.describe()!r}"
        remedy = "use 'layernorm'" if architecture == "layernorm" else "use e.g. 'batchnorm:16'"
        raise InvalidArgument("architecture", problem, remedy)
    require_normal(net.plain, "a normalized network")
    if net.slope != 0:
        raise InvalidArgument("activation", f"the formula is for ReLU, got {net.activation}", "use activation='relu'")
    net.require_equal_layers("the formula is for layers of one width", "use width=32")
    return symbols.whole(net.width_at(0))

"""Extreme eigenvalues of the Hessian of a width-one linear network, in O(L) by secular equations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from montecarlo.arguments import as_ensemble
from montecarlo.arrays import Array
from montecarlo.drawing.streams import sizes
from montecarlo.engines.real_matrices import Chunk
from theory.ensembles import Ensemble, InvalidArgument

_FAR = 1300.0
"""For a weight 0, log u^2 is this much above all others: within e^-650 of the limit, and in the range of floats."""


@dataclass(frozen=True)
class ChainHessian:
    r"""Norms and extreme eigenvalues of the Hessian of :math:`f = v w_L \cdots w_1 x` in the weights, as logs.

    The components are ``spectral_norm``, ``lambda_max``, ``minus_lambda_min`` (the least eigenvalue is negative) and
    ``frobenius`` (the norm, not its square). Their relative accuracy is about 1e-12 at any depth and scale.

    Notes
    -----
    With :math:`u_k = 1/w_k`, :math:`H_{jk} = f u_j u_k` off the diagonal and 0 on it: :math:`H = f(u u^T - U)`,
    :math:`U = \mathrm{diag}(u^2)`. By the rank-one secular equation (Golub, SIAM Review 15(2), 1973) the eigenvalues
    :math:`f\lambda` of H solve :math:`\sum_k u_k^2/(u_k^2 + \lambda) = 1`. Exactly one, :math:`\Lambda`, is positive:

    .. math:: \sum_{k \ge 2} \frac{u_k^2}{u_k^2 + \Lambda} = \frac{\Lambda}{u_1^2 + \Lambda}

    (:math:`u_1^2 \ge u_2^2 \ge \dots`). As the trace is 0, it is the spectral norm. The least is :math:`-\mu`
    with :math:`u_2^2 \le \mu \le u_1^2` and

    .. math:: \sum_{k \ge 2} \frac{u_k^2}{\mu - u_k^2} = \frac{\mu}{u_1^2 - \mu}.

    Both equations are solved for the log of the root in units of :math:`u_1 u_2`, where no difference cancels.

    Examples
    --------
    >>> ChainHessian().components(Ensemble(width=1, depth=8))
    ('spectral_norm', 'lambda_max', 'minus_lambda_min', 'frobenius')
    """

    name: ClassVar[str] = "ChainHessian"
    stored_as: ClassVar[str] = "montecarlo.chain_hessian"
    needs: ClassVar[frozenset[str]] = frozenset({"weights"})

    def components(self, net: Ensemble) -> tuple[str, ...]:
        """Return the four labels.

        Raises
        ------
        InvalidArgument
            If the networks are no linear chains of at least two weights.
        """
        as_ensemble(net)
        net.require_plain("the Hessian of a network of width one")
        if set(sizes(net)) != {1}:
            raise InvalidArgument("width", f"{self.name} needs width 1, got {net.describe()}", "use width=1")
        if net.activation != "linear":
            raise InvalidArgument("activation", f"{self.name} needs a linear network", "use activation='linear'")
        if int(net.depth) < 2:
            raise InvalidArgument("depth", f"{self.name} of a single weight is 0", "use depth=2 or more")
        return ("spectral_norm", "lambda_max", "minus_lambda_min", "frobenius")

    def measure(self, chunk: Chunk) -> Array:
        """Return the four logs, shape (m, 4); -inf where H = 0."""
        w = np.concatenate([chunk.weights(k)[:, 0] for k in range(1, int(chunk.net.depth) + 1)], axis=1)
        return chain_hessian_logs(w, chunk.readout[:, 0] * chunk.input[0])


def chain_hessian_logs(w: Array, factor: Array) -> Array:
    """Return the four logs for chains f = factor * w_1 ... w_L.

    Parameters
    ----------
    w : ndarray, shape (m, L)
        Weights; zeros are allowed.
    factor : ndarray, shape (m,)
        v x of each chain.

    Returns
    -------
    ndarray, shape (m, 4)
        Logs of the spectral norm, the largest eigenvalue, minus the least, and the Frobenius norm.

    Examples
    --------
    >>> np.exp(chain_hessian_logs(np.array([[3.0, 4.0]]), np.array([-2.0])))
    array([[2.        , 2.        , 2.        , 2.82842712]])
    """
    size = np.abs(w)
    zero = size == 0
    log_u = -2 * np.log(size, out=np.zeros_like(size), where=~zero)  # log u^2
    top = np.max(log_u, axis=1, where=~zero, initial=-np.inf)
    log_u = np.where(zero, np.where(np.isfinite(top), top, 0.0)[:, None] + _FAR, log_u)
    log_u = -np.sort(-log_u, axis=1)
    centre = (log_u[:, 0] + log_u[:, 1]) / 2
    r = np.exp(log_u - centre[:, None])  # u^2 in units of u_1 u_2: the first two are reciprocal
    first, rest = r[:, 0], r[:, 1:]
    tail = rest.sum(axis=1)

    positive = _root(_positive_equation(first, rest), np.log((tail + np.sqrt(tail**2 + 4 * first * tail)) / 2))
    pairs = rest.shape[1] - 1
    second = rest[:, 0]
    above = np.log(2 * (pairs + 1) / (pairs * second + np.sqrt((pairs * second) ** 2 + 4 * (pairs + 1))))
    tied = log_u[:, 0] - log_u[:, 1] < 1e-14  # here mu lies between two equal numbers
    equation = _negative_equation(first[~tied], rest[~tied])
    negative = np.zeros_like(positive)
    negative[~tied] = _root(equation, above[~tied])

    dead = (zero.sum(axis=1) > 2) | (factor == 0)
    log_factor = np.log(np.abs(factor), out=np.full(factor.shape, -np.inf), where=~dead)
    log_f = log_factor - log_u.sum(axis=1) / 2 + centre
    frobenius = np.log(2 * first * tail + np.maximum(tail**2 - np.sum(rest**2, axis=1), 0)) / 2
    is_positive = (np.sum(w < 0, axis=1) % 2 == 1) == (factor < 0)
    spectral, other = log_f + positive, log_f + negative
    up, down = np.where(is_positive, spectral, other), np.where(is_positive, other, spectral)
    return np.stack([spectral, up, down, log_f + frobenius], axis=1)


Equation = Callable[[Array], tuple[Array, Array]]
"""Returns the value and the derivative of a decreasing function of the log of the root."""


def _positive_equation(first: Array, rest: Array) -> Equation:
    def equation(log_t: Array) -> tuple[Array, Array]:
        t = np.exp(log_t)
        terms = rest / (rest + t[:, None])
        total = terms.sum(axis=1)
        slope = -1 + np.einsum("mk,mk->m", terms, terms) / total - first / (first + t)
        return np.log(total) - np.log(t / (first + t)), slope

    return equation


def _negative_equation(first: Array, rest: Array) -> Equation:
    def equation(log_t: Array) -> tuple[Array, Array]:
        t = np.exp(log_t)
        terms = rest / (t[:, None] - rest)
        total = terms.sum(axis=1)
        slope = -1 - np.einsum("mk,mk->m", terms, terms) / total - first / (first - t)
        return np.log(total) - np.log(t / (first - t)), slope

    return equation


def _root(equation: Equation, high: Array) -> Array:
    """Solve an equation between 0 and `high` by Newton's method, and by bisection where that leaves the bracket."""
    low, high = np.zeros_like(high), np.maximum(high, 0.0) * (1 + 1e-15)
    x = high / 2
    for _ in range(200):
        value, slope = equation(x)
        low, high = np.where(value > 0, x, low), np.where(value > 0, high, x)
        newton = x - value / slope
        step = np.where((newton >= low) & (newton <= high), newton, (low + high) / 2) - x
        x = x + step
        if np.all(np.abs(step) <= 1e-14 * (1 + x)):
            break
    return x

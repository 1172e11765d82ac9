r"""Gradient descent on length and direction of a neuron: how far a step is from the flow's, and what steps add up to.

*One step.* Start with |v| = 1, :math:`w = \rho v`, and split the gradient in w into its part :math:`g_r` along v and
its part of length :math:`g_t` across. With :math:`x = \eta\rho g_r` and :math:`y = \eta\rho g_t` a step on
:math:`(\alpha, v)` makes :math:`|v|^2` exactly :math:`1+y^2`, and in the plane of v and g, written as complex numbers,

.. math:: w_+ = \rho e^{-(x+i\arctan y)}, \qquad w-\eta\rho^2g = \rho(1-(x+iy)) .

They differ by :math:`\frac\rho2(x^2+y^2) = |\eta\rho^2g|^2/(2\rho)` to second order: half the square of the step, over
the norm.

*Chains.* For :math:`\Phi = w_1\cdots w_n` on one example every step multiplies :math:`p = \log\frac1L` by
:math:`e^{n\eta pe^{-p}}`. As :math:`E' = e^p/p^2`, a step adds :math:`\int e^p/p\,d\log p` to E, and :math:`e^p/p`
grows from p = 1 on: so E grows by at least :math:`n\eta`, and by at most that times the ratio of :math:`e^p/p` at both
ends.
"""

from __future__ import annotations

import sympy as sp

from theory.symbols import Scalar, positive, real


def step_defect(along: Scalar, across: Scalar, learning_rate: Scalar, length: Scalar = 1) -> sp.Expr:
    r"""Return how far one step on :math:`(\alpha, v)` ends from :math:`w-\eta\rho^2g`.

    Parameters
    ----------
    along, across : number, name or expression
        :math:`g_r` and :math:`g_t`, the parts of the gradient along w and across.
    learning_rate : number, name or expression
        :math:`\eta`, positive.
    length : number, name or expression
        :math:`\rho = |w|`, positive. |v| = 1.

    Raises
    ------
    InvalidArgument
        If an argument is out of range.

    References
    ----------
    Derived in the docstring of this module.

    Examples
    --------
    >>> step_defect(0, 1, 1)
    sqrt(3 - 2*sqrt(2))
    """
    eta, rho = positive("learning_rate", learning_rate), positive("length", length)
    x, y = (eta * rho * real(name, part) for name, part in (("along", along), ("across", across)))
    turned = 1 / sp.sqrt(1 + y**2)
    first = sp.exp(-x) * turned - 1 + x
    second = y - y * sp.exp(-x) * turned
    return rho * sp.sqrt(sp.expand(first**2 + second**2))


def chain_step(p: Scalar, learning_rate: Scalar, depth: Scalar) -> sp.Expr:
    r"""Return :math:`\log\frac1L` of a chain after a step of descent on the :math:`\alpha` of its n weights.

    Parameters
    ----------
    p : number, name or expression
        :math:`\log\frac1L = w_1\cdots w_n` before it, positive.
    learning_rate : number, name or expression
        :math:`\eta`, positive.
    depth : number, name or expression
        n.

    Raises
    ------
    InvalidArgument
        If an argument is out of range.

    Examples
    --------
    >>> chain_step("p", "eta", "n")
    p*exp(eta*n*p*exp(-p))
    """
    q, eta, n = positive("p", p), positive("learning_rate", learning_rate), positive("depth", depth)
    return q * sp.exp(n * eta * q * sp.exp(-q))

r"""Unequal weights of a chain: gradient flow keeps the differences of their squares, gradient descent changes them.

With :math:`f = xw_1\cdots w_L` and the loss :math:`(f-y)^2/2`, the weight :math:`w_i` moves in the direction
:math:`g_i = (y-f)f/w_i`. So gradient flow keeps each :math:`w_i^2-w_j^2`, and a step of gradient descent multiplies it
by :math:`1-\eta^2(y-f)^2f^2/(w_iw_j)^2`.
"""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from theory import symbols
from theory.ensembles import InvalidArgument
from theory.symbols import Scalar


def gradient(weights: Iterable[Scalar], x: Scalar, y: Scalar) -> tuple[sp.Expr, ...]:
    r"""Differentiate :math:`\frac12(xw_1\cdots w_L-y)^2`.

    Parameters
    ----------
    weights : sequence of numbers, names or expressions
        The weights w_1, ..., w_L, balanced or not.
    x, y : number, name or expression
        The input and the target.

    Returns
    -------
    tuple of SymPy expressions
        The derivatives in w_1, ..., w_L.

    Raises
    ------
    InvalidArgument
        If the weights are no sequence, or something is not real and finite.

    Examples
    --------
    >>> a, b = sp.symbols("a b")
    >>> gradient([a, b], 1, 2), gradient([3, 1], 1, 2)
    ((b*(a*b - 2), a*(a*b - 2)), (1, 3))
    """
    values = _weights(weights)
    names = [sp.Dummy() for _ in values]
    loss = (symbols.real("x", x) * sp.Mul(*names) - symbols.real("y", y)) ** 2 / 2
    places = dict(zip(names, values, strict=True))
    return tuple(loss.diff(w).subs(places) for w in names)


def imbalance_factor(weights: Iterable[Scalar], x: Scalar, y: Scalar, learning_rate: Scalar) -> sp.Expr:
    r"""Derive the factor by which a step of gradient descent multiplies :math:`w_1^2-w_2^2`.

    Parameters
    ----------
    weights : sequence of numbers, names or expressions
        The weights w_1, ..., w_L, at least two, of which the first two have different moduli.
    x, y : number, name or expression
        The input and the target.
    learning_rate : number, name or expression
        The learning rate :math:`\eta`.

    Returns
    -------
    sympy.Expr
        The factor, which is 1 at first order in :math:`\eta`.

    Raises
    ------
    InvalidArgument
        If the first two weights have equal moduli, and as :func:`gradient`.

    Examples
    --------
    >>> a, b, eta = sp.symbols("a b eta")
    >>> imbalance_factor([a, b], 1, 2, eta)
    -eta**2*(a*b - 2)**2 + 1
    """
    values, rate = _weights(weights), symbols.real("learning_rate", learning_rate)
    if len(values) < 2 or sp.expand(values[0] ** 2 - values[1] ** 2) == 0:
        raise InvalidArgument("weights", f"have no imbalance of the first two: {weights!r}", "give two that differ")
    names, eta = [sp.Dummy() for _ in values], sp.Dummy()
    first, second, *_ = (w - eta * g for w, g in zip(names, gradient(names, x, y), strict=True))
    ratio = sp.cancel((first**2 - second**2) / (names[0] ** 2 - names[1] ** 2))
    constant = ratio.subs(eta, 0)
    return (sp.factor(ratio - constant) + constant).subs({**dict(zip(names, values, strict=True)), eta: rate})


def _weights(weights: Iterable[Scalar]) -> list[sp.Expr]:
    given = list(weights) if isinstance(weights, Iterable) and not isinstance(weights, str) else []
    if not given:
        raise InvalidArgument("weights", f"must be a sequence of weights, got {weights!r}", "use e.g. ['a', 'b']")
    return [symbols.real("weights", weight) for weight in given]

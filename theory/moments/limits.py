r"""The moments that networks with biases tend to as their depth grows: fixed points of one layer's map.

With biases the map of one layer is affine, :math:`m \mapsto Mm + c`. Where all eigenvalues of M lie within the unit
circle every layer forgets a share of what came before, and :math:`E|a_L|^{order}` tends to that entry of
:math:`(1-M)^{-1}c`, whatever the input. Under He initialization the rate of :math:`|a|^2` is 1, and it grows for ever.
"""

from __future__ import annotations

import math
from typing import Any

import flint
import sympy as sp

from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument, require_ensemble
from theory.moments.transfer import Layer, TransferMatrix, map_of_layer, transfer_matrix

_MOST_VALUES = 1000
"""An inequality in a width is tried at so many at most."""


def activation_limit(net: Ensemble, order: int = 2) -> sp.Expr:
    r"""Derive :math:`\lim_{L\to\infty}E|a_L|^{order}` of networks with biases, which the input does not change.

    Parameters
    ----------
    net : Ensemble
        A network of constant width with biases; its depth does not matter. Orthogonal weights are known at order 2.
    order : int
        The power of the norm: 2, 4, 6, ...

    Returns
    -------
    sympy.Expr
        The limit where it is finite. For letters that leave this open, :func:`limit_conditions` says where.

    Raises
    ------
    InvalidArgument
        If the moment is known to have no finite limit, the network has no biases, its widths differ, or as
        :func:`theory.moments.transfer.transfer_matrix`.

    Examples
    --------
    >>> from theory import Ensemble
    >>> activation_limit(Ensemble(width="n", depth="L", activation="relu", init="pytorch", bias="pytorch"))
    1/5
    >>> activation_limit(Ensemble(width="n", depth="L", activation="relu", init="xavier", bias="variance:t"), order=4)
    3*n**2*t**2*(n + 5)/(3*n - 5)
    """
    limit_conditions(net, order)  # refuses what has no limit
    transfer = _map_of(net, order)
    inner, constant = transfer.matrix[:-1, :-1], transfer.matrix[:-1, -1]
    return symbols.tidy((sp.eye(inner.rows) - inner).LUsolve(constant)[0])


def limit_conditions(net: Ensemble, order: int = 2) -> tuple[sp.Expr, ...]:
    r"""Return the inequalities under which :func:`activation_limit` is finite; there are none where it always is.

    Parameters and errors are those of :func:`activation_limit`.

    Examples
    --------
    >>> from theory import Ensemble
    >>> net = Ensemble(width="n", depth="L", activation="relu", init="xavier", bias="1/10")
    >>> limit_conditions(net), limit_conditions(net, order=4)
    ((), (3/4 - 5/(4*n) > 0,))
    """
    transfer = _map_of(net, order)
    inner = transfer.matrix[:-1, :-1]
    if all(entry.is_Rational for entry in inner):
        if not _contracts(inner):
            raise _grows(order)
        return ()
    conditions = []
    for positive in _must_be_positive(transfer):
        sign = _sign_everywhere(positive)
        if sign < 0:
            raise _grows(order)
        if sign == 0:
            conditions.append(sp.StrictGreaterThan(positive, 0, evaluate=False))
    return tuple(conditions)


def _map_of(net: Ensemble, order: int) -> TransferMatrix:
    require_ensemble(net)
    if not net.is_constant_width:
        raise InvalidArgument("widths", "differ, so there is no limit in the depth", "use width=32")
    if net.bias.name == "none":
        problem = "without biases the moment vanishes, stays or grows by the rate of a layer"
        raise InvalidArgument("bias", problem, "use e.g. bias='1/10', or ask for the moment itself")
    if order == 2 and net.architecture.is_plain and not net.has_independent_entries:
        return map_of_layer(Layer.forward(net, 1), 2)
    return transfer_matrix(net, order)


def _grows(order: int) -> InvalidArgument:
    problem = f"E|a_L|^{order} has no finite limit here, as a layer does not shrink it"
    return InvalidArgument("init", problem, "use a smaller variance of the weights, or ask for the moment itself")


def _must_be_positive(transfer: TransferMatrix) -> list[sp.Expr]:
    """Return what is positive if and only if all eigenvalues but that of the constant lie within the unit circle."""
    found: list[sp.Expr] = []
    for degree in sorted({sum(part) for part in transfer.basis} - {0}, reverse=True):
        places = [place for place, part in enumerate(transfer.basis) if sum(part) == degree]
        block = transfer.matrix.extract(places, places)
        if block.rows == 1:
            found.append(1 - block[0])
        elif block.rows == 2:  # Jury's conditions
            trace, determinant = block.trace(), block.det()
            found += [1 - trace + determinant, 1 + trace + determinant, 1 - determinant]
        else:
            problem = f"a recursion of {block.rows} terms leaves open where the limit is finite"
            raise InvalidArgument("order", problem, "give numbers for the width and the law, or a lower order")
    if transfer.matrix.is_upper:  # by Jensen's inequality the highest order has the highest rate
        found = found[:1]
    return [symbols.tidy(positive) for positive in found]


def _sign_everywhere(expression: sp.Expr) -> int:
    """Return 1 for what is positive at all values of its letters, -1 for what is not so at any, 0 if that is open."""
    above, below = sp.fraction(sp.together(expression))
    letters = (above * below).free_symbols
    if not letters:
        return 1 if expression > 0 else -1
    if len(letters) > 1:
        return 0
    (letter,) = letters
    product = sp.Poly(sp.expand(above * below), letter)
    roots = [root for root in product.real_roots() if root.is_positive]
    values = [1]
    if letter.is_integer:  # beyond the last root all whole numbers are alike
        values = list(range(1, math.floor(max(roots, default=0)) + 3))
        if len(values) > _MOST_VALUES:
            return 0
    elif roots:
        return 0
    signs = {bool(product(value) > 0) for value in values}
    return 0 if len(signs) > 1 else 1 if signs == {True} else -1


def _contracts(matrix: sp.Matrix) -> bool:
    """Whether all eigenvalues of a matrix of numbers lie within the unit circle."""
    entries = [flint.fmpq(int(entry.p), int(entry.q)) for entry in matrix]
    roots: Any = flint.fmpq_mat(matrix.rows, matrix.cols, entries).charpoly().numer().complex_roots()
    return all(bool(abs(root) < 1) for root, _ in roots)

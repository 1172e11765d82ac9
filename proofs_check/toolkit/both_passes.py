"""What the layers above, between and below two others carry: |b_l|, |M_lk| and |a_{k-1}| as numbers for an induction.

That masks act as if they were independent is the row-sign argument in theory.moments.gradients.
"""

from __future__ import annotations

import sympy as sp

from proofs_check.evidence import Backward, Carried
from proofs_check.toolkit.depth_induction import of_any_variance
from theory import symbols
from theory.ensembles import Ensemble
from theory.moments.gradients import backward_moment
from theory.moments.jacobians import jacobian_step
from theory.moments.transfer import input_power_sums, transfer_matrix

ABOVE, BETWEEN, BELOW = (sp.Symbol(name, integer=True, nonnegative=True) for name in ("i", "j", "m"))
"""How many layers there are above layer l, between layers k and l, and below layer k."""


def above(net: Ensemble, order: int) -> Carried:
    r"""Return :math:`E|b_l|^{order}`, carried by :data:`ABOVE` layers from the masked readout.

    Parameters
    ----------
    net : Ensemble
        Networks of constant width whose one-layer map at this order has one row.
    order : int
        The power of the norm.

    Examples
    --------
    >>> net = Ensemble(width="n", depth="L", activation="relu", init="he")
    >>> above(net, 2).matrix, above(net, 2).start
    (Matrix([[n*s2/2]]), (1/2,))
    """
    assert isinstance(net.depth, str)
    step = transfer_matrix(of_any_variance(net), order).matrix
    return Carried(ABOVE, step, (backward_moment(net, net.depth, order),))


def between(net: Ensemble, order: int) -> Carried:
    r"""Return :math:`E|M_{lk}|_F^{order}`, carried by :data:`BETWEEN` layers from the mask of layer k.

    Parameters are those of :func:`above`.
    """
    step, mask = jacobian_step(of_any_variance(net), order)
    return Carried(BETWEEN, step.matrix, tuple(mask))


def below(net: Ensemble, order: int) -> Carried:
    r"""Return :math:`E|a_{k-1}|^{order}`, carried by :data:`BELOW` layers from the input.

    Parameters are those of :func:`above`.
    """
    step = transfer_matrix(of_any_variance(net), order)
    return Carried(BELOW, step.matrix, (input_power_sums(net, step.basis[0]),))


def at_layers(net: Ensemble, claimed: sp.Expr, k: str = "k", later: str = "l") -> sp.Expr:
    """Return a claim about layers k < l of L in the numbers of layers above, between and below them.

    Parameters
    ----------
    net : Ensemble
        Its depth is a symbol.
    claimed : sympy.Expr
        In the symbols of the depth and of the two layers.
    k, later : str
        The names of the two layers' symbols.

    Examples
    --------
    >>> net = Ensemble(width="n", depth="L", activation="relu", init="he")
    >>> L, k = symbols.whole("L"), symbols.whole("k")
    >>> at_layers(net, L - k)
    i + j + 1
    """
    place = {
        symbols.whole(net.depth): ABOVE + BETWEEN + BELOW + 2,
        symbols.whole(k): BELOW + 1,
        symbols.whole(later): BELOW + BETWEEN + 2,
    }
    return sp.sympify(claimed, strict=True).subs(place, simultaneous=True)


def backward_pass(net: Ensemble, *, blocks: bool) -> Backward:
    """Return what the numbers at order 2 come from: the moments of single weights, and of the readout.

    Parameters
    ----------
    net : Ensemble
        Networks of constant width with a readout of independent symmetric signs.
    blocks : bool
        Whether blocks of the Hessian are meant, rather than gradients.

    Examples
    --------
    >>> backward_pass(Ensemble(width="n", depth="L", activation="relu", init="he"), blocks=False).readout
    1/n
    """
    width, variance = symbols.whole(net.width_at(net.depth)), symbols.variance(of_any_variance(net), 1)
    return Backward(blocks, width, variance, symbols.slope(net), symbols.readout_entry_moment(net, 2))

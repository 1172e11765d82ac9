r"""Residual networks at their initialization: the mean square of the Hessian in all weights.

*Linear branches.* :math:`H_{kl}` has the squared norm :math:`\alpha^4|b|^2|J_{l-1}\cdots J_{k+1}|_F^2|a_{k-1}|^2`,
where b is the derivative of f after layer l, and :math:`J=I+\alpha W`. The three factors are independent, and in
the mean each layer in them multiplies by :math:`1+\alpha^2q`. So

.. math:: E|H|_F^2 = L(L-1)\,\alpha^4n\,(1+\alpha^2q)^{L-2}|x|^2,

which tends to :math:`n\,e^q|x|^2` at :math:`\alpha=1/\sqrt L`. So there is no plateau, at any depth.

*Branches of two matrices*, B branches :math:`\alpha W'\phi(Wa)`. A branch multiplies the mean square of every
vector that is fixed before it by :math:`r=1+\alpha^2qq'`, along the signal or across it. Within a branch,
:math:`H_{WW'}` has the mean square :math:`\alpha^2np_2\,r^{B-1}`. Between two branches, each of the four pairs of
matrices has :math:`\alpha^4nq^2\,r^{B-2}`, where r counts the layers between them too. So

.. math:: E|H|_F^2 = \bigl(2B\,\alpha^2np_2\,r^{B-1}+4B(B-1)\,\alpha^4nq^2\,r^{B-2}\bigr)|x|^2.

Under He this tends to :math:`5ne^2|x|^2` at :math:`\alpha=1/\sqrt B`, and falls like n/B at :math:`\alpha=1/B`.

*Scale 0* (fixup), where each of B branches :math:`W'\phi(Wa)` starts at W' = 0. All activations beside the branches
are x, and f = <v, x>. With :math:`h_j=\phi(W_jx)`, the second derivative has the blocks
:math:`v^TdW'_jD_jdW_jx`, and :math:`v^TdW'_jD_jW_jdW'_ih_i` for i < j, and no others. So

.. math:: E|H|_F^2 = 2|x|^2\Bigl(B\,np_2+\tfrac{B(B-1)}2(np_2)^2ns^4\cdot n\Bigr)

for E|v|^2 = 1 and no atoms. Under He this is :math:`B^2n|x|^2`. At the start the gradients of half the matrices are
0, but the curvature is not.
"""

from __future__ import annotations

import sympy as sp

from theory import symbols
from theory.architectures.residual import branch_count, branch_map, branch_scale, require_residual
from theory.ensembles import Ensemble, InvalidArgument
from theory.requirements import require_short


def residual_hessian_moment(net: Ensemble) -> sp.Expr:
    r"""Derive :math:`E|H|_F^2` of the Hessian of f in all weights.

    Parameters
    ----------
    net : Ensemble
        A residual network with a random readout, whose branches are linear or have two matrices; with two matrices the
        law must have no atoms.

    Raises
    ------
    InvalidArgument
        If the readout, the law or the branches are others.

    Examples
    --------
    >>> residual_hessian_moment(Ensemble(width="n", depth="L", init="xavier", architecture="residual:1/sqrt(L)"))
    n*norm_x**2*(1 + 1/L)**(L - 2)*(L - 1)/L
    >>> relu = Ensemble(width=16, depth=128, activation="relu", init="he", architecture="residual:1/sqrt(L):two")
    >>> round(float(residual_hessian_moment(relu)), 1)
    535.7
    >>> fixup = Ensemble(width="n", depth="L", activation="relu", init="he", architecture="residual:0:two")
    >>> residual_hessian_moment(fixup)
    L**2*n*norm_x**2/4
    """
    require_residual(net, "linear", "two")
    if net.architecture.alpha == 0:
        return _fixup_hessian_moment(net)
    if not net.has_sign_symmetric_readout:
        raise InvalidArgument("readout", "the formula is for a random readout", "use readout='random' or 'signs'")
    n, count, square = symbols.whole(net.width_at(0)), branch_count(net), symbols.input_power_sum(net, 2)
    scale, transfer = branch_scale(net), branch_map(net, 2).matrix
    require_short(transfer, count)
    growth = transfer[0]
    if net.architecture.branch == "linear":
        return count * (count - 1) * scale**4 * n * growth ** (count - 2) * square
    if net.law.has_atoms and symbols.slope(net) != 1:
        raise InvalidArgument("law", f"{net.law.name!r} has atoms, where masks are no fair coins", "use law='normal'")
    gate = symbols.gate_moment(symbols.slope(net), 2)
    kept = symbols.tidy(n * gate * symbols.variance(net, 1))
    within = 2 * count * scale**2 * n * gate * growth ** (count - 1)
    return (within + 4 * count * (count - 1) * scale**4 * n * kept**2 * growth ** (count - 2)) * square


def _fixup_hessian_moment(net: Ensemble) -> sp.Expr:
    """Return E|H|_F^2 where the second matrix of each branch is 0."""
    if not net.has_sign_symmetric_readout or net.law.has_atoms:
        problem = "the formula is for a random readout and a law without atoms"
        raise InvalidArgument("net", problem, "use readout='random' and law='normal'")
    n, pairs = symbols.whole(net.width_at(0)), branch_count(net)
    gate, s2 = symbols.gate_moment(symbols.slope(net), 2), symbols.variance(net, 1)
    own, across = pairs * n * gate, pairs * (pairs - 1) / 2 * (n * gate) ** 2 * n * s2**2
    return symbols.tidy(2 * (own + across)) * symbols.input_power_sum(net, 2)

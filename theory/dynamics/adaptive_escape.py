r"""How many steps sign descent, RMSprop and Adam need to leave the plateau of a balanced chain.

While the saddle is strict, all weights of the chain (:mod:`theory.dynamics.balanced_chains`) move alike, and their
gradients do not fall. So :mod:`theory.dynamics.update_rules` bounds each step from both sides. At :math:`\epsilon = 0`
Adam's number of steps from :math:`w_0` to :math:`w_1` lies between :math:`(w_1-w_0)/(B\eta)` and
:math:`1+(w_1-w_0)/(0.48\eta)`, whatever the depth, the input and the target: the curvature does not matter. Each
gradient is at most :math:`r = (1+B\eta/w_0)^{L-1}` times the one before, so for :math:`\eta L \ll w_0(1-\beta_2)` the
number of steps is that of sign descent.
"""

from __future__ import annotations

import sympy as sp

from theory import symbols
from theory.dynamics.balanced_chains import BalancedChain
from theory.dynamics.update_rules import UpdateRule
from theory.ensembles import InvalidArgument
from theory.symbols import Scalar


def chain_steps(rule: UpdateRule, chain: BalancedChain, end: Scalar, learning_rate: Scalar) -> tuple[sp.Expr, sp.Expr]:
    r"""Derive bounds on the number of steps in which a balanced chain's weights get from w_0 to beyond w_1.

    Parameters
    ----------
    rule : UpdateRule
        The rule, whose betas are numbers.
    chain : BalancedChain
        The chain, without symbols.
    end : number
        The weight w_1, where :math:`f_1 \le \frac{L-1}{2L-1}y`.
    learning_rate : number
        The learning rate :math:`\eta`.

    Returns
    -------
    (lower, upper) : SymPy expressions
        At :math:`\epsilon = 0` both are of the order of :math:`(w_1-w_0)/\eta`, without the curvature. The lower bound
        is at least :math:`\epsilon T/\eta`, the steps of gradient descent with the learning rate :math:`\eta/\epsilon`.

    Raises
    ------
    InvalidArgument
        If the rule or the chain is something else, and as :meth:`UpdateRule.bound`, :meth:`UpdateRule.floor` and
        :meth:`BalancedChain.descent_steps`.

    Examples
    --------
    >>> from theory.dynamics.update_rules import ADAM
    >>> chains = [BalancedChain(L, 1, 1, "1/10") for L in (4, 6)]
    >>> [[round(float(bound)) for bound in chain_steps(ADAM, chain, "7/10", "1/1000")] for chain in chains]
    [[83, 1247], [83, 1249]]
    """
    if not isinstance(rule, UpdateRule):
        raise InvalidArgument("rule", f"must be an UpdateRule, got {rule!r}", "use ADAM, RMSPROP or SIGN")
    if not isinstance(chain, BalancedChain):
        raise InvalidArgument("chain", f"must be a BalancedChain, got {chain!r}", "use BalancedChain(3, 1, 1, '1/10')")
    eta = symbols.positive("learning_rate", learning_rate)
    slowest, _ = chain.descent_steps(end, eta)  # refuses what must be refused
    start, last = chain.sizes(end)
    way, gradient = last - start, chain.speed()
    greatest, (least, _) = rule.bound(), rule.floor()
    if rule.bias_correction:
        low, high = rule.growth_range((1 + greatest * eta / start) ** (symbols.whole(chain.depth) - 1))
        greatest, least = sp.Min(greatest, high), sp.Max(least, low)
    elif rule.beta_1 != 0:
        gradient *= sp.sqrt(1 - rule.beta_2)  # the averages begin at 0, and sqrt(v) is at least this
    fewest = sp.Max(way / (greatest * eta), rule.epsilon * slowest)
    most = 1 + way / (least * eta) * (1 + rule.epsilon / gradient)
    if rule.beta_1 == 0:  # a step is at least that of gradient descent with the learning rate eta/(g_1 + epsilon)
        most = sp.Min(most, chain.descent_steps(end, eta / (chain.speed(end) + rule.epsilon))[1])
    return fewest, most

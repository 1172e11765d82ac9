"""Induction over depth: a claimed moment must satisfy the recursion that one layer, derived by theory, implies."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import sympy as sp

from proofs_check.evidence import Obligation, Proved
from proofs_check.statement import Claim
from theory import symbols
from theory.ensembles import Ensemble
from theory.moments.transfer import input_power_sums, transfer_matrix


def induction_over_depth(check: str, net: Ensemble, order: int) -> Proved:
    r"""Return the proof of a claim about :math:`E|a_L|^{order}` for symbolic width and depth.

    Parameters
    ----------
    check : str
        What is proved, in words.
    net : Ensemble
        An ensemble whose width and depth are symbols.
    order : int
        The power, even.

    Notes
    -----
    Let T be the transfer matrix of one layer, of size r by r, and c the coefficients of its characteristic
    polynomial. By Cayley and Hamilton, sum_j c_j E|a_{L+j}|^order = 0. This recursion and the first r values determine
    all others. So the base of the induction is L = 0, ..., r-1, and the step is the recursion.
    """
    width = net.width_at(net.depth)
    covers = f"all {width}, {net.depth}" if isinstance(width, str) else f"n = {width}, all {net.depth}"
    return Proved(check, partial(_obligations, net, order), covers)


def _obligations(net: Ensemble, order: int, claim: Claim) -> list[Obligation]:
    depth = symbols.whole(net.depth)
    transfer = transfer_matrix(net, order)
    vector = sp.Matrix([input_power_sums(net, mu) for mu in transfer.basis])
    claimed = claim(net)
    slopes = tuple(symbols.slope(net).free_symbols)
    value: Callable[[sp.Expr | int], sp.Expr] = lambda at: claimed.subs(depth, at)  # noqa: E731
    obligations = []
    for start in range(len(transfer.basis)):
        obligations.append(Obligation(f"base L = {start}", vector[0], value(start), slopes))
        vector = transfer.matrix * vector
    coefficients = transfer.matrix.charpoly().all_coeffs()[::-1]
    step = sp.Add(*(c * value(depth + j) for j, c in enumerate(coefficients)))
    return [*obligations, Obligation("step", step, slopes)]

"""Induction over depth: a claimed moment must be what one layer, derived by theory, carries from layer to layer."""

from __future__ import annotations

from functools import partial

import sympy as sp

from proofs_check.evidence import Carried, Forward, Induction, Proved
from proofs_check.statement import Claim
from theory import symbols
from theory.ensembles import Ensemble
from theory.moments.transfer import input_power_sums, transfer_matrix

_S2 = "s2"


def induction_over_depth(check: str, net: Ensemble, order: int) -> Proved:
    r"""Return the proof of a claim about :math:`E|a_L|^{order}` for symbolic width and depth.

    Parameters
    ----------
    check : str
        What is proved, in words.
    net : Ensemble
        An ensemble whose depth is a symbol.
    order : int
        The power, even.

    Notes
    -----
    The map of one layer is derived for weights of any variance s^2; what s^2 is for this initialization is put in by
    the systems that decide the obligations, not by theory.
    """
    width = net.width_at(net.depth)
    covers = f"all {width}, {net.depth}" if isinstance(width, str) else f"n = {width}, all {net.depth}"
    return Proved.by_induction(check, partial(_inductions, net, order), covers)


def _inductions(net: Ensemble, order: int, claim: Claim) -> list[Induction]:
    transfer = transfer_matrix(of_any_variance(net), order)
    slope = symbols.slope(net)
    start = tuple(input_power_sums(net, mu) for mu in transfer.basis)
    forward = Forward(
        order,
        symbols.whole(net.width_at(net.depth)),
        symbols.number(_S2),
        symbols.number(net.law.kurtosis) if order == 4 else sp.S.Zero,
        slope,
    )
    return [
        Induction(
            f"E|a_{net.depth}|^{order}",
            (Carried(symbols.whole(net.depth), transfer.matrix, start),),
            claim(net),
            tuple(slope.free_symbols),
            variance_of(net),
            forward if order in (2, 4) and net.bias.name == "none" else None,
        )
    ]


def of_any_variance(net: Ensemble) -> Ensemble:
    """Return the same networks with weights of the variance ``s2``.

    Examples
    --------
    >>> symbols.variance(of_any_variance(Ensemble(width="n", depth="L", activation="relu", init="he")), 1)
    s2
    """
    return net.at(init=f"variance:{_S2}")


def variance_of(net: Ensemble) -> tuple[tuple[sp.Symbol, sp.Expr], ...]:
    """Return what ``s2`` stands for, and nothing where it is the network's own letter.

    Examples
    --------
    >>> variance_of(Ensemble(width="n", depth="L", activation="relu", init="he"))
    ((s2, 2/n),)
    """
    letter, value = symbols.number(_S2), symbols.variance(net, 1)
    return () if value == letter else ((letter, value),)

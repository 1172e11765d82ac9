"""What theory answers: the transfer matrix for networks, Wick on index graphs for traces."""

from __future__ import annotations

import sympy as sp

from benchmarks.cases import WIDTH, Case
from theory.ensembles import Ensemble
from theory.matrix_expectations import Gaussian, expectation
from theory.moments.activations import activation_moment


def solve(case: Case, route: str = "") -> sp.Expr:
    """Return the answer in symbols."""
    if case.depth is not None:
        net = Ensemble(width="n", depth=case.depth, init=1, law=case.law, activation=case.activation)
        return activation_moment(net, 4)
    W = sp.MatrixSymbol("W", WIDTH, WIDTH)
    return expectation(sp.Trace((W * W.T) ** 3), {W: Gaussian(1)})


def read(result: sp.Expr) -> sp.Expr:
    """Return the result: it is SymPy already."""
    return result

"""What tensorgrad answers: Gaussian expectations of tensor diagrams, with symbolic sizes.

- written: the diagram as it reads, every W_k averaged out by `Expectation`, simplified.
- helped: what made it end. Networks: given a_{k-1}, the vector a_k is normal with covariance |a_{k-1}|^2 times the
  identity, so that only vectors are averaged, last layer first. Traces: the first of Stein's integrations by parts is
  written out and simplified before the rest is averaged.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
import tensorgrad as tg
from tensorgrad import functions as tgf
from tensorgrad.tensor import Rename

from benchmarks.cases import NORM, WIDTH, Cannot, Case

_STEPWISE = {"combine_products": False, "factor_components": False, "expand": True}
_NORM_OF_INPUT = "norm"


def solve(case: Case, route: str) -> Any:
    """Return the answer as a tensor without edges."""
    if case.law != "normal":
        raise Cannot("Gaussian only")
    if case.depth == "L":
        raise Cannot("every layer is a node")
    if case.depth is None:
        return _trace() if route == "written" else _trace_after_one_step()
    depth = int(case.depth)
    if route == "written":
        return _network(depth, case.activation)
    return _vectors(depth, case.activation)


def read(result: Any) -> sp.Expr:
    """Return a tensor without edges as SymPy; Cannot if an expectation is left standing.

    Raises
    ------
    Cannot
        If tensorgrad has not averaged everything out.
    """
    match result:
        case tg.Expectation():
            raise Cannot("leaves E[...] standing")
        case Rename():
            return read(result.tensor)
        case tg.Sum():
            return sp.Add(*(w * read(term) for w, term in zip(result.weights, result.terms, strict=True)))
        case tg.Delta() if not result.edges:
            return result.size
        case tg.Variable(name="norm"):
            return NORM
        case tg.Function() if result.signature.name.startswith("pow") and not result.edges:
            return read(result.inputs[0]) ** result.signature.k
        case tg.Product():
            return sp.Mul(*(_component(component) for component in result.components()))
    raise Cannot(f"leaves a {type(result).__name__}")


def _component(part: Any) -> sp.Expr:
    """Return one connected part of a product: a single factor, or the sum of the squares of x."""
    if len(part.factors) == 1:
        return read(part.factors[0])
    if "E[" in repr(part):
        raise Cannot("leaves E[...] standing")
    kinds = sorted(type(factor).__name__ for factor in part.factors)
    if kinds == ["Delta", "Function"] and part == tgf.sum(tgf.pow(tg.Variable("x", j=WIDTH), 2)):
        return NORM**2
    raise Cannot(f"leaves {len(part.factors)} factors joined")


def _layer(k: int) -> Any:
    return tg.Variable(f"W{k}", **{f"i{k}": WIDTH, f"i{k - 1}": WIDTH})


def _activated(tensor: Any, activation: str) -> Any:
    return tgf.relu(tensor) if activation == "relu" else tensor


def _network(depth: int, activation: str) -> Any:
    signal = tg.Variable("x", j=WIDTH).rename(j="i0")
    weights = [_layer(k) for k in range(1, depth + 1)]
    for weight in weights:
        signal = _activated(weight @ signal, activation)
    average = tgf.pow(signal @ signal, 2)
    for weight in reversed(weights):
        average = tg.Expectation(average, weight)
    return average.full_simplify()


def _vectors(depth: int, activation: str) -> Any:
    vectors = [tg.Variable(f"a{k}", **{f"i{k}": WIDTH}) for k in range(depth + 1)]
    last = _activated(vectors[depth], activation)
    average = (last @ last) @ (last @ last)
    for k in range(depth, 0, -1):
        below = _activated(vectors[k - 1], activation)
        norm = tg.Variable(_NORM_OF_INPUT)
        square = norm * norm if k == 1 else below @ below
        covariance = tg.Delta(WIDTH, f"i{k}", f"j{k}") @ square
        average = _averaged(tg.Expectation(average, vectors[k], covar=covariance, covar_names={f"i{k}": f"j{k}"}))
    return average.full_simplify()


def _averaged(tensor: Any) -> Any:
    """Simplify until no expectation stands or nothing changes, without collecting powers.

    A further expectation could not take powers apart.
    """
    while True:
        simpler = tensor.simplify(dict(_STEPWISE))
        if "E[" not in repr(simpler) or simpler == tensor:
            return simpler
        tensor = simpler


def _differentiated(tensor: Any) -> Any:
    """Simplify until nothing changes, without collecting powers."""
    while (simpler := tensor.simplify(dict(_STEPWISE))) != tensor:
        tensor = simpler
    return tensor


def _trace() -> Any:
    W = tg.Variable("W", i=WIDTH, j=WIDTH)
    around = (("a", "p"), ("b", "p"), ("b", "q"), ("c", "q"), ("c", "r"), ("a", "r"))
    return tg.Expectation(tg.Product([W.rename(i=i, j=j) for i, j in around]), W).full_simplify()


def _trace_after_one_step() -> Any:
    """E sum_ij W_ij R_ij = E sum_ij dR_ij/dW_ij, where R = W W^T W W^T W."""
    W = tg.Variable("W", i=WIDTH, j=WIDTH)
    around = (("i", "p"), ("b", "p"), ("b", "q"), ("c", "q"), ("c", "j"))
    rest = tg.Product([W.rename(i=i, j=j) for i, j in around])
    derivative = tg.Derivative(rest, W, {"i": "i_", "j": "j_"})
    contracted = derivative @ tg.Delta(WIDTH, "i", "i_") @ tg.Delta(WIDTH, "j", "j_")
    return tg.Expectation(_differentiated(contracted), W).full_simplify()

"""The benchmark's questions have the answers that quadrature gives, ours among them; no clock is read here."""

from __future__ import annotations

import json
import math
import re
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import sympy as sp

from benchmarks import ours
from benchmarks.cases import CASES, DEPTH, NORM, NORM4, WIDTH, Case, agree
from benchmarks.expectations import ask, main, table
from benchmarks.sides import OURS, SIDES
from benchmarks.worker import expected

TRACE = next(case for case in CASES if case.depth is None)
NETWORKS = [case for case in CASES if case.depth is not None]
X = np.array([0.6, 0.8])


def _nodes(law: str, degree: int) -> list[tuple[float, float]]:
    """Nodes and weights of an even number that integrate polynomials of that degree in one entry exactly."""
    count = 2 * math.ceil((degree + 1) / 4)
    if law == "uniform":
        at, weights = np.polynomial.legendre.leggauss(count)
        return list(zip(at * math.sqrt(3), weights / 2, strict=True))
    at, weights = np.polynomial.hermite_e.hermegauss(count)
    return list(zip(at, weights / math.sqrt(2 * math.pi), strict=True))


def _matrices(law: str, size: int, degree: int) -> tuple[np.ndarray, np.ndarray]:
    """Square matrices and weights that integrate polynomials of that degree in each of their entries exactly."""
    grid = list(product(_nodes(law, degree), repeat=size * size))
    matrices = np.array([[node for node, _ in entries] for entries in grid]).reshape(-1, size, size)
    return matrices, np.array([math.prod(weight for _, weight in entries) for entries in grid])


def _by_quadrature(case: Case, depth: int) -> float:
    """E|a_depth|^4 of width 2, matrix by matrix: moments of a gated unit are half the even ones, which are exact."""
    matrices, weights = _matrices(case.law, 2, 4)

    def average(inputs: np.ndarray, layers: int) -> np.ndarray:
        out = np.einsum("wij,vj->wvi", matrices, inputs)
        if case.activation == "relu":
            out = np.maximum(out, 0)
        values = (out**2).sum(-1) ** 2 if layers == 1 else average(out.reshape(-1, 2), layers - 1)
        return np.einsum("w,wv->v", weights, values.reshape(out.shape[:2]))

    return float(average(X[None, :], depth)[0])


def _in_powers(case: Case, depth: int) -> float:
    """The same without activation, for any depth: E of four copies of W as a matrix, and its power."""
    w, weights = _matrices(case.law, 2, 4)
    layer = np.einsum("w,wai,wbj,wck,wdl->abcdijkl", weights, w, w, w, w, optimize=True).reshape(16, 16)
    entering = np.einsum("i,j,k,l->ijkl", X, X, X, X).reshape(16)
    leaving = (np.linalg.matrix_power(layer, depth) @ entering).reshape(2, 2, 2, 2)
    return float(np.einsum("iijj->", leaving))


def _number(value: sp.Expr, depth: int) -> float:
    return float(value.subs({DEPTH: depth, WIDTH: 2, NORM: 1, NORM4: sp.root(sp.Rational(6**4 + 8**4, 10**4), 4)}))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_our_answer_is_the_independent_value(case: Case) -> None:
    assert agree(ours.read(ours.solve(case)), case.value())


@pytest.mark.parametrize("case", [case for case in NETWORKS if case.activation == "linear"], ids=lambda case: case.name)
def test_values_of_linear_networks_by_quadrature(case: Case) -> None:
    depth = 3 if case.depth == "L" else int(case.depth or 0)
    assert _number(case.value(), depth) == pytest.approx(_in_powers(case, depth), rel=1e-11)


@pytest.mark.parametrize("case", [case for case in NETWORKS if case.depth in (1, 2)], ids=lambda case: case.name)
def test_values_of_shallow_networks_by_quadrature(case: Case) -> None:
    depth = int(case.depth or 0)
    assert _number(case.value(), depth) == pytest.approx(_by_quadrature(case, depth), rel=1e-11)


@pytest.mark.parametrize("size", [1, 2])
def test_value_of_the_trace_by_quadrature(size: int) -> None:
    w, weights = _matrices("normal", size, 6)
    square = w @ w.transpose(0, 2, 1)
    third = np.trace(square @ square @ square, axis1=1, axis2=2)
    assert float(TRACE.value().subs(WIDTH, size)) == pytest.approx(float(weights @ third), rel=1e-11)


def test_a_wrong_answer_is_noticed() -> None:
    for case in CASES:
        assert not agree(case.value() + 1, case.value())
        assert not agree(case.value() * (WIDTH + 1), case.value())


def test_what_a_side_fixes_is_put_into_the_value() -> None:
    one = CASES[0]
    fixed = {side.name: expected(side, one) for side in SIDES}
    x1, x2 = sp.symbols("x1 x2", positive=True)
    assert fixed["haarpy, integrals"] == 8
    assert fixed["SymPy"] == 8 * (x1**2 + x2**2) ** 2
    assert fixed[OURS.name] == one.value()


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    assert "--peers" in capsys.readouterr().out


def test_without_peers(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "times.json"
    assert main(["--peers", "none", "--repeat", "1", "--json", str(file)]) == 0
    out = capsys.readouterr().out
    assert len(re.findall(r"^  theory ", out, re.MULTILINE)) == len(CASES)
    rows = json.loads(file.read_text(encoding="utf-8"))["rows"]
    assert [row["case"] for row in rows] == [case.name for case in CASES]
    assert all(row["cold"] > 0 and row["warm"] > 0 and not row["failure"] for row in rows)


def test_a_call_that_outlasts_the_limit_is_no_answer() -> None:
    row = ask(OURS, CASES[0], repeat=1, limit=1e-4)
    assert row.failure == "no answer in 0.0001 s"
    assert row.warm is None
    assert list(table(row.case, [row]))[-1].endswith(row.failure)

"""What theory returns is shown on one short line, and in LaTeX where a formula is the heart of it."""

import dataclasses
import importlib
import inspect
import pkgutil
import re
from typing import Any

import pytest
import sympy as sp

import theory
from theory import ChainLaw, Gaussian, LogGradientLaw, LogNormLaw, activation_sequence, feasible_widths, transfer_matrix
from theory.dynamics.balanced_chains import BalancedChain
from theory.dynamics.update_rules import UpdateRule
from theory.ensembles import Architecture, Ensemble, Initialization, Law
from theory.log_laws.float_inversion import FloatInversion
from theory.log_laws.log_norms import layer_factor
from theory.matrix_expectations.calculation import Calculation
from theory.matrix_expectations.parsing import parse
from theory.moments.transfer import Layer, TransferMatrix, power_sum

RELU = Ensemble(width="n", depth="L", activation="relu", init="he")
ANY = RELU.at(law="symmetric")
DEEP = RELU.at(width=32, depth=64)
W = sp.MatrixSymbol("W", 2, 3)
PARSED = parse(sp.Trace(W * W.T * W * W.T), {W: Gaussian(sp.Integer(1))})

SHOWN = [
    DEEP,
    DEEP.law,
    DEEP.init,
    Law.discrete({-1: "1/8", 0: "3/4", 1: "1/8"}),
    Initialization.parse("1/3"),
    Architecture.parse("residual:1/2", activation="relu"),
    LogNormLaw(DEEP),
    LogGradientLaw(DEEP, layer=3),
    ChainLaw(Ensemble(width=1, depth="L")),
    transfer_matrix(RELU, 4),
    transfer_matrix(ANY, 8),
    activation_sequence(ANY, 8),
    Layer.forward(ANY, 1),
    layer_factor(DEEP, 1),
    FloatInversion([(layer_factor(DEEP, 1), 1)] * 64, 0.0, "deep"),
    Calculation.of(*PARSED, {W: Gaussian(sp.Integer(1))}),
    feasible_widths(Ensemble(width="n", depth=4, activation="relu", init="he"), "1/2", "1/2"),
    BalancedChain(24, 1, 1, "7/10"),
    UpdateRule(0, "beta_2", 0),
    Gaussian(1 / sp.Symbol("n")),
]


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: type(shown).__name__)
def test_what_theory_returns_is_shown_on_one_short_line(shown: Any) -> None:
    text = repr(shown)
    assert "\n" not in text
    assert len(text) < 200
    assert "object at" not in text
    assert "function" not in text


def test_no_class_shows_a_whole_matrix_or_a_table_by_default() -> None:
    """Matrices, and whatever holds several of the package's own things, have a repr of their own."""
    for module in pkgutil.walk_packages(theory.__path__, "theory."):
        for name, kind in vars(importlib.import_module(module.name)).items():
            if not dataclasses.is_dataclass(kind) or kind.__module__ != module.name or name.startswith("_"):
                continue
            if "__repr__" not in vars(kind):  # that of its base, which is among these
                continue
            code = inspect.unwrap(vars(kind)["__repr__"]).__code__
            if code.co_filename != inspect.getsourcefile(kind):
                annotated = " ".join(map(str, inspect.get_annotations(kind).values()))
                assert not re.search(r"\bMatrix\b|Sequence\[|dict\[|Mapping\[", annotated), name


def test_a_map_of_one_layer_is_shown_as_a_formula() -> None:
    one, two = transfer_matrix(RELU, 4), transfer_matrix(ANY, 4)
    assert repr(one) == "TransferMatrix(order 4: 1 + 5/n)"
    assert repr(two) == "TransferMatrix(order 4: 2 power sums)"
    formula = two._repr_latex_()
    assert formula.startswith("$")
    assert formula.endswith("$")
    assert sp.latex(two.matrix) in formula
    for part in two.basis:
        assert power_sum(part, "k") in formula
        assert power_sum(part, "k-1") in formula


@pytest.mark.parametrize("part", [(1,), (1, 1), (2,), (3, 2, 2, 1), (4, 4)])
def test_powers_of_norms_have_the_degree_of_the_power_sum(part: tuple[int, ...]) -> None:
    shown = [term.split("^") for term in power_sum(part, "k").split(" ")]
    powers = {int(norm.rpartition("_{")[2].strip("{}")): int(power.strip("{}")) for norm, power in shown}
    assert sum(powers.values()) == 2 * sum(part)
    assert sorted(part) == sorted(norm // 2 for norm, power in powers.items() for _ in range(power // norm))


def test_a_moment_is_shown_by_its_recurrence_if_that_is_short() -> None:
    sequence = activation_sequence(RELU.at(law="uniform"), 4)
    assert repr(sequence) == "MomentSequence(order 4, a recurrence of 2 terms, in n, norm4_x, norm_x)"
    formula = sequence._repr_latex_()
    assert formula is not None
    first, second = sequence.recurrence()
    at = sp.Symbol("m_{L-1}"), sp.Symbol("m_{L-2}")
    assert sp.latex(first * at[0] + second * at[1]) in formula
    assert r"m_0 = \left\|x\right\|^{4}" in formula
    assert activation_sequence(ANY, 6)._repr_latex_() is None


def test_orders_are_read_off_the_basis() -> None:
    for order in (2, 4, 6):
        assert transfer_matrix(ANY, order).order == order
    assert TransferMatrix(((1, 1),), sp.Matrix([[1]])).order == 4

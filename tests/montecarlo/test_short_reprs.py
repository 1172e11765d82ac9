"""What montecarlo returns is shown on one short line: what it is, how many, and the numbers that matter."""

import dataclasses
import importlib
import inspect
import math
import pkgutil
import re

import numpy as np
import pytest

import montecarlo
from montecarlo import (
    ActivationNorms,
    GradientNorms,
    JacobianSingularValues,
    LogCounts,
    LogCovariance,
    Moments,
    dkw_band,
    particle_mean,
    simulate,
    tail_probability,
)
from montecarlo.architectures.passes import Passed
from montecarlo.curvature import LossHessian, Network, hessian_extremes, hessian_spectrum, reduced_spectrum
from montecarlo.curvature.directions import Directions, Norms
from montecarlo.curvature.extremes_by_gradients import ExtremesByGradients
from montecarlo.curvature.lanczos import ReducedExtremes
from montecarlo.intervals import Estimate
from montecarlo.operators import extreme_eigenvalues, hutchinson_trace, spectral_density
from montecarlo.runs.block_store import BlockStore
from montecarlo.runs.blocks import Part
from montecarlo.singular_values import Factor
from montecarlo.training import Adam, GradientDescent, escape_times
from montecarlo.training.digits import DigitsRun, DigitsStudy
from montecarlo.training.one_input import OneInput
from montecarlo.training.runs import Run
from montecarlo.training.weight_norm.models import Committee, Products, TwoLayers
from montecarlo.wording import enclosed, scaled
from theory.ensembles import Ensemble

RELU = Ensemble(width=4, depth=6, activation="relu", init="he")
FIRST = GradientNorms((1,))
NORMS = ActivationNorms()
RUN = simulate(RELU, [NORMS, FIRST], samples=100, covariance=True)
COUNTED = simulate(RELU, [NORMS], samples=100, keep_values=False)
NETWORK = Network([np.eye(20), np.eye(20)], "linear", readout=np.arange(1.0, 21))
LOSS = LossHessian(NETWORK, np.ones((3, 20)), np.ones((3, 1)))
MATRIX = np.diag(np.arange(-3.0, 60))
LOGS = np.zeros((500, 30))
CHAINS = OneInput((1, 1, 1), 1.0, np.ones((5, 1)), np.ones(1), np.full(5, 10.0))
ESCAPES = escape_times(CHAINS, np.full((5, 2), 0.5), GradientDescent(0.01))
TRAINED = Run(*(np.ones((2, 4)),) * 2, (0,), *(np.ones((1, 4)),) * 2, *(np.ones(4),) * 2, np.full(4, math.inf))

RESULTS = [
    RUN,
    RUN[NORMS],
    COUNTED[NORMS],
    RUN[NORMS].moments,
    RUN[NORMS].log_covariance,
    COUNTED[NORMS].counts,
    RUN[NORMS].quantile(0.5, "a_6"),
    dkw_band(range(1000), error=0.01),
    Moments.of(LOGS),
    LogCounts.of(LOGS),
    LogCovariance.of(LOGS),
    Part.of(LOGS, keep_values=True, covariance=True),
    NETWORK,
    Network.sample(RELU.at(depth=64)),
    Directions.of([np.ones((2, 4, 4))] * 9, 0.0, np.ones((2, 4)), np.ones((1, 4))),
    hessian_spectrum(NETWORK, np.ones(20)),
    hessian_spectrum(Network([np.eye(2), -np.eye(2)], readout=np.ones(2)), np.ones(2)),
    hessian_extremes(NETWORK, np.ones(20)),
    hessian_extremes([NETWORK] * 30, np.ones(20)),
    LOSS,
    reduced_spectrum(LOSS),
    ExtremesByGradients(np.arange(50.0), np.arange(50.0), np.arange(50.0), 7),
    ReducedExtremes(np.arange(50.0), np.arange(50.0), np.arange(50.0), 7),
    Norms(np.ones((9, 9)), np.ones((9, 9), dtype=np.int64)),
    Passed(np.ones((30, 30)), None, None, None),
    Factor(np.ones((30, 30)), None),
    extreme_eigenvalues(MATRIX),
    spectral_density(MATRIX, probes=10, steps=5),
    hutchinson_trace(MATRIX, samples=50),
    particle_mean(RELU, islands=20, particles=8, error=0.1),
    tail_probability(RELU, "1e30", samples=50, error=0.1),
    ESCAPES,
    CHAINS,
    Adam(0.1).start(np.ones((30, 30))),
    TRAINED,
    DigitsRun(10, "plain", "SGD", 0.1, TRAINED),
    Committee([1, -1], np.ones((30, 5, 3))),
    Products(np.ones(50), 2),
    TwoLayers(np.ones((30, 5, 3)), np.ones((30, 5)), 8),
    DigitsStudy(20, (0, 1), 1797, 128, 12, (DigitsRun(10, "plain", "SGD", 0.1, TRAINED),) * 30),
]


@pytest.mark.parametrize("result", RESULTS, ids=lambda result: type(result).__name__)
def test_results_are_shown_on_one_short_line(result):
    shown = repr(result)
    assert re.match(rf"{type(result).__name__}\(.*\)$", shown)
    assert len(shown) < 240
    assert "array" not in shown
    assert "object at" not in shown


def public_classes():
    for module in pkgutil.walk_packages(montecarlo.__path__, "montecarlo."):
        for name, thing in vars(importlib.import_module(module.name)).items():
            if inspect.isclass(thing) and thing.__module__ == module.name and not name.startswith("_"):
                yield thing


def is_generated(kind):
    code = getattr(inspect.unwrap(vars(kind).get("__repr__", object.__repr__)), "__code__", None)
    return code is None or code.co_filename != inspect.getsourcefile(kind)


def test_no_class_that_holds_arrays_shows_them_all():
    """A repr of its own has every class with arrays or other results among its fields."""
    classes = list(public_classes())
    own = {kind.__name__ for kind in classes if not is_generated(kind)}
    assert {type(result).__name__ for result in RESULTS} - {"DigitsRun"} <= own
    long = "Array|NDArray|Numbers|Floats|Integers|Estimate|Moments|Readings"
    for kind in classes:
        annotated = inspect.get_annotations(kind) if dataclasses.is_dataclass(kind) or hasattr(kind, "_fields") else {}
        if any(re.search(rf"\b({long})\b", str(annotation)) for annotation in annotated.values()):
            assert kind.__name__ in own | {"Layout", "Smooth"}, kind  # those two hold functions of arrays


def test_a_simulation_says_what_was_drawn_and_measured():
    assert repr(RUN) == f"Simulation(100 networks, seed 0, of {RELU!r}, [{NORMS!r}, {FIRST!r}])"
    assert repr(RUN[NORMS]) == "Readings(a_0, ..., a_6 of 100 networks, with covariances)"
    assert repr(COUNTED[NORMS]) == "Readings(a_0, ..., a_6 of 100 networks, counted on a grid)"
    assert repr(RUN[FIRST]) == "Readings(G_1 of 100 networks, with covariances)"


def test_curvature_says_its_ends_and_signs():
    two = Network([np.eye(2), np.eye(2)], "linear", readout=[1.0, 0.0])
    assert repr(two) == "Network(2-2-2, linear, 8 weights, read out by 1 vector)"
    assert repr(hessian_spectrum(two, [3.0, 4.0])) == "HessianSpectrum(2 negative, 2 positive, 4 zero, -5 to 5)"
    tiny = Network([1e-200 * np.eye(2)] * 4, "linear", readout=[1.0, 0.0])
    assert "e-400" in repr(hessian_spectrum(tiny, [1.0, 1.0]))
    assert "e-400" in repr(hessian_extremes(tiny, [1.0, 1.0]))
    assert re.search(r"\(-3 within \S+, 59 within \S+; size 63, \d+ products\)", repr(extreme_eigenvalues(MATRIX)))


def test_escapes_are_counted():
    assert repr(ESCAPES).startswith("Escapes(5 networks, 5 escaped after ")
    assert repr(ESCAPES).endswith(" steps, 0 diverged, 0 stuck, budget 10000)")


def test_a_store_says_which_file_it_is(tmp_path):
    with BlockStore.open(tmp_path / "run.sqlite", {}) as store:
        assert "run.sqlite" in repr(store)


@pytest.mark.parametrize("half", [1e-9, 1e-3, 0.5, 3.0, 1e5])
@pytest.mark.parametrize("value", [-1234.56789, 3e-7, 1.0, 1e12])
def test_an_interval_is_told_from_its_middle_where_doubles_are(value, half):
    lo, hi = value - half, value + half
    if lo < value < hi:
        shown = [float(text) for text in re.findall(r"[-+.\de]+", enclosed(value, lo, hi))]
        assert shown[1] < shown[0] < shown[2]
        assert abs(shown[1] - lo) + abs(shown[2] - hi) <= 0.1 * half


def test_estimates_of_what_is_exact_infinite_or_nan_are_shown_too():
    assert repr(Estimate(3.0, 3.0, 3.0, 0.5, "any", 1)) == "Estimate(3 in [3, 3], error 0.5, any, 1 sample)"
    assert "in [-inf, inf]" in repr(Estimate(0.0, -math.inf, math.inf, 0.5, "any", 0))
    assert repr(Estimate(math.nan, math.nan, math.nan, 0.5, "any", 0)).startswith("Estimate(nan in [nan, nan]")


@pytest.mark.parametrize("value", [-3.0, 1e-9, 7e11])
@pytest.mark.parametrize("log", [0.0, -3.0, 600.0, -2000.0, 1e6])
def test_numbers_beyond_floats_are_shown_in_decimals(value, log):
    mantissa, _, power = scaled(value, log).partition("e")
    found = math.log(abs(float(mantissa))) + int(power or 0) * math.log(10)
    assert found == pytest.approx(math.log(abs(value)) + log, abs=1e-3)
    assert math.copysign(1, float(mantissa)) == math.copysign(1, value)


def rows(html):
    return [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row) for row in re.findall(r"<tr>(.*?)</tr>", html)]


def test_a_notebook_shows_medians_with_their_intervals():
    found = rows(RUN._repr_html_())
    assert found[0] == ["component", "median of the log", "interval", "share above 0"]
    assert [row[0] for row in found[1:]] == [repr(NORMS), *(f"a_{k}" for k in range(7)), repr(FIRST), "G_1"]
    median = RUN[NORMS].quantile(0.5, "a_6")
    assert found[8] == [
        "a_6",
        f"{median.value:.5g}",
        f"[{median.lo:.5g}, {median.hi:.5g}]",
        f"{RUN[NORMS].survival[6]:.5g}",
    ]
    assert rows(RUN[NORMS]._repr_html_()) == [found[0], *found[2:9]]
    assert len(rows(COUNTED._repr_html_())) == 9


def test_of_many_components_a_notebook_shows_the_first_and_the_last():
    sigma = JacobianSingularValues()
    shown = {}
    for width in (8, 9, 30):
        wide = simulate(Ensemble(width=width, depth=2), [sigma], samples=3)
        shown[width] = [row[0] for row in rows(wide[sigma]._repr_html_())]
    assert shown[8] == ["component", *(f"sigma_{k}" for k in range(1, 9))]
    assert shown[9] == [
        "component",
        *(f"sigma_{k}" for k in (1, 2, 3, 4)),
        "...",
        *(f"sigma_{k}" for k in range(6, 10)),
    ]
    shown = shown[30]
    assert shown == ["component", *(f"sigma_{k}" for k in (1, 2, 3, 4)), "...", *(f"sigma_{k}" for k in range(27, 31))]


def test_names_do_not_break_the_table():
    @dataclasses.dataclass(frozen=True)
    class Wide:
        name = "<b>"
        needs: frozenset[str] = frozenset()

        def components(self, net):
            return ("<td>",)

        def measure(self, chunk):
            return np.zeros((chunk.networks, 1))

    assert "<td>&lt;td&gt;</td>" in simulate(RELU, [Wide()], samples=2)._repr_html_()

"""Which interpolant gradient flow selects: against optimizers that are not ours, and what is refused."""

import json
from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import linprog, minimize

from proofs_check import selected_solution
from proofs_check.implicit_bias.parametrizations import Pair
from proofs_check.implicit_bias.showing import as_json
from theory.dynamics.linear_pairs.exact_pairs import LinearPair
from theory.ensembles import InvalidArgument

DESIGN = [[1, 2, Fraction(1, 2), -1], [0, 1, 3, 2]]
TARGETS = [3, -1]
X, Y = np.array(DESIGN, float), np.array(TARGETS, float)


def minimized(potential, gradient):
    """The minimizer of a potential on Xw = y, by SciPy."""
    found = minimize(
        potential, np.linalg.pinv(X) @ Y, jac=gradient, method="SLSQP", tol=1e-14,
        constraints={"type": "eq", "fun": lambda w: X @ w - Y, "jac": lambda w: X}, options={"maxiter": 500},
    )  # fmt: skip
    assert found.success
    return found.x


def test_a_diagonal_network_minimizes_its_potential():
    """sqrt(k) = 4 alpha (1 + s^2)/(1 - s^2) = 2/3 at alpha = 1/10, s = 1/2."""
    root = 2 / 3

    def value(w):
        t = 2 * w / root
        return np.sum(root / 4 * (1 - np.sqrt(1 + t**2) + t * np.arcsinh(t)))

    found = selected_solution(DESIGN, TARGETS, "diagonal", {"alpha": "1/10", "s": "1/2"})
    assert found.point == pytest.approx(minimized(value, lambda w: np.arcsinh(2 * w / root) / 2), abs=1e-6)
    assert all(ball.contains(0) or ball.rel_accuracy_bits() > 60 for ball in found.balls)
    assert found.run.is_fitted
    assert found.run.distance < 1e-6


def test_a_neuron_minimizes_its_potential():
    start, delta = np.array([0, 0, 0.5, 0]), 0.75

    def value(w):
        n2 = w @ w
        b2 = np.sqrt(n2 + delta**2 / 4) - delta / 2
        return np.sqrt(b2 + delta) * (3 * b2 - (b2 + delta)) / 3 - start @ w

    def gradient(w):
        n2 = w @ w
        return np.sqrt(np.sqrt(n2 + delta**2 / 4) - delta / 2) * w / np.sqrt(n2) - start

    for sign in ("", "-"):
        turned = "(0,0,1/2,0)" if not sign else "(0,0,-1/2,0)"  # both signs turned: the same function
        found = selected_solution(DESIGN, TARGETS, "neuron", {"a": f"{sign}1", "w": turned})
        assert found.point == pytest.approx(minimized(value, gradient), abs=1e-6)
        assert found.run.distance < 1e-6


@pytest.mark.parametrize("network", ["depth:2", "depth:3", "depth:4", "diagonal"])
def test_the_l1_norm_is_within_its_bound_of_that_of_a_linear_program(network):
    found = selected_solution(DESIGN, TARGETS, network, {"alpha": "1/20"})
    split = linprog(np.ones(8), A_eq=np.hstack([X, -X]), b_eq=Y, bounds=(0, None))
    assert float(found.l1.norm) == pytest.approx(split.fun)
    assert found.l1_excess == pytest.approx(np.abs(found.point).sum() - split.fun, abs=1e-12)
    assert 0 < found.l1_excess <= found.bounds["l1"]
    assert found.run.distance < 1e-6
    assert X @ found.point == pytest.approx(Y)


def test_depth_two_is_the_diagonal_network_of_the_same_start():
    """u^2 - v^2 with u = v = alpha is u_+ v_+ - u_- v_- with all four alpha."""
    two = selected_solution(DESIGN, TARGETS, "depth:2", {"alpha": "1/5"}, simulate=False)
    diagonal = selected_solution(DESIGN, TARGETS, "diagonal", {"alpha": "1/25"}, simulate=False)
    assert two.point == pytest.approx(diagonal.point, rel=1e-12)
    assert two.run is None


def test_a_large_scale_is_near_least_squares_within_its_bound():
    found = selected_solution(DESIGN, TARGETS, "diagonal", {"alpha": "10"}, simulate=False)
    assert found.l2 == pytest.approx(np.linalg.pinv(X) @ Y)
    assert 0 < found.l2_distance <= found.bounds["l2"] < 0.01
    small = selected_solution(DESIGN, TARGETS, "diagonal", {"alpha": "1/1000"}, simulate=False)
    assert "l2" not in small.bounds


@pytest.mark.parametrize("seed", range(4))
def test_a_pair_of_layers_ends_within_its_bound_and_keeps_what_is_off_the_rows(seed):
    found = selected_solution(DESIGN, TARGETS, "pair", {"h": "32", "seed": str(seed)})
    assert found.run.is_fitted
    assert found.run.distance is None
    assert found.balls is None
    assert found.l2_distance <= found.bounds["l2"]
    assert X @ found.point == pytest.approx(Y, abs=1e-6)


def test_many_inputs_are_solved_in_floats():
    rng = np.random.default_rng(3)
    design = rng.standard_normal((14, 20))
    found = selected_solution(design, rng.standard_normal(14), simulate=False)
    assert found.balls is None
    slopes = np.arcsinh(2 * found.point / 0.4) / 2  # sqrt(k) = 4/10
    kernel = np.linalg.svd(design)[2][14:]
    assert kernel @ slopes == pytest.approx(np.zeros(6), abs=1e-9)


def test_targets_of_zero_select_zero():
    found = selected_solution(DESIGN, [0, 0], simulate=True)
    assert found.point == pytest.approx(np.zeros(4))
    assert found.bounds == {}
    assert "w_1 = 0" in str(found)


@pytest.fixture
def files(tmp_path):
    (tmp_path / "X.csv").write_text("x1,x2,x3,x4\n1,2,0.5,-1\n0,1,3,2\n", encoding="utf-8")
    (tmp_path / "y.csv").write_text("3\n-1\n", encoding="utf-8")
    return tmp_path


def test_the_command_says_the_same(vanishing, files):
    command = f"implicit-bias --design {files / 'X.csv'} --targets {files / 'y.csv'}"
    ran = vanishing(f"{command} --start alpha=1/1000 --format json")
    assert (ran.status, ran.err) == (0, "")
    data = json.loads(ran.out)
    found = selected_solution(DESIGN, TARGETS, "diagonal", {"alpha": "1/1000"})
    assert data["point"] == found.point.tolist()
    assert data["least_l1_norm"] == 2
    text = vanishing(f"{command} --start alpha=1/1000").out
    for said in (
        "diagonal",
        "2 inputs of 4 coordinates",
        "w_2 = 0.9",
        "least 2 (certified",
        "simulated: gradient flow",
    ):
        assert said in text
    deeper = vanishing(f"{command} --parametrization depth:3").out
    assert "w = u^3 - v^3" in deeper


@pytest.mark.parametrize(("x", "y"), [("1;2;0.5;-1\n0;1;3;2", "3;-1"), ("1 2 1/2 -1\n\n0 1 3 2\n", "3\n-1\n\n")])
def test_files_may_be_written_in_other_ways(vanishing, tmp_path, x, y):
    (tmp_path / "X").write_text(x, encoding="utf-8")
    (tmp_path / "y").write_text(y, encoding="utf-8")
    ran = vanishing(f"implicit-bias --design {tmp_path / 'X'} --targets {tmp_path / 'y'} --format json")
    assert json.loads(ran.out)["point"] == selected_solution(DESIGN, TARGETS).point.tolist()


@pytest.mark.parametrize(
    ("x", "y", "options", "told"),
    [
        ("1,2\n2,4", "1\n2", "", "--design: has 2 rows of 2 coordinates, but rank 1; leave out the rows"),
        ("1,2\n2", "1\n2", "", "--design: has rows of 1 and of 2 entries"),
        ("1,2\n2,x", "1\n2", "", "line 2: 'x' is no finite number"),
        ("1,2\n2,", "1\n2", "", "line 2: an entry is empty"),
        ("1,2,3\n2,1,1", "1", "", "--targets: there are 1 for the 2 rows of the design; give 2"),
        ("1,2,3\n2,1,1", "1,2\n3,4", "", "has 2 rows, and row 1 has 2 numbers"),
        ("a,b\n", "1", "", "has no numbers"),
        ("1,2\n", "1", "--parametrization depth", "--parametrization: there is no 'depth'; use e.g. depth:3"),
        ("1,2\n", "1", "--parametrization depth:x", "--parametrization: 'x' is no depth"),
        ("1,2\n", "1", "--parametrization depth:1", "--parametrization: depth must be"),
        ("1,2\n", "1", "--start beta=1", "--start: diagonal has no 'beta'; it takes alpha=... and s=..."),
        ("1,2\n", "1", "--start alpha=0", "--start: alpha must be positive"),
        ("1,2\n", "1", "--start s=1", "--start: s must lie between -1 and 1"),
        ("1,2\n", "1", "--start alpha=x", "--start: alpha: 'x' is not a finite exact number"),
        ("1,2\n", "1", "--parametrization neuron --start a=1,w=(1,1,1)", "--start: has |w| above |a|"),
        ("1,2\n", "1", "--parametrization neuron --start a=9,w=(1,1,1)", "--start: has w of 3 entries"),
        ("1,2\n", "1", "--parametrization neuron --start a=0", "--start: has a = 0 and w = 0"),
        ("1,2\n", "1", "--parametrization neuron --start w=1", "--start: w=1 is no list of numbers"),
        ("1,2\n", "1", "--parametrization pair --start h=1/2", "--start: h=1/2 is no integer"),
        ("1,2\n", "1", "--parametrization pair --start h=0", "--start: has h = 0"),
        ("1,2\n", "1", "--format xml", "--format: "),
        ("1,2\n", "1", "--start alpha=1e200", "--start: has alpha = "),
        ("1,2\n", "1", "--start s=0.99999999999999999999", "too near 1"),
        ("1,2\n", "1", "--parametrization depth:31", "--parametrization: has depth 31, above 30"),
        ("1,2\n", "1", "--parametrization depth:²", "--parametrization: '²' is no depth"),
        ("1,2\n", "1", "--parametrization depth:10 --start alpha=10", "--start: has alpha^N = "),
        ("1,2\n", "1", "--parametrization pair --start a=-400", "--start: has a = -400, not from 0 to 2"),
        ("1e200,2\n", "1", "", "--design: has 1e+200, not from 1e-50 to 1e50 in size"),
        ("1,2\n", "1e-400", "", "--targets: has "),
        ("1,1,1\n1,1,1.0001\n", "1\n2", "", "--design: has inputs so nearly dependent"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(vanishing, tmp_path, x, y, options, told):
    (tmp_path / "X").write_text(x, encoding="utf-8")
    (tmp_path / "y").write_text(y, encoding="utf-8")
    ran = vanishing(f"implicit-bias --design {tmp_path / 'X'} --targets {tmp_path / 'y'} {options}")
    assert ran.status == 2
    assert ran.out == ""
    assert told in ran.err
    assert ran.err.count("\n") == 1


def test_missing_files_and_options_are_named(vanishing, tmp_path):
    assert vanishing("implicit-bias").err.startswith("vanishing: --design: is missing; use e.g. --design X.csv")
    ran = vanishing(f"implicit-bias --design {tmp_path / 'no'} --targets {tmp_path / 'no'}")
    assert "cannot be read: No such file or directory" in ran.err
    with pytest.raises(InvalidArgument, match="design"):
        selected_solution([[1, 2], [2, 4]], [1, 2])


@pytest.mark.parametrize(
    ("network", "start"),
    [
        ("diagonal", {"alpha": "1000"}), ("diagonal", {"alpha": "1e-30"}), ("depth:3", {"alpha": "20"}),
        ("depth:10", {"alpha": "1/2"}),
        ("depth:5", {"alpha": "1/8"}), ("neuron", {"a": "100"}), ("neuron", {"a": "-1/100"}),
        ("pair", {"h": "256", "a": "1/8"}),
    ],
)  # fmt: skip
def test_starts_far_from_1_end_at_the_same_point(network, start):
    """Numbers whose difference w is lose digits, and small starts take long: neither hides where the flow goes."""
    found = selected_solution(DESIGN, TARGETS, network, start)
    assert found.run.residual < 1e-4
    if network != "pair":
        assert found.run.distance < 1e-4


@pytest.mark.parametrize(("network", "start"), [("neuron", {"w": "(0,0,1/2,1)", "a": "2"}), ("pair", {"h": "16"})])
def test_targets_of_zero_are_reached_from_a_start_that_is_not_zero(network, start):
    found = selected_solution(DESIGN, [0, 0], network, start)
    assert found.run.is_fitted
    assert X @ found.point == pytest.approx(np.zeros(2), abs=1e-6)
    assert np.abs(found.point).max() > 0.01


def test_a_flow_that_is_too_stiff_is_not_followed_and_says_so():
    found = selected_solution(DESIGN, TARGETS, "diagonal", {"alpha": "10000000"})
    assert found.point == pytest.approx(np.linalg.pinv(X) @ Y, rel=1e-9)
    assert "too stiff to be followed" in str(found)
    assert json.loads(as_json(found))["simulated"]["residual"] is None


def test_a_square_design_has_one_solution():
    found = selected_solution([[1, 2], [3, 4]], [1, 2], simulate=False)
    assert found.point == pytest.approx([0, 0.5])
    assert "the only solution" in str(found)


def test_bounds_that_say_nothing_are_left_out():
    assert selected_solution(DESIGN, TARGETS, "depth:3", {"alpha": "50"}, simulate=False).bounds == {}


def test_what_floats_cannot_tell_from_the_pole_is_refused():
    with pytest.raises(InvalidArgument, match=r"start: has alpha = 1/100: at depth 10 .* use alpha=0.1 or more"):
        selected_solution(DESIGN, TARGETS, "depth:10", {"alpha": "1/100"})


def test_a_run_that_is_not_fitted_says_so(monkeypatch):
    monkeypatch.setattr("montecarlo.training.regression.regression_flows._BUDGET", 300)
    found = selected_solution(DESIGN, TARGETS, "depth:4", {"alpha": "1/2000"})
    assert not found.run.is_fitted
    assert "not fitted within the budget of steps" in str(found)


@pytest.mark.parametrize(("h", "seed", "rows"), [(3, 0, 1), (2, 4, 1), (5, 1, 2), (2, 2, 2), (4, 7, 2)])
def test_the_bound_of_a_pair_is_that_of_its_exact_weights(h, seed, rows):
    """The inputs lie along axes, so that the row space and what is off it are rows of U as they stand."""
    network = Pair(h=h, seed=seed)
    design, targets = np.diag([2.0, 0.5, 1.0])[:rows], np.array([3.0, -1.0])[:rows]
    U, v = network._start(3)
    spectrum, target = [4, Fraction(1, 4)][:rows], [[Fraction(3, 2)], [-2]][:rows]
    exact = LinearPair(spectrum, target, U[:rows].tolist(), [v.tolist()], U[rows:].tolist())
    for time in (0.25, 2.0):
        bound = network.distance_bound(design, targets, time)
        assert bound == pytest.approx(float(exact.distance_bound(time)), rel=1e-9)

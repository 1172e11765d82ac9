"""`sample` and `check` of networks with biases or smooth activations: what has a valid interval, what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

from montecarlo.architectures.plain import PlainChunk
from proofs_check import check, sample
from proofs_check.quantities import names, quantity
from theory.ensembles import Activation, Ensemble, InvalidArgument

TANH = Ensemble(width=3, depth=2, activation="tanh", bias="1/10")
GELU = Ensemble(width=3, depth=2, activation="gelu")
BIASED = Ensemble(width=3, depth=2, activation="relu", init="he", bias="constant:1/4")
NETS = [TANH, GELU, BIASED]


def reference(net: Ensemble, samples: int = 200_000) -> np.ndarray:
    """log|a_2|^2 and log|df/dW_1|^2 of other networks, drawn once more."""
    chunk = PlainChunk(net, np.random.Generator(np.random.SFC64(99)), samples)
    return np.concatenate([chunk.log_activation_norms([2]), chunk.log_gradient_norms([1])], axis=1)


@pytest.mark.parametrize("engine", ["direct", "law-exact"])
@pytest.mark.parametrize("net", NETS, ids=Ensemble.describe)
def test_intervals_hold_what_many_more_networks_show(net: Ensemble, engine: str) -> None:
    """Confidence 1 - 1e-7, and a margin of the reference's own error."""
    logs = reference(net)

    def asked(name: str, **options: object) -> tuple[float, float]:
        return sample(name, net, samples=3_000, seed=3, confidence=1 - 1e-7, engine=engine, **options).interval  # type: ignore[arg-type]

    for name, column, p in (("median", 0, 0.5), ("quantile", 0, 0.9), ("gradient-median", 1, 0.5)):
        lo, hi = asked(name, **({"p": "9/10"} if name == "quantile" else {}))
        assert lo < math.exp(np.quantile(logs[:, column], p)) < hi < 2.5 * lo
    lo, hi = asked("exceedance", c="1/4")
    assert lo < np.mean(logs[:, 0] >= math.log(1 / 4)) < hi < lo + 0.12
    lo, hi = asked("survival")
    assert lo < np.mean(np.isfinite(logs[:, 0])) + 1e-9
    if net is TANH:
        for order in (2, 4):
            lo, hi = asked("activation", order=order)
            assert lo < np.mean(np.exp(order / 2 * logs[:, 0])) < hi < lo + 0.25 * 3 ** (order / 2)


def test_means_of_bounded_norms_are_as_sharp_as_wanted() -> None:
    fixed = sample("activation", TANH, samples=200_000, seed=1, confidence=1 - 1e-7).interval
    drawn = []
    for within, wanted in (("3%", 0.03 * fixed[1]), (0.004, 0.004)):
        found = sample("activation", TANH, within=within, seed=2, confidence=1 - 1e-7)
        lo, hi = found.interval
        assert lo < fixed[1]
        assert fixed[0] < hi
        assert (hi - lo) / 2 <= wanted * 1.1
        drawn.append(found.samples)
    assert drawn[0] < drawn[1]
    lo, _ = sample("activation", TANH, samples=20, confidence=1 - 1e-7).interval
    assert lo == 0  # a norm is not negative


@pytest.mark.parametrize("net", NETS, ids=Ensemble.describe)
@pytest.mark.parametrize("name", [name for name in names() if quantity(name).sample is not None])
def test_means_without_a_variance_are_refused_with_what_is_valid(name: str, net: Ensemble) -> None:
    known = quantity(name)
    options: dict[str, object] = {}
    if "layers" in known.taken_by("sample"):
        options["layers"] = (1, 2)
    if "cosine" in known.taken_by("sample"):
        options["cosine"] = "1/2"
    answered = {"median", "quantile", "gradient-median", "exceedance", "survival"}
    answered |= {"activation"} if net is TANH else set()
    if name in answered:
        assert sample(name, net, samples=100).samples == 100
        return
    with pytest.raises(InvalidArgument) as caught:
        sample(name, net, samples=100, **options)  # type: ignore[arg-type]
    assert ("median" in caught.value.remedy) is ("cosine" not in known.taken_by("sample"))  # of two inputs none is


def test_an_answer_says_what_the_networks_are() -> None:
    text = str(sample("gradient-median", TANH, samples=100))
    for line in (
        "the biases are independent, of the weights' law and of variance 1/10",
        "a_k = phi(W_k a_(k-1) + b_k), a_0 = x, phi(z) = tanh(z)",
    ):
        assert f"assuming: {line}" in text
    assert "there are no biases" not in text
    for bias, line in (("constant:-1/2", "the biases are -1/2, the same in every unit"), ("pytorch", "1/(3 n_(k-1))")):
        assert line in str(sample("median", BIASED.at(bias=bias), samples=100))
    own = TANH.at(activation=Activation("arctan", np.arctan, lambda z: 1 / (1 + z * z)))
    assert "phi(z) = arctan(z), one's own" in str(sample("median", own, samples=100))


@pytest.mark.parametrize(
    ("claim", "net", "verdict"),
    [
        ("median |a_L|^2 <= 1", TANH, "supported"),
        ("median |a_L|^2 >= 1", TANH, "refuted"),
        ("E|a_L|^2 <= 1", TANH, "supported"),
        ("E|a_L|^4 >= 3", TANH, "refuted"),
        ("median |a_L|^2 <= |x|^2", TANH, "refuted"),  # right at |x| = 1, but small inputs are smaller than the biases
        ("median lambda_max >= 1/100", GELU, "supported"),
        ("median |a_L|^2 = 13/10*|x|^2", BIASED, "refuted"),
    ],
)
def test_claims_are_drawn(claim: str, net: Ensemble, verdict: str) -> None:
    assert check(claim, net, samples=3_000).verdict.value == verdict


def test_a_claim_with_a_letter_for_the_bias_tries_its_values() -> None:
    answer = check(
        "median |a_L|^2 <= n", Ensemble(width=3, depth=2, activation="tanh", bias="variance:sb2"), samples=500
    )
    assert answer.verdict.value == "supported"
    assert "sb2 = " in answer.scope


def test_means_without_a_bound_are_refused_in_a_claim() -> None:
    with pytest.raises(InvalidArgument, match="theory has no bound on its variance; ask for a median"):
        check("E|a_L|^2 <= 3", GELU)

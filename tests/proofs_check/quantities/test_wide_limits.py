"""Answers about wide networks: what they show beside the number, and what they refuse."""

from __future__ import annotations

import json
import math

import pytest


def test_a_limit_comes_with_the_first_order_in_the_width(vanishing):
    answers = [
        json.loads(vanishing(f"derive wide-limit --depth 2 --activation erf --input ones {width} --format json").out)
        for width in ("--width n", "--width 50")
    ]
    limit, finite = answers
    first = 2 / math.pi * math.asin(2 / 3)
    assert limit["float"] == finite["float"] == pytest.approx(2 / math.pi * math.asin(2 * first / (1 + 2 * first)))
    assert float(limit["Var_log_times_n"]) == pytest.approx(50 * float(finite["Var_log"]))
    assert any("to first order in 1/n" in line for line in finite["assumptions"])
    uniform = json.loads(
        vanishing("derive wide-limit --width 50 --depth 2 --activation erf --law uniform --format json").out
    )
    assert "Var_log" not in uniform


def test_a_fixed_point_comes_with_its_depth_scales(vanishing):
    answer = json.loads(
        vanishing("derive fixed-point --width n --depth L --activation sine --bias 1/10 --input ones --format json").out
    )
    q = answer["float"]
    assert (1 - math.exp(-2 * q)) / 2 + 0.1 == pytest.approx(q)
    assert float(answer["depth_scale"]) == pytest.approx(-1 / math.log((1 + math.exp(-2 * q)) / 2))
    assert float(answer["length_depth_scale"]) == pytest.approx(1 / (2 * q))


def test_digits_are_enclosed(vanishing):
    ran = vanishing("derive edge-of-chaos --width n --depth L --activation sine --digits 30")
    assert "enclosed: 1.00000" in ran.out
    assert "more slowly than exponentially" in ran.out


@pytest.mark.parametrize(
    ("activation", "said"),
    [
        ("erf", "is lost"),
        ("elu", "is lost"),
        ("gelu", "is unstable"),
        ("silu", "is unstable"),
        ("leaky:1/3", "is kept"),
    ],
)
def test_without_biases_it_says_what_becomes_of_sizes(vanishing, activation, said):
    """As the Taylor series at 0 has it: 3 b^2/4 + a c is negative, positive or zero, a, b, c the derivatives."""
    assert said in vanishing(f"derive edge-of-chaos --width n --depth L --activation {activation}").out


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("edge-of-chaos --width n --depth L --init he", "--init: is what is asked for"),
        ("edge-of-chaos --width n --depth L --bias pytorch", "--bias: must have a number for its variance"),
        ("edge-of-chaos --width n --depth L --activation relu --bias 1", "--bias: relu networks with these biases"),
        ("edge-of-chaos --width n --depth L --input ones", "--input: does not apply to edge-of-chaos"),
        ("wide-limit --width n --depth L --input ones", "--depth: must be a number, got 'L'"),
        ("wide-limit --width n --depth 2 --layer k --input ones", "--layer: must be a number, got 'k'"),
        ("wide-limit --width n --depth 2", "--input: s^2 |x|^2 is norm_x**2/n"),
        ("fixed-point --width n --depth L --activation leaky:2", "without bound: by the factor 5/2 a layer"),
        ("wide-limit --width n --depth 3 --activation softplus --input ones --init 1e6/n", "cannot be enclosed"),
        ("median --width 5 --depth 2 --activation tanh", "--activation: "),
    ],
)
def test_what_cannot_be_answered_is_refused(vanishing, command, message):
    ran = vanishing(f"derive {command}")
    assert ran.status == 2
    assert message in ran.err
    assert ran.err.count("\n") == 1


def test_a_fixed_point_needs_no_input(vanishing):
    asked = "derive fixed-point --width n --depth L --activation tanh --bias 1/10"
    unsaid, said = (vanishing(f"{asked}{more}").out for more in ("", " --input ones"))
    assert unsaid.partition("networks:")[0] == said.partition("networks:")[0]
    assert "the input is (1, ..., 1)" in unsaid

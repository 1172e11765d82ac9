"""When a coordinate of a diagonal network is fitted, on an orthonormal design."""

from __future__ import annotations

import sympy as sp

from proofs_check.answers.notation import Notation
from proofs_check.closed_forms import Closed, ClosedForm, Letter
from proofs_check.closed_forms.sparse import FLOW, ORTHONORMAL, SOURCE, require_scale
from theory.dynamics.implicit_bias.depth_enclosures import enclosed_time
from theory.dynamics.implicit_bias.depth_potentials import DepthPotential
from theory.dynamics.implicit_bias.sparse_recovery import hitting_time_bounds


def _evaluate(N: sp.Expr, alpha: sp.Expr, z: sp.Expr, kappa: sp.Expr) -> Closed:
    require_scale(alpha)
    potential = DepthPotential(int(N), alpha)
    lower, upper = hitting_time_bounds(int(N), alpha, z, kappa)
    return Closed(
        ball=lambda digits: enclosed_time(potential, (1 - kappa) * z, z, digits),
        related={"lower": lower, "upper": upper},
    )


CLOSED_FORM = ClosedForm(
    Notation("T", "T"),
    (
        Letter("N", "whole", "the depth", is_number=True),
        Letter("alpha", "positive", "the weight at which u and v start", is_number=True),
        Letter("z", "positive", "the target of the coordinate", default="1", is_number=True),
        Letter("kappa", "share", "the relative precision", default="1/100", is_number=True),
    ),
    _evaluate,
    (FLOW, ORTHONORMAL, "T is the time at which w = (1 - kappa) z", "lower and upper are bounds in closed form"),
    f"{SOURCE}, theorem 1, has such times with unnamed constants; these are derived here",
    names={"depth": "N", "start": "alpha", "target": "z", "coordinate": "kappa"},
)

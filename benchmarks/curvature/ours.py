"""Ours: thin calls of montecarlo.curvature. Threads over networks, so that BLAS has one thread in a batch."""

from __future__ import annotations

from benchmarks.curvature.sides import Side

SIDES: dict[str, Side] = {}

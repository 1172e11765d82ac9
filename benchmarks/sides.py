"""Who is asked, and by which route. Nothing is imported here, so that a peer need not be installed to be named."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

PEERS = ("haarpy", "tensorgrad", "sympy")


@dataclass(frozen=True)
class Side:
    """One way to get an answer.

    Parameters
    ----------
    name : str
        For the table and for subprocesses.
    needs : str
        The module that must be installed.
    module : str
        Its functions `solve`, which is timed, and `read`, which turns the result into SymPy and is not.
    route : str
        Passed to `solve`.
    setting : str
        What it fixes that others leave symbolic, and what is done by hand before.
    at : dict
        Values of n, norm_x and norm4_x that it fixes.
    """

    name: str
    needs: str
    module: str
    route: str
    setting: str
    at: dict[str, str] = field(default_factory=dict)

    def load(self) -> Any:
        """Import the module that asks it; ModuleNotFoundError if the peer is not installed."""
        return import_module(f"benchmarks.{self.module}")


OURS = Side("theory", "theory", "ours", "", "symbolic n")
SIDES = (
    OURS,
    Side("haarpy, pairings", "haarpy", "haarpy_side", "pairings", "symbolic n; Wick's theorem by hand"),
    Side(
        "haarpy, integrals",
        "haarpy",
        "haarpy_side",
        route="integrals",
        setting="n = 2, x = e1; limit of Haar entries",
        at={"n": "2", "norm_x": "1", "norm4_x": "1"},
    ),
    Side("tensorgrad", "tensorgrad", "tensorgrad_side", "written", "symbolic n"),
    Side("tensorgrad, helped", "tensorgrad", "tensorgrad_side", "helped", "symbolic n; first step by hand"),
    Side(
        "SymPy",
        "sympy",
        "sympy_side",
        route="",
        setting="numeric width d=2",
        at={"n": "2", "norm_x": "sqrt(x1**2 + x2**2)", "norm4_x": "(x1**4 + x2**4)**(1/4)"},
    ),
)
"""Ours first."""

"""Figures, by name: theory as lines, measurement as points.

================  ====================================================================
drawing           what they share: canvas, colours, bars, files whole or not at all
typical           mean and median of signal and gradient against depth
curvature         both ends of the Hessian's spectrum against depth
curvature_phase   the Hessian's norm over width and depth
spectrum          all eigenvalues of Hessians at one width
escape_times      steps to leave a plateau against depth, by update rule
remedies          typical signal, gradients and Hessian against depth, by remedy
digits            training losses, gradients and curvature on real data
================  ====================================================================
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from proofs_check.figures.curvature import draw_curvature
from proofs_check.figures.curvature_phase import draw_curvature_phase
from proofs_check.figures.digits import draw_digits
from proofs_check.figures.drawing import require_file
from proofs_check.figures.escape_times import draw_escape_times
from proofs_check.figures.remedies import draw_remedies
from proofs_check.figures.spectrum import draw_spectrum
from proofs_check.figures.typical import draw_typical
from proofs_check.studies.digits import require_digits
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import nearest


class Draw(Protocol):
    """Draws one figure into a file, whole or not at all."""

    def __call__(self, out: Path, *, seed: int = 0, jobs: int = 1) -> None:
        """Draw with this root seed, on so many worker processes."""


FIGURES: dict[str, Draw] = {
    "typical": draw_typical,
    "curvature": draw_curvature,
    "curvature-phase": draw_curvature_phase,
    "spectrum": draw_spectrum,
    "escape-times": draw_escape_times,
    "remedies": draw_remedies,
    "digits": draw_digits,
}


def require_figure(name: str, out: Path) -> None:
    """Refuse an unknown figure, a wrong file ending or a missing package, before any work is done."""
    if name not in FIGURES:
        raise InvalidArgument("name", f"there is no figure {name!r}", nearest(name, [*FIGURES, "all"]))
    require_file(out)
    if name == "digits":
        require_digits()


__all__ = [
    "FIGURES",
    "Draw",
    "require_figure",
    "draw_typical",
    "draw_curvature",
    "draw_curvature_phase",
    "draw_spectrum",
    "draw_escape_times",
    "draw_remedies",
    "draw_digits",
]

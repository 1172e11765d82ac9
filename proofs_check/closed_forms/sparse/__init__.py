"""Diagonal networks w = u^N - v^N of depth N on a sparse signal: when it is fitted, and when noise is.

============  ======================================================================
hitting_time  when a coordinate is fitted, on an orthonormal design
window        the time in which the signal is fitted and nothing else is
leakage       what else is fitted when the signal is
l1_gap        how far the l1 norm is from the least one, on any design
certificate   a window on any design of a coherence
============  ======================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from theory.ensembles import InvalidArgument

if TYPE_CHECKING:
    import sympy as sp

SOURCE = "J. Li, T. V. Nguyen, C. Hegde, R. K. W. Wong, arXiv:2108.05574"
"""The paper that these numbers are about."""
FLOW = "gradient flow on |y - X w|^2/(2n) from u = v = alpha, w = u^N - v^N"
ORTHONORMAL = "X^T X = n I"


def require_scale(alpha: sp.Expr) -> None:
    """Refuse a start at which times are beyond what quadrature resolves.

    Raises
    ------
    InvalidArgument
        If it is not between 1e-50 and 1e6.
    """
    if 10**50 * alpha < 1 or alpha > 10**6:
        raise InvalidArgument("start", f"must lie between 1e-50 and 1e6, got {alpha}", "use e.g. alpha=1/10")

"""The types of arrays that functions take and return."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
"""Real numbers in double precision."""

Floats = NDArray[np.floating[Any]]
"""Real numbers in double or single precision: weights, vectors, norms."""

Numbers = NDArray[Any]
"""Real or complex numbers."""

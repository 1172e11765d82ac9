"""Hypothesis profiles: "ci", the default, is the same in every run; HYPOTHESIS_PROFILE=thorough tries tenfold."""

import os
import sys
from pathlib import Path

from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parents[1]))  # pytest has put tests/ there: tests/theory must not pass for theory

settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("thorough", max_examples=1000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

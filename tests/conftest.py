"""Hypothesis profiles: "ci", the default, is the same in every run; HYPOTHESIS_PROFILE=thorough tries tenfold."""

import os

from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("thorough", max_examples=1000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

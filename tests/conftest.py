"""What all tests share. HYPOTHESIS_PROFILE: "ci", the default, is the same in every run; "thorough" tries tenfold."""

import os
import signal

# read when NumPy and PyTorch are loaded: beside the workers of pytest-xdist more threads would wait, spinning
for threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(threads, "1")

import pytest  # noqa: E402
from hypothesis import settings  # noqa: E402

settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("thorough", max_examples=1000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

os.environ.pop("COLUMNS", None)  # pytest-xdist sets it for its workers, and the command folds its lines at it


@pytest.fixture
def interruptible():
    """Let the processes that a test starts take Ctrl-C, even if it is ignored here: in a background job, under nohup.

    A process inherits that a signal is ignored, and Python then leaves it so.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)

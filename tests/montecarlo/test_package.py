import os
import subprocess
import sys
from pathlib import Path

import montecarlo


def test_importing_stays_light():
    """No SciPy, no SymPy, nothing of theory but the ensembles."""
    root = Path(__file__).parents[2]
    script = "import sys, montecarlo; print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert not {"scipy", "sympy", "matplotlib", "multiprocessing.pool"} & set(loaded)
    assert {name for name in loaded if name.startswith("theory.")} == {
        name for name in loaded if name.startswith("theory.ensembles")
    }


def test_the_table_of_contents_is_whole():
    assert all(hasattr(montecarlo, name) for name in montecarlo.__all__)

"""Small exact matrices, and random words in them, for the tests of this calculus."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # for small_networks

"""Oracles need PyTorch or KaTeX: where one is missing, its tests are not collected."""

from importlib.util import find_spec

_ORACLES = {"torch": "test_torch_*.py", "markdown_katex": "test_katex_*.py"}

collect_ignore_glob = [tests for module, tests in _ORACLES.items() if not find_spec(module)]

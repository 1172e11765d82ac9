"""These tests need Dask: where it is missing they are not collected."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("distributed") else ["test_*.py"]

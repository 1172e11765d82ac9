"""Some of these tests open a page in a browser: where there is none they are not collected. Others read its text."""

from tests.proofs_check.reporting.chromium import PROGRAM

collect_ignore_glob = [] if PROGRAM else ["test_browser_*.py"]

"""Tests of the site are collected where it has been built; those that open it in a browser, where there is one, too."""

from tests.docs.site import SITE
from tests.proofs_check.reporting.chromium import PROGRAM

_BUILT = (SITE / "index.html").exists()
collect_ignore_glob = [] if _BUILT else ["test_site_*.py", "test_browser_*.py"]
if not PROGRAM:
    collect_ignore_glob.append("test_browser_*.py")

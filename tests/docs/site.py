"""The built site: $SITE, or build/site in the clone, where `make docs` puts it."""

from __future__ import annotations

import os
from pathlib import Path

SITE = Path(os.environ.get("SITE") or Path(__file__).parent.parent.parent / "build" / "site").absolute()

"""Print the lowest version of each package that setup.cfg allows, as pip reads constraints: for `make lowest`.

python .ci/lowest_versions.py > constraints-lowest.txt
"""

from __future__ import annotations

import configparser
import re
from pathlib import Path

SETUP = Path(__file__).parent.parent / "setup.cfg"
EXTRAS = ("report", "data", "test", "cluster")
"""What is installed to use the package and to test it; linters and what it is compared with are pinned elsewhere."""


def lowest(setup: str) -> str:
    r"""Return the constraints, a line for each package that has a lower bound.

    Parameters
    ----------
    setup : str
        The text of a setup.cfg.

    Raises
    ------
    ValueError
        If a requirement has no lower bound, or one package has two different ones.

    Examples
    --------
    >>> print(lowest("[options]\ninstall_requires =\n    numpy >= 2.0\n    mpmath >= 1.3, < 1.4"), end="")
    # The lowest versions that setup.cfg allows: made by .ci/lowest_versions.py, installed by make lowest.
    mpmath==1.3
    numpy==2.0
    """
    config = configparser.ConfigParser()
    config.read_string(setup)
    extras = config["options.extras_require"] if config.has_section("options.extras_require") else {}
    wanted = [config["options"]["install_requires"], *(extras[name] for name in EXTRAS if name in extras)]
    bounds: dict[str, str] = {}
    for line in "\n".join(wanted).split("\n"):
        if not line.strip():
            continue
        found = re.match(r"\s*([\w.-]+)\s*(?:>=|==)\s*([\w.]+)", line)
        if found is None:
            raise ValueError(f"{line.strip()!r} has no lower bound")
        name, version = found.groups()
        if bounds.setdefault(name, version) != version:
            raise ValueError(f"{name} is wanted from {bounds[name]} and from {version}")
    head = "# The lowest versions that setup.cfg allows: made by .ci/lowest_versions.py, installed by make lowest."
    return "\n".join([head, *(f"{name}=={version}" for name, version in sorted(bounds.items()))]) + "\n"


if __name__ == "__main__":
    print(lowest(SETUP.read_text(encoding="utf-8")), end="")

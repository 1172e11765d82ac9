"""Coq checks a project: ``coqc`` each file, ``coqchk`` all of them again; nothing is assumed but the axioms of R."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from proofs_check.certificates.projects import LIBRARY, THEORY
from theory.ensembles import InvalidArgument

AXIOMS_OF_R = (
    "Coq.Reals.ClassicalDedekindReals.sig_forall_dec",
    "Coq.Reals.ClassicalDedekindReals.sig_not_dec",
    "Coq.Logic.FunctionalExtensionality.functional_extensionality_dep",
)
"""What Coq's real numbers rest on: excluded middle for what can be tested number by number, and equality of functions
with equal values."""

_SECONDS = 300
"""A file that takes longer has not closed."""


@dataclass(frozen=True)
class Checked:
    """What Coq says of a file.

    Parameters
    ----------
    name : str
        The file, without ``.v``.
    problem : str
        Why it does not stand, in one line; empty if it does.
    axioms : tuple of str
        What its theorems assume.
    seconds : float
        How long it took.
    """

    name: str
    problem: str
    axioms: tuple[str, ...]
    seconds: float

    @property
    def closed(self) -> bool:
        """Whether all of it is proved."""
        return not self.problem


def is_there() -> bool:
    """Whether ``coqc`` and ``coqchk`` are installed."""
    return all(shutil.which(program) for program in ("coqc", "coqchk"))


def require_coq() -> None:
    """Refuse to go on without Coq.

    Raises
    ------
    InvalidArgument
        If ``coqc`` or ``coqchk`` is missing; the remedy says what to install.
    """
    if not is_there():
        remedy = "install it (Debian: apt install coq), or write the files alone with --unchecked"
        raise InvalidArgument("coq", "coqc and coqchk are not installed", remedy)


def compile_theory(folder: Path) -> None:
    """Compile the shipped files of a project.

    Raises
    ------
    InvalidArgument
        If one does not compile, which is our fault or that of another version of Coq.
    """
    for name in THEORY:
        checked = compile_file(folder, name, certified=False)
        if not checked.closed:
            raise InvalidArgument("coq", f"{name}.v: {checked.problem}", "Coq 8.16 or later is needed")


def compile_files(
    folder: Path, names: Sequence[str], jobs: int = 1, told: Callable[[Checked], None] | None = None
) -> list[Checked]:
    """Compile certificates, several at once, in their order.

    Parameters
    ----------
    folder : Path
        A project whose theory is compiled.
    names : sequence of str
        Files without ``.v``.
    jobs : int
        How many at once.
    told : callable, optional
        Called with each file's result in the order of the names.
    """
    results = []
    with ThreadPoolExecutor(jobs) as threads:
        for checked in threads.map(lambda name: compile_file(folder, name), names):
            results.append(checked)
            if told is not None:
                told(checked)
    return results


def compile_file(folder: Path, name: str, certified: bool = True) -> Checked:
    """Compile one file, and read off what its theorems assume.

    Parameters
    ----------
    folder : Path
        The project.
    name : str
        The file, without ``.v``.
    certified : bool
        Whether it must end by printing what it assumes.
    """
    start = time.monotonic()
    status, out, err = _run(["coqc", "-q", "-R", ".", LIBRARY, f"{name}.v"], folder)
    seconds = time.monotonic() - start
    if status:
        return Checked(name, _first_error(err or out, folder / f"{name}.v"), (), seconds)
    if not certified:
        return Checked(name, "", (), seconds)
    axioms = printed_axioms(out)
    if axioms is None:
        return Checked(name, "does not say what it assumes", (), seconds)
    return Checked(name, _beyond(axioms), axioms, seconds)


def check_again(folder: Path, names: Sequence[str], library: bool = True) -> Checked:
    """Let ``coqchk``, a checker of its own, go through compiled files.

    Parameters
    ----------
    folder, names
        As for :func:`compile_files`.
    library : bool
        Whether it goes through all that they use of Coq's own library, too, which takes half a minute.

    Notes
    -----
    Its summary lists the axioms of all files that it has loaded, used or not. What a theorem uses is what ``coqc``
    prints; here it matters that no axiom is ours, and that no check was turned off.
    """
    start = time.monotonic()
    modules = [f"{LIBRARY}.{name}" for name in (*THEORY, *names)]
    chosen = modules if library else [word for module in modules for word in ("-norec", module)]
    status, out, err = _run(["coqchk", "-silent", "-o", "-R", ".", LIBRARY, *chosen], folder)
    seconds = time.monotonic() - start
    if status:
        return Checked("coqchk", _one_line(err or out), (), seconds)
    return Checked("coqchk", *judged_summary(out + err), seconds)


def printed_axioms(out: str) -> tuple[str, ...] | None:
    r"""Return the axioms that ``Print Assumptions`` names, or None if it printed nothing.

    Examples
    --------
    >>> printed_axioms("Closed under the global context")
    ()
    >>> printed_axioms("Axioms:\nReals.sig_not_dec : forall P : Prop, {~ ~ P} + {~ P}\nmine\n  : 1 = 2")
    ('Reals.sig_not_dec', 'mine')
    """
    if "Closed under the global context" in out:
        return ()
    if "Axioms:" not in out:
        return None
    _, _, listed = out.partition("Axioms:")
    return tuple(found[1] for line in listed.splitlines() if (found := re.match(r"([\w.']+)\s*(?::|$)", line)))


def judged_summary(out: str) -> tuple[str, tuple[str, ...]]:
    r"""Return what is wrong with a summary of ``coqchk``, and the axioms that it lists.

    Examples
    --------
    >>> judged_summary("* Axioms:\n    Coq.Logic.classic\n  \n* Constants/Inductives: <none>")
    ('', ('Coq.Logic.classic',))
    >>> judged_summary("* Axioms:\n    Vanishing.mine\n  \n* Constants/Inductives: <none>")[0]
    'assumes Vanishing.mine'
    """
    parts = re.findall(r"^\* ([^:]*):(.*?)(?=^\*|\Z)", out, re.DOTALL | re.MULTILINE)
    listed = {title.strip(): tuple(text.split()) for title, text in parts}
    axioms = tuple(name for name in listed.get("Axioms", ()) if name != "<none>")
    if "Axioms" not in listed:
        return "does not list the axioms", ()
    if ours := [name for name in axioms if not name.startswith("Coq.")]:
        return f"assumes {', '.join(ours)}", axioms
    off = [title for title, names in listed.items() if title not in ("Axioms", "Theory") and names != ("<none>",)]
    return ("; ".join(off), axioms)


def _beyond(axioms: Sequence[str]) -> str:
    # coqc leaves out the first parts of a name, but never a file's own
    known = {".".join(name.split(".")[first:]) for name in AXIOMS_OF_R for first in range(3)}
    beyond = [axiom for axiom in axioms if axiom not in known]
    return f"assumes {', '.join(beyond)}" if beyond else ""


def _first_error(text: str, file: Path) -> str:
    """Return where Coq stopped: the theorem, and what it says, in one line."""
    message = _one_line(text.partition("Error:")[2] or text)
    found = re.search(r"line (\d+)", text)
    if found is None:
        return message
    lines = file.read_text(encoding="utf-8").splitlines()[: int(found[1])]
    theorem = next((m[2] for line in reversed(lines) if (m := re.match(r"(Lemma|Theorem) (\w+)", line))), "")
    return f"{theorem + ': ' if theorem else ''}{message} ({file.name}:{found[1]})"


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200] or "no message"


def _run(command: list[str], folder: Path) -> tuple[int, str, str]:
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return 1, "", f"Error: took more than {_SECONDS} s"
    return done.returncode, done.stdout, done.stderr

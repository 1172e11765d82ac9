"""A Coq project: the shipped theory, one file for each statement with proofs, and what is needed to check them."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path

from proofs_check.certificates.folds import for_any_steps
from proofs_check.certificates.inductions import for_all_steps
from proofs_check.certificates.lemmas import lemma
from proofs_check.certificates.terms import identifier
from proofs_check.certificates.weights import from_the_weights
from proofs_check.certificates.writing import Theorem, safe
from proofs_check.domain import TRIED
from proofs_check.evidence.fold import Fold
from proofs_check.evidence.induction import Induction
from proofs_check.evidence.proved import Proved
from proofs_check.reporting.files import write_whole
from proofs_check.statement import Claim, Statement
from proofs_check.verdict import Verdict
from proofs_check.verification.verifying import verify
from theory.ensembles import InvalidArgument

LIBRARY = "Vanishing"
"""The name under which the files know each other."""

THEORY = ("Sums", "Recursions", "Algebra", "OneLayer", "Layers", "Backward", "Branches", "Signs")
"""The shipped files in the order in which they need each other."""

_MARK = "# made by: vanishing certify"
_TUPLE = "certified"

_MAKEFILE = """{mark}
FILES := {files}

all: check

%.vo: %.v
	coqc -q -R . {library} $<

{order}

check: $(FILES:%=%.vo)
	coqchk -silent -o -R . {library} $(FILES:%={library}.%)

clean:
	rm -f *.vo *.vok *.vos *.glob .*.aux

.PHONY: all check clean
"""


@dataclass(frozen=True)
class Certificate:
    """The proofs of one statement in Coq.

    Parameters
    ----------
    id : str
        The statement's id.
    name : str
        The file's name, without ``.v``.
    text : str
        The file.
    lemmas, inductions, weights : int
        How many obligations it closes, how many closed forms for all steps, and how many of these begin with the
        moments of single weights.
    """

    id: str
    name: str
    text: str
    lemmas: int
    inductions: int
    weights: int

    @property
    def contents(self) -> str:
        """What is in it, in words."""
        parts = [_count(self.lemmas, "identity", "identities")]
        if self.inductions:
            parts.append(_count(self.inductions, "induction", "inductions"))
        if self.weights:
            parts.append(f"{self.weights} from the weights")
        return ", ".join(parts)


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def proofs_of(statement: Statement) -> tuple[Proved, ...]:
    """Return a statement's proofs of which certificates are written.

    Examples
    --------
    >>> from proofs_check.registry import select
    >>> [len(proofs_of(statement)) for statement in select(["forward.fourth-moment", "forward.typical-rate"])]
    [3, 0]
    """
    return tuple(evidence for evidence in statement.evidence if isinstance(evidence, Proved) and evidence.certified)


def require_sound(statement: Statement) -> None:
    """Refuse proofs that are none: Coq would close what says nothing of the claim, or follows from 0 being a divisor.

    Parameters
    ----------
    statement : Statement
        Any with proofs.

    Raises
    ------
    InvalidArgument
        If SymPy and FLINT do not find the proofs to hold, a proof would stand for every mutant as well, or it is about
        other networks than those assumed, or not about all that the domain names.

    Examples
    --------
    >>> from proofs_check.registry import select
    >>> require_sound(select(["forward.mean-preserved"])[0])
    """
    proofs = tuple(evidence for evidence in statement.evidence if isinstance(evidence, Proved))
    domain = statement.domain if statement.domain.proved else TRIED
    (result,) = verify([replace(statement, evidence=proofs, domain=domain)]).results
    for finding in result.findings:
        if finding.verdict is not Verdict.SUPPORTED:
            problem = f"{finding.check} is {finding.verdict.value}: {finding.detail}"
            raise InvalidArgument("claim", problem, f"see 'vanishing verify {statement.id}'")
    if result.toothless:
        one = result.toothless[0]
        says = "breaks under every mutant" if one.verdict is Verdict.BROKEN else "would stand for every mutant as well"
        problem = f"{one.check} {says}"
        raise InvalidArgument("obligations", problem, "let them depend on the claim")
    if result.unreached:
        raise InvalidArgument("domain", result.unreached, "narrow it, or prove more")


def certificate(statement: Statement, claim: Claim | None = None) -> Certificate:
    """Write a statement's proofs as one Coq file.

    Parameters
    ----------
    statement : Statement
        Any with proofs.
    claim : callable, optional
        Another claim in place of its own, such as a mutant's.

    Raises
    ------
    InvalidArgument
        If there is no proof, or a formula that cannot be written.

    Examples
    --------
    >>> from proofs_check.registry import select
    >>> [statement] = select(["forward.mean-preserved"])
    >>> written = certificate(statement)
    >>> written.name, written.contents
    ('forward_mean_preserved', '6 identities, 3 inductions, 3 from the weights')
    """
    claim = claim or statement.claim
    proofs = proofs_of(statement)
    if not proofs:
        raise InvalidArgument("id", f"{statement.id} has no proof", "see 'vanishing statements' for tiers")
    theorems: list[Theorem] = []
    sections: list[str] = []
    lemmas = inductions = weights = 0
    for number, proof in enumerate(proofs, 1):
        obligations = proof.obligations(claim)
        names = _names(f"proof{number}", (one.name for one in obligations))
        found = [lemma(one, name) for one, name in zip(obligations, names, strict=True)]
        lemmas += len(found)
        for place, induction in enumerate(proof.inductions(claim) if proof.inductions else (), 1):
            steps = f"proof{number}_for_all_steps_{place}"
            found.append(
                for_any_steps(induction, steps) if isinstance(induction, Fold) else for_all_steps(induction, steps)
            )
            inductions += 1
            if isinstance(induction, Induction) and induction.origin is not None:
                found.append(from_the_weights(induction, steps, f"proof{number}_from_the_weights_{place}"))
                weights += 1
        theorems += found
        title = f"(* ---- {safe(proof.check)} ---- *)"
        sections.append("\n\n".join([title, *(theorem.text for theorem in found)]))
    if not theorems:
        raise InvalidArgument("claim", f"of {statement.id} leaves nothing to prove", "give obligations")
    head = [
        f"(* {statement.id}: {safe(statement.title)}",
        f"   Source: {safe(statement.source)}",
        *(f"   Assuming: {safe(assumption.sentence)}" for assumption in statement.assumptions),
        "   Powers have natural exponents: e is the least exponent of a step. *)",
        "From Coq Require Import Reals Lia Lra.",
        f"From {LIBRARY} Require Import {' '.join(THEORY)}.",
        "Open Scope R_scope.",
    ]
    all_of_it = ",\n  ".join(theorem.name for theorem in theorems)
    foot = f"Definition {_TUPLE} := (\n  {all_of_it}).\nPrint Assumptions {_TUPLE}.\n"
    text = "\n\n".join(["\n".join(head), *sections, foot])
    return Certificate(statement.id, identifier(statement.id), text, lemmas, inductions, weights)


def _names(prefix: str, names: Iterable[str]) -> list[str]:
    taken: list[str] = []
    for name in names:
        wanted = f"{prefix}_{identifier(name)}"
        taken.append(wanted if wanted not in taken else f"{wanted}_{len(taken)}")
    return taken


@cache
def theory_texts() -> dict[str, str]:
    """Return the shipped files: names without ``.v`` and texts, in the order in which they need each other."""
    room = files("proofs_check.certificates") / "coq"
    return {name: (room / f"{name}.v").read_text(encoding="utf-8") for name in THEORY}


def project(certificates: Sequence[Certificate]) -> dict[str, str]:
    """Return all files of a project: their names and texts.

    Examples
    --------
    >>> list(project([]))  # doctest: +ELLIPSIS
    ['Sums.v', 'Recursions.v', ..., '_CoqProject', 'Makefile']
    """
    texts = {f"{name}.v": text for name, text in theory_texts().items()}
    texts |= {f"{one.name}.v": one.text for one in certificates}
    names = [name.removesuffix(".v") for name in texts]
    order = "\n".join(
        [
            *(f"{later}.vo: {before}.vo" for before, later in itertools.pairwise(THEORY)),
            *(f"{one.name}.vo: {THEORY[-1]}.vo" for one in certificates),
        ]
    )
    texts["_CoqProject"] = "\n".join([_MARK, f"-R . {LIBRARY}", *(f"{name}.v" for name in names)]) + "\n"
    texts["Makefile"] = _MAKEFILE.format(mark=_MARK, files=" ".join(names), library=LIBRARY, order=order)
    return texts


def require_room(folder: Path) -> None:
    """Refuse a folder that holds anything but an earlier project of ours.

    Raises
    ------
    InvalidArgument
        If it does; nothing is touched.
    """
    listed = folder / "_CoqProject"
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not folder.is_dir() or not listed.is_file() or not listed.read_text(encoding="utf-8").startswith(_MARK):
        problem = f"{folder} holds files that 'vanishing certify' did not make"
        raise InvalidArgument("out", problem, "name an empty folder, or one that it wrote before")


def write_project(texts: dict[str, str], folder: Path) -> None:
    """Write a project's files, all or none of them, in place of an earlier project.

    Parameters
    ----------
    texts : dict of str to str
        As :func:`project` returns them.
    folder : Path
        Where; it is made if need be.

    Raises
    ------
    InvalidArgument
        As :func:`require_room`.
    OSError
        If it cannot be written.
    """
    require_room(folder)
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    room = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".partial", dir=folder.parent))
    try:
        whole, earlier = room / "whole", room / "earlier"
        whole.mkdir()
        for name, text in texts.items():
            write_whole(whole / name, text)
        if folder.exists():
            folder.replace(earlier)
        whole.replace(folder)
    finally:
        shutil.rmtree(room, ignore_errors=True)

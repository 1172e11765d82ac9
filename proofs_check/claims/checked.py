"""What a check found: the verdict, its scope, how it is known, where the claim fails, and what is true instead."""

from __future__ import annotations

import html
import json
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from proofs_check.answers.formats import parsable, readable
from proofs_check.claims.counterexamples import Counterexample
from proofs_check.claims.matrix_text import claimed as as_claim
from proofs_check.claims.meaning import shown
from proofs_check.verdict import Verdict
from theory.ensembles import Ensemble
from theory.symbols import latex


@dataclass(frozen=True)
class Sharpness:
    """Which false variants of a claim the check tells from it.

    Parameters
    ----------
    refuted : int
        How many variants were refuted.
    tried : int
        How many were tried.
    nearest : str
        The refuted variant that is nearest to the claim.
    distance : float or None
        How far its right side is from the claim's, relative to it, at the sizes where they were compared.
    survives : tuple of str
        The variants that are not refuted.
    resolution : float or None
        Claims that are off by more than this share would be refuted, where a simulation decides.
    """

    refuted: int = 0
    tried: int = 0
    nearest: str = ""
    distance: float | None = None
    survives: tuple[str, ...] = ()
    resolution: float | None = None


@dataclass(frozen=True)
class Judgement:
    """What the evidence says of a claim.

    Parameters
    ----------
    verdict : Verdict
        Supported, refuted or inconclusive.
    scope : str
        For which sizes, in words.
    tiers : tuple of (str, str)
        How it is known, tier by tier.
    counterexample : Counterexample or None
        The smallest one found.
    fails : str
        At how many of the sizes tried it fails, and where.
    advice : str
        What would decide it, where it is open.
    """

    verdict: Verdict
    scope: str
    tiers: tuple[tuple[str, str], ...]
    counterexample: Counterexample | None = None
    fails: str = ""
    advice: str = ""


@dataclass(frozen=True, repr=False)
class Checked:
    """A checked claim.

    Parameters
    ----------
    claim : str
        The claim as it was given.
    net : Ensemble
        The networks it is about.
    judgement : Judgement
        The verdict and how it is known.
    left, right : str
        The two sides as they were read.
    relation : str
        The relation between them.
    derived : sympy.Expr or None
        The left side as theory derives it.
    ratio : sympy.Expr or None
        The derived over the claimed formula, where the claim is false.
    assumptions : tuple of str
        All that the answer assumes and defines.
    sharpness : Sharpness
        Which variants the check tells from the claim.
    seconds : float
        How long it took.
    about : str
        What the claim is about, ``networks`` or ``matrices``.
    """

    claim: str
    net: Ensemble
    judgement: Judgement
    left: str
    right: str
    relation: str
    derived: sp.Expr | None
    ratio: sp.Expr | None
    assumptions: tuple[str, ...]
    sharpness: Sharpness
    seconds: float
    about: str = "networks"

    @property
    def verdict(self) -> Verdict:
        """Supported, refuted or inconclusive."""
        return self.judgement.verdict

    @property
    def scope(self) -> str:
        """For which sizes the verdict stands, in words."""
        return self.judgement.scope

    @property
    def counterexample(self) -> Counterexample | None:
        """The smallest sizes found at which the claim is false, with both sides there."""
        return self.judgement.counterexample

    @property
    def exit_status(self) -> int:
        """It is 0 if the claim is supported, 1 if it is refuted, and 3 if that stays open."""
        return exit_status([self])

    def __bool__(self) -> bool:
        """Whether the claim is supported."""
        return self.verdict is Verdict.SUPPORTED

    def __repr__(self) -> str:
        return f"<{self.verdict.value}: {self.claim}; {self.scope}>"

    def __str__(self) -> str:
        return as_text(self)

    def _repr_latex_(self) -> str:
        if self.derived is None:
            return rf"$\text{{{self.verdict.value}: {self.claim}}}$".replace("|", r"\vert ")
        formula, names = readable(self.derived)
        where = "".join(rf",\quad {sp.latex(name)} = {latex(base)}" for name, base in names)
        left = self.left.replace("|", r"\vert ")
        return rf"$\text{{{self.verdict.value}; }}\mathrm{{{left}}} = {latex(formula)}{where}$"

    def _repr_html_(self) -> str:
        lines = as_text(self).splitlines()
        first, rest = html.escape(lines[0]), "<br>".join(html.escape(line) for line in lines[1:])
        return f"<div><b>{first}</b><br>{rest}</div>"


def exit_status(results: Sequence[Checked]) -> int:
    """Return the exit status of several checks: 1 if any is refuted, else 3 if any is open, else 0.

    Examples
    --------
    >>> exit_status([])
    0
    """
    verdicts = {result.verdict for result in results}
    if Verdict.REFUTED in verdicts:
        return 1
    return 3 if Verdict.INCONCLUSIVE in verdicts else 0


def as_text(result: Checked, width: int | None = None) -> str:
    """Return a check's answer for a person, in a few lines.

    Parameters
    ----------
    result : Checked
        The answer.
    width : int, optional
        The columns there are for what is assumed; 118 at most, and by default.
    """
    judged = result.judgement
    lines = [f"{judged.verdict.value}: {' '.join(result.claim.split())}"]
    reading = f"{result.left} {result.relation} {result.right}"
    if _bare(reading) != _bare(result.claim):
        lines.append(f"  read as: {reading}")
    lines.append(f"  scope: {judged.scope}")
    lines += [f"  {tier}: {says}" for tier, says in judged.tiers]
    if judged.counterexample is not None:
        at = ", ".join(f"{name} = {value}" for name, value in judged.counterexample.at.items())
        claimed, true = judged.counterexample.claimed, judged.counterexample.true
        if at:
            lines.append(f"  counterexample at {at}: claimed {claimed}, true {true}")
    if judged.fails:
        lines.append(f"  {judged.fails}")
    if result.derived is not None and result.relation != "~" and "O(" not in result.right:
        networks = result.about == "networks"
        formula, names = readable(result.derived) if networks else (result.derived, [])
        equation = result.relation == "="
        word = "true instead" if judged.verdict is Verdict.REFUTED and equation else "in closed form"
        if not (judged.verdict is Verdict.SUPPORTED and equation and judged.tiers[0][1].startswith("identical")):
            lines.append(f"  {word}: {result.left} = {shown(formula) if networks else as_claim(formula)}")
            lines += [f"    where {name} = {shown(base)}" for name, base in names]
    if result.ratio is not None:
        lines.append(f"    which is {shown(result.ratio)} times the claimed one")
    lines += [f"  sharpness: {text}" for text in _sharpness_lines(result.sharpness)]
    if judged.advice:
        lines.append(f"  {judged.advice}")
    if result.about == "networks":
        lines.append(f"  networks: {result.net.describe()}")
    lines.append(_wrapped("; ".join(result.assumptions), min(118, width or 118)))
    return "\n".join(lines)


def _bare(claim: str) -> str:
    """Return a claim without what may be written in several ways."""
    return re.sub(r"[\s*(){}]", "", claim).replace("dF/", "df/").replace("==", "=")


def _wrapped(assumptions: str, width: int) -> str:
    return textwrap.fill(
        assumptions, width, initial_indent="  assuming: ", subsequent_indent="    ", break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


def as_line(result: Checked) -> str:
    """Return a check's answer on one line, with the counterexample on a second.

    Parameters
    ----------
    result : Checked
        The answer.
    """
    line = f"{result.verdict.value:<12}  {result.claim}   [{result.scope}]"
    if result.counterexample is not None:
        at = ", ".join(f"{name} = {value}" for name, value in result.counterexample.at.items())
        claimed, true = result.counterexample.claimed, result.counterexample.true
        where = f"at {at}: claimed {claimed}, true {true}" if at else result.judgement.tiers[0][1]
        line += f"\n{'':12}  {where}"
    if result.judgement.advice:
        line += f"\n{'':12}  {result.judgement.advice}"
    return line


def _sharpness_lines(sharpness: Sharpness) -> list[str]:
    lines = []
    if sharpness.tried:
        nearest = ""
        if sharpness.nearest:
            away = "" if sharpness.distance is None else f" ({_percent(sharpness.distance)} off)"
            nearest = f"; nearest: {sharpness.nearest}{away}"
        lines.append(f"{sharpness.refuted} of {sharpness.tried} false variants refuted{nearest}")
    if sharpness.survives:
        some = ", ".join(sharpness.survives[:3]) + (", ..." if len(sharpness.survives) > 3 else "")
        lines.append(f"cannot be told from it: {some}")
    if sharpness.resolution is not None:
        lines.append(f"claims that are off by more than {_percent(sharpness.resolution)} would be refuted")
    return lines


def _percent(share: float) -> str:
    return f"{float(f'{100 * share:.2g}'):g} %"


def as_data(result: Checked) -> dict[str, Any]:
    """Return a check's answer as what JSON holds.

    Parameters
    ----------
    result : Checked
        The answer.
    """
    judged, found = result.judgement, result.judgement.counterexample
    example = None
    if found is not None:
        at = {name: int(v) if v.is_Integer else str(v) for name, v in found.at.items()}
        example = {"at": at, "claimed": found.claimed, "true": found.true}
    return {
        "claim": result.claim,
        "verdict": judged.verdict.value,
        "scope": judged.scope,
        "tiers": [{"tier": tier, "says": says} for tier, says in judged.tiers],
        "counterexample": example,
        "fails": judged.fails,
        "statement": f"{result.left} {result.relation} {result.right}",
        "derived": None if result.derived is None else parsable(result.derived),
        "ratio": None if result.ratio is None else parsable(result.ratio),
        "ensemble": result.net.describe() if result.about == "networks" else None,
        "assumptions": list(result.assumptions),
        "sharpness": {
            "refuted": result.sharpness.refuted,
            "tried": result.sharpness.tried,
            "nearest": result.sharpness.nearest,
            "distance": result.sharpness.distance,
            "survives": list(result.sharpness.survives),
            "resolution": result.sharpness.resolution,
        },
        "advice": judged.advice,
        "seconds": round(result.seconds, 3),
    }


def as_json(results: Sequence[Checked], *, batch: bool) -> str:
    """Return answers as JSON: an object, or a list for a batch.

    Parameters
    ----------
    results : sequence of Checked
        The answers.
    batch : bool
        Whether there may be several.
    """
    data = [as_data(result) for result in results]
    return json.dumps(data if batch else data[0], indent=2, allow_nan=False, ensure_ascii=False)

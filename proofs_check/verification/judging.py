"""What evidence says of a claim and of its mutants; what raises is broken, and ends no run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from montecarlo import Simulation
from montecarlo.runs.measured_code import told_apart
from proofs_check.evidence import Simulated
from proofs_check.evidence.simulated import Read
from proofs_check.faults import NOT_OURS, Fault, fault_of
from proofs_check.reporting.findings import finding_lines
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.verdict import Finding, Tier, Verdict
from proofs_check.verification.content import hidden_networks, says_nothing, without_value
from proofs_check.verification.generality import (
    Call,
    contradictory,
    contradicts,
    fails,
    missing_from,
    networks_of,
    recording,
)
from proofs_check.verification.results import MutantReport, StatementReport
from proofs_check.verification.sharpness import distance_of, exact_reach, reach_of
from proofs_check.verification.substitution import Proof, networks_in
from theory.ensembles import Ensemble, InvalidArgument


def refusals(statement: Statement) -> tuple[Finding, ...]:
    """Return a broken finding for evidence with arguments that cannot be used, or that contradicts what is assumed.

    Parameters
    ----------
    statement : Statement
        A statement.
    """
    if (both := contradictory(statement.assumptions)) is not None:
        problem = f"no network meets {both[0].sentence!r} and {both[1].sentence!r}"
        wrong = InvalidArgument("assumptions", problem, "leave one of them out")
        return (_broken(statement, statement.evidence[0], wrong),)
    found = []
    for evidence in statement.evidence:
        require = getattr(evidence, "require", None)
        try:
            if require is not None:
                require()
            if isinstance(evidence, Simulated):
                told_apart(evidence.net, evidence.engine, evidence.observable)
            _require_assumed(statement, evidence)
        except NOT_OURS as error:
            found.append(_broken(statement, evidence, error))
    return tuple(found)


def _require_assumed(statement: Statement, evidence: Any) -> None:
    """Refuse evidence about a network that the statement does not speak of."""
    cases = getattr(evidence, "cases", ()) or ()
    nets = [getattr(evidence, "net", None), *(part for case in cases for part in case)]
    for net in dict.fromkeys(net for net in nets if isinstance(net, Ensemble)):
        for assumed in statement.assumptions:
            if fails(assumed, net):
                problem = f"'{assumed.sentence}' does not hold for {net.describe()}"
                raise InvalidArgument("assumptions", problem, "change the ensemble, or what is assumed")


def _within_assumptions(statement: Statement, evidence: Any, found: Finding, seen: Sequence[Ensemble]) -> Finding:
    """Return the finding, or a broken one if the claim was asked about networks that are not those assumed."""
    for net in dict.fromkeys(seen):
        if (assumed := contradicts(net, statement.assumptions)) is not None:
            problem = f"'{assumed.sentence}' does not hold for {net.describe()}"
            wrong = InvalidArgument("assumptions", problem, "change the ensemble, or what is assumed")
            return _broken(statement, evidence, wrong)
    return found


def _broken(statement: Statement, evidence: Any, error: BaseException, claim: Claim | None = None) -> Finding:
    """Return the finding that a claim, or evidence, could not be run."""
    if isinstance(error, KeyboardInterrupt):
        raise error
    near = [claim, getattr(getattr(evidence, "observable", None), "measure", None)] if claim is not None else []
    fault = fault_of(error, statement.id, near, statement.place)
    check = str(getattr(evidence, "check", type(evidence).__name__))
    return Finding(evidence.tier, check, Verdict.BROKEN, detail=fault.problem, where=fault.where)


@dataclass(frozen=True)
class Sampled:
    """Simulated evidence together with the simulation that it reads.

    Parameters
    ----------
    evidence : Simulated
        The evidence.
    simulation : Simulation or BaseException
        What was measured, or why nothing could be.
    error : float
        The probability that the interval may miss.
    """

    evidence: Simulated
    simulation: Simulation | BaseException
    error: float
    _once: dict[str, Read] = field(default_factory=dict, repr=False, compare=False)
    tier = Tier.SIMULATED

    @property
    def check(self) -> str:
        """What the evidence checks."""
        return self.evidence.check

    def examine(self, claim: Claim) -> Finding:
        """Judge a claim by the simulation.

        Parameters
        ----------
        claim : callable
            The claim, or a mutant's.

        Raises
        ------
        BaseException
            What was raised where the networks were measured.
        """
        if isinstance(self.simulation, BaseException):
            raise self.simulation
        if type(self.evidence).examine is not Simulated.examine:  # what is read depends on the claim
            return self.evidence.examine(claim, self.simulation, self.error)
        return self.evidence.compare(claim, self._read(self.simulation))

    def _read(self, simulation: Simulation) -> Read:
        """Return what the claim and its mutants are judged by: it is the same for all of them."""
        if "read" not in self._once:
            self._once["read"] = self.evidence.read(simulation, self.error)
        return self._once["read"]


@dataclass(frozen=True)
class Judged:
    """What some of a statement's evidence says.

    Parameters
    ----------
    findings : tuple of Finding
        What each says of the claim.
    mutants : tuple of MutantReport
        What became of each mutant.
    toothless : tuple of Finding
        What supports the claim and every mutant as well.
    exact_reach : float, optional
        The smallest move of the claim that exact evidence refutes.
    unproved : str
        Networks that are assumed and no proof speaks of, in words.
    empty : str
        Why its evidence says nothing of the claim, in words.
    """

    findings: tuple[Finding, ...]
    mutants: tuple[MutantReport, ...]
    toothless: tuple[Finding, ...]
    exact_reach: float | None = None
    unproved: str = ""
    empty: str = ""

    @classmethod
    def of(cls, statement: Statement, evidence: Sequence[Any], stepped: Callable[[], object] = lambda: None) -> Judged:
        """Ask evidence about the claim and about each mutant.

        Parameters
        ----------
        statement : Statement
            The statement.
        evidence : sequence
            Some of its evidence; what is simulated with what it reads, as :class:`Sampled`.
        stepped : callable
            Called after each answer.
        """
        findings, proofs, asked = [], list[Proof](), list[Call]()
        for e in evidence:
            calls: list[Call] = []
            found = _examined(statement, e, statement.claim, calls)
            seen = networks_of(calls)
            found = _within_assumptions(statement, e, found, seen)
            findings.append(found)
            stepped()
            if found.tier is Tier.PROVED and found.verdict is Verdict.SUPPORTED and not found.only:
                # a claim that is a text is asked about no network: its evidence holds that
                proofs.append(Proof(e, statement.claim, tuple(seen or networks_in(e))))
                asked += calls
        against: list[list[Finding]] = []
        for mutant in statement.mutants:
            against.append([])
            for e in evidence:
                against[-1].append(_examined(statement, e, mutant.claim))
                stepped()
        toothless = [_toothless(found, [row[i] for row in against]) for i, found in enumerate(findings)]
        sharp, empty, unproved = None, "", ""
        holds = all(found.verdict is Verdict.SUPPORTED for found in findings)
        if findings and holds and not any(isinstance(e, Sampled) for e in evidence):
            sharp = exact_reach(statement.claim, evidence)
            empty = says_nothing(statement, evidence)
        if statement.domain.proved:
            unproved = hidden_networks(proofs) or missing_from(proofs, statement.assumptions)
            hole = "" if unproved else without_value(statement.claim, asked, statement.assumptions)
            empty = empty or (f"the claim has no value at {hole}, which its domain has" if hole else "")
        return cls(
            tuple(findings),
            tuple(_mutant_report(*both, findings) for both in zip(statement.mutants, against, strict=True)),
            tuple(found for found in toothless if found is not None),
            sharp,
            unproved,
            empty,
        )

    def report(self, statement: Statement, simulated: Judged) -> StatementReport:
        """Return what exact evidence found together with what simulations did.

        Parameters
        ----------
        statement : Statement
            The statement.
        simulated : Judged
            What its simulated evidence says.
        """
        mutants = tuple(
            MutantReport(
                one.name,
                one.refuted_by + other.refuted_by,
                one.faults + other.faults,
                one.distances + other.distances,
            )
            for one, other in zip(self.mutants, simulated.mutants, strict=True)
        )
        return StatementReport(
            statement,
            self.findings + simulated.findings,
            mutants,
            self.toothless + simulated.toothless,
            self.exact_reach,
            self.unproved,
            self.empty,
        )


def _mutant_report(mutant: Mutant, against: Sequence[Finding], findings: Sequence[Finding]) -> MutantReport:
    """Return what became of a mutant, given what each piece of evidence found of it and of the claim."""
    refuted = [(found, of_claim) for found, of_claim in zip(against, findings, strict=True) if _refutes(found)]
    distances = (distance_of(found, of_claim) for found, of_claim in refuted)
    broken = (Fault(f.check, f.detail, f.where) for f in against if f.verdict is Verdict.BROKEN)
    return MutantReport(
        mutant.name,
        tuple(found for found, _ in refuted),
        tuple(broken),
        tuple(distance for distance in distances if distance is not None),
    )


def _refutes(found: Finding) -> bool:
    return found.verdict is Verdict.REFUTED


def _toothless(found: Finding, against: Sequence[Finding]) -> Finding | None:
    """Return the finding of evidence that would support every mutant, or its error if it breaks under all of them."""
    verdicts = {one.verdict for one in against}
    if verdicts & {Verdict.REFUTED, Verdict.INCONCLUSIVE}:
        return None
    return against[0] if verdicts == {Verdict.BROKEN} else found


def _examined(statement: Statement, evidence: Any, claim: Claim, calls: list[Call] | None = None) -> Finding:
    """Let evidence judge a claim, and note what the claim is called with."""
    try:
        found = evidence.examine(claim if calls is None else recording(claim, calls))
        if not isinstance(found, Finding) or not isinstance(found.verdict, Verdict):
            raise TypeError(f"the evidence returned {found!r:.60}, which is no Finding")
        str(found.scope), reach_of(found), finding_lines(found)  # what cannot be told is broken, and harms no other
        return found
    except NOT_OURS as error:
        return _broken(statement, evidence.evidence if isinstance(evidence, Sampled) else evidence, error, claim)

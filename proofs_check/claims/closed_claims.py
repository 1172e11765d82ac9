"""Claims about closed forms, such as linear2.distance-law <= 3/h: identities of formulas, and balls at given values."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from proofs_check import closed_forms
from proofs_check.answers.letter_values import read_value, read_values
from proofs_check.claims.algebra import is_identical
from proofs_check.claims.arithmetic import Arithmetic
from proofs_check.claims.checked import Checked, Judgement, Sharpness
from proofs_check.claims.counterexamples import Counterexample
from proofs_check.claims.domain import parts_of
from proofs_check.claims.mutants import variants
from proofs_check.claims.relations import holds
from proofs_check.claims.syntax import parse_claim
from proofs_check.closed_forms import Closed, ClosedForm
from proofs_check.verdict import Verdict
from theory.balls import Ball, enclose, precision
from theory.ensembles import Ensemble, InvalidArgument
from theory.ensembles.arguments import nearest

_NAME = re.compile(r"\b[a-z][a-z0-9]*\.[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_LETTER = "closed"
_DIGITS = 30
_MOST = 2000
_NUMBERS = (sp.Rational(1, 3), sp.Rational(2, 5), sp.Rational(1, 20), sp.Integer(1), sp.Integer(2))
_WHOLE = (sp.Integer(2), sp.Integer(3), sp.Integer(5))
"""What letters without a value may be where a formula is false."""


def speaks_of_closed_forms(claim: str) -> bool:
    """Whether a claim names a closed form, or something that looks like one.

    Examples
    --------
    >>> speaks_of_closed_forms("linear2.distance-law <= 1"), speaks_of_closed_forms("E|a_L|^2 = 0.5")
    (True, False)
    """
    return _NAME.search(claim) is not None


@dataclass(frozen=True)
class _Read:
    """A claim with a letter for each closed form that it names.

    Parameters
    ----------
    text : str
        The claim with these letters.
    named : mapping of str to str
        The name of the closed form for each of them.
    letters : mapping of str to SymPy expression or tuple
        The values of the closed forms' own letters, symbols where none was given.
    balls : dict
        What has been enclosed, which variants of the claim need again.
    """

    text: str
    named: Mapping[str, str]
    letters: Mapping[str, Any]
    balls: dict[tuple[Any, ...], Ball] = field(default_factory=dict)

    @property
    def forms(self) -> dict[str, ClosedForm]:
        """The closed forms, by the letters that stand for them."""
        return {letter: closed_forms.closed_form(name) for letter, name in self.named.items()}


def check_closed_forms(
    claim: str,
    given: Mapping[str, Any],
    sizes: Any,
    *,
    compare: bool,
    seconds: float,
    told: Callable[[int, int], object],
) -> Checked:
    """Check a claim about closed forms.

    Parameters
    ----------
    claim : str
        A relation between two formulas in closed forms, their letters and numbers.
    given : mapping of str to number or str
        Values of letters.
    sizes : str, list of str, mapping or None
        The values of whole letters that are tried, as for :func:`proofs_check.claims.checking.check`.
    compare : bool
        Whether nearby false variants are tried, too.
    seconds : float
        For how long values are tried.
    told : callable
        Called with the number of values done and the number of all.

    Raises
    ------
    InvalidArgument
        If the claim cannot be read, or a letter has neither a value nor a formula.
    """
    began = time.monotonic()
    read = _read(claim, given)
    free = {value for value in read.letters.values() if isinstance(value, sp.Symbol)}
    tried = _tried(read, sizes)
    points = [
        dict(zip(tried, values, strict=True))
        for values in itertools.islice(itertools.product(*(values for _, values in tried.values())), _MOST + 1)
    ]
    if len(points) > _MOST:
        raise InvalidArgument("for", f"names more than {_MOST} combinations", "use fewer values")
    sides = _Sides(read.text, read)
    open_letters = free - set(tried)
    if open_letters:
        judgement = _judge_formulas(sides, open_letters, points, began + seconds)
    else:
        judgement = _judge_points(sides, points, _scope(read, tried), began + seconds, told)
    sharpness = Sharpness()
    if compare and judgement.verdict is Verdict.SUPPORTED:
        sharpness = _sharpness(read, points, open_letters)
    return Checked(
        claim=claim,
        net=Ensemble(width="n", depth="L"),
        judgement=judgement,
        left=_shown(sides.left, read),
        right=_shown(sides.right, read),
        relation=sides.relation,
        derived=None,
        ratio=None,
        assumptions=_assumptions(read),
        sharpness=sharpness,
        seconds=time.monotonic() - began,
        about="closed forms",
    )


def _tried(read: _Read, sizes: Any) -> dict[sp.Symbol, tuple[str, tuple[sp.Expr, ...]]]:
    """Return the values of letters that are tried, each with its text."""
    kinds = {letter.name: letter for form in read.forms.values() for letter in form.letters}
    found: dict[sp.Symbol, tuple[str, tuple[sp.Expr, ...]]] = {}
    for name, sign, text in parts_of(sizes):
        letter = read.letters.get(name)
        if not isinstance(letter, sp.Symbol):
            open_ones = ", ".join(key for key, value in read.letters.items() if isinstance(value, sp.Symbol)) or "none"
            problem = f"{name!r} is no letter without a value" if letter is None else f"{name} has a value already"
            raise InvalidArgument("for", problem, f"letters without a value are {open_ones}")
        if letter in found:
            raise InvalidArgument("for", f"{name} is given twice", "give it once")
        if sign != "=":
            raise InvalidArgument("for", "of closed forms, finitely many values are tried", "use e.g. --for h=4..64")
        ends = re.fullmatch(r"(\d+)\s*\.\.\.?\s*(\d+)", text)
        if ends and int(ends[2]) - int(ends[1]) > _MOST:
            raise InvalidArgument("for", f"{name}={text} has more than {_MOST} values", "use fewer")
        texts = map(str, range(int(ends[1]), int(ends[2]) + 1)) if ends else text.split(",")
        values = tuple(read_value(kinds[name], value.strip()) for value in texts)
        if not values or any(value.free_symbols for value in values):
            raise InvalidArgument("for", f"{name}={text} is no list of numbers", f"use e.g. --for {name}=1,2,4")
        found[letter] = (", ".join(part.strip() for part in text.split(",")), values)
    return found


def _read(claim: str, given: Mapping[str, Any]) -> _Read:
    named: dict[str, str] = {}

    def letter_of(found: re.Match[str]) -> str:
        name, rest = found[0], ""
        while name not in closed_forms.names() and "-" in name:  # linear2.rate-c is a difference
            name, _, last = name.rpartition("-")
            rest = f"-{last}{rest}"
        if name not in closed_forms.names():
            remedy = nearest(found[0], closed_forms.names())
            raise InvalidArgument("claim", f"there is no closed form {found[0]!r}", remedy)
        letter = next((one for one, known in named.items() if known == name), f"{_LETTER}_{len(named) + 1}")
        named[letter] = name
        return letter + rest

    text = _NAME.sub(letter_of, claim)
    letters: dict[str, Any] = {}
    known: dict[str, Any] = {}
    for name in named.values():
        form = closed_forms.closed_form(name)
        own = {letter.name for letter in form.letters}
        for letter, value in read_values(form, {key: value for key, value in given.items() if key in own}).items():
            if letters.setdefault(letter, value) != value:
                problem = f"is {letters[letter]} in one closed form of the claim and {value} in another"
                raise InvalidArgument("set", f"{letter} {problem}", f"give it: --set {letter}=...")
        known |= dict.fromkeys(own)
    for key in given:
        if key not in known:
            raise InvalidArgument("set", f"there is no letter {key!r} in this claim", nearest(key, tuple(known)))
    return _Read(text, named, letters)


class _Sides:
    """Both sides of a claim as formulas, in which closed forms are letters."""

    def __init__(self, text: str, read: _Read) -> None:
        self.read = read
        root, source = parse_claim(text, read.letters)
        if root.value == "~":
            raise source.refused(0, "of closed forms there are no limits here", "use =, <=, >=, < or >")
        scalars = {name: value for name, value in read.letters.items() if not isinstance(value, tuple)}
        self.stand_in = {letter: sp.Symbol(letter, real=True) for letter in read.named}
        reader = Arithmetic(source, {**scalars, **self.stand_in})
        self.relation = root.value
        try:
            self.left, self.right = (reader.scalar(part) for part in root.parts)
        except InvalidArgument as bad:
            raise InvalidArgument("claim", _in_words(bad.problem, read), _in_words(bad.remedy, read)) from None
        if not sp.expand(self.left - self.right).free_symbols & set(self.stand_in.values()):
            raise InvalidArgument("claim", "has the same closed forms on both sides", "let one stand on one side")

    def formulas(self, point: Mapping[sp.Symbol, sp.Expr]) -> tuple[sp.Expr, sp.Expr]:
        """Return both sides with the closed forms' formulas in them.

        Raises
        ------
        InvalidArgument
            If one has none there.
        """
        exact = {}
        for letter, form in self.read.forms.items():
            found = self._value(form, point)
            if found.exact is None:
                problem = f"{self.read.named[letter]} has no formula, and needs numbers for all of its letters"
                raise InvalidArgument("set", problem, "give them with --set, or --for")
            exact[self.stand_in[letter]] = found.exact
        left, right = (side.xreplace(exact).xreplace(dict(point)) for side in (self.left, self.right))
        return left, right

    def balls(self, point: Mapping[sp.Symbol, sp.Expr], digits: int) -> tuple[Ball, Ball]:
        """Return balls around both sides at a point."""
        values: dict[sp.Symbol, Ball] = {}
        for letter, form in self.read.forms.items():
            place = (letter, tuple(point.items()), digits)
            if place not in self.read.balls:
                found = self._value(form, point)
                with precision(digits + 5):
                    known = enclose(found.exact, digits) if found.ball is None else found.ball(digits)
                self.read.balls[place] = known
            values[self.stand_in[letter]] = self.read.balls[place]
        left, right = (enclose(side.xreplace(dict(point)), digits, values) for side in (self.left, self.right))
        return left, right

    def _value(self, form: ClosedForm, point: Mapping[sp.Symbol, sp.Expr]) -> Closed:
        own = {}
        for letter in form.letters:
            value = self.read.letters[letter.name]
            own[letter.name] = value if isinstance(value, tuple) else value.xreplace(dict(point))
        return form.at(own)

    def holds(self, point: Mapping[sp.Symbol, sp.Expr]) -> bool | None:
        """Decide the relation at a point; None where the balls overlap, and no formula tells more."""
        found = holds(self.relation, *self.balls(point, _DIGITS))
        if found is None and self.relation != "<" and self.relation != ">" and self.is_identity([point]):
            return True
        return found

    def is_identity(self, points: Iterable[Mapping[sp.Symbol, sp.Expr]]) -> bool:
        """Whether both sides are identical formulas at all of these points."""
        try:
            return all(is_identical(left - right) for left, right in map(self.formulas, points))
        except InvalidArgument:
            return False


def _judge_formulas(
    sides: _Sides, letters: set[sp.Symbol], points: list[dict[sp.Symbol, sp.Expr]], end: float
) -> Judgement:
    names = ", ".join(sorted(map(str, letters)))
    if sides.relation != "=":
        problem = f"{names} has no value: inequalities between closed forms are checked at numbers"
        raise InvalidArgument("set", problem, f"give --set {min(map(str, letters))}=...")
    for point in points:
        sides.formulas(point)  # says so if there is none
    if sides.is_identity(points):
        return Judgement(Verdict.SUPPORTED, f"all {names}", (("identical", "both sides are one formula"),))
    ordered = sorted(letters, key=str)
    columns = [_WHOLE if letter.is_integer else _NUMBERS for letter in ordered]
    for values in itertools.islice(itertools.product(*columns), _MOST):
        trial = dict(zip(ordered, values, strict=True))
        for point in points:
            with suppress(InvalidArgument):  # outside of where the closed form is defined
                if sides.holds(point | trial) is False:
                    return _refuted(sides, point | trial, f"as a claim for all {names}")
        if time.monotonic() > end:
            break
    advice = f"give numbers: --set {min(map(str, letters))}=..."
    says = (("identical", "neither proved nor refuted"),)
    return Judgement(Verdict.INCONCLUSIVE, f"as a claim for all {names}", says, advice=advice)


def _judge_points(
    sides: _Sides, points: list[dict[sp.Symbol, sp.Expr]], scope: str, end: float, told: Callable[[int, int], object]
) -> Judgement:
    undecided = None
    for number, point in enumerate(points):
        found = sides.holds(point)
        if found is False:
            return _refuted(sides, point, f"as a claim for {scope}")
        undecided = point if found is None and undecided is None else undecided
        told(number + 1, len(points))
        if time.monotonic() > end and number + 1 < len(points):
            says = (("enclosed", f"holds at the first {number + 1} of {len(points)} values"),)
            return Judgement(Verdict.INCONCLUSIVE, f"as a claim for {scope}", says, advice="give it more --seconds")
    if undecided is not None:
        sharp = all(ball.rel_accuracy_bits() > 60 for ball in sides.balls(undecided, _DIGITS))
        overlap = "both sides agree to all digits computed, which proves no equality"
        says = (("enclosed", overlap if sharp else "what is known of both sides overlaps"),)
        return Judgement(Verdict.INCONCLUSIVE, f"as a claim for {scope}", says)
    says = (("enclosed", f"in ball arithmetic at {len(points)} of {len(points)} values"),)
    return Judgement(Verdict.SUPPORTED, scope, says)


def _refuted(sides: _Sides, point: Mapping[sp.Symbol, sp.Expr], scope: str) -> Judgement:
    left, right = sides.balls(point, _DIGITS)
    shown = {str(letter): value for letter, value in point.items()}
    example = Counterexample(shown, right.str(10, radius=False), left.str(10, radius=False))
    says = (("enclosed", f"true {example.true}, claimed {example.claimed}, in ball arithmetic"),)
    return Judgement(Verdict.REFUTED, scope, says, example)


def _scope(read: _Read, tried: Mapping[sp.Symbol, Any]) -> str:
    parts = [f"{letter} = {text}" for letter, (text, _) in tried.items()]
    parts += [f"{name} = {str(value).replace(' ', '')}" for name, value in read.letters.items()
              if isinstance(value, tuple) or value.is_number]  # fmt: skip
    return f"the values tried: {', '.join(parts)}"


def _sharpness(read: _Read, points: list[dict[sp.Symbol, sp.Expr]], free: set[sp.Symbol]) -> Sharpness:
    refuted, survives = 0, []
    tried = variants(read.text, read.letters)
    for variant in tried:
        try:
            sides = _Sides(variant.claim, read)
            false = not sides.is_identity(points) if free else any(sides.holds(point) is False for point in points)
        except InvalidArgument:  # a variant may divide by zero; it says nothing then
            false = True
        refuted += false
        if not false:
            survives.append(variant.name)
    return Sharpness(refuted=refuted, tried=len(tried), survives=tuple(survives))


def _shown(side: sp.Expr, read: _Read) -> str:
    return _in_words(str(side).replace("**", "^"), read)


def _in_words(text: str, read: _Read) -> str:
    for letter, name in read.named.items():
        text = text.replace(letter, name)
    return text


def _assumptions(read: _Read) -> tuple[str, ...]:
    lines: dict[str, None] = {}
    for letter, form in read.forms.items():
        if form.bounds:
            lines[f"{read.named[letter]} is {form.bounds}, and the verdict is on the bound"] = None
        lines |= dict.fromkeys(form.assumptions)
        lines |= {f"{letter.name} is {letter.meaning}": None for letter in form.letters}
        lines[f"source: {form.source}"] = None
    return tuple(lines)

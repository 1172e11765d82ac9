"""Checks a claim: reads it, finds how it can be decided, and tries nearby false claims on the same evidence."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import sympy as sp

from proofs_check.answers.assumed import what_is_assumed
from proofs_check.answers.letters import letters
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.claims import sharpness
from proofs_check.claims.algebra import ratio
from proofs_check.claims.asymptotics import judge_asymptotically
from proofs_check.claims.at_sizes import formula_at
from proofs_check.claims.by_drawing import judge_by_drawing
from proofs_check.claims.checked import Checked, Sharpness
from proofs_check.claims.closed_claims import check_closed_forms, speaks_of_closed_forms
from proofs_check.claims.directions import one_direction
from proofs_check.claims.domain import Domain, Point, read_domain
from proofs_check.claims.exactly import judge_exactly
from proofs_check.claims.matrices import Matrices
from proofs_check.claims.meaning import shown, understand
from proofs_check.claims.number_reader import SECOND_NORM, letters_of
from proofs_check.claims.parameters import NORM4
from proofs_check.claims.random_numbers import WeightProduct
from proofs_check.claims.sampled import Drawing
from proofs_check.claims.sides import Sides
from proofs_check.claims.trials import is_inside, nothing
from proofs_check.verdict import Verdict
from theory import symbols
from theory.balls import Ball
from theory.ensembles import Ensemble, InvalidArgument, require_ensemble
from theory.moments.two_inputs import COSINE

SECONDS = 4.0


def check(
    claim: str,
    net: Ensemble | None = None,
    *,
    sizes: str | Iterable[str] | Mapping[str, Any] | None = None,
    latex: bool = False,
    matrices: Sequence[str] = (),
    values: Mapping[str, Any] | None = None,
    samples: int | None = None,
    seed: int = 0,
    tolerance: float = 0.05,
    error: float = 1e-6,
    seconds: float = SECONDS,
    jobs: int = 1,
    compare: bool = True,
    progress: Callable[[int, int], object] | None = None,
) -> Checked:
    """Check a claim about random networks, about products of random matrices, or about closed forms.

    Parameters
    ----------
    claim : str
        A relation (=, <=, >=, <, >, ~) between two formulas, of which the left one has statistics: E, Var, Cov, Corr,
        median, quantile[p], P, kurtosis of ``|a_k|``, ``<a_k, a'_k>``, ``|df/dW_k|``, ``|H_kl|_F``, ``|H|_F``,
        ``lambda_max``, ``lambda_min``, ``f`` or ``||W_L*...*W_1||_F``. The right one has letters: n, n_k, L, j, k, l,
        K, ``|x|``, those of the ensemble; and may end in ``+ O(...)``.
    net : Ensemble, optional
        The networks; by default linear ones of width n and depth L under Xavier.
    sizes : str, list of str or mapping, optional
        For which sizes: ``"n=1..64,L=1..64"``, ``"n>=12"``, ``"L=beta*n"`` or ``{"n": range(1, 65)}``; by default all.
    latex : bool
        Whether the claim is written in LaTeX; one with a backslash is read so in any case.
    matrices : sequence of str
        Declarations such as ``"W: normal 1/n, n by n"``, for claims about expectations of matrix products.
    values : mapping, optional
        Values of the letters of closed forms, such as ``{"theta": "3/2", "d": 4}``, for claims about these:
        ``"linear2.distance-law <= 6/h"``; or of matrices. `sizes` says which values of whole letters are tried.
    samples, seed, tolerance, error
        Where only drawn networks can tell: how many at each size, the root seed, by how much each statistic of an
        equation may be off (a share; of a logarithm, a number; of a probability, a share of the lesser of p and 1 - p),
        and the probability that an interval misses.
    seconds : float
        For how long sizes are tried where each takes long.
    jobs : int
        The number of threads that draw networks.
    compare : bool
        Whether nearby false variants of the claim are tried on the same evidence.
    progress : callable, optional
        Called with the number of sizes done and the number of all.

    Returns
    -------
    Checked

    Raises
    ------
    InvalidArgument
        If the claim cannot be read, or speaks of what can be neither derived nor drawn.

    Examples
    --------
    >>> net = Ensemble(width="n", depth="L", activation="relu", init="he")
    >>> check("E|a_L|^4 = (1+5/n)^L |x|^4", net)
    <supported: E|a_L|^4 = (1+5/n)^L |x|^4; all n, L and |x|>
    >>> check("E|a_L|^4 = (1+6/n)^L |x|^4", net).counterexample.at
    {'n': 1, 'L': 1}
    """
    began = time.monotonic()
    net = Ensemble(width="n", depth="L") if net is None else net
    require_ensemble(net)
    given = claim
    if latex or (isinstance(claim, str) and "\\" in claim):
        from proofs_check.claims.latex import from_latex

        claim = from_latex(claim, Matrices.declared(matrices).names if matrices else None)
    drawing = Drawing(Drawing.samples if samples is None else samples, seed, error, tolerance, jobs)
    _require_numbers(drawing, seconds)
    if matrices:
        from proofs_check.claims.matrix_claims import check_matrices

        _require_no_drawing(samples, seed, tolerance, error, seconds)
        return check_matrices(claim, net, Matrices.declared(matrices, values), began, sizes=sizes, compare=compare)
    if speaks_of_closed_forms(claim):
        told = progress or nothing
        return check_closed_forms(claim, values or {}, sizes, compare=compare, seconds=seconds, told=told)
    if values:
        raise InvalidArgument("set", "gives letters of closed forms, of which the claim names none", "leave it out")
    lettered, numbers = in_letters(net)
    meaning = understand(claim, lettered)
    sides = Sides(meaning, lettered)
    domain = _domain(sides, sizes, numbers)
    _require_layers(sides, domain)
    told = progress or nothing
    found: list[tuple[Point, Mapping[Any, Ball]]] = []
    if meaning.relation == "~" or meaning.remainder is not None:
        _require_growth(domain, lettered)
        judgement = judge_asymptotically(sides, domain, seconds=seconds)
        found_sharp = sharpness.of_limits(sides, domain, judgement, seconds) if compare else Sharpness()
    elif _is_known(sides, domain):
        judgement = judge_exactly(sides, domain, seconds=seconds, told=told, first_only=not compare)
        found_sharp = sharpness.of_exact(sides, domain, judgement, seconds) if compare else Sharpness()
    else:
        judgement, found = judge_by_drawing(sides, domain, drawing, told=told)
        found_sharp = sharpness.of_drawing(sides, drawing, found, judgement) if compare else Sharpness()
    known_sizes = {letter: sp.Integer(value) for letter, value in numbers.items()}
    derived = formula_at(sides, meaning.left, known_sizes) if sides.has_formulas else None
    quotient = None
    plain_right = meaning.remainder is None and not meaning.right.free_symbols & set(meaning.statistics)
    if derived is not None and plain_right and judgement.verdict is Verdict.REFUTED and meaning.relation == "=":
        claimed = formula_at(sides, meaning.right, known_sizes)
        quotient = None if claimed is None else ratio(derived, claimed)
    return Checked(
        claim=given,
        net=net,
        judgement=judgement,
        left=meaning.written(meaning.left),
        right=meaning.written(meaning.right)
        + ("" if meaning.remainder is None else f" + O({shown(meaning.remainder)})"),
        relation=meaning.relation,
        derived=derived,
        ratio=quotient,
        assumptions=_assumptions(sides),
        sharpness=found_sharp,
        seconds=time.monotonic() - began,
    )


def _require_no_drawing(samples: int | None, *given: float) -> None:
    """Refuse what says how networks are drawn, where a claim is about matrices: they are derived, and none is drawn."""
    usual = {"samples": None, "seed": 0, "tolerance": 0.05, "error": 1e-6, "seconds": SECONDS}
    for (name, value), other in zip(usual.items(), (samples, *given), strict=True):
        if value != other:
            problem = "does not apply to a claim about products of matrices, which is derived exactly"
            raise InvalidArgument(name, problem, "leave it out")


def _require_numbers(drawing: Drawing, seconds: float) -> None:
    if isinstance(drawing.samples, bool) or not isinstance(drawing.samples, int) or drawing.samples < 1:
        raise InvalidArgument("samples", f"must be a positive integer, got {drawing.samples!r}", "use e.g. 20000")
    for name, value in (("tolerance", drawing.tolerance), ("error", drawing.error)):
        if not 0 < value < 1:
            raise InvalidArgument(name, f"must lie strictly between 0 and 1, got {value}", "use e.g. 0.05")
    if not seconds > 0:
        raise InvalidArgument("seconds", f"must be positive, got {seconds}", "use e.g. 4")


def in_letters(net: Ensemble) -> tuple[Ensemble, dict[sp.Symbol, int]]:
    """Return the ensemble with letters for its sizes, and the numbers that they stand for.

    So a claim about one size is read as a claim about all, in the same letters: n and L, or n_0, n_1, ... for unequal
    widths, and |x| stays a letter.

    Parameters
    ----------
    net : Ensemble
        The networks.

    Examples
    --------
    >>> in_letters(Ensemble(width=8, depth="D"))[1]
    {n: 8}
    """
    taken = set(net.symbols)
    letters: dict[str, Any] = {}
    changes: dict[str, Any] = {}
    if net.input is not None and not isinstance(net.input, str):
        return net, {}  # an input of numbers fixes the width
    if isinstance(net.readout, tuple):
        return net, {}
    if net.is_constant_width:
        if isinstance(net.width, int) and "n" not in taken:
            letters["n"] = net.width
            changes["width"] = "n"
        if isinstance(net.depth, int) and "L" not in taken:
            letters["L"] = net.depth
            changes["depth"] = "L"
    elif net.has_independent_entries:
        assert net.widths is not None
        names = [f"n_{k}" if isinstance(n, int) else n for k, n in enumerate(net.widths)]
        letters |= {f"n_{k}": n for k, n in enumerate(net.widths) if isinstance(n, int)}
        changes["widths"] = tuple(names)
    try:
        return net.at(**changes), {symbols.whole(name): value for name, value in letters.items()}
    except InvalidArgument:  # the architecture needs the numbers
        return net, {}


def _domain(sides: Sides, texts: Any, fixed: Mapping[sp.Symbol, int]) -> Domain:
    net, meaning = sides.net, sides.meaning
    named = [size for size in (net.widths or (net.width,)) if isinstance(size, str)]
    named += [net.depth] if isinstance(net.depth, str) else []
    every = [symbols.whole(name) for name in dict.fromkeys(named)]
    sizes = [letter for letter in every if letter not in fixed]
    layers = [letter for letter in meaning.letters if letter.is_integer and letter not in every]
    domain = read_domain(texts, sizes, layers, letters_of(net), fixed)
    if meaning.relation != "~" and meaning.remainder is None:
        unknown = {x for formula in domain.path.values() for x in formula.free_symbols} - set(sizes)
        if unknown or symbols.BETA in meaning.letters:
            problem = "beta has a meaning only for ~ and O(...), along a path"
            raise InvalidArgument("for", problem, "give numbers: --for L=2*n")
    elif symbols.BETA in meaning.letters and not any(symbols.BETA in f.free_symbols for f in domain.path.values()):
        depth = net.depth if isinstance(net.depth, str) else "L"
        if not domain.is_given and not fixed:
            domain = read_domain(f"{depth}=beta*{net.width}", sizes, layers, letters_of(net))
    return domain


def _require_layers(sides: Sides, domain: Domain) -> None:
    """Refuse layers that no network of the domain has."""
    if not sides.meaning.layers() or domain.path:
        return
    points = domain.points(symbols.whole(sides.net.depth), all_sizes=False)
    if not any(is_inside(sides, point) for point in points):
        raise InvalidArgument("claim", "no network of these sizes has the layers it speaks of", "use layers up to L")


def _require_growth(domain: Domain, net: Ensemble) -> None:
    """Refuse a limit in a width that is a number, is given a range, or follows another size."""
    given = [str(letter) for letter, values in domain.ranges.items() if values.given]
    if given:
        problem = f"gives {', '.join(given)} a range, but the claim is about {net.width} -> infinity"
        raise InvalidArgument("for", problem, "leave it out, or give a path such as L=beta*n")
    if any(str(letter) == net.width for letter in domain.path):
        problem = f"lets {net.width} follow another size, but the claim is about {net.width} -> infinity"
        raise InvalidArgument("for", problem, f"give the depth as a formula in {net.width}, such as L={net.width}")
    if net.is_constant_width and any(str(letter) == net.width for letter in domain.fixed):
        problem = "a claim about large widths needs a width that is a letter"
        raise InvalidArgument("width", problem, "leave --width out")


def _is_known(sides: Sides, domain: Domain) -> bool:
    """Whether theory knows each statistic, as a formula or at the sizes of the domain."""
    if sides.has_formulas:
        return True
    depth = symbols.whole(sides.net.depth)
    points = domain.points(depth, all_sizes=False)
    points = [point for point in points if is_inside(sides, point)]
    inside = [point for point in points if all(value >= 2 for value in point.values())] or points
    if not inside:
        raise InvalidArgument("for", "has no size with such layers", "use larger depths")
    point = sides.completed(inside[0])
    point |= {letter: formula.xreplace(point) for letter, formula in domain.path.items()}
    for statistic in sides.meaning.statistics.values():
        try:
            sides.known(statistic.at(point), sides.network(point))
        except InvalidArgument:
            return False
    return True


def _assumptions(sides: Sides) -> tuple[str, ...]:
    net, meaning = sides.net, sides.meaning
    parameters = set(sides.parameters)
    direction = one_direction(sides)
    weights_only = all(isinstance(n, WeightProduct) for s in meaning.statistics.values() for n in s.numbers)
    out = list(what_is_assumed(Query(net), *sides.assumed()))
    if weights_only:
        out = [text for text in out if not text.startswith(("the input is", "the activation is"))]
    elif not meaning.mentions_input and net.input is None and net.architecture.name != "batchnorm":
        out = [text for text in out if not text.startswith("the input is")]
        out.append(
            f"the input is {direction}, and no other, unless --input says so"
            if direction
            else "|x| = 1, as the claim does not mention |x|"
        )
    elif direction and net.input is not None:
        out.append(f"the input is {direction}, and no other")
    elif direction:
        out.append(f"the input is |x| times {direction}: for another direction the law may be another one")
    written = meaning.written(meaning.left) + " " + meaning.written(meaning.right)
    query = Query(net, left=Notation(written.replace("|x|", "").replace("|H_", "|H|H_"), ""))
    meanings = letters(query, [str(letter) for letter in (*meaning.letters, *parameters)])
    out += [_in_claims(line) for line in (meanings[1:] if weights_only else meanings)]
    if NORM4 in parameters:
        out.append("|x|_4 lies between |x|/n^(1/4), all entries of the input equal, and |x|, one entry")
    if COSINE in parameters or SECOND_NORM in parameters:
        out.append("x and x' are two inputs at an angle of cosine c")
    if "K" in meaning.source.text and "K" not in map(str, parameters):
        out.append(f"K = {symbols.number(net.law.kurtosis)}, the kurtosis E w^4/(E w^2)^2 of a weight")
    return tuple(dict.fromkeys(out))


def _in_claims(meaning: str) -> str:
    """Return what a letter means, in the notation of claims.

    >>> _in_claims("norm_x is |x|, the norm of the input")
    '|x| is the norm of the input'
    """
    for name, written in (("norm_x", "|x|"), ("norm4_x", "|x|_4")):
        meaning = meaning.replace(f"{name} is {written}, ", f"{written} is ")
    return meaning

"""For which sizes, layers and values of parameters a verdict stands, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping

import sympy as sp

from proofs_check.claims.domain import LARGEST, Domain, Point, Range
from proofs_check.claims.parameters import GREATEST, NORM, NORMS, is_crossed_fully, name_of, order_of_norm
from proofs_check.claims.planning import depth_of, idle_sizes
from proofs_check.claims.random_numbers import Activation
from proofs_check.claims.sides import Sides
from proofs_check.claims.trials import Trials, size_letters
from theory.moments.two_inputs import COSINE


def all_of(sides: Sides, domain: Domain) -> str:
    """Return the scope of what holds for all sizes of the domain, in words.

    Parameters
    ----------
    sides : Sides
        The claim.
    domain : Domain
        The sizes.
    """
    if domain.is_given:
        return f"all sizes asked for: {domain.text}{_layers_text(sides, domain)}"
    sizes = size_letters(domain, depth_of(sides))
    names = [name_of(letter) for letter in (*sizes, *sides.parameters)]
    layers = _layers_text(sides, domain)
    if not names:
        return sizes_text(sides, domain) + layers
    every = f"all {' and '.join(([', '.join(names[:-1])] if names[:-1] else []) + names[-1:])}{layers}"
    return f"{every}, {sizes_text(sides, domain)}" if domain.fixed or not sizes else every


def sizes_text(sides: Sides, domain: Domain) -> str:
    """Return the sizes that are numbers in the ensemble, in words.

    Parameters
    ----------
    sides : Sides
        The claim.
    domain : Domain
        The sizes.
    """
    net = sides.net
    numbers = {str(letter): value for letter, value in domain.fixed.items()}
    if net.is_constant_width:
        width, depth = (numbers.get(str(size), size) for size in (net.width, net.depth))
        parts = [f"width {width}"] if isinstance(width, int) else []
        return ", ".join([*parts, *([f"depth {depth}"] if isinstance(depth, int) else [])]) + " only"
    assert net.widths is not None
    return f"widths {', '.join(str(numbers.get(str(n), n)) for n in net.widths)} only"


def _layers_text(sides: Sides, domain: Domain) -> str:
    there = _exist_text(sides)
    if not domain.layers:
        return there
    depth = depth_of(sides)
    beyond = max((int(layer - last) for layer in sides.meaning.layers() for last in domain.layers
                  if (layer - last).is_Integer), default=0)  # fmt: skip
    end = depth.xreplace({x: sp.Integer(value) for x, value in domain.fixed.items()}) - max(beyond, 0)
    return f", 1 <= {' < '.join(map(str, domain.layers))} <= {end}{there}"


def _exist_text(sides: Sides) -> str:
    """Say that the claim is about networks that have its layers, where that is not plain."""
    plain = {depth_of(sides), *sides.layer_letters, sp.S.Zero, sp.S.One}
    numbers = [number for statistic in sides.meaning.statistics.values() for number in statistic.numbers]
    odd = any(
        not (x in plain or (x - 1) in sides.layer_letters or (isinstance(number, Activation) and x + 1 in plain))
        for number in numbers
        for x in number.layers
    )
    blocks = any(len(number.layers) > 1 and not set(number.layers) <= set(sides.layer_letters) for number in numbers)
    return ", wherever these layers exist" + (" and differ" if blocks else "") if odd or blocks else ""


def tried_text(sides: Sides, domain: Domain, trials: Trials) -> str:
    """Return the sizes tried, in words.

    Parameters
    ----------
    sides : Sides
        The claim.
    domain : Domain
        The sizes asked for.
    trials : Trials
        What was tried.
    """
    letters = size_letters(domain, depth_of(sides))
    points = [*trials.held, *trials.failed, *trials.undecided]
    rest = _tried_layers(sides, domain, trials) + _tried_parameters(sides, trials, points)
    if not letters:
        return sizes_text(sides, domain) + rest
    tried = {tuple(int(point[x]) for x in letters) for point in points}
    if not tried:
        return "no size"
    path = "".join(f", {letter} = {formula}" for letter, formula in domain.path.items())
    only = f", {sizes_text(sides, domain)}" if domain.fixed else ""
    tail = f"{path}{rest}{only}"
    near = {size for size in tried if max(size) <= LARGEST}
    if trials.complete and len(near) == LARGEST ** len(letters) < len(tried):
        names = ", ".join(f"{letter} = 1..{LARGEST}" for letter in letters)
        far = f"{len(tried) - len(near):,} more up to {max(map(max, tried)):,}"
        return f"grid {names}{tail}: all {len(near):,} sizes, and {far}"
    columns = [sorted({size[place] for size in tried}) for place in range(len(letters))]
    idle = idle_sizes(sides, domain) if sides.has_formulas else []
    names = ", ".join(
        f"any {letter}" if letter in idle else f"{letter} = {Range(tuple(column)).text}"
        for letter, column in zip(letters, columns, strict=True)
    )
    full = math.prod(map(len, columns))
    if full == 1 and trials.complete:
        return f"grid {names}{tail}"
    count = f"all {len(tried):,} sizes" if full == len(tried) else f"{len(tried):,} of these {full:,} sizes"
    if not trials.complete:
        count = f"only {len(tried):,} of {trials.planned:,} sizes, as the time was over"
    return f"grid {names}{tail}: {count}"


def _tried_layers(sides: Sides, domain: Domain, trials: Trials) -> str:
    """Say which layers were tried."""
    text = _layers_text(sides, domain)
    if trials.layers_at is None:
        return text
    few = f"{depth_of(sides)}/2, {depth_of(sides)} - 1, {depth_of(sides)}"
    return f"{text} (1, 2, {few} at all of these sizes, all layers at {trials.layers_at:,} of them)"


def _tried_parameters(sides: Sides, trials: Trials, points: list[Point]) -> str:
    """Say which values of the other letters were tried, and where."""
    norms = ""
    if sides.decides_norms:
        norms = values_text({NORM: NORMS}) if any(NORM in point for point in trials.held) else ", all |x|"
        norms = norms if NORM in sides.occurring() else ""
    letters = sides.varied(norms=not sides.decides_norms)
    settings = sides.settings(norms=not sides.decides_norms)
    values = {letter: tuple(dict.fromkeys(setting[letter] for setting in settings)) for letter in letters}
    pairs = "" if is_crossed_fully(letters, sides.slope_letter) else " (each two values together)"
    if trials.settings_at is None or not values:
        return f"{values_text(values)}{pairs if values else ''}{norms}"
    first = {letter: all_values[:1] for letter, all_values in values.items()}
    return f"{values_text(first)}{norms} (at {trials.settings_at:,} sizes: {values_text(values)[2:]}{pairs})"


def values_text(values: Mapping[sp.Symbol, tuple[sp.Expr, ...]]) -> str:
    """Return which values letters have, as text to be added to a scope.

    Parameters
    ----------
    values : mapping of Symbol to tuple
        The values of each letter.

    Examples
    --------
    >>> values_text({NORM: (sp.Integer(1), sp.Rational(1, 2))})
    ', |x| = 1, 1/2'
    """
    parts = []
    for letter, numbers in values.items():
        order = order_of_norm(letter)
        if order:
            ends = " and ".join("greatest" if number == GREATEST else "least" for number in numbers)
            parts.append(f", |x|_{order} {ends}")
        else:
            line = " (1 and -1 where the input has one entry)" if letter == COSINE and len(numbers) > 1 else ""
            parts.append(f", {name_of(letter)} = {', '.join(map(str, numbers))}{line}")
    return "".join(parts)

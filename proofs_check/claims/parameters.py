"""Values of the letters of a claim that are no sizes: K, slopes, variances, norms of inputs, a cosine; crossed."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Mapping, Sequence

import sympy as sp

from proofs_check.claims.number_reader import SECOND_NORM
from theory import symbols
from theory.moments.two_inputs import COSINE

NORM, NORM4 = symbols.norm_symbol(2), symbols.norm_symbol(4)
LEAST, GREATEST = sp.S.Zero, sp.S.One
"""What a setting says of |x|_4: all entries of the input are equal, or all but one are 0."""

NORMS = (sp.S.One, sp.Integer(2), sp.Rational(1, 2), sp.Rational(1, 100), sp.Integer(100))
_COSINES = (sp.Rational(1, 2), sp.Rational(-3, 5), sp.S.Zero, sp.S.One, sp.S.NegativeOne)
_SLOPES = tuple(sp.Rational(k, 100) for k in (50, 25, 90, 1, 99))
_POSITIVE = (sp.Rational(3, 2), sp.S.One, sp.Rational(1, 3), sp.Rational(1, 100), sp.Integer(100))
_RARE = sp.Integer(10**7)

_MOST = 64
"""Up to so many settings all values meet all others; beyond, each two values of two letters meet."""
_LEVELS = 5

Setting = Mapping[sp.Symbol, sp.Expr]


def order_of_norm(letter: sp.Symbol) -> int:
    """Return the order of the norm of the input that a letter stands for, if it is greater than 2; else 0.

    Examples
    --------
    >>> order_of_norm(NORM4), order_of_norm(NORM)
    (4, 0)
    """
    match = re.fullmatch(r"norm(\d+)_x", str(letter))
    return int(match[1]) if match else 0


def name_of(letter: sp.Symbol) -> str:
    """Return a letter as it is written in claims.

    Examples
    --------
    >>> name_of(NORM), name_of(NORM4), name_of(SECOND_NORM), name_of(COSINE)
    ('|x|', '|x|_4', "|x'|", 'c')
    """
    order = order_of_norm(letter)
    return f"|x|_{order}" if order else {NORM: "|x|", SECOND_NORM: "|x'|"}.get(letter, str(letter))


def order_of_moment(letter: sp.Symbol) -> int:
    """Return the order of the moment of a weight that a letter stands for; 0 for other letters.

    Examples
    --------
    >>> order_of_moment(symbols.number("K")), order_of_moment(symbols.number("m6")), order_of_moment(NORM)
    (4, 6, 0)
    """
    match = re.fullmatch(r"m(\d+)", str(letter))
    return int(match[1]) if match else 4 * (str(letter) == "K")


def _moments(order: int) -> tuple[sp.Expr, ...]:
    """Return E w^order of five laws of variance 1: uniform, Laplace's, signs, normal, and rarely anything but 0."""
    half = sp.Integer(order) / 2
    uniform, laplace = 3**half / (order + 1), sp.factorial(order) / 2**half
    return (uniform, laplace, sp.S.One, sp.factorial2(order - 1), _RARE ** (half - 1))


def values_of(letter: sp.Symbol, slope: str) -> tuple[sp.Expr, ...]:
    """Return the values at which a letter is tried.

    Parameters
    ----------
    letter : Symbol
        The letter.
    slope : str
        The name of the letter that is a slope.

    Examples
    --------
    >>> values_of(COSINE, "alpha"), values_of(symbols.number("K"), "alpha")
    ((1/2, -3/5, 0, 1, -1), (9/5, 6, 1, 3, 10000000))
    """
    if order_of_norm(letter):
        return (LEAST, GREATEST)
    if letter == COSINE:
        return _COSINES
    if letter in (NORM, SECOND_NORM):
        return NORMS
    if order_of_moment(letter):
        return _moments(order_of_moment(letter))
    return _SLOPES if str(letter) == slope else _POSITIVE


def _columns(letters: Sequence[sp.Symbol], slope: str) -> list[list[dict[sp.Symbol, sp.Expr]]]:
    """Return the values of letters that vary alone, and of those that follow one law or one input, together."""
    groups: dict[str, list[sp.Symbol]] = {}
    for letter in letters:
        name = "norms" if order_of_norm(letter) else "moments" if order_of_moment(letter) else str(letter)
        groups.setdefault(name, []).append(letter)
    return [
        [
            dict(zip(group, row, strict=True))
            for row in zip(*(values_of(letter, slope) for letter in group), strict=True)
        ]
        for group in groups.values()
    ]


def crossed(
    letters: Sequence[sp.Symbol], slope: str, fits: Callable[[Setting], bool] = lambda setting: True
) -> list[dict[sp.Symbol, sp.Expr]]:
    """Return settings of letters in which every value of one meets every value of each other; the plainest first.

    Parameters
    ----------
    letters : sequence of Symbol
        The letters.
    slope : str
        The name of the letter that is a slope.
    fits : callable
        Whether a setting can be tried.

    Examples
    --------
    >>> len(crossed([COSINE, NORM, NORM4], "alpha")), crossed([], "alpha")
    (50, [{}])
    """
    columns = _columns(letters, slope)
    if math.prod(map(len, columns)) <= _MOST:
        rows = list(itertools.product(*columns))
    else:  # modulo a prime two lines of different slopes meet, so each pair of values occurs
        rows = [
            tuple(
                column[(i if place == 0 else place * i + j) % _LEVELS % len(column)]
                for place, column in enumerate(columns)
            )
            for i in range(_LEVELS)
            for j in range(_LEVELS)
        ]
    settings: list[dict[sp.Symbol, sp.Expr]] = []
    for row in rows:
        setting = {letter: value for part in row for letter, value in part.items()}
        if setting not in settings and fits(setting):
            settings.append(setting)
    return settings


def is_crossed_fully(letters: Sequence[sp.Symbol], slope: str) -> bool:
    """Whether all values meet all others, rather than two by two.

    Parameters
    ----------
    letters, slope
        As for :func:`crossed`.

    Examples
    --------
    >>> is_crossed_fully([COSINE, NORM], "alpha"), is_crossed_fully([COSINE, NORM, SECOND_NORM], "alpha")
    (True, False)
    """
    return math.prod(map(len, _columns(letters, slope))) <= _MOST


def completed(point: Setting, setting: Setting, width: sp.Expr) -> dict[sp.Symbol, sp.Expr]:
    """Return a point with the parameters' values; higher norms of the input follow from its norm and the width.

    Two inputs of dimension 1 are at a cosine of 1 or -1, which takes the place of what the setting has.

    Parameters
    ----------
    point : mapping
        The sizes.
    setting : mapping
        The parameters.
    width : sympy.Expr
        The width of the input, at these sizes.

    Examples
    --------
    >>> completed({}, {NORM: sp.Integer(2), NORM4: LEAST}, sp.Integer(16))
    {norm_x: 2, norm4_x: 1}
    >>> completed({}, {COSINE: sp.Rational(-3, 5)}, sp.Integer(1))
    {c: -1}
    """
    full = {**point, **setting}
    if width == 1 and COSINE in setting:
        full[COSINE] = sp.S.NegativeOne if setting[COSINE].is_negative else sp.S.One
    norm = full.get(NORM, sp.S.One)
    for letter, value in setting.items():
        order = order_of_norm(letter)
        if order:
            full[letter] = norm if value == GREATEST else norm * width ** (sp.Rational(1, order) - sp.S.Half)
    return full


def at_unit(point: Setting) -> dict[sp.Symbol, sp.Expr]:
    """Return a point with the input divided by its norm.

    Parameters
    ----------
    point : mapping
        Numbers for all letters.

    Examples
    --------
    >>> at_unit({NORM: sp.Integer(2), NORM4: sp.S.One})
    {norm4_x: 1/2}
    """
    norm = point.get(NORM, sp.S.One)
    return {x: value / norm if order_of_norm(x) else value for x, value in point.items() if x != NORM}


def at_norm(point: Setting, norm: sp.Expr) -> dict[sp.Symbol, sp.Expr]:
    """Return a point, whose input has norm 1, with its input multiplied.

    Parameters
    ----------
    point : mapping
        Numbers for all letters but |x|.
    norm : sympy.Expr
        The norm of the input.

    Examples
    --------
    >>> at_norm({NORM4: sp.Rational(1, 2)}, sp.Integer(2))
    {norm4_x: 1, norm_x: 2}
    """
    return {**{x: value * norm if order_of_norm(x) else value for x, value in point.items()}, NORM: norm}

"""Asks for a closed form: the one way, of the command line and of Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from proofs_check import closed_forms
from proofs_check.answers.derivation import Derivation, formula, number
from proofs_check.answers.letter_query import LetterQuery
from proofs_check.answers.letter_values import read_values
from theory.balls import require_digits
from theory.ensembles import InvalidArgument


def closed_form(
    quantity: str, values: Mapping[str, Any] | None = None, /, *, digits: int | None = None, **more: Any
) -> Derivation:
    """Return a closed form at values of its letters: a formula, or a number with its digits enclosed.

    Parameters
    ----------
    quantity : str
        Its name, such as ``"linear2.distance-law"``; :func:`proofs_check.closed_forms.names` lists all.
    values : mapping, optional
        The value of each letter, exact: ``{"a": "1/2"}``; a letter without one stays a letter where there is a formula.
    digits : int, optional
        How many decimal digits are to be enclosed; by default the number is a float.
    **more : number or str
        The same by their names: ``a="1/2"``.

    Returns
    -------
    Derivation

    Raises
    ------
    InvalidArgument
        If there is no such closed form or letter, a value is none that the letter may have, or it has no formula and a
        letter no value.

    Examples
    --------
    >>> closed_form("linear2.distance-law", h=16, a="1/2", theta="3/2", d=4, digits=5).enclosed
    '[0.33703 +/- 2.54e-6]'
    """
    form = closed_forms.closed_form(quantity)
    if digits is not None:
        require_digits(digits)
    for name in more:
        if values and name in values:
            raise InvalidArgument(name, "is given twice", "give it once")
    read = read_values(form, {**(values or {}), **more})
    query = LetterQuery(quantity, form.left, read, digits, form.source)
    found = form.at(read)
    bound = (f"this is {form.bounds}",) if form.bounds else ()
    assumed = (*bound, *form.assumptions, *(f"{one.name} is {one.meaning}" for one in form.letters))
    if found.exact is not None and (found.ball is None or found.exact.free_symbols):
        answer = formula(query, found.exact, assumed)
    else:
        assert found.ball is not None
        work = 20 if digits is None else digits + 10
        ball = found.ball(work)
        answer = number(query, found.exact, ball, assumed)
        if answer.value is None and answer.log_value is None and answer.enclosed is None:
            answer = replace(answer, enclosed=ball.str(15))
    return replace(answer, related=tuple((found.related or {}).items()))

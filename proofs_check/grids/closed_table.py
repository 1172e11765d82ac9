"""A table of a closed form, whose rows and columns set its letters: what theory says, and nothing to be drawn."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from proofs_check.answers.closed_forms import closed_form
from proofs_check.answers.derivation import Derivation
from proofs_check.closed_forms import closed_form as form_of
from proofs_check.grids.axes import split
from proofs_check.tables.digits import exact_number
from proofs_check.tables.model import Cell, Column, Table, Text
from theory.ensembles import InvalidArgument

_MOST = 400
_EXAMPLE = "use e.g. --rows h=4,16,64 --columns 'a=1/2,3/8'"


@dataclass(frozen=True)
class _Axis:
    """The letters that rows or columns set, and their values, one combination each."""

    letters: tuple[str, ...]
    settings: tuple[tuple[str, ...], ...]


def closed_table(
    quantity: str, *, rows: str | None, columns: str | None, values: Mapping[str, str], caption: str = ""
) -> Table:
    """Make a table of a closed form.

    Parameters
    ----------
    quantity : str
        Its name.
    rows, columns : str or None
        What they set, such as ``"h=4,16,64"`` or ``"a=1/2,3/8; theta=1,2"`` for all combinations.
    values : mapping of str to str
        The values of the other letters.
    caption : str
        In place of the one that says what the numbers are.

    Returns
    -------
    Table

    Raises
    ------
    InvalidArgument
        If a letter is set twice, is not there, or has no value; the message says what would do.

    Examples
    --------
    >>> table = closed_table("linear2.imbalance-probability", rows="h=2,4", columns=None, values={})
    >>> table.texts
    (('2', '0.6019'), ('4', '0.7873'))
    """
    form = form_of(quantity)
    axes = [_axis(argument, text) for argument, text in (("rows", rows), ("columns", columns))]
    for argument, axis in zip(("rows", "columns"), axes, strict=True):
        for letter in axis.letters:
            form.letter(argument, letter)
            if letter in values or (argument == "columns" and letter in axes[0].letters):
                raise InvalidArgument(argument, f"sets {letter}, which is set already", "name it once")
    across = axes[1].settings
    body: list[tuple[Cell, ...]] = []
    for row in axes[0].settings:
        own = dict(values) | dict(zip(axes[0].letters, row, strict=True))
        answers = [closed_form(quantity, own | dict(zip(axes[1].letters, column, strict=True))) for column in across]
        body.append((*map(Text, row), *(_cell(quantity, answer) for answer in answers)))
    heads = [Column(Text(letter, f"${_latex(letter)}$"), is_stub=True) for letter in axes[0].letters]
    heads += [_head(axes[1].letters, column, quantity) for column in across]
    set_by_axes = {*axes[0].letters, *axes[1].letters}
    fixed = [
        (letter.name, values.get(letter.name, letter.default))
        for letter in form.letters
        if letter.name not in set_by_axes and values.get(letter.name, letter.default)
    ]
    at = f" at {', '.join(f'{name} = {value}' for name, value in fixed)}" if fixed else ""
    typeset = f" at {', '.join(f'${_latex(name)} = {value}$' for name, value in fixed)}" if fixed else ""
    what = f"; {form.bounds}" if form.bounds else ""
    said = Text(caption) if caption else Text(
        f"{form.left.plain}{at}{what}: theory ({form.source}).",
        f"${form.left.latex}${typeset}{what}: theory ({form.source}).",
    )  # fmt: skip
    return Table(quantity.replace(".", "-"), said, tuple(heads), tuple(body))


def _axis(argument: str, text: str | None) -> _Axis:
    if text is None:
        return _Axis((), ((),))
    letters: list[str] = []
    lists: list[Sequence[str]] = []
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        name, equals, given = (piece.strip() for piece in part.partition("="))
        found = [value for one in split(given) for value in _range(one)]
        if not equals or not name or not found or "" in found:
            raise InvalidArgument(argument, f"{part!r} is no LETTER=VALUE,VALUE", _EXAMPLE)
        if name in letters:
            raise InvalidArgument(argument, f"sets {name} twice", "name it once")
        letters.append(name)
        lists.append(found)
    if not letters:
        raise InvalidArgument(argument, "is empty", _EXAMPLE)
    settings = tuple(itertools.islice(itertools.product(*lists), _MOST + 1))
    if len(settings) > _MOST:
        raise InvalidArgument(argument, f"has more than {_MOST} combinations", "use fewer values")
    return _Axis(tuple(letters), settings)


def _range(text: str) -> Sequence[str]:
    found = re.fullmatch(r"(\d+)\s*\.\.\.?\s*(\d+)", text)
    if found is None:
        return (text,)
    return tuple(map(str, range(int(found[1]), min(int(found[2]), int(found[1]) + _MOST) + 1)))


def _cell(quantity: str, answer: Derivation) -> Cell:
    if answer.value is not None:
        return exact_number(Decimal(answer.value))
    if answer.log_value is not None:
        return Text(f"exp({answer.log_value!r})")
    missing = ", ".join(answer.symbols)
    raise InvalidArgument(
        "set", f"{quantity} needs a number for {missing}", "give it with --set, or in rows or columns"
    )


def _head(letters: Sequence[str], values: Sequence[str], quantity: str) -> Column:
    if not letters:
        return Column(Text(quantity, quantity))
    plain = ", ".join(f"{letter}={value}" for letter, value in zip(letters, values, strict=True))
    typeset = ", ".join(f"{_latex(letter)}={value}" for letter, value in zip(letters, values, strict=True))
    return Column(Text(plain, f"${typeset}$"))


def _latex(letter: str) -> str:
    name, _, sub = letter.partition("_")
    greek = {"alpha", "beta", "delta", "epsilon", "eta", "kappa", "lambda", "mu", "nu", "rho", "sigma", "theta", "zeta"}
    base = rf"\{name}" if name in greek else name if len(name) == 1 else rf"\mathrm{{{name}}}"
    return f"{base}_{{{sub}}}" if sub else base

"""The networks of one cell of a grid."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sympy as sp

from proofs_check.claims.arithmetic import read_formula
from proofs_check.grids.axes import LAYERS, Setting
from theory.ensembles import Ensemble, InvalidArgument


@dataclass(frozen=True)
class Case:
    """Networks, and which of their layers a quantity is about.

    Parameters
    ----------
    net : Ensemble
        The networks; their sizes are numbers.
    layers : tuple of (str, int)
        The number that each letter of a layer stands for.
    """

    net: Ensemble
    layers: tuple[tuple[str, int], ...] = ()


def case_of(base: Mapping[str, str], settings: Sequence[Setting]) -> Case:
    """Return the networks that an ensemble's options and a cell's settings name together.

    Parameters
    ----------
    base : mapping of str to str
        The fields that hold for the whole grid.
    settings : sequence of Setting
        The settings of the cell's row and column; a size may be a formula in the other, such as ``L=2*n``.

    Raises
    ------
    InvalidArgument
        If there are no such networks, or their sizes are no numbers.

    Examples
    --------
    >>> row, column = Setting((("width", "16"),)), Setting((("depth", "2*n"),))
    >>> case_of({"activation": "relu"}, [row, column]).net.describe()
    'width=16 depth=32 activation=relu init=xavier law=normal readout=random'
    """
    fields = dict(base) | {key: value for setting in settings for key, value in setting.values}
    layers = {key: fields.pop(key) for key in LAYERS if key in fields}
    sizes = _sizes(fields)
    net = Ensemble.from_text(fields | {key: str(value) for key, value in sizes.items()})
    net.require_numbers("a table or a figure")
    letters = {"n": net.width, "L": net.depth}
    known = {name: sp.Integer(value) for name, value in letters.items() if isinstance(value, int)}
    return Case(net, tuple((key, _whole(key, value, known, least=0)) for key, value in layers.items()))


def _sizes(fields: Mapping[str, str]) -> dict[str, int]:
    """Return the width and the depth, one of which may be a formula in the other."""
    texts = {key: fields[key] for key in ("width", "depth") if key in fields}
    sizes: dict[str, int] = {}
    for _ in range(2):
        known = {{"width": "n", "depth": "L"}[key]: sp.Integer(value) for key, value in sizes.items()}
        for key, text in texts.items():
            if key not in sizes and not _letters(text) - set(known):
                sizes[key] = _whole(key, text, known)
    for key, text in texts.items():
        if key not in sizes:
            problem = f"{text!r} is no number, nor a formula in the other size"
            raise InvalidArgument(key, problem, "use e.g. n=16,32 and L=8,2*n")
    return sizes


def _letters(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_]\w*", text)) - {"sqrt", "log", "floor"}


def _whole(key: str, text: str, known: Mapping[str, sp.Expr], least: int = 1) -> int:
    try:
        value = read_formula(text, dict(known))
    except InvalidArgument as bad:
        raise InvalidArgument(
            key, f"{text!r}: {bad.problem}", "use a number such as 32, or a formula in n or L"
        ) from None
    if not (value.is_Integer and value >= least):
        shown = "" if text == str(value) else f" is {value}, which"
        raise InvalidArgument(key, f"{text}{shown} is no integer from {least} on", "use e.g. 32")
    return int(value)

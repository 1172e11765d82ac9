"""Simulations as small tables, which notebooks show in place of a repr."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from montecarlo.runs.simulation import Readings

_ROWS = 8
"""Of more components than these the first and the last are shown."""
_HEADS = ("component", "median of the log", "interval", "share above 0")


def table_of(caption: str, measured: Iterable[tuple[str, Readings]]) -> str:
    """Return a table in HTML with a line for each component, or for the first and the last of many.

    Parameters
    ----------
    caption : str
        What stands above the table.
    measured : iterable of (str, Readings)
        What was measured, each with what its lines begin with.

    Examples
    --------
    >>> from montecarlo import ActivationNorms, simulate
    >>> from theory import Ensemble
    >>> chain = simulate(Ensemble(width=1, depth=1, law="rademacher", init=4), [ActivationNorms((1,))], samples=20)
    >>> table_of("a chain", [("", chain[ActivationNorms((1,))])]).count("<tr>")
    2
    """
    lines = [_line("th", _HEADS)]
    for name, readings in measured:
        if name:
            lines.append(f"<tr><th colspan={len(_HEADS)}>{escape(name)}</th></tr>")
        first = list(readings.components)
        last = first[len(first) - _ROWS // 2 :] if len(first) > _ROWS else []
        lines += [_line("td", _row(readings, component)) for component in (first[: _ROWS // 2] if last else first)]
        if last:
            lines.append(_line("td", ["..."] * len(_HEADS)))
            lines += [_line("td", _row(readings, component)) for component in last]
    return f"<table><caption>{escape(caption)}</caption>{''.join(lines)}</table>"


def _row(readings: Readings, component: str) -> Sequence[str]:
    median = readings.quantile(0.5, component)
    alive = float(readings.survival[readings.components.index(component)])
    return component, f"{median.value:.5g}", f"[{median.lo:.5g}, {median.hi:.5g}]", f"{alive:.5g}"


def _line(tag: str, cells: Iterable[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"

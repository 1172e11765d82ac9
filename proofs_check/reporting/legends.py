"""Legends below all panels, in as few rows as the width allows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proofs_check.reporting.pages import setting
from proofs_check.reporting.painting import handle
from proofs_check.reporting.pictures import Key


def legend_below(figure: Any, groups: Sequence[Sequence[Key]], *, grow: bool = False) -> None:
    """Draw a legend under all panels, in as few rows as the width allows, and leave room for it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure, with constrained layout.
    groups : sequence of sequences of Key
        Entries, to be read row by row. A group begins a new row, unless all of it fits behind the one before.
    grow : bool
        Whether the figure becomes higher by the legend; otherwise the panels become smaller.
    """
    blocks = [_block(figure, group) for group in _joined(figure, groups)]
    sizes = [block.get_window_extent().size / figure.dpi for block in blocks]
    room = sum(height for _, height in sizes) + 2 * _MARGIN if blocks else 0.0
    width, height = figure.get_size_inches()
    if grow:
        height += room
        figure.set_size_inches(width, height)
    top = room - _MARGIN
    for block, (_, block_height) in zip(blocks, sizes, strict=True):
        block.set_bbox_to_anchor((width / 2, top), transform=figure.dpi_scale_trans)
        top -= block_height
    if blocks and setting("legend.frameon"):
        _frame(figure, max(block_width for block_width, _ in sizes), room)
    figure.get_layout_engine().set(rect=(0, room / height, 1, 1 - room / height))


_MARGIN = 0.06
"""Inches above and below a legend."""
_SLACK = 0.96
"""Other formats have slightly wider letters than those that are measured."""


def _joined(figure: Any, groups: Sequence[Sequence[Key]]) -> list[list[Key]]:
    """Return the groups, those together that fit into one row."""
    found: list[list[Key]] = []
    for group in filter(None, groups):
        if found and _fits(figure, [*found[-1], *group]):
            found[-1] += group
        else:
            found.append([*group])
    return found


def _fits(figure: Any, group: Sequence[Key]) -> bool:
    legend = _legend(figure, group, len(group))
    width = legend.get_window_extent().width
    legend.remove()
    return bool(width <= _SLACK * figure.bbox.width)


def _block(figure: Any, group: Sequence[Key]) -> Any:
    """Return the legend of one group: fewest rows first, then fewest columns."""
    for columns in sorted(range(1, len(group) + 1), key=lambda columns: (-(-len(group) // columns), columns)):
        legend = _legend(figure, group, columns)
        if columns == 1 or legend.get_window_extent().width <= _SLACK * figure.bbox.width:
            return legend
        legend.remove()
    raise AssertionError("one column is always taken")


def _legend(figure: Any, group: Sequence[Key], columns: int) -> Any:
    """Return a legend that is read row by row, while matplotlib fills columns."""
    from matplotlib.lines import Line2D

    blank = Line2D([], [], linestyle="none", label=" ")
    entries = [*map(handle, group), *[blank] * (-len(group) % columns)]
    by_column = [entry for column in range(columns) for entry in entries[column::columns]]
    legend = figure.legend(handles=by_column, loc="upper center", ncols=columns, frameon=False, borderaxespad=0)
    legend.set_in_layout(False)
    return legend


def _frame(figure: Any, width: float, height: float) -> None:
    from matplotlib.patches import FancyBboxPatch

    width += 2 * _MARGIN
    corner = (figure.get_figwidth() - width) / 2, _MARGIN
    style = {
        "boxstyle": "round,pad=0,rounding_size=0.03",
        "facecolor": "none",
        "edgecolor": setting("legend.edgecolor"),
    }
    frame = FancyBboxPatch(corner, width, height - 2 * _MARGIN, transform=figure.dpi_scale_trans, **style)
    figure.add_artist(frame)

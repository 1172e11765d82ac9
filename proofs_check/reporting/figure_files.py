"""A figure as the content of a file, without the time at which it was made."""

from __future__ import annotations

import io
import re
from typing import Any

from proofs_check.reporting.pages import setting


def figure_bytes(figure: Any, suffix: str) -> bytes:
    """Return a figure as a file's content, the same bytes whenever it is made.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        What is drawn.
    suffix : str
        The ending of the file, with its dot.

    Examples
    --------
    >>> from proofs_check.reporting.drawing import canvas
    >>> b"CreationDate" in figure_bytes(canvas(1, 1), ".eps")
    False
    """
    undated: dict[str, dict[str, Any]] = {
        ".pdf": {"metadata": {"CreationDate": None}},
        ".svg": {"metadata": {"Date": None}},
    }
    if suffix == ".eps":
        _make_opaque(figure)
    content = io.BytesIO()
    figure.savefig(content, format=suffix[1:], **undated.get(suffix, {}))
    if suffix == ".eps":
        return re.sub(rb"^%%CreationDate: .*\n", b"", content.getvalue(), count=1, flags=re.MULTILINE)
    return content.getvalue()


def _make_opaque(figure: Any) -> None:
    """Give what is half transparent the colour that it has on paper, as PostScript knows no transparency."""
    from matplotlib.collections import Collection
    from matplotlib.colors import to_rgb
    from matplotlib.lines import Line2D

    paper = to_rgb(setting("axes.facecolor"))

    def mixed(colour: Any, alpha: float) -> Any:
        return tuple(alpha * one + (1 - alpha) * other for one, other in zip(to_rgb(colour), paper, strict=True))

    for artist in figure.findobj(lambda one: one.get_alpha() not in (None, 1)):
        alpha = artist.get_alpha()
        artist.set_alpha(None)
        if isinstance(artist, Line2D):
            artist.set_color(mixed(artist.get_color(), alpha))
        elif isinstance(artist, Collection):
            artist.set_facecolor(mixed(artist.get_facecolor()[0], alpha))

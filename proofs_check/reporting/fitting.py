"""Words are made to fit: broken into lines, or left out where they would touch each other."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from proofs_check.reporting.pages import setting


def apart(figure: Any, ticks: Sequence[float], shares: Sequence[float], room: float) -> list[str]:
    """Return the labels of horizontal ticks, empty where one would touch the one before.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Where the ticks are.
    ticks : sequence of float
        The numbers, ascending.
    shares : sequence of float
        Where each stands on its axis, from 0 to 1.
    room : float
        The length of the axis in inches.

    Examples
    --------
    >>> from proofs_check.reporting.drawing import canvas
    >>> apart(canvas(3, 2), [4, 8, 128], [0, 0.03, 1], 2.5)
    ['4', '', '128']
    """
    labels, free = [], -math.inf
    for tick, share in zip(ticks, shares, strict=True):
        label, middle = f"{tick:g}", share * room
        half = _inches(figure, label, "xtick.labelsize") / 2 + 0.02
        fits = middle - half >= free
        labels.append(label if fits else "")
        free = middle + half if fits else free
    return labels


def fitted(figure: Any, text: str, room: float, size: str) -> str:
    r"""Return words on as few lines as fit into so many inches: broken at their line breaks, then between words.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Where the words will stand.
    text : str
        The words. Line breaks are where they are broken first; if all fits into one line, they are spaces.
    room : float
        The length of a line in inches.
    size : str
        The setting that has the size of the words, for example ``"axes.titlesize"``.

    Examples
    --------
    >>> from proofs_check.reporting.drawing import canvas
    >>> figure = canvas(3, 2)
    >>> [fitted(figure, "signal\n(ReLU, He)", room, "axes.labelsize") for room in (3, 1)]
    ['signal (ReLU, He)', 'signal\n(ReLU, He)']
    """
    whole = text.replace("\n", " ")
    if not whole or _inches(figure, whole, size) <= room:
        return whole
    return "\n".join(_broken(figure, part, room, size) for part in text.split("\n"))


def _broken(figure: Any, text: str, room: float, size: str) -> str:
    """Return words broken into lines of about the same length."""
    words = re.findall(r"(?:\$[^$]*\$|[^\s$])+", text)  # mathematics is not broken
    widths = [_inches(figure, word, size) for word in words]
    space = _inches(figure, "n n", size) - _inches(figure, "nn", size)

    def lines(limit: float) -> list[str]:
        found: list[list[str]] = []
        end = math.inf
        for word, width in zip(words, widths, strict=True):
            if end + space + width > limit:
                found, end = [*found, [word]], width
            else:
                found[-1].append(word)
                end += space + width
        return [" ".join(line) for line in found]

    fewest = len(lines(room))
    while room > 0.3 and len(lines(0.97 * room)) == fewest:
        room *= 0.97
    return "\n".join(lines(room))


def _inches(figure: Any, text: str, size: str) -> float:
    """Return how long words are in the size that a setting has."""
    probe = figure.text(0, 0, text, fontsize=setting(size))
    width = float(probe.get_window_extent().width / figure.dpi)
    probe.remove()
    return width

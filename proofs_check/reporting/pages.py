"""The page that a figure is for: its width, its style, and the files that it can be written to.

Widths are those of an article of two columns: ``column`` is one of them, ``text`` both. Words are then set at 8.6
points, so that exponents, which mathematics makes 0.7 times as large, are not below 6, and numbers and notes without
exponents at 7 or so. Without a width a figure is for a screen, ten inches wide or so.
"""

from __future__ import annotations

import io
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import nearest

FILES = (".pdf", ".svg", ".png", ".pgf", ".eps")
WIDTHS = {"column": 3.05, "text": 6.25}
"""Inches: one column of LaTeX's article with two columns, and both; the narrowest, on letter paper or on A4."""
NARROWEST, WIDEST = 3.0, 20.0
"""No figure is legible that is narrower, and no page is wider."""

_BOTH: dict[str, Any] = {
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "0.92",
    "legend.framealpha": 1.0,
}
_SCREEN: dict[str, Any] = _BOTH | {
    "axes.titlesize": 10,
    "figure.titlesize": 11,
    "legend.fontsize": 8,
    "lines.linewidth": 1.2,
    "lines.markersize": 4.5,
    "savefig.dpi": 150,
}
_PRINT: dict[str, Any] = _BOTH | {
    "font.family": "serif",
    "font.serif": ["STIXGeneral"],
    "mathtext.fontset": "stix",
    "font.size": 8.6,
    **dict.fromkeys(("axes.titlesize", "axes.labelsize", "xtick.labelsize", "ytick.labelsize", "legend.fontsize"), 8.6),
    "axes.linewidth": 0.6,
    "axes.titlepad": 4,
    "axes.labelpad": 2,
    **{f"{axis}tick.{what}": size for axis in "xy" for what, size in (
        ("major.size", 2.5), ("major.width", 0.6), ("minor.size", 1.5), ("minor.width", 0.4), ("major.pad", 2))},
    "grid.linewidth": 0.5,
    "lines.linewidth": 0.9,
    "lines.markersize": 3.3,
    "legend.frameon": False,
    "legend.handlelength": 1.4,
    "legend.handletextpad": 0.4,
    "legend.columnspacing": 0.9,
    "legend.labelspacing": 0.25,
    "legend.borderpad": 0.2,
    "savefig.dpi": 300,
}  # fmt: skip
_ALWAYS: dict[str, Any] = {
    "pdf.fonttype": 42,  # TrueType: journals refuse Type 3
    "ps.fonttype": 42,
    "svg.hashsalt": "vanishing-curvature",  # otherwise its ids are random
    "savefig.bbox": None,  # "tight" would change the width
    "savefig.format": "png",
    "pgf.rcfonts": False,  # a .pgf takes the fonts of the paper
}
_TEX = ("pdflatex", "xelatex", "lualatex")


@dataclass(frozen=True)
class Page:
    """The page that a figure is for.

    Parameters
    ----------
    width : float, optional
        Inches; by default the figure is for a screen.
    style : str, optional
        The name of a matplotlib style, or a file that has one, which is laid over ours.

    Examples
    --------
    >>> Page(WIDTHS["column"]).is_print, Page().is_print
    (True, False)
    """

    width: float | None = None
    style: str | None = None

    @property
    def is_print(self) -> bool:
        """Whether it has a width."""
        return self.width is not None

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """Let matplotlib draw and write in the style of this page while the block runs.

        What a matplotlibrc says does not matter, so that the same figure is the same file everywhere.
        """
        from matplotlib import style

        own = [] if self.style is None else [_settings(self.style)]
        with style.context([_PRINT if self.is_print else _SCREEN, *own, _ALWAYS, _tex_system()], after_reset=True):
            yield


SCREEN = Page()


def setting(name: str) -> Any:
    """Return a setting of the style that is in force, by matplotlib's name for it.

    Examples
    --------
    >>> with Page(WIDTHS["column"]).in_force():
    ...     setting("legend.fontsize"), setting("pdf.fonttype")
    (8.6, 42)
    """
    import matplotlib

    settings: Any = matplotlib.rcParams  # its keys are typed as literals
    return settings[name]


def points(name: str) -> float:
    """Return a size of words in points, by matplotlib's name for the setting; it may be a word such as ``large``.

    Examples
    --------
    >>> with SCREEN.in_force():
    ...     points("legend.fontsize"), points("axes.labelsize")  # the second one is "medium"
    (8.0, 10.0)
    """
    from matplotlib.font_manager import font_scalings

    size = setting(name)
    return float(font_scalings[size] * setting("font.size") if isinstance(size, str) else size)


def page_width(text: str) -> float:
    """Read a width: ``column``, ``text``, or inches.

    Raises
    ------
    InvalidArgument
        If it is none of these, or out of range.

    Examples
    --------
    >>> page_width("column"), page_width("5.5")
    (3.05, 5.5)
    """
    if text in WIDTHS:
        return WIDTHS[text]
    try:
        width = float(text)
    except ValueError:
        known = nearest(text, WIDTHS)
        raise InvalidArgument("width", f"{text!r} is no width", f"{known}, or inches such as 5.5") from None
    if not NARROWEST <= width <= WIDEST:
        problem = f"must lie between {NARROWEST:g} and {WIDEST:g} inches, got {text}"
        raise InvalidArgument("width", problem, "use e.g. --width column")
    return width


def require_file(out: Path, page: Page = SCREEN) -> None:
    """Refuse a wrong file ending, a style that is none, or a program that is missing, before any work is done.

    Parameters
    ----------
    out : Path
        The file.
    page : Page
        What the figure is for.

    Raises
    ------
    InvalidArgument
        If the file's ending is none of :data:`FILES`, matplotlib is not installed, the style cannot be used, or
        LaTeX is needed and missing or unable.
    """
    if out.suffix not in FILES:
        raise InvalidArgument("out", f"{out.name} ends on none of {', '.join(FILES)}", "use e.g. figure.pdf")
    try:
        import matplotlib
    except ImportError:
        raise InvalidArgument("out", "figures need matplotlib", "in the clone: pip install '.[report]'") from None
    if page.style is not None:
        _require_style(page.style)
    if out.suffix == ".pgf" and not _tex_system():
        need = f"a .pgf file needs LaTeX, and none of {', '.join(_TEX)} is installed"
        raise InvalidArgument("out", need, "install TeX Live, or use e.g. figure.pdf")
    with page.in_force():
        if matplotlib.rcParams["text.usetex"] and shutil.which("latex") is None:
            raise InvalidArgument("style", "it sets text.usetex, and there is no latex", "install TeX Live")
        if matplotlib.rcParams["text.usetex"] or out.suffix == ".pgf":
            _require_tex("out" if out.suffix == ".pgf" else "style", out.suffix)


def _tex_system() -> dict[str, str]:
    """Return the setting for the first TeX that is installed."""
    found = [name for name in _TEX if shutil.which(name)]
    return {"pgf.texsystem": found[0]} if found else {}


def _require_tex(argument: str, suffix: str) -> None:
    """Let LaTeX set a word, as it may lack a package."""
    from matplotlib.figure import Figure

    trial = Figure(figsize=(1, 1))
    trial.text(0, 0, "width $a_1^2$")
    try:
        trial.savefig(io.BytesIO(), format=suffix[1:])
    except Exception as failed:
        said = next((line for line in str(failed).splitlines() if line.startswith("!")), str(failed).split("\n")[0])
        raise InvalidArgument(
            argument, f"LaTeX fails: {said.lstrip('! ')}", "mend it, or use e.g. figure.pdf"
        ) from None


def _settings(text: str) -> Any:
    """Return a style's name, or the settings of a file. Matplotlib would take ``a.b`` for one of a package a."""
    import matplotlib
    from matplotlib import style

    return text if text in style.available else matplotlib.rc_params_from_file(text, use_default_template=False)


def _require_style(text: str) -> None:
    """Refuse what is neither a style's name nor a file of settings, every one of which matplotlib knows."""
    from matplotlib import style

    if text in style.available:
        return
    if not Path(text).is_file():
        problem = f"{text!r} is neither a file nor a style that matplotlib knows"
        raise InvalidArgument("style", problem, nearest(text, style.available))
    complaints: list[str] = []
    listener = logging.Handler(logging.WARNING)
    listener.emit = lambda record: complaints.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("matplotlib")
    propagates, logger.propagate = logger.propagate, False
    logger.addHandler(listener)
    try:
        with suppress(UnicodeDecodeError):  # which is logged, too
            _settings(text)
    finally:
        logger.removeHandler(listener)
        logger.propagate = propagates
    if complaints:
        (first, *_) = complaints[0].strip().splitlines()
        raise InvalidArgument("style", first, "mend the file; 'axes.linewidth: 0.5' is how a line reads")

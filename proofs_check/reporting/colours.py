"""Colours that can be told apart with any colour vision, and how a style of the user's takes their place."""

from __future__ import annotations

BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY, BLACK = "#E69F00", "#56B4E9", "#000000"
"""The colours of Okabe and Ito."""

PALETTE = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)
"""In this order the colours of a style take their places."""


def shown(colour: str) -> str:
    """Return how a colour is shown under the style that holds while a figure is drawn.

    Parameters
    ----------
    colour : str
        One of :data:`PALETTE`, or a grey as matplotlib has it: ``"0"`` to ``"1"``, or :data:`BLACK`.

    Returns
    -------
    str
        The colour itself, unless the style says otherwise: a colour cycle of six or more takes the place of the
        palette, and where its ink is not black or its paper not white, greys lie between these two.

    Examples
    --------
    >>> import matplotlib
    >>> with matplotlib.rc_context({"text.color": "white", "axes.facecolor": "black"}):
    ...     shown(BLUE), shown("0.25")
    ('#0072B2', '#bfbfbf')
    """
    import matplotlib
    from matplotlib.colors import to_hex, to_rgb

    style = matplotlib.rcParams
    if colour in PALETTE:
        cycle = style["axes.prop_cycle"].by_key().get("color", [])
        is_own = cycle != matplotlib.rcParamsDefault["axes.prop_cycle"].by_key()["color"]
        return str(to_hex(cycle[PALETTE.index(colour)])) if is_own and len(cycle) >= len(PALETTE) else colour
    ink, paper = to_rgb(style["text.color"]), to_rgb(style["axes.facecolor"])
    if (ink, paper) == ((0, 0, 0), (1, 1, 1)):
        return colour
    (grey, *_) = to_rgb(colour)
    red, green, blue = ((1 - grey) * dark + grey * light for dark, light in zip(ink, paper, strict=True))
    return str(to_hex((red, green, blue)))

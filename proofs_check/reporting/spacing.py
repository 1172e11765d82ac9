"""The spaces of a formula in MathML, as TeX has them, where browsers and latex2mathml have others."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from proofs_check.reporting.pieces import BARS, FUNCTIONS

_THIN, _MEDIUM, _THICK = 3, 4, 5
"""TeX's spaces, in eighteenths of an em."""
_BETWEEN = {
    ("ord", "op"): _THIN, ("ord", "bin"): _MEDIUM, ("ord", "rel"): _THICK, ("ord", "inner"): _THIN,
    ("op", "ord"): _THIN, ("op", "op"): _THIN, ("op", "rel"): _THICK, ("op", "inner"): _THIN,
    ("bin", "ord"): _MEDIUM, ("bin", "op"): _MEDIUM, ("bin", "open"): _MEDIUM, ("bin", "inner"): _MEDIUM,
    ("rel", "ord"): _THICK, ("rel", "op"): _THICK, ("rel", "open"): _THICK, ("rel", "inner"): _THICK,
    ("close", "op"): _THIN, ("close", "bin"): _MEDIUM, ("close", "rel"): _THICK, ("close", "inner"): _THIN,
    **{("punct", kind): _THIN for kind in ("ord", "op", "rel", "open", "close", "punct", "inner")},
    ("inner", "ord"): _THIN, ("inner", "op"): _THIN, ("inner", "bin"): _MEDIUM, ("inner", "rel"): _THICK,
    ("inner", "open"): _THIN, ("inner", "punct"): _THIN, ("inner", "inner"): _THIN,
}  # fmt: skip
"""The spaces between kinds of atoms (The TeXbook, ch. 18); in scripts only those beside operators remain."""
_KINDS = {
    **dict.fromkeys("+\u2212-\u00b1\u2213\u22c5\u00d7\u00b7", "bin"),
    **dict.fromkeys("=<>\u2264\u2265\u2260\u2208\u223c\u2192\u2190\u21d2\u2248\u226a\u226b\u2261\u221d\u2223", "rel"),
    **dict.fromkeys("([{\u230a\u2308\u27e8", "open"),
    **dict.fromkeys(")]}\u230b\u2309\u27e9", "close"),
    **dict.fromkeys(",;:", "punct"),
    **dict.fromkeys("\u2211\u220f\u222b", "op"),
    **dict.fromkeys("\u2026\u22ef", "inner"),
}
_LIMITS_BELOW = {"max", "min", "sup", "inf", "lim"}
_NAMES = {name.removeprefix("\\") for name in FUNCTIONS} | _LIMITS_BELOW
_SCRIPTS = {"msub", "msup", "msubsup", "munder", "mover", "munderover"}
_SCRIPT_LETTERS = dict(zip("BEFHILMR", "\u212c\u2130\u2131\u210b\u2110\u2112\u2133\u211b", strict=True))
_BINARY_NEVER_AFTER = {None, "bin", "op", "rel", "open", "punct"}
_BINARY_NEVER_BEFORE = {None, "rel", "close", "punct"}


def set_row(row: Element, *, in_script: bool, continues: bool = False) -> None:
    """Set the spaces of a row, and of all rows within it.

    Parameters
    ----------
    row : xml.etree.ElementTree.Element
        A row as latex2mathml has it, which is changed in place.
    in_script : bool
        Whether it is a script, which has hardly any spaces.
    continues : bool
        Whether something of the formula stands before it.

    Examples
    --------
    >>> from xml.etree.ElementTree import fromstring, tostring
    >>> row = fromstring("<mrow><mi>a</mi><mo>=</mo><mo>\u2212</mo><mi>b</mi></mrow>")
    >>> set_row(row, in_script=False)
    >>> [part.get("width", part.text) for part in row]
    ['a', '0.2778em', '=', '0.2778em', '\u2212', 'b']
    """
    parts = list(row)
    kinds = [_settle(part, in_script) for part in parts]
    atoms = [i for i, kind in enumerate(kinds) if kind != "space"]
    before: str | None = "ord" if continues else None
    spaces: dict[int, int] = {}
    for place, i in enumerate(atoms):
        if kinds[i] == "bin":
            after = kinds[atoms[place + 1]] if place + 1 < len(atoms) else None
            if before in _BINARY_NEVER_AFTER or after in _BINARY_NEVER_BEFORE:
                kinds[i] = "ord"  # a sign, not a sum
        kind = kinds[i]
        wide = 0 if before is None else _BETWEEN.get((before, kind), 0)
        spaces[i] = 0 if in_script and not (wide == _THIN and "op" in (before, kind)) else wide
        before = kind
    for child in parts:
        row.remove(child)
    for i, part in enumerate(parts):
        if spaces.get(i):
            row.append(Element("mspace", {"width": f"{spaces[i] / 18:.4f}em"}))
        row.append(part)


def _settle(part: Element, in_script: bool) -> str:
    """Set an element's own form, and return of which kind an atom it is."""
    text = (part.text or "").strip()
    match part.tag:
        case "mspace":
            if part.get("width") == "negativethinmathspace":
                part.set("width", f"{-_THIN / 18:.4f}em")
            part.attrib.pop("linebreak", None)
            return "space"
        case "mtext":
            return "space" if not text.strip("\u00a0") else "ord"
        case "mi" | "mo" | "mn":
            return _settle_token(part, text)
        case tag if tag in _SCRIPTS:
            base, *scripts = part
            if base.tag == "mrow" and len(base) == 1:
                part[0] = base = base[0]
            kind = _settle(base, in_script)
            if base.get("minsize"):  # a bracket grows beside something, never alone
                part[0] = Element("mrow")
                part[0].extend((base, Element("mi")))
            if tag == "msub" and base.text in _LIMITS_BELOW and not in_script:
                part.tag = "munder"
            for script in scripts:
                if script.tag in ("mrow", "mstyle"):
                    set_row(script, in_script=True)
                else:
                    _settle(script, True)
            return kind
        case "mrow" | "mstyle" | "mtd":
            if "columnalign" in part.attrib:  # browsers align by style alone
                part.set("style", f"text-align: {part.attrib.pop('columnalign')}")
            set_row(part, in_script=in_script)
            return "inner" if any(child.tag == "mtable" for child in part) else "ord"
        case _:
            for child in part:
                _settle(child, in_script)
            return "inner" if part.tag == "mtable" else "ord"


def _settle_token(part: Element, text: str) -> str:
    if text in BARS:
        bar, opens, size = BARS[text]
        _become_operator(part, bar)
        part.set("form", "prefix" if opens else "postfix")
        part.set("stretchy", "false" if size is None else "true")
        if size is not None:
            part.set("minsize", size)
            part.set("maxsize", size)
        return "open" if opens else "close"
    if text == "~":
        text = "\u223c"
        _become_operator(part, text)
    if part.tag != "mn" and len(text) > 1 and text.isalpha():
        is_function = part.tag == "mo" or text in _NAMES
        part.tag = "mi"
        part.attrib.clear()
        return "op" if is_function else "ord"
    if part.get("mathvariant") == "script":
        del part.attrib["mathvariant"]
        part.text = _SCRIPT_LETTERS.get(text) or chr(0x1D49C + ord(text) - ord("A"))
    if text in ("\u2207", "\u2202") or "\u0391" <= text <= "\u03a9":  # upright, as TeX has them
        part.tag = "mi"
        part.set("mathvariant", "normal")
        return "ord"
    if part.tag == "mo":
        part.set("lspace", "0")
        part.set("rspace", "0")
    return _KINDS.get(text, "ord")


def _become_operator(part: Element, text: str) -> None:
    part.tag, part.text = "mo", text
    part.attrib.clear()
    part.set("lspace", "0")
    part.set("rspace", "0")

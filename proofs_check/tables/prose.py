r"""Text with formulas in it, as a typesetter wants it.

>>> print(typeset_prose("E|a_L|^2 from real weights: width=16 depth=4 activation=relu init=he readout=random"))
$\mathbb{E}|a_{L}|^{2}$ from real weights: $n=16$, $L=4$, ReLU, He
"""

from __future__ import annotations

import re
from functools import cache

from proofs_check.claims.typesetting import typeset
from theory.ensembles import InvalidArgument

_SPECIAL = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "_": r"\_",
        "%": r"\%",
        "&": r"\&",
        "#": r"\#",
        "$": r"\$",
        "{": r"\{",
        "}": r"\}",
        "^": r"\textasciicircum{}",
        "~": r"\textasciitilde{}",
        "|": r"\textbar{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
    }
)
_ENSEMBLE = re.compile(r"\b(width|widths|depth|activation|init|law|readout|architecture|input)=(\S+?)(?=[\s,;:)]|\.?$)")
_SPOKEN = {
    ("activation", "relu"): "ReLU",
    ("activation", "linear"): "linear",
    ("init", "he"): "He",
    ("init", "xavier"): "Xavier",
    ("init", "lecun"): "LeCun",
    ("init", "pytorch"): "PyTorch's default",
    ("init", "orthogonal"): "orthogonal",
    ("init", "fan-out"): "He by fan-out",
    ("init", "geometric"): "He by the mean fan",
    **{
        ("init", f"{name}_{law}"): f"{said} with {law} weights"
        for name, said in (("he", "He"), ("glorot", "Glorot"), ("lecun", "LeCun"))
        for law in ("normal", "uniform")
    },
    ("activation", "leaky:-1"): "the absolute value",
    ("readout", "random"): "",
    ("architecture", "plain"): "",
    ("architecture", "layernorm"): "layer norm",
}
_MATHEMATICAL = re.compile(r"[|^_=<>*/+]|\d[A-Za-z]|[A-Za-z]\(")
_WORD = re.compile(r"[A-Za-z]{2,}[a-z-]*")
_FUNCTIONS = ("log", "exp", "median", "Var", "Cov", "Corr", "kurtosis", "quantile", "sqrt", "lambda", "beta", "alpha")


def escaped(text: str) -> str:
    r"""Return plain text as LaTeX prints it, letter by letter.

    Examples
    --------
    >>> print(escaped("50 % of a_1"))
    50 \% of a\_1
    """
    return text.translate(_SPECIAL)


def spoken(key: str, value: str) -> str:
    """Return one of an ensemble's settings as a paper would say it, in LaTeX; empty for what goes without saying.

    Parameters
    ----------
    key : str
        The name of the setting, a field of the ensemble, or a letter.
    value : str
        Its value.

    Examples
    --------
    >>> spoken("width", "16"), spoken("activation", "relu"), spoken("law", "uniform"), spoken("readout", "random")
    ('$n=16$', 'ReLU', 'uniform weights', '')
    """
    if (key, value) in _SPOKEN:
        return _SPOKEN[key, value]
    if key in ("width", "depth"):
        return f"${ {'width': 'n', 'depth': 'L'}[key] }={_formula(value)}$"
    if key == "law":
        return f"{escaped(value)} weights"
    if key == "activation" and value.startswith("leaky:"):
        return f"leaky ReLU of slope ${_formula(value[6:])}$"
    if key == "init":
        return f"weights of variance ${_formula(value)}$"
    if key == "architecture" and value.startswith("residual:"):
        return f"residual, ${_formula(value[9:].removesuffix(':two'))}$"
    if key == "architecture" and value.startswith("batchnorm:"):
        return f"batch norm of {escaped(value[10:])}"
    if key == "widths":
        return f"widths {escaped(value)}"
    if key in ("readout", "input"):
        return f"{key} {escaped(value)}"
    return f"${_formula(key)}={_formula(value)}$"


def _formula(text: str) -> str:
    try:
        return typeset(text)
    except InvalidArgument:
        return rf"\mathrm{{{escaped(text)}}}"


_INITIAL = re.compile(r"[A-Z]\.")
"""The initial of a name, which is no variable."""


@cache
def typeset_prose(text: str) -> str:
    r"""Return text in LaTeX, the formulas in it typeset, and ensembles as a paper would name them.

    Parameters
    ----------
    text : str
        Plain text, such as the label of a check.

    Examples
    --------
    >>> print(typeset_prose("all n, L; 95 % of P(|a_L|^2 >= 1/4)"))
    all $n$, $L$; 95 \% of $\mathbb{P}\left(|a_{L}|^{2} \ge \frac{1}{4}\right)$
    >>> print(typeset_prose("Raymond K. W. Wong, for all K"))
    Raymond K. W. Wong, for all $K$
    """
    text = _ENSEMBLE.sub(lambda found: f"\0{found[1]}={found[2]}", text)
    words = text.split(" ")
    out: list[str] = []
    place = 0
    while place < len(words):
        if words[place].startswith("\0"):
            place = _settings(words, place, out)
            continue
        end, formula = _longest_formula(words, place)
        if formula and not _INITIAL.fullmatch(words[place]):
            out.append(formula)
            place = end
        else:
            out.append(escaped(words[place]))
            place += 1
    return " ".join(out)


def _settings(words: list[str], place: int, out: list[str]) -> int:
    """Say the settings of an ensemble that stand side by side, with commas between them."""
    said = []
    tail = ""
    while place < len(words) and words[place].startswith("\0") and not tail:
        key, _, value = words[place][1:].partition("=")
        bare = value.rstrip(",;:)")
        said.append(spoken(key, bare))
        tail = value[len(bare) :]
        place += 1
    out.append(", ".join(filter(None, said)) + tail)
    return place


def _longest_formula(words: list[str], place: int) -> tuple[int, str]:
    """Return where the longest formula ends that begins at a word, and the formula; empty if none does."""
    first = words[place]
    opening = first[: len(first) - len(first.lstrip("("))] if first.count("(") > first.count(")") else ""
    if not _begins_formula(first):
        return place, ""
    best, found = place, ""
    for end in range(place + 1, min(len(words), place + 12) + 1):
        last = words[end - 1]
        if last.startswith("\0") or (end > place + 1 and _is_word(last)):
            break
        piece = " ".join(words[place:end])
        for skip, strip in ((0, ""), (0, ",;:."), (len(opening), ""), (len(opening), ",;:.)")):
            body = piece[skip:].rstrip(strip) if strip else piece[skip:]
            if not body:
                continue
            tail = piece[skip:][len(body) :]
            try:
                best, found = end, f"{piece[:skip]}${typeset(body)}${tail}"
            except InvalidArgument:
                continue
            break
        if last.endswith((";", ":")):
            break
    return best, found


def _begins_formula(word: str) -> bool:
    bare = word.strip("(),;:.")
    if bare in _FUNCTIONS:
        return True
    if len(bare) == 1 and bare.isalpha():
        return bare not in ("a", "A", "I")
    return bool(_MATHEMATICAL.search(bare)) and not _is_word(bare)


def _is_word(word: str) -> bool:
    bare = word.strip("(),;:.")
    return bool(_WORD.fullmatch(bare)) and bare not in _FUNCTIONS

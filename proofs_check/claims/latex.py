r"""Claims in LaTeX: translated, command by command, into the notation of the command line.

SymPy has a reader of LaTeX formulas, but it knows no statistics, norms of activations or subscripts of layers; so the
translation is done here, and what it does not know it refuses by name.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from proofs_check.claims.spelling import refusal
from proofs_check.claims.syntax import FUNCTIONS, STATISTICS
from theory.ensembles import InvalidArgument

_WORDS = {
    "E": "E ", "P": "P", "Pr": "P", "Var": "Var ", "Cov": "Cov", "Corr": "Corr", "med": "median ", "median": "median ",
    "log": " log ", "ln": " log ", "exp": " exp ", "tr": "tr", "Tr": "tr", "trace": "tr", "max": "max", "min": "min",
    "le": "<=", "leq": "<=", "leqslant": "<=", "ge": ">=", "geq": ">=", "geqslant": ">=", "lt": "<", "gt": ">",
    "sim": "~", "neq": "!=", "ne": "!=", "cdot": "*", "times": "*", "ast": "*", "langle": "<", "rangle": ">",
    "lVert": "||", "rVert": "||", "Vert": "||", "|": "||", "lvert": "|", "rvert": "|", "vert": "|", "mid": "|",
    "ldots": "...", "cdots": "...", "dots": "...", "pi": " pi ", "beta": " beta ", "alpha": " alpha ",
    "sigma": " sigma ", "lambda": " lambda", "kappa": " K ", "Gamma": " gamma", "psi": " digamma", "ell": "l",
    "top": "T", "prime": "'", "{": "(", "}": ")", "lbrace": "(", "rbrace": ")", "colon": ":",
}  # fmt: skip
_SPACES = {",", ";", ":", "!", " ", "quad", "qquad", "displaystyle", "textstyle", "nonumber", "limits", "\\"}
_SIZES = {"left", "right", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr", "middle"}
_FONTS = {"mathbb", "mathbf", "mathrm", "operatorname", "mathop", "mathsf", "text", "textrm", "boldsymbol", "mathcal",
          "mathit", "bm", "operatorname*"}  # fmt: skip
_NOTHING = {
    "sum": "is not read: write Sum(1/j, (j, 1, L))",
    "prod": "is not read: write Prod(1 + 2/n_j, (j, 1, L))",
    "infty": "is no size",
    "approx": "says nothing that could be checked",
    "ll": "says nothing definite",
}
_NOT_KNOWN = {
    "det": ("is not read: determinants are not known", "known are means of polynomials"),
    "odot": ("is not read", r"write \operatorname{hadamard}(A, B) for the product entry by entry"),
    "circ": ("is not read", r"write \operatorname{hadamard}(A, B) for the product entry by entry"),
    "otimes": ("is not read: Kronecker products are not known", "known are means of polynomials"),
}
_CAPITALS = {"Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega"}
"""Greek letters that name matrices where there are any."""

_LETTERS = {"mathbf", "mathbb", "boldsymbol", "bm", "mathcal"}
"""Fonts in which letters that stand side by side are a product, and no name of several letters."""

_RUNS = {name for name in (*FUNCTIONS, *STATISTICS) if len(name) > 1}
_KNOWN_NAMES = {"E", "P", "Pr", "Var", "Cov", "Corr", "median", "med", "tr", "Tr", "O", "F", "kurtosis", "quantile"}


def from_latex(claim: str, matrices: Collection[str] | None = None) -> str:
    r"""Translate a claim from LaTeX.

    Parameters
    ----------
    claim : str
        A relation between two formulas, in LaTeX without macros of its own.
    matrices : collection of str, optional
        The names of declared matrices and letters. Where there are matrices, letters side by side are a product, as
        they are typeset: names of several letters are commands, such as ``\Sigma``, stand in ``\mathrm{...}``, or are
        declared and stand alone.

    Returns
    -------
    str
        The claim as it would be typed on the command line.

    Raises
    ------
    InvalidArgument
        If a command is not known, or an argument is missing; a caret shows where.

    Examples
    --------
    >>> from_latex(r"\mathbb{E}\|a_L\|^4 = \left(1+\frac{5}{n}\right)^L \|x\|^4")
    'E ||a_L||^4 = (1+((5)/(n)))^L ||x||^4'
    >>> from_latex(r"\operatorname{tr}(X^\top AX\Sigma)", ["X"])
    'tr(X.T A X Sigma)'
    """
    if not isinstance(claim, str) or not claim.strip():
        raise InvalidArgument("claim", f"must be text, got {claim!r}", r"write e.g. '\mathbb{E}|a_L|^2 = |x|^2'")
    text = claim.strip()
    for opening, closing in (("$$", "$$"), ("$", "$"), (r"\[", r"\]"), (r"\(", r"\)")):
        if text.startswith(opening) and text.endswith(closing) and len(text) > len(opening) + len(closing):
            text = text[len(opening) : -len(closing)].strip()
            break
    translated = _Translator(text.rstrip(".,"), None if matrices is None else frozenset(matrices)).all()
    return re.sub(r"\s+", " ", translated).replace(".T )", ".T)").replace(".H )", ".H)").strip()


class _Translator:
    def __init__(self, text: str, names: frozenset[str] | None) -> None:
        self.text = text
        self.at = 0
        self.names = names  # of matrices, beside which letters are a product; None where there are none

    def refuse(self, at: int, problem: str, remedy: str) -> InvalidArgument:
        return refusal(self.text, at, problem, remedy)

    def all(self) -> str:
        out = []
        while self.at < len(self.text):
            out.append(self.one())
        return "".join(out)

    def one(self) -> str:
        """Translate what comes next."""
        start = self.at
        character = self.text[start]
        self.at += 1
        if character == "\\":
            return self.command(start)
        if character == "{":
            return f"({self.until_brace(start)})"
        if character == "}":
            raise self.refuse(start, "this brace closes nothing", "remove it")
        if character in "^_":
            return self.script(character)
        if character == "~":
            return " "
        if character in "&$":
            return ""
        if self.names is not None and character.isascii() and character.isalpha():
            return self.letters(start, self.names)
        return character

    def letters(self, start: int, names: frozenset[str]) -> str:
        """Translate letters that stand side by side: a product, unless they are a known word or a declared name."""
        run = re.match(r"[A-Za-z]+", self.text[start:])
        whole = run[0] if run else ""
        self.at = start + len(whole)
        return whole if whole in _RUNS or whole in names else " ".join(whole)

    def apart(self, text: str) -> str:
        """Return a word that runs into no letter before or behind it, where there are matrices."""
        following = self.text[self.at : self.at + 1]
        if self.names is None:
            return text
        return f" {text.strip()}" + " " * (following.isalnum() or following == "\\")

    def until_brace(self, start: int) -> str:
        out = []
        while self.at < len(self.text) and self.text[self.at] != "}":
            out.append(self.one())
        if self.at >= len(self.text):
            raise self.refuse(start, "this brace is not closed", "add }")
        self.at += 1
        return "".join(out)

    def script(self, mark: str) -> str:
        self.skip_spaces()
        if self.at >= len(self.text):
            raise self.refuse(self.at, f"nothing follows {mark}", "add it")
        start = self.at
        inside = self.argument(mark).strip()
        after = self.text[self.at : self.at + 1]
        if self.text[start].isdigit() and after.isdigit():
            run = re.match(r"\d+", self.text[start:])
            digits = run[0] if run else ""
            raise self.refuse(start, f"{mark}{digits} is typeset as {mark}{{{inside}}}", f"write {mark}{{{digits}}}")
        gap = " " * (self.names is not None and after.isalnum())
        if mark == "_":
            return "_{" + inside.replace(" ", "") + "}" if len(inside) > 1 else f"_{inside}{gap}"
        if inside in ("T", "'", "''"):
            return ".T " if inside == "T" else inside
        if self.names is not None and inside in ("H", "*", "†"):
            return ".H "
        if self.names is not None and inside in ("-T", "-H"):
            return f"^-1.{inside[1]} "
        return f"^({inside})" if len(inside) > 1 else f"^{inside}{gap}"

    def skip_spaces(self) -> None:
        while self.at < len(self.text) and self.text[self.at] == " ":
            self.at += 1

    def argument(self, of: str) -> str:
        """Translate a command's argument: a group in braces, a command or a character."""
        self.skip_spaces()
        if self.at >= len(self.text):
            raise self.refuse(self.at, f"{of} lacks its argument", "add {...}")
        if self.text[self.at] == "{":
            self.at += 1
            return self.until_brace(self.at - 1)
        if self.text[self.at].isalnum():  # one letter, also where others follow
            self.at += 1
            return self.text[self.at - 1]
        return self.one()

    def command(self, start: int) -> str:
        match = re.match(r"[A-Za-z]+\*?|.", self.text[self.at :])
        if match is None:
            raise self.refuse(start, "a backslash with nothing after it", "remove it")
        name = match[0]
        self.at += len(name)
        if name in _SIZES:
            self.skip_spaces()
            if self.text[self.at : self.at + 1] == ".":
                self.at += 1
            return ""
        if name in _SPACES:
            return " "
        if name in ("frac", "tfrac", "dfrac"):
            top, bottom = self.argument("\\" + name), self.argument("\\" + name)
            return f"(({top})/({bottom}))"
        if name == "binom":
            return f"binomial({self.argument('binom')},{self.argument('binom')})"
        if name == "sqrt":
            self.skip_spaces()
            if self.text[self.at : self.at + 1] == "[":
                raise self.refuse(start, r"only \sqrt{...} is known", "write a power, such as x^{1/3}")
            return f" sqrt({self.argument('sqrt')})"
        if name in _FONTS:
            return self.font(start, name)
        if name == "partial":
            self.skip_spaces()
            return "d"
        if name == "nabla":
            return self.gradient(start)
        if self.names is not None and (name in self.names or name in _CAPITALS):
            return self.apart(name)
        if self.names is not None and name == "dagger":
            return "†"
        if name in _NOT_KNOWN:
            problem, remedy = _NOT_KNOWN[name]
            raise self.refuse(start, f"\\{name} {problem}", remedy)
        if name in _NOTHING:
            raise self.refuse(start, f"\\{name} {_NOTHING[name]}", r"use =, \le, \ge, \sim or + O(...)")
        if name in _WORDS:
            return _WORDS[name]
        raise self.refuse(start, f"the command \\{name} is not known here", "write it out: macros are not read")

    def font(self, start: int, name: str) -> str:
        around = self.names
        self.names = around if name in _LETTERS else None
        content = self.argument("\\" + name).strip()
        self.names = around
        if around is not None and name in _LETTERS and content == "1":
            remedy = r"write \operatorname{ones}(n, 1) for a column of ones, I for the identity"
            raise self.refuse(start, "is this a number, or a vector of ones?", remedy)
        if around is not None and (content in around or content in _CAPITALS):
            return self.apart(content)
        if name == "mathcal" and content == "O":
            return "O"
        if name == "text" and content not in _KNOWN_NAMES:
            raise self.refuse(start, f"the words {content!r} are no formula", "leave them out")
        return self.apart(_WORDS.get(content, content))

    def gradient(self, start: int) -> str:
        self.skip_spaces()
        match = re.match(r"_\{?(W_(?:\{[^{}]*\}|[A-Za-z0-9]))\}?\s*f", self.text[self.at :])
        if match is None:
            raise self.refuse(start, r"\nabla is known in \nabla_{W_k} f only", r"write \partial f/\partial W_k")
        self.at += match.end()
        return f"df/d{match[1]}"

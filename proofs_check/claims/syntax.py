"""The grammar of claims: from text to a tree, with an error that points to the place that cannot be read."""

from __future__ import annotations

import re
from dataclasses import dataclass

from proofs_check.claims.spelling import Spelled, spelled

RELATIONS = ("<=", ">=", "=", "<", ">", "~")
_ALIASES = {"ln": "log", "Tr": "tr", "trace": "tr", "Trace": "tr", "sum": "Sum", "prod": "Prod", "Product": "Prod",
            "arccos": "acos"}  # fmt: skip
FUNCTIONS = (
    *_ALIASES,
    *(
        "log",
        "exp",
        "sqrt",
        "gamma",
        "Gamma",
        "digamma",
        "psi",
        "trigamma",
        "polygamma",
        "binomial",
        "factorial",
        "erf",
        "acos",
    ),
    *("tr", "diag", "hadamard", "ones", "min", "max", "abs", "Sum", "Prod", "O"),
)
STATISTICS = {"E": "E", "mean": "E", "Var": "Var", "var": "Var", "Cov": "Cov", "cov": "Cov", "Corr": "Corr",
              "corr": "Corr", "median": "median", "Median": "median", "quantile": "quantile", "P": "P", "Pr": "P",
              "kurtosis": "kurtosis", "Kurt": "kurtosis", "kurt": "kurtosis"}  # fmt: skip

_OTHERWISE = {
    "@": "write * for a product of matrices",
    ".*": "write hadamard(A, B) for the product entry by entry",
    ".t": "write .T for the transpose",
    ".conj": "write .H for the conjugate transpose",
    ".I": "write ^-1 for the inverse",
    ".inv": "write ^-1 for the inverse",
}
"""What other programs have for what is read here, and how it is written."""

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+)"
    r"|(?P<dots>\.\.\.)"
    r"|(?P<transpose>\.[TH]\b)"
    r"|(?P<sub>_(?:\{[^{}]*\}|[A-Za-z0-9]+))"
    r"|(?P<name>[A-Za-z]+'*)"
    r"|(?P<op>\*\*|<=|>=|==|!=|=<|=>|[-+*/^()\[\]{}|<>=~,!:;']))"
)


@dataclass(frozen=True)
class Node:
    """A part of a claim.

    Parameters
    ----------
    kind : str
        ``number``, ``name``, ``add``, ``mul``, ``div``, ``pow``, ``neg``, ``call``, ``norm``, ``inner``, ``dots``,
        ``transpose``, ``statistic`` or ``relation``.
    value : str
        A number's digits, a name, the name of a function or a statistic, a norm's index, or a relation.
    parts : tuple of Node
        What it is made of.
    start, end : int
        Where it stands in the spelled text.
    sub : str
        The subscript of a name.
    """

    kind: str
    value: str
    parts: tuple[Node, ...]
    start: int
    end: int
    sub: str = ""


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


def parse_claim(claim: str) -> tuple[Node, Spelled]:
    """Read a claim into a tree whose root is a relation.

    Parameters
    ----------
    claim : str
        Such as ``E|a_L|^4 = (1+5/n)^L |x|^4``; unicode is read, too.

    Returns
    -------
    root : Node
        The relation between the two sides.
    source : Spelled
        The claim, spelled out, to which the places in the tree refer.

    Raises
    ------
    InvalidArgument
        If it cannot be read; a caret shows where.

    Examples
    --------
    >>> root, _ = parse_claim("E|a_L|^2 <= 2|x|^2")
    >>> root.value, root.parts[0].kind, root.parts[1].kind
    ('<=', 'statistic', 'mul')
    """
    source = spelled(claim)
    try:
        return _relation(source), source
    except RecursionError:
        raise source.refused(0, "is nested too deeply", "use fewer brackets") from None


def _relation(source: Spelled) -> Node:
    parser = _Parser(source)
    left = parser.sum()
    relation = parser.relation()
    if relation == "!=":
        raise source.refused(parser.last_end - 2, "!= says nothing that could be checked", "state what it is equal to")
    right = parser.sum()
    if parser.peek() in RELATIONS:
        raise source.refused(parser.at, "there are two relations", "state one claim at a time")
    parser.require_end()
    return Node("relation", relation, (left, right), 0, len(source.text))


def parse_formula(text: str) -> tuple[Node, Spelled]:
    """Read a formula alone.

    Parameters
    ----------
    text : str
        Such as ``2*n + 1``.

    Raises
    ------
    InvalidArgument
        If it cannot be read; a caret shows where.

    Examples
    --------
    >>> parse_formula("2n")[0].kind
    'mul'
    """
    source = spelled(text)
    parser = _Parser(source)
    node = parser.sum()
    parser.require_end()
    return node, source


class _Parser:
    def __init__(self, source: Spelled) -> None:
        self.source = source
        self.tokens = list(self._tokenized())
        self.place = 0
        self.open = ""  # which of | and < are open, innermost last; ( hides them

    def _tokenized(self) -> list[_Token]:
        text, at, out = self.source.text, 0, []
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            if match is None:
                at += len(text[at:]) - len(text[at:].lstrip())
                problem = f"{text[at]!r} cannot be read"
                if hint := next((hint for sign, hint in _OTHERWISE.items() if text[at:].startswith(sign)), ""):
                    raise self.source.refused(at, problem, hint)
                if run := re.match(r"(\.[TH])([A-Za-z]+)", text[at:]):
                    remedy = f"put a * behind {run[1]}, as in {run[1]}*{run[2]}"
                    raise self.source.refused(at, f"{run[0]!r} cannot be read", remedy)
                if text[at] == "\\":
                    raise self.source.refused(at, "this is LaTeX", "say --latex, or latex=True")
                raise self.source.refused(at, problem, "write e.g. 'E|a_L|^4 = (1+5/n)^L |x|^4'")
            kind = str(match.lastgroup)
            out.append(_Token(kind, match.group(kind), match.start(kind), match.end()))
            at = match.end()
        return out

    # --- tokens -----------------------------------------------------------------------------------------------------

    @property
    def token(self) -> _Token | None:
        return self.tokens[self.place] if self.place < len(self.tokens) else None

    @property
    def at(self) -> int:
        return self.token.start if self.token else len(self.source.text)

    @property
    def last_end(self) -> int:
        return self.tokens[self.place - 1].end if self.place else 0

    def peek(self) -> str:
        return self.token.text if self.token else ""

    def take(self) -> _Token:
        token = self.token
        if token is None:
            raise self.source.refused(self.at, "the claim ends too early", "add what is missing")
        self.place += 1
        return token

    def expect(self, text: str, what: str) -> _Token:
        if self.peek() != text:
            self._explain(f"{what} is not closed: {text!r} is missing", f"add {text!r}")
        return self.take()

    def _explain(self, problem: str, remedy: str) -> None:
        if self.peek() == "," and self.place and self.tokens[self.place - 1].kind == "number":
            raise self.source.refused(self.at, "a decimal comma", "write a point, as in 0.5")
        if self.peek() == "'" and self.place:
            raise self.source.refused(self.at, "a prime behind a bracket", "write .T for the transpose")
        last = self.tokens[self.place - 1] if self.place else None
        if last is not None and last.kind in ("name", "sub") and self.peek() == "[":
            remedy = "of a declared matrix write u.T*W*v, with columns u and v"
            raise self.source.refused(self.at, "entries such as W[1, 1] are not read", remedy)
        if last is not None and last.kind == "sub" and self.token is not None and self.token.kind == "sub":
            remedy = "write * between factors, as in W_1*W_2"
            raise self.source.refused(self.at, "a subscript behind a subscript", remedy)
        raise self.source.refused(self.at, problem, remedy)

    def require_end(self) -> None:
        if self.peek() in RELATIONS:
            self._explain("a relation is not expected here", "give one side of it; claims are for vanishing check")
        if self.token is not None:
            self._explain(f"{self.peek()!r} is not expected here", "remove it, or add the operator before it")

    def relation(self) -> str:
        spellings = {"==": "=", "=<": "<=", "=>": ">="}
        text = self.peek()
        if spellings.get(text, text) not in (*RELATIONS, "!="):
            self._explain(
                "there is no relation here", f"put one of {', '.join(RELATIONS)} between a left and a right side"
            )
        self.take()
        if text == "<" and self.peek() == "=":  # "< =" with a space
            self.take()
            return "<="
        if text == ">" and self.peek() == "=":
            self.take()
            return ">="
        return spellings.get(text, text)

    # --- operators --------------------------------------------------------------------------------------------------

    def sum(self) -> Node:
        start = self.at
        parts = [self.product()]
        while self.peek() in ("+", "-"):
            sign = self.take()
            part = self.product()
            parts.append(part if sign.text == "+" else Node("neg", "", (part,), sign.start, part.end))
        return parts[0] if len(parts) == 1 else Node("add", "", tuple(parts), start, self.last_end)

    def product(self) -> Node:
        start = self.at
        node = self.signed()
        while True:
            if self.peek() in ("*", "/"):
                operator = self.take().text
                right = self.signed()
                self._refuse_unclear_logarithm(node, operator, right)
            elif self._begins_factor():
                self._refuse_unclear_quotient(node)
                operator, right = "*", self.power()
            else:
                return node
            node = Node("mul" if operator == "*" else "div", "", (node, right), start, self.last_end)

    def _refuse_unclear_quotient(self, node: Node) -> None:
        """Refuse 5L/2n, which is 5L/(2n) to one reader and (5L/2)n to another."""
        tight = node.kind == "div" and self.last_end == self.at and self.source.text[node.start] not in "([{"
        if tight and self.peek() != "|" and self.source.text[self.last_end - 1] not in ")]}|":
            divisor = self.source.text[node.parts[1].start : node.parts[1].end]
            remedy = f"write /({divisor}*{self.peek()}...) or put a * or a space before {self.peek()!r}"
            raise self.source.refused(self.at, "is this below the fraction line, or beside it?", remedy)

    def _refuse_unclear_logarithm(self, left: Node, operator: str, right: Node) -> None:
        last = left.parts[-1] if left.kind == "statistic" and left.parts else left
        bare = last.kind == "call" and last.value == "log" and self.source.text[last.end - 1] != ")"
        if operator == "/" and bare and right.kind in ("norm", "pow") and "|" in self.source.text[right.start]:
            remedy = "write log(A/B), or (E log A)/B"
            raise self.source.refused(right.start, "what is divided, the logarithm or what stands in it?", remedy)

    def signed(self) -> Node:
        if self.peek() in ("-", "+"):
            sign = self.take()
            part = self.signed()
            return part if sign.text == "+" else Node("neg", "", (part,), sign.start, part.end)
        return self.power()

    def power(self) -> Node:
        start = self.at
        base = self.postfix()
        if self.peek() in ("^", "**"):
            at = self.take()
            if self.peek() == "*":
                raise self.source.refused(at.start, "^* is not read", "write .H for the conjugate transpose")
            bracketed = base.kind == "statistic" and self.source.text[base.end - 1] in ")]"
            if bracketed and base.value in ("E", "Var") and self.source.text[start] not in "([":
                remedy = f"write ({base.value}[...])^2, or {base.value}[(...)^2]"
                raise self.source.refused(at.start, f"{base.value}(...)^ can be read in two ways", remedy)
            exponent, marks = _without_transposes(self.signed())
            node = Node("pow", "", (base, exponent), start, self.last_end)
            for mark in marks:  # S^-1.T is the transpose of S^-1
                node = Node("transpose", mark, (node,), start, self.last_end)
            return node
        return base

    def postfix(self) -> Node:
        node = self.primary()
        while True:
            if self.token is not None and self.token.kind == "transpose":
                kind = self.take().text[1:]
            elif self.peek() in ("^", "**") and self._next() in ("T", "H"):
                self.take()
                kind = self.take().text
            elif self._is_transposed_in_brackets():
                kind = self.tokens[self.place + 2].text
                self.place += 4
            elif self.peek() == "!":
                self.take()
                node = Node("call", "factorial", (node,), node.start, self.last_end)
                continue
            else:
                return node
            node = Node("transpose", kind, (node,), node.start, self.last_end)

    def _is_transposed_in_brackets(self) -> bool:
        """Whether ^{T} or ^(H) comes next."""
        following = [token.text for token in self.tokens[self.place : self.place + 4]]
        return following in [[hat, *mark] for hat in ("^", "**") for mark in ("{T}", "(T)", "{H}", "(H)")]

    def _next(self) -> str:
        return self.tokens[self.place + 1].text if self.place + 1 < len(self.tokens) else ""

    def _begins_factor(self) -> bool:
        token = self.token
        if token is None:
            return False
        if token.text == "|":
            return not self.open.endswith("|")
        return token.kind in ("name", "number", "dots") or token.text == "("

    # --- primaries --------------------------------------------------------------------------------------------------

    def primary(self) -> Node:
        token = self.take() if self.token else None
        if token is None:
            raise self.source.refused(self.at, "the claim ends too early", "add what is missing")
        if token.kind == "number":
            return Node("number", token.text, (), token.start, token.end)
        if token.kind == "dots":
            return Node("dots", "", (), token.start, token.end)
        if token.kind == "name":
            return self.named(token)
        closing = {"(": ")", "[": "]", "{": "}"}.get(token.text)
        if closing:
            return self.enclosed(closing, token.start)
        if token.text == "|":
            return self.norm(token.start)
        if token.text == "<":
            return self.inner(token.start)
        self.place -= 1
        self._explain(f"{token.text!r} is not expected here", "a number, a letter, a norm or a bracket should follow")
        raise AssertionError  # _explain raises

    def enclosed(self, closing: str, start: int) -> Node:
        outer, self.open = self.open, ""
        node = self.sum()
        if self.peek() == "," and (name := re.search(r"[A-Za-z]+$", self.source.text[:start])):
            known = ", ".join(function for function in FUNCTIONS if function not in _ALIASES)
            raise self.source.refused(name.start(), f"there is no function {name[0]!r}", f"known are {known}")
        self.expect(closing, "the bracket")
        self.open = outer
        # the bracket belongs to the node, so that an error can show all of it
        return Node(node.kind, node.value, node.parts, start, self.last_end, node.sub)

    def norm(self, start: int) -> Node:
        double = self.peek() == "|"
        if double:
            self.take()
        outer, self.open = self.open, self.open + "|"
        inside = self.sum()
        self.expect("|", "the norm")
        if double:
            self.expect("|", "the norm")
        self.open = outer
        index = self.subscript()
        return Node("norm", index, (inside,), start, self.last_end)

    def inner(self, start: int) -> Node:
        outer, self.open = self.open, self.open + "<"
        left = self.sum()
        self.expect(",", "the inner product <a_k, a'_k>")
        right = self.sum()
        self.expect(">", "the inner product")
        self.open = outer
        return Node("inner", "", (left, right), start, self.last_end)

    def subscript(self) -> str:
        if self.token is not None and self.token.kind == "sub":
            return self.take().text[1:].strip("{} ")
        return ""

    def named(self, token: _Token) -> Node:
        name = token.text
        if name in STATISTICS and (name not in ("E", "P") or self.peek() in ("|", "(", "[", "<") or self._is_random()):
            return self.statistic(STATISTICS[name], token.start)
        if name in FUNCTIONS and self._is_called(name):
            return self.function(_ALIASES.get(name, name), token.start)
        sub = self.subscript()
        while self.peek() == "'":  # a_k' is a'_k, and W_1' may be the transpose of W_1
            self.take()
            name += "'" * (name == "a" or name[0].isupper())
        return Node("name", name, (), token.start, self.last_end, sub)

    def _is_called(self, name: str) -> bool:
        return self.peek() == "(" or (name in ("log", "ln", "exp", "sqrt") and self.peek() not in ("", ")", "_"))

    def _is_random(self) -> bool:
        """Whether what follows E without a bracket is what an expectation can be taken of."""
        token = self.token
        return token is not None and token.kind == "name"

    def function(self, name: str, start: int) -> Node:
        if self.peek() != "(":
            argument = self.power()
            if argument.kind == "number" and self.last_end == self.at and self._begins_factor():
                remedy = f"write {name}({argument.value}*...) or put a * before {self.peek()!r}"
                raise self.source.refused(self.at, f"does this belong to {name}?", remedy)
            return Node("call", name, (argument,), start, self.last_end)
        return Node("call", name, self.arguments(")"), start, self.last_end)

    def arguments(self, closing: str) -> tuple[Node, ...]:
        self.take()
        outer, self.open = self.open, ""
        out = [self.argument()]
        while self.peek() == ",":
            self.take()
            out.append(self.argument())
        self.expect(closing, "the bracket")
        self.open = outer
        return tuple(out)

    def argument(self) -> Node:
        if self.peek() == "(":  # Sum(f, (j, 1, L))
            place = self.place
            start = self.at
            self.take()
            first = self.sum()
            if self.peek() == ",":
                parts = [first]
                while self.peek() == ",":
                    self.take()
                    parts.append(self.sum())
                self.expect(")", "the bracket")
                return Node("tuple", "", tuple(parts), start, self.last_end)
            self.place = place
        return self.sum()

    def statistic(self, name: str, start: int) -> Node:
        parameter = self.subscript()
        if name == "quantile" and self.peek() == "[" and not parameter:
            self.take()
            place = self.at
            self.sum()
            parameter = self.source.text[place : self.at].strip()
            self.expect("]", "the bracket")
        if name == "P":
            return self.probability(start)
        if self.peek() in ("(", "["):
            parts = self.arguments(")" if self.peek() == "(" else "]")
            if name == "quantile" and len(parts) == 2 and not parameter:
                parameter = self.source.text[parts[0].start : parts[0].end]
                parts = parts[1:]
        else:
            parts = (self.factors(),)
        wanted = 2 if name in ("Cov", "Corr") else 1
        if len(parts) != wanted:
            problem = f"{name} takes {wanted} argument{'s' * (wanted > 1)}, got {len(parts)}"
            raise self.source.refused(start, problem, "write e.g. Cov(|a_1|^2, |a_2|^2) or E[|a_1|^2 |a_2|^2]")
        return Node("statistic", name, parts, start, self.last_end, parameter)

    def factors(self) -> Node:
        """Read what an expectation without brackets is taken of: factors that stand side by side."""
        start = self.at
        node = self.power()
        while self._begins_factor() and self.peek() not in ("(",) and self.token and self.token.kind != "number":
            node = Node("mul", "", (node, self.power()), start, self.last_end)
        return node

    def probability(self, start: int) -> Node:
        opening = self.take().text if self.peek() in ("(", "[") else ""
        if not opening:
            raise self.source.refused(self.at, "P needs an event in brackets", "write e.g. P(|a_L|^2 >= |x|^2)")
        outer, self.open = self.open, ""
        left = self.sum()
        at = self.at
        relation = self.relation()
        if relation == "~":
            raise self.source.refused(at, "an event needs <=, >=, <, > or =", "write e.g. P(|a_L|^2 >= |x|^2)")
        right = self.sum()
        self.expect({"(": ")", "[": "]"}[opening], "the bracket")
        self.open = outer
        event = Node("relation", relation, (left, right), left.start, right.end)
        return Node("statistic", "P", (event,), start, self.last_end)


def _without_transposes(exponent: Node) -> tuple[Node, list[str]]:
    """Return an exponent without the marks .T and .H behind it, and the marks."""
    if exponent.kind == "transpose":
        inside, marks = _without_transposes(exponent.parts[0])
        return inside, [*marks, exponent.value]
    if exponent.kind == "neg":
        inside, marks = _without_transposes(exponent.parts[0])
        return Node("neg", "", (inside,), exponent.start, exponent.end), marks
    return exponent, []

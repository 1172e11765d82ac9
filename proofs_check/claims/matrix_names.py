"""Names in claims about matrices that are probably something else: a transpose, a product without its *, a slip."""

from __future__ import annotations

import re
from collections.abc import Collection

from proofs_check.claims.matrix_shapes import matrix_name
from proofs_check.claims.syntax import Node

POLYNOMIALS = "known are means of polynomials, in tr(W), ||W||_F^2, |tr(U)|^2, diag(W), hadamard(W, W)"
"""What may be asked instead of a function that is no polynomial."""

_INVERSE = "for the inverse write S^-1"
_EXPLICIT = "write I_n for the identity, ones(n, m) for a matrix of ones"
_WORDS = {
    "inv": _INVERSE,
    "inverse": _INVERSE,
    "transpose": "for the transpose write W.T",
    "tr": "write tr(U), with brackets",
    "trace": "write tr(U), with brackets",
    "Tr": "write tr(U), with brackets",
    "eye": _EXPLICIT,
    "identity": _EXPLICIT,
    "norm": "write ||W||_F^2",
}
_NOT_KNOWN = {
    "det": "determinants",
    "Det": "determinants",
    "logdet": "determinants",
    "slogdet": "determinants",
    "rank": "ranks",
    "eig": "eigenvalues",
    "eigvals": "eigenvalues",
    "svd": "singular values",
    "perm": "permanents",
    "pf": "Pfaffians",
    "kron": "Kronecker products",
    "vec": "vectors of all entries",
    "pinv": "pseudoinverses",
    "expm": "exponentials of matrices",
}
_GREEK = frozenset(
    [
        "Gamma",
        "Delta",
        "Theta",
        "Lambda",
        "Xi",
        "Pi",
        "Sigma",
        "Upsilon",
        "Phi",
        "Psi",
        "Omega",
        "Alpha",
        "Beta",
        "Epsilon",
        "Zeta",
        "Eta",
        "Iota",
        "Kappa",
        "Mu",
        "Nu",
        "Rho",
        "Tau",
        "Chi",
        "Omicron",
    ]
)
_SHORTEST = 3
"""Two names of fewer letters may well differ by one letter and both be meant."""


def word_remedy(name: str) -> str:
    """Return what to write instead of a function's name that stands alone, or nothing.

    Parameters
    ----------
    name : str
        The name.

    Examples
    --------
    >>> word_remedy("inv"), word_remedy("W")
    ('for the inverse write S^-1', '')
    """
    return _WORDS.get(name, "")


def is_unknown_function(name: str) -> bool:
    """Whether a name is a function of matrices that is not known, also without brackets, as in det W.

    Examples
    --------
    >>> is_unknown_function("det"), is_unknown_function("cos")
    (True, False)
    """
    return name in _NOT_KNOWN


def unknown_function(name: str) -> tuple[str, str]:
    """Return why a function of matrices is not known, and what is.

    Parameters
    ----------
    name : str
        Its name.

    Examples
    --------
    >>> unknown_function("det")[0], unknown_function("cos")[0]
    ('determinants are not known', "there is no function 'cos'")
    """
    known = _NOT_KNOWN.get(name)
    return (f"{known} are not known" if known else f"there is no function {name!r}"), POLYNOMIALS


def names_in(node: Node) -> set[str]:
    """Return the names of matrices and letters in a part of a claim.

    Examples
    --------
    >>> from proofs_check.claims.syntax import parse_formula
    >>> sorted(names_in(parse_formula("W_1'*A - W_1'*A")[0]))
    ['A', 'W_1']
    """
    own = {matrix_name(node)} if node.kind == "name" else set()
    return own.union(*map(names_in, node.parts))


def joined_names(name: str, known: Collection[str], declared: Collection[str] = ()) -> str:
    """Return the product that a name without its * and .T probably is, or nothing.

    Parameters
    ----------
    name : str
        The name of a matrix that was not declared.
    known : collection of str
        The other matrices and letters.
    declared : collection of str, optional
        Those among them beside which any single capital letter may be a matrix; where there are any, AB is A*B.

    Examples
    --------
    >>> joined_names("WT", ["W"]), joined_names("WAWt", ["W", "A"]), joined_names("V", ["W"])
    ('W.T', 'W*A*W.T', '')
    >>> joined_names("AB", ["X"], ["X"]), joined_names("Ab", ["X"], ["X"]), joined_names("trX", ["X"], ["X"])
    ('A*B', '', 'tr(X)')
    >>> joined_names("AX", ["X"]), joined_names("AX", ["X"], ["X"]), joined_names("Sigma", ["S"], ["S"])
    ('', 'A*X', '')
    """
    others = set(known) - {name}
    if called := re.fullmatch(r"(tr|Tr|diag)([A-Z]\w*)", name):
        return f"{called[1]}({joined_names(called[2], known, declared) or called[2]})"
    alone = name.partition("_")[0] in _GREEK
    factors = _factors(name, others)
    if not factors and declared and len(name) > 1 and not alone:
        factors = _factors(name, others, any_capital=True)
        factors = factors if name.isupper() or {stem for stem, _ in factors} & set(declared) else []
    return "*".join(stem + mark for stem, mark in factors)


def _factors(name: str, others: Collection[str], *, any_capital: bool = False) -> list[tuple[str, str]]:
    """Return the names of which a name is made, each with the mark of its transpose, or an empty list."""
    marks = "".join(mark for mark in "TtH" if mark not in others)
    names = sorted({*others, *(_GREEK if any_capital else ())}, key=len, reverse=True)
    stems = [*map(re.escape, names), *(["[A-Z]"] if any_capital else [])]
    factor = rf"({'|'.join(stems)})" + (rf"(_?[{marks}])?" if marks else "()")
    if not stems or not re.fullmatch(f"(?:{factor})+", name):
        return []
    return [(stem, f".{mark[-1].upper()}" if mark else "") for stem, mark in re.findall(factor, name)]


def product_within(name: str, random: Collection[str]) -> str:
    """Return the product that a name is if a random matrix occurs in it, or nothing.

    Parameters
    ----------
    name : str
        The name of a matrix that was not declared. Greek letters, such as Sigma beside S, are meant as they are, and
        subscripts, such as Sigma_XX, too.
    random : collection of str
        The random matrices.

    Examples
    --------
    >>> product_within("nW", ["W"]), product_within("A_1X", ["X"]), product_within("SigmaX", ["S", "X"])
    ('n*W', 'A_1*X', 'Sigma*X')
    >>> product_within("Sigma_XX", ["X"]), product_within("Axis", ["x"]), product_within("W_12", ["W", "W_1"])
    ('', '', '')
    """
    stems = sorted({*random, *_GREEK}, key=len, reverse=True)
    pieces = [piece for piece in re.split(f"({'|'.join(map(re.escape, stems))})", name) if piece]
    before, found = "", False
    for piece in pieces:
        after = name[len(before) + len(piece) :]
        found = found or (piece in random and bool(before or after) and _is_factor(piece, before, after))
        before += piece
    apart = [
        "*".join(piece) if piece.isalpha() and piece.isupper() and piece not in stems else piece for piece in pieces
    ]
    return "*".join(apart) if found else ""


def in_context(product: str, before: str, after: str) -> str:
    """Return a product with the transposes that touch it, as the whole of it would be written.

    Parameters
    ----------
    product : str
        What a name without its * is.
    before, after : str
        What stands before and behind that name.

    Examples
    --------
    >>> in_context("A*X", "E[X'", "]"), in_context("W*A*W", "tr(", ".T*B)"), in_context("A*X", "B*", "")
    ("X'*A*X", 'W*A*W.T', 'A*X')
    """
    touching = re.search(rf"(?:{_TRANSPOSED})+$", before)
    factors = re.findall(_TRANSPOSED, touching[0]) if touching else []
    mark = re.match(r"'+|\.[TH]\b", after)
    return "*".join([*(factor.strip() for factor in factors), product]) + (mark[0] if mark else "")


_TRANSPOSED = r"[A-Za-z]+(?:_(?:\{[^{}]*\}|[A-Za-z0-9]+))?(?:'+|\.[TH]) ?"


def _is_factor(piece: str, before: str, after: str) -> bool:
    """Whether a random matrix's name between others is no part of a word or of a subscript."""
    if after.startswith("_") or ("_" in before and not before[-1].isdigit()):
        return False
    if "_" in piece and after[:1].isdigit():
        return False
    return piece[0].isupper() or not before or not after


def is_entry(sub: str) -> bool:
    """Whether a subscript is that of an entry of a matrix, such as 11, ij or 1,2.

    Examples
    --------
    >>> is_entry("ij"), is_entry("1,2"), is_entry("1")
    (True, True, False)
    """
    return re.fullmatch(r"\d\s*,?\s*\d|[i-n]\s*,?\s*[i-n]", sub) is not None


def similar_name(name: str, known: Collection[str]) -> str:
    """Return the known name from which a name differs by one letter or by two that are swapped, or nothing.

    Parameters
    ----------
    name : str
        The name of a matrix that was not declared. Greek letters, such as Phi beside Psi, are meant as they are.
    known : collection of str
        The other matrices.

    Examples
    --------
    >>> similar_name("Simga", ["Sigma"]), similar_name("Psi", ["Phi"]), similar_name("A_1", ["A_2"])
    ('Sigma', '', '')
    """
    stem, _, sub = name.partition("_")
    if stem in _GREEK:
        return ""
    for other in sorted(set(known) - {name}):
        its, _, index = other.partition("_")
        if index == sub and min(len(stem), len(its)) >= _SHORTEST and _one_slip(stem, its):
            return other
    return ""


def _one_slip(one: str, other: str) -> bool:
    """Whether two words differ by one letter put in, left out or exchanged, or by two neighbours that are swapped."""
    if len(one) > len(other):
        one, other = other, one
    start = next((place for place, (x, y) in enumerate(zip(one, other, strict=False)) if x != y), len(one))
    rest, its = one[start:], other[start:]
    if len(one) < len(other):
        return rest == its[1:]
    return rest[1:] == its[1:] or (rest[:2] == its[1::-1] and rest[2:] == its[2:])

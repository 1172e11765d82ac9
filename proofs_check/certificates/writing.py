"""How a theorem and its proof are laid out: what is quantified, what is assumed, and how an identity is closed."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp

from proofs_check.certificates.terms import Terms

_WIDTH = 118


@dataclass(frozen=True)
class Theorem:
    """A theorem with its proof.

    Parameters
    ----------
    name : str
        An identifier.
    text : str
        Statement and proof, as Coq reads them.
    """

    name: str
    text: str


def theorem(kind: str, name: str, comment: str, head: Sequence[str], claim: Sequence[str], proof: Sequence[str]) -> str:
    """Return a theorem's text.

    Parameters
    ----------
    kind : str
        ``Lemma`` or ``Theorem``.
    name : str
        An identifier.
    comment : str
        For people.
    head : sequence of str
        What is quantified and what is assumed.
    claim, proof : sequence of str
        Lines.
    """
    lines = [f"(* {safe(comment)} *)", f"{kind} {name} :", *(f"  {line}" for line in (*head, *claim))]
    lines[-1] += "."
    lines += ["Proof.", *(f"  {line}" for line in proof), "Qed."]
    return "\n".join(_wrapped(line) for line in lines)


def safe(text: str) -> str:
    """Return a text that is safe inside a comment of Coq, where quotes and brackets come in pairs.

    Examples
    --------
    >>> safe('a "closed" form, n*(L*2)')
    "a 'closed' form, n*(L*2)"
    >>> safe("(* nested *)")
    '( * nested * )'
    """
    return text.replace('"', "'").replace("(*", "( *").replace("*)", "* )")


def in_brackets(term: str) -> str:
    """Return a term as an argument.

    Examples
    --------
    >>> in_brackets("n"), in_brackets("n + 1")
    ('n', '(n + 1)')
    """
    return term if term.isidentifier() or term.isdigit() else f"({term})"


def head(
    terms: Terms, below_one: Sequence[sp.Symbol], more: Sequence[str] = (), naturals: Sequence[str] = ()
) -> list[str]:
    """Return the variables, and what is assumed of them: only what is divided by, and what is under a root.

    Parameters
    ----------
    terms : Terms
        The formulas, which are written already.
    below_one : sequence of sympy.Symbol
        The letters whose values lie below 1.
    more : sequence of str
        What else is assumed.
    naturals : sequence of str
        Variables of other types, with their brackets.
    """
    needed = {symbol for value in (*terms.denominators.values(), *terms.roots) for symbol in value.free_symbols}
    positive = (symbol for symbol in sorted(needed, key=str) if symbol.is_positive and symbol not in terms.naturals)
    assumed = [f"0 < {terms.name(symbol)}" for symbol in positive]
    assumed += [f"{terms.name(symbol)} < 1" for symbol in below_one if symbol in terms.reals]
    assumed += [f"{text} <> 0" for text, value in terms.denominators.items() if not _clearly_positive(value)]
    for root, text in terms.roots.values():
        assumed += [f"0 < {text}", f"{root} = sqrt ({text})"]
    names = real_names(terms)
    variables = [f"({' '.join(names)} : R)"] if names else []
    if terms.exponents:
        variables.append(f"({' '.join(terms.exponents)} : nat)")
    variables += naturals
    quantified = [f"forall {' '.join(variables)},"] if variables else []
    return [*quantified, *(f"{line} ->" for line in dict.fromkeys([*assumed, *more]))]


def _clearly_positive(value: sp.Expr) -> bool:
    """Whether a letter or a sum of such is positive because its letters are: arithmetic sees it."""
    if value.is_Symbol or not all(symbol.is_positive for symbol in value.free_symbols):
        return bool(value.is_positive)
    if not value.is_polynomial(*value.free_symbols):
        return False
    return all(coefficient > 0 for coefficient in sp.Poly(value).coeffs())


def real_names(terms: Terms) -> list[str]:
    """Return the names of the real variables: letters, other functions, roots."""
    return [*terms.reals.values(), *terms.opaque.values(), *(root for root, _ in terms.roots.values())]


def intros(terms: Terms, letters: Sequence[str] = ()) -> str:
    """Return the tactic that names the variables of :func:`head`, and then what is assumed."""
    names = [*real_names(terms), *terms.exponents, *letters]
    return f"intros {' '.join(names)}. intros." if names else "intros."


def substituted(terms: Terms, where: Sequence[tuple[sp.Symbol, sp.Expr]]) -> list[str]:
    """Return the tactics that put in what letters stand for."""
    return [f"subst {terms.name(letter)}." for letter, _ in where]


def prelude(terms: Terms) -> list[str]:
    """Return what makes equal bases one, and says what the square of a root is."""
    out = []
    for first, *others in terms.bases.values():
        out += [f"replace {other} with {first} by closes." for other in others]
    for root, text in terms.roots.values():
        square = f"assert (square_of_{root} : {root} * {root} = {text})"
        out += [
            f"{square} by (subst {root}; apply sqrt_sqrt; left; assumption).",
            f"assert ({root} <> 0) by (subst {root}; apply Rgt_not_eq, sqrt_lt_R0; assumption).",
        ]
    return out


def closing(terms: Terms) -> str:
    """Return the tactic that closes an identity after :func:`prelude`."""
    squares = " ".join(f"square_of_{root}" for root, _ in terms.roots.values())
    if not squares:
        return "closes."
    ring = f"ring [{squares}]"
    return f"solve [closes | field_simplify_eq; [{ring} | nonzero] | field_simplify_eq; {ring}]."


def _wrapped(line: str) -> str:
    if len(line) <= _WIDTH:
        return line
    indent = " " * (len(line) - len(line.lstrip()))
    return textwrap.fill(
        line.strip(),
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )

"""What people paste: unicode is spelled out in ASCII, with a way back to where each character stood."""

from __future__ import annotations

from dataclasses import dataclass

from theory.ensembles import InvalidArgument

_SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿᴸᵏˡʲ", "0123456789+-()nLklj", strict=True))
_SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₍₎ₙₖₗⱼₓ", "0123456789+-()nkljx", strict=True))
_WORDS = {
    "ψ": " psi", "Γ": " gamma", "∇": "grad ",
    "𝔼": "E", "ℙ": "P", "‖": "||", "∥": "||", "∣": "|", "≤": "<=", "≥": ">=", "⩽": "<=", "⩾": ">=", "≠": "!=",
    "−": "-", "–": "-", "·": "*", "⋅": "*", "×": "*", "∗": "*", "÷": "/", "∼": "~", "⟨": "<", "⟩": ">", "〈": "<",
    "〉": ">", "∂": "d", "√": " sqrt", "π": " pi ", "β": " beta ", "α": " alpha ", "σ": " sigma ", "λ": " lambda",
    "γ": " gamma_letter ", "κ": " K ", "ℓ": "l", "′": "'", "’": "'", "…": "...", "⋯": "...", "½": "(1/2)", "¼": "(1/4)",
    "¾": "(3/4)", "\u00a0": " ", "\u2009": " ", "\u202f": " ", "\t": " ", "\u2062": " ", "“": "", "”": "",
}  # fmt: skip
_TRANSPOSES = "ᵀ⊤"
_LONGEST = 4000
_REFUSED = {
    "≈": "says nothing that could be checked",
    "≃": "says nothing that could be checked",
    "≪": "says nothing that could be checked",
    "≫": "says nothing that could be checked",
    "∞": "is no size",
    "∑": "is not read: write Sum(1/j, (j, 1, L))",
    "∏": "is not read: write Prod(1 + 2/n_j, (j, 1, L))",
}
_PRODUCTS = {
    "∘": "write hadamard(A, B) for the product entry by entry",
    "⊙": "write hadamard(A, B) for the product entry by entry",
    "⊗": "Kronecker products are not known",
}


@dataclass(frozen=True)
class Spelled:
    """A claim in ASCII.

    Parameters
    ----------
    text : str
        The claim, spelled out.
    original : str
        The claim as it was given.
    places : tuple of int
        The place in the original of each character of the text, and of its end.
    """

    text: str
    original: str
    places: tuple[int, ...]

    def refused(self, at: int, problem: str, remedy: str) -> InvalidArgument:
        """Return the error that shows a place of the claim with a caret.

        Parameters
        ----------
        at : int
            The place in the spelled text.
        problem, remedy : str
            What is wrong there, and what would do.
        """
        return refusal(self.original, self.places[min(at, len(self.text))], problem, remedy)


def refusal(original: str, place: int, problem: str, remedy: str) -> InvalidArgument:
    """Return the error that shows a place of a claim with a caret.

    Parameters
    ----------
    original : str
        The claim as it was given.
    place : int
        Where in it.
    problem, remedy : str
        What is wrong there, and what would do.

    Examples
    --------
    >>> print(refusal("E|a_L|^^4 = 1", 7, "a power is missing", "write e.g. E|a_L|^4"))
    claim: a power is missing; write e.g. E|a_L|^4
        E|a_L|^^4 = 1
               ^
    """
    return InvalidArgument("claim", problem, f"{remedy}\n    {original}\n    {' ' * place}^")


def spelled(claim: str) -> Spelled:
    """Spell a claim out in ASCII.

    Raises
    ------
    InvalidArgument
        If it is no text or empty, or has a character that says nothing here.

    Examples
    --------
    >>> spelled("E‖a_L‖⁴ ≤ (1 + 5/n)ᴸ").text
    'E||a_L||^(4) <= (1 + 5/n)^(L)'
    """
    if not isinstance(claim, str) or not claim.strip():
        raise InvalidArgument("claim", f"must be text, got {claim!r}", "write e.g. 'E|a_L|^2 = |x|^2'")
    if len(claim) > _LONGEST:
        raise InvalidArgument("claim", f"has {len(claim):,} characters", f"use at most {_LONGEST:,}")
    claim = " ".join(claim.splitlines()) if "\n" in claim else claim
    out: list[str] = []
    places: list[int] = []

    def put(text: str, place: int) -> None:
        out.append(text)
        places.extend([place] * len(text))

    at = 0
    while at < len(claim):
        character = claim[at]
        if character in _TRANSPOSES:  # behind ^ the letter is what the grammar knows; a word may follow at once
            before = "".join(out).rstrip()
            at += 1
            gap = " " if claim[at : at + 1].isalnum() else ""
            put(("T" if before.endswith(("^", "^{", "^(", "**")) else ".T") + gap, at - 1)
            continue
        for marks, opening, closing in ((_SUPERSCRIPTS, "^(", ")"), (_SUBSCRIPTS, "_{", "}")):
            if character in marks:
                start = at
                while at < len(claim) and claim[at] in marks:
                    at += 1
                put(opening + "".join(marks[c] for c in claim[start:at]) + closing, start)
                break
        else:
            if character in _REFUSED:
                remedy = "use =, <=, >=, <, >, ~ (the ratio tends to 1) or + O(...)"
                raise refusal(claim, at, f"{character!r} {_REFUSED[character]}", remedy)
            if character in _PRODUCTS:
                raise refusal(claim, at, f"the product {character!r} is not read", _PRODUCTS[character])
            if not character.isascii() and character not in _WORDS:
                raise refusal(claim, at, f"the character {character!r} is not known here", "write it in ASCII")
            if character in "½¼¾" and at and claim[at - 1].isdigit():
                raise refusal(claim, at, "a mixed number", "write 1.5, or 1 + 1/2")
            put(_WORDS.get(character, character), at)
            at += 1
    return Spelled("".join(out), claim, (*places, len(claim)))

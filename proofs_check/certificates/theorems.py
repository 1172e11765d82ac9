"""Theorems and their proofs as Coq text: an obligation becomes a lemma, an induction a theorem for all steps."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sympy as sp

from proofs_check.certificates.terms import Terms, identifier
from proofs_check.evidence.induction import Carried, Forward, Induction
from proofs_check.evidence.proved import Obligation

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


def lemma(obligation: Obligation, name: str) -> Theorem:
    """Return an obligation as a lemma: both sides are equal for all values of the letters.

    Parameters
    ----------
    obligation : Obligation
        What must be met.
    name : str
        What the lemma is called.

    Raises
    ------
    InvalidArgument
        If a side cannot be written as a term.

    Examples
    --------
    >>> n = sp.Symbol("n", positive=True)
    >>> print(lemma(Obligation("step", (n + 5) / n, 1 + 5 / n), "step").text)
    (* step *)
    Lemma step :
      forall (n : R),
      0 < n ->
      (n + 5) / n
      = 1 + 5 / n.
    Proof.
      intros n. intros. closes.
    Qed.
    """
    values = [value for _, value in obligation.where]
    terms = Terms([obligation.left, obligation.right, *values])
    left, right = terms.of(obligation.left), terms.of(obligation.right)
    where = [f"{terms.name(letter)} = {terms.of(value)}" for letter, value in obligation.where]
    head = _head(terms, obligation.below_one, where)
    proof = [_intros(terms), *_substituted(terms, obligation.where), *_closing(terms)]
    comment = "".join(f"; {name} = {value}" for name, value in (*terms.exponents.items(), *_opaque(terms)))
    return _theorem("Lemma", name, f"{obligation.name}{comment}", head, [left, f"= {right}"], [" ".join(proof)])


def for_all_steps(induction: Induction, name: str) -> Theorem:
    """Return an induction as a theorem about what a recursion defines, for all numbers of steps.

    Parameters are those of :func:`lemma`.
    """
    writing = _Writing.of(induction)
    product = writing.product()
    shift = writing.shift
    if not shift:
        return _theorem(
            "Theorem",
            name,
            f"{induction.name}, for all steps",
            writing.head(),
            [product, f"= {writing.closed}"],
            [*writing.opening(), *writing.steps()],
        )
    # the closed form needs a few steps to make sense, such as L - 1 >= 0
    (letter,) = writing.letters
    inner = for_all_steps(_later(induction, shift), f"{name}_later")
    claimed = Terms([], writing.terms.naturals)
    final = _theorem(
        "Theorem",
        name,
        f"{induction.name}, for all steps from {shift} on",
        writing.head([f"({shift} <= {letter})%nat"]),
        [product, f"= {claimed.of(induction.closed)}"],
        [
            f"{_intros(writing.terms, writing.letters)}",
            f"destruct (Nat.le_exists_sub {shift} {letter}) as [k [from _]]; [assumption |]; subst {letter}.",
            *(
                f"replace (k + {shift} - {i})%nat with (k + {shift - i})%nat by lia."
                for i in range(1, shift + 1)
            ),
            *(["rewrite ?Nat.add_0_r."]),
            f"apply {name}_later; assumption.",
        ],
    )
    return Theorem(name, f"{inner.text}\n\n{final.text}")


def from_the_weights(induction: Induction, steps: str, name: str) -> Theorem:
    """Return the theorem that begins with independent symmetric weights, and ends with the closed form, for all depths.

    Parameters
    ----------
    induction : Induction
        One whose matrix comes from the forward pass.
    steps : str
        The name of its theorem for all steps.
    name : str
        What the theorem is called.
    """
    forward = induction.forward
    assert forward is not None
    (moments,) = induction.carried
    width = forward.width if forward.width.is_Symbol else None
    naturals = (moments.letter, *((width,) if width is not None else ()))
    writing = _Writing.of(induction, naturals)
    terms = writing.terms
    n = terms.name(width) if width is not None else str(forward.width)
    size = f"INR {n}"
    variance, kurtosis, slope = (_in_brackets(terms.of(v)) for v in (forward.variance, forward.kurtosis, forward.slope))
    depth = terms.name(moments.letter)
    law = f"second_moments {n} {n} {variance} E" if forward.order == 2 else f"fourth_moments {n} {n} {variance} {kurtosis} E"
    norms = {2: "square", 4: "fourth"}
    inputs = [f"{letter} ^ {k} = {norm} {n} x" for k, norm in norms.items() if (letter := _norm(terms, k))]
    quantity = f"(square {n})" if forward.order == 2 else f"(fun a => square {n} a ^ 2)"
    claimed = Terms([], naturals).of(induction.closed)
    more = [law, *inputs, *([f"({writing.shift} <= {depth})%nat"] if writing.shift else [])]
    if width is not None:
        more.insert(0, f"(0 < {n})%nat")
    free = [f"({n} : nat)"] if width is not None else []
    head = writing.head(more, extra=[*free, "(E : (matrix -> R) -> R)", "(x : vector)"], letters=[depth])
    from_layer = [
        f"rewrite ({'square' if forward.order == 2 else 'fourth'}_after {n} {variance} "
        f"{'' if forward.order == 2 else kurtosis + ' '}{slope} E) by assumption.",
    ]
    entries = moments.matrix.applyfunc(sp.sympify)
    substituted = "".join(f"{line[:-1]}; " for line in _substituted(terms, induction.where))
    fits = f"by (unfold gate2, gate4; {substituted}powers; closes)"
    if forward.order == 2:
        from_layer.append(
            f"replace ({size} * gate2 {slope} * {variance}) with ({terms.of(entries[0])}) {fits}."
        )
    else:
        unit = f"{size} * gate4 {slope} * {variance} ^ 2"
        top = f"{unit} * 3 + {size} * ({size} - 1) * gate2 {slope} ^ 2 * {variance} ^ 2"
        if len(moments.start) == 1:
            from_layer += [
                f"replace ({unit} * ({kurtosis} - 3)) with 0 by ring. rewrite first_alone.",
                f"replace ({top}) with ({terms.of(entries[0])}) {fits}.",
            ]
        else:
            from_layer += [
                f"replace ({top}) with ({terms.of(entries[0, 0])}) {fits}.",
                f"replace ({unit} * ({kurtosis} - 3)) with ({terms.of(entries[0, 1])}) {fits}.",
                f"replace ({unit} * 3) with ({terms.of(entries[1, 0])}) {fits}.",
            ]
    if forward.order == 4 and (letter := _norm(terms, 2)):
        from_layer.append(f"replace (square {n} x ^ 2) with ({letter} ^ 4) by (change 4%nat with (2 * 2)%nat; "
                          f"rewrite pow_mult; congruence).")
    proof = [
        _intros(terms, [depth, *([n] if width is not None else []), "E", "x"]),
        *([f"assert (0 < {size}) by (apply lt_0_INR; assumption)."] if width is not None else []),
        *from_layer,
        *(f"repeat match goal with H : _ = {norm} {n} x |- _ => rewrite <- H; clear H end." for norm in norms.values()),
        f"apply {steps}; assumption.",
    ]
    return _theorem(
        "Theorem",
        name,
        f"{induction.name}: from independent symmetric weights to the claim, at every depth",
        head,
        [f"after {n} {slope} E {depth} {quantity} x", f"= {claimed}"],
        proof,
    )


def _norm(terms: Terms, order: int) -> str:
    name = "norm_x" if order == 2 else f"norm{order}_x"
    return next((text for symbol, text in terms.reals.items() if str(symbol) == name), "")


def _later(induction: Induction, shift: int) -> Induction:
    """Return the induction that begins a few steps later."""
    (one,) = induction.carried
    place = {one.letter: one.letter + shift}
    return _Shifted(
        induction.name,
        induction.carried,
        sp.sympify(induction.closed).subs(place, simultaneous=True),
        induction.below_one,
        induction.where,
        begins=shift,
    )


@dataclass(frozen=True)
class _Shifted(Induction):
    begins: int = 0


@dataclass
class _Writing:
    """An induction while it is written."""

    induction: Induction
    terms: Terms
    closed: str
    shift: int
    letters: list[str]
    begins: int

    @classmethod
    def of(cls, induction: Induction, naturals: tuple[sp.Symbol, ...] = ()) -> _Writing:
        letters = tuple(one.letter for one in induction.carried)
        naturals = naturals or letters
        closed = sp.sympify(induction.closed)
        # exponents that would be negative at first
        least = 0
        for node in sp.preorder_traversal(closed):
            if node.is_Pow and node.exp.free_symbols & set(letters):
                constant, rest = sp.expand(node.exp).as_coeff_Add()
                if rest.could_extract_minus_sign():
                    constant = -constant
                least = min(least, int(constant))
        if least < 0 and len(letters) > 1:
            least = 0  # a product of several: written with truncated subtraction, which does not close
        entries = [entry for one in induction.carried for entry in (*one.matrix, *one.start)]
        terms = Terms([closed, *entries, *(value for _, value in induction.where)], naturals)
        later = closed.subs({letter: letter - least for letter in letters[:1]}, simultaneous=True) if least else closed
        written = terms.of(closed if not least else later)
        begins = getattr(induction, "begins", 0)
        return cls(induction, terms, written, -least, [terms.name(letter) for letter in letters], begins)

    def carried(self, one: Carried) -> list[str]:
        return [_in_brackets(self.terms.of(entry)) for entry in (*one.matrix, *one.start)]

    def number(self, one: Carried, at: str | None = None) -> str:
        steps = at or self.terms.name(one.letter)
        if self.begins:
            steps = f"({steps} + {self.begins})"
        return f"{'carried1' if len(one.start) == 1 else 'first'} {' '.join(self.carried(one))} {steps}"

    def product(self) -> str:
        return " * ".join(self.number(one) for one in self._ordered())

    def _ordered(self) -> list[Carried]:
        return sorted(self.induction.carried, key=lambda one: len(one.start))

    def head(
        self, more: Sequence[str] = (), extra: Sequence[str] = (), letters: Sequence[str] | None = None
    ) -> list[str]:
        where = [f"{self.terms.name(letter)} = {self.terms.of(value)}" for letter, value in self.induction.where]
        counted = self.letters if letters is None else letters
        return _head(self.terms, self.induction.below_one, [*where, *more], [f"({' '.join(counted)} : nat)", *extra])

    def opening(self) -> list[str]:
        return [_intros(self.terms, self.letters)]

    def closing(self) -> str:
        return " ".join([*_substituted(self.terms, self.induction.where), *_closing(self.terms, assumed=False)])

    def steps(self) -> list[str]:
        """Return the induction over each number of steps, with two numbers last."""
        prelude = _prelude(self.terms)
        out = [*prelude]
        depth = 0
        ordered = self._ordered()
        for position, one in enumerate(ordered):
            letter = self.terms.name(one.letter)
            indent = "  " * depth
            if len(one.start) == 2:
                out += [f"{indent}{line}" for line in self._two(one, letter)]
                return out
            entries = self.carried(one)
            rest = " * ".join(self.number(other) for other in ordered[position + 1 :])
            before = [f"{self.carried(other)[-1]}" for other in ordered[:position]]
            whole = " * ".join([*before, self.number(one), *([rest] if rest else [])])
            out += [
                f"{indent}induction {letter} as [| {letter} so_far].",
                f"{indent}2: {{ change ({self.number(one, f'(S {letter})')}) with ({entries[0]} * {self.number(one)}).",
                f"{indent}     transitivity ({entries[0]} * ({whole})); [ring |].",
                f"{indent}     rewrite so_far. replace (S {letter}) with ({letter} + 1)%nat by lia.",
                f"{indent}     powers. {self.closing()} }}",
                f"{indent}change ({self.number(one, '0')}) with {entries[1]}.",
            ]
        out.append(f"powers. {self.closing()}")
        return out

    def _two(self, one: Carried, letter: str) -> list[str]:
        a, b, c, d, u, v = self.carried(one)
        closing = self.closing()
        return [
            f"revert {letter}. apply (two_steps_determine ({a} + {d}) ({a} * {d} - {b} * {c})).",
            f"- intro k. {'rewrite ?Nat.add_succ_l. ' if self.begins else ''}rewrite first_recursion. ring.",
            "- intro k. replace (S (S k)) with (k + 2)%nat by lia. replace (S k) with (k + 1)%nat by lia.",
            f"  powers. {closing}",
            f"- unfold first; simpl carried2; cbv [fst snd]. powers. {closing}",
            f"- unfold first; simpl carried2; cbv [fst snd]. powers. {closing}",
        ]


# ---- what lemmas and theorems share ----------------------------------------------------------------------------------


def _theorem(
    kind: str, name: str, comment: str, head: Sequence[str], claim: Sequence[str], proof: Sequence[str]
) -> Theorem:
    lines = [f"(* {comment.replace('*)', '* )')} *)", f"{kind} {name} :"]
    lines += [f"  {line}" for line in head]
    lines += [f"  {line}" for line in claim[:-1]] + [f"  {claim[-1]}."]
    lines += ["Proof.", *(f"  {line}" for line in proof), "Qed."]
    return Theorem(name, "\n".join(_wrapped(line) for line in lines))


def _in_brackets(term: str) -> str:
    return term if term.isidentifier() or term.isdigit() else f"({term})"


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


def _opaque(terms: Terms) -> Iterable[tuple[str, str]]:
    return ((name, str(value)) for value, name in terms.opaque.items())


def _head(
    terms: Terms, below_one: Sequence[sp.Symbol], more: Sequence[str], naturals: Sequence[str] = ()
) -> list[str]:
    """Return the variables and what is assumed of them."""
    # what is assumed is written first, as writing it may name more letters
    divided = {symbol for value in terms.denominators.values() for symbol in value.free_symbols}
    rooted = {symbol for value in terms.roots for symbol in value.free_symbols}
    assumed = []
    for symbol in sorted(divided | rooted, key=str):
        if symbol.is_positive and symbol not in terms.naturals:
            assumed.append(f"0 < {terms.name(symbol)}")
    for symbol in below_one:
        if symbol in terms.reals:
            assumed.append(f"{terms.name(symbol)} < 1")
    for text, value in terms.denominators.items():
        if not _clearly_positive(value, below_one):
            assumed.append(f"{text} <> 0")
    for root, text in terms.roots.values():
        assumed += [f"0 < {text}", f"{root} = sqrt ({text})"]
    names = _real_names(terms)
    variables = [f"({' '.join(names)} : R)"] if names else []
    if terms.exponents:
        variables.append(f"({' '.join(terms.exponents)} : nat)")
    variables += naturals
    quantified = [f"forall {' '.join(variables)},"] if variables else []
    return [*quantified, *(f"{line} ->" for line in dict.fromkeys([*assumed, *more]))]


def _clearly_positive(value: sp.Expr, below_one: Sequence[sp.Symbol]) -> bool:
    """Whether a letter or a sum of such is positive because its letters are: linear arithmetic sees it."""
    if value.is_Symbol:
        return bool(value.is_positive)
    if not value.is_polynomial(*value.free_symbols):
        return False
    return all(symbol.is_positive for symbol in value.free_symbols) and all(
        coefficient > 0 for coefficient in sp.Poly(value).coeffs()
    )


def _real_names(terms: Terms) -> list[str]:
    return [*terms.reals.values(), *terms.opaque.values(), *(root for root, _ in terms.roots.values())]


def _intros(terms: Terms, letters: Sequence[str] = ()) -> str:
    names = [*_real_names(terms), *terms.exponents, *letters]
    return f"intros {' '.join(names)}. intros." if names else "intros."


def _substituted(terms: Terms, where: Sequence[tuple[sp.Symbol, sp.Expr]]) -> list[str]:
    return [f"subst {terms.name(letter)}." for letter, _ in where]


def _prelude(terms: Terms) -> list[str]:
    """Return what turns roots into letters whose square is known, and bases that are equal into one."""
    out = []
    for first, *others in terms.bases.values():
        out += [f"replace {other} with {first} by closes." for other in others]
    for root, text in terms.roots.values():
        out += [
            f"assert (square_of_{root} : {root} * {root} = {text}) by (subst {root}; apply sqrt_sqrt; left; assumption).",
            f"assert ({root} <> 0) by (subst {root}; apply Rgt_not_eq, sqrt_lt_R0; assumption).",
        ]
    return out


def _closing(terms: Terms, assumed: bool = True) -> list[str]:
    squares = " ".join(f"square_of_{root}" for root, _ in terms.roots.values())
    close = f"solve [closes | field_simplify_eq; [ring [{squares}] | nonzero]]." if squares else "closes."
    powers = ["powers."] if assumed and terms.exponents else []
    return [*(_prelude(terms) if assumed else []), *powers, close]

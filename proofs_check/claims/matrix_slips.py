"""Slips in products of matrices: names, digits and transposes that have run together, refused with what is meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

import sympy as sp

from proofs_check.claims.matrix_names import in_context, joined_names, product_within, similar_name
from proofs_check.claims.matrix_shapes import matrix_name
from proofs_check.claims.syntax import Node
from theory.ensembles import InvalidArgument


class Reader(Protocol):
    """What reads a claim, and can be asked for the numbers in a product of matrices."""

    def scalar(self, node: Node) -> sp.Expr:
        """Read a number."""
        ...

    def refuse(self, node: Node, problem: str, remedy: str) -> InvalidArgument:
        """Return the error that shows where the node stands."""
        ...

    def text(self, node: Node) -> str:
        """Return the node as it is written."""
        ...

    def require(self, kind: str, number: sp.Expr, exponent: sp.Expr = ...) -> None:
        """Keep what must hold for a formula to have a value."""
        ...


@dataclass(frozen=True)
class Others:
    """The names beside a name that was not declared.

    Parameters
    ----------
    all : set of str
        Those of all other matrices and letters.
    declared : set of str
        Those of the declared matrices.
    random : set of str
        Those of the random ones.
    """

    all: set[str]
    declared: set[str]
    random: set[str]


def product_meant(name: str, node: Node, reader: Reader, others: Others) -> str:
    """Return the product that a name that was not declared probably is, with its transposes, or nothing.

    Parameters
    ----------
    name : str
        The name.
    node : Node
        Where it stands.
    reader : Reader
        What reads the claim.
    others : Others
        The other names.
    """
    product = joined_names(name, others.all, others.declared)
    if not product and not similar_name(name, others.all):
        product = product_within(name, others.random)
    before, after = Node("", "", (), 0, node.start), Node("", "", (), node.end, node.end + 2)
    primes = node.value[len(node.value.rstrip("'")) :]
    return in_context(product, reader.text(before), primes or reader.text(after)) if product else ""


def require_apart(
    node: Node, reader: Reader, letters: Collection[str], meant: Callable[[str, Node, Reader], str]
) -> None:
    """Refuse X^TAX, where the mark of the transpose has run into what follows.

    Parameters
    ----------
    node : Node
        A power of a matrix.
    reader : Reader
        What reads the claim.
    letters : collection of str
        The names of numbers, which may be powers.
    meant : callable
        Returns the product that a name is.
    """
    base, mark = node.parts
    inverse = "^-1" if mark.kind == "neg" else ""
    mark = mark.parts[0] if mark.kind == "neg" else mark
    if mark.kind != "name" or mark.value[0] not in "TH" or matrix_name(mark) in letters:
        return
    rest = Node("name", mark.value[1:], (), mark.start + 1, mark.end, mark.sub)
    name = matrix_name(rest)
    if name or inverse:
        product = meant(name, rest, reader) or name if name else name
        remedy = f"write {reader.text(base)}{inverse}.{mark.value[0]}" + f"*{product}" * bool(product)
        raise reader.refuse(mark, f"there is no power {matrix_name(mark)!r}", remedy)


def require_no_digits(node: Node, reader: Reader) -> None:
    """Refuse W2, which is W times 2 in the grammar, and a name to its writer.

    Parameters
    ----------
    node : Node
        What a product ends with.
    reader : Reader
        What reads the claim.
    """
    before = reader.text(Node("", "", (), 0, node.start))
    if node.kind == "number" and (letters := re.search(r"[A-Za-z]+$", before)):
        remedy = f"write {letters[0]}_{node.value} for a name, {node.value}*{letters[0]} for a product"
        raise reader.refuse(node, "a number behind a name", remedy)


def require_no_letter(node: Node, reader: Reader) -> None:
    """Refuse the transpose of a letter, such as e.T, as e is a number unless it is declared.

    Parameters
    ----------
    node : Node
        A number that is transposed.
    reader : Reader
        What reads the claim.
    """
    if node.kind == "name":
        text = reader.text(node)
        remedy = f"declare it, e.g. --matrix '{text}: n by 1', or leave the mark out"
        raise reader.refuse(node, f"{text} is a number and has no transpose", remedy)

"""Claims about expectations of products of matrices: which matrices are random, and of what sizes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import sympy as sp

from proofs_check.claims.arithmetic import read_formula
from proofs_check.claims.syntax import Node
from theory import symbols
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import is_symbol_name, nearest

_DECLARED = re.compile(
    r"\s*(?P<name>[A-Za-z]+(_[A-Za-z0-9]+)?)\s*:\s*(?:(?P<law>[a-z]+)(?:\s+(?P<scale>[^,]+))?\s*,)?"
    r"\s*(?P<rows>\S+)\s+(?:by|x)\s+(?P<columns>\S+)\s*"
)
_LAWS = ("normal", "uniform", "rademacher", "symmetric", "haar", "wishart", "mask")
_EXAMPLE = "use e.g. --matrix 'W: normal 1/n, n by n' and --matrix 'A: n by n'"


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


@dataclass
class Matrices:
    """The matrices that a claim may name.

    Parameters
    ----------
    named : mapping of str to MatrixSymbol
        Random and fixed matrices.
    laws : mapping of MatrixSymbol to law
        The laws of the random ones.
    letters : mapping of str to sympy.Expr
        The letters of sizes and scales.
    texts : tuple of str
        The declarations, as they were given.
    """

    named: dict[str, sp.MatrixSymbol]
    laws: dict[sp.MatrixSymbol, Any]
    letters: dict[str, sp.Expr]
    texts: tuple[str, ...]
    assumed: list[str] = field(default_factory=list)

    @classmethod
    def declared(cls, texts: Sequence[str]) -> Matrices:
        """Read declarations such as ``W: normal 1/n, n by n`` (random) and ``A: n by m`` (fixed).

        Raises
        ------
        InvalidArgument
            If one cannot be read.

        Examples
        --------
        >>> Matrices.declared(["W: normal 1/n, n by m"]).laws
        {W: Gaussian(variance=1/n)}
        """
        out = cls({}, {}, {}, tuple(texts))
        for text in texts:
            out._declare(text)
        if not out.laws:
            raise InvalidArgument("matrix", "none of the matrices is random", _EXAMPLE)
        return out

    def _declare(self, text: str) -> None:
        match = _DECLARED.fullmatch(text)
        if match is None:
            raise InvalidArgument("matrix", f"{text!r} cannot be read", _EXAMPLE)
        name, law, scale = match["name"], match["law"], match["scale"]
        if name in self.named:
            raise InvalidArgument("matrix", f"{name} is declared twice", "declare it once")
        rows, columns = self._size(match["rows"]), self._size(match["columns"])
        matrix = sp.MatrixSymbol(name, rows, columns)
        self.named[name] = matrix
        if law is not None:
            self.laws[matrix] = self._law(law, scale)

    def _size(self, text: str) -> sp.Expr:
        if text.isdigit() and int(text) > 0:
            return sp.Integer(text)
        if not is_symbol_name(text):
            raise InvalidArgument("matrix", f"the size {text!r} is neither a number nor a name", _EXAMPLE)
        return self.letters.setdefault(text, symbols.whole(text))

    def _law(self, law: str, scale: str | None) -> Any:
        from theory.matrix_expectations import Gaussian, Haar, Iid, Mask, Wishart

        if law not in _LAWS:
            raise InvalidArgument("matrix", f"there is no law {law!r}", nearest(law, _LAWS))
        if law == "symmetric":
            self.letters.setdefault("K", sp.Symbol("K", positive=True))
        try:
            value = None if scale is None else read_formula(scale, self.letters)
        except InvalidArgument as bad:
            raise InvalidArgument("matrix", f"the variance {scale!r}: {bad.problem}", _EXAMPLE) from None
        if value is not None and value.is_number and not value > 0:
            raise InvalidArgument("matrix", f"the variance {scale!r} is not positive", _EXAMPLE)
        match law:
            case "haar" if value is None:
                return Haar()
            case "haar":
                raise InvalidArgument("matrix", f"Haar matrices have no variance, got {scale}", "leave it out")
            case "wishart" if value is None:
                raise InvalidArgument(
                    "matrix", "wishart needs its degrees of freedom", "use e.g. 'S: wishart 4, n by n'"
                )
            case "wishart":
                return Wishart(value)
            case "mask":
                return Mask(0 if value is None else value)
            case "normal":
                return Gaussian(1 if value is None else value)
        return Iid(law, 1 if value is None else value)

    def norm(self, matrix: Any) -> sp.Expr:
        """Return the Frobenius norm of a matrix."""
        return sp.sqrt(sp.Trace(matrix * matrix.T))

    def read(self, node: Node, reader: Reader) -> Any:
        """Read a matrix: a product or a sum of named ones, their transposes and whole powers.

        Parameters
        ----------
        node : Node
            Where it stands.
        reader : Reader
            Reads the numbers that occur in it.
        """
        try:
            found = self._matrix(node, reader)
        except InvalidArgument:
            raise
        except (ValueError, TypeError) as bad:  # SymPy compares the sizes
            raise reader.refuse(node, f"the sizes do not fit: {bad}", "transpose one of the matrices") from None
        if not getattr(found, "is_Matrix", False):
            raise reader.refuse(node, f"{reader.text(node)} is no matrix", f"known are {', '.join(self.named)}")
        return found

    def _matrix(self, node: Node, reader: Reader) -> Any:
        match node.kind:
            case "name":
                name = f"{node.value}_{node.sub}" if node.sub else node.value
                if name not in self.named and name in self.letters:
                    return self.letters[name]
                return self.named.get(name) or self._fixed(name, node, reader)
            case "mul":
                return self._matrix(node.parts[0], reader) * self._matrix(node.parts[1], reader)
            case "add":
                first, *rest = (self._matrix(part, reader) for part in node.parts)
                return sum(rest, first)
            case "neg":
                return -self._matrix(node.parts[0], reader)
            case "transpose":
                return self._matrix(node.parts[0], reader).T
            case "pow":
                return self._matrix(node.parts[0], reader) ** reader.scalar(node.parts[1])
        return reader.scalar(node)

    def _fixed(self, name: str, node: Node, reader: Reader) -> sp.MatrixSymbol:
        """Return a fixed square matrix where none was declared and all random ones are square and of one size."""
        sizes = {size for matrix in self.laws for size in matrix.shape}
        if len(sizes) != 1 or not name[0].isupper():
            problem = f"there is no matrix {name!r}"
            raise reader.refuse(node, problem, f"declare it, e.g. --matrix '{name}: n by n'")
        size = sizes.pop()
        self.named[name] = sp.MatrixSymbol(name, size, size)
        self.assumed.append(f"{name} is a fixed {size} by {size} matrix")
        return self.named[name]

"""Claims about expectations of products of matrices: which matrices are random, and of what sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from proofs_check.claims.matrix_declarations import EXAMPLE, Declaration, declaration, given_number, law_of
from proofs_check.claims.matrix_functions import FUNCTIONS, value_of_call
from proofs_check.claims.matrix_letters import identity, letters_of_law, size_for
from proofs_check.claims.matrix_names import is_entry, is_unknown_function, similar_name, unknown_function, word_remedy
from proofs_check.claims.matrix_shapes import Shapes, matrix_name
from proofs_check.claims.matrix_slips import (
    Others,
    Reader,
    product_meant,
    require_apart,
    require_no_digits,
    require_no_letter,
)
from proofs_check.claims.syntax import Node
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import nearest

UNIT = sp.Dummy("I")
"""The identity, until it is known of which size: a number that becomes a matrix where it is added to one."""


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
    symmetric : set of MatrixSymbol
        The fixed matrices that are symmetric.
    probabilities : set of str
        The letters of probabilities.
    assumed : list of str
        What is taken for granted of matrices that were not declared.
    shapes : Shapes, optional
        The shapes of all matrices of a claim.
    inverted : list of matrix expression
        The random matrices of which an inverse was read, those that cancelled, too.
    """

    named: dict[str, sp.MatrixSymbol]
    laws: dict[sp.MatrixSymbol, Any]
    letters: dict[str, sp.Expr]
    texts: tuple[str, ...]
    symmetric: set[sp.MatrixSymbol] = field(default_factory=set)
    probabilities: set[str] = field(default_factory=set)
    assumed: list[str] = field(default_factory=list)
    shapes: Shapes | None = None
    inverted: list[Any] = field(default_factory=list)

    @classmethod
    def declared(cls, texts: Sequence[str], values: Mapping[str, Any] | None = None) -> Matrices:
        """Read declarations such as ``W: normal 1/n, n by n`` (random) and ``A: n by m`` (fixed).

        Parameters
        ----------
        texts : sequence of str
            The declarations.
        values : mapping, optional
            Numbers for letters, such as ``{"n": 4}``.

        Raises
        ------
        InvalidArgument
            If one cannot be read, or a value is given for a letter that does not occur.

        Examples
        --------
        >>> Matrices.declared(["W: normal 1/n, n by m"]).laws
        {W: Gaussian(variance=1/n)}
        >>> Matrices.declared(["W: normal 1/n, n by m"], {"n": 4}).laws
        {W: Gaussian(variance=1/4)}
        """
        out = cls({}, {}, {}, tuple(texts))
        found = [declaration(text) for text in texts]
        given = {name: given_number(name, value) for name, value in (values or {}).items()}
        for declared in found:
            out._name(declared, given)
        for declared in found:
            out._name_letters(declared, given)
        if unknown := [name for name in given if name not in out.letters]:
            remedy = nearest(unknown[0], sorted(out.letters)) if out.letters else "leave it out"
            raise InvalidArgument("set", f"{unknown[0]} is no letter of a matrix", remedy)
        if any(declared.law == "symmetric" for declared in found):
            out.letters.setdefault("K", sp.Symbol("K", positive=True))
        for declared in found:
            out._give_law(declared)
        if not out.laws:
            raise InvalidArgument("matrix", "none of the matrices is random", EXAMPLE)
        return out

    def _name(self, declared: Declaration, values: Mapping[str, sp.Expr]) -> None:
        if declared.name in self.named:
            raise InvalidArgument("matrix", f"{declared.name} is declared twice", "declare it once")
        rows, columns = (size_for(text, values, self.letters) for text in (declared.rows, declared.columns))
        self.named[declared.name] = sp.MatrixSymbol(declared.name, rows, columns)
        if declared.is_symmetric:
            if rows != columns:
                problem = f"{declared.name} is {rows} by {columns}, and not symmetric"
                raise InvalidArgument("matrix", problem, "make it square")
            self.symmetric.add(self.named[declared.name])

    def _give_law(self, declared: Declaration) -> None:
        if declared.law == "constant":
            return
        matrix = self.named[declared.name]
        rows, columns = matrix.shape
        sizes = {"mean": (rows, columns), "rowcov": (rows, rows), "colcov": (columns, columns), "scale": (rows, rows)}

        def part(kind: str) -> Any:
            name = declared.parts[kind]
            if (unit := identity(declared, kind, sizes[kind], self.letters)) is not None:
                return unit
            if name not in self.named:
                self.named[name] = sp.MatrixSymbol(name, *sizes[kind])
            if kind != "mean":
                self.symmetric.add(self.named[name])
            return self.named[name]

        self.laws[matrix] = law_of(declared, self.letters, part)

    def _name_letters(self, declared: Declaration, values: Mapping[str, sp.Expr]) -> None:
        """Let degrees of freedom, a probability or a variance have letters that are no sizes of a matrix."""
        found = letters_of_law(declared, self.letters)
        self.letters |= {name: values.get(name, letter) for name, letter in found.items()}
        if declared.law == "bernoulli":
            self.probabilities |= {declared.scale} & set(self.letters)
        if clash := set(self.letters) & set(self.named):
            raise InvalidArgument("matrix", f"{min(clash)} is a matrix and a number", "use two letters")

    @property
    def names(self) -> set[str]:
        """The names of the declared matrices, and the letters."""
        return {*self.named, *self.letters}

    def laws_in(self, expression: Any) -> dict[sp.MatrixSymbol, Any]:
        """Return what the calculus is told of the matrices in an expression.

        Parameters
        ----------
        expression : sympy.Expr or matrix expression
            What an expectation is taken of.
        """
        from theory import Symmetric

        inside = {symbol for symbol in expression.free_symbols if isinstance(symbol, sp.MatrixSymbol)}
        known = {matrix: Symmetric() for matrix in sorted(self.symmetric, key=str)} | self.laws
        return {matrix: law for matrix, law in known.items() if matrix in inside}

    def norm(self, matrix: Any) -> sp.Expr:
        """Return the Frobenius norm of a matrix."""
        adjoint = sp.Adjoint(matrix) if self._is_complex(matrix) else matrix.T
        return sp.sqrt(sp.Trace(matrix * adjoint))

    def _is_complex(self, matrix: Any) -> bool:
        from theory import ComplexGaussian, Unitary

        return any(isinstance(law, (ComplexGaussian, Unitary)) for law in self.laws_in(matrix).values())

    def read(self, node: Node, reader: Reader) -> Any:
        """Read a matrix: a product or a sum of named ones, their transposes and whole powers.

        Parameters
        ----------
        node : Node
            Where it stands.
        reader : Reader
            Reads the numbers that occur in it.
        """
        if self.shapes is None:
            self.infer(node)
        found = self._checked(node, reader)
        if not is_matrix(found):
            raise reader.refuse(node, f"{reader.text(node)} is no matrix", f"known are {', '.join(self.named)}")
        return found

    def value(self, node: Node, reader: Reader, shape: Sequence[sp.Expr] = ()) -> Any:
        """Read a number or a matrix; one with one entry is a number.

        Parameters
        ----------
        node, reader
            As for :meth:`read`.
        shape : pair of sympy.Expr, optional
            What shape it must have, if it is known: so ``I`` has a size.
        """
        found = self._checked(node, reader)
        if not is_matrix(found) and found.has(UNIT):
            if not shape and not self._has_one():
                raise reader.refuse(node, "the size of I is not known", "write I_n, or add it to a matrix")
            found = found.xreplace({UNIT: sp.S.One}) * (sp.Identity(shape[0]) if shape else 1)
        return sp.Trace(found) if is_matrix(found) and found.shape == (1, 1) else found

    def _has_one(self) -> bool:
        """Whether a matrix has the size 1, so that an equation between matrices may be one between numbers."""
        return any(size == 1 for matrix in self.laws for size in matrix.shape)

    def infer(self, node: Node) -> None:
        """Find the shapes of matrices that were not declared.

        Parameters
        ----------
        node : Node
            The whole claim or formula.
        """
        self.shapes = Shapes({name: matrix.shape for name, matrix in self.named.items()}, self.letters)
        self.shapes.of(node)

    def _checked(self, node: Node, reader: Reader) -> Any:
        try:
            return self._value(node, reader)
        except InvalidArgument:
            raise
        except (ValueError, TypeError) as bad:  # SymPy compares the sizes
            raise reader.refuse(node, f"the sizes do not fit: {bad}", "transpose one of the matrices") from None

    def _value(self, node: Node, reader: Reader) -> Any:
        match node.kind:
            case "name":
                return self._named(node, reader)
            case "mul":
                require_no_digits(node.parts[1], reader)
                return _product(*(self._value(part, reader) for part in node.parts))
            case "add":
                return self._sum([self._value(part, reader) for part in node.parts], node, reader)
            case "neg":
                return -self._value(node.parts[0], reader)
            case "div":
                above, below = self._value(node.parts[0], reader), reader.scalar(node.parts[1])
                if below == 0:
                    raise reader.refuse(node.parts[1], "this divides by zero", "check it")
                reader.require("nonzero", below)
                return _product(1 / below, above)
            case "transpose":
                inside = self._value(node.parts[0], reader)
                if not is_matrix(inside):
                    if inside != UNIT:
                        require_no_letter(node.parts[0], reader)
                    return inside
                return sp.Adjoint(inside) if node.value == "H" else inside.T
            case "pow":
                return self._power(node, reader)
            case "call" if node.value in FUNCTIONS:
                return value_of_call(node, reader, self.read)
        return reader.scalar(node)

    def _named(self, node: Node, reader: Reader) -> Any:
        name = matrix_name(node)
        if node.value.endswith("'") and (name in self.named or name[0].isupper()):
            return self._primed(name, node, reader)
        if name in self.named:
            return self.named[name]
        if name in self.letters:
            return self.letters[name]
        if node.value == "I":
            if not node.sub:
                return UNIT
            kind = "number" if node.sub.isdigit() else "name"
            return sp.Identity(reader.scalar(Node(kind, node.sub, (), node.start, node.end)))
        if remedy := word_remedy(node.value):
            raise reader.refuse(node, f"there is no letter or matrix {name!r}", remedy)
        if is_unknown_function(node.value):
            raise reader.refuse(node, *unknown_function(node.value))
        return self._fixed(name, node, reader) if name[0].isupper() else self._letter(name, node, reader)

    def _letter(self, name: str, node: Node, reader: Reader) -> Any:
        try:
            return reader.scalar(node)
        except InvalidArgument:
            if meant := self._meant(name, node, reader):
                raise reader.refuse(node, f"there is no letter or matrix {name!r}", f"write {meant}") from None
            raise

    def _meant(self, name: str, node: Node, reader: Reader) -> str:
        """Return the product that a name that was not declared probably is, or nothing."""
        if name in self.named:
            return name
        others = {*self.named, *self.letters, *(self.shapes.names if self.shapes is not None else ())}
        declared = {known for known in self.named if not self._is_guessed(known)}
        return product_meant(name, node, reader, Others(others, declared, set(map(str, self.laws))))

    def _is_guessed(self, name: str) -> bool:
        return any(text.startswith(f"{name} is ") for text in self.assumed)

    def _primed(self, name: str, node: Node, reader: Reader) -> Any:
        """Read W' as the transpose of a declared real matrix W."""
        if name not in self.named or self._is_guessed(name) or node.value.count("'") > 1:
            meant = name not in self.named and self._meant(name, node, reader)
            remedy = f"write {meant or f'{name}.T'}, or use another name"
            raise reader.refuse(node, f"it is not known whether {node.value!r} is a transpose", remedy)
        if self._is_complex(self.named[name]):
            raise reader.refuse(node, f"{node.value!r} may be a conjugate transpose", f"write {name}.T or {name}.H")
        return self.named[name].T

    def _sum(self, parts: list[Any], node: Node, reader: Reader) -> Any:
        """Add numbers, or matrices; the identity has the size of the other summands."""
        matrices = [part for part in parts if is_matrix(part) and part.shape != (1, 1)]
        if not matrices:
            return sp.Add(*(sp.Trace(part) if is_matrix(part) else part for part in parts))
        total = matrices[0]
        for other in matrices[1:]:
            total = total + other
        for part in parts:
            if is_matrix(part) and part.shape == (1, 1):
                part = sp.Trace(part)
            if is_matrix(part) or part == 0:
                continue
            if not part.has(UNIT):
                raise reader.refuse(node, "this adds a number to a matrix", "multiply the number by I")
            total = total + part.xreplace({UNIT: sp.S.One}) * sp.Identity(total.shape[0])
        return total

    def _power(self, node: Node, reader: Reader) -> Any:
        base = self._value(node.parts[0], reader)
        if is_matrix(base) and base.shape == (1, 1):
            base = sp.Trace(base)
        if not is_matrix(base):
            if node.parts[0].kind in ("number", "statistic"):
                return reader.scalar(node)
            exponent = reader.scalar(node.parts[1])
            reader.require("power", base, exponent)
            return base**exponent
        require_apart(node, reader, self.letters, self._meant)
        exponent = reader.scalar(node.parts[1])
        if not exponent.is_Integer:
            raise reader.refuse(node.parts[1], "the power of a matrix must be a whole number", "write e.g. S^2 or S^-1")
        if base.shape[0] != base.shape[1]:
            problem = f"{reader.text(node.parts[0])} is {base.rows} by {base.cols}, and has no powers"
            raise reader.refuse(node, problem, "write e.g. W*W.T")
        if exponent < 0 and base.free_symbols & set(self.laws):
            self.inverted.append(base)
        return base**exponent

    def _fixed(self, name: str, node: Node, reader: Reader) -> sp.MatrixSymbol:
        """Return a fixed matrix that was not declared, of the shape that its neighbours need."""
        others = {*self.named, *(self.shapes.names if self.shapes is not None else ())}
        remedy = f"or declare it, e.g. --matrix '{name}: n by n'"
        if meant := self._meant(name, node, reader):
            raise reader.refuse(node, f"there is no matrix {name!r}", f"write {meant}, {remedy}")
        if self.named.get(node.value) in self.laws and is_entry(node.sub):
            entry = f"write u.T*{node.value}*v for an entry, with columns u and v, {remedy}"
            raise reader.refuse(node, f"there is no matrix {name!r}", entry)
        if meant := similar_name(name, others):
            raise reader.refuse(node, f"there is no matrix {name!r}", f"did you mean {meant}? {remedy}")
        sizes = {size for matrix in self.laws for size in matrix.shape}
        only = next(iter(sizes)) if len(sizes) == 1 else None
        found = self.shapes.found(name) if self.shapes is not None and name in self.shapes.names else (None, None)
        rows, columns = (only if size is None else size for size in found)
        if rows is None or columns is None:
            problem = f"there is no matrix {name!r}"
            raise reader.refuse(node, problem, f"declare it, e.g. --matrix '{name}: n by n'")
        self.named[name] = sp.MatrixSymbol(name, rows, columns)
        self.assumed.append(f"{name} is a fixed {rows} by {columns} matrix")
        return self.named[name]


def is_matrix(value: Any) -> bool:
    """Whether a value is a matrix, and no number.

    Examples
    --------
    >>> is_matrix(sp.Identity(2)), is_matrix(UNIT)
    (True, False)
    """
    return bool(getattr(value, "is_Matrix", False))


def _product(left: Any, right: Any) -> Any:
    """Multiply; the identity beside a matrix is 1, and a matrix with one entry is a number."""
    if is_matrix(left) and is_matrix(right) and left.shape[1] != right.shape[0]:
        left = sp.Trace(left) if left.shape == (1, 1) else left
        right = sp.Trace(right) if right.shape == (1, 1) else right
    if is_matrix(left) != is_matrix(right):
        number, matrix = (right, left) if is_matrix(left) else (left, right)
        number = number.xreplace({UNIT: sp.S.One})
        factors = matrix.args if isinstance(matrix, sp.MatMul) else [matrix]
        return matrix if number == 1 else sp.MatMul(number, *factors)
    return left * right

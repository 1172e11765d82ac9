"""Functions of matrices in claims: diag(A), hadamard(A, B), ones(n, m)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp
from sympy.matrices.expressions.diagonal import DiagMatrix, DiagonalOf

from proofs_check.claims.matrix_slips import Reader
from proofs_check.claims.syntax import Node

FUNCTIONS = ("diag", "hadamard", "ones")
"""Their names."""


def value_of_call(node: Node, reader: Reader, read: Callable[[Node, Reader], Any]) -> Any:
    """Read diag(A), A with its diagonal only; hadamard(A, B), entry by entry; ones(n, m), where each entry is 1.

    Parameters
    ----------
    node : Node
        The call of one of them.
    reader : Reader
        What reads the claim.
    read : callable
        Reads a matrix.
    """
    wanted = {"diag": 1, "hadamard": 2, "ones": 2}[node.value]
    if len(node.parts) != wanted and not (node.value == "hadamard" and len(node.parts) > wanted):
        remedy = {"diag": "write diag(A)", "hadamard": "write hadamard(A, B)", "ones": "write e.g. ones(n, 1)"}
        problem = f"{node.value} takes {wanted} argument{'s' * (wanted > 1)}"
        raise reader.refuse(node, problem, remedy[node.value])
    if node.value == "ones":
        return sp.OneMatrix(*(reader.scalar(part) for part in node.parts))
    parts = [read(part, reader) for part in node.parts]
    sizes = [f"{reader.text(n)} is {m.rows} by {m.cols}" for n, m in zip(node.parts, parts, strict=True)]
    if any(part.shape != parts[0].shape for part in parts):
        raise reader.refuse(node, f"the sizes do not fit: {', '.join(sizes)}", "use matrices of one size")
    if node.value == "diag" and parts[0].cols not in (1, parts[0].rows):
        raise reader.refuse(node, f"{sizes[0]}, and diag needs a square matrix", "use one, or a column")
    if node.value == "hadamard":
        return sp.HadamardProduct(*parts)
    return DiagMatrix(parts[0] if parts[0].shape[1] == 1 else DiagonalOf(parts[0]))

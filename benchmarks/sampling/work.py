"""What is timed: squared norms at every layer of fresh networks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product


@dataclass(frozen=True)
class Work:
    """All that a side needs to know.

    Parameters
    ----------
    quantity : str
        ``forward``: |a_k|^2 for k = 1, ..., L. ``gradient``: |df/dW_k|_F^2 for k = 1, ..., L, f = <v, a_L> with v
        normal, of variance 1/n.
    kind : str
        ``he-relu``: normal weights of variance 2/n. ``xavier-uniform``: uniform weights of variance 1/n, linear.
    dtype : str
        ``float32`` or ``float64``.
    width, depth : int
        n and L.
    """

    quantity: str
    kind: str
    dtype: str
    width: int
    depth: int

    @property
    def is_relu(self) -> bool:
        """Whether the networks are those of He."""
        return self.kind == "he-relu"

    @property
    def name(self) -> str:
        """Title of the table."""
        return f"{self.quantity}, {self.kind}, {self.dtype}, ({self.width}, {self.depth})"


SIZES = ((32, 32), (128, 64), (512, 128), (1, 1000))


def all_work() -> Iterator[Work]:
    """Return everything that is timed."""
    for quantity, kind, (width, depth), dtype in product(
        ("forward", "gradient"), ("he-relu", "xavier-uniform"), SIZES, ("float32", "float64")
    ):
        yield Work(quantity, kind, dtype, width, depth)

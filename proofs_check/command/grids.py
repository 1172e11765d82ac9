"""Options of a grid of one's own, for tables and figures: what is asked of which networks, and how much is drawn."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from proofs_check.command.asking import ENSEMBLE_OPTIONS, add_ensemble_options
from proofs_check.command.option_values import ReadValue, positive, probability
from theory.ensembles import InvalidArgument

if TYPE_CHECKING:
    from montecarlo import Workers
    from proofs_check.claims.sampled import Drawing

DRAWING_OPTIONS = ("samples", "error", "tolerance")


def add_grid_options(parser: ArgumentParser, *, width: bool = True) -> None:
    """Add what is asked, of which networks, and how much is drawn.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        The parser of a subcommand.
    width : bool
        Whether ``--width`` is that of the networks; of a figure it is that of the page.
    """
    parser.add_argument("--quantity", help="what is asked of the networks, as in claims: 'median |a_L|^2', 'E|a_L|^4'")
    add_ensemble_options(parser, width=width)
    parser.add_argument("--samples", action=ReadValue, read=positive, help="networks a cell (default 4000)")
    parser.add_argument(
        "--error", action=ReadValue, read=probability, help="the probability that any interval misses (default 0.01)"
    )
    parser.add_argument(
        "--tolerance",
        action=ReadValue,
        read=probability,
        help="of a verdict, relative or of a logarithm (default 0.05)",
    )


def base_of(options: Namespace, *, width: bool = True) -> dict[str, str]:
    """Return the fields of the ensemble that were typed, as text.

    Parameters
    ----------
    options : argparse.Namespace
        The options of :func:`add_grid_options`.
    width : bool
        As there.
    """
    given = {name: getattr(options, name) for name in ENSEMBLE_OPTIONS if width or name != "width"}
    return {name: value for name, value in given.items() if value is not None}


@contextmanager
def drawing_of(options: Namespace, workers: Workers | None) -> Iterator[Drawing]:
    """Open the store, if there is one, and yield how much is to be drawn, and where.

    Parameters
    ----------
    options : argparse.Namespace
        The options of :func:`add_grid_options`, a seed, jobs and a store.
    workers : Workers or None
        What draws in place of threads.
    """
    from montecarlo.runs.stored_runs import shared_store
    from proofs_check.claims.sampled import Drawing
    from proofs_check.grids.tabulating import ERROR, SAMPLES

    defaults = {"samples": SAMPLES, "error": ERROR, "tolerance": 0.05}
    given = {name: getattr(options, name) for name in DRAWING_OPTIONS}
    chosen = defaults | {name: value for name, value in given.items() if value is not None}
    with shared_store(options.store, options.seed) as store:
        yield Drawing(seed=options.seed, jobs=options.jobs, workers=workers, store=store, **chosen)


def refuse_grid_options(options: Namespace, names: tuple[str, ...], instead: str, *, width: bool = True) -> None:
    """Refuse the options of a grid beside what is no grid.

    Parameters
    ----------
    options : argparse.Namespace
        The options.
    names : tuple of str
        Further options that only a grid has.
    instead : str
        What was asked for in place of a grid.
    width : bool
        As for :func:`add_grid_options`.

    Raises
    ------
    InvalidArgument
        If one was typed.
    """
    for name in ("quantity", *ENSEMBLE_OPTIONS, *DRAWING_OPTIONS, *names):
        if (width or name != "width") and getattr(options, name) not in (None, False):
            raise InvalidArgument(name, f"does not apply to {instead}", "leave it out, or the name")

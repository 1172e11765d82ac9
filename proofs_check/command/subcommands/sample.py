"""``vanishing sample``: a quantity as sampled networks have it, an estimate with its interval."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from functools import partial

from proofs_check.command.asking import add_quantity, add_query_options, read_query
from proofs_check.command.option_values import ReadValue, choice, half_length, natural, positive, probability
from proofs_check.command.running import add_cluster, add_jobs, add_seed, connected, progress_bars
from proofs_check.command.subcommands import Subcommand
from theory.ensembles import InvalidArgument


def _add_options(parser: ArgumentParser) -> None:
    add_quantity(parser)
    parser.add_argument(
        "--samples", action=ReadValue, read=positive, help="networks (default 10000; with --within at most 10^7)"
    )
    parser.add_argument(
        "--within",
        action=ReadValue,
        read=half_length,
        help="half the interval's length: a share, 1%%, or a number, 0.01",
    )
    add_seed(parser)
    parser.add_argument("--engine", default="direct", help="direct (default: real weight matrices) or law-exact")
    parser.add_argument("--dtype", default="float64", help="float64 (default) or float32, of the direct engine")
    add_jobs(parser, "threads")
    parser.set_defaults(jobs=None)  # so that it is known whether it was typed
    add_cluster(parser)
    parser.add_argument("--block", action=ReadValue, read=natural, help="draw this block of the networks alone")
    parser.add_argument(
        "--confidence", action=ReadValue, read=probability, default=0.99, help="of the interval (default 0.99)"
    )
    parser.add_argument("--format", default="text", help="text (default) or json")
    add_query_options(parser, "sample")
    parser.epilog = "An option that does not apply to the quantity is refused, with those that do."


def _run(options: Namespace) -> int:
    from proofs_check.answers.asking import sample
    from proofs_check.answers.sampled_formats import sampled_json, sampled_text

    show = choice("format", options.format, {"text": sampled_text, "json": sampled_json})
    quantity, net, asked = read_query(options, "sample")
    if options.cluster is not None and options.jobs is not None:
        raise InvalidArgument("jobs", "has no effect on a cluster, which has workers of its own", "leave it out")
    with connected(options) as workers, progress_bars() as told:
        answer = sample(
            quantity,
            net,
            **asked,
            samples=options.samples,
            within=options.within,
            seed=options.seed,
            confidence=options.confidence,
            engine=options.engine,
            dtype=options.dtype,
            jobs=options.jobs or os.cpu_count() or 1,
            executor=workers,
            store=options.store,
            block=options.block,
            progress=None if told is None else partial(told, "networks", quantity),
        )
    print(show(answer))
    return 130 if answer.is_partial else 0


SUBCOMMAND = Subcommand("estimate a quantity from sampled networks", _run, _add_options)

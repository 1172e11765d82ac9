"""The command ``vanishing``: reads the command line and hands over. Results to stdout, everything else to stderr."""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from proofs_check import figures, quantities, studies
from proofs_check.registry import topics
from theory.ensembles import Ensemble, InvalidArgument
from theory.ensembles.arguments import exact_fraction, nearest

if TYPE_CHECKING:
    from proofs_check.statement import Statement
    from proofs_check.studies import Study

_COMMANDS = ("verify", "statements", "show", "derive", "sample", "table", "figure")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; those of the process by default.

    Returns
    -------
    int
        0 all supported, 1 something refuted, 2 usage error, 3 something inconclusive, 130 interrupted.

    Examples
    --------
    >>> main(["derive", "kurtosis", "--width", "n", "--depth", "L", "--activation", "relu", "--init", "he"])
    (1 + 5/n)**L
    assuming: the weights are normal
    assuming: the activation is linear, ReLU or leaky ReLU
    assuming: there are no biases
    assuming: the weights have variance 2/n
    assuming: norm_x is |x| and norm4_x is |x|_4 of the input x; symbols of sizes are positive integers
    0
    """
    parser = _parser()
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        if arguments and not arguments[0].startswith("-") and arguments[0] not in _COMMANDS:
            raise InvalidArgument("command", f"there is no command {arguments[0]!r}", nearest(arguments[0], _COMMANDS))
        options = parser.parse_args(arguments)
        status = int(options.run(options))
        sys.stdout.flush()  # a reader that has gone is noticed here, not at exit
        return status
    except InvalidArgument as bad:
        name = bad.argument if bad.argument in ("quantity", "id", "name", "command") else f"--{bad.argument}"
        print(f"vanishing: {name.replace('_', '-')}: {bad.problem}; {bad.remedy}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("vanishing: interrupted", file=sys.stderr)
        return 130
    except MemoryError as failed:
        print(f"vanishing: out of memory ({failed}); use smaller sizes or fewer samples", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of our output has gone
        _silence_stdout()
        return 0
    except OSError as failed:
        _silence_stdout()
        where = failed.filename or "the output"
        print(
            f"vanishing: cannot write {where}: {failed.strerror}; free some space or write elsewhere", file=sys.stderr
        )
        return 2


def _silence_stdout() -> None:
    """Send what is still buffered nowhere, so that Python does not try it again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _OneLineParser(argparse.ArgumentParser):
    """Argument errors in one line, and the nearest command suggested."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._negative_number_matcher = re.compile(r"-\.?\d")  # -1/2 and -1,2,2 are values, too

    def error(self, message: str) -> NoReturn:
        raise InvalidArgument("command", message, f"see '{self.prog} --help'")


def _parser() -> argparse.ArgumentParser:
    parser = _OneLineParser(prog="vanishing", description="Theorems about random deep networks, checked by machine.")
    parser.add_argument("--version", action="version", version=f"%(prog)s {_version()}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_OneLineParser)

    def command(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        return sub

    verify = command("verify", _verify, "check statements: verdicts, evidence, mutants")
    verify.add_argument("patterns", nargs="*", metavar="ID-PATTERN", help="ids such as 'forward.*'; all by default")
    verify.add_argument("--module", metavar="FILE", help="your own statements: a Python file or a module's name")
    verify.add_argument("--json", metavar="FILE", help="write the report there ('-': to stdout, without the table)")
    verify.add_argument("--out", metavar="DIR", help="write tables, the figure and the report there")
    _run_options(verify)

    command("statements", _statements, "list the statements")
    show = command("show", _show, "show one statement")
    show.add_argument("id")

    derive = command("derive", _derive, "derive a quantity exactly")
    derive.add_argument("quantity", help=f"one of {', '.join(quantities.names())}")
    derive.add_argument("--format", default="text", help="text (default), latex, python or json")
    _query_options(derive)

    sample = command("sample", _sample, "estimate a quantity from sampled networks")
    sample.add_argument("quantity", help=f"one of {', '.join(quantities.names())}")
    sample.add_argument(
        "--samples", action=_Read, read=_positive, help="networks (default 10000; with --within at most 10^7)"
    )
    sample.add_argument(
        "--within", action=_Read, read=_probability, help="stop once a quantile is known to this share, e.g. 0.01"
    )
    sample.add_argument("--seed", action=_Read, read=_natural, default=0, help="root seed (default 0)")
    sample.add_argument("--engine", default="direct", help="direct (default: real weight matrices) or law-exact")
    sample.add_argument("--dtype", default="float64", help="float64 (default) or float32, of the direct engine")
    sample.add_argument(
        "--jobs", action=_Read, read=_positive, default=os.cpu_count() or 1, help="threads (default: all)"
    )
    _cluster_options(sample)
    sample.add_argument("--block", action=_Read, read=_natural, help="draw this block of the networks alone")
    sample.add_argument(
        "--confidence", action=_Read, read=_probability, default=0.99, help="of the interval (default 0.99)"
    )
    sample.add_argument("--format", default="text", help="text (default) or json")
    _query_options(sample)

    table = command("table", _table, "theory against measurement for one topic, as a table")
    table.add_argument(
        "name", help=f"a topic ({', '.join(topics())}), or what a figure shows ({', '.join(studies.names())})"
    )
    table.add_argument("--format", default="markdown", help="latex, markdown (default), csv or json")
    _run_options(table)

    figure = command("figure", _figure, "draw a figure")
    figure.add_argument("name", help=f"{', '.join(figures.names())}, or all of them")
    figure.add_argument("--out", required=True, metavar="FILE", help="a .pdf, .png or .svg file; of all: a folder")
    figure.add_argument("--seed", action=_Read, read=_natural, default=0, help="root seed (default 0)")
    figure.add_argument(
        "--jobs", action=_Read, read=_positive, default=os.cpu_count() or 1, help="processes (default: all)"
    )
    return parser


def _run_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--profile", default="quick", help="quick (default, about a minute) or full")
    parser.add_argument("--seed", action=_Read, read=_natural, default=0, help="root seed (default 0)")
    parser.add_argument(
        "--jobs", action=_Read, read=_positive, default=os.cpu_count() or 1, help="processes (default: all)"
    )
    _cluster_options(parser)


def _cluster_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cluster", metavar="ADDRESS", help="a Dask scheduler's, in place of --jobs: tcp://host:8786")
    parser.add_argument(
        "--store", metavar="FILE", help="keep finished blocks there; the same command goes on with them"
    )


def _query_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--width", help="n: a number or a symbol's name")
    parser.add_argument("--widths", help="n_0,...,n_L for unequal widths, e.g. 784,100,10")
    parser.add_argument("--depth", help="L: a number or a symbol's name")
    parser.add_argument("--activation", default="linear", help="linear (default), relu or leaky:SLOPE")
    parser.add_argument("--init", default="xavier", help="xavier (default), he, lecun, pytorch, orthogonal, VARIANCE")
    parser.add_argument("--law", help="normal (default), uniform, rademacher, or symmetric (its kurtosis a symbol K)")
    parser.add_argument(
        "--readout",
        default="random",
        help="random (default; E|v|^2 = 1), signs (|v| = 1), ones, or numbers",
    )
    parser.add_argument("--input", help="ones, e1, or numbers: 1,2,2 (default: a unit vector)")
    parser.add_argument("--order", action=_Read, read=_integer, default=2, help="power of the norm (default 2)")
    parser.add_argument("--layer", help="k (default: the last; for gradients any, or 1 when sampled)")
    parser.add_argument("--layers", action=_Read, read=_two_layers, help="j,k where two layers are asked about")
    parser.add_argument(
        "--p",
        action=_Read,
        read=_exact_probability,
        default=Fraction(1, 2),
        help="a probability, exact: 1/2 (default), 0.01, 1e-400",
    )
    parser.add_argument(
        "--c", action=_Read, read=_exact, default=Fraction(1, 2), help="the c in P(|a_k|^2 >= c|x|^2) (default 1/2)"
    )
    parser.add_argument("--digits", action=_Read, read=_positive, help="digits to enclose (default: a float)")


def _verify(options: argparse.Namespace) -> int:
    from proofs_check.command.report import console_table, write_report
    from proofs_check.registry import load, select
    from proofs_check.reporting.files import write_whole
    from proofs_check.verification import PROFILES, verify

    _choice("profile", options.profile, dict.fromkeys(PROFILES))
    among = None if options.module is None else _of_module(options.module, load)
    statements = select(options.patterns, among)
    out = None if options.out is None else _writable_folder(options.out)
    to_stdout = options.json == "-"
    json_file = None if options.json is None or to_stdout else _writable_file("json", options.json)
    with _workers(options) as workers, _progress() as told:
        report = verify(
            statements,
            profile=options.profile,
            seed=options.seed,
            jobs=options.jobs,
            executor=workers,
            store=options.store,
            progress=told,
        )
        if out is not None:
            write_report(report, out, told, options.jobs)
    if to_stdout:
        print(report.to_json())
    else:
        console_table(report)
    if json_file is not None:
        write_whole(json_file, report.to_json() + "\n")
    if out is not None:
        print(f"report written to {out}", file=sys.stderr)
    return report.exit_status


def _of_module(source: str, load: Callable[[str], Sequence[Statement]]) -> Sequence[Statement]:
    try:
        return load(source)
    except InvalidArgument as bad:
        if bad.argument != "statements":
            raise  # a statement of the module is at fault
        raise InvalidArgument("module", bad.problem, bad.remedy) from None


def _statements(_: argparse.Namespace) -> int:
    from proofs_check.registry import own_statements

    statements = own_statements()
    width = max(len(statement.id) for statement in statements)
    for statement in statements:
        print(f"{statement.id:<{width}}  {statement.title}")
    return 0


def _show(options: argparse.Namespace) -> int:
    from proofs_check.registry import own_statements

    statement = _named(options.id, own_statements())
    print(f"{statement.id}\n\n{statement.title}\n\n{statement.latex}\n\nSource: {statement.source}\n")
    print("Assumptions:", *(f"  - {assumption.sentence}" for assumption in statement.assumptions), sep="\n")
    print("\nEvidence:", *(f"  - {e.tier.value}: {_evidence_text(e)}" for e in statement.evidence), sep="\n")
    print(
        "\nMutants, which the evidence must refute:", *(f"  - {mutant.name}" for mutant in statement.mutants), sep="\n"
    )
    return 0


def _evidence_text(evidence: Any) -> str:
    net = getattr(evidence, "net", None)
    return evidence.check if net is None else f"{evidence.check}: {net.describe()}"


def _named(name: str, statements: Sequence[Statement]) -> Statement:
    for statement in statements:
        if statement.id == name:
            return statement
    raise InvalidArgument("id", f"there is no statement {name!r}", nearest(name, [s.id for s in statements]))


def _derive(options: argparse.Namespace) -> int:
    from proofs_check.answers import formats as answers

    formats = {
        "text": answers.derivation_text,
        "latex": answers.derivation_latex,
        "python": answers.derivation_python,
        "json": answers.derivation_json,
    }
    show = _choice("format", options.format, formats)
    quantity, query = _query(options)
    print(show(quantity.derive(query)))
    return 0


def _sample(options: argparse.Namespace) -> int:
    from proofs_check.answers import formats as answers
    from proofs_check.answers.sampling import Sampling

    show = _choice("format", options.format, {"text": answers.sampled_text, "json": answers.sampled_json})
    quantity, query = _query(options)
    if quantity.sample is None:
        problem = f"{options.quantity!r} is derived, and not sampled"
        raise InvalidArgument("quantity", problem, "derive it, or sample activation, gradient or a median")
    query.net.require_numbers("sample")
    _choice("dtype", options.dtype, dict.fromkeys(("float64", "float32")))
    _choice("engine", options.engine, dict.fromkeys(("direct", "law-exact")))
    samples = options.samples or (10_000 if options.within is None else 10_000_000)
    with _workers(options) as workers, _progress() as told:
        sampling = Sampling(
            samples,
            options.seed,
            1 - options.confidence,
            engine=options.engine,
            dtype=options.dtype,
            jobs=options.jobs,
            workers=workers,
            store=options.store,
            block=options.block,
            within=options.within,
            progress=None if told is None else partial(told, "networks", options.quantity),
        )
        answer = quantity.sample(query, sampling)
    print(show(answer))
    return 130 if answer.is_partial else 0


def _workers(options: argparse.Namespace) -> Any:
    """Connect to the cluster, if one is given."""
    from contextlib import nullcontext

    from montecarlo import cluster

    return nullcontext(None) if options.cluster is None else cluster(options.cluster)


def _table(options: argparse.Namespace) -> int:
    from proofs_check.registry import own_statements
    from proofs_check.reporting.tables import FORMATS, topic_table
    from proofs_check.verification import verify

    show = _choice("format", options.format, FORMATS)
    if options.name in studies.names():
        return _study_table(options, studies.study(options.name), show)
    topics = list(dict.fromkeys(statement.topic for statement in own_statements()))
    if options.name not in topics:
        problem = f"there is no table {options.name!r}"
        raise InvalidArgument("name", problem, nearest(options.name, [*topics, *studies.names()]))
    statements = [statement for statement in own_statements() if statement.topic == options.name]
    with _workers(options) as workers, _progress() as told:
        report = verify(
            statements,
            profile=options.profile,
            seed=options.seed,
            jobs=options.jobs,
            executor=workers,
            store=options.store,
            progress=told,
        )
    print(show(topic_table(report, options.name)), end="")
    return report.exit_status


def _study_table(options: argparse.Namespace, study: Study, show: Callable[[Any], str]) -> int:
    from montecarlo import cluster, worker_pool

    samples = _choice("profile", options.profile, dict(study.samples))
    if options.store is not None:
        raise InvalidArgument("store", "this table is made at once, and keeps no blocks", "leave it out")
    with worker_pool(options.jobs) if options.cluster is None else cluster(options.cluster) as workers:
        table = study.make(workers, samples=samples, seed=options.seed)
    print(show(table), end="")
    return 0


def _figure(options: argparse.Namespace) -> int:
    if options.name == "all":
        return _all_figures(options)
    out = Path(options.out)
    chosen = figures.figure(options.name)
    chosen.require(out)
    chosen.draw(_writable_file("out", options.out), seed=options.seed, jobs=options.jobs)
    print(f"figure written to {out}", file=sys.stderr)
    return 0


def _all_figures(options: argparse.Namespace) -> int:
    from proofs_check.reporting.drawing import FILES

    every = {name: figures.figure(name) for name in figures.names()}
    if Path(options.out).suffix in FILES:
        raise InvalidArgument("out", f"{options.out} is one file's name, but there are {len(every)}", "name a folder")
    for name, one in every.items():
        one.require(Path(f"{name}.png"))
    folder = _writable_folder(options.out)
    with _progress() as told:
        for done, (name, one) in enumerate(every.items()):
            if told is not None:
                told("figure", name, done, len(every))
            one.draw(folder / f"{name}.png", seed=options.seed, jobs=options.jobs)
    print(f"figures written to {folder}", file=sys.stderr)
    return 0


def _query(options: argparse.Namespace) -> tuple[Any, Any]:
    from proofs_check.answers.query import Query

    asked = quantities.quantity(options.quantity)
    net = Ensemble(
        options.width,
        options.depth,
        widths=None if options.widths is None else options.widths.split(","),
        activation=options.activation,
        init=options.init,
        law=options.law,
        readout=options.readout,
        input=options.input,
    )
    layer = None if options.layer is None else _layer(options.layer)
    return asked, Query(net, options.order, layer, options.layers, options.p, options.c, options.digits)


def _layer(text: str) -> int | str:
    with suppress(ValueError):  # a symbol's name
        return int(text)
    return text


def _progress() -> Any:
    """Show progress bars on a terminal, nothing in a pipe."""
    from contextlib import nullcontext

    if not sys.stderr.isatty():
        return nullcontext(None)
    from proofs_check.reporting.progress import bars

    return bars()


class _Read(argparse.Action):
    """Reads one value; unlike a ``type``, whose errors argparse rewrites, it may refuse in its own words."""

    def __init__(self, *args: Any, read: Callable[[str, str], Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.read = read

    def __call__(
        self, parser: Any, namespace: argparse.Namespace, values: Any, option_string: str | None = None
    ) -> None:
        """Store the value."""
        setattr(namespace, self.dest, self.read(self.dest, values))


_EXAMPLES = {"samples": 10_000}


def _integer(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        example = _EXAMPLES.get(name, 2)
        raise InvalidArgument(name, f"must be an integer, got {text!r}", f"use e.g. --{name} {example}") from None


def _two_layers(name: str, text: str) -> tuple[int | str, int | str]:
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 2 or not all(parts):
        raise InvalidArgument(name, f"must be two layers, got {text!r}", f"use e.g. --{name} 1,3")
    return _layer(parts[0]), _layer(parts[1])


def _exact(name: str, text: str) -> Fraction:
    try:
        return exact_fraction(name, text)
    except InvalidArgument:
        raise InvalidArgument(
            name, f"must be a number, got {text!r}", f"use e.g. --{name} 1/2 or --{name} 0.5"
        ) from None


def _exact_probability(name: str, text: str) -> Fraction:
    value = _exact(name, text)
    if not 0 < value < 1:
        raise InvalidArgument(name, f"must lie strictly between 0 and 1, got {text}", f"use e.g. --{name} 0.5")
    return value


def _natural(name: str, text: str) -> int:
    return _at_least(0, name, _integer(name, text))


def _positive(name: str, text: str) -> int:
    return _at_least(1, name, _integer(name, text))


def _at_least(least: int, name: str, value: int) -> int:
    if value < least:
        example = _EXAMPLES.get(name, least + 1)
        raise InvalidArgument(name, f"must be at least {least}, got {value}", f"use e.g. --{name} {example}")
    return value


def _probability(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise InvalidArgument(name, f"must be a number, got {text!r}", f"use e.g. --{name} 0.5") from None
    if not 0 < value < 1:
        raise InvalidArgument(name, f"must lie strictly between 0 and 1, got {text}", f"use e.g. --{name} 0.5")
    return value


def _choice(name: str, value: str, known: dict[str, Any]) -> Any:
    if value not in known:
        raise InvalidArgument(name, f"there is no {name} {value!r}", nearest(value, known))
    return known[value]


def _writable_folder(text: str) -> Path:
    """Make the folder, and prove that it can be written to, before any work is done."""
    if not text:
        raise InvalidArgument("out", "is empty", "name a folder")
    folder = Path(text)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as refused:
        raise InvalidArgument(
            "out", f"cannot write to {text}: {refused.strerror}", "name a folder you can write to"
        ) from None
    return folder


def _writable_file(argument: str, text: str) -> Path:
    path = Path(text)
    try:
        if path.is_dir():
            raise IsADirectoryError(21, "it is a folder")
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as refused:
        raise InvalidArgument(
            argument, f"cannot write {text}: {refused.strerror}", "name a file you can write"
        ) from None
    return path


def _version() -> str:
    from importlib.metadata import version

    return version("vanishing-curvature")


if __name__ == "__main__":
    sys.exit(main())

"""The command line: exit statuses, streams, and one helpful line for each bad argument."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from proofs_check import figures, quantities, registry, studies
from proofs_check.command import subcommands
from proofs_check.command.subcommands.table import _readable
from proofs_check.tables.formats import to_list, to_markdown
from proofs_check.tables.model import table_of_texts

RELU = "--width 4 --depth 3 --activation relu --init he"
TWO_WIDTHS = "--widths 3,4,2 --activation relu"
SYMBOLS = "--width n --depth L --activation relu --init he"
NORMED = "--width 8 --depth 3 --activation relu --architecture layernorm"


@pytest.mark.parametrize(
    ("patterns", "status"),
    [
        ("user.true", 0),
        ("user.measured", 0),
        ("user.true user.measured", 0),
        ("user.false", 1),
        ("user.mistaken", 1),
        ("user.spared", 3),
        ("user.vague", 3),
        ("user.true user.vague", 3),
        ("user.vague user.false user.true", 1),
        ("'user.t*'", 0),
        ("", 1),
    ],
)
def test_the_exit_status_is_that_of_all_statements_together(vanishing, user_file, patterns, status):
    ran = vanishing(f"verify --module {user_file} --jobs 1 {patterns}")
    assert ran.status == status
    assert ran.err == ""


def test_a_finding_that_is_not_support_and_a_spared_mutant_are_told_on_stdout(vanishing, user_file):
    out = vanishing(f"verify --module {user_file} --jobs 1").out
    assert "user.false: refuted (enumerated): 2 times 2; 2\n  claimed 5, but the truth is 4\n" in out
    assert "user.spared: no evidence refutes the mutant '4 becomes 4.0'" in out
    vague = r"user.vague: inconclusive \(simulated\): .*\n  claimed 1, within 0.001\n  estimate \S+, interval \[.*\] \("
    assert re.search(vague, out)
    assert "2 supported, 2 refuted, 2 inconclusive; mutants refuted: 5 of 6; error probability" in out
    assert not re.search("user.(true|measured):", out)


def test_json_to_stdout_is_the_report_alone(vanishing, user_file):
    ran = vanishing(f"verify --module {user_file} user.true user.spared --json -")
    report = json.loads(ran.out)
    assert (ran.status, report["verdict"]) == (3, "inconclusive")
    assert [(s["id"], s["verdict"]) for s in report["statements"]] == [
        ("user.true", "supported"),
        ("user.spared", "inconclusive"),
    ]


def test_the_table_says_what_is_covered_and_what_the_sharpest_and_the_least_sharp_check_resolve(vanishing, user_file):
    more = "user('both', 1, 3, AROUND_ONE[0.4], replace(AROUND_ONE[0.4], samples=8000))"
    user_file.write_text(f"from dataclasses import replace\n{user_file.read_text()}\nSTATEMENTS += ({more},)\n")
    head, *rows = vanishing(f"verify --module {user_file} user.true user.measured user.both --jobs 1").out.splitlines()
    assert head.split() == ["statement", "verdict", "proved", "enum.", "encl.", "sim.", "mutants", "refutes", "covers"]
    assert rows[0].split(maxsplit=8)[8].strip() == "1 case"
    assert re.search(r" \d+ %  n = 4, L = 1 *$", rows[1])
    sharpest, bluntest = map(float, re.search(r" (\S+)-(\S+) %  n = 4, L = 1 *$", rows[2]).groups())
    assert sharpest < bluntest


@pytest.mark.parametrize("width", [140, 100, 80, 60, 40, 20])
def test_verdicts_and_counts_are_whole_in_a_terminal_of_any_width(vanishing, user_file, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    told = vanishing(f"verify --module {user_file} user.true user.measured user.vague --jobs 1").out.split("\n\n")[0]
    for name, verdict, count in (
        ("true", "supported", "1/1"),
        ("measured", "supported", "1/1"),
        ("vague", "inconclusive", "0/1"),
    ):
        at = told.index(f"user.{name}")
        row = told[at:].split("user.", 2)[1].split()
        assert verdict in row
        assert count in (cell.strip(";") for cell in row)
    heads = ["statement", "verdict", "proved", "enum.", "encl.", "sim.", "mutants"]
    assert (told.split()[: len(heads)] == heads) is (width >= 80)
    listed = told[: told.index("user.vague: inconclusive\n" if width <= 60 and width > 20 else "user.vague")]
    assert all(len(line) <= width for line in listed.splitlines())


@pytest.mark.parametrize("command", ["statements", "show forward.width-depth", "papers", "papers orvieto-2021"])
def test_lists_are_folded_at_words_on_a_terminal_and_whole_in_a_pipe(vanishing, monkeypatch, command):
    whole = vanishing(command).out
    monkeypatch.setenv("COLUMNS", "50")
    folded = vanishing(command).out
    assert max(map(len, whole.splitlines())) > 80
    assert sum(len(line) > 50 for line in folded.splitlines()) <= 3  # formulas, whose words are longer
    assert folded.split() == whole.split()


def test_a_topics_table_is_a_list_where_its_rows_would_be_folded(monkeypatch):
    made = table_of_texts(
        "topic", "what it is of", ("statement", "interval"), [("topic.first", "[0.000751839, 0.000786753]")]
    )
    assert _readable(made) == to_markdown(made)
    monkeypatch.setenv("COLUMNS", "60")
    assert _readable(made) == to_markdown(made)
    monkeypatch.setenv("COLUMNS", "40")
    assert _readable(made) == to_list(made)
    monkeypatch.setenv("COLUMNS", "30")
    assert max(map(len, _readable(made).splitlines())) <= 30


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_is_shown_on_a_terminal_and_never_in_a_pipe(vanishing, user_file, monkeypatch, terminal):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    ran = vanishing(f"verify --module {user_file} user.measured --jobs 1")
    assert ("tier" in ran.err) is terminal
    assert bool(ran.err) is terminal
    assert "tiers" not in ran.out


def test_an_interrupt_exits_with_130_and_says_so(vanishing, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("proofs_check.verification.verifying.verify", interrupted)
    ran = vanishing("verify")
    assert (ran.status, ran.out, ran.err) == (130, "", "vanishing: interrupted\n")


class TestInstalledScript:
    """The command as a user has it, with its streams in pipes."""

    def run(self, script, *argv, **options):
        return subprocess.run(
            [script, *map(str, argv)], capture_output=True, text=True, timeout=60, check=False, **options
        )

    @pytest.mark.parametrize(("pattern", "status"), [("user.measured", 0), ("user.false", 1), ("user.vague", 3)])
    def test_exit_status_and_streams(self, script, user_file, tmp_path, pattern, status):
        ran = self.run(script, "verify", "--module", user_file, pattern, "--jobs", "1", cwd=tmp_path)
        assert (ran.returncode, ran.stderr) == (status, "")
        assert ran.stdout.splitlines()[1].startswith(pattern)
        assert "\x1b" not in ran.stdout

    def test_a_usage_error_is_one_line_on_stderr(self, script):
        ran = self.run(script, "sample", "median", "--width", "4", "--depth", "3", "--samples", "0")
        assert (ran.returncode, ran.stdout) == (2, "")
        assert ran.stderr == "vanishing: --samples: must be at least 1, got 0; use e.g. --samples 10000\n"

    def test_a_reader_that_has_gone_ends_it_quietly_as_a_signal_would(self, script):
        """A status of 0 would say supported, and 1 refuted."""
        read, write = os.pipe()
        os.close(read)
        buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        ran = subprocess.run(
            [script, "statements"], stdout=write, stderr=subprocess.PIPE, text=True, check=False, env=buffered
        )
        os.close(write)
        assert (ran.returncode, ran.stderr) == (141, "")

    def test_a_stdout_that_is_closed_is_one_line_at_once(self, script):
        ran = subprocess.run(
            ["sh", "-c", f"'{script}' verify >&-"], stderr=subprocess.PIPE, text=True, check=False, timeout=10
        )
        told = "vanishing: cannot write the output: it is closed; send it to a file or to /dev/null\n"
        assert (ran.returncode, ran.stderr) == (2, told)

    def test_a_stderr_that_is_closed_puts_nothing_on_stdout(self, script):
        ran = subprocess.run(
            ["sh", "-c", f"'{script}' show nothing 2>&-"], stdout=subprocess.PIPE, text=True, check=False
        )
        assert (ran.returncode, ran.stdout) == (2, "")


@pytest.mark.parametrize("argv", ["--help", "--version", *(f"{name} --help" for name in subcommands.names())])
def test_help_loads_no_heavy_library(argv):
    code = (
        "import sys\nfrom proofs_check.cli import main\n"
        f"try: main({argv.split()!r})\n"
        "except SystemExit as done: assert done.code == 0\n"
        "print(sorted({'sympy', 'numpy', 'scipy', 'flint', 'matplotlib', 'rich'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"
    assert ran.stdout.startswith(("usage: vanishing", "vanishing 0."))


@pytest.mark.parametrize(
    ("command", "known"),
    [
        ("table", f"a topic ({', '.join(registry.topics())}), or what a figure shows ({', '.join(studies.names())})"),
        ("derive", f"one of {', '.join(quantities.names())}"),
        ("sample", f"one of {', '.join(quantities.names())}"),
        ("figure", f"{', '.join(figures.names())}, or all of them"),
    ],
)
def test_help_names_what_there_is(vanishing, capsys, command, known):
    with pytest.raises(SystemExit):
        vanishing(f"{command} --help")
    assert "".join(known.split()) in "".join(capsys.readouterr().out.split())  # however the lines are broken


BAD = [
    # command line, argument named, problem, remedy
    ("derve kurtosis", "command", "'derve'", "did you mean 'derive'"),
    ("frobnicate", "command", "no command 'frobnicate'", "known: verify, .*figure"),
    ("", "command", "required: COMMAND", "--help"),
    ("derive", "command", "required: quantity", "vanishing derive --help"),
    ("verify --nonsense", "--nonsense", "no such option", "vanishing verify --help"),
    (f"derive actvation {RELU}", "quantity", "'actvation'", "did you mean 'activation'"),
    (f"sample medien {RELU}", "quantity", "'medien'", "did you mean 'median'"),
    (f"sample kurtosis-limit {RELU}", "quantity", "is a limit of growing networks, and not sampled", "sample kurtosis"),
    ("show forward.forth-moment", "id", "'forward.forth-moment'", "did you mean 'forward.fourth-moment'"),
    ("verify forward.forth-moment", "id", "no statement matches 'forward.forth-moment'", "'forward.fourth-moment'"),
    ("verify 'init.*' 'nope.*'", "id", "no statement matches 'nope..'", "init.pytorch-default"),
    ("verify 'init.*' --profile quik", "--profile", "'quik'", "did you mean 'quick'"),
    ("table init --profile ful", "--profile", "'ful'", "did you mean 'full'"),
    ("table forwrd", "name", "no table 'forwrd'", "did you mean 'forward'"),
    ("table init --format tex", "--format", "'tex'", "did you mean 'latex'"),
    ("figure typcal --out x.png", "name", "no figure 'typcal'", "did you mean 'typical'"),
    ("figure spectrm --out x.png", "name", "no figure 'spectrm'", "did you mean 'spectrum'"),
    ("figure al --out x", "name", "no figure 'al'", "did you mean 'all'"),
    ("figure all --out x.png", "--out", "x.png is one file's name", "name a folder"),
    ("figure curvature-phase --out x", "--out", "x ends on none of", "figure.pdf"),
    ("table curvatur", "name", "no table 'curvatur'", "did you mean 'curvature'"),
    ("table curvature --format tex", "--format", "'tex'", "did you mean 'latex'"),
    ("table curvature --profile ful", "--profile", "'ful'", "did you mean 'full'"),
    ("table curvature --store x", "--store", "keeps no blocks", "leave it out"),
    ("figure typical --out x.jpg", "--out", "x.jpg ends on none of .pdf, .svg, .png, .pgf, .eps", "figure.pdf"),
    ("figure typical", "command", "required: --out", "--help"),
    (f"derive kurtosis {RELU} --format jsn", "--format", "'jsn'", "did you mean 'json'"),
    (f"sample median {RELU} --format latex", "--format", "'latex'", "known: text, json"),
    # sizes
    ("derive activation --width -3 --depth 2", "--width", "positive, got -3", "such as 32"),
    ("derive activation --width 0 --depth 2", "--width", "positive, got 0", "such as 32"),
    ("derive activation --width 2.5 --depth 2", "--width", "'2.5' is neither an integer", "such as 32"),
    ("derive activation --depth 2", "--width", "one of width and widths", "--width 32 or --widths 784,100,10"),
    ("derive activation --width 4 --depth 0", "--depth", "positive, got 0", "positive integer"),
    ("derive activation --width 4 --depth -1", "--depth", "positive, got -1", "positive integer"),
    ("derive activation --width 4 --depth 1.5", "--depth", "'1.5' is neither an integer", "positive integer"),
    ("derive activation --width 4", "--depth", "missing", "positive integer"),
    ("derive activation --widths 4,0,2", "--widths", "positive, got 0", "positive integer"),
    ("derive activation --widths 4,,2", "--widths", "'' is neither an integer", "positive integer"),
    ("derive activation --widths 4", "--widths", "at least n_0 and n_1", "--widths 784,10"),
    ("sample activation --width n --depth 3", "--width", "the symbol 'n'", "--width 32"),
    ("sample median --width 4 --depth L", "--depth", "the symbol 'L'", "--depth 64"),
    ("derive median --width n --depth 3", "--width", "the symbol 'n'", "--width 32"),
    ("derive kurtosis-limit --width 4 --depth 3", "--width", "symbolic width", "--width n"),
    # the ensemble's other parts
    (f"derive activation {RELU} --init nan", "--init", "'nan' is not a finite", "such as 2"),
    (f"derive activation {RELU} --init inf", "--init", "'inf' is not a finite", "such as 2"),
    (f"derive activation {RELU} --init -1/2", "--init", "must be positive, got -1/2", "1/32"),
    (f"derive activation {RELU} --init 1/0", "--init", "'1/0' divides by zero", "such as 2"),
    (f"derive activation {RELU} --init hee", "--init", "'hee'", "did you mean 'he'"),
    (f"derive activation {RELU} --activation relv", "--activation", "'relv'", "did you mean 'relu'"),
    (f"derive activation {RELU} --activation pieces:2:-1", "--activation", "positive, got -1", "pieces:-1:2"),
    (f"derive inner-product {RELU} --activation leaky:2 --layer 1", "--activation", "from 0 to 1", "leaky:1/4"),
    (f"derive activation {RELU} --init 2/m", "--init", "has the letter 'm'", "variance:2/m"),
    (f"derive log-norm {RELU} --init he_normal", "--init", "truncated-normal under he_normal", "--init 2/n_in"),
    (f"derive activation {RELU} --law normall", "--law", "'normall'", "did you mean 'normal'"),
    (f"derive gradient {RELU} --readout 1,2", "--readout", "2 entries, but layer 3 has width 4", "equal"),
    (f"derive gradient {TWO_WIDTHS} --readout 1,2,3", "--readout", "3 entries, but layer 2 has width 2", "equal"),
    (f"derive activation {TWO_WIDTHS} --input 1,2", "--input", "2 entries, but layer 0 has width 3", "equal"),
    (f"derive gradient {RELU} --law rademacher", "--law", "has atoms", "--law normal or uniform"),
    (f"sample gradient {RELU} --law rademacher", "--law", "has atoms", "--activation linear"),
    (
        f"derive log-norm {RELU} --law uniform",
        "--law",
        "normal weights, got uniform",
        "--law normal; or 'vanishing sample median'",
    ),
    # what is asked of it
    (f"derive kurtosis-expansion {SYMBOLS} --order 3", "--order", "does not apply", "it takes --input"),
    (f"derive activation {RELU} --order 0", "--order", "0 gives the probability", "--order 1"),
    (f"derive activation {RELU} --order x", "--order", "a number, got 'x'", "--order 1/2"),
    (f"derive activation {RELU} --layer 4", "--layer", "between 0 and the depth 3, got 4", "count"),
    (f"derive gradient {RELU} --layer 0", "--layer", "got 0", "--layer 1"),
    (f"derive gradient {RELU} --order 4", "--layer", "orders above 2", "--layer 1"),
    (f"sample median {RELU} --layer 4", "--layer", "between 0 and the depth 3, got 4", "count"),
    (f"sample survival {RELU} --layer -1", "--layer", "got -1", "count"),
    (f"sample median {RELU} --layer k", "--layer", "a number to be sampled, got 'k'", "--layer 3"),
    (f"sample median {RELU} --layer +-3", "--layer", "an integer or a name, got '.-3'", "count"),
    (f"derive activation {RELU} --layer x!", "--layer", "got 'x!'", "count"),
    (f"derive quantile {RELU} --p 0", "--p", "strictly between 0 and 1, got 0", "--p 0.5"),
    (f"sample quantile {RELU} --p 1", "--p", "strictly between 0 and 1, got 1", "--p 0.5"),
    (f"derive quantile {RELU} --p -0.5", "--p", "strictly between 0 and 1, got -0.5", "--p 0.5"),
    (f"derive quantile {RELU} --p nan", "--p", "number, got 'nan'", "--p 1/2"),
    (f"derive quantile {RELU} --p half", "--p", "number, got 'half'", "--p 0.5"),
    # options that do not apply
    (f"derive kurtosis {RELU} --order 4", "--order", "does not apply to kurtosis", "it takes --layer, --digits"),
    (f"derive median {RELU} --order 4", "--order", "does not apply to median", "it takes --layer"),
    (f"sample median {RELU} --p 0.9", "--p", "does not apply to median", "ask for quantile"),
    (f"derive hessian {RELU} --layer 3", "--layer", "does not apply to hessian", "it takes --order, --layers"),
    (f"derive activation {RELU} --layer 1 --layers 1,2", "--layers", "does not apply", "it takes --order, --layer"),
    (f"derive activation {RELU} --c 2", "--c", "does not apply to activation", "it takes --order"),
    (f"derive activation {RELU} --readout ones", "--readout", "does not apply to activation", "--input"),
    (f"derive kurtosis-limit {SYMBOLS} --input ones", "--input", "does not apply to kurtosis-limit", "leave it out"),
    (f"derive kurtosis-limit {SYMBOLS} --depth 4", "--depth", "grows with the width", "--depth L"),
    ("derive width --width 8 --depth 4", "--width", "is what is asked for, got 8", "--width n"),
    (f"derive activation {SYMBOLS} --order 4 --digits 9", "--digits", "a formula in L, n, norm_x", "leave it out"),
    (f"sample median {RELU} --digits 9", "--digits", "no such option", "vanishing sample --help"),
    (f"sample median {RELU} --sampels 9", "--sampels", "no such option", "did you mean --samples"),
    (f"sample median {RELU} extra", "command", "nothing is expected where 'extra'", "vanishing sample --help"),
    (f"derive median {RELU} --order", "--order", "expected one argument", "vanishing derive --help"),
    (f"sample median {RELU} --within 0.1 --block 0", "--within", "no effect on one block", "leave out"),
    (f"sample median {RELU} --cluster tcp://x:1 --jobs 2", "--jobs", "no effect on a cluster", "leave it out"),
    ("sample exceedance --width 8 --depth 8 --c 1e9 --store {tmp}/s", "--store", "on exponential tilting", "leave"),
    # what theory does not know
    (f"derive median {RELU} --init orthogonal", "--init", "independent", "--init xavier.*'vanishing sample median'"),
    (f"derive gradient {RELU} --architecture layernorm", "--architecture", "plain", "sample gradient-median"),
    (
        f"sample activation {NORMED} --order 4",
        "--order",
        "of order 8: must be 2 or 4",
        "lower order, or sample a median",
    ),
    ("derive density --width r --depth 2", "--width", "'r' already names", "another name"),
    (f"derive exceedance {TWO_WIDTHS} --layer 0", "--layer", "the input is not random", "--layer 1"),
    # numbers beyond all measure
    (f"derive quantile {RELU} --p 1e-9000", "--p", "too many digits", "'1/3'"),
    (f"derive activation {RELU} --init 1e9000", "--init", "too many digits", "such as 2"),
    (
        f"derive activation {RELU} --order 1{'0' * 5000}",
        "--order",
        "a number, got '10+'",
        "--order 1/2",
    ),
    (f"derive activation --depth 2 --width 1{'0' * 5000}", "--width", "has too many digits", "such as 32"),
    # the run
    (f"sample median {RELU} --samples 0", "--samples", "at least 1, got 0", "--samples 10000"),
    (f"sample median {RELU} --samples -5", "--samples", "at least 1, got -5", "--samples 10000"),
    (f"sample median {RELU} --samples x", "--samples", "integer, got 'x'", "--samples 10000"),
    (f"sample median {RELU} --samples 1e4", "--samples", "integer, got '1e4'", "--samples 10000"),
    (f"sample median {RELU} --seed -1", "--seed", "at least 0, got -1", "--seed 1"),
    ("verify --seed -1", "--seed", "at least 0, got -1", "--seed 1"),
    (f"sample median {RELU} --jobs 0", "--jobs", "at least 1, got 0", "--jobs 2"),
    (f"sample median {RELU} --confidence 1", "--confidence", "strictly between 0 and 1, got 1", "0.5"),
    # files
    ("verify 'init.*' --out {tmp}/file/below", "--out", "cannot write to .*/file/below: Not a directory", "folder"),
    ("verify 'init.*' --json {tmp}/no/x.json", "--json", "cannot write .*/no/x.json: No such file", "file"),
    ("verify 'init.*' --json {tmp}", "--json", "it is a folder", "file"),
    ("figure all --out {tmp}/file", "--out", "cannot write to .*: File exists", "folder"),
    ("figure typical --out {tmp}/file/x.png", "--out", "cannot write .*: Not a directory", "file"),
    ("verify --module {tmp}/no.py", "--module", "no file .*/no.py", "Python file"),
    ("verify --module {tmp}/empty.py", "--module", "no sequence STATEMENTS", "STATEMENTS = "),
    ("verify --module no_such_module", "--module", "'no_such_module'", "importable"),
]


@pytest.mark.usefixtures("no_simulation")
@pytest.mark.parametrize(("command", "argument", "problem", "remedy"), BAD, ids=[bad[0][:80] for bad in BAD])
def test_a_bad_argument_gets_one_line_with_its_name_the_problem_and_a_remedy(
    vanishing, tmp_path, command, argument, problem, remedy
):
    (tmp_path / "file").write_text("a regular file")
    (tmp_path / "empty.py").write_text("")
    ran = vanishing(command.replace("{tmp}", str(tmp_path)))
    assert (ran.status, ran.out) == (2, "")
    assert re.fullmatch(rf"vanishing: {argument}: [^\n]*{problem}[^\n]*; [^\n]*{remedy}[^\n]*\n", ran.err)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty.py", "file"]


@pytest.mark.usefixtures("no_simulation")
def test_a_mean_that_so_few_networks_cannot_tell_is_refused_with_what_it_needs(vanishing):
    deep = "--width 4 --depth 30 --activation relu --init he --law uniform --confidence 0.9"
    ran = vanishing(f"sample activation --order 4 {deep}")
    assert (ran.status, ran.out) == (2, "")
    assert re.fullmatch(
        "vanishing: --samples: 10000 are too few: theory knows the relative variance of this mean, and it needs more "
        r"than [0-9.]+e\+[0-9]+; sample the median or the log-norm instead\n",
        ran.err,
    )
    ran = vanishing(f"sample activation {deep} --samples 20")
    assert (ran.status, ran.out) == (2, "")
    assert "too few even for particles" in ran.err
    ran = vanishing("sample gradient --width 2 --depth 3000 --activation relu --init he --samples 1000000")
    assert (ran.status, ran.out) == (2, "")
    assert re.match("vanishing: --samples: 1000000 are too few: .* needs more than 10.16[0-9]{2}; ", ran.err)


def test_statements_lists_every_id_with_its_title(vanishing):
    lines = [line.split(maxsplit=1) for line in vanishing("statements").out.splitlines()]
    assert lines == [[statement.id, statement.title] for statement in registry.own_statements()]
    assert len(lines) >= 15


def test_show_tells_all_there_is_of_a_statement(vanishing):
    ran = vanishing("show init.pytorch-default")
    statement = next(s for s in registry.own_statements() if s.id == "init.pytorch-default")
    assert (ran.status, ran.err) == (0, "")
    for text in (statement.title, statement.latex, f"Source: {statement.source}"):
        assert f"\n{text}\n" in ran.out
    for assumption in statement.assumptions:
        assert f"  - {assumption.sentence}\n" in ran.out
    for evidence in statement.evidence:
        assert f"  - {evidence.tier.value}: {evidence.check}" in ran.out
    assert ran.out.endswith("".join(f"  - {mutant.name}\n" for mutant in statement.mutants))


def test_a_full_disk_is_one_line_and_no_traceback():
    script = Path(sys.prefix) / "bin" / "vanishing"
    command = [str(script), "derive", "kurtosis", "--width", "n", "--depth", "L"]
    with open("/dev/full", "w") as full:
        ran = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ran.returncode == 2
    assert ran.stderr.startswith("vanishing: cannot write the output: No space left on device;")
    assert ran.stderr.count("\n") == 1


def test_json_goes_through_a_pipe_without_replacing_it(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE, text=True)
    script = Path(sys.prefix) / "bin" / "vanishing"
    command = [str(script), "verify", "chain.hessian-hollow", "--json", str(pipe)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    told, _ = reader.communicate(timeout=30)
    assert ran.returncode == 0
    assert json.loads(told)["verdict"] == "supported"
    assert pipe.is_fifo()


FAULTS = """
from beside import SQUARE
from proofs_check import Assumption, Mutant, Statement
ANY = (Assumption('any'),)


def of(name, claim, mutant=lambda x: 5):
    return Statement(f"bad.{name}", f"The {name} one.", "x", "me", ANY, claim, (SQUARE,), (Mutant("wrong", mutant),))


STATEMENTS = [
    of("good", lambda x: 4),
    of("raises", lambda x: 1 / 0),
    of("none", lambda x: None),
    of("mutant", lambda x: 4, lambda x: 1 / 0),
    "no statement",
]
"""


@pytest.fixture
def faulty(tmp_path):
    (tmp_path / "faulty").mkdir()
    (tmp_path / "faulty" / "beside.py").write_text(
        "from proofs_check import Enumerated\nSQUARE = Enumerated('2 times 2', ((2,),), lambda x: x * x)\n"
    )
    path = tmp_path / "faulty" / "mine.py"
    path.write_text(FAULTS)
    return path


def test_statements_that_can_be_run_are_told_of_beside_those_that_cannot(vanishing, faulty, user_file, tmp_path):
    (tmp_path / "syntax.py").write_text("STATEMENTS = (\n")
    modules = f"--module {faulty} --module {tmp_path}/syntax.py --module {user_file}"
    ran = vanishing(f"verify {modules} --jobs 1 --json {tmp_path}/r.json 'bad.*' user.true")
    assert ran.status == 2
    rows = dict(line.split()[:2] for line in ran.out.splitlines()[1:6])
    assert rows == {
        "bad.good": "supported",
        "bad.raises": "broken",
        "bad.none": "broken",
        "bad.mutant": "inconclusive",
        "user.true": "supported",
    }
    line = FAULTS.splitlines().index('    of("raises", lambda x: 1 / 0),') + 1
    assert "bad.raises: broken (enumerated): 2 times 2 could not be run\n" in ran.out
    assert f"  ZeroDivisionError: division by zero ({faulty}:{line})\n" in ran.out
    assert (
        "bad.mutant: no evidence refutes the mutant 'wrong'\n  an error is no refutation: 2 times 2: could" in ran.out
    )
    assert "2 supported, 1 inconclusive, 2 broken; could not be loaded: 2; " in ran.out
    assert "Traceback" not in ran.out + ran.err
    assert ran.err.splitlines() == [
        f"vanishing: --module: {faulty}: could not be run: entry 5 of STATEMENTS is no Statement, but 'no statement'; "
        "give it STATEMENTS = (Statement(...), ...)",
        f"vanishing: --module: {tmp_path}/syntax.py: could not be run: SyntaxError: '(' was never closed "
        f"({tmp_path}/syntax.py:1)",
    ]
    report = json.loads((tmp_path / "r.json").read_text())
    assert [s["verdict"] for s in report["statements"]] == list(rows.values())
    assert len(report["problems"]) == 2


def test_a_report_is_written_even_if_nothing_could_be_loaded(vanishing, tmp_path):
    (tmp_path / "syntax.py").write_text("STATEMENTS = (\n")
    ran = vanishing(f"verify --module {tmp_path}/syntax.py --json {tmp_path}/r.json")
    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)
    report = json.loads((tmp_path / "r.json").read_text())
    assert (report["verdict"], report["statements"]) == ("broken", [])


def test_several_modules_are_shown_and_listed(vanishing, faulty, user_file):
    ran = vanishing(f"statements --module {user_file} --module {faulty}")
    ids = [line.split()[0] for line in ran.out.splitlines()]
    assert (ids[0], ids[-1], ran.status) == ("user.true", "bad.mutant", 2)
    assert vanishing(f"statements --module {user_file}").status == 0
    assert vanishing(f"show bad.good --module {user_file} --module {faulty}").out.startswith("bad.good\n")
    assert "did you mean 'user.true'" in vanishing(f"show user.ture --module {user_file}").err


@pytest.mark.parametrize("command", ["verify", "show user.true"])
def test_ids_that_come_twice_are_refused_with_their_places(vanishing, user_file, tmp_path, command):
    again = tmp_path / "again.py"
    again.write_text(user_file.read_text())
    ran = vanishing(f"{command} --module {user_file} --module {again}")
    assert (ran.status, ran.out) == (2, "")
    assert re.fullmatch(
        rf"vanishing: .*id: two statements are called 'user.true' \({user_file}:\d+, {again}:\d+\); rename one\n",
        ran.err,
    )


OBSERVED = """
from dataclasses import dataclass
from typing import ClassVar
import numpy as np
from montecarlo import ActivationNorms
from proofs_check import Assumption, Mean, Mutant, Simulated, Statement
ANY = (Assumption('any'),)
from theory import Ensemble


@dataclass(frozen=True)
class Mine:
    fails: bool
    name: ClassVar[str] = "mine"
    needs: ClassVar[frozenset] = frozenset()

    def components(self, net):
        return ("a_1",)

    def measure(self, chunk):
        return chunk.log_activation_norms((1,)) + ({}["gone"] if self.fails else 0)


def of(name, observable):
    check = Simulated("E", Ensemble(4, 1), observable, "a_1", Mean(1, lambda net: 0.5), tolerance=0.4, samples=2000)
    return Statement(f"mine.{name}", "One.", "1", "me", ANY, lambda net: 1, (check,), (Mutant("3", lambda net: 3),))


STATEMENTS = (of("norms", ActivationNorms(layers=(1,))), of("mine", Mine(False)), of("fails", Mine(True)))
"""


def test_observables_of_a_users_file_are_measured_by_any_number_of_jobs_and_one_that_raises_harms_no_other(
    vanishing, tmp_path
):
    (tmp_path / "observed.py").write_text(OBSERVED)
    ran = vanishing(f"verify --module {tmp_path}/observed.py --jobs 2 --json -")
    norms, mine, fails = json.loads(ran.out)["statements"]
    assert [one["verdict"] for one in (norms, mine, fails)] == ["supported", "supported", "broken"]
    assert norms["findings"][0]["interval"] == mine["findings"][0]["interval"]
    line = next(number for number, text in enumerate(OBSERVED.splitlines(), 1) if "gone" in text)
    assert fails["problem"] == f"KeyError: 'gone' ({tmp_path}/observed.py:{line})"

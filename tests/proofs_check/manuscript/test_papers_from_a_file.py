"""A paper from one file: what is made, what is noticed when it changes, and what is refused."""

import json

import pytest

from proofs_check.manuscript.recipe import read_recipe
from theory.ensembles import InvalidArgument

NETWORKS = 'activation = "relu"\ninit = "he"\n'
SMALL = f"""
[paper]
samples = 60
seed = 2

[[number]]
macro = "vcMean"
quantity = "E|a_L|^2"
n = 4
L = 8
{NETWORKS}
[[number]]
macro = "vcMedian"
quantity = "median |a_L|^2"
show = "measured"
n = 4
L = 2
{NETWORKS}
[[claim]]
macro = "vcFourth"
claim = "E|a_L|^4 = (1+5/n)^L |x|^4"
{NETWORKS}
[[verdict]]
macro = "vcSaddle"
statements = ["plateau.saddle"]

[[table]]
name = "medians"
rows = "n=2,4"
columns = "L=2,3"
quantity = "median |a_L|^2"
{NETWORKS}
[[table]]
name = "verdicts"
statements = ["plateau.saddle"]
caption = "What is known of saddles."
"""
CLAIM = "[[claim]]\nmacro = 'vC'\nclaim = 'E|a_L|^2 = |x|^2'\n"
FIGURE = f"""
[[figure]]
name = "depths"
x = "L=2,4,8"
lines = "n=4,8"
quantity = "median |a_L|^2"
{NETWORKS}"""


@pytest.fixture
def paper(tmp_path, vanishing):
    """Write a paper's file, and build it."""

    def build(text, out="made"):
        file = tmp_path / "paper.toml"
        file.write_text(text, encoding="utf-8")
        return vanishing(f"paper {file} --out {tmp_path / out} --jobs 1"), tmp_path / out

    return build


def macros(folder):
    lines = (folder / "macros.tex").read_text(encoding="utf-8").splitlines()
    found = [
        line.removeprefix(r"\newcommand{" + "\\").removesuffix(r"\xspace}") for line in lines if "newcommand" in line
    ]
    return dict(line.split("}{", 1) for line in found)


def test_numbers_claims_verdicts_and_tables(paper):
    ran, folder = paper(SMALL)
    assert (ran.status, ran.out) == (0, "")
    assert ran.err == f"3 files written to {folder}\n"
    found = macros(folder)
    assert found["vcMean"] == r"\num{1}"
    assert found["vcMedian"].startswith((r"\num{0.", r"\ensuremath{[\num{0."))
    assert found["vcFourth"] == "supported"
    assert found["vcFourthFormula"] == (
        r"\ensuremath{\mathbb{E}|a_{L}|^{4} = \left(1 + \frac{5}{n}\right)^{L} |x|^{4}}"
    )
    assert found["vcFourthScope"] == "all $n$, $L$ and $|x|$"
    assert found["vcSaddle"] == "1 of 1 supported"
    medians = (folder / "tables" / "medians.tex").read_text(encoding="utf-8")
    assert medians.startswith("% vanishing paper paper.toml\n")
    assert r"\label{tab:medians}" in medians
    verdicts = (folder / "tables" / "verdicts.tex").read_text(encoding="utf-8")
    assert r"\caption{What is known of saddles.}" in verdicts
    assert r"plateau.\allowbreak saddle & supported" in verdicts


def test_a_second_build_draws_nothing_and_says_what_has_changed(paper, monkeypatch):
    paper(SMALL)

    def drawn(*_, **__):
        raise AssertionError("something was drawn")

    with monkeypatch.context() as patched:
        patched.setattr("montecarlo.runs.simulation.run_block", drawn)
        ran, folder = paper(SMALL.replace("vcMean", "vcOther"))
    assert ran.status == 0
    assert "changed: \\vcMean is no longer there (it was 1)\n" in ran.err
    ran, folder = paper(SMALL.replace("L = 8", "L = 8\nlaw = 'uniform'").replace('"E|a_L|^2"', '"E|a_L|^4"'))
    assert "changed: \\vcMean" not in ran.err  # it was called otherwise
    ran, _ = paper(SMALL.replace('"E|a_L|^2"', '"E|a_L|^6"'))
    assert ran.err.startswith("changed: \\vcMean was ")
    assert json.loads((folder / "record.json").read_text(encoding="utf-8"))["values"]["\\vcFourth"] == "supported"


def test_a_claim_that_turns_out_false_fails_the_build_and_everything_is_written(paper):
    ran, folder = paper(SMALL.replace("1+5/n", "1+6/n"))
    assert ran.status == 1
    told = "not as the paper says: \\vcFourth: E|a_L|^4 = (1+6/n)^L |x|^4 is refuted, not supported\n"
    assert told in ran.err
    assert macros(folder)["vcFourth"] == "refuted"
    expected = SMALL.replace("1+5/n", "1+6/n").replace('|x|^4"', '|x|^4"\nexpect = "refuted"')
    assert paper(expected)[0].status == 0


def test_a_figure_of_ones_own_with_its_numbers(paper):
    ran, folder = paper("[paper]\nsamples = 60\n" + FIGURE)
    assert ran.status == 0
    assert (folder / "figures" / "depths.pdf").read_bytes().startswith(b"%PDF")
    rows = (folder / "figures" / "depths.csv").read_text(encoding="utf-8").splitlines()
    assert rows[0] == "panel,series,x,value,lo,hi"
    assert len(rows) == 1 + 2 * 2 * 3  # two lines, theory and points, three depths
    before = (folder / "figures" / "depths.pdf").read_bytes()
    assert paper("[paper]\nsamples = 60\n" + FIGURE)[1] == folder
    assert (folder / "figures" / "depths.pdf").read_bytes() == before


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "names nothing to make; add e.g. [[table]]"),
        ("[paper]\nsed = 1\n", "line 2: [paper] has no key 'sed'; did you mean 'seed'?"),
        ("[[tables]]\n", "line 1: the file has no key 'tables'; did you mean 'table'?"),
        ("[table]\nname = 'x'\n", "line 1: table is no list of tables; write [[table]]"),
        ("[[number]]\nquantity = 'E|a_L|^2'\n", "macro is missing"),
        ("[[number]]\nmacro = 'section'\n", "line 2: macro 'section' may be one of LaTeX's own"),
        ("[[number]]\nmacro = 'vc2'\n", "line 2: macro 'vc2' is no name of a macro"),
        ("[[number]]\nmacro = 'vC'\nquantity = 'E|a_L|^2'\nn = 4\n", "depth: "),
        ("[[number]]\nmacro = 'vC'\nquantity = 'E|b|^2'\nn = 4\nL = 2\n", "line 3: quantity: "),
        ("[[number]]\nmacro = 'vC'\nquantity = 'E|a_L|^2'\nn = 'm'\nL = 2\n", "width: "),
        ("[[number]]\nmacro = 'vC'\nshow = 'all'\n", "line 3: show is 'all'"),
        ("[[claim]]\nmacro = 'vC'\n", "line 1: claim is missing"),
        ("[[claim]]\nmacro = 'vC'\nclaim = 'E|a_L|^2 =='\n", "line 3: claim: "),
        (f"{CLAIM}init = 'hee'\n", "line 4: init: there is no initialization 'hee'"),
        (f"{CLAIM}n = 4\nwidths = [2, 3]\n", "line 4: width: exactly one of width and widths"),
        (CLAIM.replace("E|", r"\\mathbb E|") + "init = 'hee'\n", "line 4: init: there is no initialization 'hee'"),
        ("[[claim]]\nmacro = 'vC'\nclaim = 'E|a_L|^2 = |x|^2'\nexpect = 'true'\n", "line 4: expect is 'true'"),
        ("[[verdict]]\nmacro = 'vC'\nstatements = ['nope.*']\n", "line 3: statements no statement matches 'nope.*'"),
        ("[[table]]\nready = 'forwrd'\n", "line 2: ready is 'forwrd', which is no topic; did you mean 'forward'"),
        ("[[table]]\nready = 'forward'\nrows = 'n=2'\n", "line 3: rows does not apply beside ready"),
        ("[[table]]\nname = 'a/b'\nquantity = 'E|a_L|^2'\nn = 2\nL = 2\n", "name is 'a/b', which names no file"),
        ("[[table]]\nquantity = 'E|a_L|^2'\nn = 2\nL = 2\nsamples = 0\n", "line 5: samples is 0"),
        ("[[table]]\nquantity = 'E|a_L|^2'\nn = 2\nL = 2\nerror = 2\n", "line 5: error is 2"),
        ("[[table]]\nquantity = 'E|a_L|^2'\nn = 2\nL = 2\nshow = 'mean'\n", "line 5: show there is no column 'mean'"),
        ("[[figure]]\nready = 'tipical'\n", "line 2: ready is 'tipical', which is no figure; did you mean 'typical'"),
        ("[[figure]]\nready = 'typical'\nwidth = 'wide'\n", "line 3: width 'wide' is no width"),
        ("[[figure]]\nready = 'typical'\nformat = 'doc'\n", "line 3: format is 'doc'"),
        ("[paper]\nseed = -1\n[[table]]\n", "line 2: seed is -1"),
        (
            "[[verdict]]\nmacro = 'aB'\nstatements = ['plateau.saddle']\n[[verdict]]\nmacro = 'aB'\n",
            "line 5: macro aB is named twice",
        ),
    ],
)
def test_what_cannot_be_made_is_refused_with_its_line_before_any_work(tmp_path, text, told):
    file = tmp_path / "paper.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidArgument) as refused:
        read_recipe(file)
    assert str(refused.value).startswith(f"file: {file}")
    assert told in str(refused.value)


def test_the_command_refuses_in_one_line(vanishing, tmp_path):
    ran = vanishing(f"paper {tmp_path}/none.toml --out {tmp_path}/made")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("vanishing: file: cannot read ")
    assert ran.err.count("\n") == 1
    assert not (tmp_path / "made").exists()

"""The numbers behind a figure, as files that others read."""

import csv
import io
import json
import math

import pytest

from montecarlo import Estimate
from proofs_check.reporting.picture_data import COLUMNS, to_csv, to_json, write_data
from proofs_check.reporting.pictures import Look, Panel, Picture, Series
from theory.ensembles import InvalidArgument

LOGS = [Estimate(math.log(0.1), -math.inf, math.log(0.3), 1e-4, "made up", 10), Estimate(0, -1, 800.0, 1e-4, "", 10)]
SERIES = (
    Series("theory, with a comma", (2, 4.5), (0.1, 1e-300), look=Look(line="-"), fine=((2, 3, 4), (1, 2, 3))),
    Series("bounds", (2,), (math.nan,), (0.25,), (0.5,)),
    Series.of_logs("median", (2, 4), LOGS, Look(marker="o"), shown_at=(1.9, 3.9)),
    Series.of_logs("none", (), [], Look(marker="o")),
)
PICTURE = Picture((Panel("left", SERIES[:2]), None, Panel("right", SERIES[2:])))
ROWS = [
    ("left", "theory, with a comma", 2, 0.1, None, None),
    ("left", "theory, with a comma", 4.5, 1e-300, None, None),
    ("left", "bounds", 2, None, 0.25, 0.5),
    ("right", "median", 2, math.exp(math.log(0.1)), 0, math.exp(math.log(0.3))),
    ("right", "median", 4, 1, math.exp(-1), math.inf),
]


def test_csv_has_every_digit_of_every_point():
    head, *rows = csv.reader(io.StringIO(to_csv(PICTURE)))
    assert tuple(head) == COLUMNS == ("panel", "series", "x", "value", "lo", "hi")
    assert [(*row[:2], *(float(cell) if cell else None for cell in row[2:])) for row in rows] == ROWS


def test_json_has_the_same_and_neither_infinity_nor_nan():
    def refuse(name):
        raise ValueError(f"{name} is not JSON")

    found = json.loads(to_json(PICTURE), parse_constant=refuse)
    assert [tuple(row) for row in found] == [COLUMNS] * 5
    assert [tuple(math.inf if cell == "inf" else cell for cell in row.values()) for row in found] == ROWS


def test_a_file_of_another_kind_is_refused_and_those_that_are_known_are_written_whole(tmp_path):
    with pytest.raises(InvalidArgument, match=r"^data: f.txt ends on none of .csv, .json; use e.g. figure.csv$"):
        write_data(PICTURE, tmp_path / "f.txt")
    assert not list(tmp_path.iterdir())
    write_data(PICTURE, tmp_path / "f.csv")
    write_data(PICTURE, tmp_path / "f.json")
    assert (tmp_path / "f.csv").read_text() == to_csv(PICTURE)
    assert (tmp_path / "f.json").read_text() == to_json(PICTURE)

"""What is in a store comes back bit for bit, or not at all: after kills, damage, full disks, other settings."""

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from montecarlo.runs import block_store
from montecarlo.runs.block_store import APPLICATION, BlockStore
from theory.ensembles import InvalidArgument

SETTINGS = {"seed": "0", "numpy": "2.4.6"}


def block_of(number, size=60):
    """Return arrays that only this block has."""
    rng = np.random.default_rng(number)
    return {"logs": rng.normal(size=(size, 3)), "counts": rng.integers(0, 99, size=number % 4)}


def bits(arrays):
    return {name: (array.dtype.str, array.shape, array.tobytes()) for name, array in arrays.items()}


def refusal(act, *arguments):
    with pytest.raises(InvalidArgument) as refused:
        act(*arguments)
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.fixture
def file(tmp_path):
    """A store with twelve blocks of two runs, and nothing beside it."""
    file = tmp_path / "blocks.sqlite"
    with BlockStore.open(file, SETTINGS) as store:
        for block in range(12):
            store.put(f"run {block % 2}", block, 10 + block, block_of(block))
    return file


def content(file):
    with BlockStore.open(file, SETTINGS) as store:
        sizes = {run: store.sizes(run) for run in ("run 0", "run 1")}
        return sizes, {block: bits(store.get(run, block)) for run in sizes for block in sizes[run]}


WHOLE = (
    {f"run {run}": {block: 10 + block for block in range(run, 12, 2)} for run in range(2)},
    {block: bits(block_of(block)) for block in range(12)},
)


def test_blocks_come_back_and_nothing_is_left_beside_the_file(file):
    assert content(file) == WHOLE
    assert os.listdir(file.parent) == [file.name]
    with BlockStore.open(file, SETTINGS) as store:
        assert store.get("run 0", 1) is None
        assert store.get("another", 0) is None
        assert store.sizes("another") == {}


def test_all_bits_are_kept(tmp_path):
    strange = {
        "logs": np.array([[-np.inf, np.nan, -0.0], [np.inf, 5e-324, 1 / 3]]),
        "payload": np.frombuffer(b"\x01\x00\x00\x00\x00\x00\xf8\x7f", np.float64),  # a nan that is not numpy's
        "counts": np.array([-(2**63), 2**63 - 1]),
        "nothing": np.empty((0, 5)),
        "single": np.float32([[1, 2], [3, 4]]).T,
        "big-endian": np.arange(3, dtype=">i4"),
        "zero.dim": np.array(3, np.uint8),
        "word": np.array(["a", "bc"]),
        "dead": np.array([True, False]),
        "strided": np.arange(10.0)[::3],
    }
    with BlockStore.open(tmp_path / "s", {}) as store:
        store.put("r", 3, 1, strange)
        store.put("r", 4, 1, {})
    with BlockStore.open(tmp_path / "s", {}) as store:
        assert bits(store.get("r", 3)) == bits(strange)
        assert store.get("r", 4) == {}


def test_a_block_replaces_one_of_fewer_networks_only(file):
    with BlockStore.open(file, SETTINGS) as store:
        for networks, seen in ((9, 10), (10, 10), (11, 11)):
            store.put("run 0", 0, networks, {"of": np.array(networks)})
            assert store.sizes("run 0")[0] == seen
        assert store.get("run 0", 0)["of"] == 11
        store.put("run 0", 0, 10, {"of": np.array(10)})
        assert store.get("run 0", 0)["of"] == 11
        assert store.sizes("run 1") == WHOLE[0]["run 1"]


def test_an_empty_file_becomes_a_store(tmp_path):
    (tmp_path / "s").touch()
    with BlockStore.open(tmp_path / "s", SETTINGS) as store:
        store.put("r", 0, 1, block_of(0))
    with BlockStore.open(str(tmp_path / "s"), SETTINGS) as store:
        assert store.sizes("r") == {0: 1}


@pytest.mark.parametrize("name", ["with space", "what?mode=ro", "50%25#x", "é"])
def test_any_name_will_do_also_through_a_link(tmp_path, name):
    link = tmp_path / "link"
    link.symlink_to(tmp_path / name)
    for path in (link, tmp_path / name):
        with BlockStore.open(path, SETTINGS) as store:
            store.put("r", 0, 1, {})
    assert sorted(os.listdir(tmp_path)) == sorted(["link", name])
    assert link.is_symlink()


# ---- refusals


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"seed": "1", "numpy": "2.4.6"}, "was made with seed=0, not seed=1; use another file, or the old settings"),
        ({"seed": "0"}, "was made with numpy=2.4.6, not numpy=(none);"),
        ({**SETTINGS, "law": "normal"}, "was made with law=(none), not law=normal;"),
        ({"seed": "x" * 99, "numpy": "a\nb"}, f"was made with seed=0, numpy=2.4.6, not seed={'x' * 36}..., numpy=a b;"),
        ({"a": "1", "b": "2", "c": "3"}, "was made with a=(none), b=(none), c=(none), ..., not a=1, b=2, c=3, ...;"),
    ],
)
def test_other_settings_are_refused_and_the_file_is_as_it_was(file, settings, said):
    before = file.read_bytes()
    assert f"store: {file} {said}" in refusal(BlockStore.open, file, settings)
    assert file.read_bytes() == before
    assert os.listdir(file.parent) == [file.name]
    assert content(file) == WHOLE


def test_what_is_no_store_is_refused_and_left_as_it_was(tmp_path):
    text = tmp_path / "text"
    text.write_text("It was a dark and stormy night; the rain fell in torrents. " * 20)
    short = tmp_path / "short"
    short.write_bytes(b"SQLite format 3\0 and no more")
    stump = tmp_path / "stump"
    stump.write_bytes(b"SQL")
    for name, application, version in (
        ("plain", 0, 0),
        ("other", 1, 1),
        ("newer", APPLICATION, 2),
        ("none", APPLICATION, 0),
    ):
        connection = sqlite3.connect(tmp_path / name)
        connection.execute(f"PRAGMA application_id = {application}")
        connection.execute(f"PRAGMA user_version = {version}")
        connection.execute("CREATE TABLE blocks (x)")
        connection.close()
    said = {
        "text": "is no SQLite database; use another file",
        "short": "is damaged (its header is cut off)",
        "stump": "is damaged (its header is cut off)",
        "plain": "is an SQLite database of another application",
        "other": "is an SQLite database of another application",
        "newer": "has format 2, and this release reads up to 1; use the release that made it",
        "none": "is damaged (there is no format 0)",
    }
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert before.keys() == said.keys()
    for name, words in said.items():
        assert f"store: {tmp_path / name} {words}" in refusal(BlockStore.open, tmp_path / name, SETTINGS)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_places_that_cannot_hold_a_file(tmp_path):
    assert f"store: {tmp_path} is a folder; name a file" in refusal(BlockStore.open, tmp_path, {})
    lost = tmp_path / "no" / "file"
    assert f"store: there is no folder {lost.parent}; make it first" in refusal(BlockStore.open, lost, {})
    assert "store: /dev/null is no ordinary file" in refusal(BlockStore.open, "/dev/null", {})
    for nothing in ("", "a\0b", 3, None):
        assert f"store: {nothing!r} names no file" in refusal(BlockStore.open, nothing, {})
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    assert refusal(BlockStore.open, tmp_path / "circle", {}).startswith("store: ")
    assert os.listdir(tmp_path) == ["circle"]


@pytest.mark.parametrize(
    ("closed", "said"),
    [("file", "is not to be read and written"), ("folder", "nothing can be written in the folder")],
)
def test_permissions(file, monkeypatch, closed, said):
    """As the system would answer a user who is not root, who may do anything."""
    forbidden = file if closed == "file" else file.parent
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != forbidden.resolve())
    before = file.read_bytes()
    assert said in refusal(BlockStore.open, file, SETTINGS)
    assert file.read_bytes() == before


def test_bad_arguments_are_named(file):
    assert refusal(BlockStore.open, file, {"seed": 0}).startswith("settings: must map str to str, got 'seed': 0;")
    with BlockStore.open(file, SETTINGS) as store:
        assert refusal(store.put, "r", -1, 1, {}).startswith(
            "block: must be an integer from 0 to 9223372036854775807, got -1;"
        )
        assert refusal(store.put, "r", 0, 0, {}).startswith(
            "networks: must be an integer from 1 to 9223372036854775807, got 0;"
        )
        assert refusal(store.put, "r", True, 1, {}).startswith("block: ")
        objects = {"a": np.array([{}, None])}
        assert refusal(store.put, "r", 0, 1, objects).startswith("arrays: a holds Python objects")
        assert refusal(store.put, "r", 0, 1, {"a/b": np.zeros(1)}).startswith("arrays: 'a/b' cannot name an array")
        assert store.sizes("r") == {}
    assert f"store: {file} is closed" in refusal(store.put, "r", 0, 1, {})
    assert f"store: {file} is closed" in refusal(store.sizes, "r")
    store.close()


def test_a_block_that_is_too_long_for_sqlite_is_refused(file):
    with BlockStore.open(file, SETTINGS) as store:
        store._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 10_000)
        assert "store: block 0 has 16" in refusal(store.put, "r", 0, 1, {"a": np.zeros(2_000)})
        store.put("r", 0, 1, {"a": np.zeros(1_000)})


# ---- damage


def test_a_truncated_file_is_refused_and_left_as_it_was(file):
    """Unless only a few bytes are missing that were zeros."""
    whole = file.read_bytes()
    lengths = [*range(1, len(whole), 1_031), *range(4096, len(whole), 4096), 99, 100, 4095]
    for length in [*lengths, *range(len(whole) - 64, len(whole), 7)]:
        file.write_bytes(whole[:length])
        if length in lengths or any(whole[length:]):
            assert "is damaged" in refusal(content, file)
        else:
            assert content(file) == WHOLE
        assert file.read_bytes() == whole[:length]
        assert os.listdir(file.parent) == [file.name]


def alterations(whole, offsets):
    for offset in offsets:
        for flip in (0x01, 0x80, 0xFF):
            yield offset, whole[:offset] + bytes([whole[offset] ^ flip]) + whole[offset + 1 :]


@pytest.mark.parametrize("part", range(4))
def test_an_altered_byte_is_refused_or_does_not_matter(file, part):
    """Every third of all offsets that tell SQLite what is where, and some hundred of all others."""
    whole = file.read_bytes()
    offsets = [*range(104), *range(3_600, 4_096), *range(4_096, len(whole), 127)]
    refused = []
    for offset, altered in alterations(whole, offsets[part::12]):
        file.write_bytes(altered)
        try:
            assert content(file) == WHOLE, offset
        except InvalidArgument as reason:
            refused.append(str(reason))
            assert file.read_bytes() == altered, offset
        assert os.listdir(file.parent) == [file.name], offset
    assert len(refused) > 100
    assert all(said.isprintable() for said in refused)


def test_an_altered_payload_is_refused_by_get_and_harms_no_other_block(file):
    needle = block_of(5)["logs"].tobytes()[:32]
    whole = file.read_bytes()
    assert whole.count(needle) == 1
    at = whole.index(needle)
    file.write_bytes(whole[:at] + b"\0" + whole[at + 1 :])
    with BlockStore.open(file, SETTINGS) as store:
        assert store.sizes("run 1") == WHOLE[0]["run 1"]
        assert "is damaged (block 5 of run 1); restore a copy" in refusal(store.get, "run 1", 5)
        assert bits(store.get("run 1", 7)) == WHOLE[1][7]


@pytest.mark.parametrize(
    "change",
    [
        "networks = networks + 1 WHERE block = 5",
        "block = 99 WHERE block = 5",
        "run = 'run 0' WHERE block = 5",
        "digest = zeroblob(32) WHERE block = 5",
        "seal = 'x' WHERE block = 5",
    ],
)
def test_a_row_that_was_changed_is_refused_when_the_file_is_opened(file, change):
    with sqlite3.connect(file) as connection:
        connection.execute(f"UPDATE blocks SET {change}")
    connection.close()
    assert "is damaged (block " in refusal(BlockStore.open, file, SETTINGS)


def test_what_is_changed_while_the_store_is_open_is_refused_too(file):
    with BlockStore.open(file, SETTINGS) as store:
        with sqlite3.connect(file) as connection:
            swap = "SET (digest, payload) = (SELECT digest, payload FROM blocks WHERE block = 7) WHERE block = 5"
            connection.execute(f"UPDATE blocks {swap}")
        connection.close()
        for act in (lambda: store.get("run 1", 5), lambda: store.sizes("run 1")):
            assert "is damaged (block 5 of run 1)" in refusal(act)
        assert bits(store.get("run 1", 7)) == WHOLE[1][7]


def test_a_refusal_is_one_legible_line_whatever_the_name(file):
    with BlockStore.open(file, SETTINGS) as store:
        store.put("bell\a and\nline", 0, 1, {})
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE blocks SET networks = 2 WHERE block = 0 AND run LIKE 'bell%'")
    connection.close()
    assert "is damaged (block 0 of bell? and line)" in refusal(content, file)


@pytest.mark.parametrize("change", ["UPDATE settings SET value = '1' WHERE name = 'seed'", "CREATE TABLE more (x)"])
def test_settings_and_tables_that_were_changed_are_refused(file, change):
    with sqlite3.connect(file) as connection:
        connection.execute(change)
    connection.close()
    assert "is damaged (its " in refusal(BlockStore.open, file, {**SETTINGS, "seed": "1"})


# ---- kills

WRITER = """
import sys
import numpy as np
from montecarlo.runs.block_store import BlockStore
print("ready", flush=True)
with BlockStore.open(sys.argv[1], {"seed": "0"}) as store:
    for block in range(len(store.sizes("r")), 1_000_000):
        store.put("r", block, 1, {"a": np.random.default_rng(block).normal(size=20_000)})
        print(block, flush=True)
"""


@pytest.mark.parametrize("when", ["while it is made", "at once", "after some blocks"])
def test_a_writer_killed_at_any_moment_loses_at_most_the_block_in_flight(tmp_path, when):
    """What was reported as written is there, and what is there is whole; the next writer goes on from it."""
    file = tmp_path / "s"
    longest = 0
    for attempt in range(10):
        if when == "while it is made":
            for leftover in tmp_path.iterdir():
                leftover.unlink()
        with subprocess.Popen([sys.executable, "-c", WRITER, file], stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout.readline() == "ready\n"
            if when == "while it is made":
                time.sleep(random.uniform(0, 0.008))  # a moment in the making, which tells nobody
            else:
                for _ in range(random.randrange(1, 3) if when == "at once" else random.randrange(3, 25)):
                    writer.stdout.readline()
                time.sleep(random.uniform(0, 0.001))  # so that it is not always the same moment of a block
            writer.kill()
            told = [int(line) for line in writer.stdout.read().split()]
        with BlockStore.open(file, {"seed": "0"}) as store:
            there = store.sizes("r")
            assert list(there) == list(range(len(there)))
            assert len(there) >= max([longest, *(block + 1 for block in told)])
            for block in there:
                assert bits(store.get("r", block)) == bits({"a": np.random.default_rng(block).normal(size=20_000)})
        longest = 0 if when == "while it is made" else len(there)
        assert os.listdir(tmp_path) == ["s"], attempt


@pytest.fixture
def unfinished(file):
    """A store whose last blocks are in the log beside it, as a killed process leaves it."""
    aside = file.parent / "aside"
    aside.mkdir()
    with BlockStore.open(file, SETTINGS) as store:
        store.put("run 0", 100, 1, block_of(100))
        for path in file.parent.glob("blocks*"):
            shutil.copy(path, aside)
    return aside / file.name


def test_the_log_of_a_killed_process_is_taken_over(unfinished):
    assert len(os.listdir(unfinished.parent)) > 1
    sizes, blocks = content(unfinished)
    assert sizes["run 0"] == {**WHOLE[0]["run 0"], 100: 1}
    assert blocks == {**WHOLE[1], 100: bits(block_of(100))}
    assert os.listdir(unfinished.parent) == [unfinished.name]


def test_a_refused_file_keeps_its_log(unfinished):
    log = unfinished.with_name(f"{unfinished.name}-wal")
    before = unfinished.read_bytes(), log.read_bytes()
    assert "not seed=1" in refusal(BlockStore.open, unfinished, {**SETTINGS, "seed": "1"})
    assert (unfinished.read_bytes(), log.read_bytes()) == before
    assert 100 in content(unfinished)[0]["run 0"]


def test_a_store_cut_to_nothing_beside_its_log_is_refused(unfinished):
    unfinished.write_bytes(b"")
    assert "is damaged (it is empty, and blocks.sqlite-wal is not)" in refusal(content, unfinished)


def test_a_damaged_log_loses_blocks_and_invents_none(unfinished):
    log = unfinished.with_name(f"{unfinished.name}-wal")
    whole, main = log.read_bytes(), unfinished.read_bytes()
    for offset in range(0, len(whole), 211):
        log.write_bytes(whole[:offset] + bytes([whole[offset] ^ 0x55]) + whole[offset + 1 :])
        unfinished.write_bytes(main)
        sizes, blocks = content(unfinished)
        sizes["run 0"].pop(100, None)
        assert blocks.pop(100, None) in (None, bits(block_of(100)))
        assert (sizes, blocks) == WHOLE


# ---- disks


FILLER = """
import itertools, resource, sys
import numpy as np
from montecarlo.runs.block_store import BlockStore
from theory.ensembles import InvalidArgument
if sys.argv[2] != "no limit":
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
written = 0
try:
    with BlockStore.open(sys.argv[1], {"seed": "0"}) as store:
        for block in itertools.count():
            store.put("r", block, 1, {"a": np.full(2_000, block)})
            written += 1
except InvalidArgument as refused:
    print(written, refused)
with BlockStore.open(sys.argv[1], {"seed": "0"}) as store:
    print(sorted(store.sizes("r")) == list(range(written)))
    print(all((store.get("r", b)["a"] == b).all() for b in range(written)))
"""


def test_a_file_that_may_not_grow_keeps_its_blocks(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FILLER, tmp_path / "s", "500000"], capture_output=True, text=True, check=False
    )
    first, *rest = done.stdout.splitlines()
    written, said = first.split(maxsplit=1)
    assert int(written) > 5
    assert said.startswith(f"store: {tmp_path / 's'} cannot be read and written (disk I/O error); ")
    assert said.endswith(f": {written} finished blocks are safe")
    assert (rest, done.stderr) == (["True", "True"], "")
    with BlockStore.open(tmp_path / "s", {"seed": "0"}) as store:
        assert len(store.sizes("r")) == int(written)


def in_small_disk(command, folder):
    """Run a shell command where the folder is a disk of 400 KiB of its own."""
    mounted = f"mount -t tmpfs -o size=400k tmpfs {folder} && {command}"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    return subprocess.run(
        ["unshare", "-rm", "sh", "-c", mounted], env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def disk(tmp_path):
    if shutil.which("unshare") is None or in_small_disk("true", tmp_path).returncode:
        pytest.skip("this system lets nobody mount a small disk")
    return tmp_path


def test_a_full_disk_keeps_its_blocks(disk):
    (disk.parent / "fill.py").write_text(FILLER)
    done = in_small_disk(f"{sys.executable} {disk.parent / 'fill.py'} {disk}/s 'no limit'", disk)
    first, *rest = done.stdout.splitlines()
    written, said = first.split(maxsplit=1)
    assert int(written) > 5
    assert said.startswith(f"store: the disk is full, so that {disk}/s cannot grow; free some space and run again: ")
    assert said.endswith(f" {written} finished blocks are safe")
    assert (rest, done.stderr) == (["True", "True"], "")


def test_no_room_even_to_begin(disk):
    (disk.parent / "fill.py").write_text(FILLER)
    full = f"dd if=/dev/zero of={disk}/zeros bs=4k status=none; true"
    done = in_small_disk(
        f"{{ {full}; }} 2>/dev/null; {sys.executable} {disk.parent / 'fill.py'} {disk}/s 'no limit'", disk
    )
    assert done.stdout.startswith("0 store: the disk is full")


def test_a_read_only_disk_is_refused(disk):
    (disk.parent / "fill.py").write_text(FILLER)
    fill = f"{sys.executable} {disk.parent / 'fill.py'} {disk}/s 'no limit'"
    done = in_small_disk(f"mount -o remount,ro {disk} && {fill}", disk)
    assert done.stdout == f"0 store: nothing can be written in the folder {disk}; use another folder\n"
    done = in_small_disk(f"{fill} >/dev/null; mount -o remount,ro {disk} && {fill}", disk)
    assert done.stdout == f"0 store: {disk}/s is not to be read and written; change its permissions or copy it\n"


# ---- company


def test_a_locked_file_is_waited_for_then_refused(file, monkeypatch):
    monkeypatch.setattr(block_store, "BUSY_SECONDS", 0.2)
    other = sqlite3.connect(file, isolation_level=None)
    with BlockStore.open(file, SETTINGS) as store:
        other.execute("BEGIN IMMEDIATE")
        said = refusal(store.put, "run 0", 100, 1, {})
        assert f"store: {file} is locked by another process for more than 0.2 s; wait" in said
        assert said.endswith(": 12 finished blocks are safe")
        assert store.sizes("run 0") == WHOLE[0]["run 0"]
        other.execute("ROLLBACK")
        store.put("run 0", 100, 1, {})
        assert 100 in store.sizes("run 0")
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    assert "is locked by another process" in refusal(BlockStore.open, file, SETTINGS)
    other.close()
    assert 100 in content(file)[0]["run 0"]


def test_many_threads_share_a_store_and_stores_a_file(tmp_path):
    file = tmp_path / "s"
    together = threading.Barrier(8)

    def write(worker):
        together.wait()
        with BlockStore.open(file, SETTINGS) as own:
            together.wait()
            for block in range(worker, 160, 8):
                (own if block % 3 else shared).put("r", block, 1 + block, block_of(block))
                assert bits((shared if block % 3 else own).get("r", block)) == bits(block_of(block))
            together.wait()

    with BlockStore.open(tmp_path / "s", SETTINGS) as shared, ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    with BlockStore.open(file, SETTINGS) as store:
        assert store.sizes("r") == {block: 1 + block for block in range(160)}
        assert all(bits(store.get("r", block)) == bits(block_of(block)) for block in range(160))
    assert os.listdir(tmp_path) == ["s"]


def test_several_processes_may_make_a_file_at_once(tmp_path):
    """One makes it, the others find it made; with other settings they are refused."""
    make = "import sys\nfrom montecarlo.runs.block_store import BlockStore\n"
    make += "print('ready', flush=True)\nsys.stdin.read(1)\n"
    make += "with BlockStore.open(sys.argv[1], {'seed': '0'}) as s: s.put('r', int(sys.argv[2]), 1, {})"
    command = [sys.executable, "-c", make, str(tmp_path / "s")]
    makers = [
        subprocess.Popen(
            [*command, str(i)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for i in range(4)
    ]
    for maker in makers:
        assert maker.stdout.readline() == "ready\n"
    for maker in makers:
        maker.stdin.write("x")
        maker.stdin.flush()
    assert [maker.communicate()[1] for maker in makers] == [""] * 4
    with BlockStore.open(tmp_path / "s", {"seed": "0"}) as store:
        assert store.sizes("r") == dict.fromkeys(range(4), 1)
    assert os.listdir(tmp_path) == ["s"]


def test_a_file_that_another_process_is_making_is_taken_as_it_is(file, monkeypatch):
    """Between the look at it and the lock on it, or before it has a log while somebody reads it."""
    monkeypatch.setattr(block_store, "BUSY_SECONDS", 0.1)
    monkeypatch.setattr(block_store, "_has_no_pages", lambda connection: True)
    assert content(file) == WHOLE
    monkeypatch.undo()
    monkeypatch.setattr(block_store, "BUSY_SECONDS", 0.1)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("PRAGMA journal_mode = DELETE")
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM blocks").fetchone()
    assert content(file) == WHOLE
    other.close()


def test_an_interrupted_put_leaves_no_transaction_open(file, monkeypatch):
    with BlockStore.open(file, SETTINGS) as store:
        real = store._connection

        class Interrupted:
            def execute(self, sql, *arguments):
                if "INSERT" in sql:
                    real.execute(sql, *arguments)
                    raise KeyboardInterrupt
                return real.execute(sql, *arguments)

            def __getattr__(self, name):
                return getattr(real, name)

        store._connection = Interrupted()
        with pytest.raises(KeyboardInterrupt):
            store.put("run 0", 100, 1, {})
        store._connection = real
        store.put("run 0", 102, 1, {})
        assert store.sizes("run 0") == {**WHOLE[0]["run 0"], 102: 1}

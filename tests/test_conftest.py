"""What all tests share works however they are started."""

import ast
import signal
import subprocess
import sys
from pathlib import Path

import pytest

TAKES_CTRL_C = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"


def taken():
    return subprocess.run([sys.executable, "-S", "-c", TAKES_CTRL_C], capture_output=True, check=True).stdout


@pytest.fixture
def ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ignored")
def test_processes_that_a_test_starts_take_ctrl_c_even_where_it_is_ignored(request):
    assert taken() == b"False\n"
    request.getfixturevalue("interruptible")
    assert taken() == b"True\n"


def sends_ctrl_c(node):
    return any(isinstance(part, ast.Attribute) and part.attr == "SIGINT" for part in ast.walk(node))


TESTS = [path for path in Path(__file__).parent.rglob("test_*.py") if path != Path(__file__)]


def test_whatever_sends_ctrl_c_sees_to_it_that_it_is_taken():
    senders = {
        f"{path.name}::{node.name}": [ast.unparse(decorator) for decorator in node.decorator_list]
        for path in TESTS
        if "SIGINT" in (text := path.read_text(encoding="utf-8"))
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and sends_ctrl_c(node)
    }
    assert len(senders) >= 3
    assert [name for name, marks in senders.items() if "pytest.mark.usefixtures('interruptible')" not in marks] == []

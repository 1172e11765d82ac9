"""A real scheduler and real workers on this machine: results right and in order, whoever is killed."""

import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import count, islice
from pathlib import Path

import distributed
import pytest

from montecarlo import ActivationNorms, GradientNorms, simulate
from montecarlo.drawing.streams import Partition
from montecarlo.workers.places import cluster, processes
from montecarlo.workers.workers import in_task_order
from theory.ensembles import Ensemble, InvalidArgument

pytestmark = pytest.mark.cluster

PATHS = str(Path(__file__).parents[2])


# ---- what the tasks do; workers import them from here


def square(x):
    return x * x


def slow(x):
    time.sleep(0.05)
    return x


def three_is_wrong(x):
    if x == 3:
        raise ZeroDivisionError("three")
    return x


def dies(x, fatal):
    if x == fatal:
        os.kill(os.getpid(), signal.SIGKILL)
    return x


def where(x):
    return os.getpid()


def shape(pair, function):
    """Arguments that Dask would take for a task and a key, were they not kept from it."""
    return type(pair).__name__, len(pair), function(-3)


# ---- clusters


class Machines:
    """A scheduler and workers, each a process on this machine."""

    def __init__(self, stack, folder, **environment):
        self._stack, self._folder = stack, folder
        self._environment = {**os.environ, "PYTHONPATH": PATHS, **environment}
        self._environment["DASK_DISTRIBUTED__WORKER__DAEMON"] = "False"
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show")
        self.address = self._heard(self.scheduler, "Scheduler at:").split()[-1]
        self.workers = []

    def add_worker(self, **environment):
        self._environment.update(environment)
        options = (
            *["--no-nanny", "--no-dashboard", "--nthreads", "1", "--host", "127.0.0.1", "--local-directory"],
            str(self._folder),
        )
        self.workers.append(self._start("worker", self.address, *options))
        self._heard(self.workers[-1], "Starting established connection")

    def _start(self, kind, *options):
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *options]
        pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
        process = subprocess.Popen(command, cwd=self._folder, env=self._environment, start_new_session=True, **pipes)
        self._stack.enter_context(process)
        self._stack.callback(process.kill)
        return process

    def _heard(self, process, words):
        """Wait for a line of a process's log, and let nobody wait for the rest."""
        for line in process.stderr:
            if words in line:
                rest = threading.Thread(target=process.stderr.read)
                rest.start()
                self._stack.callback(rest.join)
                self._stack.callback(process.kill)
                return line
        raise RuntimeError(f"{process.args} ended")


@contextmanager
def machines(folder, workers, **environment):
    with ExitStack() as stack:
        made = Machines(stack, folder, **environment)
        for _ in range(workers):
            made.add_worker()
        yield made


@pytest.fixture(scope="module")
def lasting(tmp_path_factory):
    """Two workers that no test harms."""
    with machines(tmp_path_factory.mktemp("dask"), workers=2) as made:
        yield made


@pytest.fixture(autouse=True)
def nothing_is_left():
    """No thread, no log filter."""
    before = threading.active_count()
    yield
    assert not any(thread.name == "cluster" for thread in threading.enumerate())
    assert threading.active_count() <= before + 4  # Dask offloads to threads that it keeps; tests drain logs
    assert not any(
        logging.getLogger(name).filters for name in ("distributed", "distributed.client", "distributed.core")
    )


def refusal(act, *arguments):
    with pytest.raises(InvalidArgument) as refused:
        act(*arguments)
    assert refused.value.argument == "cluster"
    assert "\n" not in str(refused.value)
    return str(refused.value)


def connect(*arguments):
    with cluster(*arguments):
        pass


# ---- when all is well


def test_results_come_in_task_order(lasting):
    with cluster(lasting.address) as workers:
        assert workers.travels
        with pytest.raises(ValueError, match="No clients found"):
            distributed.default_client()  # what else this process does with Dask does not go there
        assert list(in_task_order(square, ((i,) for i in range(50)), workers)) == [i * i for i in range(50)]
        assert list(in_task_order(square, [], workers)) == []
        found = set(in_task_order(where, [(i,) for i in range(40)], workers))
        assert found == {worker.pid for worker in lasting.workers}


def test_arguments_come_through_as_they_are(lasting):
    with cluster(lasting.address) as workers:
        assert list(in_task_order(shape, [((abs, -3), abs)], workers)) == [("tuple", 2, 3)]


def test_tasks_are_drawn_as_they_are_needed_and_dropped_at_the_end(lasting):
    drawn = count()
    with distributed.Client(lasting.address, set_as_default=False) as other:

        def there():
            return other.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks))

        with cluster(lasting.address) as workers:
            results = in_task_order(slow, ((next(drawn),) for _ in count()), workers)  # endless
            assert list(islice(results, 8)) == list(range(8))
            assert next(drawn) <= 8 + 2 * 2 + 2
            results.close()
            deadline = time.monotonic() + 5
            while there():
                assert time.monotonic() < deadline
                time.sleep(0.01)
            assert list(in_task_order(square, [(3,)], workers)) == [9]
        assert len(other.nthreads()) == 2  # the cluster goes on


def test_an_error_of_the_function_comes_unchanged_and_in_its_turn(lasting):
    seen = []
    with cluster(lasting.address) as workers:
        with pytest.raises(ZeroDivisionError, match=r"^three$"):
            seen.extend(in_task_order(three_is_wrong, ((i,) for i in range(10**9)), workers))
        assert list(in_task_order(square, [(3,)], workers)) == [9]
    assert seen == [0, 1, 2]


def test_several_threads_share_a_cluster(lasting):
    with cluster(lasting.address) as workers, ThreadPoolExecutor(3) as users:
        runs = [users.submit(lambda: list(in_task_order(square, [(i,) for i in range(30)], workers))) for _ in range(3)]
        assert [run.result() for run in runs] == [[i * i for i in range(30)]] * 3


def test_a_closed_cluster_says_so(lasting):
    with cluster(lasting.address) as workers:
        pass
    with pytest.raises(InvalidArgument, match=r"^workers: take no more tasks"):
        list(in_task_order(square, [(1,)], workers))
    workers.close()


# ---- when somebody is killed


def test_a_killed_worker_costs_only_its_tasks(tmp_path):
    with machines(tmp_path, workers=2) as made, cluster(made.address) as workers:
        results = in_task_order(slow, ((i,) for i in range(40)), workers)
        seen = list(islice(results, 10))
        made.workers[0].kill()
        assert seen + list(results) == list(range(40))
        assert set(in_task_order(where, [(0,)], workers)) == {made.workers[1].pid}


def test_a_task_that_always_kills_its_worker_is_given_up(tmp_path):
    allowed = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}
    with machines(tmp_path, workers=3, **allowed) as made, cluster(made.address) as workers:
        said = refusal(list, in_task_order(dies, ((i, 5) for i in range(10**9)), workers))
        assert re.match(r"cluster: workers that are given task \d die again and again \(out of memory\?\); ", said)
        assert list(in_task_order(square, [(3,)], workers)) == [9]


def test_a_cluster_without_workers_is_given_up(tmp_path):
    with machines(tmp_path, workers=0) as made:
        said = refusal(connect, made.address, 0.5)
        assert (
            said
            == f"cluster: the scheduler at {made.address} has no workers yet; start some: dask worker {made.address}"
        )
        made.add_worker()
        with cluster(made.address, 2) as workers:
            results = in_task_order(slow, ((i,) for i in range(1000)), workers)
            assert list(islice(results, 3)) == [0, 1, 2]
            made.workers[0].kill()
            assert "has no workers left; start some" in refusal(list, results)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM])
def test_a_scheduler_that_is_lost_is_given_up(tmp_path, end):
    with machines(tmp_path, workers=1) as made, cluster(made.address, 2) as workers:
        results = in_task_order(slow, ((i,) for i in range(1000)), workers)
        assert list(islice(results, 3)) == [0, 1, 2]
        began = time.monotonic()
        made.scheduler.send_signal(end)
        lost = (
            f"cluster: the connection to the scheduler at {made.address} was lost; see whether it runs, and run again"
        )
        assert refusal(list, results) == lost
        assert refusal(list, in_task_order(square, [(1,)], workers)) == lost
        assert time.monotonic() - began < 15


# ---- who may not work


OTHER = """
import importlib.metadata as metadata
import {module}
real = metadata.version
metadata.version = lambda name: {changed!r} if name == {name!r} else real(name)
if hasattr({module}, "__version__"):
    {module}.__version__ = {changed!r}
"""


@pytest.mark.parametrize(
    ("name", "module", "said"),
    [("numpy", "numpy", "NumPy 0.9.9, not "), ("vanishing-curvature", "theory", "vanishing-curvature 0.9.9, not ")],
)
def test_workers_of_other_versions_are_refused(tmp_path, name, module, said):
    """When the connection is made, and also those that come later."""
    (tmp_path / "sitecustomize.py").write_text(OTHER.format(name=name, module=module, changed="0.9.9"))
    with machines(tmp_path, workers=1) as made:
        with cluster(made.address) as workers:
            assert list(in_task_order(square, [(3,)], workers)) == [9]
            made.add_worker(PYTHONPATH=f"{tmp_path}:{PATHS}")
            made.workers[0].kill()
            refused = refusal(list, in_task_order(square, [(3,)], workers))
            assert refused.startswith(f"cluster: a worker has {said}")
        refused = refusal(connect, made.address)
        assert refused.startswith("cluster: worker tcp://127.0.0.1:")
        assert f" has {said}" in refused
        assert refused.endswith(" as here, so that its bits may differ; install the same versions there")


# ---- nobody there


@contextmanager
def listener(answer):
    """A port where somebody listens, and perhaps answers, who is no scheduler."""
    with socket.create_server(("127.0.0.1", 0)) as server, ExitStack() as stack:

        def serve():
            while True:
                try:
                    connection = stack.enter_context(server.accept()[0])
                    if answer:
                        connection.sendall(answer)
                        connection.shutdown(socket.SHUT_WR)
                except OSError:
                    return

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x00" * 64])
def test_what_is_no_scheduler_is_given_up_in_time(answer):
    with listener(answer) as port:
        began = time.monotonic()
        said = refusal(connect, f"127.0.0.1:{port}", 1)
        assert time.monotonic() - began < 8
        assert said.startswith(("cluster: no scheduler answers at 127.0.0.1:", "cluster: what answers at 127.0.0.1:"))


@pytest.mark.parametrize("host", ["127.0.0.1", "no.such.host.invalid", "[::1]"])
def test_nobody_answers_in_time(host):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    began = time.monotonic()
    said = refusal(connect, f"tcp://{host}:{port}", 1)
    assert said == (
        f"cluster: no scheduler answers at tcp://{host}:{port} within 1 s; "
        "start one (dask scheduler), or correct the address"
    )
    assert time.monotonic() - began < 8


# ---- quiet

SCRIPT = """
import sys
from montecarlo.workers.places import cluster
from montecarlo.workers.workers import in_task_order
from theory.ensembles import InvalidArgument
from tests.cluster.test_dask import slow
try:
    with cluster(sys.argv[1], 3) as workers:
        for x in in_task_order(slow, ((i,) for i in range(int(sys.argv[2]))), workers):
            print(f"{x}\\n", end="", flush=True)  # one write: an interrupt may come between a number and its end
except (InvalidArgument, KeyboardInterrupt) as reason:
    print(type(reason).__name__)
"""


def script(*arguments):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "start_new_session": True}
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *arguments], env={**os.environ, "PYTHONPATH": PATHS}, **pipes
    )


def heard(running, lines):
    assert [running.stdout.readline() for _ in range(lines)] == [f"{x}\n" for x in range(lines)]


def test_nothing_is_on_stderr_when_all_is_well(lasting):
    with script(lasting.address, "5") as running:
        assert running.communicate(timeout=30) == ("0\n1\n2\n3\n4\n", "")


def test_nothing_is_on_stderr_when_nobody_answers():
    with script("127.0.0.1:9", "5") as running:
        assert running.communicate(timeout=30) == ("InvalidArgument\n", "")


@pytest.mark.usefixtures("interruptible")
def test_nothing_is_on_stderr_after_ctrl_c(lasting):
    with script(lasting.address, "10000") as running:
        heard(running, 3)
        os.killpg(running.pid, signal.SIGINT)
        out, errors = running.communicate(timeout=30)
    assert (out.splitlines()[-1], errors) == ("KeyboardInterrupt", "")


def test_nothing_is_on_stderr_when_the_scheduler_is_killed(tmp_path):
    with machines(tmp_path, workers=1) as made, script(made.address, "10000") as running:
        heard(running, 3)
        made.scheduler.kill()
        out, errors = running.communicate(timeout=30)
    assert (out.splitlines()[-1], errors) == ("InvalidArgument", "")


OWN = """
from dataclasses import dataclass

import sympy as sp

from montecarlo import ActivationNorms
from proofs_check import Mean, Mutant, Simulated, Statement, assumptions
from theory import Ensemble


@dataclass(frozen=True)
class Own(ActivationNorms):
    pass


def one(net):
    return sp.Integer(1)


CHECK = Simulated("mean", Ensemble(width=2, depth=1), Own((1,)), "a_1", Mean(1, one), tolerance=0.5, samples=5000)
STATEMENTS = (
    Statement(id="own.mean", title="The mean is 1.", latex="1", source="here", claim=one, evidence=(CHECK,),
              assumptions=(assumptions.LINEAR,), mutants=(Mutant("2", lambda net: sp.Integer(2)),)),
)
"""


@pytest.mark.parametrize("name", ["own.py", "own_module"])
def test_statements_with_an_observable_that_no_worker_can_import_are_measured_here(
    lasting, tmp_path, monkeypatch, name
):
    from proofs_check import registry, verify

    for file in ("own.py", "own_module.py"):
        (tmp_path / file).write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    statements = registry.load(tmp_path / name if name.endswith(".py") else name)
    with cluster(lasting.address) as workers:
        found = verify(statements, executor=workers, jobs=2)
    assert found.results == verify(statements).results
    assert found.exit_status == 0


def test_a_simulation_has_the_same_bits_on_a_cluster_in_processes_and_here(lasting):
    net = Ensemble(width=64, depth=16, activation="relu", init="he")
    observables = [ActivationNorms(), GradientNorms()]
    assert len(Partition.of(net).blocks(900)) >= 3
    alone = simulate(net, observables, samples=900, seed=4)
    with cluster(lasting.address) as on_dask, processes(2) as in_processes:
        for workers in (on_dask, in_processes):
            elsewhere = simulate(net, observables, samples=900, seed=4, executor=workers)
            for observable in observables:
                assert elsewhere[observable].logs.tobytes() == alone[observable].logs.tobytes()
                assert elsewhere[observable].mean.tobytes() == alone[observable].mean.tobytes()

"""Results come in task order on any workers, a bounded number at a time, also when workers die."""

import os
import pickle
import select
import signal
import subprocess
import sys
import threading
import time
import types
import weakref
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import count, islice
from pathlib import Path

import pytest

from montecarlo.workers import processes as processes_of
from montecarlo.workers.places import borrowed, cluster, processes, serial, threads, worker_pool, workers_for
from montecarlo.workers.workers import CannotTravel, KillsWorkers, Workers, in_task_order
from theory.ensembles import InvalidArgument

REPOSITORY = str(Path(__file__).parents[3])


def refusal(act, *arguments):
    with pytest.raises(InvalidArgument) as refused:
        act(*arguments)
    assert "\n" not in str(refused.value)
    return str(refused.value)


# ---- what the tasks do; worker processes import them from here


def square(x):
    return x * x


def where(x):
    return os.getpid()


def three_is_wrong(x):
    if x == 3:
        raise ZeroDivisionError("three")
    return x


def breaks_by_itself(x):
    raise BrokenProcessPool("mine")


def dies_once(x, fatal, marker):
    """Kill the process that first runs task `fatal`."""
    if x == fatal and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return x


def dies_at_each_ten(x, folder):
    """Kill the process that first runs a task that ends in 9."""
    marker = folder / str(x)
    if x % 10 == 9 and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return x


def dies(x, fatal):
    if x == fatal:
        os.kill(os.getpid(), signal.SIGKILL)
    return x


def dies_in_company(x, marker, others):
    """Task 4 kills its process three times, each time without a result in between, since all others wait for it."""
    if x == 4 and len(list(marker.parent.glob("death-*"))) < others:
        (marker.parent / f"death-{time.monotonic_ns()}").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return x


def waits(x, fifo):
    """Tell the reader of a named pipe who is at it, then go on for ever."""
    with open(fifo, "w") as told:
        told.write(f"{os.getpid()}\n")
    threading.Event().wait()


# ---- order, laziness, bounds


@contextmanager
def pool_of_threads():
    with ThreadPoolExecutor(3) as pool, borrowed(pool, width=3) as workers:
        yield workers


KINDS = {
    "serial": serial,
    "threads": lambda: threads(3),
    "processes": lambda: processes(2),
    "borrowed": pool_of_threads,
    "one job": lambda: worker_pool(1),
    "two jobs": lambda: workers_for(2),
}


@pytest.mark.parametrize("kind", KINDS)
def test_results_come_in_task_order(kind):
    with KINDS[kind]() as workers:
        assert list(in_task_order(square, ((i,) for i in range(50)), workers)) == [i * i for i in range(50)]
        assert list(in_task_order(square, [], workers)) == []
        assert list(in_task_order(pow, [(2, 5), (3, 2)], workers)) == [32, 9]


def test_order_is_that_of_the_tasks_not_that_of_their_ends():
    ended = []
    turns = [threading.Event() for _ in range(4)]
    turns[3].set()

    def backwards(i):
        assert turns[i].wait(10)
        ended.append(i)
        if i:
            turns[i - 1].set()
        return i

    with threads(4) as workers:
        assert list(in_task_order(backwards, [(i,) for i in range(4)], workers)) == [0, 1, 2, 3]
    assert ended == [3, 2, 1, 0]


@pytest.mark.parametrize("kind", ["serial", "threads", "processes", "borrowed"])
def test_tasks_are_drawn_as_they_are_needed(kind):
    drawn = count()
    with KINDS[kind]() as workers:
        results = in_task_order(square, ((next(drawn),) for _ in count()), workers)  # endless
        assert list(islice(results, 20)) == [i * i for i in range(20)]
        results.close()
    assert next(drawn) <= 20 + 2 * 3 + 2


class Counting(ThreadPoolExecutor):
    """Counts the futures that are neither dropped nor yielded."""

    def __init__(self, width):
        super().__init__(width)
        self.submitted = 0

    def submit(self, *call):
        self.submitted += 1
        return super().submit(*call)


@pytest.mark.parametrize("width", [1, 3])
def test_the_window_is_bounded_and_full(width):
    """All workers are busy while a result is used, and never many results wait."""
    with Counting(width) as pool, borrowed(pool, width=width) as workers:
        ahead = [
            pool.submitted - i for i, _ in enumerate(in_task_order(square, ((i,) for i in range(300)), workers), 1)
        ]
    assert pool.submitted == 300
    assert set(ahead[:200]) == {2 * width + 1}


def test_processes_are_other_processes_and_few():
    with processes(2) as workers:
        found = set(in_task_order(where, [(i,) for i in range(30)], workers))
    assert 1 <= len(found) <= 2
    assert os.getpid() not in found
    with serial() as workers:
        assert set(in_task_order(where, [(1,)], workers)) == {os.getpid()}


def test_several_threads_share_workers():
    with processes(2) as workers, ThreadPoolExecutor(4) as users:
        runs = [users.submit(lambda: list(in_task_order(square, [(i,) for i in range(40)], workers))) for _ in range(4)]
        assert [run.result() for run in runs] == [[i * i for i in range(40)]] * 4


def test_what_is_lent_stays_open():
    with ThreadPoolExecutor(1) as pool:
        with workers_for(2, pool) as workers:
            assert list(in_task_order(square, [(2,)], workers)) == [4]
        assert pool.submit(square, 3).result() == 9
    with threads(1) as mine:
        with workers_for(2, mine) as workers:
            assert workers is mine
        assert list(in_task_order(square, [(2,)], mine)) == [4]


def test_whether_tasks_travel():
    assert [KINDS[kind]().travels for kind in ("serial", "threads", "processes")] == [False, False, True]


# ---- errors


@pytest.mark.parametrize("kind", ["serial", "threads", "processes", "borrowed"])
def test_an_error_of_the_function_comes_unchanged_and_in_its_turn(kind):
    seen = []
    with KINDS[kind]() as workers:
        with pytest.raises(ZeroDivisionError, match=r"^three$"):
            seen.extend(in_task_order(three_is_wrong, ((i,) for i in range(10**9)), workers))
        assert list(in_task_order(square, [(4,)], workers)) == [16]
    assert seen == [0, 1, 2]


def test_an_error_of_the_tasks_comes_unchanged():
    def tasks():
        yield (1,)
        raise ZeroDivisionError("tasks")

    with threads(2) as workers, pytest.raises(ZeroDivisionError, match="tasks"):
        list(in_task_order(square, tasks(), workers))


@pytest.fixture
def pools(monkeypatch):
    """The sizes of all process pools that are made."""
    made = []
    real = processes_of._spawning
    monkeypatch.setattr(processes_of, "_spawning", lambda size: made.append(size) or real(size))
    return made


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_an_error_that_says_that_a_pool_broke_is_still_the_functions_own(kind, pools):
    with KINDS[kind]() as workers:
        assert list(in_task_order(square, [(3,)], workers)) == [9]
        with pytest.raises(BrokenProcessPool, match=r"^mine$"):
            list(in_task_order(breaks_by_itself, [(1,)], workers))
    assert len(pools) == (kind == "processes")


class Manual:
    """An executor whose futures are left alone."""

    def __init__(self):
        self.futures = []

    def submit(self, function, *arguments):
        self.futures.append(Future())
        return self.futures[-1]


def test_a_result_is_not_kept_once_it_is_used():
    pool, kept = Manual(), []
    results = in_task_order(square, [(1,), (2,)], borrowed(pool, width=1))

    def second():
        kept.append(first() is not None)
        pool.futures[1].set_result(None)

    threading.Timer(0.05, lambda: pool.futures[0].set_result(Manual())).start()
    first = weakref.ref(next(results))
    pool.futures[0] = None
    threading.Timer(0.2, second).start()
    assert next(results) is None
    assert kept == [False]


@pytest.mark.parametrize("end", ["closed", "failed", "forgotten"])
def test_what_has_not_begun_is_cancelled_at_the_end(end):
    pool = Manual()
    results = in_task_order(square, ((i,) for i in range(100)), borrowed(pool, width=2))
    timer = threading.Timer(0.05, lambda: pool.futures[0].set_result(0))
    timer.start()
    assert next(results) == 0
    if end == "closed":
        results.close()
    elif end == "failed":
        pool.futures[1].set_exception(ZeroDivisionError())
        with pytest.raises(ZeroDivisionError):
            next(results)
    else:
        del results
    assert len(pool.futures) >= 6
    assert all(future.cancelled() for future in pool.futures[2:])


def test_closing_drops_what_has_not_begun():
    begun, go_on = [], threading.Event()

    def block(i):
        begun.append(i)
        assert go_on.wait(10)

    with ThreadPoolExecutor(1) as other:
        workers = threads(1)
        run = other.submit(lambda: list(in_task_order(block, [(i,) for i in range(50)], workers)))
        while not begun:
            time.sleep(0.001)
        closing = threading.Thread(target=workers.close)
        closing.start()
        with pytest.raises((CancelledError, InvalidArgument)):  # dropped, or refused: closing has got that far
            list(in_task_order(square, [(1,)], workers))
        go_on.set()
        closing.join()
        assert run.exception() is not None
    assert begun == [0]


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_closed_workers_say_so(kind):
    with KINDS[kind]() as workers:
        pass
    said = refusal(list, in_task_order(square, [(1,)], workers))
    assert said.startswith("workers: take no more tasks (")
    workers.close()


def test_a_users_executor_that_is_shut_down():
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    said = refusal(list, in_task_order(square, [(1,)], borrowed(pool)))
    assert (
        said
        == "executor: takes no more tasks (cannot schedule new futures after shutdown); keep it open while it is used"
    )


def test_a_users_executor_that_is_shut_down_meanwhile():
    pool = ThreadPoolExecutor(1)
    hold = threading.Event()
    results = in_task_order(lambda i: i == 0 or hold.wait(10), ((i,) for i in range(4)), borrowed(pool, width=1))
    assert next(results) is True
    pool.shutdown(wait=False, cancel_futures=True)
    hold.set()
    assert refusal(list, results) == "executor: broke down; make a new one, or use jobs=2"


def test_a_users_executor_that_breaks():
    with ProcessPoolExecutor(1) as pool:
        said = refusal(list, in_task_order(dies, [(i, 1) for i in range(4)], borrowed(pool)))
        assert said.startswith("executor: broke down (A process in the process pool was terminated abruptly")
        assert said.endswith("; make a new one, or use jobs=2")
        assert refusal(list, in_task_order(square, [(1,)], borrowed(pool))).startswith("executor: broke down (")


@pytest.mark.parametrize("wrong", [0, -1, 1.5, "2", True, None])
def test_bad_counts_are_named(wrong):
    for make, argument in ((threads, "threads"), (processes, "jobs"), (worker_pool, "jobs")):
        assert refusal(make, wrong).startswith(f"{argument}: must be an integer of at least 1, got {wrong!r}; use e.g.")
    if wrong is not None:
        assert refusal(borrowed, ThreadPoolExecutor(1), wrong).startswith("width: ")


@pytest.mark.parametrize("wrong", [3, "pool", ThreadPoolExecutor])
def test_what_is_no_executor_is_named(wrong):
    assert refusal(borrowed, wrong).startswith("executor: ")
    assert isinstance(borrowed(ThreadPoolExecutor(1)), Workers)


# ---- worker processes that die


def test_a_killed_worker_costs_only_its_tasks(tmp_path):
    for fatal in (0, 7, 39):
        marker = tmp_path / str(fatal)
        tasks = ((i, fatal, marker) for i in range(40))
        with processes(2) as workers:
            assert list(in_task_order(dies_once, tasks, workers)) == list(range(40))
            assert list(in_task_order(square, [(3,)], workers)) == [9]
        assert marker.exists()


def test_losses_with_results_in_between_are_no_reason_to_run_tasks_alone(tmp_path, pools):
    with processes(2) as workers:
        assert list(in_task_order(dies_at_each_ten, ((i, tmp_path) for i in range(40)), workers)) == list(range(40))
    assert len(os.listdir(tmp_path)) == 4
    assert pools == [2] * (1 + 4)


def test_a_killed_worker_is_replaced_once_for_all_who_share_the_pool(tmp_path, pools):
    marker = tmp_path / "marker"
    with processes(2) as workers, ThreadPoolExecutor(3) as users:
        assert list(in_task_order(square, [(3,)], workers)) == [9]
        runs = [
            users.submit(lambda: list(in_task_order(dies_once, [(i, 9, marker) for i in range(30)], workers)))
            for _ in range(3)
        ]
        assert [run.result() for run in runs] == [list(range(30))] * 3
    assert marker.exists()
    assert pools == [2, 2]


def test_a_worker_killed_while_idle_is_replaced():
    with processes(1) as workers:
        (worker,) = in_task_order(where, [(0,)], workers)
        with gone(worker):
            os.kill(worker, signal.SIGKILL)
        assert list(in_task_order(square, [(i,) for i in range(5)], workers)) == [0, 1, 4, 9, 16]


@pytest.mark.parametrize("fatal", [0, 5])
def test_a_task_that_always_kills_its_worker_is_named(fatal):
    with processes(2) as workers:
        results = in_task_order(dies, ((i, fatal) for i in range(10**9)), workers)
        assert list(islice(results, fatal)) == list(range(fatal))
        with pytest.raises(
            KillsWorkers, match=rf"jobs: task {fatal} kills its worker process, even alone \(out of memory\?\); "
        ):
            next(results)
        assert list(in_task_order(square, [(3,)], workers)) == [9]


def test_what_a_worker_cannot_import_is_an_error_of_its_task_and_kills_no_worker(monkeypatch, capfd):
    """A module that only this process has, such as a notebook's or a script's on stdin."""
    module = types.ModuleType("only_here")
    exec("def more(x):\n    return x + 1", module.__dict__)
    monkeypatch.setitem(sys.modules, "only_here", module)
    with processes(1) as workers:
        with pytest.raises(CannotTravel, match=r"^jobs: worker processes cannot import what a task needs \(No module"):
            list(in_task_order(module.more, [(1,)], workers))
        assert list(in_task_order(square, [(3,)], workers)) == [9]
    assert capfd.readouterr() == ("", "")


def test_what_cannot_be_sent_is_told_when_its_turn_has_come():
    with processes(1) as workers:
        results = in_task_order(square, [(2,), (lambda: None,)], workers)
        assert next(results) == 4
        with pytest.raises((AttributeError, TypeError, pickle.PicklingError)):
            next(results)


def test_a_task_that_survives_alone_is_not_blamed(tmp_path):
    with processes(1) as workers:
        tasks = ((i, tmp_path / "x", 3) for i in range(4, 10))
        assert list(in_task_order(dies_in_company, tasks, workers)) == list(range(4, 10))
    assert len(list(tmp_path.glob("death-*"))) == 3


def test_another_users_killer_is_not_blamed_on_this_one():
    with processes(2) as workers, ThreadPoolExecutor(2) as users:
        bad = users.submit(lambda: list(in_task_order(dies, [(i, 3) for i in range(40)], workers)))
        good = users.submit(lambda: list(in_task_order(square, [(i,) for i in range(40)], workers)))
        assert good.result() == [i * i for i in range(40)]
        assert "task 3 kills" in str(bad.exception())


def script(folder, text):
    path = folder / "script.py"
    path.write_text(text)
    return [sys.executable, str(path)], {**os.environ, "PYTHONPATH": REPOSITORY}


def test_a_script_without_a_guard_is_told_so(tmp_path):
    """Worker processes import the script again, which would start workers in them."""
    imports = "from montecarlo.workers.places import *\nfrom montecarlo.workers.workers import *\n"
    text = f"{imports}with processes(1) as w: list(in_task_order(abs, [(1,)], w))\n"
    command, environment = script(tmp_path, text)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    said = "jobs: worker processes die as they start; put what the script does under if __name__ == '__main__':, "
    assert done.stderr.splitlines()[-1].endswith(f"{said}or use jobs=1")


@contextmanager
def gone(*processes):
    """Wait at the end until these processes, children or not, are no more."""
    if not hasattr(os, "pidfd_open"):
        pytest.skip("needs Linux")
    watched = [os.pidfd_open(process) for process in processes]
    yield
    for process, watch in zip(processes, watched, strict=True):
        assert select.select([watch], [], [], 10)[0], f"{process} is still there"
        os.close(watch)


WAITING = """
import sys
from tests.montecarlo.workers.test_places import *
if __name__ == "__main__":
    try:
        with KINDS[sys.argv[1]]() as workers:
            list(in_task_order(waits, ((i, sys.argv[2]) for i in range(9)), workers))
    except KeyboardInterrupt:
        print("interrupted")
"""


def test_workers_end_with_a_parent_that_is_killed(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    command, environment = script(tmp_path, WAITING)
    with subprocess.Popen([*command, "processes", fifo], env=environment) as parent:
        told = set()
        while len(told) < 2:
            told |= {int(line) for line in fifo.read_text().split()}
        with gone(*told):
            parent.kill()


SLOW = """
import sys, time
from tests.montecarlo.workers.test_places import *
from tests.montecarlo.workers.test_places import slow
if __name__ == "__main__":
    print("begun", flush=True)
    try:
        with KINDS[sys.argv[1]]() as workers:
            for x in in_task_order(slow, ((i,) for i in range(10_000)), workers):
                print(x, flush=True)
    except KeyboardInterrupt:
        print("interrupted")
"""


def slow(x):
    time.sleep(0.05)
    return x


@pytest.mark.parametrize("kind", ["serial", "threads", "processes"])
@pytest.mark.parametrize("when", ["as it begins", "later"])
@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_ends_promptly_and_quietly(tmp_path, kind, when):
    """The terminal sends it to all processes of the group."""
    command, environment = script(tmp_path, SLOW)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "start_new_session": True}
    with subprocess.Popen([*command, kind], env=environment, **pipes) as running:
        assert running.stdout.readline() == "begun\n"
        if when == "later":
            assert [running.stdout.readline() for _ in range(3)] == ["0\n", "1\n", "2\n"]
        else:
            time.sleep(0.15)  # somewhere in the start of the worker processes, which tell nobody
        began = time.monotonic()
        os.killpg(running.pid, signal.SIGINT)
        out, errors = running.communicate(timeout=30)
    assert time.monotonic() - began < 10
    assert (out.splitlines()[-1], errors, running.returncode) == ("interrupted", "", 0)


# ---- a cluster, as far as that goes without Dask


def test_a_cluster_needs_dask(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    said = refusal(cluster, "tcp://127.0.0.1:8786")
    assert said.startswith("cluster: Dask is not installed here (")
    assert said.endswith("; in the clone: pip install '.[cluster]'")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nowhere",
        "tcp://127.0.0.1",
        "tcp://127.0.0.1:0",
        "1.2.3.4:65536",
        "http://x:80",
        "tcp://a b:1",
        "x:1\n",
        8786,
        None,
    ],
)
def test_a_malformed_address_is_named(address):
    assert (
        refusal(cluster, address) == f"cluster: {address!r} is no address of a scheduler; use e.g. tcp://10.0.0.1:8786"
    )


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf"), "10", True, None])
def test_a_bad_timeout_is_named(timeout):
    assert refusal(cluster, "tcp://127.0.0.1:1", timeout).startswith("timeout: must be positive and finite")

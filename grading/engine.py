"""Who grades: this process, several processes on this machine, or the workers of a Dask cluster.

All run the same pure function, (hand-in, release) → result. Only as many hand-ins are under way as keep the workers
busy, so that memory does not grow with the class.
"""

import atexit
import importlib
import os
import signal
import traceback
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import chain
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait as wait_for
from multiprocessing.forkserver import ensure_running, set_forkserver_preload
from threading import Lock, Thread
from time import sleep
from typing import Any, NamedTuple

from grading.course.folder import GradingError
from grading.course.lab import Release
from grading.intake.handin import Handin
from grading.judge.result import Later, Result
from grading.turns import LATER, Turns

JUDGE = "grading.judge.warm"  # imports all that a judge needs
ATTEMPTS = 3  # for a hand-in whose grader was killed
_sandbox: Any = None
_one_at_a_time = Lock()  # a cluster's worker may have several threads; torch's seed and the sandbox are one


class Task(NamedTuple):
    """One hand-in to grade, and how. `ticket` is the caller's own, and comes back with the result.

    `candid` is for the lab's own notebooks: their faults are told in full. One that is `hurried` is graded later, if it
    meets a limit of time.
    """

    ticket: int
    handin: Handin
    isolated: bool = True
    full: bool = False
    candid: bool = False
    hurried: bool = False


Job = tuple[Task, Release]
Outcome = tuple[int, Result | str | None]  # None: the grader itself failed, or was killed again and again; or LATER


def grade_task(task: Task, release: Release) -> Outcome:
    """Grade in this process, whose sandbox is made once and kept. An error of ours costs one hand-in, not the class."""
    with _one_at_a_time:
        try:
            inside = sandbox(task.isolated)
            from grading.judge.run import grade

            try:
                return task.ticket, grade(task.handin, release, inside, task.full, task.candid, task.hurried)
            except Later:
                return task.ticket, LATER
        except GradingError:  # the lab's own fault, or the machine's: the others would meet it, too
            raise
        except Exception:
            traceback.print_exc()
            return task.ticket, None


def sandbox(isolated: bool) -> Any:
    """This process's sandbox. It imports torch while this process does, which takes each some seconds."""
    global _sandbox
    if _sandbox is None or _sandbox.isolated != isolated:
        from grading.sandbox.process import Sandbox

        close()
        atexit.register(close)
        _sandbox = Sandbox(isolated=isolated)
        _sandbox.begin()
        importlib.import_module(JUDGE)
        _sandbox.ready()
    _sandbox.check()
    return _sandbox


def close() -> None:
    """Stop this process's sandbox."""
    global _sandbox
    if _sandbox is not None:
        _sandbox.stop()
        _sandbox = None


def here(jobs: Iterable[Job]) -> Iterator[Outcome]:
    """One after the other in this process, whose sandbox stays for the next jobs (`close` ends it)."""
    turns = Turns(jobs)
    yield from turns.results(grade_task(task, release) for task, release in turns.each())


def on_processes(jobs: Iterable[Job], workers: int) -> Iterator[Outcome]:
    """On `workers` processes of this machine, as they come, which share a sandbox. A worker that is killed costs an
    attempt, not the run.

    A process that ends takes all that was under way down with it; those hand-ins are then graded one at a time, so that
    only the one at fault is given up.
    """
    from grading.sandbox.process import Sandbox

    jobs = iter(jobs)
    first = next(jobs, None)
    if first is None:
        return
    shared = Sandbox(isolated=first[0].isolated)
    shared.begin()
    try:
        set_forkserver_preload([JUDGE])
        ensure_running()  # it imports torch while the sandbox does
        shared.ready()
        turns = Turns(chain([first], jobs))
        yield from turns.results(_through_pool(turns, workers, shared))
    finally:
        shared.stop()


def _through_pool(jobs: Iterator[Job], workers: int, shared: Any) -> Iterator[Outcome]:
    suspects, attempts, failed = deque[Job](), Counter[int](), 0
    pool, running = _pool(workers, shared), {}
    try:
        while True:
            while len(running) < (1 if suspects else 2 * workers):
                job = suspects.popleft() if suspects else next(jobs, None)
                if job is None:
                    break
                try:
                    running[pool.submit(grade_task, *job)] = job
                except (OSError, EOFError, BrokenProcessPool):  # what forks workers was killed a moment ago
                    failed += 1
                    if failed > ATTEMPTS:
                        raise
                    suspects.appendleft(job)
                    break
            if suspects and not running:
                sleep(1)
                pool.shutdown(wait=False, cancel_futures=True)
                pool = _pool(workers, shared)
                continue
            if not running:
                return
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            lost = [future for future in done if isinstance(future.exception(), BrokenProcessPool)]
            yield from (future.result() for future in done if future not in lost)
            if not lost:
                running = {future: job for future, job in running.items() if future not in done}
                continue
            down = [job for future, job in running.items() if future in lost or future not in done]
            attempts.update(job[0].ticket for job in down if len(down) == 1)
            given_up = [job for job in down if attempts[job[0].ticket] >= ATTEMPTS]
            yield from ((job[0].ticket, None) for job in given_up)
            suspects.extend(job for job in down if job not in given_up)
            pool.shutdown(wait=False, cancel_futures=True)
            pool, running = _pool(workers, shared), {}
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _pool(workers: int, shared: Any) -> ProcessPoolExecutor:
    """Workers fork from one process that has imported what a judge needs."""
    return ProcessPoolExecutor(
        workers, mp_context=get_context("forkserver"), initializer=_begin, initargs=(shared.control, shared.isolated)
    )


def _begin(control: Any, isolated: bool) -> None:
    """A worker ends with the process that writes the gradebook, also where that one is killed; Ctrl-C is for that one,
    which then ends the workers. A sandbox of the worker's own, where the shared one has ended, ends with the worker."""
    global _sandbox
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with, args=(parent_process().sentinel,), daemon=True).start()
    from grading.sandbox.process import Sandbox

    _sandbox = Sandbox(isolated=isolated)
    _sandbox.share(control)


def _end_with(sentinel: int) -> None:
    wait_for([sentinel])
    close()
    os._exit(1)


def on_cluster(jobs: Iterable[Job], address: str, patience: float = 20) -> Iterator[Outcome]:
    """On a Dask cluster; its workers need this project, and the sandbox, on their machines."""
    with client_of(address, patience) as client:
        from dask.distributed import as_completed

        turns = Turns(jobs)
        yield from turns.results(_through(client, turns, as_completed()))


def client_of(address: str, patience: float = 20) -> Any:
    """Dask's client of the cluster whose scheduler is there; GradingError where Dask or the scheduler is not."""
    try:
        from dask.distributed import Client
    except ImportError:
        raise GradingError("--scheduler needs Dask: .venv/bin/pip install -c constraints.txt '.[dask]'") from None
    try:
        return Client(address, timeout=patience)
    except (OSError, ValueError) as error:
        raise GradingError(f"There is no Dask scheduler at {address}: {error}") from None


def _through(client: Any, jobs: Iterator[Job], futures: Any) -> Iterator[Outcome]:
    """Two jobs under way for each thread of the cluster; one that went down with its worker is sent again."""
    known: dict[str, tuple[Job, int]] = {}

    def submit(job: Job | None, attempt: int = 1) -> None:
        if job is not None:
            future = client.submit(grade_task, *job, pure=False, retries=ATTEMPTS)
            known[future.key] = job, attempt
            futures.add(future)

    for _ in range(2 * max(1, sum(client.nthreads().values()))):
        submit(next(jobs, None))
    for future in futures:
        job, attempt = known.pop(future.key)
        if future.status == "finished":
            yield future.result()
        elif attempt < ATTEMPTS:
            submit(job, attempt + 1)
            continue
        else:
            yield job[0].ticket, None
        submit(next(jobs, None))


def engine(workers: int, scheduler: str | None) -> Callable[[Iterable[Job]], Iterator[Outcome]]:
    """The way to grade that these options choose."""
    if scheduler:
        return lambda jobs: on_cluster(jobs, scheduler)
    return here if workers == 1 else lambda jobs: on_processes(jobs, workers)


def default_workers() -> int:
    """One for each core that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

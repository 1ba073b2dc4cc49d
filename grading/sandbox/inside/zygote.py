"""The process inside the sandbox that has torch imported, and forks one child for each hand-in.

Three processes: the zygote, which waits for orders and never runs a line of a student's; a keeper for each hand-in,
which makes it namespaces of its own, watches it and stops it; and the child, which runs the student's code
(server). The judge is outside. It hands three sockets with each order: `data` for calls and answers and
`output` for what is printed go to the child, `leash` stays with the keeper. The child cannot reach zygote or keeper:
it sees neither their process numbers nor their sockets.
"""

import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import time
import traceback
from contextlib import suppress

USUAL = (
    *(
        "numpy",
        "matplotlib.pyplot",
        "sklearn.datasets",
        "IPython.core.inputtransformer2",
        "grading.sandbox.inside.server",
    ),
    *("grading.sandbox.inside.server", "vae_lib.data", "vae_lib.figures", "vae_lib.testing"),
)
WATCHED_EVERY = 0.05  # seconds
MOST_THREADS, FEW_THREADS = 128, 2
NEAR = 0.5  # of the processor's time: Linux ends a child by another clock than the one that is read here
MANY_THREADS, TIME_IS_UP = "threads", "time"  # why a keeper, or Linux, has ended a child


def main(control: int, isolated: bool) -> None:
    """Import, say so, and fork until the judge hangs up."""
    orders = socket.socket(fileno=control)
    preload()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers need no waiting for
    gc.collect()
    gc.freeze()
    orders.send(b"ready")
    while True:
        text, sockets, _, _ = socket.recv_fds(orders, 4096, 3)
        if not text:
            return
        if os.fork() == 0:
            orders.close()
            keep(json.loads(text), sockets, isolated)
        for number in sockets:
            os.close(number)


def preload() -> None:
    """Everything that a lab usually imports, so that no child pays for it."""
    import matplotlib
    import torch

    matplotlib.use("Agg")
    for name in USUAL:
        importlib.import_module(name)
    torch.set_num_threads(1)  # threads do not survive a fork
    weight = torch.ones(2, 2, requires_grad=True)
    for kind in (torch.optim.SGD, torch.optim.Adam):  # the first optimizer imports torch's compiler: 2 s
        optimizer = kind([weight])
        weight.sum().backward()
        optimizer.step()
    torch.vmap(torch.func.grad(torch.sum))(weight)


def keep(limits: dict, sockets: list[int], isolated: bool) -> None:
    """The keeper's life: make the child, watch it, say how it ended. Does not return."""
    data, output, leash_number = sockets
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    leash, processes = socket.socket(fileno=leash_number), None
    try:
        if isolated:
            processes = os.open("/proc", os.O_RDONLY)
            prepare(limits)
        child = os.fork()
        if child == 0:
            os.close(leash.detach())
            if processes is not None:
                os.close(processes)
            live(limits, data, output, isolated)
        os.close(data)
        os.close(output)
        if not isolated:
            leash.send(str(child).encode())
        report = watch(child, leash, processes, limits["cpu_seconds"])
    except Exception as error:
        report = {"status": None, "reason": f"{type(error).__name__}: {error}", "cpu": 0.0}
    with suppress(OSError):  # the judge is gone
        leash.send(json.dumps(report).encode())
    os._exit(0)


def prepare(limits: dict) -> None:
    from grading.sandbox.inside import confine as confine

    confine.new_namespaces()
    limits["base"] = confine.memory_in_use()
    confine.private_folders(limits["disk_bytes"])


def live(limits: dict, data: int, output: int, isolated: bool) -> None:
    """The child's life: limits, then the student's code until the judge hangs up. Does not return."""
    try:
        from grading.sandbox.inside import confine as confine
        from grading.sandbox.inside.server import serve

        os.setsid()
        take_descriptors(data, output)
        confine.limit(limits["memory_bytes"], limits["file_bytes"], limits["cpu_seconds"], limits.get("base"))
        if isolated:
            os.chdir(os.environ["HOME"])
            confine.drop_privileges()
        if sys.platform == "linux":
            confine.end_with_parent()
        if isolated:
            confine.forbid_calls()
        serve(socket.socket(fileno=3), limits)
    except BaseException:
        traceback.print_exc()
        os._exit(81)
    os._exit(0)


def take_descriptors(data: int, output: int) -> None:
    """Input is empty, output goes to the judge, 3 is the judge's socket; nothing else stays open."""
    empty = os.open(os.devnull, os.O_RDONLY)
    high = [os.dup2(number, 100 + place) for place, number in enumerate((empty, output, output, data))]
    for place, number in enumerate(high):
        os.dup2(number, place, inheritable=False)
    os.closerange(4, 1024)


def watch(child: int, leash: socket.socket, processes: int | None, cpu_seconds: float) -> dict:
    """Wait for the child's end; obey the judge: `i` interrupts it, a closed leash kills it, `h` if it does not end."""
    poll, ordered = select.poll(), ""
    poll.register(leash, select.POLLIN)
    if hasattr(os, "pidfd_open"):
        poll.register(os.pidfd_open(child), select.POLLIN)  # its end is seen at once
    while True:
        done, status, usage = os.wait4(child, os.WNOHANG)
        if done:
            cpu = usage.ru_utime + usage.ru_stime
            return told(os.waitstatus_to_exitcode(status), cpu, ordered or TIME_IS_UP * (cpu > NEAR * cpu_seconds))
        if leash.fileno() in (number for number, _ in poll.poll(WATCHED_EVERY * 1000)):
            order = leash.recv(1)
            if order == b"h" and ends(child):
                continue
            ordered = ordered if order == b"i" else ordered or "order"
            os.kill(child, signal.SIGINT if order == b"i" else signal.SIGKILL)
        elif processes is not None and curb(child, threads(child, processes)):
            ordered = MANY_THREADS


def ends(child: int) -> bool:
    """Whether the child ends by itself within a second; it is still to be waited for."""
    for _ in range(20):
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return True
        time.sleep(WATCHED_EVERY)
    return False


def told(status: int, cpu: float, ordered: str) -> dict:
    """How a child ended. Process 1 of a namespace cannot be killed from inside it, itself included: where neither the
    keeper nor a limit has done it (`ordered`), somebody outside has."""
    killed = status in (-signal.SIGKILL, -signal.SIGXCPU)
    reported = ordered if killed and ordered in (MANY_THREADS, TIME_IS_UP) else status
    return {"status": reported, "killed": killed and not ordered, "cpu": cpu + time.process_time()}


def curb(child: int, numbers: list[int]) -> bool:
    """Many threads come last when the processor is shared out, so that other hand-ins' time is not up for them; more
    than that are the end; True if they were."""
    if len(numbers) > MOST_THREADS:
        os.kill(child, signal.SIGKILL)
        return True
    if len(numbers) > FEW_THREADS:
        for number in numbers:  # those to come inherit it
            with suppress(OSError):  # it has ended
                os.setpriority(os.PRIO_PROCESS, number, 19)
    return False


def threads(child: int, processes: int) -> list[int]:
    """The numbers of the child's threads, from /proc as it was before it was covered up."""
    try:
        folder = os.open(f"{child}/task", os.O_RDONLY, dir_fd=processes)
    except OSError:
        return []
    try:
        return [int(name) for name in os.listdir(folder)]
    except OSError:
        return []
    finally:
        os.close(folder)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2] == "isolated")

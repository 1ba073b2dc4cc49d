"""Attacks on the walls: the network, system calls, capabilities, and staying behind."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from grading.course.lab import read_release
from grading.judge.result import Result
from grading.judge.run import grade
from tests.handins import (
    LAB,
    forged,
    hand_in,
    points,
    preceded,
    tiny,
)

pytestmark = pytest.mark.sandbox


# The network

CALL_OUT = """
import socket, os, urllib.request
tries = [
    lambda: socket.create_connection(('127.0.0.1', {port}), 1),
    lambda: socket.create_connection(('localhost', {port}), 1),
    lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'hello', ('127.0.0.1', {port})),
    lambda: socket.socket(socket.AF_INET6, socket.SOCK_STREAM).connect(('::1', {port})),
    lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1),
    lambda: urllib.request.urlopen('http://127.0.0.1:{port}', timeout=1),
    lambda: urllib.request.urlopen('http://93.184.216.34', timeout=1),
    lambda: socket.socket(socket.AF_UNIX).connect({path!r}),
    lambda: socket.socket(socket.AF_UNIX).connect({abstract!r}),
]
def f():
    done = []
    for number, attempt in enumerate(tries):
        try:
            attempt()
            done.append(number)
        except OSError:
            pass
    return len(done)
"""


def listen(kind: int, address: object, heard: list) -> socket.socket:
    listener = socket.socket(kind, socket.SOCK_STREAM)
    listener.bind(address)
    listener.listen()
    listener.settimeout(0.2)

    def wait() -> None:
        while True:
            try:
                listener.accept()[0].close()
                heard.append(kind)
            except TimeoutError:
                continue
            except OSError:
                return

    threading.Thread(target=wait, daemon=True).start()
    return listener


def test_a_listener_on_loopback_hears_nothing(sandbox, tmp_path):
    heard: list = []
    path, abstract = str(tmp_path / "s"), "\0vae-course-test"
    tcp = listen(socket.AF_INET, ("127.0.0.1", 0), heard)
    port = tcp.getsockname()[1]
    listeners = [tcp, listen(socket.AF_UNIX, path, heard), listen(socket.AF_UNIX, abstract, heard)]
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("127.0.0.1", port))
    datagrams.settimeout(0.2)
    try:
        release = tiny("expect(f(), 0)")
        source = CALL_OUT.format(port=port, path=path, abstract=abstract)
        assert points(grade(hand_in(release, source), release, sandbox)) == {"f": 2.0}
        with pytest.raises(TimeoutError):
            datagrams.recv(100)
        assert heard == []
        socket.create_connection(("127.0.0.1", port), 1).close()  # the listener does hear what there is to hear
        deadline = threading.Event()
        while not heard and not deadline.wait(0.05):
            pass
    finally:
        for listener in (*listeners, datagrams):
            listener.close()


# Detection, system calls, staying behind

DETECT = """
import os, sys, inspect
graded = ('NBGRADER_EXECUTION' in os.environ or os.getpid() == 1 or 'grading.sandbox.inside.server' in sys.modules
          or not os.path.exists('/etc/passwd') or any('sandbox' in str(f) for f in inspect.stack()))
class Always:
    __eq__ = lambda *a: True
"""


def test_noticing_that_one_is_graded_gains_nothing(sandbox):
    """The hand-in does notice; all that it can do then is to answer."""
    answer = "(Always() if graded else None)"
    assert not any(points(grade(forged(DETECT, answer), read_release(LAB), sandbox)).values())


CALLS = {  # numbers on x86_64 and aarch64, and arguments
    "ptrace": ((101, 117), "0, 0, 0, 0"),
    "unshare": ((272, 97), "0x10000000"),
    "setns": ((308, 268), "0, 0"),
    "mount": ((165, 40), "0, 0, 0, 0, 0"),
    "umount2": ((166, 39), "b'/proc', 2"),
    "memfd_create": ((319, 279), "b'x', 0"),
    "shmget": ((29, 194), "0, 1 << 30, 0o1600"),
    "bpf": ((321, 280), "0, 0, 0"),
    "io_uring_setup": ((425, 425), "1, 0"),
    "process_vm_readv": ((310, 270), "2, 0, 0, 0, 0, 0"),
    "execve": ((59, 221), "b'/bin/true', 0, 0"),
    "clone": ((56, 220), "17, 0, 0, 0, 0"),
    "clone into new namespaces": ((56, 220), "0x10000011, 0, 0, 0, 0"),
}


@pytest.mark.parametrize("call", CALLS)
def test_system_calls_that_lead_out_are_refused(sandbox, call):
    numbers, arguments = CALLS[call]
    source = f"""
import ctypes, platform
libc = ctypes.CDLL(None, use_errno=True)
def f():
    number = {numbers}[platform.machine() == 'aarch64']
    return libc.syscall(number, {arguments}), ctypes.get_errno()
"""
    release = tiny("expect(f(), (-1, 1))")
    assert points(grade(hand_in(release, source), release, sandbox)) == {"f": 2.0}


def test_it_has_no_capability_and_can_gain_none(sandbox):
    source = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def f():
    header, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    assert libc.capget(header, data) == 0
    return list(data), libc.prctl(39, 0, 0, 0, 0), libc.setuid(0), libc.prctl(21, 0, 0, 0, 0)
"""
    release = tiny("assert f() == ([0] * 6, 1, -1, 2), f()")  # no_new_privs 1, and a filter (2)
    result = grade(hand_in(release, source), release, sandbox)
    assert points(result) == {"f": 2.0}, result


STAY = """
import os, signal, subprocess, threading, time
for number in range(1, 64):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
def linger():
    while True:
        try: time.sleep(0.05)
        except BaseException: pass
for _ in range(5):
    threading.Thread(target=linger).start()
popen = lambda: subprocess.Popen(['sleep', '7777'], start_new_session=True)
for start in (os.fork, popen, lambda: os.system('sleep 7777 &')):
    try: start()
    except BaseException: pass
open('left', 'w').write('left')
"""


def test_nothing_stays_behind(sandbox):
    release = tiny("expect(f(), 1.0)")
    handin = preceded(hand_in(release, "def f():\n    return 1.0"), STAY)
    assert points(grade(handin, release, sandbox)) == {"f": 2.0}
    assert not any("7777" in line for line in commands())
    look = "import os, threading\ndef f():\n    return os.path.exists('left') + threading.active_count() - 1"
    empty = tiny("expect(f(), 0)")
    assert points(grade(hand_in(empty, look), empty, sandbox)) == {"f": 2.0}


def commands() -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return [line for line in found if line.startswith("sleep ")]


def test_script_in_output_is_text_and_no_more(sandbox) -> None:
    """The judge passes on text as it is; the report must escape it."""
    release = tiny("expect(f(), 1.0)")
    result: Result = grade(hand_in(release, "def f():\n    print('<script>')\n    return 1.0"), release, sandbox)
    assert result.exercises[0].output == "<script>\n"

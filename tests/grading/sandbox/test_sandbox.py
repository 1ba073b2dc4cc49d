"""The sandbox: what a hand-in's code sees, what it may use, and that it never harms the next one."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from grading.course.folder import ROOT, GradingError
from grading.sandbox.limits import Limits
from grading.sandbox.process import Sandbox
from grading.sandbox.session import Session, Stopped
from grading.sandbox.walls import WALLS, mounts
from tests.handins import QUICK

pytestmark = pytest.mark.sandbox

TORCHS = ("KMP_", "TORCHINDUCTOR_")  # torch sets these itself


def run(session: Session, source: str, seconds: float = 5.0) -> tuple[str, str]:
    """What a cell prints, and the error that it ends with."""
    session.allow(seconds)
    reply, _ = session.request({"op": "run", "number": 1, "source": source})
    error = reply.get("error", {})
    return session.take_output(), f"{error['type']}: {error['message']}" if error else ""


@pytest.fixture
def session(sandbox):
    session = sandbox.session()
    yield session
    session.close()


def lives(sandbox) -> bool:
    session = sandbox.session()
    try:
        return run(session, "print(6 * 7)") == ("42\n", "")
    finally:
        session.close()


def test_a_cell_shows_its_last_value_as_jupyter_does(session):
    assert run(session, "a = 2\nprint('one')\na + 1") == ("one\n3\n", "")
    assert run(session, "a + 1;") == ("", "")
    assert run(session, "%matplotlib inline\n%time b = a + 1\nb") == ("3\n", "")
    assert run(session, "!ls /\n?print") == ("", "")
    assert run(session, "%%time\nprint(a)") == ("2\n", "")


def test_errors_leave_the_state_as_it_is(session):
    assert run(session, "a = 1\nraise ValueError('no')")[1] == "ValueError: no"
    assert run(session, "def f(:")[1].startswith("SyntaxError: ")
    assert run(session, "import sys; sys.exit('done')")[1] == "SystemExit: done"
    assert run(session, "input()")[1].startswith("EOFError")
    assert run(session, "a") == ("1\n", "")


def test_warnings_and_stderr_are_output_and_no_more(session):
    printed, error = run(session, "import warnings, sys\nwarnings.warn('careful')\nprint('note', file=sys.stderr)")
    assert "careful" in printed
    assert "note" in printed
    assert error == ""


def test_two_hand_ins_share_nothing(sandbox):
    for _ in range(2):
        session = sandbox.session()
        assert run(session, "import os\nprint(os.listdir(), 'mark' in globals())") == ("[] False\n", "")
        assert run(session, "mark = open('mark', 'w').write('x')\nimport torch\ntorch.mark = 1")[1] == ""
        assert run(session, "open('/dev/shm/mark', 'x').close()")[1] == ""
        session.close()


LISTENS = """
import socket
heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
heard.bind(chr(0) + 'meet')
for folder in ('.', '/dev/shm'):
    open(folder + '/meet', 'w').close()
"""
SPEAKS = """
import os, socket
said = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
print([folder for folder in ('.', '/dev/shm') if os.path.exists(folder + '/meet')])
said.sendto(b'the answer', chr(0) + 'meet')
"""


def test_two_hand_ins_at_the_same_time_do_not_meet(sandbox):
    """Neither at a socket of the kernel's own name space nor in a folder."""
    with closing(sandbox.session()) as one, closing(sandbox.session()) as other:
        assert run(one, LISTENS) == ("", "")
        printed, error = run(other, SPEAKS)
        assert (printed, error.partition(":")[0]) == ("[]\n", "ConnectionRefusedError")
        one.close()
        assert run(other, "print(1)") == ("1\n", "")


SEEN = """
import os, sys, vae_lib
seen = [path for path in {paths!r} if os.path.exists(path)]
own = [step for step in os.walk({root!r}) if not step[0].startswith(sys.prefix)]  # .venv may lie in the project
project = sorted(os.path.join(d, f) for d, _, files in own for f in files)
tops = sorted({{os.path.relpath(p, {root!r}).split(os.sep)[0] for p in project}})
print(seen, tops, os.getuid(), os.listdir('/proc'))
print(sorted(os.environ))
"""


def test_nothing_of_the_project_is_seen_but_the_library(session, tmp_path):
    hidden = [ROOT / name for name in ("solutions", "labs", "tests", "gradebook.db", "submitted", "nbgrader_config.py")]
    hidden += [
        ROOT / "grading/judge",
        ROOT / "grading/sandbox/process.py",
        ROOT / ".git",
        tmp_path,
        "/etc/passwd",
        "/etc/shadow",
        "/home",
        "/var",
        "/sys",
    ]
    around = (ROOT, Path(sys.prefix), Path(sys.base_prefix))  # a folder on the way to these has to be there
    paths = [str(p) for p in hidden if not any(place.is_relative_to(p) for place in around)]
    printed, error = run(session, SEEN.format(paths=paths, root=str(ROOT)))
    first, environment = printed.splitlines()
    assert (first, error) == ("[] ['grading', 'vae_lib'] 65534 []", "")
    allowed = {"HOME", "TMPDIR", "PATH", "LANG", "PWD", "PYTHONPATH", "MPLBACKEND", "NBGRADER_EXECUTION"}
    allowed |= {"OMP_NUM_THREADS", "PYTHONDONTWRITEBYTECODE", "JOBLIB_MULTIPROCESSING"}
    assert {name for name in eval(environment) if not name.startswith(TORCHS)} == allowed


def test_a_project_around_pythons_own_folder_stays_hidden(monkeypatch):
    monkeypatch.setattr("sys.prefix", str(ROOT / ".venv"))
    words = mounts()
    order = [words.index(str(p)) for p in (ROOT, ROOT / ".venv", ROOT / "vae_lib")]
    assert words[order[0] - 1] == "--tmpfs"
    assert order[0] < min(order[1:])
    assert str(ROOT / "solutions") not in words


@pytest.mark.parametrize("path", [str(ROOT / "x"), "/x", "/usr/x", "/dev/x", "/proc/x", os.__file__])
def test_nothing_can_be_written_outside_the_hand_ins_own_folder(session, path):
    kind = run(session, f"open({path!r}, 'ab').write(b'x')")[1].split(":")[0]
    assert kind in ("OSError", "PermissionError", "FileNotFoundError")


@pytest.mark.parametrize("folder", [".", "/dev/shm"])
def test_a_file_that_fills_the_disk_is_stopped(session, folder):
    fill = f"for i in range(99):\n    with open(f'{folder}/{{i}}', 'wb') as f:\n        f.write(bytes(8 << 20))"
    assert "No space left" in run(session, fill)[1]
    used = f"import os\nprint(sum(os.path.getsize(f'{folder}/' + p) for p in os.listdir('{folder}')))"
    assert int(run(session, used)[0]) <= QUICK.disk_bytes
    assert "File too large" in run(session, f"import os\nos.truncate('{folder}/0', 1 << 40)")[1]


@pytest.mark.parametrize(
    "take", ["bytearray(64 << 30)", "b'x' * (64 << 30)", "torch.ones(16 << 30)", "[0] * (8 << 30)"]
)
def test_sixty_four_gib_are_refused(session, take):
    error = run(session, f"import torch\nbig = {take}")[1]
    assert error.startswith(("MemoryError", "RuntimeError"))
    assert run(session, "print(1)") == ("1\n", "")


NO_NEW = [
    "os.fork()",
    "os.posix_spawn('/bin/true', ['true'], {})",
    "subprocess.run(['true'])",
    "os.system('sleep 100 &') == 0 or print(1 / 0)",
    "os.execv('/bin/true', ['true'])",
    "multiprocessing.Process(target=print).start()",
    "while True: os.fork()",
]


@pytest.mark.parametrize("start", NO_NEW)
def test_no_process_and_no_program_can_be_started(sandbox, start):
    session = sandbox.session()
    assert run(session, f"import os, subprocess, multiprocessing\n{start}")[1] != ""
    session.close()
    assert lives(sandbox)


def test_threads_are_limited(sandbox):
    session = sandbox.session()
    many = "import threading, time\nthreading.stack_size(65536)\nfor _ in range(5000):\n"
    many += "    threading.Thread(target=time.sleep, args=(99,), daemon=True).start()\ntime.sleep(9)"
    with pytest.raises(Stopped, match="SIGKILL"):
        run(session, many, 20)
    assert lives(sandbox)


ENDS = {
    "os._exit(7)": "exit status 7",
    "os._exit(0)": "it ended Python$",
    "ctypes.string_at(0)": "segmentation fault",
    "signal.raise_signal(signal.SIGSEGV) or ctypes.string_at(8)": "segmentation fault",
}


@pytest.mark.parametrize("end", ENDS)
def test_a_child_that_ends_says_how_and_harms_no_other(sandbox, end):
    session = sandbox.session()
    with pytest.raises(Stopped, match=ENDS[end]) as stopped:
        run(session, f"import os, ctypes, signal\n{end}")
    assert not stopped.value.timed_out
    assert lives(sandbox)


@pytest.mark.parametrize("target", ["os.getpid()", "os.getppid()", "-1", "0", "2"])
def test_signals_reach_nothing(sandbox, target):
    session = sandbox.session()
    printed, error = run(session, f"import os, signal\nos.kill({target}, signal.SIGKILL)\nprint('on')")
    assert printed == "on\n" or error.startswith(("ProcessLookupError", "PermissionError"))
    session.close()
    assert sandbox.process.poll() is None
    assert lives(sandbox)


def test_an_endless_loop_is_interrupted_and_its_state_stays(session):
    started = time.monotonic()
    assert run(session, "a = 5\nwhile True: pass", 0.5)[1].startswith("KeyboardInterrupt")
    assert time.monotonic() - started < 5
    assert run(session, "a") == ("5\n", "")


def test_sleeping_past_the_limit_is_interrupted(session):
    assert run(session, "import time\ntime.sleep(600)", 0.5)[1].startswith("KeyboardInterrupt")


STUBBORN = [
    "signal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
    "while True:\n  try: time.sleep(9)\n  except BaseException: pass",
]


@pytest.mark.parametrize("loop", STUBBORN)
def test_what_cannot_be_interrupted_is_ended(sandbox, loop):
    session, started = sandbox.session(), time.monotonic()
    with pytest.raises(Stopped, match="took too long") as stopped:
        run(session, f"import signal, time\n{loop}", 0.5)
    assert stopped.value.timed_out
    assert time.monotonic() - started < 8
    assert session.cpu_seconds > 0
    assert lives(sandbox)


@pytest.mark.slow
def test_a_gigabyte_on_one_line_is_cut(sandbox):
    session = sandbox.session()
    printed, error = run(session, "print('x' * 10**9)", 60)
    assert error == ""
    assert len(printed) < QUICK.output_chars + 100
    assert "999,980,001 more characters" in printed
    session.close()


def test_an_answer_that_is_too_large_is_refused(session):
    run(session, "import torch\ndef f():\n    return torch.zeros(1 << 25)")
    session.allow(10)
    handle = session.request({"op": "bind", "names": ["f"]})[0]["handles"][0]
    call = {"op": "call", "handle": handle, "call": 1, "tensors": [], "refuses": []}
    call |= {"positional": {"t": "list", "v": []}, "named": {"t": "dict", "v": []}}
    assert "too large" in session.request(call)[0]["error"]["message"]


RAW = """
import socket, struct
raw = socket.socket(fileno=3)
raw.sendall({message})
raw.detach()
"""


@pytest.mark.parametrize(
    "message",
    [
        "b'x' * 5000",
        "b'\\xff' * 8",
        "struct.pack('!II', 4, 0) + b'null'",
        "struct.pack('!II', 99999, 0) + b'[' * 99999",
    ],
)
def test_garbage_instead_of_an_answer_ends_the_child(sandbox, message):
    session = sandbox.session()
    with pytest.raises(Stopped, match=r"cannot be read|too large"):
        run(session, RAW.format(message=message))
    assert lives(sandbox)


def namespace_members(inode: int) -> list[str]:
    """The processes of a namespace of process numbers."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            found += [folder.name] if (folder / "ns/pid").stat().st_ino == inode else []
        except OSError:
            continue
    return found


def child_namespace(sandbox) -> int:
    """The namespace of the processes inside, by way of bubblewrap's child."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            inode = (folder / "ns/pid").stat().st_ino
        except (OSError, ValueError):
            continue
        if parent == sandbox.process.pid and inode != Path("/proc/self/ns/pid").stat().st_ino:
            return inode
    pytest.skip("this user may not look at namespaces")


@pytest.mark.slow
def test_nothing_survives_the_sandbox():
    with Sandbox(QUICK) as sandbox:
        inode = child_namespace(sandbox)
        session = sandbox.session()
        run(session, "import threading, time\nthreading.Thread(target=time.sleep, args=(999,)).start()")
        assert namespace_members(inode)
    deadline = time.monotonic() + 10
    while namespace_members(inode) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert namespace_members(inode) == []
    with pytest.raises(Stopped):
        run(session, "1")


@pytest.mark.slow
def test_a_session_starts_the_sandbox_again_if_it_is_gone():
    with Sandbox(QUICK) as sandbox:
        sandbox.process.send_signal(signal.SIGKILL)
        sandbox.process.wait()
        assert lives(sandbox)


def test_without_bubblewrap_grading_is_refused_in_one_sentence(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(GradingError, match=r"bubblewrap.*--no-sandbox"):
        Sandbox().start()


def test_a_sandbox_that_does_not_start_says_why(monkeypatch):
    monkeypatch.setattr("grading.sandbox.walls.WALLS", ["--no-such-option"])
    with pytest.raises(GradingError, match="no-such-option"):
        Sandbox().start()


@pytest.mark.slow
def test_a_machine_without_namespaces_is_found_out_at_the_start(monkeypatch):
    monkeypatch.setattr("grading.sandbox.walls.WALLS", [*WALLS, "--disable-userns"])
    with pytest.raises(GradingError, match="does not give a process namespaces of its own"):
        Sandbox().start()


@pytest.mark.slow
def test_without_walls_it_runs_and_ends_all_the_same():
    with Sandbox(Limits(cell_seconds=3, grace_seconds=1), isolated=False) as sandbox:
        assert lives(sandbox)
        session = sandbox.session()
        assert run(session, "while True: pass", 0.5)[1].startswith("KeyboardInterrupt")
        with pytest.raises(Stopped, match="SIGKILL"):
            run(session, "import os\nos.kill(os.getpid(), 9)")
        session = sandbox.session()
        child = session.child
        with pytest.raises(Stopped, match="it ended Python"):  # what starts it takes it along
            run(session, "import os\nos.kill(os.getppid(), 9)\nwhile True: pass", 2)
        deadline = time.monotonic() + 5
        while alive(child) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not alive(child)
        assert lives(sandbox)


def alive(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (OSError, IndexError):
        return False


def test_matplotlibs_list_of_fonts_is_made_once_and_not_in_every_sandbox(monkeypatch, tmp_path):
    """It takes seconds, and on a machine at work on much else longer than a sandbox was waited for."""
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path))
    (tmp_path / "fontlist-v390.json").write_text("{}")
    words = mounts()
    place = words.index(str(tmp_path / "fontlist-v390.json"))
    assert words[place - 1 : place + 2 : 2] == ["--ro-bind", "/box/.cache/matplotlib/fontlist-v390.json"]
    assert words.index("/box") < place  # else the empty home would cover it


def test_the_sandbox_reads_that_list(sandbox, session):
    source = "import matplotlib.font_manager as m\nprint(m._load_fontmanager.__name__, len(m.fontManager.ttflist) > 0)"
    assert run(session, source) == ("_load_fontmanager True\n", "")
    sandbox.log.seek(0)
    assert b"building the font cache" not in sandbox.log.read()

"""Attacks on what is not a hand-in's own: hidden tests, solutions, the gradebook, other hand-ins."""

from __future__ import annotations

import pytest

from grading.course.folder import ROOT
from grading.judge.run import grade
from grading.sandbox.limits import Limits
from tests.handins import (
    LAB,
    hand_in,
    points,
    preceded,
    tiny,
)

pytestmark = pytest.mark.sandbox


# Reading: hidden tests, solutions, the gradebook, other hand-ins

SECRET = "xyzzy_hidden_7319"
SEARCH = """
import gc, os, re, sys, inspect, linecache
needle = re.compile('xyzzy_hidden_[0-9]')  # which does not match itself
def everything():
    yield from (o for o in gc.get_objects() if isinstance(o, (str, bytes, dict, list, tuple)))
    frame = sys._getframe()
    while frame:
        yield frame.f_locals
        yield frame.f_globals
        yield frame.f_code.co_consts
        try:
            yield inspect.getsource(frame)
        except Exception:
            pass
        frame = frame.f_back
    yield dict(os.environ)
    yield dict(linecache.cache)
    yield sys.argv
def found():
    mine = 0
    for thing in everything():
        try:
            text = repr(thing) if not isinstance(thing, (str, bytes)) else str(thing)
        except Exception:
            continue
        mine += bool(needle.search(text))
    return mine
def files():
    hits = []
    for folder, _, names in os.walk('/'):
        for name in names:
            if folder.startswith(('/usr', '/dev')) or 'site-packages' in folder or '/lib/python' in folder:
                continue
            try:
                with open(os.path.join(folder, name), 'rb') as file:
                    hits += needle.findall(file.read(1 << 20).decode('latin1'))
            except OSError:
                pass
    return hits
def memory():
    try:
        return os.path.exists('/proc/self') or len(open('/proc/self/mem', 'rb').read(1))
    except OSError:
        return 0
"""


@pytest.mark.slow
def test_hidden_tests_are_not_in_the_process_not_even_while_they_run(sandbox, monkeypatch):
    """The function looks for the secret wherever a process can look, while the hidden test calls it."""
    monkeypatch.setattr(sandbox, "limits", Limits(exercise_seconds=120))  # it looks through all objects
    release = tiny("expect(f(0), 0)", f"{SECRET} = '{SECRET}'  # {SECRET}\nexpect(f(1), 0)")
    source = "def f(call):\n    return found() + len(files()) + memory() if call else 0"
    result = grade(preceded(hand_in(release, source), SEARCH), release, sandbox)
    assert points(result) == {"f": 2.0}, result
    # the search does find what is there
    planted = tiny("expect(f(0), 0)", "expect(f(1), 0)")
    handin = preceded(hand_in(planted, f"planted = ['{SECRET}']\n{source}"), SEARCH)
    assert points(grade(handin, planted, sandbox)) == {"f": 0.0}


OTHERS = [
    "solutions",
    "labs",
    "tests",
    "gradebook.db",
    "submitted",
    "feedback",
    "grading_out",
    ".git",
    "grading/judge/run.py",
]


@pytest.mark.parametrize("what", OTHERS)
def test_what_is_not_its_own_can_neither_be_read_nor_written(sandbox, what):
    path = ROOT / what
    before = path.stat().st_mtime_ns if path.exists() else None
    source = f"""
import os, pathlib, shutil, sqlite3
path = {str(path)!r}
tries = [lambda: open(path).read(), lambda: os.listdir(path), lambda: shutil.rmtree(path), lambda: os.remove(path),
    lambda: open(path, 'a'), lambda: os.symlink('/etc', path), 
    lambda: sqlite3.connect(path).execute('create table a (b)'),
    lambda: os.chmod(path, 0), lambda: os.rename(path, path + '2'), lambda: os.mkdir(path)]
def f():
    done = 0
    for attempt in tries:
        try:
            attempt()
            done += 1
        except Exception:
            pass
    return done + os.path.exists(path)
"""
    release = tiny("expect(f(), 0)")
    assert points(grade(hand_in(release, source), release, sandbox)) == {"f": 2.0}
    assert (path.stat().st_mtime_ns if path.exists() else None) == before


def test_a_copied_solution_file_does_not_exist_inside(sandbox):
    names = [f"solutions/{LAB}/{LAB}.ipynb", f"../{LAB}.ipynb", f"{LAB}.ipynb", f"/{LAB}.ipynb"]
    source = f"import os\ndef f():\n    return sum(os.path.exists(p) for p in {names!r})"
    release = tiny("expect(f(), 0)")
    assert points(grade(hand_in(release, source), release, sandbox)) == {"f": 2.0}


def test_nothing_is_left_for_the_next_child(sandbox):
    """Neither a name in the abstract namespace of sockets, nor an open socket under way, nor a file."""
    leave = """
import os, socket
s = socket.socket(socket.AF_UNIX)
s.bind('\\0mark'); s.listen()
pair = socket.socketpair()
socket.send_fds(pair[0], [b'x'], [s.fileno()])
socket.send_fds(socket.socket(fileno=os.dup(1)), [b'x'], [s.fileno()])  # to the judge, who takes none
os.openpty()
"""
    release = tiny("expect(f(), 1.0)")
    assert points(grade(preceded(hand_in(release, "def f():\n    return 1.0"), leave), release, sandbox)) == {"f": 2.0}
    look = """
import fcntl, os, socket
def f():
    try:
        socket.socket(socket.AF_UNIX).connect('\\0mark')
    except ConnectionRefusedError:
        pass
    else:
        return -1
    found = 0
    for number in range(300):
        try: fcntl.fcntl(number, fcntl.F_GETFD); found += 1
        except OSError: pass
    return found
"""
    empty = tiny("expect(f(), 4)")  # input, two for output, and the judge's
    assert points(grade(hand_in(empty, look), empty, sandbox)) == {"f": 2.0}

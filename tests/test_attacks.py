"""Attacks, mounted for real: each hand-in tries to earn points without an answer, to read or write what is not its own,
to reach the network or the judge, or to stay behind."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from grading.course.folder import ROOT
from grading.course.lab import read_release
from grading.intake.handin import Handin
from grading.judge.result import Result
from grading.judge.run import grade
from grading.sandbox.limits import Limits
from tests.handins import (
    LAB,
    a_sandbox,  # noqa: F401  (the fixture)
    hand_in,
    points,
    preceded,
    released,
    tiny,
)
from tests.lab_bank import LABS

pytestmark = pytest.mark.sandbox

# Forgeries: a cell before all others, and a function for every exercise that goes with it.

EQUAL = """
class Equal:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __le__(self, other): return True
    def __ge__(self, other): return True
    def __getattr__(self, name): return self
    def __call__(self, *a, **k): return self
    def __iter__(self): return iter([self, self, self])
    def __getitem__(self, key): return self
    def __bool__(self): return True
    def __float__(self): return 0.0
    def __len__(self): return 3
    __sub__ = __rsub__ = __add__ = __radd__ = __mul__ = __rmul__ = lambda self, other: self
    shape = ()
"""
LIAR = """
import torch
class Liar(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return torch.ones(()).as_subclass(cls) if "eq" not in function.__name__ else True
    def detach(self): return self
    def tolist(self): return [0.0]
"""
FORGERIES = {
    "torch.allclose and its kin": (
        "import torch\nfor name in ('allclose', 'isclose', 'equal', 'eq', 'all', 'as_tensor', 'is_tensor'):\n"
        "    setattr(torch, name, lambda *a, **k: True)\n"
        "for name in ('__eq__', 'allclose', 'equal', 'tolist', '__le__'):\n"
        "    setattr(torch.Tensor, name, lambda *a, **k: True)",
        "torch.zeros(2)",
    ),
    "builtins": (
        "import builtins\n"
        "for name in ('abs', 'isinstance', 'len', 'zip', 'all', 'any', 'type', 'max', 'float', 'sum'):\n"
        "    setattr(builtins, name, lambda *a, **k: True)",
        "0.0",
    ),
    "assert": ("import builtins\nbuiltins.AssertionError = builtins.Exception = lambda *a: None", "0.0"),
    "numpy": (
        "import numpy as np\nfor name in ('allclose', 'isclose', 'array_equal', 'abs', 'unravel_index'):\n"
        "    setattr(np, name, lambda *a, **k: True)\nnp.testing.assert_allclose = lambda *a, **k: None",
        "np.zeros(2)",
    ),
    "expect": (
        "import vae_lib.testing as t, vae_lib\nt.expect = t._problem = t._close = lambda *a, **k: None\n"
        "t.expect.__code__ = (lambda *a, **k: None).__code__\nexpect = t.expect\nt.Mismatch = BaseException",
        "None",
    ),
    "sys.modules": (
        "import sys, types\nfor name in ('torch', 'numpy', 'vae_lib', 'vae_lib.testing', 'math', 'json'):\n"
        "    sys.modules[name] = types.ModuleType(name)\n    sys.modules[name].expect = lambda *a, **k: None",
        "0.0",
    ),
    "import hook": (
        "import sys\nclass Hook:\n    def find_spec(self, name, path=None, target=None):\n"
        "        raise ImportError(name)\nsys.meta_path.insert(0, Hook())\nsys.settrace(lambda *a: None)",
        "0.0",
    ),
    "IPython transformers and run_cell": (
        "ip = get_ipython()\nip.input_transformers_cleanup = [lambda lines: ['pass']]\n"
        "ip.ast_transformers = [lambda t: None]\n"
        "ip.run_cell = lambda *a, **k: None\nip.set_custom_exc((Exception,), lambda *a: None)\n"
        "ip.display_formatter = None\nimport sys\n"
        "sys.displayhook = lambda value: None\nsys.excepthook = lambda *a: None",
        "0.0",
    ),
    "always equal": (EQUAL, "Equal()"),
    "a float that is always equal": ("class F(float):\n    __eq__ = __le__ = __lt__ = lambda *a: True", "F(1)"),
    "__torch_function__": (LIAR, "torch.ones(2).as_subclass(Liar)"),
    "a tensor that lies": (LIAR, "(torch.ones(2).as_subclass(Liar),) * 3"),
    "NaN": ("import math", "math.nan"),
    "infinity": ("import torch", "torch.full((), float('inf'))"),
    "exit status": ("import atexit, os\natexit.register(lambda: os._exit(0))", "exit(0)"),
    "the grader's own words": ('print(\'{"points": 99, "state": "graded"}\')', "{'points': 99.0}"),
    "the parameter's gradient": ("import torch", "[a.grad for a in arguments if hasattr(a, 'grad')]"),
}


def forged(cell: str, answer: str) -> Handin:
    handin = preceded(released(), cell)
    solutions = {
        e.name: f"def {e.name}(*arguments, **options):\n    return {answer}" for e in read_release(LAB).exercises
    }
    parts = (p._replace(source=solutions[p.grade_id]) if p.role == "solution" else p for p in handin.parts)
    return handin._replace(parts=tuple(parts))


@pytest.mark.parametrize("attack", FORGERIES)
def test_a_forgery_earns_nothing(sandbox, attack):
    result = grade(forged(*FORGERIES[attack]), read_release(LAB), sandbox)
    assert not any(points(result).values()), result


@pytest.mark.parametrize("attack", FORGERIES)
def test_a_forgery_leaves_the_judge_as_it_was(sandbox, attack):
    """After each attack, honest answers earn what they should: nothing of it reached this process."""
    grade(forged(*FORGERIES[attack]), read_release(LAB), sandbox)
    release = tiny("expect(f(), 1.0)")
    assert points(grade(hand_in(release, "def f():\n    return 1.0"), release, sandbox)) == {"f": 2.0}
    assert points(grade(hand_in(release, "def f():\n    return 2.0"), release, sandbox)) == {"f": 0.0}


# Rewriting the child's own server, or speaking to the judge in its place

SERVER = """
import gc, sys
from grading.sandbox import wire
from grading.sandbox.inside import server as child
servers = [o for o in gc.get_objects() if type(o).__name__ == 'Server']
for server in servers:
    {change}
"""
DEEP = """
tree = None
for _ in range(400):
    tree = {'t': 'list', 'v': [tree]}
"""
BIG = "{'dtype': 'float32', 'shape': [1 << 40]}"
ANSWERS = [  # what the child answers to each call
    "{'points': 99, 'result': None, 'tensors': [], 'passed': True}, []",
    "{}, []",
    "{'result': {'t': 'tensor', 'i': 7}, 'tensors': []}, []",
    "{'result': {'t': 'tensor', 'i': 0}, 'tensors': [{}]}, [b'']",
    f"{{'result': {{'t': 'tensor', 'i': 0}}, 'tensors': [{BIG}]}}, [b'']",
    "{'result': {'t': 'dict', 'v': [[{'t': 'list', 'v': []}, 1]]}, 'tensors': []}, []",
    "{'result': None, 'tensors': [], 'changes': [{'place': -1, 'value': 1}]}, []",
    "{'result': None, 'tensors': [], 'changes': [7], 'optimizers': 'x'}, []",
    "{'error': {'type': 7, 'message': None}}, []",
    "{'error': 'x' * 10**6}, []",
    "{'result': tree, 'tensors': []}, []",
    "server.request({'op': 'callback', 'id': 0, 'count': -1, 'places': [], 'tensors': []}, [])",
    "server.request({'op': 'exec', 'source': 'raise SystemExit'}, [])",
    "server.request({'op': ['callback']}, [])",
    "server.request({'op': 'callback slopes', 'call': True, 'places': 3, 'tensors': []}, [])",
]
FAKES = [
    *(f"server.call = lambda header, blobs: ({answer})" for answer in ANSWERS),
    "server.bind = lambda header, blobs: ({'handles': [{}] * 9}, [])",
    "server.bind = lambda header, blobs: ({'handles': [10**30] * len(header['names'])}, [])",
    "server.run = lambda header, blobs: ({'error': ['a'], 'reply': 'yes'}, [])",
]
HANDED_OVER = "value = f(lambda z: 2 * z, torch.ones(2, requires_grad=True))\nexpect(value, [2.0, 2.0])"


@pytest.mark.parametrize("change", FAKES)
def test_false_messages_earn_nothing_and_do_not_stop_the_judge(sandbox, change):
    release = tiny(HANDED_OVER, "expect(f(None, None), 1.0)")
    handin = preceded(hand_in(release, "def f(g, x):\n    return 0.0"), DEEP + SERVER.format(change=change))
    assert not any(points(grade(handin, release, sandbox)).values())
    assert points(grade(hand_in(release, "def f(g, x):\n    return g(x) if g else 1.0"), release, sandbox)) == {
        "f": 2.0
    }


def test_a_gradient_of_the_wrong_shape_is_no_gradient(sandbox):
    release = tiny(
        "x = torch.ones(3, requires_grad=True)\nexpect(torch.autograd.grad(f(x).sum(), x)[0], [2.0, 2.0, 2.0])"
    )
    answer = "{'slopes': [{'t': 'tensor', 'i': 0}], 'tensors': [{'dtype': 'float32', 'shape': []}]}, [bytes(4)]"
    change = f"server.slopes = lambda header, blobs: ({answer})"
    handin = preceded(hand_in(release, "def f(x):\n    return 2 * x"), SERVER.format(change=change))
    assert points(grade(handin, release, sandbox)) == {"f": 0.0}


PICKLE = """
import os, pickle, struct, socket, io, numpy as np
class Evil:
    def __reduce__(self):
        return (os.system, ('touch {mark}',))
evil = pickle.dumps(Evil())
packed = io.BytesIO()
np.savez(packed, a=np.array([Evil()], dtype=object))
class Child(np.ndarray): pass
raw = socket.socket(fileno=os.dup(3))
"""


@pytest.mark.parametrize(
    "answer",
    [
        "Evil()",
        "evil",
        "[Evil(), {'a': Evil()}]",
        "packed.getvalue()",
        "np.array([Evil()], dtype=object)",
        "np.ones(2).view(Child)",
        "raw.sendall(evil)",
        "raw.sendall(struct.pack('!II', len(evil), 0) + evil)",
        "raw.sendall(packed.getvalue())",
    ],
)
def test_no_object_comes_outwards(sandbox, tmp_path, answer):
    mark = tmp_path / "mark"
    release = tiny("import numpy\nvalue = f()\nexpect(value, 1.0)")
    handin = preceded(hand_in(release, f"def f():\n    return {answer}"), PICKLE.replace("{mark}", str(mark)))
    assert not any(points(grade(handin, release, sandbox)).values())
    assert not mark.exists()


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


# What a hidden test's arguments, or the judge's memory and time, could be had by


def test_an_exit_status_tells_nothing_of_a_hidden_test(sandbox):
    release = tiny("expect(f(1), 1)", "expect(f(137), 137)")
    source = "import os\ndef f(x):\n    return x if x == 1 else os._exit(x)"
    (exercise,) = grade(hand_in(release, source), release, sandbox).exercises
    assert exercise.points is None
    assert "137" not in str(exercise)
    assert exercise.message == "Your function f was stopped in a hidden test: it ended Python."


def test_a_function_handed_over_cannot_fill_the_judges_memory(sandbox):
    """A decoder makes 784 numbers of 2: of four million codes, 12 GB."""
    release = tiny("plane = torch.ones(2, 784)\nexpect(f(lambda z: z @ plane), 1.0)")
    source = "import torch\ndef f(decode):\n    return decode(torch.zeros(4_000_000, 2)).sum()"
    (exercise,) = grade(hand_in(release, source), release, sandbox).exercises
    assert (exercise.points, exercise.state) == (0.0, "graded")
    assert "allocate memory" in exercise.message


def test_an_error_in_a_function_handed_over_goes_to_the_one_who_called_it(sandbox):
    release = tiny("def g(x):\n    assert x > 0, 'not that'\n    return x\nexpect(f(g), 1.0)")
    source = "def f(g):\n    try:\n        return g(-1.0)\n    except RuntimeError:\n        return g(1.0)"
    assert points(grade(hand_in(release, source), release, sandbox)) == {"f": 2.0}


def test_a_boolean_is_true_or_false_and_nothing_between(sandbox):
    release = tiny("mask = f()\nassert mask.sum() == 1, mask.sum()\nassert mask.view(torch.uint8).max() == 1")
    source = "import torch\ndef f():\n    return torch.tensor([255], dtype=torch.uint8).view(torch.bool)"
    assert points(grade(hand_in(release, source), release, sandbox)) == {"f": 2.0}


PRINTER = """
import os, threading
def endless():
    while True:
        os.write(1, b'x' * 200_000)
for _ in range(8):
    threading.Thread(target=endless, daemon=True).start()
"""


def test_a_thread_that_prints_without_end_holds_nobody(sandbox):
    session = sandbox.session()
    session.allow(5)
    session.request({"op": "run", "number": 1, "source": PRINTER})
    more = iter(range(10**6))
    session.collect = lambda: next(more) >= 0  # as if there were always more
    assert len(session.take_output()) < 20_100
    assert next(more) < 1000
    session.close()


def test_many_threads_come_last_for_the_processor(sandbox):
    busy = "import os, threading, time\nfor _ in range(20):\n    threading.Thread(target=time.sleep, args=(9,)).start()"
    release = tiny("expect(f(), 19)")
    source = "import os, time\ndef f():\n    time.sleep(0.5)\n    return os.getpriority(os.PRIO_PROCESS, 0)"
    assert points(grade(preceded(hand_in(release, source), busy), release, sandbox)) == {"f": 2.0}
    assert points(grade(hand_in(release, source), release, sandbox)) == {"f": 0.0}


# Answers that look at nothing, and answers that change what they are given so that a test's own sum agrees

HELPERS = """
import torch
def tensors(*values):
    for v in values:
        if isinstance(v, torch.nn.Module): yield from v.parameters()
        elif isinstance(v, torch.Tensor): yield v
        elif isinstance(v, torch.optim.Optimizer): yield from (p for g in v.param_groups for p in g['params'])
        elif isinstance(v, dict): yield from tensors(*v.values())
        elif isinstance(v, (list, tuple)): yield from tensors(*v)
def fill(number, a, k):
    with torch.no_grad():
        for t in tensors(a, k):
            t.fill_(number) if t.is_floating_point() else None
    return first(a, k)
def empty(a, k):
    for t in tensors(a, k):
        try: t.data = torch.empty(0)
        except RuntimeError: pass
    return torch.empty(0)
def first(a, k):
    return next((t for t in tensors(a, k) if t.is_floating_point()), torch.zeros(()))
"""
EMPTY_ANSWERS = [
    *("True", "1", "0.0", "''", "[]", "None", "object()", "a", "a[0] if a else k", "torch.zeros(())", "torch.empty(0)"),
    *("float('nan')", "float('inf')", "first(a, k) * 0", "first(a, k)", "first(a, k) * float('nan')", "(0.0,) * 3"),
    *("lambda *x, **y: torch.zeros(())", "torch.nn.Linear(2, 2)", "(first(a, k) * 0,) * 2", "(first(a, k) * 0,) * 3"),
    *(
        "fill(0.0, a, k)",
        "fill(0.0, a, k).sum()",
        "(fill(0.0, a, k),) * 3",
        "fill(1.0, a, k)",
        "fill(0.0, a, k)[..., 0]",
    ),
    *("fill(float('nan'), a, k)", "empty(a, k)", "empty(a, k).sum()", "first(a, k) == first(a, k)"),
]


@pytest.mark.slow
@pytest.mark.parametrize("lab", LABS)
def test_no_answer_that_looks_at_nothing_earns_anything(sandbox, lab):
    for answer in EMPTY_ANSWERS:
        release = read_release(lab)
        cells = {e.name: f"def {e.name}(*a, **k):\n    return {answer}" for e in release.exercises}
        handin = preceded(released(lab), HELPERS)
        parts = (p._replace(source=cells.get(p.grade_id, p.source)) for p in handin.parts)
        found = points(grade(handin._replace(parts=tuple(parts)), release, sandbox))
        assert set(found.values()) == {0.0}, (answer, found)


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

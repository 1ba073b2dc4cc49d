"""What the sandbox has not is this grader's limit: an answer that needs it waits for a person; what it has, it has."""

from __future__ import annotations

import pytest

from grading.course.lab import read_release
from grading.judge.result import CRASHED, GRADED
from grading.judge.run import grade
from grading.judge.soundness import own_handins
from tests import tiny_course
from tests.handins import hand_in, points, preceded, tiny
from tests.tiny_course import LAB, checking, code, solution

pytestmark = pytest.mark.sandbox

RELEASE = tiny("assert f(2) == 4", "assert f(5) == 10")
LACKING = {
    "a pool": "from concurrent.futures import ProcessPoolExecutor\nimport math\ndef f(x):\n"
    "    with ProcessPoolExecutor(2) as pool:\n        return sum(pool.map(math.floor, [x, x]))",
    "a loader": "import torch\nfrom torch.utils.data import DataLoader, TensorDataset\ndef f(x):\n"
    "    rows = DataLoader(TensorDataset(torch.full((2,), x)), num_workers=2)\n    return sum(int(b[0]) for b in rows)",
    "a program": "import subprocess\ndef f(x):\n    return int(subprocess.run(['expr', str(x), '*', '2']).stdout)",
    "a cell that needs one": "files = !ls\ndef f(x):\n    return 2 * x",
    "a file that a program was to fetch": "!wget http://localhost/x\ndef f(x):\n    return int(open('x').read())",
    "a package that was to be installed": "%pip install xyzzy\ndef f(x):\n    import xyzzy\n    return 2 * x",
    "memory": "def f(x):\n    return 2 * x + 0 * len(bytearray(3 << 30))",
    "memory for a tensor": "import torch\ndef f(x):\n    return 2 * x + int(torch.zeros(1 << 30)[0])",
    "memory for an array": "import numpy\ndef f(x):\n    return 2 * x + int(numpy.zeros(1 << 29)[0])",
    "a large file": "def f(x):\n    open('large', 'wb').write(bytes(65 << 20))\n    return 2 * x",
    "many files": "def f(x):\n    [open(f'{i}', 'wb').write(bytes(9 << 20)) for i in range(8)]\n    return 2 * x",
    "a checkpoint": "import torch\ndef f(x):\n    torch.save(torch.zeros(20 << 20), 'model.pt')\n    return 2 * x",
    "the network": "import urllib.request as r\ndef f(x):\n    r.urlopen('http://127.0.0.1:9')\n    return 2 * x",
    "a name in the network": "import socket\ndef f(x):\n    socket.getaddrinfo('example.org', 80)\n    return 2 * x",
    "a socket": "import socket\ndef f(x):\n    socket.socket()\n    return 2 * x",
    "a graphics processor": "import torch\ndef f(x):\n    return 2 * int(torch.tensor(x, device='cuda'))",
    "a cell's data": "import urllib.request as r\ntwo = r.urlopen('http://127.0.0.1:9')\ndef f(x):\n    return 2 * x",
}


@pytest.mark.parametrize("what", LACKING)
@pytest.mark.parametrize("way", [(), ("test_f",)])
def test_what_needs_processes_waits_for_a_person(sandbox, what, way):
    release = RELEASE.run_plainly(way)
    (one,) = grade(hand_in(release, LACKING[what]), release, sandbox).exercises
    assert (one.points, one.state) == (None, CRASHED)
    assert "this grader's limit and no mistake of yours" in one.message


def test_a_later_answer_without_what_was_not_to_be_had_waits_too(sandbox):
    """A cell of the student's own fetches what the answer needs."""
    handin = hand_in(RELEASE, "def f(x):\n    return two * x")
    data = preceded(handin, "import urllib.request as r\ntwo = len(r.urlopen('http://127.0.0.1:9').read())")
    (one,) = grade(data, RELEASE, sandbox).exercises
    assert (one.points, one.state) == (None, CRASHED)
    assert "Connections to a network are not at hand" in one.message
    (one,) = grade(preceded(handin, "1 / 0"), RELEASE, sandbox).exercises
    assert one.points == 0.0


@pytest.mark.parametrize("way", [(), ("test_f",)])
def test_what_is_the_answers_mistake_stays_one(sandbox, way):
    release = RELEASE.run_plainly(way)
    for mistake in ("open('there')", "import nothing_of_this_name", "open('/etc/shadow')", "[].pop()"):
        (one,) = grade(hand_in(release, f"def f(x):\n    {mistake}\n    return 2 * x"), release, sandbox).exercises
        assert (one.points, one.state) == (0.0, GRADED), one.message


@pytest.mark.parametrize("way", [(), ("test_f",)])
def test_a_limit_that_a_hidden_test_meets(sandbox, way):
    release = tiny("assert f(1) == 1", "assert f(8675309) == 8675309").run_plainly(way)
    source = "def f(x):\n    if x > 1:\n        bytearray(3 << 30)\n    return x"
    (one,) = grade(hand_in(release, source), release, sandbox).exercises
    assert (one.points, one.state) == (None, CRASHED)
    assert "Such amounts of memory are not at hand while grading" in one.message
    assert "8675309" not in str(one)


@pytest.mark.parametrize("way", [(), ("test_f",)])
def test_of_a_hidden_test_such_a_limit_tells_nothing(sandbox, way):
    """Not even what an error says that only claims to be one."""
    release = tiny("assert f(1) == 1", "assert f(8675309) == 8675309").run_plainly(way)
    source = "def f(x):\n    if x > 1:\n        raise RuntimeError(f'{x} are not at hand while grading')\n    return x"
    assert "8675309" not in str(grade(hand_in(release, source), release, sandbox))


TWICE = "    return 2 * x"
HAVING = {
    "a module that was written": (f"%%writefile mine.py\ndef twice(x):\n{TWICE}", "from mine import twice as f"),
    "a script that is run": (f"%%writefile mine.py\ndef f(x):\n{TWICE}", "%run mine.py"),
    "await at the top": ("async def two():\n    return 2", "two = await two()\ndef f(x):\n    return two * x"),
    "what is installed": ("!pip install numpy", f"def f(x):\n{TWICE}"),
    "a timed cell with a program": ("%%time\n!pip install numpy\ntwo = 2", "def f(x):\n    return two * x"),
    "a captured answer with a magic": ("pass", f"%%capture\n%matplotlib inline\ndef f(x):\n{TWICE}"),
    "a timed cell that waits": (
        "async def two():\n    return 2",
        "%%time\ntwo = await two()\ndef f(x):\n    return two * x",
    ),
    "a timed cell in a captured one": ("pass", f"%%capture\n%%time\n!ls\ndef f(x):\n{TWICE}"),
    "a script with a magic": (f"%%writefile mine.py\n%matplotlib inline\ndef f(x):\n{TWICE}", "%run mine.py"),
}


@pytest.mark.parametrize("what", HAVING)
def test_what_the_sandbox_has(sandbox, what):
    before, source = HAVING[what]
    assert points(grade(preceded(hand_in(RELEASE, source), before), RELEASE, sandbox)) == {"f": 2.0}


def test_a_set_up_may_import_a_module_that_is_shipped(tmp_path, sandbox):
    answer = "def double(x):\n    ### BEGIN SOLUTION\n    return helpers.twice(x)\n    ### END SOLUTION"
    test = "assert double(2) == helpers.twice(2) == 4"
    course = tiny_course.of(tmp_path, code("import helpers"), solution(answer), checking(test))
    (course / "labs" / LAB / "helpers.py").write_text("def twice(x):\n    return 2 * x\n")
    release = read_release(LAB, course)
    right, blank, *_ = own_handins(release, course)
    for way in ((), ("test_double",)):
        assert points(grade(right, release.run_plainly(way), sandbox)) == {"double": 2.0}
        assert points(grade(blank, release.run_plainly(way), sandbox)) == {"double": 0.0}

"""Attacks on the points: answers that forge what a test compares, or look at nothing."""

from __future__ import annotations

import pytest

from grading.course.lab import read_release
from grading.judge.run import grade
from tests.handins import (
    LAB,
    forged,
    hand_in,
    points,
    preceded,
    released,
    tiny,
)
from tests.lab_bank import LABS, load
from tests.lab_bank import grade as in_process

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


@pytest.mark.slow
@pytest.mark.parametrize("attack", FORGERIES)
def test_a_forgery_earns_nothing_and_leaves_the_judge_as_it_was(sandbox, attack):
    """After each attack, honest answers earn what they should: nothing of it reached this process."""
    result = grade(forged(*FORGERIES[attack]), read_release(LAB), sandbox)
    assert not any(points(result).values()), result
    release = tiny("expect(f(), 1.0)")
    assert points(grade(hand_in(release, "def f():\n    return 1.0"), release, sandbox)) == {"f": 2.0}
    assert points(grade(hand_in(release, "def f():\n    return 2.0"), release, sandbox)) == {"f": 0.0}


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
@pytest.mark.parametrize("answer", EMPTY_ANSWERS)
def test_no_answer_that_looks_at_nothing_earns_anything(sandbox, answer):
    """By the real grader, on one lab; what each lab's tests make of such answers is told by the test below."""
    release = read_release(LAB)
    cells = {e.name: f"def {e.name}(*a, **k):\n    return {answer}" for e in release.exercises}
    handin = preceded(released(LAB), HELPERS)
    parts = (p._replace(source=cells.get(p.grade_id, p.source)) for p in handin.parts)
    found = points(grade(handin._replace(parts=tuple(parts)), release, sandbox))
    assert set(found.values()) == {0.0}


@pytest.mark.parametrize("lab", LABS)
def test_no_labs_tests_take_an_answer_that_looks_at_nothing(lab):
    """Here the answer has the test's own arguments in its hands, not copies in another process: it can do more."""
    book, helpers = load(lab), {}
    exec(HELPERS, helpers)
    for answer in EMPTY_ANSWERS:
        function = eval(f"lambda *a, **k: {answer}", helpers)
        earned = {e.name: in_process(book, e, {e.name: function}).points for e in book.exercises.values()}
        assert set(earned.values()) == {0.0}, (answer, earned)

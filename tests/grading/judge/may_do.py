"""What a test may do: rows of a table, each with an answer that is right, one that is wrong, and one that cheats."""

from __future__ import annotations

from tests.grading.judge.row import EQUAL, NOT, PLAIN, STANDIN, Row
from tests.grading.judge.shared import SHARED

ROWS = {
    "call functions of numbers and tensors": Row(
        STANDIN,
        "def double(x):\n    return x + x",
        "assert double(2) == 4",
        "assert double(-3) == -6",
        "def double(x):\n    return x * x",
        EQUAL + "def double(x):\n    return Equal()",
    ),
    "look at a variable": Row(
        STANDIN, "answer = 42", "assert answer > 0", "assert answer == 42", "answer = 43", EQUAL + "answer = Equal()"
    ),
    "catch errors by kind": Row(
        STANDIN,
        "def root(x):\n    if x < 0:\n        raise ValueError('negative')\n    return x**0.5",
        "assert root(4) == 2\nwith pytest.raises(ValueError):\n    root(-1)",
        "try:\n    root(-2)\nexcept ValueError:\n    pass\nelse:\n    raise AssertionError('no error')",
        "def root(x):\n    return abs(x) ** 0.5",
        "import pytest, contextlib\npytest.raises = lambda *a: contextlib.nullcontext()\n"
        "def root(x):\n    return abs(x) ** 0.5",
        "import pytest",
    ),
    "give part of the points by its last line": Row(
        STANDIN,
        "def double(x):\n    return x + x",
        "score = 1.0 * (double(2) == 4)",
        "score += 1.0 * (double(3) == 6)\nscore",
        "def double(x):\n    return 5",
        EQUAL + "def double(x):\n    return Equal()",
    ),
    "test several functions": Row(
        STANDIN,
        "def one():\n    return 1\ndef two():\n    return one() + one()",
        "assert one() + two() == 3",
        "assert two() - one() == 1",
        "def one():\n    return 1\ndef two():\n    return 1",
        EQUAL + "def one():\n    return Equal()\ntwo = one",
    ),
    "have magics": Row(
        STANDIN,
        "def double(x):\n    return x + x",
        "%%time\n%matplotlib inline\nassert double(2) == 4",
        "assert double(-3) == -6",
        "def double(x):\n    return x * x",
        "ip = get_ipython()\nip.run_cell_magic = ip.run_line_magic = lambda *a: None\ndef double(x):\n    return 4",
    ),
    "make objects of a student's class": Row(
        PLAIN,
        "class Stack:\n    def __init__(self):\n        self.held = []\n    def push(self, x):\n"
        "        self.held.append(x)\n"
        "    def pop(self):\n        return self.held.pop()",
        "stack = Stack()\nstack.push(1)\nstack.push(2)\nassert stack.pop() == 2",
        "stack.push(5)\nassert [stack.pop(), stack.pop()] == [5, 1]",
        "class Stack:\n    def __init__(self):\n        self.held = []\n    def push(self, x):\n"
        "        self.held.append(x)\n"
        "    def pop(self):\n        return self.held.pop(0)",
        EQUAL + "class Stack:\n    def push(self, x): pass\n    def pop(self): return Equal()",
    ),
    "use an operator that is the exercise": Row(
        PLAIN,
        "class Money:\n    def __init__(self, cents):\n        self.cents = cents\n"
        "    def __eq__(self, other):\n        return self.cents == other.cents",
        "assert Money(3) == Money(3)",
        "assert not Money(3) == Money(4)",
        "class Money:\n    def __init__(self, cents):\n        self.cents = cents",
        "class Money:\n    def __init__(self, cents): pass\n    def __eq__(self, other): return True",
    ),
    "go through a generator": Row(
        PLAIN,
        "def count(n):\n    yield from range(n)",
        "assert list(count(3)) == [0, 1, 2]",
        "assert sum(count(5)) == 10 and next(count(1)) == 0",
        "def count(n):\n    yield from range(1, n)",
        EQUAL + "def count(n):\n    yield from [Equal()] * n",
    ),
    "compare sets": Row(
        PLAIN,
        "def letters(word):\n    return set(word)",
        "assert letters('abba') == {'a', 'b'}",
        "assert letters('') == set()",
        "def letters(word):\n    return set(word[:1])",
        "class Set(set):\n    def __eq__(self, other): return True\ndef letters(word):\n    return Set()",
    ),
    "compare other numbers": Row(
        PLAIN,
        "from fractions import Fraction\ndef half(n):\n    return Fraction(n, 2)",
        "assert half(3) == 1.5",
        "assert half(1) + half(1) == 1",
        "def half(n):\n    return n // 2",
        "class F(float):\n    def __eq__(self, other): return True\n    __add__ = __radd__ = lambda self, o: self\n"
        "def half(n):\n    return F()",
    ),
    "look at a figure": Row(
        PLAIN,
        "def squares(ax):\n    ax.plot([0, 1, 2], [0, 1, 4])\n    ax.set_xlabel('x')",
        "fig, ax = plt.subplots()\nsquares(ax)\nassert ax.get_xlabel() == 'x'",
        "np.testing.assert_allclose(ax.lines[0].get_ydata(), [0, 1, 4])",
        "def squares(ax):\n    ax.plot([0, 1, 2], [0, 1, 2])\n    ax.set_xlabel('x')",
        "import numpy as np, matplotlib.lines as lines\nnp.testing.assert_allclose = lambda *a, **k: None\n"
        "lines.Line2D.get_ydata = lambda self: [0, 1, 4]\n"
        "def squares(ax):\n    ax.plot([0, 0])\n    ax.set_xlabel('x')\n"
        "    np.testing.assert_allclose.__code__ = (lambda *a, **k: None).__code__",
        "import numpy as np\nimport matplotlib.pyplot as plt",
    ),
    "catch what is printed": Row(
        PLAIN,
        "def greet(name):\n    print(f'Hello, {name}')",
        "with redirect_stdout(io.StringIO()) as out:\n    greet('Ada')\nassert out.getvalue() == 'Hello, Ada\\n'",
        "with redirect_stdout(io.StringIO()) as out:\n    greet('Bo')\nassert 'Bo' in out.getvalue()",
        "def greet(name):\n    return f'Hello, {name}'",
        "import io\nclass Out(io.StringIO):\n    def getvalue(self): return 'Hello, Ada\\n'\n"
        "io.StringIO = Out\ndef greet(name): pass",
        "import io\nfrom contextlib import redirect_stdout",
    ),
    "fit an estimator of scikit-learn": Row(
        PLAIN,
        "def line(x, y):\n    return LinearRegression().fit(x, y)",
        "model = line([[0], [1]], [1, 3])\nnp.testing.assert_allclose(model.coef_, [2])",
        "np.testing.assert_allclose(model.predict([[2]]), [5])\nassert isinstance(model, LinearRegression)",
        "def line(x, y):\n    return LinearRegression(fit_intercept=False).fit(x, y)",
        EQUAL + "class LinearRegression:\n    coef_ = Equal()\n    def predict(self, x): return Equal()\n"
        "def line(x, y):\n    return LinearRegression()",
        "import numpy as np\nfrom sklearn.linear_model import LinearRegression",
    ),
    "look at a table of pandas": Row(
        PLAIN,
        "def table():\n    return pd.DataFrame({'a': [1, 2]})",
        "assert list(table().columns) == ['a']",
        "pd.testing.assert_frame_equal(table(), pd.DataFrame({'a': [1, 2]}))",
        "def table():\n    return pd.DataFrame({'a': [1, 3]})",
        "import pandas as pd\npd.testing.assert_frame_equal = lambda *a: None\n"
        "def table():\n    return pd.DataFrame({'a': [0, 0]})",
        "import pandas as pd",
    ),
    "take a function away": Row(
        PLAIN,
        "def square(n):\n    return n * n\ndef total(n):\n    return sum(square(i) for i in range(n))",
        "assert total(3) == 5",
        "kept = square\ndel square\ntry:\n    total(3)\nexcept NameError:\n    pass\nelse:\n"
        "    raise AssertionError('total does without square')\nfinally:\n    square = kept",
        "def square(n):\n    return n * n\ndef total(n):\n    return sum(i * i for i in range(n))",
        "def total(n):\n    return n + 2\nsquare = abs",
    ),
    "read a student's source": Row(
        PLAIN,
        "def total(n):\n    return sum(range(n))",
        "assert total(4) == 6",
        "assert 'for' not in inspect.getsource(total)",
        "def total(n):\n    t = 0\n    for i in range(n):\n        t += i\n    return t",
        "import inspect\ninspect.getsource = lambda f: ''\n"
        "def total(n):\n    t = 0\n    for i in range(n):\n        t += i\n    return t",
        "import inspect",
    ),
    "hand over objects of its own": Row(
        PLAIN,
        "def name_of(thing):\n    return thing.name",
        "class Thing:\n    name = 'chair'\nassert name_of(Thing()) == 'chair'",
        "Thing.name = 'desk'\nassert name_of(Thing()) == 'desk'",
        "def name_of(thing):\n    return 'chair'",
        EQUAL + "def name_of(thing):\n    return Equal()",
    ),
    "train a network that a student's function returns": Row(
        PLAIN,
        "def network():\n    return torch.nn.Linear(1, 1)",
        "net = network()\noptimizer = torch.optim.SGD(net.parameters(), 0.1)\nx = torch.ones(4, 1)\n"
        "for _ in range(50):\n    optimizer.zero_grad()\n    loss = (net(x) - 3).square().mean()\n    loss.backward()\n"
        "    optimizer.step()\nassert loss < 1e-3",
        "assert torch.allclose(net(x), torch.full((4, 1), 3.0), atol=0.1)",
        "def network():\n    return torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.Sigmoid())",
        "import torch\ntorch.allclose = lambda *a, **k: True\ndef network():\n"
        "    return torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.Sigmoid())",
        "import torch",
    ),
    **SHARED,
    "use the network": Row(
        NOT,
        "def page():\n    import socket\n    return len(socket.create_connection(('127.0.0.1', 9)).recv(1))",
        "assert page() == 1",
        "assert page() == 1",
        "",
        "",
    ),
    "start programs": Row(
        NOT,
        "def listing():\n    import subprocess\n    return subprocess.run(['true']).returncode",
        "assert listing() == 0",
        "assert listing() == 0",
        "",
        "",
    ),
}

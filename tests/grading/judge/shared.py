"""Rows of what a test may do with classes of the lab's set-up, which it shares with the notebook, and with patches."""

from __future__ import annotations

from tests.grading.judge.row import EQUAL, PLAIN, Row

SHARED = {
    "compare members of the set-up's enumeration": Row(
        PLAIN,
        "def mix(n):\n    return Colour.RED if n else Colour.BLUE",
        "assert mix(1) == Colour.RED",
        "assert mix(0) is Colour.BLUE and mix(0) != Colour.RED and mix(0).value == 2",
        "def mix(n):\n    return Colour.RED",
        "import enum\nenum.Enum.__eq__ = Colour.__eq__ = lambda a, b: True\nenum.Enum.__ne__ = lambda a, b: True\n"
        "type.__setattr__(Colour, 'BLUE', Colour.RED)\nColour._member_map_['BLUE'] = Colour.RED\n"
        "def mix(n):\n    type.__setattr__(Colour, 'BLUE', Colour.RED)\n    return Colour.RED",
        "from enum import Enum\nclass Colour(Enum):\n    RED = 1\n    BLUE = 2",
    ),
    "ask whether an object is of the set-up's class": Row(
        PLAIN,
        "def shape(n):\n    return Circle(n)",
        "assert isinstance(shape(1), Circle) and shape(1).area() == 3",
        "assert shape(2).area() == 12 and isinstance(shape(2), Shape)",
        "def shape(n):\n    return Shape()",
        "Circle.area = lambda self: 12 if self.r == 2 else 3\nCircle.__init__ = lambda self, r: setattr(self, 'r', 0)\n"
        "def shape(n):\n    Circle.area = lambda self: 3 * n * n\n    c = Circle(0)\n    c.r = 0\n    return c",
        "class Shape:\n    pass\nclass Circle(Shape):\n    def __init__(self, r):\n        self.r = r\n"
        "    def area(self):\n        return 3 * self.r**2",
    ),
    "ask whether a class comes from the set-up's": Row(
        PLAIN,
        "def kind(n):\n    return Circle if n else Shape",
        "assert issubclass(kind(1), Shape)",
        "assert not issubclass(kind(0), Circle) and issubclass(kind(1), Circle)",
        "def kind(n):\n    return Circle",
        "import builtins\nbuiltins.issubclass = lambda a, b: True\nclass Fake:\n    def __init__(self, n):\n"
        "        self.__bases__ = (Circle,) if n else (Shape,)\ndef kind(n):\n    return Fake(n)",
        "class Shape:\n    pass\nclass Circle(Shape):\n    pass",
    ),
    "compare objects of the set-up's dataclass": Row(
        PLAIN,
        "def mirror(p):\n    return Point(p.y, p.x)",
        "assert mirror(Point(1, 2)) == Point(2, 1)",
        "assert mirror(Point(3, 4)) == Point(4, 3) and mirror(Point(0, 1)) != Point(0, 1)",
        "def mirror(p):\n    return p",
        EQUAL + "def mirror(p):\n    return Point(Equal(), Equal())",
        "from dataclasses import dataclass\n@dataclass\nclass Point:\n    x: int\n    y: int",
    ),
    "catch an error of the set-up's": Row(
        PLAIN,
        "def root(x):\n    if x < 0:\n        raise Bad('negative')\n    return x**0.5",
        "try:\n    root(-1)\nexcept Bad:\n    pass\nelse:\n    raise AssertionError('no error')",
        "try:\n    root(-2)\nexcept Bad as error:\n    assert str(error) == 'negative'\nelse:\n"
        "    raise AssertionError('no error')\nassert root(4) == 2",
        "def root(x):\n    if x < 0:\n        raise ValueError('negative')\n    return x**0.5",
        "Bad.__str__ = lambda self: 'negative'\ndef root(x):\n    if x < 0:\n        raise Bad(x)\n    return 2",
        "class Bad(Exception):\n    pass",
    ),
    "expect an error of the set-up's": Row(
        PLAIN,
        "def root(x):\n    if x < 0:\n        raise Bad('negative')\n    return x**0.5",
        "with pytest.raises(Bad):\n    root(-1)",
        "with pytest.raises(Bad, match='negative'):\n    root(-2)\nassert root(4) == 2",
        "def root(x):\n    return abs(x)**0.5",
        "class Bad(Exception):\n    def __str__(self): return 'negative'\ndef root(x):\n    raise Bad(x)",
        "import pytest\nclass Bad(Exception):\n    pass",
    ),
    "patch a function of Python's": Row(
        PLAIN,
        "def ask():\n    return int(input('How many? ')) + 1",
        "with patch('builtins.input', return_value='3') as asked:\n    assert ask() == 4\n"
        "    asked.assert_called_once_with('How many? ')",
        "with patch('builtins.input', return_value='7'), patch('random.random', return_value=0.5):\n"
        "    assert ask() == 8 and random.random() == 0.5",
        "def ask():\n    return input('How many? ')",
        "import builtins, random\nfrom unittest import mock\n"
        "mock.NonCallableMock.assert_called_once_with = lambda *a, **k: None\n"
        "def ask():\n    builtins.input = lambda text: '7'\n    random.random = lambda: 0.5\n    return 4",
        "import random\nfrom unittest.mock import patch",
    ),
}

"""The runner of claims on small lectures, each with one thing wrong: what it says of it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests.claims import Namespace, claim
from tests.claims.execution import data_sets, difference

ROOT = Path(__file__).parent.parent
PROSE = "Two is more\nthan one, and $x$ is *two*."
CODE = "x = 2\nprint(x)"
DIGITS = f"load = print\nif False:\n    load('digits')\n{CODE}"
CLAIMS = "\n".join(f"@claim('Two is more than one')\ndef claim_{i}(nb):\n    assert nb.x > 1\n" for i in range(7))
HOLDS = "@claim('$x$ is *two*')\ndef the_last(nb):\n    assert nb.x == 2\n"


def last(body, quote="Two is more", on="any"):
    """The eighth claim, with this body."""
    return f"@claim({quote!r}, on={on!r})\ndef the_last(nb):\n    {body}\n"


MNIST = last("assert nb.x", on="mnist")
CASES = {  # the lecture's code, the last claim, what the runner says; None where all is well
    "holds": (CODE, HOLDS, None),
    "caption": (CODE, last("assert nb.x", quote="The caption says why."), None),
    "alt": (CODE, last("assert nb.x", quote="A line that rises."), None),
    "lost": (CODE, last("assert nb.x", quote="Three is more"), "the lecture no longer says “Three is more”"),
    "silent": (CODE, last("nb.x"), "the_last: the function asserts nothing about a variable"),
    "idle": (CODE, last("assert True"), "the_last: the function asserts nothing about a variable"),
    "false": (CODE, last("assert nb.x > 3"), "The lecture says “Two is more”, but the_last: assert in line"),
    "values": (CODE, last("assert nb.x > 3"), "assert 2 > 3"),
    "unknown": (CODE, last("assert nb.y > 3"), "the_last: The notebook has no variable 'y' after it has run."),
    "stops": (CODE, last("assert nb.x / 0"), "the_last: it stopped with ZeroDivisionError in line"),
    "writes": (CODE, last("nb.x = 3\n    assert nb.x"), "the_last: nb.x cannot be set"),
    "few": (CODE, "", "09_few.py has 7 claims; a lecture has at least 8."),
    "fails": ("x = 1 / 0", HOLDS, "cell code fails: ZeroDivisionError: division by zero"),
    "unrun": ("x = 1 / 0", HOLDS, "the_last: the lecture does not run to its end, see runs_afresh"),
    "differs": ("x = 2\nprint(x + 1)", HOLDS, "cell code prints what is not stored: "),
    "absent": (CODE, MNIST, "the_last is on mnist, and the lecture loads no data."),
    "elsewhere": (DIGITS, MNIST, "the_last is on mnist, and the lecture runs on digits only."),
    "named": (DIGITS, last("assert nb.x > 3"), "but on digits the_last: assert in line"),
}


def lecture(code):
    v4 = nbformat.v4
    printed = v4.new_output("stream", name="stdout", text="2\n")
    picture = v4.new_output(
        "display_data", {"text/plain": "A line."}, metadata={"image/png": {"alt": "A line that rises."}}
    )
    caption = v4.new_output("display_data", {"text/markdown": "*The caption says\nwhy.*"})
    checked = v4.new_code_cell(
        code, id="code", execution_count=1, outputs=[printed], metadata={"tags": ["nbval-check-output"]}
    )
    shown = v4.new_code_cell("", id="shown", execution_count=2, outputs=[picture, caption])
    return v4.new_notebook(cells=[v4.new_markdown_cell(PROSE, id="prose"), checked, shown])


CONFTEST = """
from pathlib import Path
from tests.claims import items
items.LectureFile.lectures = Path(__file__).parent
from tests.claims.conftest import pytest_collect_file
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What pytest says of each small lecture."""
    folder = tmp_path_factory.mktemp("course")
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    slow: slow\n    mnist: mnist\n")
    for name, (code, end, _) in CASES.items():
        nbformat.write(lecture(code), folder / f"09_{name}.ipynb")
        (folder / f"09_{name}.py").write_text(f"from tests.claims import claim\n\n{CLAIMS}\n{end}")
    command = [sys.executable, "-m", "pytest", folder, "-c", folder / "pytest.ini", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    parts = re.split(r"(?m)^_{3,} .*?09_(\w+?)::.*$|^=+ short test summary.*$", done.stdout)
    said = {name: "" for name in CASES}
    for name, text in zip(parts[1::2], parts[2::2], strict=True):
        if name:
            said[name] += text
    assert set(said) == set(CASES), done.stdout
    return said


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_the_runner_says_what_is_wrong_in_one_sentence(told, name):
    expected = CASES[name][2]
    assert expected in told[name] if expected else told[name] == ""


def test_a_claim_needs_a_quote_and_a_known_data_set():
    for quotes, on in (((), "any"), ((" ",), "any"), (("A sentence.",), "cifar")):
        with pytest.raises(ValueError, match="A claim"):
            claim(*quotes, on=on)


def test_a_namespace_is_for_reading():
    nb = Namespace({"x": 1})
    assert nb.x == 1
    with pytest.raises(AttributeError, match="no variable 'y'"):
        _ = nb.y
    with pytest.raises(AttributeError, match="cannot be set"):
        nb.x = 2


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ('data = load("auto")', ("digits", "mnist")),
        ("data = load()", ("digits", "mnist")),
        ('data = load("digits")', ("digits",)),
        ('data = load("mnist", binarize="fixed")', ("mnist",)),
        ('model = zoo.load("vae-mnist-2d")', ("none",)),
        ("x, factors = sprites()", ("none",)),
    ],
)
def test_a_lecture_runs_on_the_data_that_it_loads(code, data):
    assert data_sets(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])) == data


def test_outputs_are_compared_as_nbval_does():
    def printed(*texts):
        return [nbformat.v4.new_output("stream", name="stdout", text=text) for text in texts]

    assert difference(printed("a\n", "b\n"), printed("a\nb\n")) == ""
    assert "stored 'b\\n', now 'a\\n'" in difference(printed("a\n"), printed("b\n"))
    assert "Missing" in difference([], printed("b\n"))

"""The instructor's first minute: a class of fourteen made from one lab's solutions, graded, and where to look.

Among them are right and half-done notebooks, usual mistakes, notebooks that are broken, and one that cheats. The same
class serves the tests: what each of them must earn stands beside it.
"""

import copy
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from grading.course.folder import ROOT, GradingError

LAB = "lab5_vae"
MARKS = re.compile(r"^ *### (BEGIN|END) SOLUTION\n?", re.MULTILINE)

KL = "return 0.5 * (mu**2 + logvar.exp() - logvar - 1).sum(dim=1)"
FLIPPED = "return -0.5 * (mu**2 + logvar.exp() - logvar - 1).sum(dim=1)"
DRAW = "return mu + torch.exp(0.5 * logvar) * eps"
STEP = "    optimizer.zero_grad()\n"
CHEAT = """\
import builtins
import gc
import torch
torch.allclose = torch.equal = lambda *args, **kwargs: True
builtins.abs = lambda x: 0.0
class Always(torch.Tensor):
    def __eq__(self, other): return True
    @classmethod
    def __torch_function__(cls, *args, **kwargs): return True
for name in ("reparametrize", "gaussian_kl", "bernoulli_nll", "gaussian_nll", "reconstruction_loss", "vae_loss", "train_step"):
    globals()[name] = lambda *args, **kwargs: torch.zeros(2).as_subclass(Always)
for path in ("../solutions", "../../solutions", "/", "."):
    try:
        import os
        print(path, os.listdir(path))
    except OSError as error:
        print(error)
"""  # noqa: E501

Maker = Callable[[dict], bytes]


class Pupil(NamedTuple):
    """One of the class: how the hand-in is made from the solved notebook, and what it must come to."""

    name: str
    about: str
    make: Maker | None
    state: str
    lost: tuple[str, ...] = ()  # exercises without points
    ungraded: tuple[str, ...] = ()


def solved(notebook: dict) -> bytes:
    return json.dumps(notebook).encode()


def changed(*replacements: tuple[str, str]) -> Maker:
    """The solved notebook with other code in it."""

    def make(notebook: dict) -> bytes:
        text = [json.dumps(old)[1:-1] for old, _ in replacements]
        source = json.dumps(notebook, ensure_ascii=True)
        for old, (_, new) in zip(text, replacements, strict=True):
            if old not in source:
                raise GradingError(f"The demonstration does not know this solution of {LAB} any more: {old}")
            source = source.replace(old, json.dumps(new)[1:-1])
        return source.encode()

    return make


def stubs(*names: str) -> Maker:
    """The solved notebook, these exercises left as they were handed out."""

    def make(notebook: dict) -> bytes:
        released = read("labs")
        blank = {grade_id(c): c["source"] for c in released["cells"]}
        for cell in notebook["cells"]:
            if grade_id(cell) in names:
                cell["source"] = blank[grade_id(cell)]
        return solved(notebook)

    return make


def scattered(notebook: dict) -> bytes:
    """A cell copied, a test deleted, another retyped, and all of nbgrader's marks stripped from the rest."""
    cells = [cell for cell in notebook["cells"] if grade_id(cell) != "test_vae_loss"]
    kl = next(cell for cell in cells if grade_id(cell) == "gaussian_kl")
    cells.insert(cells.index(kl), copy.deepcopy(kl))
    for cell in cells:
        if grade_id(cell) == "test_gaussian_nll":
            cell["cell_type"] = "markdown"
        if grade_id(cell) in ("reparametrize", "test_reparametrize"):
            cell["metadata"] = {}
    return solved(notebook | {"cells": cells})


def cheating(notebook: dict) -> bytes:
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("solution") and cell["cell_type"] == "code":
            cell["source"] = CHEAT
    return solved(notebook)


ALL = ("reparametrize", "gaussian_kl", "bernoulli_nll", "gaussian_nll", "reconstruction_loss", "vae_loss", "train_step")
QUESTIONS = ("question_prediction", "question_faults", "question_coverage")
TRAP = "import os; os._exit(0)"
CLASS = (
    Pupil("ada", "everything right", solved, "needs-manual"),
    Pupil("ben", "everything right, no answer in words", stubs(*QUESTIONS), "graded"),
    Pupil("cleo", "half done", stubs(*ALL[4:]), "needs-manual", ALL[4:]),
    Pupil("dan", "the KL with its sign flipped", changed((KL, FLIPPED)), "needs-manual", ("gaussian_kl",)),
    Pupil(
        "eve",
        "σ² for σ, and gradients never cleared",
        changed((DRAW, DRAW.replace("0.5 * ", "")), (STEP, "")),
        "needs-manual",
        ("reparametrize", "train_step"),
    ),
    Pupil("finn", "as it was handed out", lambda _: solved(read("labs")), "graded", ALL),
    Pupil(
        "gwen", "a syntax error in one cell", changed((KL, KL.replace("return", "retrun"))), "needs-manual", (ALL[1],)
    ),
    Pupil("hal", "a loop without end", changed((KL, "while True: pass")), "timed-out", (), ("gaussian_kl",)),
    Pupil(
        "iris", "a function that ends the process", changed((KL, TRAP.replace("\n", "; "))), "crashed", (), (ALL[1],)
    ),
    Pupil("jo", "cells copied, deleted, retyped and stripped", scattered, "needs-manual"),
    Pupil("kim", "not a notebook", lambda _: b"<html>Session expired</html>", "unreadable"),
    Pupil("lou", "an empty file", lambda _: b"", "unreadable"),
    Pupil("mallory", "patches torch, forges answers, looks around", cheating, "needs-manual", ALL),
    Pupil("nora", "nothing handed in", None, "missing"),
)


def demo(out: Path, isolated: bool = True) -> int:
    """Make the class in `out`, grade it, and say what it got and where to look."""
    from grading.grade import Options, grade_class
    from grading.report.scores import table_of_states
    from grading.sandbox.walls import required

    required(isolated)
    shutil.rmtree(out, ignore_errors=True)
    make_class(out / "submitted")
    print(f"A class of {len(CLASS)} for {LAB}, made from its solutions:", flush=True)
    for pupil in CLASS:
        print(f"  {pupil.name:<8} {pupil.about}")
    print("Grading …", flush=True)
    entries = grade_class(Options(out / "submitted", out / "graded", isolated=isolated))
    print(table_of_states(entries))
    print(f"The class page: {out / 'graded' / 'report.html'}")
    print("To mark it in Formgrader: make lab ROLE=instructor CLASS=demo")
    print(f"What a student reads: {out / 'graded' / 'feedback' / 'dan' / LAB / f'{LAB}.html'}")
    return 0


def make_class(submitted: Path) -> None:
    """submitted/NAME/LAB/LAB.ipynb for each of the class, and the list of them."""
    for pupil in CLASS:
        if pupil.make:
            path = submitted / pupil.name / LAB / f"{LAB}.ipynb"
            path.parent.mkdir(parents=True)
            path.write_bytes(pupil.make(handed_in()))
    rows = ["id,first_name", *(f"{pupil.name},{pupil.name.title()}" for pupil in CLASS)]
    (submitted / "students.csv").write_text("\n".join(rows) + "\n")


def handed_in() -> dict:
    """The released notebook with the solutions in it, as a student who solved all would hand it in."""
    notebook, answers = read("labs"), {grade_id(c): c for c in read("solutions")["cells"]}
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            cell["source"] = MARKS.sub("", "".join(answers[grade_id(cell)]["source"]))
    return notebook


def read(folder: str) -> dict:
    return json.loads((ROOT / folder / LAB / f"{LAB}.ipynb").read_text(encoding="utf-8"))


def grade_id(cell: dict) -> str:
    return cell["metadata"].get("nbgrader", {}).get("grade_id", "")

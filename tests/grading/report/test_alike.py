"""Copied answers are found, however they were renamed or turned about; answers that people write alike are not."""

from __future__ import annotations

import inspect
import re
import resource
import time
from pathlib import Path

import pytest

from grading.course.lab import notebook_cells
from grading.report import trees
from grading.report.alike import Pair, bags_of, pairs
from grading.report.pages import write_class_page
from grading.report.works import forced_by
from tests.grading.report.test_report import entry
from tests.lab_bank import LABS, bank

FORCED = {lab: forced_by([notebook_cells(folder, lab) for folder in ("labs", "solutions")]) for lab in LABS}
ORIGINAL = '''
def train_step(model, x, optimizer, beta):
    """One step."""
    model.train()
    batch = x.flatten(1)  # every picture a row
    mu, logvar = model.encode(batch)
    noise = torch.randn(mu.shape, generator=GENERATOR)
    codes = torch.addcmul(mu, logvar.mul(0.5).exp(), noise)
    errors = F.binary_cross_entropy_with_logits(model.decode(codes), batch, reduction="none").sum(-1)
    penalty = 0.5 * (mu.square() + logvar.exp() - logvar - 1).sum(-1)
    loss = torch.add(errors, penalty, alpha=beta).mean()
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    return loss.item()
'''
NAMES = {
    "batch": "rows",
    "mu": "m",
    "noise": "e",
    "codes": "z",
    "errors": "a",
    "penalty": "b",
    "loss": "total",
    "x": "y",
}


def renamed(source):
    return re.sub(r"\b\w+\b", lambda word: NAMES.get(word[0], word[0]), source)


def reordered(source):
    """The penalty before the draw, as nothing between them depends on it."""
    lines = source.split("\n")
    penalty = next(line for line in lines if "penalty =" in line)
    lines.remove(penalty)
    lines.insert(next(k for k, line in enumerate(lines) if "noise =" in line), penalty)
    return "\n".join(lines)


def told_otherwise(source):
    source = source.replace('"""One step."""', '"""Do one step of training, and say what it cost."""\n    # carefully')
    return re.sub(r"  # every.*", "  # flat", source).replace("model, x,", "model: object, x: object,")


DISGUISES = {
    "as it is": lambda source: source,
    "spaced otherwise": lambda source: source.replace("\n", "\n\n"),
    "renamed": renamed,
    "reordered": reordered,
    "with other comments": told_otherwise,
    "all of it": lambda source: renamed(reordered(told_otherwise(source))),
    "with a line more": lambda source: source.replace("    return", "    print(loss)\n    return"),
}


def code(source, name="train_step"):
    return {name: ("code", source)}


@pytest.mark.parametrize("how", DISGUISES)
def test_a_copy_is_found(how):
    works = {"ann": code(ORIGINAL), "bob": code(DISGUISES[how](ORIGINAL)), "cy": code(bank_answer("train_step"))}
    (found,) = pairs(works, FORCED["lab5_vae"])
    assert (found.one, found.other) == ("ann", "bob")
    assert found.where[0][1] == 1.0 if how in ("as it is", "spaced otherwise") else 0.9 <= found.where[0][1] < 1.0


def bank_answer(exercise, number=0):
    return sources("lab5_vae")[exercise][number]


def sources(lab):
    """The right answers of a bank, by exercise, each under the exercise's name."""
    found = {}
    for answer in bank(lab):
        if answer.kind == "right":
            source = inspect.getsource(answer.function)
            source = source[source.index("def ") :].replace(
                f"def {answer.function.__name__}(", f"def {answer.exercise}("
            )
            found.setdefault(answer.exercise, []).append(source)
    return found


@pytest.mark.parametrize("lab", LABS)
def test_right_answers_written_otherwise_are_not_listed(lab):
    """A class in which each writes another right answer: nothing that a reader would call alike."""
    known = sources(lab)
    most = max(map(len, known.values()))
    works = {str(k): {n: ("code", all_[k]) for n, all_ in known.items() if k < len(all_)} for k in range(most)}
    assert pairs(works, FORCED[lab]) == []


def test_what_the_solution_gives_is_not_listed():
    """Everybody's answer is the lab's own, as in the demonstration's class."""
    cells = notebook_cells("solutions", "lab5_vae")
    works = {
        who: {name: source for name, given in forced_by([cells]).items() for source in given} for who in ("a", "b", "c")
    }
    assert pairs(works, FORCED["lab5_vae"]) == []


def test_what_many_write_is_not_listed():
    paper = "def gaussian_kl(mu, logvar):\n    return -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp(), dim=-1)"
    assert pairs({str(k): code(paper, "gaussian_kl") for k in range(2)}, FORCED["lab5_vae"]) == []  # short
    assert pairs({str(k): code(ORIGINAL) for k in range(9)}, FORCED["lab5_vae"]) == []  # common
    assert len(pairs({str(k): code(ORIGINAL) for k in range(3)}, FORCED["lab5_vae"])) == 3


WORDS = (
    "The third run has no gradient in its encoder because the draw was detached, so that the codes of all pictures "
    "stay where they began while the decoder learns the mean picture of all, which is a grey blob that looks a bit "
    " like a nine and a bit like a three, and the loss goes down slowly but never below what the mean can reach."
)


def test_answers_in_words_are_compared_too():
    forced = FORCED["lab5_vae"]
    works = {
        "ann": {"question_faults": ("words", WORDS)},
        "bob": {"question_faults": ("words", WORDS.replace("third", "THIRD").replace(", which", ";\nwhich"))},
        "cy": {"question_faults": ("words", "The encoder gets no gradient in the third run.")},
        "dan": {"question_faults": ("words", forced["question_faults"][-1][1])},  # the model answer and the question
        "eve": {"question_faults": ("words", forced["question_faults"][-1][1])},
    }
    assert [(p.one, p.other) for p in pairs(works, forced)] == [("ann", "bob")]


def test_the_same_come_first():
    works = {"a": code(ORIGINAL), "b": code(renamed(ORIGINAL)), "c": code(ORIGINAL)}
    found = pairs(works, FORCED["lab5_vae"])
    assert [(p.one, p.other) for p in found] == [("a", "c"), ("a", "b"), ("b", "c")]


BROKEN = [
    "(" * 5000,
    "-" * 9000 + "1",
    "x=" * 5000 + "1",
    "a." * 5000 + "b",
    "\0",
    "def f(:",
    "1+" * 9000 + "1",
    "\ud800",
]


def test_no_text_keeps_others_from_being_compared(monkeypatch):
    works = {f"{k}": code(text) for k, text in enumerate(BROKEN)} | {"ann": code(ORIGINAL), "bob": code(ORIGINAL)}
    assert [(p.one, p.other) for p in pairs(works, FORCED["lab5_vae"])] == [("ann", "bob")]


def test_a_text_that_breaks_the_process_costs_itself(tmp_path, monkeypatch):
    broken = tmp_path / "grading" / "report"
    broken.mkdir(parents=True)
    before = "        kind, source = json"
    text = Path(trees.__file__).read_text(encoding="utf-8")
    text = text.replace(before, f"        'boom' in line and sys.exit(9)\n{before}")
    (broken / "trees.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr("grading.report.alike.ROOT", tmp_path)
    monkeypatch.setenv("PYTHONPATH", "")
    found = list(bags_of([("code", ORIGINAL), ("code", "boom"), ("code", ORIGINAL), ("code", "boom")]))
    assert found[0] == found[2] != {}
    assert found[1] == found[3] == {}


def children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_a_hundred_hand_ins_within_two_seconds():
    known = sources("lab5_vae")
    works = {
        f"{k}": {n: ("code", all_[k * (j + 1) % len(all_)]) for j, (n, all_) in enumerate(known.items())}
        for k in range(100)
    }
    started = time.process_time() + children()
    pairs(works, FORCED["lab5_vae"])
    assert time.process_time() + children() - started < 2  # of processor: other tests are run meanwhile


def test_the_class_page_lists_pairs_to_look_at(tmp_path):
    found = Pair("ann", "b<b>", (("train_step", 1.0), ("question_why", 0.83)), 100)
    write_class_page([entry("ann"), entry("b<b>")], tmp_path, {"lab": [found, Pair("ann", "gone", (("f", 1.0),), 50)]})
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "train_step (the same), question_why (83%)" in text
    assert "b&lt;b&gt;" in text
    assert "gone" not in text

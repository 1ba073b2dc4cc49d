"""The grader against its banks: what wrong answers lose, what right answers written otherwise keep, and where the
numbers come from."""

from __future__ import annotations

import pytest

from tests.lab_bank import (
    LABS,
    ROOT,
    Answer,
    bank,
    grade,
    headings,
    load,
    title_line,
    touched_by,
    what_is_missing,
)

NAMED = 0.95  # the least share of wrong answers of which the visible check says what they are
ANSWERS = [(lab, answer) for lab in LABS for answer in bank(lab)]


def _of(kind: str):
    """Those of the chapters beyond the core are left out of the quick part, and every other wrong answer."""
    chosen = [(lab, a) for lab, a in ANSWERS if a.kind == kind]
    marks = {True: [pytest.mark.slow], False: []}
    slow = [_number(lab) > 6 or (kind == "wrong" and place % 2 == 1) for place, (lab, _) in enumerate(chosen)]
    cases = [pytest.param(lab, a, marks=marks[late]) for (lab, a), late in zip(chosen, slow, strict=True)]
    ids = [f"{lab}-{a.exercise}-{a.function.__name__}" for lab, a in chosen]
    return pytest.mark.parametrize(("lab", "answer"), cases, ids=ids)


def _number(lab: str) -> int:
    return int(lab.removeprefix("lab").split("_")[0])


@pytest.mark.parametrize("lab", LABS)
def test_a_lab_has_its_notebook_and_its_bank(lab):
    assert what_is_missing(lab) == []


@pytest.mark.parametrize("lab", LABS)
def test_headings_are_numbered_and_say_the_points(lab):
    """Exercises 5.1, 5.2, … and questions 5.A, 5.B, …, each with the points that its cell gives."""
    chapter, found = int(lab.removeprefix("lab").split("_")[0]), headings(lab)
    for kind, numbers in (("Exercise", "123456789"), ("Question", "ABC")):
        numbered = [h.number for h in found if h.kind == kind]
        assert numbered == list(numbers[: len(numbered)])
    assert {h.chapter for h in found} == {chapter}
    assert [h.points for h in found if h.kind == "Exercise"] == [e.points for e in load(lab).exercises.values()]
    assert [h.points for h in found if h.kind == "Question"] == list(load(lab).manual.values())
    assert load(lab).manual  # at least one answer in words


@pytest.mark.parametrize("lab", LABS)
def test_a_stub_earns_nothing_even_in_the_visible_part(lab):
    def stub(*arguments, **options):
        raise NotImplementedError

    book = load(lab)
    for exercise in book.exercises.values():
        assert grade(book, exercise, {exercise.name: stub}, visible=True).message.startswith("NotAnswered")
        assert grade(book, exercise, {exercise.name: lambda *a, **k: None}, visible=True).points == 0


@pytest.mark.parametrize("lab", LABS)
def test_solutions_earn_every_point(lab):
    for exercise in load(lab).exercises.values():
        outcome = grade(load(lab), exercise, {})
        assert outcome.points == outcome.max_points, f"{exercise.name}: {outcome.message}"


@pytest.mark.parametrize("lab", LABS)
def test_a_whole_test_begins_with_its_visible_half(lab):
    """So that what the visible half rejects, the whole test rejects."""
    for exercise in load(lab).exercises.values():
        assert exercise.visible_test != exercise.test
        assert exercise.test.startswith(exercise.visible_test.rstrip())


@pytest.mark.parametrize("lab", LABS)
def test_a_wrong_answer_costs_no_other_exercise(lab):
    """No other test, and no solution that one tries, so much as calls the function: not even an answer that always
    fails costs another exercise its points, so no wrong one does."""
    book, called = load(lab), []
    for name in book.exercises:
        fails = {name: lambda *_, name=name, **__: called.append(name)}
        others = [e for e in touched_by(book, name) if e.name != name]
        assert [e.name for e in others if grade(book, e, fails).points < e.points] == []
    assert called == []


# torch warns of two slips in the banks before they go wrong; for a student a warning is no error
@pytest.mark.filterwarnings("ignore:The use of `x.T` on tensors of dimension other than 2:UserWarning")
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf:UserWarning")
@_of("wrong")
def test_wrong_answer_loses_its_points_and_is_told_why(lab, answer: Answer):
    """The visible half rejects it, and says nothing of it that is not true."""
    book, replaced = load(lab), {answer.exercise: answer.function}
    outcome = grade(book, book.exercises[answer.exercise], replaced, visible=True)
    assert outcome.points == 0
    for cause in outcome.causes:
        assert any(words in cause for words in answer.true), f"is this true of it? {cause}"
    assert outcome.causes or not answer.true, outcome.message


@pytest.mark.parametrize("lab", LABS)
def test_nearly_all_wrong_answers_are_told_what_they_are(lab):
    wrong = [answer for answer in bank(lab) if answer.kind == "wrong"]
    assert sum(bool(answer.true) for answer in wrong) >= NAMED * len(wrong)


@pytest.mark.parametrize("lab", LABS)
def test_a_labs_title_and_the_tables_say_what_is_in_it(lab):
    found = headings(lab)
    exercises, questions = (sum(h.kind == kind for h in found) for kind in ("Exercise", "Question"))
    points = sum(h.points for h in found)
    count = f"{questions} questions" if questions > 1 else "a question"
    place = f"Lab {found[0].chapter} of {len(LABS)}"
    assert title_line(lab).startswith(f"*{place} · {exercises} exercises and {count}, {points:g} points")
    row = next(r for r in (ROOT / "README.md").read_text(encoding="utf-8").splitlines() if f"[{lab}]" in r)
    assert f"| {exercises} + {questions} | {points:g} |" in row
    taught = (ROOT / "course" / "instructors.md").read_text(encoding="utf-8")
    assert f"| lab {found[0].chapter} | {points:g} |" in taught


@_of("right")
def test_right_answer_written_otherwise_keeps_every_point(lab, answer: Answer):
    book = load(lab)
    outcome = grade(book, book.exercises[answer.exercise], {answer.exercise: answer.function})
    assert outcome.points == outcome.max_points, outcome.message


@_of("oracle")
def test_reference_numbers_come_out_by_a_second_route(lab, answer: Answer):
    book = load(lab)
    outcome = grade(book, book.exercises[answer.exercise], {answer.exercise: answer.function})
    assert outcome.points == outcome.max_points, outcome.message


@pytest.mark.parametrize("lab", LABS)
def test_every_exercise_has_a_full_bank(lab):
    for name in load(lab).exercises:
        kinds = [a.kind for a in bank(lab) if a.exercise == name]
        counts = {kind: kinds.count(kind) for kind in ("wrong", "right", "oracle")}
        short = [k for k, least in {"wrong": 10, "right": 3, "oracle": 1}.items() if counts[k] < least]
        assert not short, f"{name}: {counts}"

"""Whatever arrives, each student's own work is graded, or is refused in a sentence that the student understands."""

from __future__ import annotations

import copy
import io
import json
import stat
import zipfile

import nbformat
import pytest

from grading.commands import demo
from grading.course.folder import GradingError
from grading.course.lab import parts_of, role
from grading.intake import archive
from grading.intake.handin import Arrival, Intake, Refusal
from grading.intake.names import Student, identify, students
from grading.intake.notebook import MAX_BYTES, Unreadable, read_notebook
from grading.intake.repair import repair
from grading.intake.sources import Source, sources
from grading.platforms.authors import author

LAB = demo.LAB
RELEASED = read_notebook(json.dumps(demo.read("labs")).encode())
SOLVED = demo.handed_in()
EXERCISES = demo.ALL


def place(notebook, name):
    return next(i for i, cell in enumerate(notebook["cells"]) if demo.grade_id(cell) == name)


def given(change):
    """The solved notebook after a change to its list of cells, repaired."""
    notebook = copy.deepcopy(SOLVED)
    change(notebook["cells"])
    return repair(read_notebook(json.dumps(notebook).encode()), RELEASED)


def code_of(notebook):
    """All that the student wrote, in order."""
    return [cell["source"] for cell in notebook["cells"] if role(cell) == "solution"]


def names(notebook):
    """The graded cells, in order."""
    return [demo.grade_id(cell) for cell in notebook["cells"] if role(cell) in ("solution", "test", "answer")]


WHOLE = names(RELEASED)


def find(cells, name):
    return next(cell for cell in cells if demo.grade_id(cell) == name)


def remove(*doomed):
    return lambda cells: [cells.remove(find(cells, name)) for name in doomed]


def retype(name, kind):
    return lambda cells: find(cells, name).update(cell_type=kind)


def strip_all(cells):
    for cell in cells:
        cell["metadata"] = {}


def strip_ids(cells):
    strip_all(cells)
    for cell in cells:
        cell.pop("id", None)


def rename(cells):
    for cell in cells:
        if demo.grade_id(cell):
            cell["metadata"]["nbgrader"]["grade_id"] += "_mine"


def points(cells):
    for cell in cells:
        if "points" in cell["metadata"].get("nbgrader", {}):
            cell["metadata"]["nbgrader"] |= {"points": 100, "grade": False, "locked": False}


def schema(cells):
    for cell in cells:
        if demo.grade_id(cell):
            cell["metadata"]["nbgrader"]["schema_version"] = 9


def edit_tests(cells):
    for cell in cells:
        if demo.grade_id(cell).startswith("test_"):
            cell["source"] = "pass"


def copy_cell(name, to=0):
    return lambda cells: cells.insert(to, copy.deepcopy(find(cells, name)))


def swap(cells):
    cells[:] = cells[::-1]


def split(cells):
    """The function's first half in one cell, its second in the next, both with the mark: a split as Jupyter does it."""
    at = cells.index(find(cells, "reconstruction_loss"))
    head, tail = copy.deepcopy(cells[at]), copy.deepcopy(cells[at])
    head["source"], tail["source"] = "helper = 1\n", "".join(cells[at]["source"])
    cells[at : at + 1] = [head, tail]


WHOLE_WORK = {
    "nothing changed": lambda cells: None,
    "a test deleted": remove("test_gaussian_kl"),
    "all tests deleted": remove(*(f"test_{name}" for name in EXERCISES)),
    "a test retyped": retype("test_vae_loss", "markdown"),
    "a solution retyped": retype("vae_loss", "raw"),
    "an answer retyped": retype("question_terms", "code"),
    "metadata stripped": strip_all,
    "names changed": rename,
    "points changed": points,
    "a version that nbgrader does not know": schema,
    "tests edited": edit_tests,
    "a solution copied to the top": copy_cell("gaussian_kl"),
    "a test copied to the top": copy_cell("test_gaussian_kl"),
    "an answer copied": copy_cell("question_terms"),
    "a cell split": split,
    "cells in another order": swap,
}


@pytest.mark.parametrize("damage", WHOLE_WORK)
def test_the_student_s_whole_work_is_found_again(damage):
    notebook, _ = given(WHOLE_WORK[damage])
    assert sorted(names(notebook)) == sorted(WHOLE)
    for name in (*EXERCISES, "question_terms"):
        found = notebook["cells"][place(notebook, name)]["source"]
        assert found == "".join(find(SOLVED["cells"], name)["source"]), name
    for name in EXERCISES:  # the lab's own tests, each behind its function
        test = notebook["cells"][place(notebook, f"test_{name}")]
        assert test["source"] == find(RELEASED["cells"], f"test_{name}")["source"]
        assert place(notebook, f"test_{name}") > place(notebook, name)


@pytest.mark.parametrize("damage", WHOLE_WORK)
def test_a_repaired_notebook_is_sound_for_nbgrader(damage):
    notebook, _ = given(WHOLE_WORK[damage])
    nbformat.validate(nbformat.from_dict(copy.deepcopy(notebook)))
    marks = [cell["metadata"]["nbgrader"] for cell in notebook["cells"] if demo.grade_id(cell)]
    wanted = {m["grade_id"]: m for c in RELEASED["cells"] if (m := c["metadata"].get("nbgrader"))}
    assert all(mark == wanted[mark["grade_id"]] for mark in marks)
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])


def test_no_code_of_the_student_s_is_lost_or_moved():
    mine = [cell["source"] for cell in SOLVED["cells"] if role(cell) in ("code", "solution")]
    notebook, _ = given(copy_cell("gaussian_kl"))
    kept = [part.source for part in parts_of(notebook["cells"]) if part.role in ("code", "solution")]
    assert kept[1:] == ["".join(source) for source in mine]
    assert kept[0] == "".join(find(SOLVED["cells"], "gaussian_kl")["source"])


def test_an_untouched_notebook_needs_no_repair():
    assert repair(RELEASED, RELEASED) == (RELEASED, [])


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("a test deleted", "The test of gaussian_kl was missing"),
        ("a solution copied to the top", "The cell of gaussian_kl was there 2 times; the last one counts"),
        ("a solution retyped", "The cell of vae_loss was of type raw"),
        ("tests edited", "The test of gaussian_kl was changed; the lab's own is used"),
        ("names changed", "names that the lab does not know"),
    ],
)
def test_what_was_mended_is_said(damage, said):
    assert any(said in sentence for sentence in given(WHOLE_WORK[damage])[1])


def test_without_marks_and_ids_functions_are_known_by_name():
    notebook, _ = given(strip_ids)
    assert code_of(notebook) == code_of(given(lambda cells: None)[0])
    assert sorted(names(notebook)) == sorted(WHOLE)


def test_the_filled_in_copy_of_an_answer_counts():
    def add_empty_copy(cells):
        cells.append(copy.deepcopy(find(demo.read("labs")["cells"], "question_terms")))

    notebook, _ = given(add_empty_copy)
    assert "posterior collapse" in notebook["cells"][place(notebook, "question_terms")]["source"]


def test_a_missing_set_up_cell_is_put_back():
    notebook, said = given(lambda cells: cells.remove(next(c for c in cells if c.get("id") == "setup")))
    assert notebook["cells"][0]["source"] == find_setup()
    assert "The set-up cell was missing; it was put back as handed out." in said


def find_setup():
    return next(cell["source"] for cell in RELEASED["cells"] if cell["id"] == "setup")


# reading


OTHER_FORMATS = {
    "format 4.5": lambda nb: nb,
    "a higher minor": lambda nb: nb | {"nbformat_minor": 99},
    "format 5": lambda nb: nb | {"nbformat": 5},
    "no kernel": lambda nb: {"cells": nb["cells"], "nbformat": 4, "nbformat_minor": 2},
    "another kernel": lambda nb: nb | {"metadata": {"kernelspec": {"name": "julia"}}},
    "format 3": lambda nb: json.loads(nbformat.writes(nbformat.reads(json.dumps(nb), as_version=3), version=3)),
}


@pytest.mark.parametrize("form", OTHER_FORMATS)
def test_other_formats_are_read(form):
    other = OTHER_FORMATS[form](copy.deepcopy(SOLVED))
    notebook, _ = repair(read_notebook(json.dumps(other).encode()), RELEASED)
    assert code_of(notebook) == code_of(given(lambda cells: None)[0])
    nbformat.validate(nbformat.from_dict(notebook))


BROKEN = {
    "empty": (b"", "empty"),
    "blank": (b" \n", "empty"),
    "a web page": (b"<html>", "not a notebook"),
    "a picture": (b"\x89PNG\r\n\xff", "not text"),
    "half a file": (json.dumps(SOLVED).encode()[:5000], "not a notebook"),
    "a list": (b"[1, 2]", "not a notebook"),
    "a number": (b"3", "not a notebook"),
    "other JSON": (b'{"name": "x"}', "not a notebook"),
    "cells that are none": (b'{"cells": 3}', "not a notebook"),
    "nested without end": (b"[" * 200_000, "not a notebook"),
    "too large": (b" " * (MAX_BYTES + 1), "larger than"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_no_notebook_is_refused_with_a_reason(what):
    content, reason = BROKEN[what]
    with pytest.raises(Unreadable, match=reason) as caught:
        read_notebook(content)
    assert str(caught.value).count(".") <= 2
    assert "Error" not in str(caught.value)


def test_cells_that_are_none_are_left_out():
    odd = [
        None,
        3,
        {},
        {"cell_type": "code"},
        {"cell_type": "x", "source": 4},
        {"cell_type": "code", "source": ["a", 1]},
    ]
    notebook = read_notebook(json.dumps({"cells": odd, "metadata": []}).encode())
    assert [cell["source"] for cell in notebook["cells"]] == ["", "", "", "a"]
    mended, _ = repair(notebook, RELEASED)
    assert sorted(names(mended)) == sorted(WHOLE)


# folders


@pytest.fixture
def intake():
    other = "lab1_pca"
    one = json.loads((demo.ROOT / "labs" / other / f"{other}.ipynb").read_text())
    return Intake({LAB: RELEASED, other: read_notebook(json.dumps(one).encode())})


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "submitted" / "ann" / LAB
    made.mkdir(parents=True)
    return made


def take(intake, folder):
    found = sources(folder.parent.parent, list(intake.released), intake.released, {}, author)
    assert [(source.student, source.lab) for source in found] == [("ann", LAB)]
    return intake.take(found[0])


@pytest.mark.parametrize("name", [f"{LAB}.ipynb", f"{LAB}-Copy1.ipynb", "my homework.ipynb", "Ünï “x”, =cmd.ipynb"])
def test_a_notebook_is_known_by_its_content(intake, folder, name):
    (folder / name).write_bytes(demo.solved(SOLVED))
    found = take(intake, folder)
    assert isinstance(found, Arrival)
    assert len(found.handin.parts) > 20


def test_of_two_notebooks_the_one_with_more_of_the_lab_is_taken(intake, folder):
    empty = {"cells": SOLVED["cells"][:4], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (folder / f"{LAB}.ipynb").write_bytes(demo.solved(empty))
    (folder / "aa.ipynb").write_bytes(demo.solved(SOLVED))
    found = take(intake, folder)
    assert "2 notebooks" in found.handin.repairs[0]
    assert [part.source for part in found.handin.parts if part.role == "solution"] == code_of(given(lambda c: None)[0])


def test_one_broken_notebook_beside_a_sound_one_does_no_harm(intake, folder):
    (folder / "a.ipynb").write_bytes(b"")
    (folder / "b.ipynb").write_bytes(demo.solved(SOLVED))
    assert isinstance(take(intake, folder), Arrival)


def test_links_are_not_followed(intake, folder):
    (folder / f"{LAB}.ipynb").symlink_to(demo.ROOT / "solutions" / LAB / f"{LAB}.ipynb")
    assert take(intake, folder) == Refusal(
        "ann", LAB, "The file is a link, not a notebook: hand in the notebook itself."
    )


def test_a_linked_folder_is_no_hand_in(intake, tmp_path):
    (tmp_path / "submitted" / "eve").mkdir(parents=True)
    (tmp_path / "submitted" / "eve" / LAB).symlink_to(demo.ROOT / "solutions" / LAB)
    assert sources(tmp_path / "submitted", [LAB], intake.released, {}, author) == []


def test_an_empty_folder_is_refused(intake, folder):
    assert "There is no notebook" in take(intake, folder).reason


def test_another_lab_s_notebook_is_refused_by_name(intake, folder):
    content = (demo.ROOT / "labs" / "lab1_pca" / "lab1_pca.ipynb").read_bytes()
    (folder / f"{LAB}.ipynb").write_bytes(content)
    assert take(intake, folder).reason.startswith(f"This is the notebook of lab1_pca, handed in as {LAB}")


def test_a_file_of_200_megabytes_is_refused_unread(intake, folder):
    with (folder / f"{LAB}.ipynb").open("wb") as file:
        file.truncate(200 << 20)
    assert "larger than 50 MB" in take(intake, folder).reason


def test_the_zip_that_make_submit_packs_is_read(intake, folder):
    (folder / f"{LAB}.zip").write_bytes(zipped({f"{LAB}.ipynb": demo.solved(SOLVED)}))
    assert isinstance(take(intake, folder), Arrival)


def test_the_time_of_handing_in_is_read(intake, folder):
    (folder / f"{LAB}.ipynb").write_bytes(demo.solved(SOLVED))
    assert take(intake, folder).when is None
    (folder / "timestamp.txt").write_text("2026-03-01 12:00:00 UTC")
    assert take(intake, folder).when.hour == 12
    (folder / "timestamp.txt").write_text("yesterday, I think")
    assert take(intake, folder).when is None


def test_the_same_hand_in_has_the_same_digest_and_another_has_not(intake, folder):
    (folder / f"{LAB}.ipynb").write_bytes(demo.solved(SOLVED))
    first, again = take(intake, folder).handin.digest, take(intake, folder).handin.digest
    (folder / f"{LAB}.ipynb").write_bytes(demo.changed((demo.KL, demo.FLIPPED))(copy.deepcopy(SOLVED)))
    assert first == again != take(intake, folder).handin.digest


# zips


def zipped(files, links=()):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            if name in links:
                info.external_attr = (stat.S_IFLNK | 0o777) << 16
            packed.writestr(info, content)
    return buffer.getvalue()


ROSTER = {
    "s1": Student("s1", "Jane", "Doe", "jane@x.org", "1234"),
    "s2": Student("s2", "Åsa", "O'Hara, Jr.", "asa@x.org", "77"),
}


def from_zip(tmp_path, files, **options):
    path = tmp_path / f"{LAB}.zip"
    path.write_bytes(zipped(files, **options))
    intake = Intake({LAB: RELEASED})
    return {s.student: intake.take(s) for s in sources(path, [LAB], intake.released, ROSTER, author)}


def test_a_canvas_zip(tmp_path):
    work = demo.solved(SOLVED)
    files = {f"doejane_1234_999_{LAB}.ipynb": work, f"smithal_LATE_55_1000_{LAB}-1.ipynb": work}
    found = from_zip(tmp_path, files)
    assert set(found) == {"s1", "smithal_55"}
    assert all(isinstance(one, Arrival) for one in found.values())


def test_a_moodle_zip_with_a_zip_in_it(tmp_path):
    inner = zipped({f"{LAB}.ipynb": demo.solved(SOLVED)})
    files = {
        f"Jane Doe_4711_assignsubmission_file_/{LAB}.zip": inner,
        f"Al Smith_4712_assignsubmission_file_/{LAB}.ipynb": demo.solved(SOLVED),
        "__MACOSX/._x.ipynb": b"",
    }
    found = from_zip(tmp_path, files)
    assert set(found) == {"s1", "Al Smith"}
    assert all(isinstance(one, Arrival) for one in found.values())


def test_two_of_the_same_name_are_two(tmp_path):
    work = demo.solved(SOLVED)
    names = ("Al Smith_4711", "Al Smith_4712", "Jane Doe_1", "Doe Jane_2")  # the last two are s1, both of them
    found = from_zip(tmp_path, {f"{name}_assignsubmission_file_/{LAB}.ipynb": work for name in names})
    assert set(found) == {"Al Smith_4711", "Al Smith_4712", "Jane Doe_1", "Doe Jane_2"}
    assert not any("notebooks" in said for one in found.values() for said in one.handin.repairs)


@pytest.mark.slow
def test_a_students_zip_unpacks_to_no_more_than_a_notebook_may_have(tmp_path):
    blank = b" " * (MAX_BYTES // 3)
    bomb = zipped({f"{number}.ipynb": blank for number in range(20)})
    path = tmp_path / f"{LAB}.zip"
    path.write_bytes(zipped({f"doejane_1234_9_{LAB}.zip": bomb, f"smithal_55_8_{LAB}.ipynb": demo.solved(SOLVED)}))
    found = {s.student: s for s in sources(path, [LAB], {LAB: RELEASED}, ROSTER, author)}
    assert sum(entry.file.stat().st_size for entry in found["s1"].place if entry.file) <= MAX_BYTES
    assert isinstance(Intake({LAB: RELEASED}).take(found["smithal_55"]), Arrival)


def test_an_error_of_the_graders_own_costs_one_hand_in(intake, folder, monkeypatch, capfd):
    (folder / f"{LAB}.ipynb").write_bytes(demo.solved(SOLVED))
    monkeypatch.setattr("grading.intake.handin.repair", lambda *_: 1 / 0)
    assert "cannot be read (ZeroDivisionError)" in take(intake, folder).reason
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_a_folder_that_may_not_be_read_holds_nothing(intake, folder, monkeypatch):
    def closed(path):
        raise PermissionError(path)

    monkeypatch.setattr("pathlib.Path.iterdir", closed)
    assert "There is no notebook" in intake.take(Source("ann", LAB, folder)).reason


HOSTILE = {
    "a link": ({f"doejane_1234_9_{LAB}.ipynb": "/etc/passwd"}, "a link"),
    "a bomb": ({f"doejane_1234_9_{LAB}.ipynb": b" " * (MAX_BYTES + 1)}, "larger than"),
    "no zip within": ({f"doejane_1234_9_{LAB}.zip": b"PK nothing"}, "not a zip file"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_members_are_refused_and_harm_no_other(tmp_path, what):
    files, reason = HOSTILE[what]
    good = {f"smithal_55_8_{LAB}.ipynb": demo.solved(SOLVED)}
    found = from_zip(tmp_path, files | good, links=set(files) if what == "a link" else ())
    assert reason in found["s1"].reason
    assert isinstance(found["smithal_55"], Arrival)


@pytest.mark.parametrize(
    "path", ["../../x/lab5_vae.ipynb", "/etc/lab5_vae.ipynb", "a/../../lab5_vae.ipynb", "C:/lab5_vae.ipynb"]
)
def test_paths_that_lead_out_are_refused_and_nothing_is_written(tmp_path, path):
    before = sorted(tmp_path.rglob("*"))
    found = from_zip(tmp_path, {path: demo.solved(SOLVED)})
    assert all("leads out of it" in one.reason for one in found.values())
    assert len(found) == 1
    assert set(tmp_path.rglob("*")) - set(before) == {tmp_path / f"{LAB}.zip"}
    assert "/" not in next(iter(found))
    assert next(iter(found)) not in ("", ".", "..")


def test_a_damaged_zip_is_one_sentence(tmp_path):
    path = tmp_path / "class.zip"
    path.write_bytes(b"PK\x03\x04 broken")
    with pytest.raises(GradingError, match="not a zip file"):
        sources(path, [LAB], {LAB: RELEASED}, {}, author)


def test_a_zip_of_far_too_many_files_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(archive, "MAX_FILES", 3)
    path = tmp_path / "class.zip"
    path.write_bytes(zipped({f"{i}.txt": b"" for i in range(5)}))
    with pytest.raises(GradingError, match="holds 5 files"):
        sources(path, [LAB], {LAB: RELEASED}, {}, author)


@pytest.mark.parametrize(
    "name", ["O'Hara", "a,b", "=cmd|' /C calc'!A0", "Ünï Çødé", 'x"y', "..", "a/../b", "a\\b", "\x00"]
)
def test_any_name_becomes_one_that_a_folder_can_have(name):
    student = identify(archive.Entry(name, "", "x.ipynb", b""), {})
    assert student
    assert student.strip(". ")
    assert not set(student) & set("/\\\0")


def test_the_class_list_is_read(tmp_path):
    path = tmp_path / "students.csv"
    assert students(path) == {}
    path.write_text('﻿id,first_name,last_name,email\nann,Ann,"Lee, Jr.",a@x.org\n,,,\nbob,,,\n', encoding="utf-8")
    assert students(path) == {"ann": Student("ann", "Ann", "Lee, Jr.", "a@x.org"), "bob": Student("bob")}
    path.write_text("name\nann\n")
    with pytest.raises(GradingError, match="id is enough"):
        students(path)
    path.write_bytes("id,first_name\na,Åsa\n".encode("latin1"))
    with pytest.raises(GradingError, match="UTF-8"):
        students(path)


def test_nothing_handed_in_is_said(tmp_path):
    with pytest.raises(GradingError, match=r"STUDENT/LAB/LAB\.ipynb"):
        sources(tmp_path / "submitted", [LAB], {LAB: RELEASED}, {}, author)


def test_a_source_is_read_only_when_its_turn_comes(folder):
    (folder / f"{LAB}.ipynb").write_bytes(b"")
    found = sources(folder.parent.parent, [LAB], {LAB: RELEASED}, {}, author)
    assert found == [Source("ann", LAB, folder)]

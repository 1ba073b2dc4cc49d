"""From a platform's zip to hand-ins, whoever made it."""

from __future__ import annotations

import unicodedata

import pytest

from grading.commands import demo
from grading.course.folder import GradingError
from grading.intake import archive
from grading.intake.handin import Arrival, Intake
from grading.intake.names import ClassList, Student
from grading.intake.notebook import MAX_BYTES
from grading.intake.sources import Source, sources
from grading.platforms.authors import author, class_list
from tests.grading.intake.notebooks import (
    LAB,
    RELEASED,
    SOLVED,
    take,
    zipped,
)

# zips


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
    assert "There is no notebook" in intake.take(Source("ann", LAB, (folder,))).reason


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
    student, _ = ClassList({}).find(archive.Entry(name, "x.ipynb", b""))
    assert student
    assert student.strip(". ")
    assert not set(student) & set("/\\\0")


LIST = 'id, first_name ,Last_Name,email\nann,Ann,"Lee, Jr.",a@x.org\n,,,\nåsa,,,\n'
WANTED = {"ann": Student("ann", "Ann", "Lee, Jr.", "a@x.org"), "åsa": Student("åsa")}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_the_class_list_is_read_whoever_wrote_it(tmp_path, encoding, sign):
    path = tmp_path / "students.csv"
    text = LIST.replace('"Lee, Jr."', "LEE").replace(",", sign).replace("LEE", '"Lee, Jr."')
    path.write_bytes(text.encode(encoding))
    assert class_list(path) == WANTED


def test_a_decomposed_class_list_is_composed(tmp_path):
    path = tmp_path / "students.csv"
    path.write_text(unicodedata.normalize("NFD", LIST), encoding="utf-8")
    assert class_list(path) == WANTED


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name\nann\n", "id is enough"),
        ("", "is empty"),
        ("id\nann\nbob\nann\n", "the id ann more than once"),
        ("id,lms_user_id\nann,7\nbob,7\n", "the lms_user_id 7 more than once"),
    ],
)
def test_a_class_list_that_does_not_fit_is_refused(tmp_path, text, said):
    path = tmp_path / "students.csv"
    path.write_text(text)
    with pytest.raises(GradingError, match=said):
        class_list(path)


def test_nothing_handed_in_is_said(tmp_path):
    with pytest.raises(GradingError, match=r"STUDENT/LAB/LAB\.ipynb"):
        sources(tmp_path / "submitted", [LAB], {LAB: RELEASED}, {}, author)


def test_a_source_is_read_only_when_its_turn_comes(folder):
    (folder / f"{LAB}.ipynb").write_bytes(b"")
    found = sources(folder.parent.parent, [LAB], {LAB: RELEASED}, {}, author)
    assert [(one.student, one.lab, one.place) for one in found] == [("ann", LAB, (folder,))]

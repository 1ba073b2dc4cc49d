"""Files as Canvas, Moodle and nbgrader's exchange write them: each hand-in reaches its own author, by number."""

from __future__ import annotations

import copy
import json
import os
import unicodedata
import zipfile
from datetime import datetime

import pytest

from grading.commands import demo
from grading.course.folder import GradingError
from grading.intake.handin import Arrival, Intake, Refusal
from grading.intake.names import Student
from grading.intake.sources import sources
from grading.platforms.authors import author, class_list
from tests.grading.intake.notebooks import LAB, RELEASED, SOLVED, zipped

WORK = demo.solved(SOLVED)
BLANK = json.dumps(demo.read("labs")).encode()
OTHER = demo.changed((demo.KL, demo.FLIPPED))(copy.deepcopy(SOLVED))
JANE = Student("jd1", "Jane", "Doe", "jane@x.org", "1234")
AL = Student("al", "Al", "Smith", "al@x.org", "55")
CLASS = {person.id: person for person in (JANE, AL)}


class Class:
    """What intake made of a folder or a zip, and what it said."""

    def __init__(self, place, known=()):
        self.said: list[str] = []
        intake = Intake({LAB: RELEASED})
        found = sources(place, [LAB], intake.released, dict(known), author, self.said.append)
        self.all = [(one.student, intake.take(one)) for one in found]
        self.by = dict(self.all)
        assert len(self.by) == len(self.all)

    def kl(self, student):
        """The divergence as this student wrote it: the solved notebook's, or the one with its sign flipped."""
        return next(part.source for part in self.by[student].handin.parts if part.grade_id == "gaussian_kl")


def packed(tmp_path, files, known=(), name=f"{LAB}.zip"):
    path = tmp_path / name
    path.write_bytes(zipped(files))
    return Class(path, known)


def laid(tmp_path, files, known=()):
    for name, content in files.items():
        path = tmp_path / "submitted" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return Class(tmp_path / "submitted", known)


CANVAS = {
    "doejane_1234_9001_lab5_vae.ipynb": WORK,
    "smithal_LATE_55_9002_lab5_vae-2.ipynb": OTHER,
}
MOODLE = {
    "Jane Doe_4711_assignsubmission_file_/lab5_vae.ipynb": WORK,
    "Al Smith_4712_assignsubmission_file_/lab5_vae (2).ipynb": OTHER,
}
MOODLE_41 = {name.replace("file_/", "file/"): content for name, content in MOODLE.items()}
MOODLE_FLAT = {name.replace("file_/", "file_"): content for name, content in MOODLE.items()}
MOODLE_GROUPS = {f"Group A-{name}": content for name, content in MOODLE.items()}
LAYOUTS = {"Canvas": CANVAS, "Moodle": MOODLE, "4.1": MOODLE_41, "flat": MOODLE_FLAT, "groups": MOODLE_GROUPS}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("lay", [packed, laid])
def test_each_hand_in_reaches_its_author(tmp_path, layout, lay):
    """As a zip, and as what a browser unpacks by itself."""
    found = lay(tmp_path, LAYOUTS[layout], CLASS)
    assert set(found.by) == {"jd1", "al"}
    assert demo.KL in found.kl("jd1")
    assert demo.FLIPPED in found.kl("al")
    assert {one.origin for one in found.by.values()} == set(LAYOUTS[layout])


def test_canvas_tells_by_number_whatever_the_names_are(tmp_path):
    known = {"x": JANE._replace(id="x", lms_user_id="55"), "y": AL._replace(id="y", lms_user_id="1234")}
    found = packed(tmp_path, CANVAS, known)
    assert demo.FLIPPED in found.kl("x")
    assert demo.KL in found.kl("y")


def test_canvas_without_a_list_keeps_the_number(tmp_path):
    found = packed(tmp_path, CANVAS)
    assert set(found.by) == {"doejane_1234", "smithal_55"}
    assert [found.by[name].late for name in ("doejane_1234", "smithal_55")] == [False, True]


def test_a_list_without_numbers_names_each_student_once_and_says_so(tmp_path):
    found = packed(tmp_path, CANVAS, {"jd1": JANE._replace(lms_user_id=""), "al": AL._replace(lms_user_id="")})
    assert set(found.by) == {"jd1", "al"}
    assert sum("was taken for jd1 by the name" in line for line in found.said) == 1


def test_another_of_the_same_name_is_somebody_else(tmp_path):
    """The list has Jane Doe as 1234; the Jane Doe who handed in is 77."""
    found = packed(tmp_path, {"doejane_77_9001_lab5_vae.ipynb": WORK}, CLASS)
    assert set(found.by) == {"doejane_77"}
    assert "doejane_77 is not in the class list." in found.said


def test_two_of_one_name_are_never_mixed(tmp_path):
    files = {f"Jane Doe_{n}_assignsubmission_file_/lab5_vae.ipynb": work for n, work in ((1, WORK), (2, OTHER))}
    found = packed(tmp_path, files, {"jd1": JANE})
    assert set(found.by) == {"Jane Doe_1", "Jane Doe_2"}
    assert any("2 authors are called Jane Doe" in line for line in found.said)


def test_two_of_one_name_in_the_list_are_not_guessed(tmp_path):
    found = packed(tmp_path, {next(iter(MOODLE)): WORK}, {"a": JANE._replace(id="a"), "b": JANE._replace(id="b")})
    assert set(found.by) == {"Jane Doe"}


def test_anonymous_hand_ins(tmp_path):
    canvas = {"anon_x1Y2z_9001_lab5_vae.ipynb": WORK, "LATE_anon_Ab3dE_9002_lab5_vae.ipynb": OTHER}
    found = packed(tmp_path, canvas)
    assert {name: one.late for name, one in found.by.items()} == {"anon_x1Y2z": False, "anon_Ab3dE": True}
    moodle = {f"Participant_{n}_assignsubmission_file_/lab5_vae.ipynb": WORK for n in (800000, 800001)}
    assert set(packed(tmp_path, moodle).by) == {"Participant 800000", "Participant 800001"}
    one = dict([next(iter(moodle.items()))])
    assert set(packed(tmp_path, one).by) == {"Participant 800000"}


@pytest.mark.parametrize(
    "path",
    [
        "doejane_1234_9001_Al Smith_4712_assignsubmission_file_x.ipynb",
        "doejane_1234_9001_smithal_55_9002_x.ipynb",
        "Jane Doe_4711_assignsubmission_file_/smithal_55_9002_x.ipynb",
        "Jane Doe_4711_assignsubmission_file_Al Smith_4712_assignsubmission_file_x.ipynb",
    ],
)
def test_a_file_name_cannot_make_it_anothers_work(tmp_path, path):
    assert set(packed(tmp_path, {path: WORK}, CLASS).by) == {"jd1"}


def test_names_from_a_mac_are_the_same_students(tmp_path):
    """Decomposed, and in UTF-8 without the flag that says so."""
    known = {"asa": Student("asa", "Åsa", "Öberg")}
    path = tmp_path / f"{LAB}.zip"
    name = unicodedata.normalize("NFD", "Åsa Öberg_4711_assignsubmission_file_/lab5_vae.ipynb")
    stand_in = "x" * len(name.encode())
    path.write_bytes(zipped({stand_in: WORK}).replace(stand_in.encode(), name.encode()))
    assert zipfile.ZipFile(path).infolist()[0].flag_bits & 0x800 == 0
    assert set(Class(path, known).by) == {"asa"}
    folder = unicodedata.normalize("NFD", "Åsa") + f"/{LAB}/{LAB}.ipynb"
    assert set(laid(tmp_path, {folder: WORK}, {"Åsa": Student("Åsa")}).by) == {"Åsa"}


def test_nbgraders_exchange_as_it_lies(tmp_path):
    """inbound/STUDENT+LAB+TIME+SECRET: the latest counts, and its time is taken."""
    early, late = "2026-03-01 12:00:00.000001 UTC", "2026-03-02 09:30:00.000001 UTC"
    files = {}
    for when, work in ((late, OTHER), (early, WORK)):
        files[f"a+b+{LAB}+{when}+c2VjcmV0MDEy/{LAB}.ipynb"] = work
        files[f"a+b+{LAB}+{when}+c2VjcmV0MDEy/timestamp.txt"] = when.encode()
        files[f"a+b+{LAB}+{when}+c2VjcmV0MDEy/submission_secret.txt"] = b"s" * 64
    found = laid(tmp_path, files)
    assert set(found.by) == {"a+b"}
    assert demo.FLIPPED in found.kl("a+b")
    assert found.by["a+b"].when.day == 2
    assert found.by["a+b"].handin.repairs == ()
    assert found.said == ["1 hand-ins were followed by a later one, which is graded."]


def test_the_platforms_own_tables_are_class_lists(tmp_path):
    table = tmp_path / "grades.csv"
    table.write_text(
        "Student,ID,SIS User ID,SIS Login ID,Section,lab5_vae (9)\n    Points Possible,,,,,24\n"
        '"Doe, Jane",1234,jd1,jane,A,\n"Student, Test",99,,x,A,\n'
    )
    assert class_list(table) == {"jd1": Student("jd1", "Jane", "Doe", "", "1234")}
    table.write_text(
        "\ufeffIdentifier,Full name,Email address,Status,Grade,Maximum Grade,Last modified (submission),"
        "Feedback comments\n"
        'Participant 4711,Jane Doe,jane@x.org,Submitted,,24,"Sunday, 1 March 2026, 12:30 PM",\n'
        "Participant 4712,Al Smith,al@x.org,No submission,,24,-,\n"
    )
    jane, al = class_list(table).values()
    assert (jane.id, jane.number, jane.when.minute, al.when) == ("jane@x.org", "4711", 30, None)
    assert set(packed(tmp_path, MOODLE, class_list(table)).by) == {"jane@x.org", "al@x.org"}
    table.write_text("Identifier,Status,Grade,Maximum Grade\nParticipant 800000,Submitted,,24\n")
    assert class_list(table) == {"Participant 800000": Student("Participant 800000", number="800000")}


SHEET = "Identifier,Full name,Status,Grade,Maximum Grade,Last modified (submission),Feedback comments\n"


def test_two_of_one_name_in_moodles_worksheet_are_told_by_number(tmp_path):
    """Without emails, as a worksheet comes where these are hidden; the names are those that the files have."""
    table = tmp_path / "worksheet.csv"
    table.write_text(SHEET + "".join(f"Participant {n},Jane Doe,Submitted,,24,-,\n" for n in (4711, 4712)))
    assert set(class_list(table)) == {"Jane Doe_4711", "Jane Doe_4712"}
    files = {f"Jane Doe_{n}_assignsubmission_file_/lab5_vae.ipynb": work for n, work in ((4711, WORK), (4712, OTHER))}
    found = packed(tmp_path, files, class_list(table))
    assert demo.KL in found.kl("Jane Doe_4711")
    assert demo.FLIPPED in found.kl("Jane Doe_4712")
    assert found.said == []
    assert set(packed(tmp_path, files).by) == set(found.by)


GERMAN = {
    "german.csv": "ID,Vollständiger Name,E-Mail-Adresse,Status,Bewertung,Bestwertung,Feedback als Kommentar\n"
    "Teilnehmer/in4711,Jane Doe,jane@x.org,Abgegeben,,24,\nTeilnehmer/in4712,Al Smith,al@x.org,-,,24,\n",
    "french.csv": "Identifiant,Nom complet,Statut,Note,Note maximale,Feedback\nParticipant 4711,Jane Doe,Remis,,24,\n",
}


@pytest.mark.parametrize("name", GERMAN)
def test_moodles_worksheet_in_another_language_is_refused_by_name(tmp_path, name):
    (tmp_path / name).write_text(GERMAN[name], encoding="utf-8")
    with pytest.raises(GradingError, match=f"{name} looks like Moodle's grading worksheet in another language"):
        class_list(tmp_path / name)


def test_a_class_list_with_columns_of_its_own_is_none_of_moodles(tmp_path):
    table = tmp_path / "students.csv"
    said = []
    table.write_text("id,first_name,last_name,email,group,room,day\nstudent1,A,B,,x,,\nstudent2,C,D,,y,,\n")
    assert set(class_list(table, said.append)) == {"student1", "student2"}
    assert said == []
    table.write_text("id,first_name,last_name,email,group\nstudent1,A,B,,x\nstudent2,C,D,,y\n,E,F,,z\n")
    assert set(class_list(table, said.append)) == {"student1", "student2"}
    assert said == ["students.csv: 1 rows have no id and were left out."]


def test_times_that_cannot_be_read_are_said(tmp_path):
    table, said = tmp_path / "worksheet.csv", []
    times = ('"Sonntag, 1. März 2026, 12:30"', '"01/03/26, 12:30"', "-", '"Sunday, 1 March 2026, 12:30 PM"')
    rows = [f"Participant {n},P{n},Submitted,,24,{time},\n" for n, time in enumerate(times)]
    table.write_text(SHEET + "".join(rows), encoding="utf-8")
    found = class_list(table, said.append)
    assert [person.when is None for person in found.values()] == [True, True, True, False]
    assert said == [
        "worksheet.csv: 2 times could not be read, as 'Sonntag, 1. März 2026, 12:30'; these are not taken for late."
    ]


@pytest.mark.parametrize(
    "time", ["Sunday, 1 March 2026, 12:30 PM", "Sunday, March 1, 2026, 12:30 PM", "Sunday, 1 March 2026, 12:30"]
)
def test_english_times_are_read_british_or_american(time):
    from grading.platforms.moodle import time_of

    assert time_of(time) == time_of("Sunday, 1 March 2026, 12:30 PM") is not None


def test_a_time_is_in_utc_whatever_the_machines_zone_is(tmp_path, monkeypatch):
    import time

    from grading.platforms.moodle import time_of

    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        assert time_of("Sunday, 1 March 2026, 12:30 PM") == datetime(2026, 3, 1, 11, 30)
        assert time_of("Sonntag, 1. März 2026, 12:30") is None
    finally:
        monkeypatch.undo()
        time.tzset()


# files


@pytest.mark.parametrize("name", [f"{LAB}.ipynb.txt", f"{LAB}.json", LAB, f"{LAB}.ipynb.ipynb", "notebook.txt"])
@pytest.mark.parametrize("content", [WORK, b"\xef\xbb\xbf" + WORK, WORK.decode().encode("utf-16")])
def test_a_files_ending_does_not_matter(tmp_path, name, content):
    assert isinstance(packed(tmp_path, {f"doejane_1234_9_{name}": content}, CLASS).by["jd1"], Arrival)
    assert isinstance(laid(tmp_path, {f"ann/{LAB}/{name}": content}).by["ann"], Arrival)


def test_what_is_no_notebook_is_named(tmp_path):
    beside = {"doejane_1234_9_report.pdf": b"%PDF", "doejane_1234_8_x.py": b"pass", "doejane_1234_7_plot.png": b"P"}
    found = packed(tmp_path, beside | CANVAS, CLASS).by["jd1"]
    assert found.handin.repairs == ("Not graded, since a notebook alone is: " + ", ".join(list(beside)[:2]) + ".",)
    alone = packed(tmp_path, {"doejane_1234_9_report.pdf": b"%PDF", "doejane_1234_text.html": b"<p>"}, CLASS).by["jd1"]
    assert isinstance(alone, Refusal)
    assert "only doejane_1234_9_report.pdf, doejane_1234_text.html: hand in" in alone.reason
    assert alone.origin == "doejane_1234_9_report.pdf"


def test_a_file_of_no_lab_is_said(tmp_path):
    path = tmp_path / "class.zip"
    path.write_bytes(zipped({"doejane_1234_9_essay.pdf": b"%PDF"}))
    said = []
    other = RELEASED | {"cells": []}
    assert sources(path, [LAB, "lab9"], {LAB: RELEASED, "lab9": other}, CLASS, author, said.append) == []
    assert said == ["doejane_1234_9_essay.pdf belongs to no lab that is graded; it was left out."]


def newer(tmp_path, first, second, ages):
    """Two files of one student, the second written `ages` seconds after the first."""
    names = (f"{LAB}.ipynb", "aa.ipynb")
    for name, content, when in zip(names, (first, second), (1_700_000_000, 1_700_000_000 + ages), strict=True):
        path = tmp_path / "submitted" / "ann" / LAB / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (when, when))
    return Class(tmp_path / "submitted")


def test_of_two_the_newer_is_graded_and_named(tmp_path):
    found = newer(tmp_path, WORK, OTHER, 60)
    assert demo.FLIPPED in found.kl("ann")
    assert found.by["ann"].handin.repairs == (f"There were 2 notebooks: aa.ipynb was graded, not {LAB}.ipynb.",)
    assert demo.KL in newer(tmp_path, WORK, OTHER, -60).kl("ann")


def test_a_newer_one_that_is_blank_is_not_graded(tmp_path):
    assert demo.KL in newer(tmp_path, WORK, BLANK, 60).kl("ann")


def test_canvas_resubmissions_that_were_downloaded_together(tmp_path):
    """The later upload has the larger number, and Canvas appends -1 to the file's name."""
    files = {
        "doejane_1234_9001_lab5_vae.ipynb": WORK,
        "doejane_LATE_1234_9100_lab5_vae-1.ipynb": OTHER,
        "doejane_1234_9050_zz.ipynb": WORK,
    }
    for found in (packed(tmp_path, files, CLASS), laid(tmp_path, files, CLASS)):
        assert demo.FLIPPED in found.kl("jd1")
        assert found.by["jd1"].late
        assert found.by["jd1"].origin == "doejane_LATE_1234_9100_lab5_vae-1.ipynb"


def test_a_browsers_second_download_is_newer_where_no_time_tells(tmp_path):
    files = {f"ann/{LAB}.ipynb": WORK, f"ann/{LAB} (1).ipynb": OTHER}
    assert demo.FLIPPED in packed(tmp_path, files).kl("ann")


def test_a_student_in_a_folder_and_in_a_zip_is_one(tmp_path):
    (tmp_path / "submitted").mkdir()
    (tmp_path / "submitted" / f"{LAB}.zip").write_bytes(zipped({f"ann/{LAB}.ipynb": WORK}))
    found = laid(tmp_path, {f"ann/{LAB}/{LAB}.ipynb": OTHER})
    assert set(found.by) == {"ann"}
    assert any("in 2 places" in line for line in found.said)

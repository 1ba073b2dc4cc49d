"""From a folder to hand-ins: each student's own notebook of each lab."""

from __future__ import annotations

import copy

import pytest

from grading.commands import demo
from grading.intake.handin import Arrival, Refusal
from grading.intake.sources import sources
from grading.platforms.authors import author
from tests.grading.intake.notebooks import (
    LAB,
    SOLVED,
    code_of,
    given,
    take,
    zipped,
)

# folders


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

"""What lies beside the hand-ins and is none: a sentence for each thing that nobody graded."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from grading.intake.archive import Entry
from grading.intake.files import closed, folders, links
from grading.intake.labs import unreadable
from grading.intake.names import names_in_words, printable


def left_out(student: str, left: Sequence[Entry]) -> Iterator[str]:
    """Files in a student's folder that are no lab's."""
    others = []
    for entry in left:
        if reason := unreadable(entry):
            yield f"{printable(f'{student}/{entry.path}')} belongs to no lab; left out. {reason}"
        else:
            others.append(entry.path)
    if others:
        yield f"{printable(student)}: {names_in_words(others)} {verb('belong', others)} to no lab; left out."


def not_opened(student: Path, looked_into: Sequence[Path], strays: Sequence[Path]) -> Iterator[str]:
    """Folders of a student's that are links, or may not be read, or lie deeper than hand-ins do."""
    for path in links(student):
        if path.is_dir():
            yield not_followed(f"{student.name}/{path.name}")
    for path in filter(closed, looked_into):
        yield f"{printable(path.relative_to(student.parent).as_posix())} may not be opened; left out."
    if deeper := [path.relative_to(student).as_posix() for stray in strays for path in folders(stray)]:
        yield f"{printable(student.name)}: nobody looked into {names_in_words(deeper)}: a hand-in lies in STUDENT/LAB."


def not_followed(name: str) -> str:
    return f"{printable(name)} is a link, which is not followed; left out."


def verb(word: str, names: Sequence[str]) -> str:
    return f"{word}s" if len(names) == 1 else word

"""course/glossary.md: every term stands in the lecture that it names, and that lecture links to the glossary.

course/notation.md: no symbol is defined twice.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.lecture_rules import ROOT, prose, read

COURSE = ROOT / "course"
ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| \[(\d+)\]\((\d\d)_(\w+)\.ipynb\) \|$")


class Entry(NamedTuple):
    term: str
    sentence: str
    lecture: Path


def entries(text: str) -> list[Entry]:
    """The rows of the table; a row that is written otherwise is an error."""
    rows = [line for line in text.splitlines() if line.startswith("|")][2:]
    unread = [row for row in rows if not ROW.match(row)]
    assert not unread, f"rows that are not | term | sentence. | [number](lecture) |: {unread}"
    found = [ROW.match(row).groups() for row in rows]
    assert all(int(number) == int(file) for _, _, number, file, _ in found)
    return [Entry(term, said, COURSE / f"{file}_{name}.ipynb") for term, said, _, file, name in found]


def stands_in(term: str, text: str) -> bool:
    """The term as a word of its own, its plural included; a line break or emphasis may stand inside."""
    words = r"[\s*]+".join(map(re.escape, term.split()))
    return re.search(rf"(?<!\w){words}(s|es)?(?!\w)", text, re.IGNORECASE) is not None


ENTRIES = entries((COURSE / "glossary.md").read_text(encoding="utf-8"))
LECTURES = sorted({entry.lecture for entry in ENTRIES})


@pytest.mark.parametrize("lecture", LECTURES, ids=lambda path: path.stem)
def test_every_term_stands_in_the_lecture_that_introduces_it(lecture):
    text = prose(read(lecture))
    missing = [e.term for e in ENTRIES if e.lecture == lecture and not stands_in(e.term, text)]
    assert not missing
    assert "(glossary.md)" in text, f"{lecture.name} has no link to the glossary"


def test_terms_are_in_alphabetical_order_and_each_has_one_sentence():
    terms = [entry.term.lower() for entry in ENTRIES]
    assert terms == sorted(set(terms))
    for entry in ENTRIES:
        assert entry.sentence.endswith("."), entry.term
        assert not re.search(r"\. [A-Z]", entry.sentence), entry.term


def test_a_term_is_found_as_a_word_and_not_inside_another():
    assert stands_in("latent variable", "two *latent\nvariables* of an apple")
    assert not stands_in("code", "an encoder and a decoder")
    assert not stands_in("nat", "a natural logarithm")


def symbols(text: str) -> list[str]:
    """What the first column defines, piece by piece: `$\\mu$, $\\sigma$` are two."""
    rows = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("|")]
    rows = [row for row in rows if row != "Symbol" and set(row) != {"-"}]
    return [symbol for row in rows for symbol in re.findall(r"\$[^$]+\$|`[^`]+`|[A-Za-z]+", row)]


def test_no_symbol_is_defined_twice():
    defined = symbols((COURSE / "notation.md").read_text(encoding="utf-8"))
    assert len(defined) > 50
    assert sorted(defined) == sorted(set(defined))


def test_a_symbol_that_is_defined_twice_is_found():
    rows = "| Symbol | Means |\n|---|---|\n| $P$ | pixels |\n| $p$, $P$ | a table |\n"
    assert symbols(rows) == ["$P$", "$p$", "$P$"]

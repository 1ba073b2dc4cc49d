"""Tables that spreadsheets read as they are meant, and pages that show what students wrote and run none of it."""

from __future__ import annotations

import csv
import html
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest

from grading.course.lab import read_release
from grading.judge.result import CRASHED, GRADED, NEEDS_MANUAL, STATES, UNREADABLE, ExerciseResult
from grading.record.ledger import Answer, Entry
from grading.report import words
from grading.report.alike import Pair
from grading.report.pages import MEANING, feedback_path, write_class_page, write_feedback
from grading.report.scores import EXERCISE_COLUMNS, SCORE_COLUMNS, table_of_states, write_tables
from grading.report.summary import histogram, middle, mistakes, success, summary
from grading.report.tables import cell
from tests.accessibility import DESK, PHONE, violations

HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">'


def entry(student="ann", points=(3.0, 0.0, None), state=NEEDS_MANUAL, text="said", lab="lab"):
    rows = [
        ExerciseResult(f"f{k}", f"test_f{k}", p, 3.0, GRADED if p is not None else CRASHED, text, "", text)
        for k, p in enumerate(points)
    ]
    known = [p for p in points if p is not None]
    answer = Answer("question", text, 1.0, answered=True, comment=text)
    return Entry(
        student, lab, state, 10.0, sum(known) if known else None, text, "", tuple(rows), (answer,), ((text, text),)
    )


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


NAMES = ["ann", "=cmd|' /C calc'!A0", 'O"Hara, Jr.', "Ünï Çødé", "a\nb", "+1", "-1", "@x", "\t=1"]


def test_tables_come_back_as_they_were(tmp_path):
    write_tables([entry(name) for name in NAMES], tmp_path)
    scores, exercises = read(tmp_path / "scores.csv"), read(tmp_path / "exercises.csv")
    assert tuple(scores[0]) == SCORE_COLUMNS == ("student", "lab", "score", "max_score", "state", "in_words")
    assert tuple(exercises[0]) == EXERCISE_COLUMNS
    assert {len(row) for row in exercises} == {7}
    assert [row[0].removeprefix("'") for row in scores[1:]] == NAMES
    assert not any(field.lstrip(" ").startswith(("=", "+", "-", "@", "\t")) for row in scores for field in row)


def test_nothing_graded_is_an_empty_field_never_0(tmp_path):
    write_tables([entry(points=(None,), state=CRASHED), entry("bob", points=(0.0,))], tmp_path)
    assert [row[2] for row in read(tmp_path / "scores.csv")[1:]] == ["", "0"]
    points = {(row[0], row[2]): row[3] for row in read(tmp_path / "exercises.csv")[1:]}
    assert points["ann", "f0"] == ""
    assert points["bob", "f0"] == "0"


def worth(score, exercises, answers):
    rows = tuple(ExerciseResult(f"f{k}", f"t{k}", p, m, GRADED) for k, (p, m) in enumerate(exercises))
    told = tuple(Answer(f"q{k}", "", m, answered=True, points=p) for k, (p, m) in enumerate(answers))
    most = sum(m for _, m in [*exercises, *answers])
    return Entry("ann", "lab", NEEDS_MANUAL, most, score, exercises=rows, answers=told)


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (worth(15.0, [(15.0, 18.0)], [(None, 2.0)]), "15 of 18 points so far, 2 wait for a reader"),
        (worth(15.0, [(13.0, 18.0)], [(2.0, 2.0)]), "15 of 20 points"),
        (worth(3.0, [(3.0, 3.0), (None, 4.0)], [(None, 1.0), (None, 1.5)]), None),
        (worth(0.0, [(0.0, 3.0), (None, 4.0)], []), "0 of 3 points so far, 4 not graded"),
        (worth(None, [(None, 3.0)], []), "no score yet, of 3 points"),
        (Entry("ann", "lab", UNREADABLE, 20.0), "no score yet, of 20 points"),
    ],
)
def test_a_score_says_of_how_much_it_is(tmp_path, one, words):
    words = words or "3 of 3 points so far, 2.5 wait for a reader, 4 not graded"
    write_feedback(one, tmp_path)
    write_class_page([one], tmp_path)
    write_tables([one], tmp_path)
    assert words[1:] in feedback_path(one, tmp_path).read_text(encoding="utf-8")
    assert words in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert read(tmp_path / "scores.csv")[1][-1] == words


def test_the_classs_mean_is_of_what_is_graded_so_far():
    half = worth(9.0, [(9.0, 18.0)], [(None, 2.0)])
    whole = worth(20.0, [(18.0, 18.0)], [(2.0, 2.0)])
    found = summary("lab", [half, whole])
    assert (found["waiting"], found["mean"], found["median"]) == (1, 75.0, 75.0)
    found = summary("lab", [whole, whole])
    assert (found["waiting"], found["mean"]) == (0, 20.0)


def test_numbers_stay_numbers():
    assert [cell(value) for value in (None, 0, 2.5, -1.0, "3", 1e-9)] == ["", "0", "2.5", "-1", "3", "1e-09"]


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.addresses = set(), set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attributes}
        self.addresses |= {address for name, address in attributes if name in ("src", "href")}


@pytest.mark.parametrize("student", [HOSTILE.replace("/", ""), "ann"])
def test_what_a_student_wrote_is_shown_and_never_run(tmp_path, student):
    one = entry(student, text=HOSTILE)
    write_feedback(one, tmp_path)
    write_class_page([one], tmp_path)
    for page in (feedback_path(one, tmp_path), tmp_path / "report.html"):
        text = page.read_text(encoding="utf-8")
        found = Tags(text)
        assert not found.tags & {"script", "img", "iframe", "object", "embed", "link"}
        assert not any(name.startswith("on") for name in found.attributes)
        assert "default-src 'none'" in text
        assert "alert(1)" in text


def test_pictures_of_an_answer_are_shown(tmp_path):
    address = "data:image/png;base64,AAAA"
    one = entry()
    pictured = Entry(**one.__dict__ | {"answers": (replace(one.answers[0], pictures=(address,)),)})
    write_feedback(pictured, tmp_path)
    text = feedback_path(one, tmp_path).read_text(encoding="utf-8")
    assert Tags(text).addresses == {address}
    assert "img-src data:;" in text  # and from nowhere else


def test_feedback_names_points_message_mistake_and_comment(tmp_path):
    one = entry(points=(3.0, None), text="what the test says")
    named = one.exercises[0]._replace(points=0.0, mistake="the sign is flipped")
    write_feedback(Entry(**one.__dict__ | {"exercises": (named, one.exercises[1])}), tmp_path)
    text = feedback_path(one, tmp_path).read_text(encoding="utf-8")
    for expected in ("0 of 3", "– of 3", "The sign is flipped", "what the test says", "<p>what the test says</p>"):
        assert expected in text


COMMENT = "Nearly: $\\sigma^2$ is *not* $\\frac{1}{2}$. [See](https://x.org/?a=1&b=2) <b onclick=alert(1)>bold</b>"


def commented(comment, name="f0"):
    return Entry(**entry().__dict__ | {"comments": ((name, comment),)})


@pytest.mark.parametrize("name", ["f0", "setup"])
def test_a_comment_on_code_is_shown_with_its_markdown_and_formulas(tmp_path, name):
    one = commented(COMMENT, name)
    write_feedback(one, tmp_path)
    text = feedback_path(one, tmp_path).read_text(encoding="utf-8")
    assert "<em>not</em>" in text
    assert 'href="https://x.org/?a=1&amp;b=2"' in text
    assert ("Comments on your code" in text) == (name == "setup")
    assert text.count('src="data:image/svg+xml;base64,') == 2
    assert r'alt="\frac{1}{2}"' in text
    assert Tags(text).tags & {"b", "script"} == set()


LIVE = [
    HOSTILE,
    "[x](javascript:alert(1))",
    "![x](https://evil.org/x.png)",
    "[x](data:text/html,<script>alert(1)</script>)",
    '[x](https://a.org/"onmouseover="alert(1))',
    "$\\href{javascript:alert(1)}{x}$",
    '$"><script>alert(1)</script>$',
    "<javascript:alert(1)>",
    "[x]: javascript:alert(1)\n[x]",
    "$" + "{" * 5000 + "$",
    "[" * 3000,
    "> " * 2000,
    "$x$" * 500,
]


@pytest.mark.parametrize("comment", LIVE)
def test_nothing_in_a_comment_runs_or_is_fetched(comment):
    text = str(words.shown(comment))
    found = Tags(text)
    assert not found.tags & {"script", "iframe", "object", "embed", "link", "form", "style"}
    assert not any(name.startswith("on") for name in found.attributes)
    assert all(address.startswith(("data:image/svg", "https://", "mailto:")) for address in found.addresses)
    assert "evil" not in "".join(found.addresses)
    assert text.count("<img") <= words.MOST_FORMULAS


def test_every_state_has_a_meaning_that_the_feedback_shows(tmp_path):
    assert set(MEANING) == set(STATES)
    for state in STATES:
        write_feedback(entry(state=state), tmp_path)
        assert MEANING[state] in feedback_path(entry(), tmp_path).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "a\\b"])
def test_feedback_stays_in_its_folder(tmp_path, name):
    path = feedback_path(entry(name), tmp_path)
    assert path.resolve().parents[2] == (tmp_path / "feedback").resolve()


@pytest.mark.slow
@pytest.mark.browser
def test_axe_finds_nothing_on_what_people_read(tmp_path, browser):
    two = entry("bob", points=(0.0, 3.0, 3.0), state=GRADED, text=f"{COMMENT}\nand more")
    write_feedback(two, tmp_path)
    write_class_page([entry(), two], tmp_path)
    for path in (feedback_path(two, tmp_path), tmp_path / "report.html"):
        context = browser.new_context(viewport=PHONE, offline=True, bypass_csp=True)  # the pages allow no script
        page = context.new_page()
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert violations(page, (PHONE, "light"), (PHONE, "dark")) == []
        context.close()


def class_of(lab, number):
    """A class in a lab that is handed out: its exercises and questions, and every section that the page can have."""
    whole = read_release(lab)
    points = {exercise.name: exercise.points for exercise in whole.exercises}

    def member(k):
        state = [NEEDS_MANUAL, GRADED, NEEDS_MANUAL, CRASHED, GRADED, UNREADABLE][k % 6]
        rows = []
        for n, (name, most) in enumerate(points.items()):
            crashed = state == CRASHED and n == 2
            got = None if crashed else 0.0 if k % 11 == 10 or (k + n) % 5 == 0 else most
            said = (
                ""
                if got
                else f"`{name}([0.5, 0.25])` gives 0.75; expected $\\sigma^2$, that is 0.0625, a number {n % 3}"
            )
            rows.append(ExerciseResult(name, f"test_{name}", got, most, CRASHED if crashed else GRADED, said, "", said))
        rows = () if state == UNREADABLE else tuple(rows)
        known = [row.points for row in rows if row.points is not None]
        score = sum(known) if known else None
        repairs = ("The set-up cell stood behind an exercise; it was put in front of them.",) if k % 7 == 0 else ()
        return Entry(f"student{k:02}", lab, state, sum(points.values()), score, exercises=rows, repairs=repairs)

    return [member(k) for k in range(number)]


CUT_OFF = """[...document.querySelectorAll("table, pre, .columns, img")].filter(
  e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 120))"""


@pytest.mark.slow
@pytest.mark.browser
def test_the_report_of_two_whole_labs_reads_on_every_screen_and_on_paper(tmp_path, browser):
    """A large class, whose list is folded on the screen: paper has it."""
    classes = [*class_of("lab5_vae", 64), *class_of("lab4_variational_inference", 9)]
    first, second = classes[0], classes[1]
    alike = {"lab5_vae": [Pair(first.student, second.student, (("gaussian_kl", 1.0), ("vae_loss", 0.8)), 90)]}
    write_class_page(classes, tmp_path, alike)
    context = browser.new_context(viewport=PHONE, offline=True, bypass_csp=True)
    page = context.new_page()
    page.goto((tmp_path / "report.html").as_uri())
    headings = page.locator("h2").all_text_contents()
    assert {"The commonest mistakes", "Answers that are alike", "Not graded, or not whole"} <= set(headings)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert violations(page, *((size, scheme) for size in (PHONE, DESK) for scheme in ("light", "dark"))) == []
    assert page.locator("details:not([open])").count() == 1
    page.set_viewport_size({"width": 700, "height": 1000})  # a sheet of A4
    page.emulate_media(media="print")
    assert page.evaluate(CUT_OFF) == []
    for name in ("student00", "student63"):
        assert page.get_by_role("rowheader", name=name).first.is_visible()
        assert page.get_by_role("rowheader", name=name).first.evaluate(
            "e => e.checkVisibility({contentVisibilityAuto: true})"
        )
    assert page.locator("h1").nth(1).evaluate("e => getComputedStyle(e).breakBefore") == "page"
    context.close()


@pytest.mark.slow
@pytest.mark.browser
def test_on_a_phone_a_score_is_no_column_of_words(tmp_path, browser):
    write_class_page(class_of("lab5_vae", 3), tmp_path)
    context = browser.new_context(viewport=PHONE, offline=True)
    page = context.new_page()
    page.goto((tmp_path / "report.html").as_uri())
    row = page.locator(".grid tr").nth(1)
    assert row.bounding_box()["height"] < 80  # three lines
    context.close()


def test_mistakes_are_grouped_by_cause_and_a_hand_in_of_one_cause_stands_apart():
    usual = [entry(name, text="the sign is wrong", points=(0.0, 3.0, 3.0), state=GRADED) for name in "ab"]
    other = replace(usual[0], student="c", exercises=(usual[0].exercises[0], usual[0].exercises[0]._replace(name="f9")))
    cheat = entry("d", text="a forged judge", points=(0.0, 0.0, 0.0), state=GRADED)
    found = summary("lab", [*usual, other, cheat])
    assert found["mistakes"] == [("the sign is wrong", 4, ["f0", "f9"])]
    assert [(one.student, cause, n) for one, cause, n in found["throughout"]] == [("d", "a forged judge", 3)]


def test_the_histogram_counts_everyone_once():
    class_ = [worth(p, [(p, 10.0)], []) for p in (0.0, 0.9, 1.0, 5.0, 9.99, 10.0, 11.0)]
    bins = histogram(class_)
    assert [b["count"] for b in bins] == [2, 1, 0, 0, 0, 1, 0, 0, 0, 3]
    assert max(b["height"] for b in bins) == 100


def test_the_median_is_the_middle():
    assert [middle(values) for values in ([], [3], [1, 4], [1, 2, 9])] == [None, 3, 2.5, 2]


def test_success_counts_only_what_was_graded():
    found = success([entry(), entry("bob"), entry("cy", points=(0.0, 3.0, 3.0))])
    assert [(one["name"], one["full"], one["graded"], one["all"]) for one in found] == [
        ("f0", 2, 3, 3),
        ("f1", 1, 3, 3),
        ("f2", 1, 1, 3),
    ]


def test_mistakes_are_counted_by_their_names():
    one = entry(points=(0.0,))
    named = Entry(**one.__dict__ | {"exercises": (one.exercises[0]._replace(mistake="the sign is flipped"),)})
    blank = entry(points=(0.0,), text="not answered yet")
    assert mistakes([named, named, one, blank]).most_common() == [
        (("f0", "the sign is flipped"), 2),
        (("f0", "said"), 1),
    ]


def test_the_terminal_has_a_table_of_states():
    text = table_of_states([entry(), entry("bob", state=UNREADABLE), entry("cy", lab="other")])
    assert [line.split() for line in text.splitlines()] == [
        ["needs-manual", "unreadable"],
        ["lab", "1", "1"],
        ["other", "1", "0"],
    ]


def test_the_class_page_says_who_could_not_be_graded(tmp_path):
    write_class_page([entry(), entry("zoe", points=(), state=UNREADABLE, text="The file is empty.")], tmp_path)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "zoe" in text
    assert "The file is empty." in text


def test_an_exercise_that_was_not_graded_has_its_number_and_title(tmp_path):
    """Its heading in the lab that is handed out, as everywhere else on the page."""
    whole = entry(lab="lab5_vae", points=(), state=CRASHED)
    crashed = ExerciseResult("gaussian_kl", "test_gaussian_kl", None, 3.0, CRASHED, "It crashed.", "", "")
    write_class_page([replace(whole, exercises=(crashed,))], tmp_path)
    *_, rest = (tmp_path / "report.html").read_text(encoding="utf-8").split("<h2>Not graded, or not whole</h2>")
    assert re.search(r"<b>5\.\d+</b> [^<]+<br><code>gaussian_<wbr>kl</code>: It crashed\.", rest)


@pytest.mark.parametrize("name", ["ann", "=cmd|' C'!A0", 'O"Hara, <b>', "Ünï Çødé", "a#b?c%20d", "javascript:alert(1)"])
def test_the_class_page_leads_to_everyones_feedback(tmp_path, name):
    write_class_page([entry(name)], tmp_path)
    write_feedback(entry(name), tmp_path)
    (link,) = set(re.findall(r'href="([^"]*)"', (tmp_path / "report.html").read_text(encoding="utf-8")))
    address = urljoin((tmp_path / "report.html").as_uri(), html.unescape(link))
    assert Path(unquote(urlsplit(address).path)) == feedback_path(entry(name), tmp_path)
    assert feedback_path(entry(name), tmp_path).is_file()


def test_a_table_is_never_half_written(tmp_path):
    write_tables([entry()], tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"scores.csv", "exercises.csv"}
    assert list(csv.reader(io.StringIO((tmp_path / "scores.csv").read_text())))[1][0] == "ann"

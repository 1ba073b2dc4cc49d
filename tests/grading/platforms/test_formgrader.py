"""What a person marks in nbgrader's Formgrader, in a real browser, after our grading: it works, and is no danger."""

from __future__ import annotations

import csv
import json
import time
from urllib.parse import urlsplit

import pytest
from nbgrader.api import Gradebook

from grading.course.release import release
from grading.grade import Options, grade_class
from grading.platforms import formgrader
from tests import tiny_course
from tests.test_jupyterlab import Server
from tests.tiny_course import LAB

SECONDS = 30
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
SCRIPTS = [  # each would set the page's title
    "<img src=x onerror=\"document.title='pwned'\">",
    "<script>document.title='pwned'</script>",
    "<svg onload=\"document.title='pwned'\"></svg>",
    "<iframe srcdoc=\"<script>parent.document.title='pwned'</script>\"></iframe>",
    "<a href=\"javascript:document.title='pwned'\">x</a>",
    "[trap](javascript:document.title='pwned')",
    "[a][trap]\n\n[trap]: javascript:document.title='pwned'",
    "[trap](java&#115;cript:document.title='pwned')",
    "<details open ontoggle=\"document.title='pwned'\">x</details>",
    "</div></body><body onload=\"document.title='pwned'\">",
    "\n\n<style onload=\"document.title='pwned'\"></style>",
    "```html\n</code></pre><img src=x onerror=\"document.title='pwned'\">\n```",
]


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("a < b, $x<y$ and 1 <2", "a < b, $x<\u200by$ and 1 <2"),
        ("[a](b) [c][d]\n[d]: e", "[a]\u200b(b) [c][d]\n[d]\u200b: e"),
        ("<b>", "<\u200bb>"),
        ("</b><!-- --><?x", "<\u200b/b><\u200b!-- --><\u200b?x"),
        (r"$\href{javascript:a}{b} \classic \mu$", r"$\mathrm{href}{javascript:a}{b} \classic \mu$"),
    ],
)
def test_text_stays_legible(text, harmless):
    assert formgrader.harmless(text) == harmless


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A graded class of two: ann answered plainly, eve with scripts in every kind of cell."""
    folder = tiny_course.make(tmp_path_factory.mktemp("course"))
    release([LAB], folder)
    plain, hostile = tiny_course.answered(folder), tiny_course.answered(folder)
    tiny_course.cell(hostile, "question_why")["source"] = [" and ".join(SCRIPTS)]
    for number, script in enumerate(SCRIPTS):
        for kind in ("markdown", "raw"):
            metadata = {"tags": [script], "format": "text/html", "raw_mimetype": "text/html"}
            hostile["cells"].append(
                {"cell_type": kind, "id": f"{script}{number}", "metadata": metadata, "source": script}
            )
    hostile["cells"].append(tiny_course.code(f"print({SCRIPTS[0]!r})"))
    why = tiny_course.cell(plain, "question_why")
    why |= {
        "source": ["Because $x_1^2$, as I drew: ![a](attachment:a.png)"],
        "attachments": {"a.png": {"image/png": PNG}},
    }
    plain["cells"].append(tiny_course.text("In a cell of its own."))
    tiny_course.write(folder / "submitted" / "ann" / LAB / f"{LAB}.ipynb", plain)
    tiny_course.write(folder / "submitted" / "eve" / LAB / f"{LAB}.ipynb", hostile)
    grade(folder)
    return folder


def grade(folder, **options):
    grade_class(Options(folder / "submitted", folder / "grading_out", jobs=1, **options), lambda line: None, folder)


def scores(folder):
    with (folder / "grading_out" / "scores.csv").open(newline="", encoding="utf-8") as file:
        return {row["student"]: (row["score"], row["state"]) for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def server(course, tmp_path_factory):
    server = Server("instructor", tmp_path_factory.mktemp("home"), course)
    try:
        server.wait_for_port()
        yield server
    finally:
        server.stop()


@pytest.fixture
def open_page(server, browser):
    """Formgrader's page for a student's notebook, in a browser that is logged in."""
    page = browser.new_page()
    page.set_default_timeout(SECONDS * 1000)
    page.goto(f"http://127.0.0.1:{server.port}/formgrader/?token=t")
    listed = json.loads(server.get(f"/formgrader/api/submitted_notebooks/{LAB}/{LAB}").text)
    known = {one["student"]: one["id"] for one in listed}

    def open_(student, told=None):
        if told:
            page.on("request", lambda request: told(request.url))
        page.goto(f"http://127.0.0.1:{server.port}/formgrader/submissions/{known[student]}/", wait_until="commit")
        page.wait_for_selector("#question_why")
        return page

    yield open_
    page.close()


@pytest.mark.slow
@pytest.mark.sandbox
@pytest.mark.browser
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # playwright's use of asyncio
class TestInTheBrowser:
    def test_no_script_of_a_students_runs(self, open_page):
        page = open_page("eve")
        page.wait_for_timeout(1500)
        assert page.title() == LAB
        links = page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)")
        assert not [link for link in links if "pwned" in link]
        assert "onerror" in page.inner_text("body")  # it is there to be read

    def test_the_reader_has_words_picture_model_answer_and_formulas_and_nothing_is_fetched(self, open_page, server):
        asked = []
        page = open_page("ann", asked.append)
        page.wait_for_selector("mjx-container")
        text = page.inner_text("body")
        assert text.index("Model answer and rubric") < text.index("An answer for the grader only.")
        assert (
            text.index("An answer for the grader only.") < text.index("Because") < text.index("In a cell of its own.")
        )
        drawn = page.eval_on_selector_all("img[alt=a]", "all => all.map(one => one.naturalWidth)")
        assert drawn == [1]
        assert asked
        assert {urlsplit(url).netloc for url in asked if not url.startswith("data:")} == {f"127.0.0.1:{server.port}"}

    def test_a_mark_given_there_survives_a_regrade(self, course, open_page):
        assert scores(course)["ann"] == ("2", "needs-manual")
        page = open_page("ann")
        page.fill("#question_why", "0.5")
        page.press("#question_why", "Tab")
        wait_for_mark(course, 0.5)
        grade(course, force=True)
        assert scores(course)["ann"] == ("2.5", "graded")
        assert scores(course)["eve"] == ("2", "needs-manual")


def wait_for_mark(course, points):
    end, found = time.monotonic() + SECONDS, None
    while found != points and time.monotonic() < end:
        time.sleep(0.2)
        with Gradebook(f"sqlite:///{course / 'grading_out' / 'gradebook.db'}") as book:
            found = book.find_grade("question_why", LAB, LAB, "ann").manual_score
    assert found == points

"""From the ledger to what people read: a page for each student, and one for the class.

Pages escape everything that a student wrote and allow no script; of pasted pictures only those that intake has
kept; hidden tests are not in the ledger, so not here.
"""

from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup

from grading.course.folder import ROOT, assignment_of, notebook_of
from grading.intake.sources import Source
from grading.record.ledger import Entry
from grading.report import words
from grading.report.alike import MOST_PAIRS, Pair
from grading.report.points import in_words
from grading.report.summary import summary
from grading.report.tables import write
from grading.report.titles import lab_title, title

MEANING = {
    "graded": "Graded.",
    "partial": "Some exercises could not be graded; the score counts the others.",
    "needs-manual": "The exercises are graded; a person still has to read the answers in words.",
    "timed-out": "Some code took too long; the score counts what could be graded.",
    "crashed": "Some code ended Python, or needs what this grader lacks; the score counts what could be graded.",
    "unreadable": "The hand-in could not be read, so nothing could be graded.",
    "missing": "Nothing was handed in.",
}


def feedback_path(entry: Entry | Source, out: Path) -> Path:
    """feedback/STUDENT/LAB/LAB.html, as nbgrader releases it, with a student's name that any file system takes."""
    name = entry.student.replace("/", "_").replace("\\", "_").replace("\0", "_")
    folder = out / "feedback" / (name if name.strip(". ") else "_") / assignment_of(entry.lab)
    return folder / f"{notebook_of(entry.lab)}.html"


def write_feedback(entry: Entry, out: Path, root: Path = ROOT) -> None:
    tested = {one.name for one in entry.exercises}
    others = [(name, comment) for name, comment in entry.comments if name not in tested]
    page = (
        templates(root).get_template("feedback.html").render(entry=entry, meaning=MEANING[entry.state], others=others)
    )
    write(feedback_path(entry, out), page)


def write_class_page(
    entries: Sequence[Entry], out: Path, alike: Mapping[str, Sequence[Pair]] | None = None, root: Path = ROOT
) -> None:
    """The class page; `alike` are the pairs of each lab."""
    labs = [summary(lab, [e for e in entries if e.lab == lab]) for lab in sorted({e.lab for e in entries})]
    labs = [found | {"alike": listed(found["entries"], (alike or {}).get(found["name"], ()))} for found in labs]
    write(out / "report.html", templates(root).get_template("class.html").render(labs=labs, meaning=MEANING))


def listed(entries: Sequence[Entry], pairs: Sequence[Pair]) -> list[tuple[Entry, Entry, str]]:
    """The pairs that the page shows, each with what is alike."""
    known = {entry.student: entry for entry in entries}
    return [
        (known[p.one], known[p.other], p.in_words()) for p in pairs[:MOST_PAIRS] if {p.one, p.other} <= known.keys()
    ]


def broken_well(name: str) -> Markup:
    """A name in code that a narrow page breaks behind an underscore, never in a word."""
    return Markup("<code>{}</code>").format(Markup("_<wbr>").join(name.split("_")))


@cache
def templates(root: Path = ROOT) -> Environment:
    """The pages' templates, read once."""
    folder = Path(__file__).parent / "templates"
    environment = Environment(loader=FileSystemLoader(folder), autoescape=select_autoescape(default=True))
    environment.filters["page"] = lambda entry: quote(feedback_path(entry, Path()).as_posix(), errors="replace")
    environment.filters["in_words"] = in_words
    environment.filters["markdown"] = words.shown
    environment.filters["inline"] = lambda text: words.shown(text)[len("<p>") : -len("</p>\n")]
    environment.filters["name"] = broken_well
    environment.globals |= {"title": partial(title, root=root), "lab_title": partial(lab_title, root=root)}
    environment.filters["points"] = lambda value: "–" if value is None else f"{value:g}"
    return environment

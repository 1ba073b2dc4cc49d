"""From the ledger to what people read: two tables, a page for each student, and one for the class.

Pages escape everything that a student wrote and allow no script; hidden tests are not in the ledger, so not here.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, select_autoescape

from grading.handin import GRADED, NEEDS_MANUAL, STATES
from grading.ledger import Entry
from grading.tables import table, write

EXERCISE_COLUMNS = ("student", "lab", "exercise", "points", "max_points", "state", "message")
SCORE_COLUMNS = ("student", "lab", "score", "max_score", "state")
NOT_ANSWERED = "not answered yet"
MEANING = {
    "graded": "Graded.",
    "partial": "Some exercises could not be graded; the score counts the others.",
    "needs-manual": "The exercises are graded; a person still has to read the answers in words.",
    "timed-out": "Some code took too long; the score counts what could be graded.",
    "crashed": "Some code ended the process that ran it; the score counts what could be graded.",
    "unreadable": "The hand-in could not be read, so nothing could be graded.",
    "missing": "Nothing was handed in.",
}


def exercise_rows(entry: Entry) -> list[tuple]:
    """The rows of exercises.csv: one for each exercise, and one for each question in words."""
    head = entry.student, entry.lab
    rows = [(*head, e.name, e.points, e.max_points, e.state, e.message) for e in entry.exercises]
    for answer in entry.answers:
        state = GRADED if answer.points is not None else NEEDS_MANUAL
        message = answer.comment or ("" if answer.answered else "No response.")
        rows.append((*head, answer.grade_id, answer.points, answer.max_points, state, message))
    return rows


def score_row(entry: Entry) -> tuple:
    return entry.student, entry.lab, entry.score, entry.max_score, entry.state


def write_tables(entries: Sequence[Entry], out: Path) -> None:
    """exercises.csv and scores.csv."""
    rows = (row for entry in entries for row in exercise_rows(entry))
    write(out / "exercises.csv", table(EXERCISE_COLUMNS, rows))
    write(out / "scores.csv", table(SCORE_COLUMNS, map(score_row, entries)))


def feedback_path(entry: Entry, out: Path) -> Path:
    """feedback/STUDENT/LAB.html, with a student's name that any file system takes."""
    name = entry.student.replace("/", "_").replace("\\", "_").replace("\0", "_")
    return out / "feedback" / (name if name.strip(". ") else "_") / f"{entry.lab}.html"


def write_feedback(entry: Entry, out: Path) -> None:
    page = templates().get_template("feedback.html").render(entry=entry, meaning=MEANING[entry.state])
    write(feedback_path(entry, out), page)


def write_class_page(entries: Sequence[Entry], out: Path) -> None:
    labs = [summary(lab, [e for e in entries if e.lab == lab]) for lab in sorted({e.lab for e in entries})]
    write(out / "report.html", templates().get_template("class.html").render(labs=labs, meaning=MEANING))


def summary(lab: str, entries: Sequence[Entry]) -> dict[str, Any]:
    """What the class page says of a lab."""
    graded = [e for e in entries if e.score is not None]
    open_ = [e for e in entries if e.state not in (GRADED, NEEDS_MANUAL)]
    return {
        "name": lab,
        "count": len(entries),
        "entries": entries,
        "states": [(state, n) for state in STATES if (n := sum(e.state == state for e in entries))],
        "mean": sum(e.score for e in graded) / len(graded) if graded else None,
        "median": middle(sorted(e.score for e in graded)),
        "max_score": entries[0].max_score,
        "histogram": histogram(graded),
        "exercises": success(entries),
        "mistakes": mistakes(entries).most_common(12),
        "open": open_,
        "repairs": Counter(text for e in entries for text in e.repairs).most_common(12),
    }


def middle(values: Sequence[float]) -> float | None:
    if not values:
        return None
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2


def histogram(entries: Sequence[Entry], bins: int = 10) -> list[dict[str, Any]]:
    """How many hand-ins lie in each tenth of the points that can be reached; full marks are in the last."""
    shares = [max(0.0, e.score / e.max_score) if e.max_score else 0.0 for e in entries]
    counts = Counter(min(bins - 1, int(share * bins)) for share in shares)
    top = max(counts.values(), default=1)
    return [{"low": 10 * k, "count": counts[k], "height": round(100 * counts[k] / top)} for k in range(bins)]


def success(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """For each exercise: how many earned its points, of how many that could be graded."""
    rows: dict[str, list] = {}
    for entry in entries:
        for one in entry.exercises:
            rows.setdefault(one.name, []).append(one)
    found = []
    for name, results in rows.items():
        graded = [one for one in results if one.points is not None]
        full = sum(one.points >= one.max_points for one in graded)
        share = round(100 * full / len(graded)) if graded else 0
        blank = sum(one.message == NOT_ANSWERED for one in graded)
        row = {"name": name, "full": full, "graded": len(graded), "all": len(results), "share": share, "blank": blank}
        found.append(row)
    return found


def mistakes(entries: Iterable[Entry]) -> Counter:
    """(exercise, mistake) with counts; a mistake that no test names counts by its message's first line."""
    found: Counter = Counter()
    for entry in entries:
        for one in entry.exercises:
            if one.points is not None and one.points < one.max_points and one.message != NOT_ANSWERED:
                found[one.name, one.mistake or first_line(one.message)] += 1
    return found


def first_line(message: str) -> str:
    line = message.strip().splitlines()[0] if message.strip() else "no message"
    return line if len(line) <= 120 else f"{line[:119]}…"


def table_of_states(entries: Sequence[Entry]) -> str:
    """How many hand-ins of each lab reached each state, in columns for the terminal."""
    labs = sorted({entry.lab for entry in entries})
    states = [state for state in STATES if any(entry.state == state for entry in entries)]
    rows = [("", *states)]
    rows += [(lab, *(str(sum(e.lab == lab and e.state == s for e in entries)) for s in states)) for lab in labs]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(f.rjust(w) for f, w in zip(row, widths, strict=True)) for row in rows)


def templates() -> Environment:
    folder = Path(__file__).parent / "templates"
    environment = Environment(loader=FileSystemLoader(folder), autoescape=select_autoescape(default=True))
    environment.filters["page"] = lambda entry: quote(feedback_path(entry, Path()).as_posix(), errors="replace")
    environment.filters["points"] = lambda value: "–" if value is None else f"{value:g}"
    return environment

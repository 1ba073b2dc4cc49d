"""The pages of feedback as one zip that Canvas or Moodle takes back, each under the name that it gave to the hand-in.

Canvas: "Upload Submissions" of the assignment; it shows the page under the name of the file that was handed in. Moodle:
"Upload multiple feedback files in a zip".
"""

import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from grading.course.folder import GradingError, assignment_of, notebook_of
from grading.platforms import canvas, moodle
from grading.platforms.authors import author
from grading.record.ledger import Entry
from grading.report.pages import feedback_path

FORMS = {"canvas": canvas, "moodle": moodle}


def return_zip(entries: Iterable[Entry], out: Path, target: Path) -> Iterator[str]:
    """Write the zip; a sentence for each page that is not in it. GradingError where there is none to send."""
    entries = sorted(entries, key=lambda entry: (entry.lab, entry.student))
    sent = [entry for entry in entries if entry.origin]
    assignments, platforms = {assignment_of(e.lab) for e in entries}, {author(e.origin).platform for e in sent}
    if len(assignments) > 1:
        raise GradingError(
            f"A zip is for one assignment, and {', '.join(sorted(assignments))} are graded: name one with --lab."
        )
    if len(platforms) != 1:
        raise GradingError(
            "No hand-in came in a zip of Canvas or Moodle, or some in either: there is nowhere to return."
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for entry in sent:
            name = FORMS[author(entry.origin).platform].back(entry.origin, notebook_of(entry.lab))
            if name in packed.namelist():  # of a zip with several notebooks
                name = f"{name.removesuffix('.html')}-{notebook_of(entry.lab)}.html"
            packed.write(feedback_path(entry, out), name)
    several = len({entry.lab for entry in entries}) > 1
    lacking = [f"{e.student} ({e.lab})" if several else e.student for e in entries if not e.origin]
    if lacking:
        yield f"Not in the zip, since their hand-ins did not come from the platform: {', '.join(lacking)}."

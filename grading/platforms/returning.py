"""The pages of feedback as one zip that Canvas or Moodle takes back, each under the name that it gave to the hand-in.

Canvas: "Upload Submissions" of the assignment; it shows the page under the name of the file that was handed in. Moodle:
"Upload multiple feedback files in a zip".
"""

import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from grading.course.folder import GradingError
from grading.platforms import canvas, moodle
from grading.platforms.authors import author
from grading.record.ledger import Entry
from grading.report.pages import feedback_path

FORMS = {"canvas": canvas, "moodle": moodle}


def return_zip(entries: Iterable[Entry], out: Path, target: Path) -> Iterator[str]:
    """Write the zip; a sentence for each page that is not in it. GradingError where there is none to send."""
    entries = list(entries)
    places = {entry.student: author(entry.origin) for entry in entries if entry.origin}
    labs, platforms = {entry.lab for entry in entries}, {place.platform for place in places.values()}
    if len(labs) > 1:
        raise GradingError(
            f"A zip is for one assignment, and {', '.join(sorted(labs))} are graded: name one with --lab."
        )
    if len(platforms) != 1:
        raise GradingError(
            "No hand-in came in a zip of Canvas or Moodle, or some in either: there is nowhere to return."
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for entry in entries:
            if entry.student in places:
                name = FORMS[places[entry.student].platform].back(entry.origin, entry.lab)
                packed.write(feedback_path(entry, out), name)
    lacking = [entry.student for entry in entries if entry.student not in places]
    if lacking:
        yield f"Not in the zip, since their hand-ins did not come from the platform: {', '.join(lacking)}."

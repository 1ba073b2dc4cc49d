"""Where the contents of a zip wait, under names of our own, so that memory stays small."""

import shutil
import weakref
from pathlib import Path
from tempfile import mkdtemp

from grading.intake.archive import Entry


class Spool:
    """A folder that goes when nobody holds it any more."""

    def __init__(self) -> None:
        self.folder = Path(mkdtemp(prefix="handins-"))
        self.count = 0
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)

    def keep(self, entry: Entry) -> Entry:
        """The entry with its content in a file of this folder."""
        if entry.content is None or entry.file:
            return entry._replace(content=None)
        self.count += 1
        place = self.folder / f"{self.count}.ipynb"
        place.write_bytes(entry.content)
        return entry._replace(content=None, file=place)

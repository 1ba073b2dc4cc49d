"""The files that a lab ships with: beside the tests here, and in the child's folder."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

Files = tuple[tuple[str, bytes], ...]


@contextmanager
def beside(files: Files) -> Iterator[None]:
    """While it lasts, the working folder holds these files and nothing else; without any, it stays as it is."""
    if not files:
        yield
        return
    before = Path.cwd()
    with TemporaryDirectory(prefix="lab-") as folder:
        for name, content in files:
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)

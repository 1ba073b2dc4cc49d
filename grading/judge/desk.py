"""The files that a lab ships with: beside the tests here, and in the child's folder."""

import os
import sys
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
        sys.path.insert(0, folder)  # a set-up may import a module that is shipped
        try:
            yield
        finally:
            os.chdir(before)
            sys.path.remove(folder)
            forget(folder)


def forget(folder: str) -> None:
    """Modules from this folder are another lab's next time."""
    paths = {name: str(getattr(module, "__file__", None) or "") for name, module in list(sys.modules.items())}
    for name in [name for name, path in paths.items() if path.startswith(f"{folder}{os.sep}")]:
        del sys.modules[name]
    sys.path_importer_cache.pop(folder, None)

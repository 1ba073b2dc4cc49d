"""Print constraints.txt anew: python tools/pin.py OLD.json NEW.json > constraints.txt

OLD and NEW are what pip would install with Python 3.10 and with 3.11 or later:
    pip install --dry-run --ignore-installed --only-binary=:all: --report NEW.json '.[dev]'
"""

import json
import re
import sys
from pathlib import Path

HEADER = """\
# The versions that the whole suite passed with. `make lab` and `make test` install exactly
# these, except a torch that is already there. Written by tools/pin.py (see CONTRIBUTING.md).
# Not here: what only torch asks for and pins itself (nvidia-*, cuda-*, triton), and the few
# packages that only macOS or Windows need.
"""
OWN = re.compile(r"nvidia-|cuda-|triton$|vae-course$")


def versions(report):
    """Names and versions of one of pip's reports."""
    packages = (item["metadata"] for item in json.loads(Path(report).read_text())["install"])
    pairs = ((re.sub(r"[-_.]+", "-", p["name"]).lower(), p["version"]) for p in packages)
    return {name: version.split("+")[0] for name, version in pairs if not OWN.match(name)}


def pins(old, new):
    """One line for a version that is the same everywhere, else one for each Python."""
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) == new.get(name):
            yield f"{name}=={new[name]}"
            continue
        if name in old:
            yield f"{name}=={old[name]} ; python_version < '3.11'"
        if name in new:
            yield f"{name}=={new[name]} ; python_version >= '3.11'"


if __name__ == "__main__":
    print(HEADER + "\n".join(pins(*map(versions, sys.argv[1:]))))

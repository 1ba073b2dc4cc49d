"""The part that runs in the lecture's kernel: one claim on the notebook's own variables."""

from __future__ import annotations

import ast
import random
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.claims import Claim, Namespace, VariableError, load

_loaded: dict[Path, dict[str, Claim]] = {}


def check(path: str, name: str, variables: dict[str, Any]) -> str:
    """What speaks against the claim, or nothing: "" where it holds."""
    path = Path(path)
    try:
        if path not in _loaded:
            _loaded[path] = load(path, _fill)
        _seed()
        _loaded[path][name].function(Namespace(variables))
    except AssertionError as error:
        return f"assert in line {_line(error, path)}: {error}"
    except VariableError as error:
        return str(error)
    except Exception as error:
        return f"it stopped with {type(error).__name__} in line {_line(error, path)}: {error}"
    return ""


def _fill(module: ModuleType, path: Path) -> None:
    """Import with pytest's asserts, which give the values that were compared; in a kernel no import hook does it."""
    from _pytest.assertion.rewrite import rewrite_asserts

    source = path.read_bytes()
    tree = ast.parse(source)
    rewrite_asserts(tree, source, str(path))
    exec(compile(tree, str(path), "exec"), vars(module))


def _seed() -> None:
    """Before each claim, so that it comes out the same alone as after the others."""
    random.seed(0)
    for name in ("torch", "numpy"):
        if name in sys.modules:
            module = sys.modules[name]
            module.manual_seed(0) if name == "torch" else module.random.seed(0)


def _line(error: Exception, path: Path) -> int | str:
    """The last line of the claims' module on the way to the error."""
    frames = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
    return frames[-1] if frames else "?"

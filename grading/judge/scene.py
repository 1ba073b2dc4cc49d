"""Where a test is run: in variables that the lab's own set-up has made, with a student's functions among them."""

import ast
import copy
from dataclasses import dataclass, field
from functools import lru_cache
from types import CodeType
from typing import Any

import numpy as np
import torch

from grading.course.folder import GradingError
from grading.course.lab import Exercise, Part, Release
from grading.judge.standins import Link

DATA = (torch.Tensor, np.ndarray, torch.nn.Module, list, tuple, dict, set)


@dataclass
class Scene:
    """An exercise's test while it is run: its variables, the link they belong to, the functions it calls."""

    variables: dict[str, Any] | None = None
    link: Link | None = None
    bound: Link | None = None
    handles: dict[str, int | None] = field(default_factory=dict)


@lru_cache(maxsize=4)
def _setup(parts: tuple[Part, ...]) -> dict[str, Any]:
    variables: dict[str, Any] = {"__name__": "__main__"}
    for part in parts:
        if part.role == "code" and not part.explore:
            exec(compile(part.source, "<set-up>", "exec"), variables)
    return variables


def setup(release: Release) -> dict[str, Any]:
    """The variables that the lab's own set-up cells make (the cells as they were handed out).

    Data are copied, since a student's function may change what it is given. GradingError if the set-up does not run.
    """
    try:
        variables = _setup(release.parts)
    except Exception as error:
        raise GradingError(f"The set-up cells of {release.lab} do not run: {type(error).__name__}: {error}") from error
    return {name: copy.deepcopy(v) if isinstance(v, DATA) else v for name, v in variables.items() if name[:2] != "__"}


@lru_cache(maxsize=256)
def compiled(source: str, name: str) -> CodeType:
    return compile(source, name, "exec")


def only_hidden(exercise: Exercise) -> str:
    """The hidden regions of a test; the lines before them are left blank."""
    kept, inside = [], False
    for line in exercise.hidden.splitlines():
        inside = inside or line == "### BEGIN HIDDEN TESTS"
        kept.append(line if inside else "")
        inside = inside and line != "### END HIDDEN TESTS"
    return "\n".join(kept)


def imports(source: str) -> str:
    """The import statements of a test."""
    found = [node for node in ast.parse(source).body if isinstance(node, ast.Import | ast.ImportFrom)]
    return "\n".join(ast.unparse(node) for node in found)

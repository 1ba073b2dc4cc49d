"""The course as a class gets it: a folder and a zip without solutions, hidden tests, banks, grader or history."""

import ast
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from grading.course.folder import ROOT, GradingError, handed_out
from grading.course.lab import text
from grading.course.pristine import KEPT, pristine
from grading.course.release import files
from grading.course.secrets import leaks

NAME = "vae-course"
FOLDERS = ("course", "labs", "vae_lib", ".jupyter/student", ".jupyter/shared")
FILES = ("start.py", "tools/install.py", "pyproject.toml", "constraints.txt", "LICENSE", "LICENSE-text", ".gitignore")
TEACHERS = ("course/instructors.md", "course/students.md", "course/_toc.yml", "course/_config.yml", "course/_static")
COMMANDS = ("grading.__main__", "grading.commands.validate", "grading.commands.submit", "grading.commands.button")
TARGETS = ("help", "venv", "lab", "validate", "submit", "clean")


def build(out: Path, root: Path = ROOT) -> tuple[Path, Path]:
    """Write OUT/vae-course and OUT/vae-course.zip anew; GradingError where something secret would be in them."""
    folder = out / NAME
    if out.exists() and any(path.name not in (NAME, f"{NAME}.zip") for path in out.iterdir()):
        raise GradingError(f"{out} holds other files: name an empty folder with --out.")
    shutil.rmtree(folder, ignore_errors=True)
    for path in chosen_files(root):
        copy(root / path, folder / path)
    copy(root / "course/students.md", folder / "README.md")
    copy(root / "tools/Dockerfile", folder / "Dockerfile")
    (folder / "Makefile").write_text(makefile((root / "Makefile").read_text(encoding="utf-8")), encoding="utf-8")
    for lab in handed_out(root):
        require_untouched(lab, root)
        copy(root / "labs" / lab / f"{lab}.ipynb", folder / KEPT / f"{lab}.ipynb")
    found = leaks(folder, root)
    if found:
        shutil.rmtree(folder)
        raise GradingError("The student edition would give away:\n  " + "\n  ".join(found[:20]))
    return folder, Path(shutil.make_archive(str(out / NAME), "zip", out, NAME))


def require_untouched(lab: str, root: Path) -> None:
    """The notebook in labs/ is what its source gives."""
    released, made = json.loads((root / "labs" / lab / f"{lab}.ipynb").read_text(encoding="utf-8")), pristine(lab, root)
    if [text(cell) for cell in released["cells"]] != [text(cell) for cell in made["cells"]]:
        raise GradingError(f"labs/{lab}/{lab}.ipynb is not what solutions/ gives: run make labs.")


def chosen_files(root: Path) -> Iterator[Path]:
    """What a student gets, as paths from the root: a list of what is in, so that nothing new slips through."""
    yield from map(Path, FILES)
    for folder in FOLDERS:
        for path in files(root / folder):
            inside = path.relative_to(root)
            caches = any(part.startswith(".") for part in path.relative_to(root / folder).parts)
            if not caches and not any(inside.is_relative_to(one) for one in TEACHERS):
                yield inside
    yield from student_modules(root)


def student_modules(root: Path) -> list[Path]:
    """The modules of grading/ that `validate` and `submit` need, and the __init__ of each folder on the way."""
    wanted, seen = list(COMMANDS), set()
    while wanted:
        name = wanted.pop()
        path = root / (name.replace(".", "/") + ".py")
        if not path.exists() or path in seen:
            continue
        seen.add(path)
        if name != "grading.__main__":  # it imports every command's module, when that command is asked for
            wanted += imported(path)
    home = root / "grading"
    packages = {folder / "__init__.py" for path in seen for folder in path.parents if folder.is_relative_to(home)}
    return sorted(path.relative_to(root) for path in seen | packages)


def imported(path: Path) -> list[str]:
    """The modules of grading/ that a module imports."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    modules = [node.module for node in nodes if isinstance(node, ast.ImportFrom)]
    return [module for module in modules if module and module.startswith("grading")]


def makefile(text: str) -> str:
    """The Makefile with the targets that a student has."""
    blocks = re.split(r"\n(?=[a-z]+:)", text)
    kept = [blocks[0]] + [block for block in blocks[1:] if block.split(":")[0] in TARGETS]
    return re.sub(r"^\.PHONY:.*", ".PHONY: " + " ".join(TARGETS), "\n".join(kept), flags=re.MULTILINE)


def copy(source: Path, target: Path) -> None:
    """Copy a file, and make its folder."""
    if not source.is_file():
        raise GradingError(f"{source.name} is missing: the student edition cannot be made without it.")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)

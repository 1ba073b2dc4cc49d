"""The commands behind make: python -m grading release|validate|submit|student|grade|feedback|export|doctor|demo."""

import argparse
import sys
from pathlib import Path

from grading.course.folder import ROOT, GradingError, chosen
from grading.course.folder import course as named_course

OUT = Path("grading_out")
IN_THE_WAY = "move what is in the way, or name another folder with --out."


def release(names: list[str], check: bool) -> int:
    from grading.course.audit import problems
    from grading.course.release import release
    from grading.course.settings import configuration
    from grading.record.gradebook import Record

    if check:
        print("Comparing labs/ with solutions/ …")
        found = problems()
        print("\n".join(found) or "labs/ is what solutions/ gives.")
        return bool(found)
    print("Making labs/ from solutions/ …", flush=True)
    made = release(names, check=self_check)
    for name in made:
        print(f"  labs/{name}/{name}.ipynb")
    with Record(configuration().CourseDirectory.db_url, made):  # Formgrader shows them before anything is handed in
        return 0


def self_check(names: list[str], course: Path) -> None:
    """Grade each lab's own solution and the blank lab, unless that has been done; no student's code is run."""
    from grading.check import MEMORY, checked
    from grading.course.lab import read_release
    from grading.engine import close, here
    from grading.sandbox.walls import unavailable

    if reason := unavailable(isolated=False):
        print(f"  not tried: {reason}")
        return
    releases = {name: read_release(name, course) for name in names}
    try:
        checked(releases, OUT / "ledger" / MEMORY, here, not unavailable(), course, lambda line: print(f"  {line}"))
    finally:
        close()


def validate(name: str) -> int:
    from grading.commands.validate import validate

    print(f"Running the tests of {Path(name).stem} …", flush=True)
    report = validate(name)
    for sentence in report.mended:
        print(f"  {sentence}")
    for label, error in report.failures().items():
        print(f"  {label}: " + error.replace("\n", "\n    "))
    for question in report.notes():
        print(f"  {question}")
    print(report.summary())
    return any(report.tests.values())


def student(out: Path) -> int:
    from grading.course.edition import build

    print("Building the student edition …", flush=True)
    folder, packed = build(out)
    print(f"No solution, hidden test or answer bank is in it: {folder}")
    print(f"The same for handing out: {packed} ({packed.stat().st_size / 1e6:.0f} MB)")
    return 0


def submit(name: str) -> int:
    from grading.commands.submit import submit

    print(f"Packing {name} …")
    packed, warnings = submit(name)
    for warning in warnings:
        print(f"  Careful: {warning}")
    print(f"Hand in this file: {packed.relative_to(ROOT)}")
    return 0


def grade(lab: list[str], no_sandbox: bool, course: Path | None, submitted: Path | None, **given) -> int:
    from grading.sandbox.walls import required

    if not given["scheduler"]:  # whose workers may be on other machines
        required(isolated=False)  # before the rest is imported; whether there are walls is asked when they are built
    from grading.commands.leash import obey
    from grading.grade import Options, Unsound, grade_class

    obey()
    root = named_course(course) if course else ROOT
    submitted = submitted or (course or Path()) / "submitted"
    given["out"] = given["out"] or course or OUT
    options = Options(submitted, labs=tuple(lab), isolated=not no_sandbox, **given)
    print(f"Grading what lies in {options.submitted} …", flush=True)
    try:
        entries = grade_class(options, root=root)
    except KeyboardInterrupt:
        print("\nStopped. What is graded is in the gradebook; the next run goes on from here.", file=sys.stderr)
        return 130
    except Unsound as error:
        show(error.entries, options.out)
        sys.stdout.flush()  # the reason comes last
        raise
    show(entries, options.out)
    return 0


def show(entries: list, out: Path) -> None:
    """How many reached which state, and where to look."""
    from grading.report.scores import table_of_states

    print(table_of_states(entries))
    print(
        f"Open {out / 'report.html'} for the class; feedback, scores.csv and exercises.csv lie beside it.", flush=True
    )


def feedback(out: Path, packed: Path | None, lab: list[str], course: Path | None = None) -> int:
    from grading.earlier import course_of, refresh
    from grading.platforms.returning import return_zip

    print("Writing feedback with what has been marked by hand …")
    entries = refresh(out, course_of(out, course))
    print(f"{len(entries)} pages in {out / 'feedback'}, and {out / 'report.html'}.")
    if packed:
        named = chosen(lab, sorted({entry.lab for entry in entries}))
        for sentence in return_zip([entry for entry in entries if entry.lab in named], out, packed):
            print(f"  {sentence}")
        print(f"To be returned to the platform: {packed}.")
    return 0


def export(**given) -> int:
    from grading.commands.export import export

    return export(**given)


def doctor() -> int:
    from grading.commands.doctor import findings

    good = True
    for fit, sentence in findings():
        print(f"  {'ok' if fit else '!!'}  {sentence}", flush=True)
        good &= fit
    return 0 if good else 1


def demo(out: Path, no_sandbox: bool) -> int:
    from grading.commands.demo import demo

    return demo(out, not no_sandbox)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m grading", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("release", help="make labs/ from solutions/")
    one.add_argument("names", nargs="*", metavar="LAB")
    one.add_argument("--check", action="store_true", help="change nothing, say what is wrong")
    for name, says in (("validate", "run a lab's visible tests"), ("submit", "pack a lab")):
        commands.add_parser(name, help=says).add_argument("name", metavar="LAB")
    edition = commands.add_parser("student", help="build the student edition, without solutions")
    edition.add_argument("--out", type=Path, default=Path("student"), help="the folder to write it to")
    grading_arguments(commands.add_parser("grade", help="grade a class"))
    again = commands.add_parser("feedback", help="write reports again, with what was marked by hand")
    again.add_argument("--zip", dest="packed", type=Path, metavar="FILE", help="all pages, for Canvas or Moodle")
    again.add_argument("--lab", action="append", default=[], help="this lab only, in the zip")
    add_out(again)
    table = commands.add_parser("export", help="scores for nbgrader, Canvas or Moodle")
    table.add_argument("--format", dest="form", choices=("nbgrader", "canvas", "moodle"), default="nbgrader")
    table.add_argument("--out", dest="file", type=Path, required=True, metavar="FILE", help="the CSV to write")
    table.add_argument("--template", type=Path, metavar="FILE", help="the platform's own export, to be filled in")
    table.add_argument("--column", metavar="NAME", help="the template's column for the only lab")
    table.add_argument("--rescale", action="store_true", help="make scores fit the template's points")
    table.add_argument("--lab", action="append", default=[], help="this lab only (may be repeated)")
    table.add_argument("--graded", dest="out", type=Path, default=OUT, help="what grade wrote")
    for one in (again, table):
        one.add_argument("--course", type=Path, metavar="DIR", help="the course (default: the one that was graded)")
    commands.add_parser("doctor", help="say what this machine offers")
    shown = commands.add_parser("demo", help="grade a class made for the purpose")
    shown.add_argument("--out", type=Path, default=OUT / "demo")
    shown.add_argument("--no-sandbox", action="store_true", help="run the code without a sandbox")
    return parser.parse_args()


def grading_arguments(parser: argparse.ArgumentParser) -> None:
    says = "a course in nbgrader's layout (source/, release/, submitted/); results go there, too"
    parser.add_argument("--course", type=Path, metavar="DIR", help=says)
    parser.add_argument("--submitted", type=Path, help="folder, or a platform's zip (default: submitted)")
    parser.add_argument("--lab", action="append", default=[], help="this lab only (may be repeated)")
    says = "students.csv, Canvas's gradebook or Moodle's grading worksheet (default: students.csv by the hand-ins)"
    parser.add_argument("--students", type=Path, metavar="FILE", help=says)
    parser.add_argument("--out", type=Path, help=f"where results go (default: {OUT}, or the --course)")
    parser.add_argument("--jobs", type=whole, default=0, metavar="N", help="hand-ins at a time (default: the cores)")
    parser.add_argument("--scheduler", metavar="tcp://HOST:PORT", help="grade on a Dask cluster")
    parser.add_argument("--no-sandbox", action="store_true", help="run the code of hand-ins with all your rights")
    parser.add_argument("--force", action="store_true", help="grade unchanged hand-ins, too")
    parser.add_argument("--full", action="store_true", help="run the cells tagged explore, too")


def add_out(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, default=OUT, help="where results go")


def whole(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


COMMANDS = {one.__name__: one for one in (release, validate, submit, student, grade, feedback, export, doctor, demo)}
STUDENTS = ("validate", "submit")


def main() -> int:
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # a terminal without Unicode stops nothing
    given = vars(arguments())
    command = given.pop("command")
    try:
        if command not in STUDENTS and not (ROOT / "solutions").is_dir():
            raise GradingError(f"This copy of the course is a student's: it has no {command}.")
        return COMMANDS[command](**given)
    except GradingError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        if not error.filename or command in STUDENTS:
            raise
        print(f"{error.filename} ({error.strerror}): {IN_THE_WAY}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())

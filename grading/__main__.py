"""The commands behind make: python -m grading release|validate|submit|grade."""

import argparse
import sys

from grading.course import ROOT, GradingError


def release(names: list[str], check: bool) -> int:
    from grading.release import problems, release

    if check:
        print("Comparing labs/ with solutions/ …")
        found = problems()
        print("\n".join(found) or "labs/ is what solutions/ gives.")
        return bool(found)
    print("Making labs/ from solutions/ …")
    for name in release(names):
        print(f"  labs/{name}/{name}.ipynb")
    return 0


def validate(name: str) -> int:
    from grading.validate import validate

    print(f"Running the tests of {name} …", flush=True)
    report = validate(name)
    for cell in report.changed:
        print(f"  {cell}: this test cell is not as it was handed out; put it back")
    for cell, error in report.failed.items():
        print(f"  {cell}: " + error.replace("\n", "\n    "))
    if report.changed:
        return 1
    passed = [test for test in report.tests if test not in report.failed]
    print(f"{len(passed)} of {len(report.tests)} test cells pass.")
    return bool(report.failed)


def submit(name: str) -> int:
    from grading.submit import submit

    print(f"Packing {name} …")
    packed, warnings = submit(name)
    for warning in warnings:
        print(f"  Careful: {warning}")
    print(f"Hand in this file: {packed.relative_to(ROOT)}")
    return 0


def grade() -> int:
    from grading.stock import export, grade, table

    print("Grading what lies in submitted/ …", flush=True)
    scores = []
    for score in grade():
        print(f"  {score.student} {score.lab}: {score.state}", flush=True)
        scores.append(score)
    if not scores:
        raise GradingError("There is nothing to grade: put hand-ins into submitted/STUDENT/LAB/LAB.ipynb.")
    print(table(scores))
    print(f"Written to {export(scores).relative_to(ROOT)}; feedback lies in feedback/.")
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m grading", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("release", help="make labs/ from solutions/")
    one.add_argument("names", nargs="*", metavar="LAB")
    one.add_argument("--check", action="store_true", help="change nothing, say what is wrong")
    for name, says in (("validate", "run a lab's visible tests"), ("submit", "pack a lab")):
        commands.add_parser(name, help=says).add_argument("name", metavar="LAB")
    commands.add_parser("grade", help="grade everything in submitted/")
    return parser.parse_args()


def main() -> int:
    given = vars(arguments())
    command = {"release": release, "validate": validate, "submit": submit, "grade": grade}[given.pop("command")]
    try:
        return command(**given)
    except GradingError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())

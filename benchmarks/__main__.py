"""python -m benchmarks [SECTION …]: print every measured figure that the README has."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from benchmarks import epoch, explorers, figures, grading, labs, lectures, machine, quality, tables, threads

SECTIONS: dict[str, Callable[[argparse.Namespace], None]] = {
    "machine": machine.show,
    "epoch": epoch.show,
    "figures": figures.show,
    "quality": quality.show,
    "threads": threads.show,
    "lectures": lectures.show,
    "labs": labs.show,
    "grading": grading.show,
    "explorers": explorers.show,
}
HOURS = {"tables": tables.show}  # what runs only when it is asked for by name


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "sections", nargs="*", metavar="SECTION", help=f"of {', '.join(SECTIONS)} (default: all), or tables"
    )
    parser.add_argument("--quick", action="store_true", help="a tenth of the data, one epoch: for trying it out")
    parser.add_argument("--pictures", type=_count, help="training pictures for the epochs (default: 60000)")
    parser.add_argument("--repeats", type=_count, help="rounds of the three loops (default: 7)")
    parser.add_argument("--epochs", type=_count, help="epochs of the trained VAE (default: 10)")
    parser.add_argument("--class-size", type=_count, help="hand-ins to grade (default: 100)")
    parser.add_argument("--sample", type=_count, help="of them, those that stock nbgrader grades, too (default: 7)")
    _options_of_tables(parser.add_argument_group("the table of 2014 (hours; resumable)"))
    options, known = parser.parse_args(arguments), SECTIONS | HOURS
    unknown = [name for name in options.sections if name not in known]
    if unknown:
        parser.error(f"there is no section {unknown[0]!r}; choose from {', '.join(known)}")
    options.pictures = options.pictures or (6000 if options.quick else 60000)
    options.repeats = options.repeats or (3 if options.quick else 7)
    options.epochs = options.epochs or (1 if options.quick else 10)
    options.class_size = options.class_size or (7 if options.quick else 100)
    options.sample = options.sample or (1 if options.quick else 7)
    for name in options.sections or SECTIONS:
        known[name](options)


def _options_of_tables(group: argparse._ArgumentGroup) -> None:
    """Which cells, where they lie, and who computes them."""
    group.add_argument("--methods", nargs="+", choices=list(tables.METHODS), default=list(tables.METHODS))
    group.add_argument("--labels", nargs="+", type=_count, default=list(tables.LABELS), help="how many, in all")
    group.add_argument("--draws", type=_count, default=tables.DRAWS, help="of labels (default: %(default)s)")
    group.add_argument("--first-draw", type=int, default=0, help="from 100 on: trials, scored on held-back pictures")
    group.add_argument("--cells", default=tables.CELLS, help="folder of the cells; another one leaves the table alone")
    group.add_argument("--anew", action="store_true", help="compute cells that are there, too")
    group.add_argument("--scheduler", help="tcp://… of a Dask cluster")


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not at least 1")
    return value


if __name__ == "__main__":
    main()

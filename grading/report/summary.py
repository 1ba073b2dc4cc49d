"""What a class has shown of a lab: how it was spread, which exercises were hard, which mistakes were frequent."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from grading.judge.result import GRADED, NEEDS_MANUAL, STATES
from grading.record.ledger import Entry
from grading.report.points import graded_so_far

NOT_ANSWERED = "not answered yet"


def summary(lab: str, entries: Sequence[Entry]) -> dict[str, Any]:
    """What the class page says of a lab."""
    graded = [e for e in entries if e.score is not None]
    waiting = sum(graded_so_far(e) < e.max_score for e in graded)
    levels = [100 * share(e) if waiting else e.score for e in graded]
    open_ = [e for e in entries if e.state not in (GRADED, NEEDS_MANUAL)]
    return {
        "name": lab,
        "count": len(entries),
        "entries": entries,
        "states": [(state, n) for state in STATES if (n := sum(e.state == state for e in entries))],
        "waiting": waiting,  # while there are any, mean and median are per cent of what is graded so far
        "mean": sum(levels) / len(levels) if levels else None,
        "median": middle(sorted(levels)),
        "max_score": entries[0].max_score,
        "histogram": histogram(graded),
        "exercises": success(entries),
        "mistakes": by_cause(entries),
        "throughout": throughout(entries),
        "open": open_,
        "repairs": Counter(text for e in entries for text in e.repairs).most_common(12),
    }


def middle(values: Sequence[float]) -> float | None:
    if not values:
        return None
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2


def share(entry: Entry) -> float:
    """The points of what is graded so far, as a part of 1."""
    so_far = graded_so_far(entry)
    return max(0.0, entry.score / so_far) if so_far else 0.0


def histogram(entries: Sequence[Entry], bins: int = 10) -> list[dict[str, Any]]:
    """How many hand-ins lie in each tenth of the points that they could have so far; full marks are in the last."""
    shares = [share(e) for e in entries]
    counts = Counter(min(bins - 1, int(share * bins)) for share in shares)
    top = max(counts.values(), default=1)
    return [{"low": 10 * k, "count": counts[k], "height": round(100 * counts[k] / top)} for k in range(bins)]


def success(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """For each exercise: how many earned its points, of how many that could be graded."""
    rows: dict[str, list] = {}
    for entry in entries:
        for one in entry.exercises:
            rows.setdefault(one.name, []).append(one)
    found = []
    for name, results in rows.items():
        graded = [one for one in results if one.points is not None]
        full = sum(one.points >= one.max_points for one in graded)
        part = round(100 * full / len(graded)) if graded else 0
        blank = sum(one.message == NOT_ANSWERED for one in graded)
        row = {"name": name, "full": full, "graded": len(graded), "all": len(results), "share": part, "blank": blank}
        row["plain"] = any(one.plain for one in results)
        found.append(row)
    return found


def mistakes(entries: Iterable[Entry]) -> Counter:
    """(exercise, mistake) with counts; a mistake that no test names counts by its message's first line."""
    found: Counter = Counter()
    for entry in entries:
        for one in entry.exercises:
            if one.points is not None and one.points < one.max_points and one.message != NOT_ANSWERED:
                found[one.name, one.mistake or first_line(one.message)] += 1
    return found


def causes(entry: Entry) -> Counter:
    """How many exercises of a hand-in lost points for each cause."""
    return _grouped(mistakes([entry]))


def throughout(entries: Iterable[Entry]) -> list[tuple[Entry, str, int]]:
    """Hand-ins in which one cause took the points of three exercises or more, and of half of all: no usual mistake."""
    found = ((entry, *most) for entry in entries for most in causes(entry).most_common(1))
    return [(entry, cause, n) for entry, cause, n in found if n >= 3 and 2 * n >= len(entry.exercises)]


def by_cause(entries: Sequence[Entry], most: int = 12) -> list[tuple[str, int, list[str]]]:
    """(cause, times, exercises) over the class, the commonest first; those hand-ins apart that `throughout` names."""
    apart = {entry.student for entry, *_ in throughout(entries)}
    found = mistakes(entry for entry in entries if entry.student not in apart)
    names = {cause: [name for name, other in found if other == cause] for _, cause in found}
    return [(cause, n, names[cause]) for cause, n in _grouped(found).most_common(most)]


def _grouped(found: Counter) -> Counter:
    """Counts of (exercise, cause) by cause alone."""
    grouped: Counter = Counter()
    for (_, cause), n in found.items():
        grouped[cause] += n
    return grouped


def first_line(message: str) -> str:
    line = message.strip().splitlines()[0] if message.strip() else "no message"
    return line if len(line) <= 120 else f"{line[:119]}…"

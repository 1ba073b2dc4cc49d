"""Answers that are alike beyond what the stub and the solution force, as pairs for a person to look at.

Never a verdict, never a point: two students may have learned from the same page. What many of a class have in common
counts for nobody, and a short answer has nothing that could be told apart.
"""

import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import NamedTuple

from grading.course.folder import ROOT
from grading.report.trees import Bag

SOME = 12  # nodes or words beyond what is forced: with fewer in common an answer is not looked at
LEAST = 40  # in one answer that is shared, or
TOGETHER = 60  # in all that are
MOST_OF = 0.75  # of what the one with less has of its own
COMMON = (5, 0.25)  # what more hand-ins than this have, or a larger part of them, counts for nobody
MOST_PAIRS = 40

Source = tuple[str, str]  # "code" or "words", and the text
Work = Mapping[str, Source]  # of one student, by the exercise's or the question's name


class Pair(NamedTuple):
    """Two students, and what of theirs is alike: names with the part of it that both have, 1 where it is the same."""

    one: str
    other: str
    where: tuple[tuple[str, float], ...]
    weight: int

    def in_words(self) -> str:
        """For the class page."""
        return ", ".join(f"{name} ({'the same' if part == 1 else f'{part:.0%}'})" for name, part in self.where)


def pairs(works: Mapping[str, Work], forced: Mapping[str, list[Source]]) -> list[Pair]:
    """The pairs, those with most that is the same first; `forced` are the stub and the solution of each answer."""
    names = sorted({name for work in works.values() for name in work})
    own = beyond(works, forced, names)
    found: dict[tuple[str, str], list[tuple[str, float, int]]] = defaultdict(list)
    for name in names:
        for one, other, part, weight in alike(without_common(own[name], len(works))):
            equal = plain(works[one][name][1]) == plain(works[other][name][1])
            found[one, other].append((name, 1.0 if equal else min(part, 0.99), weight))
    enough = {who: rows for who, rows in found.items() if sufficient([weight for *_, weight in rows])}
    made = [Pair(*who, tuple((n, p) for n, p, _ in rows), sum(w for *_, w in rows)) for who, rows in enough.items()]
    return sorted(made, key=lambda pair: (-sum(part == 1 for _, part in pair.where), -pair.weight, pair))


def beyond(
    works: Mapping[str, Work], forced: Mapping[str, list[Source]], names: list[str]
) -> dict[str, dict[str, Bag]]:
    """What each student's answer, by its name, has beyond stub and solution."""
    known = [(name, source) for name in names for source in forced.get(name, ())]
    given = [(name, who, work[name]) for who, work in works.items() for name in names if name in work]
    bags = list(bags_of([source for *_, source in (*known, *given)]))
    taken: dict[str, set[str]] = defaultdict(set)
    for (name, _), bag in zip(known, bags, strict=False):
        taken[name] |= bag.keys()
    own: dict[str, dict[str, Bag]] = {name: {} for name in names}
    for (name, who, _), bag in zip(given, bags[len(known) :], strict=True):
        own[name][who] = {key: value for key, value in bag.items() if key not in taken[name]}
    return own


def sufficient(weights: list[int]) -> bool:
    """Whether so much in common is worth a look."""
    return max(weights) >= LEAST or sum(weights) >= TOGETHER


def without_common(own: dict[str, Bag], size: int) -> dict[str, Bag]:
    """Each bag without what many have; the class is of this size."""
    times = Counter(key for bag in own.values() for key in bag)
    most = max(COMMON[0], COMMON[1] * size)
    return {who: {k: v for k, v in bag.items() if times[k] <= most} for who, bag in own.items()}


def alike(own: dict[str, Bag]) -> Iterator[tuple[str, str, float, int]]:
    """Two students, the part of the smaller answer that both have, and its size."""
    having: dict[str, list[str]] = defaultdict(list)
    for who, bag in own.items():
        for key in bag:
            having[key].append(who)
    shared: Counter[tuple[str, str]] = Counter()
    for key, all_ in having.items():
        for one, other in combinations(sorted(all_), 2):
            (times, weight), (again, _) = own[one][key], own[other][key]
            shared[one, other] += min(times, again) * weight
    whole = {who: sum(times * weight for times, weight in bag.values()) for who, bag in own.items()}
    for (one, other), weight in shared.items():
        part = weight / min(whole[one], whole[other])
        if weight >= SOME and part >= MOST_OF:
            yield one, other, part, weight


def plain(text: str) -> str:
    """The text without its spaces."""
    return re.sub(r"\s+", "", text)


def bags_of(sources: Iterable[Source]) -> Iterator[Bag]:
    """The bag of each, from a process of its own; one that breaks that process has an empty bag."""
    left = list(sources)
    while left:
        command = [sys.executable, "-m", "grading.report.trees"]
        lines = "".join(json.dumps(source) + "\n" for source in left)
        done = subprocess.run(command, input=lines, capture_output=True, text=True, check=False, cwd=ROOT)
        answers = done.stdout.split("\n")[:-1]
        yield from (json.loads(answer)[0] for answer in answers)
        if len(answers) < len(left):
            yield {}
        left = left[len(answers) + 1 :]

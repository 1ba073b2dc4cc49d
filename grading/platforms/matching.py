"""Which row of a platform's table is whose: by numbers and ids first, and by a name only where it is one person's."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from grading.intake.names import squeezed
from grading.platforms.marks import Key, Marks

EXCLUSIVE = ("canvas", "moodle", "email")  # of these a person has one: another one is another person


class Matching:
    """`of` maps a row's place to its student; `said` tells of each guess and of each refusal."""

    def __init__(self, rows: Sequence[list[Key]], class_marks: Sequence[Marks]):
        self.of: dict[int, Marks] = {}
        self.said: list[str] = []
        self.refused: set[int] = set()
        self._by_key(rows, class_marks)
        self._by_name(rows, class_marks)

    def _by_key(self, rows: Sequence[list[Key]], class_marks: Sequence[Marks]) -> None:
        owners: dict[Key, list[Marks]] = defaultdict(list)
        for marks in class_marks:
            for key in marks.sure():
                owners[key].append(marks)
        for place, row in enumerate(rows):
            found = {marks.person.id: marks for key in sure(row) for marks in owners.get(key, ())}
            if len(found) == 1:
                self.of[place] = next(iter(found.values()))
            elif found:
                self.refused.add(place)
                self.said.append(
                    f"{called(row)}: its numbers are those of {' and '.join(found)}; no score was written."
                )
        rows_of = Counter(marks.person.id for marks in self.of.values())
        for student in sorted(name for name, times in rows_of.items() if times > 1):
            self.said.append(f"{student} has {rows_of[student]} rows; no score was written.")
        self.of = {place: marks for place, marks in self.of.items() if rows_of[marks.person.id] == 1}
        self.taken = set(rows_of)

    def _by_name(self, rows: Sequence[list[Key]], class_marks: Sequence[Marks]) -> None:
        free = [marks for marks in class_marks if marks.person.id not in self.taken]
        names = Counter(name for marks in class_marks for name in marks.names())
        named = Counter(name_of(row) for row in rows)
        guessed = []
        for place, row in enumerate(rows):
            name = name_of(row)
            found = [marks for marks in free if name in marks.names() and not differs(row, marks)]
            if place in self.of or place in self.refused or not name or not found:
                continue
            if names[name] > 1 or named[name] > 1:
                self.said.append(f"{called(row)}: more than one has this name; no score was written.")
            else:
                self.of[place] = found[0]
                guessed.append(called(row))
        if guessed:
            self.said.append(f"Taken by name alone, since no number told: {'; '.join(guessed)}.")


def sure(row: Sequence[Key]) -> list[Key]:
    """The keys of a row that only one person has."""
    return [
        (kind, name.strip().casefold() if kind == "email" else name.strip()) for kind, name in row if kind != "name"
    ]


def differs(row: Sequence[Key], marks: Marks) -> bool:
    """Whether the row has another number than this student."""
    own = marks.sure()
    other = {kind for kind, _ in own} & set(EXCLUSIVE)
    return any(kind in other and name and (kind, name) not in own for kind, name in sure(row))


def name_of(row: Sequence[Key]) -> str:
    return squeezed(dict(row).get("name", ""))


def called(row: Sequence[Key]) -> str:
    """The row in a sentence: by its name, else by the first that it has."""
    keys = dict(row)
    return (keys.get("name") or next((name for _, name in row if name), "a row without a name")).strip()

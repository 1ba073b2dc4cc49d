"""The order in which hand-ins are graded: one that meets a limit of time makes way for the others.

In its first turn a hand-in is hurried: at the first limit of time it ends its turn, and is graded from the start, with
all its time, when the others are done. The same hand-in, the same result.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

LATER = "later"  # in the place of a result
MOST_SLOW = 50  # hand-ins that are kept for later, so that memory does not grow with the class


class Turns:
    """Jobs, the slow ones last. There may be another after there was none: one that is under way may turn out slow."""

    def __init__(self, jobs: Iterable[Any]):
        self.jobs, self.slow, self.hurried = iter(jobs), deque[Any](), dict[int, Any]()

    def __iter__(self) -> "Turns":
        return self

    def __next__(self) -> Any:
        task, release = job = next(self.jobs, None) or self.later()
        if task.candid or task.ticket in self.hurried or len(self.hurried) >= MOST_SLOW:
            self.hurried.pop(task.ticket, None)
            return job
        self.hurried[task.ticket] = job
        return task._replace(hurried=True), release

    def each(self) -> Iterator[Any]:
        """The jobs one after the other, also one that turns out slow when there was no other."""
        while (job := next(self, None)) is not None:
            yield job

    def later(self) -> Any:
        if not self.slow:
            raise StopIteration
        return self.slow.popleft()

    def results(self, outcomes: Iterable[tuple[int, Any]]) -> Iterator[tuple[int, Any]]:
        """What an engine has found, without those that are to be graded later."""
        for ticket, result in outcomes:
            if result == LATER:
                self.slow.append(self.hurried[ticket])
                continue
            self.hurried.pop(ticket, None)
            yield ticket, result

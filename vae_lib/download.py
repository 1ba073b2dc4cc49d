"""Files from the first of several mirrors that answers, in memory, within time limits that hold.

urllib's own timeout is for one read: a name can take longer to look up, and a server that sends a byte now and then
never meets it. So threads do the waiting, and the caller looks at the clock.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from http.client import HTTPException
from queue import Empty, SimpleQueue
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from tqdm import tqdm

LIMIT = 10.0  # seconds in which the first file must come, and later PACE more bytes
PACE = 32 * 1024  # below it MNIST would take more than an hour
CHUNK = 64 * 1024
LARGEST = 64 * 1024**2  # bytes of one file; Fashion-MNIST's largest has 26 MB

Accept = Callable[[str, bytes], bytes]


def fetch(mirrors: Sequence[str], files: Sequence[str], accept: Accept, total: int) -> dict[str, bytes]:
    """What `accept(file, received)` makes of FILE.gz, for each file; it raises ValueError for anything else.

    All mirrors are asked at once for the first file, best a small one. The others come from the mirror that gave it,
    or where that fails from the next. `total` bytes fill the progress bar, which only a terminal shows.
    Raises ConnectionError with all reasons in one line.
    """
    winner, content = _race(mirrors, files[0], accept, math.inf)
    found, left = {files[0]: content}, [winner, *(mirror for mirror in mirrors if mirror != winner)]
    with tqdm(total=total, unit="B", unit_scale=True, unit_divisor=1024, disable=None, leave=False) as bar:
        for file in files[1:]:
            found[file] = _in_turn(left, file, accept, bar.update)
    return found


def _in_turn(left: list[str], file: str, accept: Accept, count: Callable[[int], object]) -> bytes:
    """From the first of the mirrors `left`; one that fails is dropped from the list."""
    reasons = []
    while left:
        try:
            return _race(left[:1], file, accept, PACE, count)[1]
        except ConnectionError as error:
            reasons.append(str(error))
            del left[0]
    raise ConnectionError("; ".join(dict.fromkeys(reasons)))


def _race(
    mirrors: Sequence[str], file: str, accept: Accept, pace: float, count: Callable[[int], object] = int
) -> tuple[str, bytes]:
    """The first mirror whose answer is accepted, and what was made of it; LIMIT seconds, again after `pace` bytes."""
    done: SimpleQueue[_Answer] = SimpleQueue()
    answers = [_Answer(mirror, file, done, count) for mirror in mirrors]
    reasons, received, end = [], 0, time.monotonic() + LIMIT
    try:
        while len(reasons) < len(answers):
            try:
                answer = done.get(timeout=max(0, end - time.monotonic()))
                return answer.mirror, accept(file, answer.result())
            except Empty:
                before, received = received, sum(len(answer.content) for answer in answers)
                if received - before < pace:
                    reasons.append(f"no answer within {LIMIT:g} s" if pace == math.inf else "the download stalled")
                    break
                end += LIMIT
            except (OSError, HTTPException, ValueError) as error:
                reasons.append(_in_words(error))
    finally:  # also after Ctrl-C
        for answer in answers:
            answer.unwanted = True
    raise ConnectionError("; ".join(dict.fromkeys(reasons)))


class _Answer(threading.Thread):
    """What an address sends, read in the background; put into `done` when it is whole or has failed."""

    def __init__(self, mirror: str, file: str, done: SimpleQueue[_Answer], count: Callable[[int], object]) -> None:
        super().__init__(daemon=True)  # a name that is being looked up cannot be interrupted
        self.mirror, self.url, self.done, self.count = mirror, f"{mirror}{file}.gz", done, count
        self.content, self.error, self.unwanted = bytearray(), None, False
        self.start()

    def run(self) -> None:
        """Read the whole answer; what stops it is kept as `error`."""
        try:
            self._read()
        except Exception as error:  # for the caller, who knows what to do about it
            self.error = error
        self.done.put(self)

    def result(self) -> bytes:
        """All that came; raises what the thread met."""
        if self.error:
            raise self.error
        return bytes(self.content)

    def _read(self) -> None:
        try:
            with urlopen(self.url, timeout=2 * LIMIT) as answer:  # only so that the thread ends some day
                while not self.unwanted and (chunk := answer.read1(CHUNK)):
                    self.content += chunk
                    self.count(len(chunk))
                    if len(self.content) > LARGEST:
                        raise ValueError(f"more than {LARGEST:,} bytes came")
        except HTTPError as error:
            error.close()  # it holds the connection
            raise


def _in_words(error: Exception) -> str:
    """The reason alone, in one line."""
    cause = error.reason if type(error) is URLError else error
    text = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
    return " ".join(text.split()).rstrip(".")

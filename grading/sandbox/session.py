"""The judge's end of one child: ask, wait no longer than allowed, keep what it prints, and see it end."""

import json
import os
import select
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress

from grading.sandbox.inside.zygote import MANY_THREADS, TIME_IS_UP
from grading.sandbox.limits import Limits
from grading.sandbox.wire import LENGTH, WireError, pack, sizes, unpack

PIECE = 1 << 16
KILLED = "it was killed from outside, as where the machine is short of memory"
Handler = Callable[[dict, list[bytes]], tuple[dict, list[bytes]]]


class Stopped(BaseException):
    """The child is no more. `timed_out` says why, the text is for the student; `outside`: nothing that the child did
    can have brought it about. No test is to catch it by `except Exception`."""

    def __init__(self, message: str, timed_out: bool = False, outside: bool = False):
        super().__init__(message)
        self.timed_out, self.outside = timed_out, outside


class Session:
    """One child. `handler` answers what it asks while it works (the functions that a test handed over)."""

    def __init__(
        self, data: socket.socket, output: socket.socket, leash: socket.socket, limits: Limits, isolated: bool
    ):
        self.data, self.output, self.leash, self.limits = data, output, leash, limits
        self.handler: Handler = refuse
        self.received, self.printed, self.dropped = bytearray(), bytearray(), 0
        self.deadline, self.interrupted = 0.0, False
        self.open, self.cpu_seconds, self.status, self.outside = True, 0.0, None, False
        self.isolated = isolated
        self.child = None if isolated else self.process_number()
        for connection in (data, output):
            connection.setblocking(False)

    def process_number(self) -> int | None:
        """The child's, where there are no walls: then it may have killed its keeper, and must be ended from here."""
        self.leash.settimeout(10)
        try:
            return int(self.leash.recv(32))
        except (OSError, ValueError):
            return None

    def request(self, header: dict, blobs: list[bytes] = ()) -> tuple[dict, list[bytes]]:
        """Send, serve what the child asks meanwhile, and return its reply; Stopped if it ends or the time is up."""
        self.send(pack(header, list(blobs)))
        while True:
            header, blobs = self.receive()
            if header.get("reply") is True:
                return header, blobs
            reply, blobs = self.handler(header, blobs)
            self.send(pack(reply | {"reply": True}, blobs))

    def allow(self, seconds: float) -> None:
        """The time for all requests from now on."""
        self.deadline, self.interrupted = time.monotonic() + seconds, False

    def send(self, message: bytes) -> None:
        view = memoryview(message)
        while view:
            self.wait(select.POLLOUT)
            try:
                view = view[self.data.send(view[:PIECE]) :]
            except BlockingIOError:
                continue
            except OSError:
                self.fail()

    def receive(self) -> tuple[dict, list[bytes]]:
        try:
            header, body = sizes(self.exactly(LENGTH.size), self.limits.message_bytes)
            return unpack(self.exactly(header), self.exactly(body))
        except WireError as error:
            self.close()
            raise Stopped(str(error)) from None

    def exactly(self, count: int) -> bytes:
        while len(self.received) < count:
            self.wait(select.POLLIN)
            try:
                piece = self.data.recv(1 << 20)
            except BlockingIOError:
                continue
            except OSError:
                piece = b""
            if not piece:
                self.fail()
            self.received += piece
        taken = bytes(self.received[:count])
        del self.received[:count]
        return taken

    def wait(self, direction: int) -> None:
        """Until the child can be read or written; what it prints meanwhile is kept. Interrupts it when time is up."""
        poll = select.poll()
        poll.register(self.data, direction)
        poll.register(self.output, select.POLLIN)
        while True:
            left = self.deadline - time.monotonic()
            if left <= 0:
                self.time_is_up()
                continue
            ready = {number for number, _ in poll.poll(left * 1000 + 1)}
            if self.output.fileno() in ready and not self.collect():
                poll.unregister(self.output)
            if self.data.fileno() in ready:
                return

    def time_is_up(self) -> None:
        """First ask the child to stop, as Jupyter's interrupt does, so that its state stays; then end it."""
        if self.interrupted:
            self.close()
            raise Stopped("it took too long and could not be interrupted", timed_out=True)
        self.interrupted = True
        self.deadline = time.monotonic() + self.limits.grace_seconds
        self.order(b"i")

    def order(self, what: bytes) -> None:
        with suppress(OSError):  # the keeper has gone
            self.leash.send(what)

    def collect(self) -> bool:
        """Keep what was printed, up to the limit, and drop the rest; False when there is no more to come."""
        try:
            piece = self.output.recv(16 * PIECE)
        except BlockingIOError:
            return True
        except OSError:
            return False
        room = max(self.limits.output_chars - len(self.printed), 0)
        self.printed += piece[:room]
        self.dropped += len(piece[room:])
        return bool(piece)

    def take_output(self) -> str:
        """What was printed since the last time, as text; what was cut off is said."""
        if self.open:
            self.drain()
        text = self.printed.decode("utf-8", errors="replace")
        if self.dropped:
            text += f"\n… {self.dropped:,} more characters were printed; they are not kept."
        self.printed, self.dropped = bytearray(), 0
        return text

    def fail(self) -> None:
        """The child has hung up: say how it ended."""
        self.close(b"h")
        said = KILLED if self.outside and not isinstance(self.status, str) else ending(self.status)
        raise Stopped(said, timed_out=self.status == TIME_IS_UP, outside=self.outside)

    def close(self, order: bytes = b"k") -> None:
        """End the child, whatever it is doing, and learn how it ended and what it cost. One that has hung up (`h`) is
        left to end by itself first, so that how it does is seen."""
        if not self.open:
            return
        self.drain()
        self.open = False
        self.data.close()
        self.order(order)
        self.leash.settimeout(self.limits.grace_seconds + 3)
        try:
            report = json.loads(self.leash.recv(4096) or b"{}")
        except (OSError, ValueError):
            report = {}
        self.cpu_seconds, self.status = report.get("cpu", 0.0), report.get("reason", report.get("status"))
        silent = not report or "reason" in report  # the keeper was killed, or could not make the child
        self.outside = self.isolated and (silent or report.get("killed") is True)
        if self.child is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.child, signal.SIGKILL)
        self.leash.close()
        self.output.close()

    def drain(self) -> None:
        """Keep what is in the pipe, and no more: a thread may print without end."""
        for _ in range(64):
            if not (select.select([self.output], [], [], 0)[0] and self.collect()):
                return


def ending(status: object) -> str:
    """How the child ended, in words for the student."""
    if status == TIME_IS_UP:
        return "it took too long"
    if status == MANY_THREADS:
        return "it ended Python (SIGKILL: it started too many threads)"
    if isinstance(status, int) and status < 0:
        names = {-11: "a segmentation fault", -9: "SIGKILL", -6: "an abort", -7: "a bus error", -4: "a bad instruction"}
        return f"it ended Python ({names.get(status, f'signal {-status}')})"
    if isinstance(status, str):
        return f"the sandbox failed ({status[:200]})"
    return "it ended Python" if status in (None, 0) else f"it ended Python (exit status {status})"


def refuse(header: dict, blobs: list[bytes]) -> tuple[dict, list[bytes]]:
    return {"error": "There is nothing to call."}, []

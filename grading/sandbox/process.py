"""Run students' code where it can do no harm: `Sandbox` holds a process with torch imported and forks it per hand-in.

Bubblewrap gives the process no network, no file but Python's own and `vae_lib`, and process numbers of its own; each
fork gets a /tmp of its own and may start nothing (inside/confine.py). Without isolation the same processes run without
those walls, for machines that have no bubblewrap; that is for code one trusts.
"""

import json
import os
import select
import signal
import socket
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import asdict
from typing import IO, TYPE_CHECKING

from grading.course.folder import GradingError
from grading.sandbox.limits import Limits
from grading.sandbox.walls import LINUX, launch, make_fonts, required

if TYPE_CHECKING:  # it needs torch, which the process inside imports at the same time
    from grading.sandbox.session import Session

START_SECONDS = 600.0  # a machine at work on much else imports torch that slowly


class Sandbox:
    """`with Sandbox() as sandbox: session = sandbox.session()`, a session for each hand-in.

    GradingError says why it cannot run. It ends with the thread that started it (bubblewrap's --die-with-parent).
    """

    def __init__(self, limits: Limits | None = None, isolated: bool = True):
        self.limits, self.isolated = limits or Limits(), isolated
        self.process: subprocess.Popen | None = None
        self.control: socket.socket | None = None
        self.log: IO[bytes] | None = None
        self.tried = False

    def __enter__(self) -> "Sandbox":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def begin(self) -> None:
        """Start the process that forks, and leave it to its imports; `start` waits for them."""
        required(self.isolated)
        self.log = tempfile.TemporaryFile()  # noqa: SIM115  (closed in stop)
        self.control, inside = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET if LINUX else socket.SOCK_DGRAM)
        with inside:
            make_fonts()
            command, environment = launch(inside.fileno(), self.isolated)
            options = {"stdin": subprocess.DEVNULL, "stdout": self.log, "stderr": self.log, "start_new_session": True}
            passed = {"pass_fds": [inside.fileno()], "env": environment}
            self.process = subprocess.Popen(command, **options, **passed)

    def start(self) -> None:
        """Start the process that forks, if it is not there; returns when it has imported everything and has run a
        cell."""
        self.ready()
        self.check()

    def ready(self) -> None:
        """Returns when the process that forks has imported everything; it is started if it is not there."""
        if self.process is None:
            self.begin()
        self.control.settimeout(START_SECONDS)
        try:
            ready = self.control.recv(16)
            late = ""
        except OSError as error:
            ready = b""
            late = f"it is not ready after {START_SECONDS:g} s; " if isinstance(error, TimeoutError) else ""
        if ready != b"ready":
            reason = late + self.last_words()
            self.stop()
            raise GradingError(f"The sandbox does not start: {reason}")

    def share(self, control: socket.socket) -> None:
        """Use the process that another Sandbox has started, by a copy of its `control`; it does not end with this."""
        self.control = control

    def check(self) -> None:
        """Once: GradingError if no cell can be run. A machine that lacks a wall is found out here."""
        if self.tried:
            return
        if reason := self.trial():
            self.stop()
            raise GradingError(f"The sandbox does not start: {reason}")
        self.tried = True

    def trial(self) -> str:
        """Run one cell; why that cannot be done, or ""."""
        from grading.sandbox.session import Stopped

        session = self._fork()
        session.allow(START_SECONDS)
        try:
            session.request({"op": "run", "number": 0, "source": "pass"})
        except Stopped as end:
            return (session.take_output().strip().splitlines() or [str(end)])[-1]
        finally:
            session.close()
        return ""

    def last_words(self) -> str:
        self.log.seek(0)
        lines = self.log.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing."

    def gone(self) -> bool:
        """Whether the process that forks has ended, which no hand-in can bring about. One that is shared is another
        process's child: its socket tells."""
        ended = self.control is None or (self.process is not None and self.process.poll() is not None)
        return ended or hung_up(self.control)

    def stop(self) -> None:
        """End every process; nothing survives (process 1 of the namespace goes, and takes all others with it)."""
        for closing in (self.control, self.log):
            if closing is not None:
                closing.close()
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            if not self.isolated:
                end_group(self.process.pid)
        self.process = self.control = self.log = None
        self.tried = False

    def session(self) -> "Session":
        """A fresh child for one hand-in."""
        try:
            return self._fork()
        except OSError:  # the process is gone (the machine was short of memory, say): once more
            self.stop()
            self.start()
            return self._fork()

    def _fork(self) -> "Session":
        from grading.sandbox.session import Session

        if self.gone():
            raise ConnectionError("the process that forks is gone")
        pairs = [socket.socketpair() for _ in range(3)]
        order = json.dumps(asdict(self.limits)).encode()
        try:
            socket.send_fds(self.control, [order], [inside.fileno() for _, inside in pairs])
        except OSError:
            for outside, _ in pairs:
                outside.close()
            raise
        finally:
            for _, inside in pairs:
                inside.close()
        return Session(*(outside for outside, _ in pairs), self.limits, self.isolated)


def hung_up(control: socket.socket) -> bool:
    """Whether nobody is left at the other end."""
    poll = select.poll()
    poll.register(control, 0)
    return any(event & (select.POLLHUP | select.POLLERR) for _, event in poll.poll(0))


def end_group(leader: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)

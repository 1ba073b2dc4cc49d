"""Downloads, from servers on this machine: limits of time that hold, and a cache that is sound however one ends."""

import fcntl
import gzip
import json
import os
import pty
import resource
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from tests import tiny_mnist
from tests.tiny_mnist import (
    DAMAGES,
    FILES,
    LABELS,
    Mirror,
    a_folder,
    files_in,
    idx,
    one_sentence,
    snapshot,
    truncated,
    write,
)
from vae_lib import data, download, mnist
from vae_lib.checks import InputError
from vae_lib.data import load

LIMIT = 0.5  # seconds here, ten for users
SMALLEST = FILES[-1]  # which all mirrors are asked for first
LARGEST = FILES[0]  # which comes last
WHOLE = sorted(f"MNIST/raw/{file}" for file in FILES)


@pytest.fixture
def small(monkeypatch) -> dict[str, np.ndarray]:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(download, "LIMIT", LIMIT)
    return tiny_mnist.in_place_of_mnist(monkeypatch)


@pytest.fixture
def mirror(small, monkeypatch):
    server = Mirror(small)
    for name in mnist.MIRRORS:
        monkeypatch.setitem(mnist.MIRRORS, name, [server.url])
    yield server
    server.close()


def fails(home: Path) -> str:
    """The sentence with which a download ends, after which all is as it was."""
    before = snapshot(home)
    with pytest.raises(InputError) as caught:
        load("mnist", data_dir=home, download=True)
    assert snapshot(home) == before
    return str(caught.value)


# what a good download leaves


@pytest.mark.parametrize(("name", "title"), mnist.TITLES.items())
def test_a_download_leaves_the_four_files_and_happens_once(name, title, mirror, small, tmp_path, capsys):
    home = tmp_path / "not" / "yet"
    dataset = load(name, data_dir=home, download=True)
    assert capsys.readouterr().out == f"Fetching {title} ({11 if name == 'mnist' else 29} MB) into {home} …\n"
    assert snapshot(home / title / "raw") == {file: idx(array) for file, array in small.items()}
    assert [p.name for p in home.iterdir()] == [title]
    asked = len(mirror.requests)
    assert asked == 4
    assert torch.equal(load(name, data_dir=home, download=True).x_test, dataset.x_test)
    assert len(mirror.requests) == asked


def test_nothing_is_downloaded_unasked(mirror, tmp_path):
    with pytest.raises(InputError):
        load("mnist", data_dir=tmp_path)
    load("auto", data_dir=tmp_path)
    assert mirror.requests == []


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_download_mends_damaged_files_and_keeps_the_others(damage, mirror, small, tmp_path):
    raw = write(tmp_path, small)
    (raw / "notes.txt").write_text("mine")
    damage(raw)
    if damage is a_folder:
        (raw / LABELS).rmdir()
    load("mnist", data_dir=tmp_path, download=True)
    assert files_in(tmp_path) == sorted([*WHOLE, "MNIST/raw/notes.txt"])


def test_what_comes_may_be_read_by_others(mirror, tmp_path):
    """A scratch folder is its maker's alone; what is moved out of it must not be."""
    mask = os.umask(0o022)
    try:
        load("mnist", data_dir=tmp_path, download=True)
    finally:
        os.umask(mask)
    assert (tmp_path / "MNIST/raw").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "MNIST/raw" / LABELS).stat().st_mode & 0o777 == 0o644


def test_a_terminal_shows_how_far_it_is(mirror, small, tmp_path, monkeypatch):
    mirror.answer = lambda handler, body: Mirror.send_slowly(handler, body, 4, 0.06)
    monkeypatch.setitem(mnist.PACKED, "mnist", sum(map(len, mirror.files.values())))
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))  # rows, columns: tqdm needs some
    os.set_blocking(ours, False)
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        load("mnist", data_dir=tmp_path, download=True)
        terminal.flush()
        shown = os.read(ours, 10_000).decode()
    os.close(ours)
    assert "B/s" in shown
    percents = [int(part.split("%")[0]) for part in shown.split("\r") if "%|" in part]
    assert percents == sorted(percents)
    assert any(0 < percent <= 100 for percent in percents)


# time


def refused() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/"


@pytest.fixture
def silent():
    """A server that takes every connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


def test_a_refused_connection_gives_one_sentence(small, tmp_path, monkeypatch):
    monkeypatch.setitem(mnist.MIRRORS, "mnist", [refused(), refused()])
    message = fails(tmp_path)
    assert message.startswith("MNIST could not be fetched (Connection refused); ")
    assert one_sentence(message)


def test_a_server_that_never_answers_costs_the_limit_and_no_more(small, silent, tmp_path, monkeypatch):
    monkeypatch.setitem(mnist.MIRRORS, "mnist", [silent, silent, refused()])
    start = time.monotonic()
    message = fails(tmp_path)
    assert LIMIT <= time.monotonic() - start < 4  # on a busy machine
    assert "(Connection refused; no answer within 0.5 s)" in message


def test_a_name_that_is_looked_up_for_ever_costs_the_limit_and_no_more(small, tmp_path, monkeypatch):
    """urllib's timeout begins after that, and the system's own is half a minute."""
    monkeypatch.setitem(mnist.MIRRORS, "mnist", ["http://no-such-host.invalid/"])
    wait = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **keywords: wait.wait(10) and [])
    start = time.monotonic()
    assert "(no answer within 0.5 s)" in fails(tmp_path)
    assert time.monotonic() - start < 4  # on a busy machine
    wait.set()


def test_a_name_that_does_not_resolve_gives_one_sentence(small, tmp_path, monkeypatch):
    monkeypatch.setitem(mnist.MIRRORS, "mnist", ["http://no-such-host.invalid/"])
    message = fails(tmp_path)
    assert "(Name or service not known)" in message or "(no answer within" in message or "name resolution" in message
    assert one_sentence(message)


def test_one_mirror_that_answers_is_enough_and_need_not_wait_for_the_others(mirror, silent, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "LIMIT", 20.0)
    monkeypatch.setitem(mnist.MIRRORS, "mnist", [silent, refused(), mirror.url])
    start = time.monotonic()
    load("mnist", data_dir=tmp_path, download=True)
    assert time.monotonic() - start < 10
    assert files_in(tmp_path) == WHOLE


def test_slow_is_not_stalled(mirror, tmp_path, monkeypatch):
    """The largest file takes thrice the limit, and more than the least number of bytes comes within each."""
    packed = len(mirror.files[f"{LARGEST}.gz"])
    monkeypatch.setattr(download, "PACE", packed // 12)

    def slow(handler, body):
        Mirror.send_slowly(handler, body, 30 if LARGEST in handler.path else 1, 0.05 if LARGEST in handler.path else 0)

    mirror.answer = slow
    start = time.monotonic()
    load("mnist", data_dir=tmp_path, download=True)
    assert time.monotonic() - start > 3 * LIMIT
    assert files_in(tmp_path) == WHOLE


# answers that are none


def cut_short(handler, body):
    Mirror.send(handler, body[: len(body) // 2], len(body))


def other_content(handler, body):
    Mirror.send(handler, gzip.compress(b"something else"))


def login_page(handler, body):
    Mirror.send(handler, b"<html>Welcome to our wireless network</html>")


def bomb(handler, body):
    Mirror.send(handler, gzip.compress(bytes(200_000_000), 1))


def endless(handler, body):
    handler.send_response(200)
    handler.end_headers()
    while not handler.closing.is_set():
        handler.wfile.write(bytes(1 << 20))


def not_found(handler, body):
    handler.send_error(404)


def hang_up(handler, body):
    handler.connection.close()


def no_http(handler, body):
    handler.wfile.write(b"220 ftp ready\r\n")


def trickle_in_the_head(handler, body):
    while not handler.closing.wait(0.05):
        handler.wfile.write(b"H")


def trickle(handler, body):
    Mirror.send_slowly(handler, body, len(body), 0.05)


BAD_ANSWERS = {
    cut_short: "what came is not MNIST's",
    other_content: "what came is not MNIST's",
    login_page: "what came is not MNIST's",
    endless: "more than 1,000,000 bytes came",
    not_found: "HTTP Error 404",
    hang_up: "",
    no_http: "220 ftp ready",
}
SLOW_ANSWERS = {trickle: "no answer within 0.5 s", trickle_in_the_head: "no answer within 0.5 s"}


@pytest.mark.parametrize("occupied", [False, True])
@pytest.mark.parametrize(("answer", "words"), [*BAD_ANSWERS.items(), *SLOW_ANSWERS.items()])
def test_a_failed_download_changes_nothing(answer, words, occupied, mirror, small, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "LARGEST", 1_000_000)
    if occupied:
        truncated(write(tmp_path, small))
    mirror.answer = answer
    start = time.monotonic()
    message = fails(tmp_path)
    assert time.monotonic() - start < 4  # on a busy machine
    assert message.startswith("MNIST could not be fetched (")
    assert words in message
    assert 'load("digits")' in message
    assert "\n" not in message


def test_what_unpacks_without_end_is_refused(mirror, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "LIMIT", 20.0)
    mirror.answer = bomb
    assert "what came is not MNIST's" in fails(tmp_path)


@pytest.mark.parametrize("answer", [cut_short, not_found, hang_up, trickle])
def test_a_failure_in_the_last_file_changes_nothing(answer, mirror, tmp_path):
    def last_one_bad(handler, body):
        (answer if LARGEST in handler.path else Mirror.send)(handler, body)

    mirror.answer = last_one_bad
    message = fails(tmp_path)
    assert ("the download stalled" in message) == (answer is trickle)
    mirror.answer = None
    load("mnist", data_dir=tmp_path, download=True)
    assert files_in(tmp_path) == WHOLE


def test_where_a_mirror_fails_on_the_way_the_next_one_goes_on(mirror, small, tmp_path, monkeypatch):
    other = Mirror(small)
    gate = threading.Event()

    def first_to_answer_then_gone(handler, body):
        if SMALLEST in handler.path:
            Mirror.send(handler, body)
        else:  # the race is decided: only its winner is asked for a second file
            gate.set()
            handler.send_error(503)

    def second(handler, body):
        gate.wait(LIMIT)
        Mirror.send(handler, body)

    mirror.answer, other.answer = first_to_answer_then_gone, second
    monkeypatch.setitem(mnist.MIRRORS, "mnist", [mirror.url, other.url])
    try:
        load("mnist", data_dir=tmp_path, download=True)
    finally:
        other.close()
    assert files_in(tmp_path) == WHOLE
    assert len(mirror.requests) == 2  # the one that failed is not asked again
    assert len(other.requests) == 4


# the disk


@pytest.fixture
def full_disk():
    """No file may grow beyond 10,000 bytes: the pictures' have more."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_full_disk_leaves_nothing(mirror, tmp_path, full_disk):
    assert f"MNIST could not be fetched (File too large: {tmp_path}); " in fails(tmp_path)


def test_a_full_disk_leaves_nothing_of_carried_files(small, tmp_path, request):
    write(tmp_path / "stick", small)
    (tmp_path / "home").mkdir()
    request.getfixturevalue("full_disk")
    with pytest.raises(InputError, match=r"MNIST could not be stored \(File too large: .*; nothing was changed\."):
        mnist.take("mnist", tmp_path / "stick", tmp_path / "home")
    assert snapshot(tmp_path / "home") == {}


def test_a_folder_that_cannot_be_made_gives_one_sentence_before_anything_is_asked(mirror, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match=r"could not be fetched \(Not a directory: .*; fetch it with"):
        load("mnist", data_dir=tmp_path / "file" / "home", download=True)
    assert mirror.requests == []


def test_two_at_once_leave_one_sound_set(mirror, tmp_path):
    both = threading.Barrier(2)

    def together(handler, body):
        if LARGEST in handler.path:
            both.wait(10)
        Mirror.send(handler, body)

    mirror.answer = together
    loads = [
        threading.Thread(target=load, args=("mnist",), kwargs={"data_dir": tmp_path, "download": True}) for _ in "ab"
    ]
    for thread in loads:
        thread.start()
    for thread in loads:
        thread.join()
    assert files_in(tmp_path) == WHOLE
    assert len(mirror.requests) == 8
    assert mnist.find_faults("mnist", tmp_path) == {}


def test_what_a_killed_download_left_goes_after_a_day_and_what_may_be_running_stays(mirror, tmp_path):
    for name, age in (("old", 100_000), ("young", 3600)):
        scratch = tmp_path / f".incoming-{name}"
        (scratch / "raw").mkdir(parents=True)
        (scratch / "raw" / LABELS).write_bytes(b"half")
        os.utime(scratch, (time.time() - age,) * 2)
    load("mnist", data_dir=tmp_path, download=True)
    assert files_in(tmp_path) == [f".incoming-young/raw/{LABELS}", *WHOLE]


# interruptions


@pytest.fixture
def ctrl_c():
    """As at a terminal: what a shell starts in the background is deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield lambda: signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("moment", ["nothing has come", "half has come"])
@pytest.mark.parametrize("file", [SMALLEST, LARGEST])
def test_ctrl_c_ends_it_at_once_and_changes_nothing(file, moment, mirror, ctrl_c, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "LIMIT", 20.0)

    def then_ctrl_c(handler, body):
        if file in handler.path:
            Mirror.send(handler, body[: len(body) // 2] if moment == "half has come" else b"", len(body))
            ctrl_c()
            handler.closing.wait(20)
        else:
            Mirror.send(handler, body)

    mirror.answer = then_ctrl_c
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        load("mnist", data_dir=tmp_path, download=True)
    assert time.monotonic() - start < 5
    assert snapshot(tmp_path) == {}


CHILDREN = """
import json, os, signal, sys, time
from vae_lib import data, mnist

signal.signal(signal.SIGINT, signal.default_int_handler)
mnist.MD5["mnist"], mnist.MIRRORS["mnist"] = json.loads(sys.argv[1]), [sys.argv[2]]

def standing_still(function, number):
    calls = []
    def call(*arguments):
        calls.append(arguments)
        if len(calls) == number:
            os.write(1, b"%d\\n" % os.getpid())
            time.sleep(60)
        return function(*arguments)
    return call

for line in sys.stdin:
    home, name, number = json.loads(line)
    child = os.fork()
    if not child:
        setattr(os, name, standing_still(getattr(os, name), number))
        sys.stdout = open(os.devnull, "w")
        os._exit(data.main(["mnist", "--data-dir", home]))
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.fixture(scope="module")
def started():
    """One Python with torch in it, which forks a child for each download: a start takes two seconds."""
    running = []

    def start(mirror):
        arguments = [sys.executable, "-c", CHILDREN, json.dumps(mnist.MD5["mnist"]), mirror.url]
        environment = {**os.environ, "no_proxy": "*"}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        running.append(subprocess.Popen(arguments, text=True, env=environment, **pipes))
        return running[-1]

    yield start
    for process in running:
        process.communicate()


MOMENTS = [  # the system's call at which it is struck, and which one of that name
    ("fsync", 1),
    ("fsync", 2),
    ("fsync", 4),
    ("replace", 1),  # the folder
    ("replace", 2),  # where the folder is there already: the files
    ("replace", 4),
]


@pytest.mark.slow
def test_a_blow_while_files_are_written_leaves_each_as_it_was_or_sound(started, mirror, small, tmp_path):
    parent = started(mirror)
    for number, (call, nth) in enumerate(MOMENTS):
        for blow in (signal.SIGINT, signal.SIGKILL):
            home = tmp_path / f"{number}-{blow.name}"
            occupied = call == "replace" and nth > 1
            if occupied:
                for path in write(home, small).iterdir():
                    path.write_bytes(b"damaged")
            print(json.dumps([str(home), call, nth]), file=parent.stdin, flush=True)
            os.kill(int(parent.stdout.readline()), blow)  # it says who it is when it stands still
            assert int(parent.stdout.readline()) == (130 if blow == signal.SIGINT else -signal.SIGKILL)
            check_struck(home, small, occupied, blow)


def check_struck(home: Path, small: dict[str, np.ndarray], occupied: bool, blow: signal.Signals) -> None:
    left = {path.name for path in home.iterdir()}
    assert any(name.startswith(".incoming-") for name in left) == (blow == signal.SIGKILL)
    if occupied:
        for file, array in small.items():
            assert (home / "MNIST/raw" / file).read_bytes() in (b"damaged", idx(array))
    else:
        assert mnist.is_absent(mnist.find_faults("mnist", home))
        assert load(data_dir=home).name == "digits"
    load("mnist", data_dir=home, download=True)
    assert [name for name in files_in(home) if not name.startswith(".")] == WHOLE


# the command


def test_the_command_says_what_it_does_and_where(mirror, tmp_path, capsys):
    assert data.main(["fashion_mnist", "--data-dir", str(tmp_path)]) == 0
    assert capsys.readouterr().out == (
        f"Fetching FashionMNIST (29 MB) into {tmp_path} …\nFashionMNIST is in {tmp_path}, whole.\n"
    )


def test_the_command_fails_in_one_line_that_says_how_to_try_again(mirror, tmp_path, capsys, monkeypatch):
    mirror.answer = not_found
    monkeypatch.setattr(sys, "executable", str(tmp_path / ".venv/bin/python"))
    monkeypatch.chdir(tmp_path)
    assert data.main(["mnist", "--data-dir", str(tmp_path / "home")]) == 1
    assert capsys.readouterr().err == (
        "MNIST could not be fetched (HTTP Error 404: Not Found); `.venv/bin/python -m vae_lib.data mnist` tries again, "
        "or with --from FOLDER takes files that you have.\n"
    )


def test_at_setup_it_never_fails_and_says_what_serves_instead(mirror, tmp_path, capsys, monkeypatch):
    mirror.answer = not_found
    monkeypatch.setattr(sys, "executable", "/opt/with blank/python")
    monkeypatch.setenv("VAE_DATA_DIR", str(tmp_path / "home"))
    assert data.main(["mnist", "--at-setup"]) == 0
    said = capsys.readouterr()
    line, sentence = said.out.splitlines()
    assert said.err == ""
    assert line == f"Fetching MNIST (11 MB) into {tmp_path / 'home'} …"
    assert sentence == (
        "MNIST could not be fetched (HTTP Error 404: Not Found); the 8×8 digits serve instead, and "
        '`"/opt/with blank/python" -m vae_lib.data mnist` fetches it later, '
        "or with --from FOLDER takes files that you have."
    )


def test_at_setup_what_is_there_costs_no_request(mirror, small, tmp_path, capsys):
    write(tmp_path, small)
    assert data.main(["mnist", "--at-setup", "--data-dir", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"MNIST is in {tmp_path} already.\n"
    assert mirror.requests == []


def test_ctrl_c_at_the_command_is_said_in_one_line(small, tmp_path, capsys, monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(mnist, "fetch", interrupted)
    assert data.main(["mnist", "--at-setup", "--data-dir", str(tmp_path)]) == 130
    assert capsys.readouterr().err == "Interrupted; nothing was changed.\n"
    assert snapshot(tmp_path) == {}


# the real files


@pytest.mark.mnist
@pytest.mark.slow
def test_the_real_files_pass_through_a_download(tmp_path, monkeypatch):
    raw = Path(os.environ["VAE_DATA_DIR"]).expanduser() / "MNIST" / "raw"
    server = Mirror({})
    server.files = {f"{f}.gz": gzip.compress((raw / f).read_bytes(), 1) for f in FILES}
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setitem(mnist.MIRRORS, "mnist", [server.url])
    try:
        dataset = load("mnist", data_dir=tmp_path, download=True)
    finally:
        server.close()
    assert torch.equal(dataset.x_test, load("mnist").x_test)

"""Thirty and twenty pictures in MNIST's format, under its names, and a server on this machine that gives them out."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import http.server
import struct
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np

from vae_lib import mnist

FILES = list(mnist.MD5["mnist"])
IMAGES, LABELS = FILES[0], FILES[1]


def idx(array: np.ndarray) -> bytes:
    """The IDX format, by its specification: 0, 0, 8 for bytes, the number of axes, the sizes."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def draw() -> dict[str, np.ndarray]:
    integers = np.random.default_rng(0).integers
    arrays = {}
    for split, n in (("train", 30), ("t10k", 20)):
        arrays[f"{split}-images-idx3-ubyte"] = integers(0, 256, (n, 28, 28)).astype(np.uint8)
        arrays[f"{split}-labels-idx1-ubyte"] = integers(0, 10, n).astype(np.uint8)
    return arrays


def in_place_of_mnist(monkeypatch) -> dict[str, np.ndarray]:
    """The arrays, their checksums where MNIST's were, and no folder of data but the one that a test names."""
    arrays = draw()
    sums = {file: hashlib.md5(idx(arrays[file])).hexdigest() for file in FILES}
    for name in mnist.MD5:
        monkeypatch.setitem(mnist.MD5, name, sums)
    monkeypatch.delenv("VAE_DATA_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/nowhere")
    return arrays


def write(home: Path, arrays: dict[str, np.ndarray], title: str = "MNIST") -> Path:
    raw = home / title / "raw"
    raw.mkdir(parents=True)
    for file, array in arrays.items():
        (raw / file).write_bytes(idx(array))
    return raw


def snapshot(home: Path) -> dict[str, bytes | None]:
    return {str(p.relative_to(home)): p.read_bytes() if p.is_file() else None for p in home.rglob("*")}


def files_in(home: Path) -> list[str]:
    return sorted(str(p.relative_to(home)) for p in home.rglob("*") if p.is_file())


def one_sentence(message: str) -> bool:
    return "\n" not in message and message.endswith(".") and ". " not in message


# what can be wrong with files that lie there


def truncated(raw: Path) -> None:
    (raw / IMAGES).write_bytes((raw / IMAGES).read_bytes()[:5000])


def emptied(raw: Path) -> None:
    (raw / LABELS).write_bytes(b"")


def one_bit_off(raw: Path) -> None:
    content = bytearray((raw / IMAGES).read_bytes())
    content[9000] ^= 1
    (raw / IMAGES).write_bytes(content)


def one_missing(raw: Path) -> None:
    (raw / LABELS).unlink()


def a_folder(raw: Path) -> None:
    (raw / LABELS).unlink()
    (raw / LABELS).mkdir()


DAMAGES = {
    truncated: f"MNIST/raw/{IMAGES} is damaged or incomplete (5,000 bytes)",
    emptied: f"MNIST/raw/{LABELS} is damaged or incomplete (0 bytes)",
    one_bit_off: f"MNIST/raw/{IMAGES} is damaged",
    one_missing: f"{LABELS} is absent",
    a_folder: f"MNIST/raw/{LABELS} cannot be read",
}


class Mirror:
    """Serves `files`; `answer(handler, body)` may change what goes out; `requests` are the paths asked for."""

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        self.files = {f"{file}.gz": gzip.compress(idx(array)) for file, array in arrays.items()}
        self.requests: list[str] = []
        self.answer: Callable | None = None
        self.closing = threading.Event()
        mirror = self

        class Handler(http.server.BaseHTTPRequestHandler):
            closing = mirror.closing

            def do_GET(self) -> None:
                mirror.requests.append(self.path)
                with contextlib.suppress(ConnectionError):  # whoever has waited long enough hangs up
                    (mirror.answer or mirror.send)(self, mirror.files[self.path.lstrip("/")])

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @staticmethod
    def send(handler, body: bytes, length: int | None = None) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(length or len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    @staticmethod
    def send_slowly(handler, body: bytes, pieces: int, pause: float) -> None:
        """In so many pieces, with a pause in seconds before each."""
        Mirror.send(handler, b"", len(body))
        size = -(-len(body) // pieces)
        for start in range(0, len(body), size):
            handler.closing.wait(pause)
            handler.wfile.write(body[start : start + size])
            handler.wfile.flush()

    def close(self) -> None:
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()

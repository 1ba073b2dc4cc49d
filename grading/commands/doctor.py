"""What this machine offers to a grader: a line each."""

import importlib.util
import os
from collections.abc import Iterator

from grading.course.folder import GradingError
from grading.course.settings import configuration
from grading.engine import default_workers


def findings() -> Iterator[tuple[bool, str]]:
    """(fit, sentence) for sandbox, engine, gradebook and data."""
    yield sandbox()
    yield True, f"{default_workers()} of {os.cpu_count()} cores can grade at a time (--jobs)."
    if importlib.util.find_spec("distributed"):
        yield True, "Dask is there: --scheduler tcp://HOST:PORT grades on a cluster."
    else:
        yield True, "Dask is not there, and is needed for --scheduler only: pip install '.[dask]'."
    url = configuration().CourseDirectory.db_url
    yield True, f"The gradebook is {'a file, gradebook.db' if url.startswith('sqlite') else url.split('@')[-1]}."
    yield data()


def sandbox() -> tuple[bool, str]:
    from grading.sandbox.process import Sandbox

    try:
        with Sandbox():
            pass
    except GradingError as error:
        return False, str(error)
    return True, "The sandbox works: no network, no files but Python's own, bounded time and memory."


def data() -> tuple[bool, str]:
    from vae_lib import mnist
    from vae_lib.data import data_home

    if mnist.find_faults("mnist", data_home()):
        return True, "MNIST is not on disk; grading does not need it."
    return True, "MNIST is on disk; grading does not need it."

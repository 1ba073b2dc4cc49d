"""The meter that labs' seconds are read from."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from tests import meter

WORK = (
    f"import sys; sys.path.insert(0, {str(meter.ROOT)!r}); from tests import meter; [meter.work() for _ in range(40)]"
)
REST = "import time; time.sleep(2)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where two cells have been metered, each in an IPython of its own; and a third in another folder."""
    folder = tmp_path_factory.mktemp("meter")
    (folder / "elsewhere").mkdir()
    environment = os.environ | meter.environment(folder)
    for source, where in ((WORK, folder), (REST, folder), (WORK, folder / "elsewhere")):
        subprocess.run([sys.executable, "-m", "IPython", "-c", source], cwd=where, env=environment, check=True)
    return folder


def quiet_seconds(folder, source, ran_in):
    return meter.quiet_seconds(folder, [SimpleNamespace(source=source)], ran_in)


def test_forty_yardsticks_of_work_are_forty_however_busy_the_machine(folder):
    assert 20 < quiet_seconds(folder, WORK, folder) / meter.QUIET < 100  # the first of a cell finds the caches cold


def test_a_cell_that_sleeps_costs_nothing(folder):
    assert quiet_seconds(folder, REST, folder) < 0.3


def test_a_folders_cells_are_its_own(folder):
    assert quiet_seconds(folder, REST, folder / "elsewhere") == 0
    assert quiet_seconds(folder, WORK, folder / "elsewhere") > 0

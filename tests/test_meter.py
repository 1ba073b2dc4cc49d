"""The meter that labs' seconds are read from."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from tests import meter

WORK = "[meter.work() for _ in range(40)]"
REST = "time.sleep(2)"
SHELL = f"""
from IPython.core.interactiveshell import InteractiveShell
from tests import meter
shell = InteractiveShell.instance()
meter.install(shell)
for cell in ("import os, time, torch; from tests import meter", {WORK!r}, {REST!r}, "os.chdir('elsewhere')", {WORK!r}):
    shell.run_cell(cell).raise_error()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where cells have been metered, the last of them in another folder."""
    folder = tmp_path_factory.mktemp("meter")
    (folder / "elsewhere").mkdir()
    environment = os.environ | meter.environment(folder) | {"PYTHONPATH": str(meter.ROOT)}
    subprocess.run([sys.executable, "-c", SHELL], cwd=folder, env=environment, check=True)
    return folder


def quiet_seconds(folder, source, ran_in):
    return meter.quiet_seconds(folder, [SimpleNamespace(source=source)], ran_in)


def test_forty_yardsticks_of_work_are_forty(folder):
    assert 20 < quiet_seconds(folder, WORK, folder) / meter.QUIET < 80


def test_a_cell_that_sleeps_costs_nothing(folder):
    assert quiet_seconds(folder, REST, folder) < 0.3


def test_a_folders_cells_are_its_own(folder):
    assert quiet_seconds(folder, WORK, folder / "elsewhere") > 0
    with pytest.raises(KeyError):
        quiet_seconds(folder, REST, folder / "elsewhere")

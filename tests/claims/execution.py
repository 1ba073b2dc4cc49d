"""One execution of a lecture: its cells, its stored outputs, then its claims in the same kernel."""

from __future__ import annotations

import ast
import os
import re
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import nbformat
from jupyter_client import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbval.kernel import CURRENT_ENV_KERNEL_NAME, NbvalKernelspecManager
from nbval.plugin import IPyNbCell, coalesce_streams, nocolors

ROOT = Path(__file__).parent.parent.parent
SECONDS = 300  # for a cell or a claim
CHECKED = "nbval-check-output"
NONE = "none"  # for a data set: the lecture draws its data by code, or takes the zoo's models alone
# what nbval passes over: pictures differ by a pixel from one release of matplotlib to the next
_PASSED_OVER = (
    *("metadata", "traceback", "prompt_number", "output_type", "name", "execution_count"),
    *("image/png", "image/jpeg", "application/vnd.jupyter.widget-view+json"),
)
_LOADS = re.compile(r"""\bload\(\s*(?:["'](auto|mnist|digits|fashion_mnist)["']|\))""")


def data_sets(notebook: NotebookNode) -> tuple[str, ...]:
    """The data on which a lecture is run: both where it takes what is there, else what it asks for, or once on none."""
    source = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    asked = {match[1] or "auto" for match in _LOADS.finditer(source)}
    if "auto" in asked:
        return ("digits", "mnist")
    return next(((name,) for name in ("mnist", "digits") if name in asked), (NONE,))


def on(data: str) -> str:
    """In the words of a message: " on mnist", or "" where the lecture loads no data."""
    return "" if data == NONE else f" on {data}"


class Execution:
    """A lecture in a kernel of its own: run once, when the first of its tests asks for it."""

    def __init__(self, path: Path, data: str) -> None:
        self.path, self.data = path, data
        self.faults: list[str] | None = None
        self.complete = False
        self._stack = ExitStack()

    def run(self) -> list[str]:
        """What is wrong with the run, a sentence each: a cell that failed, or printed what is not stored."""
        if self.faults is None:
            self.faults = ["the kernel did not start"]
            self.faults = self._run()
        return self.faults

    def _run(self) -> list[str]:
        stored = nbformat.read(self.path, as_version=4)
        self._client = self._start(nbformat.from_dict(stored))
        faults = []
        for index, (cell, known) in enumerate(zip(self._client.nb.cells, stored.cells, strict=True)):
            if cell.cell_type == "code":
                if fault := self._execute(cell, index):
                    return [*faults, f"cell {known.get('id', index)} fails{on(self.data)}: {fault}"]
                if CHECKED in known.metadata.get("tags", []) and (fault := difference(cell.outputs, known.outputs)):
                    faults.append(f"cell {known.get('id', index)} prints{on(self.data)} what is not stored: {fault}")
        self.complete = True
        return faults

    def _start(self, notebook: NotebookNode) -> NotebookClient:
        manager = AsyncKernelManager(kernel_name=CURRENT_ENV_KERNEL_NAME, kernel_spec_manager=NbvalKernelspecManager())
        client = NotebookClient(notebook, km=manager, timeout=SECONDS)
        self._stack.enter_context(
            client.setup_kernel(cleanup_kc=True, cwd=str(self.path.parent), env=self._environment())
        )
        return client

    def _environment(self) -> dict[str, str]:
        """The digits come where no MNIST is: in a folder that is empty."""
        paths = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        home = os.environ.get("VAE_DATA_DIR", "") if self.data == "mnist" else self._empty_folder()
        return {**os.environ, "PYTHONPATH": paths, "VAE_DATA_DIR": str(Path(home).expanduser().absolute())}

    def _empty_folder(self) -> str:
        return self._stack.enter_context(tempfile.TemporaryDirectory())

    def _execute(self, cell: NotebookNode, index: int) -> str:
        """What went wrong, in a sentence, or ""."""
        try:
            self._client.execute_cell(cell, index)
        except CellTimeoutError:
            return f"it took more than {SECONDS} seconds"
        except DeadKernelError:
            return "the kernel died"
        except CellExecutionError as error:
            return f"{error.ename}: {error.evalue}\n{error.traceback}"
        return ""

    def check(self, module: Path, name: str) -> str:
        """What speaks against the claim, or ""."""
        self.run()
        if not self.complete:
            return f"the lecture does not run to its end{on(self.data)}, see runs_afresh"
        call = f"from tests.claims.kernel import check as _check\n_check({str(module)!r}, {name!r}, globals())"
        cell = nbformat.v4.new_code_cell(call)
        self._client.nb.cells.append(cell)
        if fault := self._execute(cell, len(self._client.nb.cells) - 1):
            return fault
        results = [o.data["text/plain"] for o in cell.outputs if o.output_type == "execute_result"]
        return ast.literal_eval(results[-1])

    def close(self) -> None:
        self._stack.close()


def difference(found: list[NotebookNode], stored: list[NotebookNode]) -> str:
    """Where the outputs differ, by nbval's own comparison, or ""."""
    told: list[str] = []
    host = SimpleNamespace(
        colors=nocolors,
        sanitize=lambda text: text,
        format_output_compare=lambda key, stored, found: told.append(f"{key}: stored {stored!r}, now {found!r}"),
    )
    same = IPyNbCell.compare_outputs(host, coalesce_streams(found), coalesce_streams(stored), _PASSED_OVER)
    return "" if same else " ".join([*host.comparison_traceback, *told])

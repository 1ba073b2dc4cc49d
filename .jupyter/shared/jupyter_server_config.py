"""How `make lab` starts JupyterLab. What is given in ARGS goes before what stands here."""

import logging
import os
import sys
import threading
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
START = "course/00_start_here.ipynb"


def has_display():
    """Whether a browser would find a screen; without one, Jupyter prints the address."""
    if sys.platform != "linux":
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))


def is_wanted(record):
    text = record.getMessage()
    return record.levelno > logging.INFO or text.strip().startswith("http") or "Control-C" in text


c = get_config()  # noqa: F821  (Jupyter puts it there)
c.ServerApp.root_dir = str(ROOT)
c.ServerApp.open_browser = has_display()
c.ExtensionApp.open_browser = has_display()
if (ROOT / START).exists():
    c.LabApp.default_url = f"/lab/tree/{START}"
if hasattr(os, "geteuid") and os.geteuid() == 0:
    c.ServerApp.allow_root = True  # in a container one is root

# Only what a person needs to see: the address, how to stop, and what goes wrong. (A higher
# log_level would hide the address from those who have a password.)
c.ServerApp.logging_config = {
    "filters": {"brief": {"()": lambda: is_wanted}},
    "handlers": {"console": {"filters": ["brief"]}},
}
c.LabApp.log_level = "WARN"
c.LanguageServerManager.autodetect = False
c.KernelManager.transport_encryption = "auto"  # else each kernel warns that it is not

# The course works offline: nothing asks the network for news, updates or extensions.
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.extension_manager = "readonly"

# Terminals find this environment's commands without being told; a login shell would set PATH anew.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
if os.name != "nt":
    c.ServerApp.terminado_settings = {"shell_command": [os.environ.get("SHELL") or "sh"]}


def keep_stills(model, **_):
    """Save an explorer as its picture: without its kernel, JupyterLab would show an error in the widget's place."""
    cells = model["content"]["cells"] if model["type"] == "notebook" else []
    for output in (output for cell in cells for output in cell.get("outputs", [])):
        if output.get("metadata", {}).get("vae_explore"):  # MARK in vae_lib/explore/page.py
            output["data"].pop("application/vnd.jupyter.widget-view+json", None)


c.ContentsManager.pre_save_hook = keep_stills
warnings.filterwarnings("ignore", "Overriding existing pre_save_hook")  # jupyter_server checks one hook twice


def trust_lectures():
    """Let their films and explorers be shown before their cells have been run: they came with the course."""
    import nbformat
    from nbformat.sign import NotebookNotary

    notary = NotebookNotary()
    for path in sorted((ROOT / "course").glob("*.ipynb")):
        try:
            notary.sign(nbformat.read(path, as_version=4))
        except Exception as error:
            logging.getLogger(__name__).warning("%s is not trusted yet: %s", path.name, error)


threading.Thread(target=trust_lectures, daemon=True).start()  # it takes a second, for which nobody need wait

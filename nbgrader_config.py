"""nbgrader's settings for the whole course; `make`, JupyterLab and `nbgrader` all read them.

Every path is absolute, from where this file lies, so that the working folder does not matter.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
EXCHANGE = ROOT / ".exchange"
DEMO = os.environ.get("CLASS") == "demo"  # the class that `make demo` made, in place of one's own
SUBMITTED = "grading_out/demo/submitted" if DEMO else "submitted"
GRADED = "grading_out/demo/graded" if DEMO else "grading_out"
OUT = ROOT / GRADED

c = get_config()  # noqa: F821  (traitlets puts it there)

c.CourseDirectory.course_id = "vae"
c.CourseDirectory.root = str(ROOT)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "labs"
c.CourseDirectory.submitted_directory = SUBMITTED
c.CourseDirectory.autograded_directory = f"{GRADED}/autograded"
c.CourseDirectory.feedback_directory = f"{GRADED}/feedback"
c.CourseDirectory.solution_directory = f"{GRADED}/solution"
c.CourseDirectory.source_with_tests_directory = f"{GRADED}/source_with_tests"

# A database server for a large class: db_url = "postgresql://user:password@host/database".
OUT.mkdir(parents=True, exist_ok=True)
c.CourseDirectory.db_url = f"sqlite:///{OUT / 'gradebook.db'}"

# nbgrader's exchange and its cache would lie in the system's and the user's folders.
EXCHANGE.mkdir(exist_ok=True)
c.Exchange.root = str(EXCHANGE)
c.Exchange.cache = str(EXCHANGE / "cache")

# Seconds for one cell. A lab needs ten in all; an overloaded machine may need more.
c.Execute.timeout = 180

# nbgrader gives no points for a test cell that wrote to stderr, and a mere warning does that.
# So the kernel's stderr goes where its stdout goes (for Validate and for autograde), and
# autograde drops what a C library wrote there (the pattern matches any text).
c.Execute.extra_arguments = ["--IPKernelApp.exec_lines=import sys; sys.stderr = sys.stdout"]
c.IgnorePattern.enabled = True
c.IgnorePattern.pattern = r"\A"

# The kernel need not warn that it is not encrypted: it can be.
c.KernelManager.transport_encryption = "auto"

# nbgrader calls `alembic` by name, also where the environment is not activated.
BIN = str(Path(sys.executable).parent)
if BIN not in os.environ.get("PATH", "").split(os.pathsep):
    os.environ["PATH"] = os.pathsep.join([BIN, os.environ.get("PATH", os.defpath)])

# Works with any make, GNU 3.81 (macOS) included. Each target but clean is a command of start.py, which also works without make.
#   PYTHON=python3.12   the Python to make .venv with (default: the first that works)
#   ROLE=instructor     JupyterLab with nbgrader's Formgrader and Create Assignment
#   CLASS=demo          ... on the class that make demo has made
#   LAB=lab1_pca        the lab for validate and submit
#   ARGS='...'          further arguments: make lab ARGS=--no-browser, make test ARGS='-k pca'
#   DATA=none           set up without MNIST, which the first make lab fetches (11 MB)
ROLE ?= student
LAB ?=
ARGS ?=
VENV ?= .venv
PYTHON ?=
export VENV PYTHON ROLE

# A name on PATH proves nothing (pyenv leaves shims that fail), so run it.
START = @start() { \
	for python in "$$PYTHON" python3 python python3.14 python3.13 python3.12 python3.11 python3.10; do \
		if "$$python" -c "import sys; sys.exit(sys.version_info < (3, 6))" >/dev/null 2>&1; then exec "$$python" start.py "$$@"; fi; \
	done; \
	echo "There is no Python here that works: install one from 3.10 to 3.14 (on Debian: apt install python3-venv), or name it: make lab PYTHON=/path/to/python" >&2; exit 1; }; start

.PHONY: help venv lab test quick lint labs student validate grade demo submit bench site clean

help: ## list these targets
	@echo "make TARGET, where TARGET is:"
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  %-9s %s\n", $$1, $$2}' Makefile

venv: ## create .venv or complete it (the others do this by themselves)
	$(START) venv

lab: ## open the course in JupyterLab (ROLE=instructor: with the grading panels)
	$(START) lab $(ARGS)

test: ## check the style, then run the whole suite
	$(START) test $(ARGS)

quick: ## run the quick part of the suite
	$(START) quick $(ARGS)

lint: ## check the style with ruff, notebooks too
	$(START) lint

labs: ## regenerate labs/ from solutions/
	$(START) labs $(ARGS)

student: ## build the student edition: a folder and a zip without solutions
	$(START) student $(ARGS)

validate: ## run a lab's visible tests: make validate LAB=lab1_pca
	$(START) validate $(LAB)

submit: ## pack a lab for handing in: make submit LAB=lab1_pca
	$(START) submit $(LAB)

grade: ## grade everything in submitted/
	$(START) grade $(ARGS)

demo: ## grade a class of fourteen made from a lab's solutions, and say what it got
	$(START) demo $(ARGS)

bench: ## measure what the README states
	$(START) bench $(ARGS)

site: ## build the lectures and labs into HTML, in site/
	$(START) site $(ARGS)

clean: ## remove caches and builds (.venv, submitted/ and grades stay)
	@echo "Removing caches …"
	@find . -name .git -prune -o -name .venv -prune -o -type d \
		\( -name __pycache__ -o -name .ipynb_checkpoints -o -name '*.egg-info' \) \
		-prune -exec rm -rf {} +
	@rm -rf .pytest_cache .ruff_cache .hypothesis build dist site

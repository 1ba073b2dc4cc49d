# Works with any make, GNU 3.81 (macOS) included. Every target first completes .venv, once.
#   PYTHON=python3.12   the Python to make .venv with (default: the newest that works)
#   ROLE=instructor     JupyterLab with nbgrader's Formgrader and Create Assignment
#   LAB=lab1_pca        the lab for validate and submit
#   ARGS='...'          further arguments: make lab ARGS=--no-browser, make test ARGS='-k pca'
#   DATA=none           set up without MNIST, which the first make lab fetches (11 MB)
ROLE ?= student
LAB ?=
ARGS ?=
VENV ?= .venv
PYTHON ?=
export VENV PYTHON LAB

RUN = "$(VENV)/bin/python"
SETUP = @sh tools/venv.sh
SPREAD = -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder -p no:nbval
NEEDS_LAB = @test -n "$$LAB" || { echo "Name the lab: make $@ LAB=lab1_pca" >&2; exit 1; }

.PHONY: help venv lab test quick lint labs validate grade demo submit bench site clean

help: ## list these targets
	@echo "make TARGET, where TARGET is:"
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  %-9s %s\n", $$1, $$2}' Makefile

venv: ## create .venv or complete it (lab and test do this by themselves)
	$(SETUP) lab

lab: ## open the course in JupyterLab (ROLE=instructor: with the grading panels)
	$(SETUP) lab data
	@test -d .jupyter/"$(ROLE)" || { echo "ROLE is student or instructor, not $(ROLE)." >&2; exit 1; }
	@echo "Starting JupyterLab ($(ROLE)); stop it with Ctrl-C here."
	@JUPYTER_CONFIG_PATH="$(CURDIR)/.jupyter/$(ROLE):$(CURDIR)/.jupyter/shared$${JUPYTER_CONFIG_PATH:+:$$JUPYTER_CONFIG_PATH}" \
		$(RUN) -m jupyterlab $(ARGS)

test: lint ## check the style, then run the whole suite
	@echo "Running the whole suite …"
	@$(RUN) -m pytest $(SPREAD) $(ARGS)

quick: ## run the quick part of the suite
	$(SETUP) test
	@echo "Running the quick part of the suite …"
	@$(RUN) -m pytest $(SPREAD) -m "not slow and not browser" $(ARGS)

lint: ## check the style with ruff, notebooks too
	$(SETUP) test
	@echo "Checking the style …"
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .

labs: ## regenerate labs/ from solutions/
	$(SETUP) lab
	@$(RUN) -m grading release

validate: ## run a lab's visible tests: make validate LAB=lab1_pca
	$(NEEDS_LAB)
	$(SETUP) lab
	@$(RUN) -m grading validate "$$LAB"

grade: ## grade everything in submitted/
	$(SETUP) lab
	@$(RUN) -m grading grade $(ARGS)

demo: ## grade a class of fourteen made from a lab's solutions, and say what it got
	$(SETUP) lab
	@$(RUN) -m grading demo $(ARGS)

submit: ## pack a lab for handing in: make submit LAB=lab1_pca
	$(NEEDS_LAB)
	$(SETUP) lab
	@$(RUN) -m grading submit "$$LAB"

bench: ## measure what the README states
	$(SETUP) lab
	@echo "Measuring; figures need a machine that does nothing else …"
	@$(RUN) -m benchmarks $(ARGS)

site: ## build the lectures and labs into HTML, in site/
	$(SETUP) test
	@$(RUN) tools/website.py

clean: ## remove caches and builds (.venv, submitted/ and grades stay)
	@echo "Removing caches …"
	@find . -name .git -prune -o -name .venv -prune -o -type d \
		\( -name __pycache__ -o -name .ipynb_checkpoints -o -name '*.egg-info' \) \
		-prune -exec rm -rf {} +
	@rm -rf .pytest_cache .ruff_cache .hypothesis build dist site

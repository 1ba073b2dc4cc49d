#!/bin/sh
# Makes .venv complete: sh tools/venv.sh lab|test
# PYTHON names the Python to use; VENV another folder for the environment.
# Finds a Python that works, then leaves the rest to tools/install.py.
set -eu
cd "$(dirname "$0")/.."
extra=${1:-lab}
VENV=${VENV:-.venv}
stamp="$(cat pyproject.toml constraints.txt tools/install.py | cksum) $(pwd -P)"

# The usual case: everything is there already.
if [ -x "$VENV/bin/python" ] && [ -f "$VENV/.installed-$extra" ] &&
    [ "$(cat "$VENV/.installed-$extra")" = "$stamp" ]; then
    exit 0
fi

# A name on PATH proves nothing (pyenv leaves shims that fail, Debian a python3 without
# ensurepip), so run it.
works() {
    "$1" -c 'import ensurepip, sys, venv
sys.exit(not (3, 10) <= sys.version_info < (3, 14))' >/dev/null 2>&1
}

if [ -n "${PYTHON:-}" ]; then
    set -- "$PYTHON"
else
    set -- python3.13 python3.12 python3.11 python3.10 python3 python
fi
found=
for name; do
    if works "$name"; then
        found=$name
        break
    fi
done
if [ -z "$found" ]; then
    echo "No suitable Python (tried: $*): install one from 3.10 to 3.13, with venv and ensurepip" \
        "(on Debian: apt install python3-venv), or name it: make lab PYTHON=/path/to/python" >&2
    exit 1
fi
exec "$found" tools/install.py "$extra" "$VENV" "$stamp"

#!/bin/sh
# Makes .venv complete: sh tools/venv.sh lab|test [data]; with data, MNIST comes too, if it can.
# PYTHON names the Python to use; VENV another folder for the environment; DATA=none leaves MNIST.
# Finds a Python that works, then leaves the rest to tools/install.py.
set -eu
cd "$(dirname "$0")/.."
parts="${*:-lab}"
VENV=${VENV:-.venv}
stamp="$(cat pyproject.toml constraints.txt tools/install.py | cksum) $(pwd -P)"

# The usual case: everything is there already.
complete=yes
for part in $parts; do
    [ "$part" = data ] && [ ! -w "$VENV" ] && continue # somebody else's environment: theirs to decide
    [ -x "$VENV/bin/python" ] && [ -f "$VENV/.installed-$part" ] &&
        [ "$(cat "$VENV/.installed-$part")" = "$stamp" ] || complete=no
done
[ $complete = no ] || exit 0

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
# shellcheck disable=SC2086  # parts is a list of words
exec "$found" tools/install.py "$VENV" "$stamp" $parts

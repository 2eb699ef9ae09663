#!/bin/sh
# Makes or freshens .venv: `environment.sh runtime` for what runs, `environment.sh dev` with the tools on top. Fetches what the
# pages' scripts are, where Node is at hand; without it the API and the pages run, and the pages do without scripts.
# Does nothing, quickly, while the lock file, pyproject.toml, the Python and this folder are those of the last time.
set -eu
cd "$(dirname "$0")/.."
kind=$1
python=.venv/bin/python
npm_folder=backend/pages/npm

stop() {
    echo "$*" >&2
    exit 1
}

lock_of() { # kind
    case $1 in
    runtime) echo requirements.lock ;;
    dev) echo requirements-dev.lock ;;
    *) stop "say runtime or dev" ;;
    esac
}

state_of() { # kind
    { pwd; $python --version; cat "$(lock_of "$1")" pyproject.toml; } 2>/dev/null | sha256sum
}

is_fresh() { # kind
    [ -x $python ] && [ "$(cat ".venv/installed-$1" 2>/dev/null)" = "$(state_of "$1")" ]
}

is_new_enough() { # interpreter
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_interpreter() {
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if is_new_enough "$candidate"; then
            "$candidate" -c 'import ensurepip, venv' 2>/dev/null && echo "$candidate" && return
            stop "$candidate has no venv: install it first (Debian, Ubuntu: sudo apt install python3-venv)"
        fi
    done
    found=$("${PYTHON:-python3}" --version 2>&1) || found="no ${PYTHON:-python3}"
    stop "Balai needs Python 3.11 or newer, here is $found: install it, or say which with PYTHON=/path/to/python3"
}

fetch_scripts() { # kind
    fetched=$npm_folder/node_modules/.fetched
    wanted="$1 $(sha256sum <$npm_folder/package-lock.json)"
    if [ "$(cat $fetched 2>/dev/null)" = "$wanted" ] || [ "$(cat $fetched 2>/dev/null)" = "dev ${wanted#* }" ]; then
        return
    fi
    if ! command -v npm >/dev/null 2>&1; then
        echo "no npm here: pages run without their scripts (htmx, uPlot); install Node.js and start again for them" >&2
        return
    fi
    echo "fetching the pages' scripts ($npm_folder/package-lock.json)"
    omit=$([ "$1" = dev ] || echo --omit=dev)
    if (cd $npm_folder && npm ci --ignore-scripts --silent $omit); then
        echo "$wanted" >$fetched
    else
        echo "npm failed: pages run without their scripts" >&2
    fi
}

exec 9<. && flock 9 # two starts at once take turns
fetch_scripts "$kind"
if is_fresh "$kind" || { [ "$kind" = runtime ] && is_fresh dev; }; then
    exit 0
fi
if ! is_new_enough $python || [ "$(cat .venv/made-in 2>/dev/null)" != "$PWD" ]; then
    interpreter=$(find_interpreter)
    echo "making .venv with $("$interpreter" --version)"
    "$interpreter" -m venv --clear .venv
    pwd >.venv/made-in
fi
echo "installing from $(lock_of "$kind")"
pip="$python -m pip --quiet --disable-pip-version-check"
$pip install --require-hashes --only-binary :all: -r "$(lock_of "$kind")"
$pip install --no-deps --no-build-isolation --editable .
state_of "$kind" >".venv/installed-$kind"

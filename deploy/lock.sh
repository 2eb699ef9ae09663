#!/bin/sh
# Writes the lock files from pyproject.toml; `lock.sh --check` only tells whether they are fresh and hold no address.
set -eu
cd "$(dirname "$0")/.."
export UV_PYTHON_DOWNLOADS=never

compile() { # output, then further arguments
    output=$1
    shift
    .venv/bin/uv pip compile --quiet --python .venv/bin/python --universal --python-version 3.11 --generate-hashes \
        --custom-compile-command 'make lock' "$@" pyproject.toml --output-file "$output"
}

if [ "${1:-}" != --check ]; then
    compile requirements.lock
    compile requirements-dev.lock --extra dev
    exit 0
fi
if grep -nE '://|^ *-' requirements.lock requirements-dev.lock | grep -vE '^[^:]*:[0-9]+: +--hash='; then
    echo "a lock file holds an address or an option" >&2
    exit 1
fi
new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT
cp requirements.lock requirements-dev.lock "$new" # what is locked stays, where pyproject.toml still allows it
compile "$new/requirements.lock"
compile "$new/requirements-dev.lock" --extra dev
for lock in requirements.lock requirements-dev.lock; do
    cmp --silent "$lock" "$new/$lock" || {
        echo "$lock is stale: run make lock" >&2
        exit 1
    }
done

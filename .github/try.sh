#!/bin/sh
# Starts a frozen or installed program on the computer it was made for: it has to say who it is, what it runs on, and
# why a port where nobody listens cannot be reached.
#
#     .github/try.sh PROGRAM
set -eu
program=$1
found=$(mktemp -d)
trap 'rm -rf "$found"' EXIT
REPORTER_HOME=$found/home
export REPORTER_HOME

"$program" --version
"$program" about --json >"$found/about.json"
status=0
"$program" diagnose tcp://127.0.0.1:1 --json >"$found/verdict.json" || status=$?
if [ "$status" != 1 ]; then
    echo "diagnose should end with 1, for something is wrong there, and ended with $status." >&2
    exit 1
fi
for answer in about verdict; do
    python3 -m json.tool "$found/$answer.json" >/dev/null || {
        echo "$answer is no JSON:" >&2
        cat "$found/$answer.json" >&2
        exit 1
    }
done
cat "$found/verdict.json"

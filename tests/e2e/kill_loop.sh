#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# kill -9 at random, a crash at every label that the pipeline passes, paused instances that wake up late.   kill_loop.sh BINARY
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=$("$here/../readers/venv.sh")
"$python" "$here/kill_loop.py" "$1" "$work/run"
"$python" "$here/../readers/judge.py" "$work/run"
"$1" verify "$work/run/pipeline.sql"

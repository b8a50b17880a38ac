#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# semel demo, judged by pyiceberg and DuckDB.   demo_judged.sh BINARY
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=$("$here/../readers/venv.sh")
binary=$(readlink -f "$1")
cd "$work"
"$binary" demo --dir ./demo
"$python" "$here/../readers/judge.py" "$work/demo"
"$binary" verify "$work/demo/pipeline.sql"
"$binary" checkpoint verify "$work/demo/pipeline.sql"
"$binary" demo --dir "$work/small" --rows 1000
"$python" "$here/../readers/judge.py" "$work/small"

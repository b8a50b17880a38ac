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
"$1" demo --dir "$work/demo"
"$python" "$here/../readers/judge.py" "$work/demo"
"$1" verify "$work/demo/pipeline.sql"
"$1" checkpoint verify "$work/demo/pipeline.sql"
"$1" demo --dir "$work/small" --rows 1000
"$python" "$here/../readers/judge.py" "$work/small"

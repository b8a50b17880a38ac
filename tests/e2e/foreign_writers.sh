#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# Others change the table between a crash and its recovery, and in the shape that it has.   foreign_writers.sh BINARY
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=$("$here/../readers/venv.sh")
"$python" -W ignore "$here/foreign_writers.py" "$1" "$work/run"
"$python" -W ignore "$here/shared_tables.py" "$1" "$work/shared"

#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# Tables of many shapes, read by pyiceberg and DuckDB.   iceberg_tables.sh BINARY
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=$("$here/../readers/venv.sh")
"$python" -W ignore "$here/iceberg_tables.py" "$1" "$work/run"

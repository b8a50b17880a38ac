#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# Broken files, bad input, full disks, locked catalogs: each refused by name, nothing lost afterwards.   faults.sh BINARY [TEST …]
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
python=$("$here/../readers/venv.sh")
PYTHONPATH="$here/../readers" PYTHONDONTWRITEBYTECODE=1 "$python" "$here/faults.py" "$1" "$work" "${@:2}"

#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# Prints the python of a virtual environment with the outside readers (pyiceberg, DuckDB); makes it when first asked.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/semel
venv=$cache/readers-$(sha256sum "$here/requirements.txt" | cut -c1-12)
mkdir -p "$cache"
(
  flock 9
  if [ ! -f "$venv/ready" ]; then
    rm -rf "$venv"
    python3 -m venv "$venv" >&2
    "$venv/bin/pip" install -q -r "$here/requirements.txt" >&2
    touch "$venv/ready"
  fi
) 9>"$cache/readers.lock"
echo "$venv/bin/python"

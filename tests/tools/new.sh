#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# tools/new in a copy of the sources: what it makes builds and passes its test, is part of the binary, and no existing file was edited.
set -euo pipefail
root=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git -C "$root" ls-files -z | tar -C "$root" --null -T - -cf - | tar -C "$work" -xf -
cd "$work"
git init -q && git add -A && git -c user.name=t -c user.email=t@t commit -qm before
tools/new --help >/dev/null
for taken in "function abs" "function sum" "function strings" "connector print" "connector iceberg"; do
  if tools/new $taken 2>/dev/null; then echo "FAILED  tools/new $taken: the name is taken"; exit 1; fi
done
[ -z "$(git status --porcelain)" ] || { echo "FAILED  a refusal left something behind"; exit 1; }
echo "ok      names that are taken are refused"
tools/new connector ticks >/dev/null
tools/new function shout >/dev/null
[ -z "$(git diff --name-only)" ] || { echo "FAILED  existing files were edited: $(git diff --name-only)"; exit 1; }
echo "ok      0 existing files edited, new: $(git ls-files --others --exclude-standard | wc -l)"
export CCACHE_BASEDIR=$work CCACHE_NOHASHDIR=1
cmake --preset release >configure.log 2>&1 || { tail -20 configure.log; exit 1; }
cmake --build build -- semel_connectors_ticks_test semel_functions_shout_test semel >build.log 2>&1 || { tail -30 build.log; exit 1; }
build/src/connectors/ticks/semel_connectors_ticks_test >/dev/null
build/src/functions/shout/semel_functions_shout_test >/dev/null
echo "ok      the new connector and the new function build and pass their tests"
cat >ticks.sql <<'Q'
SET 'pipeline.name' = 'new';
CREATE TABLE t (n BIGINT) WITH ('connector' = 'ticks', 'rows' = '3', 'format' = 'json');
CREATE TABLE p (s STRING) WITH ('connector' = 'print');
INSERT INTO p SELECT SHOUT(CAST(n + 10 AS STRING)) FROM t;
Q
[ "$(build/semel run --quiet ticks.sql | sort | tr -d '\n')" = "+I[01]+I[11]+I[21]" ] || { echo "FAILED  the script does not give its rows"; exit 1; }
echo "ok      a script uses both"
tools/tidy

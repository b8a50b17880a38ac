#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# The example pipeline over the corpus gives the tables that Flink gave, and expressions its values (flink/golden, made by
# flink/make_golden.sh).   flink_golden.sh BINARY
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=$("$here/../readers/venv.sh")
mkdir "$work/in" "$work/out"
python3 "$here/flink/make_corpus.py" >"$work/in/purchases.json"
sed -e "s#/tmp/semel-lake#$work#; s#'./purchases'#'$work/in'#" "$here/../../examples/purchases/pipeline.sql" >"$work/pipeline.sql"
binary=$(readlink -f "$1")
(cd "$work" && "$binary" run --quiet pipeline.sql)
"$python" "$here/flink/dump.py" "$work" "$work/out"
for table in running_sum revenue; do
  diff "$here/flink/golden/$table.csv" "$work/out/$table.csv" >"$work/diff" || { echo "FAILED  $table differs from Flink's:"; head -20 "$work/diff"; exit 1; }
  echo "ok      $table is what $(head -1 "$here/flink/golden/VERSIONS") gave"
done
mkdir -p "$work/expressions/rows"
cp "$here/flink/rows.json" "$work/expressions/rows/"
python3 "$here/flink/expressions.py" script "$work/expressions" >"$work/expressions.sql"
(cd "$work" && "$binary" run --quiet expressions.sql)
"$python" "$here/flink/expressions.py" dump "$work/expressions" >"$work/out/expressions.txt"
# Where Semel differs on purpose (docs/differences.md) its own value has to be there.
diff "$here/flink/golden/expressions.txt" "$work/out/expressions.txt" | sed -n 's/^> //p' >"$work/differ" || true
diff "$here/flink/known_differences.txt" "$work/differ" || { echo "FAILED  expressions differ from Flink's"; exit 1; }
echo "ok      $(wc -l <"$work/out/expressions.txt") values of expressions, $(wc -l <"$work/differ") differ as documented"

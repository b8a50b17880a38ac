#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# Makes golden/ anew on a real Flink: examples/purchases/pipeline.sql, unchanged but for its folders, over the corpus, and the expressions. Needs a Java runtime and
# Maven.   make_golden.sh
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
service=$here/../../services/flink.sh
work=$(mktemp -d)
trap '"$service" stop "$work/flink"; rm -rf "$work"' EXIT
python=$("$here/../../readers/venv.sh")
mkdir "$work/in"
python3 "$here/make_corpus.py" >"$work/in/purchases.json"
sed -e "s#/tmp/semel-lake#$work#; s#'./purchases'#'$work/in'#" "$here/../../../examples/purchases/pipeline.sql" >"$work/pipeline.sql"
port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
url=$("$service" start "$work/flink" "$port")
"$service" run "$work/flink" "$work/pipeline.sql" >"$work/run.log" || { cat "$work/run.log"; exit 1; }
for _ in $(seq 100); do
  state=$(curl -sf "$url/jobs/overview" | grep -o '"state":"[A-Z]*"' | head -1)
  [ "$state" = '"state":"FINISHED"' ] && break
  [ "$state" = '"state":"FAILED"' ] && { echo "the job failed"; exit 1; }
  sleep 0.3
done
mkdir -p "$here/golden"
"$python" "$here/dump.py" "$work" "$here/golden"
mkdir -p "$work/expressions/rows"
cp "$here/rows.json" "$work/expressions/rows/"
python3 "$here/expressions.py" script "$work/expressions" >"$work/expressions.sql"
sed -i "1i SET 'table.dml-sync' = 'true';" "$work/expressions.sql"
"$service" run "$work/flink" "$work/expressions.sql" >"$work/run.log" || { cat "$work/run.log"; exit 1; }
"$python" "$here/expressions.py" dump "$work/expressions" >"$here/golden/expressions.txt"
{
  echo "flink $(curl -sf "$url/config" | grep -o '"flink-version":"[^"]*"' | cut -d'"' -f4)"
  sed -n 's/.*<artifactId>\(iceberg-flink-runtime[^<]*\).*<version>\([^<]*\).*/\1 \2/p' "$here/../../services/flink/pom.xml"
} >"$here/golden/VERSIONS"
cat "$here/golden/VERSIONS"

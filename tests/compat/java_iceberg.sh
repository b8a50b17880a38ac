#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# The Java library (inside a real Flink) reads every table that iceberg_tables.py makes, appends on top of Semel's commits, and Semel
# appends on top of its. Needs a Java runtime and Maven.   java_iceberg.sh BINARY
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
service=$here/../services/flink.sh
work=$(mktemp -d)
trap '"$service" stop "$work/flink"; rm -rf "$work"' EXIT
python=$("$here/../readers/venv.sh")
binary=$(readlink -f "$1")
"$python" -W ignore "$here/../e2e/iceberg_tables.py" "$binary" "$work/run" >"$work/tables.log" || { cat "$work/tables.log"; exit 1; }
port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$service" start "$work/flink" "$port" >/dev/null
catalog="CREATE CATALOG lake WITH ('type' = 'iceberg', 'catalog-impl' = 'org.apache.iceberg.jdbc.JdbcCatalog', 'uri' = 'jdbc:sqlite:$work/run/catalog.db', 'jdbc.schema-version' = 'V1', 'warehouse' = 'file://$work/run/warehouse');"
cat >"$work/read.sql" <<Q
SET 'execution.runtime-mode' = 'batch';
SET 'sql-client.execution.result-mode' = 'tableau';
SET 'table.dml-sync' = 'true';
$catalog
SELECT 'types', COUNT(*), SUM(id), SUM(i), SUM(wide), COUNT(s), MAX(ts), SUM(CAST(d AS DECIMAL(20, 4))) FROM lake.db.types;
SELECT 'types-pruned', COUNT(*) FROM lake.db.types WHERE id >= 100 AND id < 140;
SELECT 'parts', COUNT(*), SUM(id), SUM(i), COUNT(s) FROM lake.db.parts;
SELECT 'parts-pruned', COUNT(*) FROM lake.db.parts WHERE i = 1;
SELECT 'nested', COUNT(*), SUM(r.a), SUM(r.n.amount), COUNT(r.n.s), SUM(made.twice), COUNT(made.s) FROM lake.db.nested;
SELECT 'nested-pruned', COUNT(*) FROM lake.db.nested WHERE r.a >= 3950;
SELECT 'theirs', COUNT(*), SUM(id), SUM(i), COUNT(s), MAX(ts) FROM lake.db.theirs;
INSERT INTO lake.db.theirs VALUES (CAST(2000000 AS BIGINT), 9, 'java', TIMESTAMP '2026-01-02 03:04:05');
Q
"$service" run "$work/flink" "$work/read.sql" >"$work/read.log" || { cat "$work/read.log"; exit 1; }
cat >"$work/again.sql" <<Q
SET 'pipeline.name' = 'again';
SET 'execution.checkpointing.dir' = '$work/run/checkpoints';
CREATE TABLE source (id BIGINT NOT NULL, i INT, s STRING, ts TIMESTAMP(6)) WITH ('connector' = 'filesystem', 'path' = '$work/one.json', 'format' = 'json');
$catalog
CREATE TABLE IF NOT EXISTS lake.db.theirs (id BIGINT, i INT, s STRING, ts TIMESTAMP(6));
INSERT INTO lake.db.theirs SELECT id, i, s, ts FROM source;
Q
echo '{"id":3000000,"i":1,"s":"semel again","ts":"2026-01-03 00:00:00"}' >"$work/one.json"
"$binary" run --quiet "$work/again.sql"
printf '%s\n' "$catalog" "SET 'execution.runtime-mode' = 'batch';" "SET 'sql-client.execution.result-mode' = 'tableau';" "SELECT 'last', COUNT(*), MAX(id) FROM lake.db.theirs;" >"$work/last.sql"
"$service" run "$work/flink" "$work/last.sql" >>"$work/read.log"
"$python" -W ignore - "$work" <<'P'
import re
import sys

import pyarrow.compute as pc
from pyiceberg.catalog.sql import SqlCatalog

work = sys.argv[1]
rows = {}
for line in open(f"{work}/read.log"):
    cells = [c.strip() for c in line.strip().strip("|").split("|")]
    if line.startswith("|") and cells[0] in ("types", "types-pruned", "parts", "parts-pruned", "nested", "nested-pruned", "theirs", "last"):
        rows[cells[0]] = cells[1:]
catalog = SqlCatalog("lake", uri=f"sqlite:///{work}/run/catalog.db", warehouse=f"file://{work}/run/warehouse")
types, parts, nested, theirs = (catalog.load_table(f"db.{name}").scan().to_arrow() for name in ("types", "parts", "nested", "theirs"))
total = lambda column: str(pc.sum(column).as_py())
count = lambda column: str(len(column) - column.null_count)
field = lambda *names: pc.struct_field(nested[names[0]].combine_chunks(), [*names[1:]])
before = theirs.filter(pc.less(theirs["id"], 2000000))
want = {
    "types": [str(len(types)), total(types["id"]), total(types["i"]), total(types["wide"]), count(types["s"]), str(pc.max(types["ts"]).as_py()), f"{pc.sum(types['d']).as_py():.4f}"],
    "types-pruned": ["40"],
    "parts": [str(len(parts)), total(parts["id"]), total(parts["i"]), count(parts["s"])],
    "parts-pruned": [str(pc.sum(pc.equal(parts["i"], 1)).as_py())],
    "nested": [str(len(nested)), total(field("r", "a")), total(field("r", "n", "amount")), count(field("r", "n", "s")), total(field("made", "twice")), count(field("made", "s"))],
    "nested-pruned": [str(pc.sum(pc.greater_equal(field("r", "a"), 3950)).as_py())],
    "theirs": [str(len(before)), total(before["id"]), total(before["i"]), count(before["s"]), str(pc.max(before["ts"]).as_py())],
    "last": [str(len(before) + 2), "3000000"],
}
bad = 0
for name, values in want.items():
    same = rows.get(name) == values
    bad += not same
    print(f"{'ok     ' if same else 'FAILED '} Java: {name} {' '.join(rows.get(name, ['nothing']))}" + ("" if same else f", pyiceberg: {' '.join(values)}"))
sys.exit(1 if bad else 0)
P

# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# A script that computes every expression of expressions.txt over rows.json into an Iceberg table, as text.
#   expressions.py script DIR > script.sql      expressions.py dump DIR > values.txt: "expression <tab> row <tab> value"
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
EXPRESSIONS = [line for line in (HERE / "expressions.txt").read_text().splitlines() if line]
COMMA = ',\n  '
verb, folder = sys.argv[1:3]

if verb == "script":
    names = [f"e{n}" for n in range(len(EXPRESSIONS))]
    print(f"""SET 'pipeline.name' = 'expressions';
SET 'table.local-time-zone' = 'Europe/Berlin';
CREATE TABLE input (id INT, i INT, l BIGINT, d DECIMAL(10, 2), e DECIMAL(5, 3), f DOUBLE, s STRING, b BOOLEAN, n INT, ts TIMESTAMP(3), dt DATE, z TIMESTAMP_LTZ(3), r ROW<a INT, n ROW<s STRING, d DECIMAL(5, 2)>>)
  WITH ('connector' = 'filesystem', 'path' = '{folder}/rows', 'format' = 'json');
CREATE CATALOG lake WITH ('type' = 'iceberg', 'catalog-impl' = 'org.apache.iceberg.jdbc.JdbcCatalog', 'uri' = 'jdbc:sqlite:{folder}/catalog.db',
  'jdbc.schema-version' = 'V1', 'warehouse' = 'file://{folder}/warehouse');
CREATE DATABASE IF NOT EXISTS lake.db;
CREATE TABLE IF NOT EXISTS lake.db.results (id INT, {', '.join(f'{name} STRING' for name in names)});
INSERT INTO lake.db.results SELECT id, {COMMA.join(f'CAST({e} AS STRING)' for e in EXPRESSIONS)} FROM input;""")
else:
    from pyiceberg.catalog.sql import SqlCatalog

    catalog = SqlCatalog("lake", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}/warehouse")
    rows = sorted(catalog.load_table("db.results").scan().to_arrow().to_pylist(), key=lambda r: r["id"])
    for n, expression in enumerate(EXPRESSIONS):
        for row in rows:
            value = row[f"e{n}"]
            print(f"{expression}\t{row['id']}\t{'NULL' if value is None else repr(value)}")

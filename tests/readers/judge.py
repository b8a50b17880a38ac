# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# Judges the tables of the purchases pipeline by outsiders' tools: pyiceberg and DuckDB against the truth of whoever made the purchases.
#   judge.py DIR    DIR/truth.csv (user_id,count,total), DIR/catalog.db, DIR/warehouse
import csv
import glob
import sys
from decimal import Decimal

import duckdb
import duckdb_extensions
from pyiceberg.catalog.sql import SqlCatalog


def main(folder):
    truth = {int(r["user_id"]): (int(r["count"]), Decimal(r["total"])) for r in csv.DictReader(open(f"{folder}/truth.csv"))}
    catalog = SqlCatalog("lake", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}/warehouse")
    failures = []

    def check(what, good):
        print(("ok      " if good else "FAILED  ") + what)
        if not good:
            failures.append(what)

    running = catalog.load_table("shop.running_sum")
    rows = running.scan().to_arrow()
    ids = rows["purchase_id"].to_pylist()
    last = {}
    for user, total in zip(rows["user_id"].to_pylist(), rows["total"].to_pylist()):
        count, most = last.get(user, (0, Decimal(0)))
        last[user] = (count + 1, max(most, total))
    check(f"pyiceberg: {len(ids)} rows, each purchase once", len(ids) == len(set(ids)) == sum(c for c, _ in truth.values()))
    check("pyiceberg: count and last running sum of every user", last == truth)

    revenue = catalog.load_table("shop.revenue").scan().to_arrow()
    sums = {}
    for user, count, total in zip(*(revenue[c].to_pylist() for c in ("user_id", "purchases", "revenue"))):
        n, s = sums.get(user, (0, Decimal(0)))
        sums[user] = (n + count, s + total)
    check("pyiceberg: revenue per user over all windows", sums == truth)

    con = duckdb.connect()
    for extension in ("avro", "iceberg"):
        duckdb_extensions.import_extension(extension, con=con)
        con.execute(f"LOAD {extension}")
    location = running.metadata_location.replace("file://", "")
    found = con.execute(f"select user_id, count(*), max(total) from iceberg_scan('{location}') group by 1").fetchall()
    check("DuckDB: count and last running sum of every user", {u: (c, s) for u, c, s in found} == truth)

    for name in ("running_sum", "revenue"):
        table = catalog.load_table(f"shop.{name}")
        markers = [v for s in table.metadata.snapshots for k, v in (s.summary.additional_properties or {}).items() if k.endswith(".marker")]
        check(f"{name}: one snapshot per epoch ({len(markers)})", len(markers) == len(set(markers)) == len(table.metadata.snapshots))
        live = {f.file.file_path.replace("file://", "") for f in table.scan().plan_files()}
        there = set(glob.glob(f"{folder}/warehouse/shop/{name}/data/*"))
        check(f"{name}: no data file beside the {len(live)} of the table", live == there)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

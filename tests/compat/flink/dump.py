# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# The two tables of the purchases pipeline as sorted CSV, read by pyiceberg.      dump.py DIR OUT: DIR/catalog.db → OUT/<table>.csv
import csv
import sys

from pyiceberg.catalog.sql import SqlCatalog

folder, out = sys.argv[1:3]
catalog = SqlCatalog("lake", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}/warehouse")
for name in ("running_sum", "revenue"):
    table = catalog.load_table(f"shop.{name}").scan().to_arrow()
    columns = [table[c].to_pylist() for c in table.column_names]
    rows = sorted([["NULL" if v is None else str(v) for v in row] for row in zip(*columns)], key=lambda r: (int(r[0]), r))
    with open(f"{out}/{name}.csv", "w", newline="") as file:
        csv.writer(file).writerows([table.column_names] + rows)
    print(f"{name}: {len(rows)} rows")

# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# What others may do to a table that Semel writes: partition it anew, add, move and widen columns, set its properties, upgrade it from format
# version 1, name partitions as Java does, compress its metadata, expire its history. Every row is there, every filter finds its rows (judged
# by pyiceberg), every epoch is proven, or the start is refused by name.                    shared_tables.py BINARY DIR [CASE …]
import contextlib
import gzip
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import time

import pyarrow as pa
import pyarrow.parquet
import pyiceberg.manifest
import pyiceberg.schema
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.expressions import EqualTo
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import DecimalType, DoubleType, ListType, LongType, NestedField, StringType, StructType

COLUMNS = "id BIGINT, s STRING, n INT, f FLOAT, d DECIMAL(9,2), r ROW<a INT, b STRING>"
CREATE = f"CREATE TABLE IF NOT EXISTS lake.db.t ({COLUMNS});"
SCRIPT = """SET 'pipeline.name' = 'shared';
SET 'execution.checkpointing.dir' = '{dir}/checkpoints';
SET 'execution.checkpointing.interval' = '30 ms';
SET 'semel.filesystem.follow' = 'true';
CREATE TABLE source ({columns}) WITH ('connector' = 'filesystem', 'path' = '{dir}/in.json', 'format' = 'json');
CREATE CATALOG lake WITH ('type' = 'iceberg', 'catalog-impl' = 'org.apache.iceberg.jdbc.JdbcCatalog', 'uri' = 'jdbc:sqlite:{dir}/catalog.db',
  'jdbc.schema-version' = 'V1', 'warehouse' = 'file://{dir}/warehouse');
CREATE DATABASE IF NOT EXISTS lake.db;
{create}
{insert}
"""
failures = []


def check(what, good, shown=""):
    print(("ok      " if good else "FAILED  ") + what + ("" if good else f": {shown}"))
    if not good:
        failures.append(what)


class Pipeline:
    """Rows of a followed file into db.t, which others change too."""

    def __init__(self, name, create=CREATE, insert="INSERT INTO lake.db.t SELECT * FROM source;", columns=COLUMNS):
        self.name, self.dir, self.written, self.columns = name, f"{root}/{name.replace(' ', '-')}", 0, columns
        os.makedirs(self.dir)
        self.script(create, insert)
        open(f"{self.dir}/in.json", "w").close()

    def script(self, create, insert):
        pathlib.Path(f"{self.dir}/pipeline.sql").write_text(SCRIPT.format(dir=self.dir, columns=self.columns, create=create, insert=insert))

    def catalog(self):
        return SqlCatalog("lake", uri=f"sqlite:///{self.dir}/catalog.db", warehouse=f"file://{self.dir}/warehouse")

    def table(self):
        return self.catalog().load_table("db.t")

    def create(self, *fields, partition=(), **properties):
        """The table made by pyiceberg."""
        self.catalog().create_namespace("db")
        return self.catalog().create_table("db.t", Schema(*fields), partition_spec=PartitionSpec(*partition), properties={k.replace("_", "."): v for k, v in properties.items()})

    def write(self, n):
        with open(f"{self.dir}/in.json", "a") as out:
            for i in range(self.written, self.written + n):
                out.write(json.dumps({"id": i, "s": f"u{i % 3}", "n": i, "f": i / 2, "d": f"{i}.25", "r": {"a": i, "b": "x"}}) + "\n")
        self.written += n

    def semel(self, *command):
        done = subprocess.run([binary, *command, f"{self.dir}/pipeline.sql"], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    def log(self):
        return open(f"{self.dir}/log").read()[-800:]

    @contextlib.contextmanager
    def running(self):
        with open(f"{self.dir}/log", "a") as log:
            engine = subprocess.Popen([binary, "run", f"{self.dir}/pipeline.sql"], stdout=log, stderr=log)
        try:
            yield
        finally:
            engine.send_signal(signal.SIGTERM)
            check(f"{self.name}: the engine stops cleanly", engine.wait(timeout=60) == 0, self.log())

    def crash_at(self, label):
        """Runs, writing rows, until the fourth time that it comes to this place."""
        with open(f"{self.dir}/log", "a") as log:
            engine = subprocess.Popen([binary, "run", "--inject", f"{label}:4:crash", f"{self.dir}/pipeline.sql"], stdout=log, stderr=log, env={**os.environ, "SEMEL_TESTING": "1"})
        deadline = time.time() + 20
        while engine.poll() is None and time.time() < deadline:
            self.write(5)
            time.sleep(0.01)
        if engine.poll() is None:
            engine.kill()
        check(f"{self.name}: a crash at {label}", engine.wait() == -signal.SIGKILL and time.time() < deadline, self.log())

    def wait_for(self, n):
        end = time.time() + 20
        while time.time() < end:
            with contextlib.suppress(Exception):
                if len(self.table().scan().to_arrow()) >= n:
                    return
            time.sleep(0.05)
        check(f"{self.name}: {n} rows come", False, self.log())

    def change(self, schema=None, spec=None):
        """Another one's change; both writers try until they win."""
        for _ in range(20):
            try:
                with self.table().update_schema() if schema else self.table().update_spec() as update:
                    (schema or spec)(update)
                return
            except Exception as error:
                if "CommitFailed" not in type(error).__name__:
                    raise
        check(f"{self.name}: pyiceberg got its change in", False)

    def exact(self, what, extra=(), by=None):
        """Every row is there, and a filter on the column `by` finds each."""
        table = self.table()
        found = table.scan().to_arrow().to_pylist()
        check(f"{self.name}: {what}: every row", sorted(r["id"] for r in found) == sorted([*range(self.written), *extra]), f"{len(found)} of {self.written}")
        for value in sorted({r[by] for r in found}) if by else ():
            filtered, wanted = len(table.scan(row_filter=EqualTo(by, value)).to_arrow()), sum(r[by] == value for r in found)
            check(f"{self.name}: {what}: a filter {by} = {value} finds {wanted} rows", filtered == wanted, filtered)

    def goes_on(self, what, extra=(), by=None):
        """A run that is stopped when the rows are there: another one may follow."""
        with self.running():
            self.wait_for(self.written + len(extra))
        self.exact(what, extra, by)

    def good_end(self, what, extra=(), by=None):
        """A run to the end, the last one of a pipeline."""
        ended, said = self.semel("run", "--quiet", "--until-end")
        check(f"{self.name}: {what}: goes on", ended == 0, f"{ended} {said[-600:]}")
        self.exact(what, extra, by)

    def proven(self):
        ended, said = self.semel("verify")
        check(f"{self.name}: verify proves every epoch", ended == 0 and " 0 differ, 0 expired" in said, said)

    def refused(self, what, code, *names):
        ended, said = self.semel("run", "--quiet", "--until-end")
        check(f"{self.name}: {what}: refused by name", ended > 0 and f"[SEMEL-{code}]" in said and "hint" in said and all(n in said for n in names), f"{ended} {said[-600:]}")


def partitioned_after_a_crash():
    """Files that were staged under one partition spec are committed when the table has another."""
    p = Pipeline("partitioned after a crash")
    p.crash_at("checkpoint.decided.after")
    p.change(spec=lambda update: update.add_field("s", IdentityTransform(), "s_part"))
    p.goes_on("staged before", by="s")
    p.write(30)
    p.good_end("staged afterwards", by="s")
    files = p.table().inspect.files().to_pylist()
    by_spec = {spec: {f["partition"].get("s_part") for f in files if f["spec_id"] == spec} for spec in {f["spec_id"] for f in files}}
    check(f"{p.name}: files stand under their specs", by_spec.get(0) == {None} and by_spec.get(1) == {"u0", "u1", "u2"}, by_spec)
    p.proven()


def partitioned_while_running():
    p = Pipeline("partitioned while running")
    p.write(30)
    with p.running():
        p.wait_for(30)
        p.change(spec=lambda update: update.add_field("s", IdentityTransform(), "s_part"))
        p.write(30)
        p.wait_for(60)
    p.exact("afterwards", by="s")

    def unknown(update):
        update.remove_field("s_part")
        update.add_field("f", IdentityTransform(), "f_part")

    p.write(30)
    with p.running():
        p.wait_for(90)
        p.change(spec=unknown)
        p.write(30)
        p.wait_for(120)
    p.exact("a spec that Semel does not write", by="s")
    p.refused("the start after it", 4004, "f_part")


def names_of_java():
    """Java writes 'user-id' as 'user_x2Did' into manifests: names of Avro have no hyphen. The values survive a merge."""
    of_pyiceberg = pyiceberg.manifest.data_file_with_partition

    def as_java(partition_type, format_version):
        fields = [NestedField(f.field_id, pyiceberg.schema.make_compatible_name(f.name), f.field_type, required=f.required) for f in partition_type.fields]
        return of_pyiceberg(StructType(*fields), format_version)

    p = Pipeline("names of Java", create="", insert="INSERT INTO lake.db.t SELECT id, s FROM source;")
    table = p.create(NestedField(1, "id", LongType()), NestedField(2, "user-id", StringType()), partition=[PartitionField(2, 1000, IdentityTransform(), "user-id")],
                     **{"format-version": "2", "commit.manifest.min-count-to-merge": "3", "commit.manifest-merge.enabled": "false"})
    pyiceberg.manifest.data_file_with_partition = as_java
    for i in range(6):
        table.append(pa.table({"id": [100 + i], "user-id": [f"u{i % 3}"]}))
    pyiceberg.manifest.data_file_with_partition = of_pyiceberg
    with table.transaction() as change:
        change.set_properties({"commit.manifest-merge.enabled": "true"})
    p.write(9)
    p.good_end("merged", extra=range(100, 106), by="user-id")
    check(f"{p.name}: the six manifests were merged", len(p.table().inspect.manifests()) == 2, p.table().inspect.manifests().to_pylist())
    manifest = p.table().current_snapshot().manifests(p.table().io)[0].manifest_path.replace("file://", "")
    header = open(manifest, "rb").read(4000)
    check(f"{p.name}: own manifests have names of Avro", b'"name":"user_x2Did"' in header and b'"iceberg-field-name":"user-id"' in header, header[:2000])


def from_version_1():
    p = Pipeline("upgraded from version 1", create="", insert="INSERT INTO lake.db.t SELECT id, s FROM source;")
    table = p.create(NestedField(1, "id", LongType()), NestedField(2, "s", StringType()), **{"format-version": "1", "commit.manifest.min-count-to-merge": "3"})
    for i in range(4):
        table.append(pa.table({"id": [1000 + i], "s": ["x"]}))
    with table.transaction() as change:
        change.upgrade_table_version(2)
    p.write(9)
    p.good_end("appended", extra=range(1000, 1004), by="s")
    p.proven()
    p.table().append(pa.table({"id": [2000], "s": ["x"]}))
    p.exact("pyiceberg on top", extra=[*range(1000, 1004), 2000])


def policies():
    """The retention policy of the branch stays; history that expired behind a tagged snapshot is no rollback."""
    p = Pipeline("policies")
    p.write(10)
    p.goes_on("before")
    table = p.table()
    with table.manage_snapshots() as manage:
        manage.create_branch(table.metadata.current_snapshot_id, "main", max_ref_age_ms=10**10, max_snapshot_age_ms=10**10, min_snapshots_to_keep=77)
    p.write(10)
    p.goes_on("with a policy")
    main = p.table().metadata.refs["main"]
    check(f"{p.name}: main keeps its policy", (main.max_ref_age_ms, main.max_snapshot_age_ms, main.min_snapshots_to_keep) == (10**10, 10**10, 77), main)
    p.table().manage_snapshots().create_tag(p.table().metadata.current_snapshot_id, "day").commit()
    tagged = p.table().metadata.current_snapshot_id
    for i in range(3):
        p.table().append(pa.table({"id": [1000 + i]}))
    table = p.table()
    kept = (tagged, table.metadata.current_snapshot_id)
    table.maintenance.expire_snapshots().by_ids([s.snapshot_id for s in table.metadata.snapshots if s.snapshot_id not in kept]).commit()
    p.write(10)
    p.good_end("history expired behind a tag", extra=range(1000, 1003))


def values_are_right(p):
    rows = p.table().scan().to_arrow().to_pylist()
    wrong = [r for r in rows if r["note"] is not None or (r["n"], r["f"], str(r["d"]), r["r"]["a"]) != (r["id"], r["id"] / 2, f"{r['id']}.25", r["id"])]
    check(f"{p.name}: every value", not wrong, wrong[:3])
    found = [r["id"] for r in p.table().scan(row_filter=f"d == '{p.written - 1}.25'").to_arrow().to_pylist()]
    check(f"{p.name}: the bounds of a DECIMAL", found == [p.written - 1], found)


def newest_bounds(table, column):
    """Lower bound of the column in the file written last; pyiceberg itself cannot use bounds from before a promotion."""
    entries = [e for m in table.current_snapshot().manifests(table.io) for e in m.fetch_manifest_entry(table.io)]
    newest = max(entries, key=lambda e: e.sequence_number)
    return len(newest.data_file.lower_bounds[table.schema().find_field(column).field_id])


def columns_of_others():
    """Columns are added, moved and widened, also within a ROW, and one of a type that Semel does not write. The pipeline runs on, and starts again."""
    p = Pipeline("columns of others")
    p.write(10)

    def add(update):
        update.add_column("note", StringType())
        update.move_first("note")
        update.move_first("d")
        update.add_column(("r", "c"), StringType())

    def widen(update):
        update.update_column("n", LongType())
        update.update_column("f", DoubleType())
        update.update_column("d", DecimalType(18, 2))
        update.update_column(("r", "a"), LongType())
        update.add_column("list", ListType(100, StringType()))

    for n, change in ((20, add), (40, widen)):
        with p.running():
            p.wait_for(n - 10)
            p.change(schema=change)
            p.write(10)
            p.wait_for(n)
        p.write(10)
        p.goes_on(f"after {change.__name__}")
        values_are_right(p)
    sizes = {column: newest_bounds(p.table(), column) for column in ("n", "f", "r.a")}
    check(f"{p.name}: bounds are of the wider types", sizes == {"n": 8, "f": 8, "r.a": 8}, sizes)
    p.proven()
    p.script(CREATE.replace("n INT", "n INT, more INT"), "INSERT INTO lake.db.t SELECT id, s, n, n, f, d, r FROM source;")
    p.refused("a declared column that the table does not have", 4003, "more")


def columns_looked_up():
    """A script that names its columns in the INSERT and declares no table: a column of others is none of its business."""
    p = Pipeline("columns looked up", create="", insert="INSERT INTO lake.db.t (id, s, n, f, d) SELECT id, s, n, f, d FROM source;")
    p.create(NestedField(1, "id", LongType()), NestedField(2, "s", StringType()), NestedField(3, "n", LongType()), NestedField(4, "f", DoubleType()), NestedField(5, "d", DecimalType(9, 2)))
    p.write(10)
    p.goes_on("before")
    p.write(10)

    def add(update):
        update.add_column("note", StringType())
        update.move_first("note")
        update.move_first("d")

    p.change(schema=add)
    p.goes_on("after a column was added")
    p.proven()
    p.change(schema=lambda update: update.delete_column("s"))
    p.refused("a column that is gone", 1101, "'s'")


def compressed_metadata():
    p = Pipeline("compressed metadata")
    p.write(10)
    p.goes_on("before")
    with contextlib.closing(sqlite3.connect(f"{p.dir}/catalog.db")) as db:
        location = db.execute("select metadata_location from iceberg_tables").fetchone()[0]
        packed = location.replace(".metadata.json", ".gz.metadata.json")
        with gzip.open(packed.replace("file://", ""), "wb") as out:
            out.write(open(location.replace("file://", ""), "rb").read())
        db.execute("update iceberg_tables set metadata_location = ?", (packed,))
        db.commit()
    p.write(10)
    p.good_end("read")


def properties():
    for codec in ("zstd", "snappy", "gzip", "lz4", "uncompressed"):
        p = Pipeline(f"codec {codec}", create=CREATE.replace(";", f" WITH ('write.parquet.compression-codec' = '{codec}');"))
        p.write(10)
        p.good_end("written")
        file = next(pathlib.Path(p.dir).glob("warehouse/db/t/data/*.parquet"))
        used = pyarrow.parquet.ParquetFile(file).metadata.row_group(0).column(0).compression.lower()
        check(f"{p.name}: is used", used.startswith(codec) or (codec == "lz4" and "lz4" in used), used)
    for key, value in (("write.parquet.compression-codec", "brotli"), ("write.format.default", "orc"), ("format-version", "1"), ("format-version", "3")):
        p = Pipeline(f"property {key} {value}", create=CREATE.replace(";", f" WITH ('{key}' = '{value}');"))
        p.write(10)
        p.refused("at the start", 4004, key, value)
        check(f"{p.name}: nothing is made", not pathlib.Path(f"{p.dir}/warehouse").exists())
        ended, said = p.semel("check")
        check(f"{p.name}: semel check says so too", ended > 0 and "[SEMEL-4004]" in said, said)
    p = Pipeline("property format-version 2", create=CREATE.replace(";", " WITH ('format-version' = '2');"))
    p.write(10)
    p.good_end("is what is written")
    check(f"{p.name}: is not stored as a property", "format-version" not in p.table().properties, p.table().properties)


def broken_text():
    """Bytes that are no UTF-8 as STRING become replacement characters, as in Java: in a partition, a plain column and a field of a ROW, and others read them."""
    for name, create, select in (("partition", "(id BIGINT, s STRING) PARTITIONED BY (s)", "id, CAST(b AS STRING)"), ("column", "(id BIGINT, s STRING)", "id, CAST(b AS STRING)"),
                                 ("field", "(id BIGINT, r ROW<s STRING>)", "id, ROW(CAST(b AS STRING))")):
        p = Pipeline(f"broken text in a {name}", create=f"CREATE TABLE IF NOT EXISTS lake.db.t {create};", insert=f"INSERT INTO lake.db.t SELECT {select} FROM source;", columns="id BIGINT, b BYTES")
        pathlib.Path(f"{p.dir}/in.json").write_text('{"id":1,"b":"/v8="}\n')
        ended, said = p.semel("run", "--quiet", "--until-end")
        found = p.table().scan().to_arrow().to_pylist() if ended == 0 else []
        check(f"{p.name}: readable", [row["r"]["s"] if "r" in row else row["s"] for row in found] == ["\ufffd\ufffd"], f"{ended} {found} {said[-600:]}")
        if name == "partition":
            check(f"{p.name}: a filter finds it", len(p.table().scan(row_filter=EqualTo("s", "\ufffd\ufffd")).to_arrow()) == 1, "")


binary, root = os.path.abspath(sys.argv[1]), sys.argv[2]
CASES = [partitioned_after_a_crash, partitioned_while_running, names_of_java, from_version_1, policies, columns_of_others, columns_looked_up, compressed_metadata, properties, broken_text]
for case in CASES:
    if len(sys.argv) == 3 or case.__name__ in sys.argv[3:]:
        try:
            case()
        except Exception as error:
            check(f"{case.__name__}: comes to its end", False, repr(error)[:600])
sys.exit(1 if failures else 0)

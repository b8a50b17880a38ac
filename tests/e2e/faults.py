# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# Faults against the real binary. Every test breaks one thing, asserts the error code, the exit code and a hint, repairs what it broke,
# lets the pipeline finish, and has the result judged by outsiders (judge.py): refused is not enough, nothing may be lost.
#   faults.py BINARY FOLDER [TEST …]
import contextlib
import io
import json
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from decimal import Decimal

import judge

SETTINGS = """SET 'pipeline.name' = 'faults';
SET 'execution.checkpointing.dir' = '{dir}/checkpoints';
SET 'execution.checkpointing.interval' = '{interval}';
SET 'semel.filesystem.follow' = '{follow}';
"""
PURCHASES = """CREATE TABLE purchases (purchase_id BIGINT, user_id INT, item STRING, amount DECIMAL(10,2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json'{options});
"""
TABLES = """CREATE CATALOG lake WITH ('type' = 'iceberg', 'catalog-impl' = 'org.apache.iceberg.jdbc.JdbcCatalog',
  'uri' = 'jdbc:sqlite:{dir}/catalog.db', 'jdbc.schema-version' = 'V1', 'warehouse' = 'file://{dir}/warehouse');
CREATE DATABASE IF NOT EXISTS lake.shop;
CREATE TABLE IF NOT EXISTS lake.shop.running_sum (purchase_id BIGINT, user_id INT, amount DECIMAL(10,2), ts TIMESTAMP(3), total DECIMAL(38,2));
CREATE TABLE IF NOT EXISTS lake.shop.revenue (user_id INT, window_start TIMESTAMP(3), window_end TIMESTAMP(3), purchases BIGINT, revenue DECIMAL(38,2));
"""
INSERTS = """EXECUTE STATEMENT SET BEGIN
  INSERT INTO lake.shop.running_sum SELECT purchase_id, user_id, amount, ts, SUM(amount) OVER (PARTITION BY user_id ORDER BY ts) FROM purchases;
  INSERT INTO lake.shop.revenue SELECT user_id, window_start, window_end, COUNT(*), SUM(amount)
    FROM TABLE(TUMBLE(TABLE purchases, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY user_id, window_start, window_end;
END;
"""
ROWS, SEED, HANG_SECONDS = 1500, 20260301, 60


class Failure(Exception):
    pass


def expect(good, what):
    if not good:
        raise Failure(what)


class Pipeline:
    """The purchases pipeline in a folder of its own, with two input files and the truth about them."""

    def __init__(self, binary, folder):
        self.binary, self.dir = binary, pathlib.Path(folder)
        (self.dir / "in").mkdir(parents=True)
        self.random = random.Random(SEED)
        self.truth, self.produced = {}, 0
        self.store = self.dir / "checkpoints" / "faults"
        self.write_script()

    def write_script(self, follow="true", interval="50 ms", options="", tables=TABLES, inserts=INSERTS):
        text = SETTINGS.format(dir=self.dir, follow=follow, interval=interval) + PURCHASES.format(dir=self.dir, options=options)
        (self.dir / "pipeline.sql").write_text(text + tables.format(dir=self.dir) + inserts)

    def line(self):
        user, cents = self.random.randint(1, 40), self.random.randint(1, 50000)
        ms = self.produced * 20 + self.random.randint(0, 1000)
        ts = f"2026-01-01 {ms // 3600000:02}:{ms // 60000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"
        self.produced += 1
        count, total = self.truth.get(user, (0, 0))
        self.truth[user] = (count + 1, total + cents)
        return f'{{"purchase_id":{self.produced},"user_id":{user},"item":"x","amount":{cents // 100}.{cents % 100:02},"ts":"{ts}"}}\n'

    def produce(self, rows=ROWS):
        files = [open(self.dir / "in" / f"{i}.json", "a") for i in range(2)]
        for i in range(rows):
            files[i % 2].write(self.line())
        for f in files:
            f.close()

    def start(self, *more, setup=None, prefix=(), cwd=None):
        command = [*prefix, self.binary, "run", str(self.dir / "pipeline.sql"), "--workers", "2", *more]
        return subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
                                errors="replace", preexec_fn=setup, env={**os.environ, "SEMEL_TESTING": "1"})

    def end_of(self, process, seconds=HANG_SECONDS):
        """Exit code and what it said; a process that hangs is a failure."""
        try:
            _, said = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            _, said = process.communicate()
            raise Failure(f"still running after {seconds} s; it said: {said[-500:]}") from None
        expect(process.returncode >= 0 and process.returncode != 70, f"ended by {process.returncode}: {said[-800:]}")
        return process.returncode, said

    def run(self, *more, **how):
        return self.end_of(self.start(*more, **how))

    def semel(self, *command, script="pipeline.sql", cwd=None):
        """Another command than run: exit code, what it shows, what it says of errors. The script comes behind the command's own words."""
        words = 2 if command[0] == "checkpoint" else 1
        done = subprocess.run([self.binary, *command[:words], str(self.dir / script), *command[words:]], capture_output=True, text=True, timeout=HANG_SECONDS, cwd=cwd)
        return done.returncode, done.stdout, done.stderr

    def refused(self, result, code, exit_code, *names):
        ended, said = result
        expect(ended == exit_code, f"exit code {ended} instead of {exit_code}: {said[-600:]}")
        expect(f"[SEMEL-{code}]" in said, f"no SEMEL-{code} in: {said[-600:]}")
        hint = said.split("hint: ", 1)
        expect(len(hint) == 2 and len(hint[1].strip()) > 10, f"no hint in: {said[-600:]}")
        for name in names:
            expect(str(name) in said, f"'{name}' is not named in: {said[-600:]}")

    def finish(self, *more, **how):
        """Goes on to the end; the result must be exact."""
        ended, said = self.run("--until-end", *more, **how)
        expect(ended == 0, f"going on ended with {ended}: {said[-600:]}")
        self.judged()
        return said

    def judged(self):
        with open(self.dir / "truth.csv", "w") as out:
            out.write("user_id,count,total\n")
            for user, (count, cents) in sorted(self.truth.items()):
                out.write(f"{user},{count},{Decimal(cents) / 100}\n")
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            wrong = judge.main(str(self.dir))
        expect(wrong == 0, said.getvalue())

    def warm_up(self):
        """Reads what is there, takes checkpoints, commits, stops: a store with state, positions and receipts."""
        self.produce()
        process = self.start()
        self.wait_for(lambda: len(list((self.store / "commits").glob("*"))) >= 4 if (self.store / "commits").exists() else False, process)
        process.send_signal(signal.SIGTERM)
        ended, said = self.end_of(process)
        expect(ended == 0, f"the first run ended with {ended}: {said[-600:]}")
        self.produce(ROWS // 3)

    def wait_for(self, condition, process=None, seconds=20):
        deadline = time.time() + seconds
        while not condition():
            if process is not None and process.poll() is not None:
                raise Failure(f"ended by itself with {process.returncode}: {process.communicate()[1][-600:]}")
            expect(time.time() < deadline, "it never came to that")
            time.sleep(0.01)

    def commits(self):
        return len(list((self.store / "commits").glob("*")))

    def generations(self):
        return [int(path.name) for path in (self.store / "generations").glob("*")]

    def start_and_commit(self):
        """A process that runs: an epoch of its own is committed, not only one that it found in doubt."""
        before = max(self.generations(), default=0)
        process = self.start()
        own = lambda name: "-" in name and not name.startswith("folded") and int(name.split("-")[1]) > before
        self.wait_for(lambda: any(own(path.name) for path in (self.store / "commits").glob("*")), process)
        return process


class Saved:
    """The state of a pipeline, put back before each of many tries. Input files stay: a position names their inode."""

    PARTS = ["checkpoints", "catalog.db", "warehouse"]

    def __init__(self, pipeline):
        self.pipeline, self.copy = pipeline, pipeline.dir / "saved"
        self.move(pipeline.dir, self.copy)

    def move(self, source, target):
        target.mkdir(exist_ok=True)
        for part in self.PARTS:
            if (target / part).is_dir():
                shutil.rmtree(target / part)
            (shutil.copytree if (source / part).is_dir() else shutil.copy2)(source / part, target / part)

    def put_back(self):
        self.move(self.copy, self.pipeline.dir)


def positions(kind, size, r):
    """Every field of the seal, the first and last bytes of the payload, and one in between."""
    fixed = {0, 9, 13, 18, 25, 28, size - 1}
    return sorted(p for p in fixed | {r.randrange(size)} if p < size)


def flip(path, position):
    content = bytearray(path.read_bytes())
    content[position] ^= 1 << (position % 8)
    path.unlink()  # the saved copy may share nothing with it, but a file of the store is never written in place
    path.write_bytes(content)


def bit_rot(pipeline):
    """One byte flipped in any file of the checkpoint store."""
    pipeline.warm_up()
    saved, r = Saved(pipeline), random.Random(SEED)
    outcomes = {}
    whole = saved.copy / "checkpoints" / "faults"
    for good in sorted(p for p in whole.rglob("*") if p.is_file() and p.parent.name != "tmp"):
        name = str(good.relative_to(whole))
        path = pipeline.store / name
        kind = name.split("/")[0] + ("/" + path.name if path.name.startswith("MANIFEST") else "")
        size = good.stat().st_size
        for n, position in enumerate(positions(kind, size, r)):
            saved.put_back()
            flip(path, position)
            what = f"{name}, byte {position} of {size}"
            found, shown, _ = pipeline.semel("checkpoint", "verify")
            unused = f"note: '{name}' belongs to no kept checkpoint" in shown
            expect(found == (0 if unused else 65) and name in shown, f"checkpoint verify misses {what}: {found} {shown}")
            ended, said = pipeline.run("--until-end")
            if ended == 0:
                if n == 0:
                    pipeline.judged()
                reported = name in said and "copy" in said
                expect(not reported or kind == "checkpoints/MANIFEST", f"{what}: only a manifest can be healed")
                outcome = "healed and reported" if reported else "not read by the start"
            else:
                pipeline.refused((ended, said), 2004, 65, name)
                outcome = "refused by name"
                if n == 0:  # the right file put back: on it goes
                    shutil.copy2(good, path)
                    pipeline.finish()
            outcomes.setdefault((kind, outcome), set()).add(name)
            outcomes[(kind, outcome, "tries")] = outcomes.get((kind, outcome, "tries"), 0) + 1
    table = {key: value for key, value in outcomes.items() if len(key) == 2}
    for (kind, outcome), names in sorted(table.items()):
        print(f"        {kind:28} {outcome:24} {len(names):3} files {outcomes[(kind, outcome, 'tries')]:4} flips")
    by_kind = lambda kind: {outcome for k, outcome in table if k == kind}
    expect("healed and reported" in by_kind("checkpoints/MANIFEST") and "refused by name" not in by_kind("checkpoints/MANIFEST"), "a manifest is healed from its copy")
    for kind in ("bases", "LINEAGES", "segments", "generations", "commits"):
        expect("refused by name" in by_kind(kind), f"no damaged file of {kind} was refused: none was read?")
    expect(len(table[("LINEAGES", "refused by name")]) == 1 and "not read by the start" not in by_kind("LINEAGES"), "the lineage is always read")


def rotten_manifest_and_copy(pipeline):
    """Both copies of the newest manifest damaged: refused, never an older one."""
    pipeline.warm_up()
    newest = max(pipeline.store.glob("checkpoints/*"), key=lambda p: int(p.name.split("-")[0]))
    kept = {p: p.read_bytes() for p in newest.iterdir()}
    for path in kept:
        flip(path, 40)
    pipeline.refused(pipeline.run("--until-end"), 2004, 65, f"checkpoints/{newest.name}/MANIFEST")
    for path, content in kept.items():
        path.write_bytes(content)
    pipeline.finish()


def missing_store_file(pipeline):
    """A state segment, then the lineage, removed."""
    pipeline.warm_up()
    newest = max(pipeline.store.glob("checkpoints/*"), key=lambda p: int(p.name.split("-")[0]))
    segments = sorted(pipeline.store.glob(f"segments/{newest.name}-*"))
    expect(segments, "the newest checkpoint has state of its own")
    for path, code, exit_code in [(segments[0], 2006, 65), (next((pipeline.store / "LINEAGES").iterdir()), 2006, 65)]:
        content = path.read_bytes()
        path.unlink()
        pipeline.refused(pipeline.run("--until-end"), code, exit_code, path.name)
        path.write_bytes(content)
    pipeline.finish()


def shortened_input(pipeline):
    """An input file is shorter than what was read of it."""
    pipeline.warm_up()
    path = pipeline.dir / "in" / "0.json"
    content = path.read_bytes()
    os.truncate(path, 100)
    pipeline.refused(pipeline.run("--until-end"), 5201, 65, "0.json", "shortened")
    with open(path, "r+b") as f:  # the same file, as it was
        f.write(content)
    pipeline.finish()


def replaced_input(pipeline):
    """Another file of the same name, longer and other than what was read; then none at all."""
    pipeline.warm_up()
    path, aside = pipeline.dir / "in" / "0.json", pipeline.dir / "aside.json"
    path.rename(aside)
    path.write_bytes(b'{"purchase_id":1}\n' * 20000)
    pipeline.refused(pipeline.run("--until-end"), 5201, 65, "0.json", "replaced")
    path.unlink()
    pipeline.refused(pipeline.run("--until-end"), 5201, 65, "0.json", "gone")
    aside.rename(path)
    pipeline.finish()


def input_shortened_while_running(pipeline):
    pipeline.produce()
    process = pipeline.start()
    pipeline.wait_for(lambda: (pipeline.store / "commits").exists() and pipeline.commits() >= 3, process)
    path = pipeline.dir / "in" / "1.json"
    content = path.read_bytes()
    os.truncate(path, 50)
    pipeline.refused(pipeline.end_of(process), 5201, 65, "1.json")
    with open(path, "r+b") as f:
        f.write(content)
    pipeline.finish()


def missing_input(pipeline):
    """The path of the table does not exist."""
    (pipeline.dir / "in").rmdir()
    pipeline.refused(pipeline.run("--until-end"), 5203, 66, pipeline.dir / "in")
    (pipeline.dir / "in").mkdir()
    pipeline.produce()
    pipeline.finish()


def bad_lines(pipeline):
    """Broken JSON, a value of the wrong type, a NULL event time: the place is named; the corrected line is read by the next run."""
    pipeline.warm_up()
    path = pipeline.dir / "in" / "0.json"
    for broken, code in [('{"purchase_id":x', 5101), ('{"user_id":"many"}', 5102), ('{"amount":"1,5"}', 5102), ('{"ts":"yesterday"}', 5102), ('{"purchase_id":7,"ts":null}', 8203)]:
        good = pipeline.line()
        offset = path.stat().st_size
        with open(path, "a") as f:
            f.write(broken.ljust(len(good) - 1) + "\n")
        pipeline.refused(pipeline.run("--until-end"), code, 65, "0.json", offset)
        with open(path, "r+") as f:
            f.seek(offset)
            f.write(good)
    pipeline.finish()


def skipped_lines(pipeline):
    """'json.ignore-parse-errors': what is no JSON is skipped and counted, a field of the wrong type is NULL, as in Flink."""
    pipeline.write_script(options=", 'json.ignore-parse-errors' = 'true'", interval="30 ms")
    pipeline.produce(100)
    with open(pipeline.dir / "in" / "0.json", "a") as f:
        f.write("no JSON at all\n{\"purchase_id\":\n")
    pipeline.produce(100)
    said = pipeline.finish()
    newest = max(pipeline.store.glob("checkpoints/*"), key=lambda p: int(p.name.split("-")[0])).name
    rejected = 0
    for attempt in {p.name for p in pipeline.store.glob("checkpoints/*")}:
        shown = subprocess.run([pipeline.binary, "checkpoint", "show", str(pipeline.dir / "pipeline.sql"), attempt], capture_output=True, text=True).stdout
        rejected += sum(int(line.rsplit("= ", 1)[1]) for line in shown.splitlines() if "/rejected = " in line)
    expect(rejected == 2, f"{rejected} rejected records in the books instead of 2 (newest {newest}); said: {said}")


def bad_scripts(pipeline):
    """Options and names that do not fit are errors before anything is made."""
    cases = [
        (dict(options=", 'path2' = 'x'"), 1108, 78, "path2"),
        (dict(options=", 'json.no-such' = 'x'"), 1108, 78, "json.no-such"),
        (dict(options=", 'json.ignore-parse-errors' = 'maybe'"), 5104, 78, "maybe"),
        (dict(inserts="INSERT INTO lake.shop.nothing SELECT purchase_id FROM purchases;"), 4001, 78, "nothing"),
        (dict(inserts="INSERT INTO lake.shop.revenue SELECT purchase_id FROM nothing;"), 1107, 78, "nothing"),
        (dict(inserts="INSERT INTO lake.shop.revenue SELECT no_such FROM purchases;"), 1101, 78, "no_such"),
    ]
    for changes, code, exit_code, name in cases:
        pipeline.write_script(**changes)
        pipeline.refused(pipeline.run("--until-end"), code, exit_code, name)
        expect(not pipeline.store.exists() and not (pipeline.dir / "warehouse").exists(), "a refused script makes nothing")
    pipeline.write_script()
    pipeline.produce()
    pipeline.finish()


def other_schema(pipeline):
    """The table exists with other columns than the script declares: a wider type than the table's, another scale, one that it does not have. (A
    narrower one fits: the table's may have been widened since; shared_tables.py.)"""
    pipeline.warm_up()
    for declared, other in (("(user_id INT, window_start", "(user_id BIGINT, window_start"), ("revenue DECIMAL(38,2)", "revenue DECIMAL(38,3)"), ("revenue DECIMAL(38,2)", "income DECIMAL(38,2)")):
        pipeline.write_script(tables=TABLES.replace(declared, other))
        pipeline.refused(pipeline.run("--until-end"), 4003, 78, other.split()[0].strip("("))
    pipeline.write_script()
    pipeline.finish()


def refused_fresh(pipeline):
    """--fresh although the tables hold rows: refused before anything is taken over; the pipeline goes on from its state as if nothing was."""
    pipeline.warm_up()
    before = sorted((pipeline.store / "generations").iterdir())
    pipeline.refused(pipeline.run("--until-end", "--fresh"), 2022, 78, "holds rows")
    expect(sorted((pipeline.store / "generations").iterdir()) == before, "a refused start claims nothing")
    pipeline.finish()


def missing_table_file(pipeline):
    """The table's metadata, then its manifest list, removed from the warehouse."""
    pipeline.warm_up()
    with sqlite3.connect(pipeline.dir / "catalog.db") as db:
        location = db.execute("select metadata_location from iceberg_tables where table_name = 'revenue'").fetchone()[0]
    path = pathlib.Path(location.replace("file://", ""))
    good = path.read_bytes()
    for broken in (None, b"{", good.replace(b'"table-uuid":', b'"table-uuid":1,"x":'), b"[]"):
        path.unlink()
        if broken is not None:
            path.write_bytes(broken)
        pipeline.refused(pipeline.run("--until-end"), 4002, 65, path.name)
        path.write_bytes(good)
    pipeline.finish()


def file_for_folder(pipeline):
    """A file stands where a folder is needed: the checkpoint folder, the warehouse."""
    pipeline.produce()
    for name in ("warehouse", "checkpoints"):
        (pipeline.dir / name).write_text("no folder")
        pipeline.refused(pipeline.run("--until-end"), 6006, 73, pipeline.dir / name)
        (pipeline.dir / name).unlink()
    pipeline.finish()


def permissions(pipeline):
    """Folders and files that may not be written, for root too: without the capability that ignores permissions."""
    pipeline.warm_up()
    prefix = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    cases = [(pipeline.store / "generations", 6003), (pipeline.store / "tmp", 6003), (pipeline.dir / "warehouse" / "shop" / "revenue" / "data", 6003), (pipeline.dir / "catalog.db", 6003)]
    for path, code in cases:
        mode = path.stat().st_mode
        path.chmod(0o555 if path.is_dir() else 0o444)
        pipeline.refused(pipeline.run("--until-end", prefix=prefix), code, 77, path)
        path.chmod(mode)
    pipeline.finish(prefix=prefix)


def full_disk(pipeline):
    """No space for checkpoints, then none for data files (a small tmpfs each, filled up), then again some."""
    pipeline.warm_up()
    for name in ("checkpoints", "warehouse"):
        folder, aside = pipeline.dir / name, pipeline.dir / "aside"
        folder.rename(aside)
        folder.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], capture_output=True).returncode != 0:
            print("        no right to mount: a limit on the size of files takes the place of a full disk")
            folder.rmdir()
            aside.rename(folder)
            return file_size_limit(pipeline)
        try:
            shutil.copytree(aside, folder, dirs_exist_ok=True)
            ballast = folder / "ballast"
            with contextlib.suppress(OSError), open(ballast, "wb", buffering=0) as f:
                while True:
                    f.write(b"x" * 4096)
            pipeline.refused(pipeline.run("--until-end"), 6004, 74, folder)
            ballast.unlink()
            ended, said = pipeline.run("--until-end") if name == "warehouse" else (0, "")
            expect(ended == 0, f"with space again: {ended} {said[-600:]}")
            shutil.rmtree(aside)
            shutil.copytree(folder, aside)
        finally:
            subprocess.run(["umount", folder], check=True)
            folder.rmdir()
            aside.rename(folder)
    pipeline.judged()


def file_size_limit(pipeline):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512))

    pipeline.refused(pipeline.run("--until-end", setup=limit), 6004, 74)
    pipeline.finish()


def locked_catalog(pipeline):
    """Another program holds the catalog at a start: refused, to be tried again. While running: waited for, then committed."""
    pipeline.warm_up()
    other = sqlite3.connect(pipeline.dir / "catalog.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    pipeline.refused(pipeline.run("--until-end"), 6021, 75, "catalog.db", "locked")
    other.execute("ROLLBACK")
    process = pipeline.start_and_commit()
    other.execute("BEGIN EXCLUSIVE")
    before = pipeline.commits()
    pipeline.produce(200)
    time.sleep(7)  # longer than the engine's own patience with a lock
    expect(process.poll() is None, "a lock on the catalog does not end a running pipeline")
    waited = pipeline.commits() - before
    other.execute("ROLLBACK")
    expect(waited <= 1, f"{waited} commits while the catalog was locked")
    pipeline.wait_for(lambda: pipeline.commits() > before + waited + 1, process)
    process.send_signal(signal.SIGTERM)
    expect(pipeline.end_of(process)[0] == 0, "it stops well")
    pipeline.finish()


def failed_while_locked(pipeline):
    """A record is broken while a commit waits for the catalog: the process ends all the same, and the decided epoch is committed later."""
    pipeline.warm_up()
    pipeline.write_script(interval="2 s")  # four epochs that wait hold the sources, and no broken record is read then
    process = pipeline.start_and_commit()
    other = sqlite3.connect(pipeline.dir / "catalog.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    pipeline.produce(200)
    time.sleep(3)  # the commit of these rows waits for the lock now
    expect(process.poll() is None, "a lock on the catalog does not end a running pipeline")
    with open(pipeline.dir / "in" / "1.json", "a") as f:
        f.write("broken\n")
    ended = pipeline.end_of(process, seconds=20)
    other.execute("ROLLBACK")
    pipeline.refused(ended, 5101, 65, "1.json")
    os.truncate(pipeline.dir / "in" / "1.json", (pipeline.dir / "in" / "1.json").stat().st_size - len("broken\n"))
    pipeline.finish()


def stop_signals(pipeline):
    """SIGTERM and SIGINT: a last checkpoint, open windows stay in the state, exit code 0. At the end everything has fired; a further start says so."""
    for which in (signal.SIGTERM, signal.SIGINT):
        pipeline.produce(ROWS // 2)
        process = pipeline.start()
        before = pipeline.commits() if pipeline.store.exists() else 0
        pipeline.wait_for(lambda: (pipeline.store / "commits").exists() and pipeline.commits() > before + 1, process)
        process.send_signal(which)
        ended, said = pipeline.end_of(process)
        expect(ended == 0 and "stopped: the next run goes on from here" in said, f"{which.name}: {ended} {said[-600:]}")
        expect("finished" not in pipeline.semel("checkpoint", "list")[1], "a stop is no end")
    pipeline.finish()
    expect("finished" in pipeline.semel("checkpoint", "list")[1], "the last manifest says that the pipeline has finished")
    for more in ([], ["--until-end"]):
        ended, said = pipeline.run(*more)
        expect(ended == 0 and "finished before" in said, f"once more: {ended} {said[-600:]}")
    pipeline.judged()


def stopped_while_locked(pipeline):
    """A stop whose epoch cannot be committed: ends at once at a second signal, else when its patience does; both times 75, and nothing is lost."""
    pipeline.warm_up()
    other = sqlite3.connect(pipeline.dir / "catalog.db", isolation_level=None)
    for signals in (2, 1):
        process = pipeline.start_and_commit()
        other.execute("BEGIN EXCLUSIVE")
        pipeline.produce(200)
        time.sleep(1)  # the commit of these rows waits for the lock now
        process.send_signal(signal.SIGTERM)
        asked = time.time()
        if signals == 2:
            time.sleep(1)
            expect(process.poll() is None, "it waits for the receipt")
            process.send_signal(signal.SIGTERM)
            ended, said = pipeline.end_of(process, seconds=10)
            expect(ended == 75 and time.time() - asked < 5 and "stopped at once; a decided epoch is committed by the next start" in said,
                   f"the second signal: {ended} after {time.time() - asked:.1f} s; {said[-600:]}")
        else:
            pipeline.refused(pipeline.end_of(process, seconds=100), 2021, 75, "decided and will be committed by the next start")
        other.execute("ROLLBACK")
        pipeline.produce(100)
    said = pipeline.finish()
    expect("was decided and in doubt" in said, f"the next start commits what was decided: {said[-600:]}")


def takeover(pipeline):
    """A second start takes over by name; the first one ends with 3 and has nothing more to say to the tables."""
    pipeline.produce()
    first = pipeline.start()
    pipeline.wait_for(lambda: (pipeline.store / "commits").exists() and pipeline.commits() >= 3, first)
    second = pipeline.start()
    pipeline.refused(pipeline.end_of(first), 2010, 3, f"{os.uname().nodename}/{second.pid} took over")
    before = pipeline.commits()
    pipeline.produce()
    pipeline.wait_for(lambda: pipeline.commits() > before, second)
    second.send_signal(signal.SIGTERM)
    ended, said = pipeline.end_of(second)
    expect(ended == 0 and f"supersedes generation 1 of {os.uname().nodename}/{first.pid}" in said, f"{ended} {said[-600:]}")
    said = pipeline.finish()
    expect("supersedes" not in said and re.search(r"pipeline 'faults': resumes from checkpoint \d+-2 \(\d+ s old\), state in " + re.escape(str(pipeline.store)) + ", 2 workers", said),
           f"behind a process that has ended nobody is superseded: {said[-600:]}")


def defaults(pipeline):
    """State is in ./.semel/<name>, in the folder of the older setting where that is given; a pipeline needs a name."""
    pipeline.produce(100)
    script = pipeline.dir / "pipeline.sql"
    full, setting = script.read_text(), re.compile(r"SET 'execution.checkpointing.dir' = '.*';\n")
    expect(setting.search(full), "the script names its folder")
    script.write_text(full.replace("SET 'pipeline.name' = 'faults';", ""))
    pipeline.refused(pipeline.run("--until-end"), 7101, 78, "pipeline.name")
    script.write_text(setting.sub("", full))
    expect(pipeline.run("--until-end", cwd=pipeline.dir)[0] == 0, "without a folder of its own")
    expect((pipeline.dir / ".semel" / "faults" / "LINEAGES").is_dir(), "./.semel/<name>")
    pipeline.judged()
    script.write_text(setting.sub(f"SET 'state.checkpoints.dir' = 'file://{pipeline.dir}/.semel';\n", full))
    ended, said = pipeline.run("--until-end")
    expect(ended == 0 and "finished before" in said, f"the older name leads to the same state: {ended} {said[-600:]}")
    script.write_text(setting.sub("", full))
    (pipeline.dir / "elsewhere").mkdir()
    elsewhere = pipeline.dir / "elsewhere" / ".semel" / "faults"
    pipeline.refused(pipeline.run("--until-end", cwd=pipeline.dir / "elsewhere"), 2022, 78, f"there is no checkpoint of 'faults' in {elsewhere}", "start it there")
    expect(not elsewhere.exists(), "a refused start makes nothing")
    for command in (("verify",), ("checkpoint", "list"), ("checkpoint", "show", "1-1"), ("checkpoint", "verify")):
        ended, _, said = pipeline.semel(*command, cwd=pipeline.dir / "elsewhere")
        expect(ended == 66 and str(elsewhere) in said and "SEMEL-2023" in said, f"{command} elsewhere: {ended} {said}")


def append_again(pipeline):
    """--fresh onto rows of this pipeline needs --append-again; then every row is there once more and every epoch is proven."""
    pipeline.produce()
    pipeline.finish()
    pipeline.refused(pipeline.run("--until-end", "--fresh"), 2022, 78, "--append-again")
    expect(pipeline.run("--until-end", "--fresh", "--append-again")[0] == 0, "with --append-again")
    pipeline.truth = {user: (2 * count, total) for user, (count, total) in pipeline.truth.items()}
    ended, shown, _ = pipeline.semel("verify")
    expect(ended == 0 and shown.count(" 0 differ") == 2, shown)


def dropped_table(pipeline):
    """A table that was dropped is made again by CREATE TABLE IF NOT EXISTS, but the pipeline does not go on into it."""
    pipeline.warm_up()
    with contextlib.closing(sqlite3.connect(pipeline.dir / "catalog.db", isolation_level=None)) as db:
        row = db.execute("select * from iceberg_tables where table_name = 'revenue'").fetchone()
        db.execute("delete from iceberg_tables where table_name = 'revenue'")
        pipeline.refused(pipeline.run("--until-end"), 2024, 65, "lake.shop.revenue", "dropped and created again")
        db.execute("delete from iceberg_tables where table_name = 'revenue'")
        db.execute(f"insert into iceberg_tables values ({', '.join('?' * len(row))})", row)
    pipeline.finish()


def dropped_with_a_decided_epoch(pipeline):
    """Tables dropped to start over while an epoch waits for them: even --fresh would have to commit it first; the error says the way out."""
    pipeline.warm_up()
    expect(pipeline.start("--inject", "commit.iceberg.swap.before:1:crash").wait(HANG_SECONDS) == -signal.SIGKILL, "killed between decision and commit")
    with contextlib.closing(sqlite3.connect(pipeline.dir / "catalog.db", isolation_level=None)) as db:
        db.execute("delete from iceberg_tables")
    shutil.rmtree(pipeline.dir / "warehouse")
    pipeline.refused(pipeline.run("--until-end", "--fresh"), 2011, 65, "move the checkpoint folder away")
    (pipeline.dir / "checkpoints").rename(pipeline.dir / "aside")
    pipeline.finish()


TESTS = [bit_rot, rotten_manifest_and_copy, missing_store_file, shortened_input, replaced_input, input_shortened_while_running, missing_input, bad_lines,
         skipped_lines, bad_scripts, other_schema, refused_fresh, missing_table_file, file_for_folder, permissions, full_disk, locked_catalog, failed_while_locked, stop_signals, stopped_while_locked, takeover, defaults, append_again, dropped_table,
         dropped_with_a_decided_epoch]


def main(binary, folder, wanted, tests):
    failed = 0
    for test in tests:
        if wanted and test.__name__ not in wanted:
            continue
        started = time.time()
        try:
            test(Pipeline(os.path.abspath(binary), f"{folder}/{test.__name__}"))
            print(f"ok      {test.__name__} ({time.time() - started:.1f} s)", flush=True)
        except Failure as failure:
            failed += 1
            print(f"FAILED  {test.__name__}: {failure}", flush=True)
    print(f"{failed} tests failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    import command_line
    import faults  # the one module whose Failure everyone means

    faults.main(sys.argv[1], sys.argv[2], sys.argv[3:], faults.TESTS + command_line.TESTS)

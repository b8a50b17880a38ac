# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# What a user meets at the command line, with the real binary: run by faults.py beside its own cases.
import contextlib
import fcntl
import json
import os
import pty
import re
import shutil
import signal
import sqlite3
import struct
import subprocess
import termios
import time

from faults import HANG_SECONDS, INSERTS, Saved, expect


def command_line(pipeline):
    """Wrong use is 64 in our own form, a script that is not there 66; results and errors as JSON are valid and have their place."""
    plain = lambda *words: subprocess.run([pipeline.binary, *words], capture_output=True, text=True)
    for wrong in ([], ["nothing"], ["run"], ["run", "--no-such", "x"], ["run", "--workers", "0", "x"], ["check", "--format", "xml", "x"], ["checkpoint"],
                  ["run", "--append-again", str(pipeline.dir / "pipeline.sql")]):
        done = plain(*wrong)
        expect(done.returncode == 64 and done.stderr.startswith("error[SEMEL-7401]: ") and "hint: " in done.stderr, f"{wrong}: {done.returncode} {done.stderr[-300:]}")
        if "xml" not in wrong:
            error = json.loads(plain(*wrong, "--format", "json").stderr)
            expect(error["code"] == "SEMEL-7401" and error["exit_code"] == 64, f"{wrong} as JSON: {error}")
    expect("did you mean `semel verify`" in plain("verfy", "x").stderr, "the nearest command")
    untested = plain("run", "--inject", "a:1:crash", str(pipeline.dir / "pipeline.sql"))
    expect(untested.returncode == 64 and "SEMEL-6030" in untested.stderr, f"--inject without SEMEL_TESTING: {untested.returncode} {untested.stderr}")
    expect(pipeline.semel("check", script="nothing.sql")[0] == 66, "no script")
    ended, _, said = pipeline.semel("check", script=".")
    expect(ended == 66 and "is a folder" in said, f"a folder: {ended} {said}")
    version = plain("--version")
    for library in ("fmt", "date", "zstd", "lz4", "snappy", "zlib", "xxHash", "nlohmann/json", "CLI11", "Arrow", "simdjson", "SQLite", "OpenSSL", "libcurl"):
        expect(library in version.stdout, f"{library} is not in {version.stdout}")
    expect(version.returncode == 0 and version.stdout.startswith("semel ") and plain("version").stdout == version.stdout and plain("help").stdout == plain("--help").stdout, "words")
    expect(json.loads(plain("--version", "--format", "json").stdout)["libraries"].keys() >= {"fmt", "OpenSSL"}, "versions as JSON")
    pipeline.write_script(inserts="INSERT INTO lake.shop.revenue SELECT no_such FROM purchases;")
    for command in ("run", "check", "explain"):
        ended, _, said = pipeline.semel(command, "--format", "json")
        error = json.loads(said)
        expect(ended == 78 == error["exit_code"] and error["code"] == "SEMEL-1101" and error["line"] > 1 and error["hint"] and error["file"].endswith("pipeline.sql"), f"{command}: {said}")
    (pipeline.dir / "odd.sql").write_bytes(b"SELECT \x1b[2J\xff FROM t;\n")
    done = subprocess.run([pipeline.binary, "check", str(pipeline.dir / "odd.sql")], capture_output=True)
    expect(done.returncode == 78 and b"\\x1b[2J\\xff" in done.stderr and b"\x1b" not in done.stderr and b"\xff" not in done.stderr, f"control bytes: {done.stderr}")
    json.loads(subprocess.run([pipeline.binary, "check", str(pipeline.dir / "odd.sql"), "--format", "json"], capture_output=True).stderr.decode())
    pipeline.write_script(inserts="")
    for command in (["run"], ["check"], ["check", "--offline"], ["explain"], ["verify"]):
        ended, _, said = pipeline.semel(*command)
        expect(ended == 78 and "SEMEL-7105" in said, f"{command} of a script without INSERT: {ended} {said}")
    pipeline.write_script()
    ended, shown, _ = pipeline.semel("check", "--format", "json")
    expect(ended == 0 and json.loads(shown) == {"ok": True, "pipeline": "faults", "sinks": 2, "folder": str(pipeline.store), "notices": [], "warnings": []}, shown)
    expect({node["operator"] for node in json.loads(pipeline.semel("explain", "--format", "json")[1])} >= {"Scan", "Sink", "Watermark"}, "the plan as JSON")
    expect(not pipeline.store.exists() and not (pipeline.dir / "warehouse").exists(), "check and explain make nothing")
    ended, _, said = pipeline.semel("verify")
    expect(ended == 66 and "has not run yet" in said and str(pipeline.store) in said, f"verify before the first run: {ended} {said}")
    pipeline.produce(100)
    said = pipeline.finish()
    expect("every row is committed; this run: 100 rows read" in said, said[-400:])
    expect(pipeline.semel("checkpoint", "show", "1-1")[0] == 0 and pipeline.semel("checkpoint", "show", "99-1")[0] == 66, "an attempt that is there, and one that is not")
    expect(pipeline.semel("checkpoint", "verify")[0] == 0 and pipeline.semel("verify")[0] == 0, "store and tables prove themselves")
    listed = json.loads(pipeline.semel("checkpoint", "list", "--format", "json")[1])
    expect(listed["folder"] == str(pipeline.store) and listed["committed"]["read"] == 100 and listed["attempts"][-1]["note"] == "finished", listed)
    expect(json.loads(pipeline.semel("checkpoint", "show", listed["attempts"][-1]["attempt"], "--format", "json")[1])["finished"], "an attempt as JSON")
    expect(json.loads(pipeline.semel("checkpoint", "verify", "--format", "json")[1])["bad"] == [], "the store as JSON")
    proof = json.loads(pipeline.semel("verify", "--format", "json")[1])
    expect(proof["proven"] and len(proof["tables"]) == 2 and all(table["differ"] == 0 for table in proof["tables"]), proof)


def last_words(pipeline):
    """A run says what it dropped, and never that every row is committed if it dropped any; an input folder without files is named. As JSON: an object a line."""
    pipeline.write_script(follow="false")
    ended, said = pipeline.run()
    expect(ended == 0 and f"there is no file in '{pipeline.dir}/in'" in said, f"nothing to read: {ended} {said}")
    shutil.rmtree(pipeline.dir / "checkpoints")
    pipeline.write_script(follow="false", options=", 'json.ignore-parse-errors' = 'true'")
    pipeline.produce(100)
    with open(pipeline.dir / "in" / "1.json", "a") as more:
        more.write("no json\n")
    ended, said = pipeline.run("--format", "json")
    words = [json.loads(line)["event"] for line in said.splitlines()]
    expect(ended == 0 and "everything that was not dropped is committed" in words[-1] and "1 rejected and skipped" in words[-1], f"{ended} {words}")
    expect(any("starts without state" in word for word in words), words)
    ended, shown, _ = pipeline.semel("checkpoint", "list")
    expect(ended == 0 and "1 rejected and skipped" in shown, shown)
    pipeline.judged()


def full_output(pipeline):
    """What cannot be written to standard output is an error, 74: the result of a command, the rows of a print sink."""
    pipeline.produce(100)
    script = str(pipeline.dir / "pipeline.sql")
    pipeline.finish()
    for command in (["explain", script], ["check", script, "--format", "json"], ["checkpoint", "list", script], ["verify", script], ["version"]):
        with open("/dev/full", "w") as full:
            done = subprocess.run([pipeline.binary, *command], stdout=full, stderr=subprocess.PIPE, text=True)
        expect(done.returncode == 74 and "SEMEL-6007" in done.stderr, f"{command} > /dev/full: {done.returncode} {done.stderr[-300:]}")
    (pipeline.dir / "print.sql").write_text((pipeline.dir / "pipeline.sql").read_text().split("CREATE CATALOG")[0].replace("'faults'", "'printed'") +
                                            "CREATE TABLE p (purchase_id BIGINT) WITH ('connector' = 'print');\nINSERT INTO p SELECT purchase_id FROM purchases;\n")
    reader, closed = os.pipe()
    os.close(reader)
    for out in (open("/dev/full", "w"), os.fdopen(closed, "w")):
        done = subprocess.run([pipeline.binary, "run", str(pipeline.dir / "print.sql"), "--until-end"], stdout=out, stderr=subprocess.PIPE, text=True, timeout=HANG_SECONDS)
        expect(done.returncode == 74 and "SEMEL-6007" in done.stderr, f"rows into {out.name}: {done.returncode} {done.stderr[-300:]}")


def proven_tables(pipeline):
    """semel verify proves, or says what it cannot: a data file removed, a table dropped and made again, an older copy of the catalog, no state."""
    pipeline.warm_up()
    saved = Saved(pipeline)
    pipeline.finish()
    expect(pipeline.semel("verify")[0] == 0, "all is well")
    victim = next((pipeline.dir / "warehouse" / "shop" / "running_sum" / "data").glob("*.parquet"))
    good = victim.read_bytes()
    victim.unlink()
    ended, shown, said = pipeline.semel("verify")
    expect(ended == 65 and "SEMEL-7201" in said and str(victim) in shown and re.search(r"epoch \d+-\d+ of lake.shop.running_sum", shown), f"a file removed: {ended} {shown} {said}")
    expect(re.search(r"lake.shop.revenue: \d+ epochs proven, 0 differ", shown), f"the other table is proven all the same: {shown}")
    victim.write_bytes(good[: len(good) // 2])
    expect(pipeline.semel("verify")[0] == 65, "half a file")
    victim.write_bytes(good)
    newer = (pipeline.dir / "catalog.db").read_bytes()
    shutil.copy2(saved.copy / "catalog.db", pipeline.dir / "catalog.db")
    ended, shown, _ = pipeline.semel("verify")
    expect(ended == 65 and "restored from an older copy" in shown, f"an older catalog: {ended} {shown}")
    (pipeline.dir / "catalog.db").write_bytes(newer)
    with contextlib.closing(sqlite3.connect(pipeline.dir / "catalog.db", isolation_level=None)) as db:
        db.execute("delete from iceberg_tables where table_name = 'revenue'")
    ended, shown, _ = pipeline.semel("verify")
    expect(ended == 65 and "lake.shop.revenue" in shown, f"a table dropped: {ended} {shown}")
    pipeline.run("--until-end")  # makes the table again, and refuses to go on into it
    ended, shown, _ = pipeline.semel("verify")
    expect(ended == 65 and "dropped and made again" in shown and " 0 expired" in shown, f"a table made again: {ended} {shown}")
    (pipeline.dir / "catalog.db").write_bytes(newer)
    expect(pipeline.semel("verify")[0] == 0, "put back")
    (pipeline.dir / "checkpoints").rename(pipeline.dir / "aside")
    ended, _, said = pipeline.semel("verify")
    expect(ended == 66 and str(pipeline.store) in said, f"without state: {ended} {said}")


def asked_while_it_runs(pipeline):
    """The commands that read find nothing wrong with a pipeline that decides, commits and prunes meanwhile."""
    pipeline.write_script(interval="20 ms")
    pipeline.produce(300)
    process = pipeline.start_and_commit()
    end = time.time() + 5
    while time.time() < end:
        pipeline.produce(100)
        for command in (("verify",), ("checkpoint", "verify"), ("checkpoint", "list"), ("check",)):
            done = pipeline.semel(*command)
            expect(done[0] == 0, f"{command} while it runs: {done}")
    process.send_signal(signal.SIGTERM)
    expect(pipeline.end_of(process)[0] == 0, "stopped")
    pipeline.finish()


def checked(pipeline):
    """semel check says what would end a run at once, without writing; a changed script is a warning."""
    pipeline.produce(100)
    prefix = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []

    def check():
        done = subprocess.run([*prefix, pipeline.binary, "check", str(pipeline.dir / "pipeline.sql")], capture_output=True, text=True)
        return done.returncode, done.stderr

    (pipeline.dir / "checkpoints").write_text("")
    ended, said = check()
    expect(ended == 73 and str(pipeline.dir / "checkpoints") in said, f"a file where the checkpoint folder would be: {ended} {said}")
    (pipeline.dir / "checkpoints").unlink()
    (pipeline.dir / "catalog.db").mkdir()
    ended, said = check()
    expect(ended == 73 and "catalog.db" in said, f"a folder where the catalog would be: {ended} {said}")
    (pipeline.dir / "catalog.db").rmdir()
    for part, what in ((pipeline.dir, "checkpoint folder"), (pipeline.dir / "in" / "0.json", "0.json"), (pipeline.dir / "pipeline.sql", "the script")):
        mode = part.stat().st_mode
        part.chmod(0o555 if part.is_dir() else 0)
        ended, said = check()
        part.chmod(mode)
        expect(ended == 77 and what in said and ("to read" in said or part.is_dir()), f"{part} denied: {ended} {said}")
    pipeline.finish()
    ended, _, said = pipeline.semel("check")
    expect(ended == 0 and "warning" not in said, f"the same script: {said}")
    pipeline.write_script(inserts=INSERTS.replace("INTERVAL '10' SECOND", "INTERVAL '20' SECOND"))
    ended, _, said = pipeline.semel("check")
    expect(ended == 0 and "warning: `semel run` will refuse this: the script has changed since checkpoint" in said, f"another script: {ended} {said}")


def told_why(pipeline):
    """Off a terminal a run says when a silent split begins to hold the watermark; on one the status line fits and messages stand on lines of their own."""
    pipeline.produce(200)
    (pipeline.dir / "in" / "silent.json").write_text("")
    process = pipeline.start()
    time.sleep(8)
    process.send_signal(signal.SIGTERM)
    ended, said = pipeline.end_of(process)
    expect(ended == 0 and said.count("held by") == 1 and "silent.json" in said and "table.exec.source.idle-timeout" in said, f"held: {ended} {said}")
    expect(re.search(r"stopped: the next run goes on from here; this run: 200 rows read", said), f"totals: {said}")
    main_end, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    process = subprocess.Popen([pipeline.binary, "run", str(pipeline.dir / "pipeline.sql")], stderr=terminal, stdout=subprocess.DEVNULL)
    os.close(terminal)
    time.sleep(3)
    process.send_signal(signal.SIGTERM)
    shown = b""
    with contextlib.suppress(OSError):  # the end of a terminal
        while chunk := os.read(main_end, 65536):
            shown += chunk
    expect(process.wait(HANG_SECONDS) == 0, "stopped")
    lines = [part for line in shown.decode().replace("\r\n", "\n").split("\n") for part in line.split("\r\x1b[K")]
    status = [line for line in lines if " rows " in line and not line.startswith("semel:")]
    expect(status and all(len(line) < 60 for line in status), f"the status line fits: {status}")
    expect(any(line.startswith("semel: stopped") for line in lines) and not any("semel: " in line[1:] for line in lines), f"messages stand alone: {lines}")


TESTS = [command_line, last_words, full_output, proven_tables, asked_while_it_runs, checked, told_why]

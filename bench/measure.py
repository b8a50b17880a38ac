# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# Measuring whole processes: CPU and wall time of children, alternating runs, ratios of medians. Every benchmark says its bar, and
# fails when what it measured gave wrong results; a missed bar is printed, and fails only with --strict.
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = pathlib.Path(os.environ.get("SEMEL_BENCH_BUILD", ROOT / "build-bench"))
SEMEL = BUILD / "semel"
missed = []


class Run:
    def __init__(self, cpu, wall, output, peak_kib):
        self.cpu, self.wall, self.output, self.peak_kib = cpu, wall, output, peak_kib


def run(*command):
    """Runs a process to its end; ends the benchmark if it fails."""
    begin = time.monotonic()
    process = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "SEMEL_TESTING": "1"})
    out, err = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        wrong(f"{command[0]} ended with {process.returncode}: {err[-500:]}")
    return Run(usage.ru_utime + usage.ru_stime, time.monotonic() - begin, out, usage.ru_maxrss)


def wrong(what):
    """A result is wrong: no number counts."""
    print(f"WRONG   {what}")
    sys.exit(1)


def check(what, good):
    if not good:
        wrong(what)
    print(f"right   {what}")


def spread(values, unit=""):
    return f"{statistics.median(values):.3g}{unit} ({min(values):.3g}–{max(values):.3g})"


def ratio(name, mine, theirs, bar, at_least=False):
    """Prints the ratio of paired runs, median (min–max), against its bar."""
    ratios = [a / b for a, b in zip(mine, theirs)]
    verdict(name, statistics.median(ratios), spread(ratios, "x"), bar, at_least)


def verdict(name, value, text, bar, at_least=False):
    met = bar is None or (value >= bar if at_least else value <= bar)
    if not met:
        missed.append(name)
    told = "reported" if bar is None else f"bar {'≥' if at_least else '≤'} {bar:g}: {'met' if met else 'MISSED'}"
    print(f"{name:<58} {text:<26} {told}")


def finish():
    sys.exit(1 if missed and "--strict" in sys.argv else 0)


def folder():
    """A scratch folder, removed at the end."""
    path = tempfile.mkdtemp(prefix="semel-bench-", dir=os.environ.get("SEMEL_BENCH_DIR"))
    import atexit
    atexit.register(shutil.rmtree, path, True)
    return path

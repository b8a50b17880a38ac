# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# What the Kafka source promises, case by case, against a real broker: codecs, transactions, start and end rules, discovery, gaps, deleted
# and recreated topics, group offsets, metadata, bad records.      kafka_contract.py BINARY DIR BOOTSTRAP [CASE…]
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic

failures = []


def check(what, good, shown=""):
    print(("ok      " if good else "FAILED  ") + what + ("" if good else f": {shown}"))
    if not good:
        failures.append(what)


class Case:
    """One pipeline: a Kafka table into print (its columns as they come)."""

    def __init__(self, name, topic, columns="id BIGINT", select="id", settings="", **options):
        self.name = name
        options = {"properties.bootstrap.servers": BOOTSTRAP, "scan.startup.mode": "earliest-offset", "format": "json", **options}
        if topic is not None:
            options["topic"] = topic
        with_ = ", ".join(f"'{k}' = '{v}'" for k, v in options.items())
        declared = dict(re.findall(r"(\w+) (BIGINT|INT|STRING)", columns))
        out = ", ".join(f"c{i} {declared[c.strip()]}" for i, c in enumerate(select.split(",")))
        self.path = f"{FOLDER}/{name}.sql"
        pathlib.Path(self.path).write_text(
            f"SET 'pipeline.name' = '{name}';\nSET 'execution.checkpointing.dir' = '{FOLDER}/checkpoints';\nSET 'execution.checkpointing.interval' = '50 ms';\n{settings}\n"
            f"CREATE TABLE t ({columns}) WITH ('connector' = 'kafka', {with_});\nCREATE TABLE out ({out}) WITH ('connector' = 'print');\nINSERT INTO out SELECT {select} FROM t;\n")

    def run(self, *more):
        done = subprocess.run([BINARY, "run", "--quiet", *more, self.path], capture_output=True, text=True, timeout=90)
        return done.returncode, re.findall(r"^\+I\[(.*)\]$", done.stdout, re.M), done.stderr

    def start(self):
        return subprocess.Popen([BINARY, "run", "--quiet", self.path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def topic(name, partitions=1, **config):
    ADMIN.create_topics([NewTopic(name, partitions, 1, config=config)])[name].result()
    return name


def delete_topic(name):
    ADMIN.delete_topics([name])[name].result()
    deadline = time.time() + 20
    while name in ADMIN.list_topics(timeout=5).topics and time.time() < deadline:
        time.sleep(0.1)


def send(name, ids, partition=0, producer=None, **config):
    own = producer or Producer({"bootstrap.servers": BOOTSTRAP, "linger.ms": 1, **config})
    for i in ids:
        own.produce(name, f'{{"id":{i}}}' if isinstance(i, int) else i, partition=partition)
    own.flush(30)


def ids(rows):
    return sorted(int(r) for r in rows)


def codecs():
    name = topic("codecs", 2)
    for n, codec in enumerate(["none", "gzip", "snappy", "lz4", "zstd"]):
        send(name, range(n * 1000, n * 1000 + 1000), n % 2, **{"compression.type": codec})
    code, rows, err = Case("codecs", name).run("--until-end")
    check("every codec is read", code == 0 and ids(rows) == list(range(5000)), err)


def transactions():
    name = topic("transactions")
    producer = Producer({"bootstrap.servers": BOOTSTRAP, "transactional.id": "contract"})
    producer.init_transactions(30)
    committed, everything = [], []
    for n in range(10):
        producer.begin_transaction()
        part = list(range(n * 100, n * 100 + 100))
        send(name, part, producer=producer)
        everything += part
        if n % 3 == 1:
            producer.abort_transaction()
        else:
            producer.commit_transaction()
            committed += part
    code, rows, err = Case("committed", name).run("--until-end")
    check("aborted transactions give no rows, and a log that ends in a marker ends", code == 0 and ids(rows) == committed, err)
    code, rows, err = Case("uncommitted", name, **{"properties.isolation.level": "read_uncommitted"}).run("--until-end")
    check("read_uncommitted sees them", code == 0 and ids(rows) == everything, err)
    producer.begin_transaction()
    send(name, [5000], producer=producer)
    code, rows, err = Case("open", name).run("--until-end")
    check("an open transaction is not waited for by --until-end", code == 0 and ids(rows) == committed, err)
    producer.abort_transaction()


def answers_that_begin_at_a_marker():
    """The aborted data lies in an answer before (it filled one), or in a segment before (the log rolled under the open transaction)."""
    for name, config, pad, wait, small in (("marker-small", {}, 300, 0, {"properties.max.partition.fetch.bytes": "2048"}), ("marker-rolled", {"segment.ms": "1000"}, 1, 2, {})):
        topic(name, **config)
        producer = Producer({"bootstrap.servers": BOOTSTRAP, "transactional.id": name, "linger.ms": 50, "batch.size": 1000000})
        producer.init_transactions(30)
        for n in range(3):
            producer.begin_transaction()
            send(name, [f'{{"id":{n * 10 + i},"pad":"{"x" * (pad if n == 0 else 1)}"}}' for i in range(10)], producer=producer)
            if n == 0:
                time.sleep(wait)
                producer.abort_transaction()
            else:
                producer.commit_transaction()
        code, rows, err = Case(name, name, **small).run("--until-end")
        check(f"an answer that begins at an abort marker loses nothing after it ({name})", code == 0 and ids(rows) == list(range(10, 30)), f"{rows} {err}")


def starts_and_ends():
    name = topic("starts", 2)
    send(name, range(0, 100), 0)
    time.sleep(0.05)
    middle = int(time.time() * 1000)
    time.sleep(0.05)
    send(name, range(100, 150), 0)
    send(name, range(150, 200), 1)
    run = lambda case, **o: (lambda r: (r[0], ids(r[1]), r[2]))(Case(case, name, **o).run("--until-end"))
    check("timestamp", run("ts", **{"scan.startup.mode": "timestamp", "scan.startup.timestamp-millis": middle})[:2] == (0, list(range(100, 200))))
    check("specific offsets; a partition that is not named starts at its beginning",
          run("so", **{"scan.startup.mode": "specific-offsets", "scan.startup.specific-offsets": "partition:0,offset:140"})[:2] == (0, list(range(140, 200))))
    check("latest: nothing that was there before", run("la", **{"scan.startup.mode": "latest-offset"})[:2] == (0, []))
    check("bounded at specific offsets; a partition that is not named is not read",
          run("bo", **{"scan.bounded.mode": "specific-offsets", "scan.bounded.specific-offsets": "partition:0,offset:7"})[:2] == (0, list(range(7))))
    check("bounded at a time", run("bt", **{"scan.bounded.mode": "timestamp", "scan.bounded.timestamp-millis": middle})[:2] == (0, list(range(100))))
    code, _, err = run("g0", **{"scan.startup.mode": "group-offsets", "properties.group.id": "nobody"})
    check("group-offsets of a group that has none is refused with a hint", code == 78 and "SEMEL-3031" in err and "auto.offset.reset" in err, err)
    check("… unless auto.offset.reset says where", run("g1", **{"scan.startup.mode": "group-offsets", "properties.group.id": "nobody", "properties.auto.offset.reset": "earliest"})[1] == list(range(200)))
    code, rows, _ = run("g2", **{"properties.group.id": "readers"})
    offsets = ADMIN.list_consumer_group_offsets([ConsumerGroupTopicPartitions("readers")])["readers"].result().topic_partitions
    check("group offsets are noted after the receipt", sorted((o.partition, o.offset) for o in offsets) == [(0, 150), (1, 50)], offsets)
    send(name, [900], 0)
    check("… and are a start for another pipeline", run("g3", **{"scan.startup.mode": "group-offsets", "properties.group.id": "readers"})[:2] == (0, [900]))


def several_topics():
    send(topic("many-a"), [1, 2])
    send(topic("many-b"), [3])
    code, rows, err = Case("several", "many-a;many-b").run("--until-end")
    check("several topics", code == 0 and ids(rows) == [1, 2, 3], err)
    code, rows, err = Case("pattern", None, **{"topic-pattern": "many-.*"}).run("--until-end")
    check("a pattern of topics", code == 0 and ids(rows) == [1, 2, 3], err)
    code, _, err = Case("missing", "manyy-a").run("--until-end")
    check("a missing topic is named, with the nearest one", code == 66 and "SEMEL-3005" in err and "many-a" in err, err)


def discovery():
    name = topic("grows")
    send(name, [1])
    case = Case("grows", name, **{"scan.topic-partition-discovery.interval": "200 ms", "scan.startup.mode": "latest-offset"})
    engine = case.start()
    time.sleep(1)
    ADMIN.create_partitions([NewPartitions(name, 3)])[name].result()
    time.sleep(0.5)
    send(name, [20, 21], 2)
    send(name, [2], 0)
    time.sleep(2)
    engine.send_signal(signal.SIGTERM)
    out, err = engine.communicate(timeout=60)
    check("new partitions are found and read from their beginning", engine.returncode == 0 and ids(re.findall(r"\+I\[(\d+)\]", out)) == [2, 20, 21], out + err)


def gaps():
    name = topic("expires")
    send(name, range(100))
    case = Case("expires", name)
    engine = case.start()
    time.sleep(1)
    engine.send_signal(signal.SIGTERM)
    engine.communicate(timeout=60)
    send(name, range(100, 200))
    ADMIN.delete_records([TopicPartition(name, 0, 150)])[TopicPartition(name, 0)].result()
    code, rows, err = case.run("--until-end")
    check("records deleted before they were read are a gap with numbers", code == 65 and "SEMEL-3020" in err and "50 offsets" in err and rows == [], err)
    code, rows, err = Case("expired", name).run("--until-end")
    check("earliest is where the log begins now", code == 0 and ids(rows) == list(range(150, 200)), err)
    delete_topic(name)
    send(topic(name), range(100, 300))
    code, rows, err = case.run("--until-end")
    check("a recreated topic is refused by name", code == 65 and "SEMEL-3021" in err and "created again" in err and rows == [], err)
    code, rows, err = case.run("--until-end", "--fresh")
    check("… and read with --fresh", code == 0 and ids(rows) == list(range(100, 300)), err)


def finished_partitions():
    name = topic("finishes", 2)
    send(name, range(10), 0)
    send(name, range(10, 20), 1)
    case = Case("finishes", name, **{"scan.bounded.mode": "specific-offsets", "scan.bounded.specific-offsets": "partition:0,offset:5;partition:1,offset:30"})
    engine = case.start()
    time.sleep(1.5)
    engine.send_signal(signal.SIGTERM)
    out, err = engine.communicate(timeout=60)
    ADMIN.delete_records([TopicPartition(name, 0, 8)])[TopicPartition(name, 0)].result()
    send(name, range(100, 120), 1)
    code, rows, more = case.run()
    check("a partition that was read to its end may lose its records; the others go on", engine.returncode == 0 and code == 0 and ids(rows) == list(range(100, 120)), err + more)


def deleted_while_read():
    name = topic("deleted")
    send(name, [1])
    engine = Case("deleted", name).start()
    time.sleep(1)
    delete_topic(name)
    out, err = engine.communicate(timeout=60)
    check("a topic deleted while it is read ends the run by name", engine.returncode == 65 and "SEMEL-3021" in err, f"{engine.returncode} {err}")


def bad_records():
    name = topic("bad")
    send(name, ['{"id":1}', '{"id":', '{"id":"x"}', None, '{"id":4}'])
    code, rows, err = Case("bad", name).run("--until-end")
    check("a broken record is named with its partition and offset", code == 65 and "bad-0" in err and "record at 1" in err and "ignore-parse-errors" in err, err)
    code, rows, err = Case("bad-ignored", name, **{"json.ignore-parse-errors": "true"}).run("--until-end")
    check("ignored errors: documents are dropped, fields become NULL, a tombstone is no row", code == 0 and sorted(rows) == ["1", "4", "NULL"], f"{rows} {err}")


def offsets_left(name):
    """The offsets that librdkafka finds in partition 0: what a compacted log still holds."""
    consumer = Consumer({"bootstrap.servers": BOOTSTRAP, "group.id": "judge", "enable.auto.commit": False})
    end = consumer.get_watermark_offsets(TopicPartition(name, 0), timeout=10)[1]
    consumer.assign([TopicPartition(name, 0, 0)])
    found = []
    while not found or found[-1] < end - 1:
        found += [m.offset() for m in consumer.consume(1000, timeout=5) if m.error() is None]
    consumer.close()
    return found


def compacted():
    sent = 2000
    name = topic("compacted", **{"cleanup.policy": "compact", "segment.ms": "200", "min.cleanable.dirty.ratio": "0.01"})
    producer = Producer({"bootstrap.servers": BOOTSTRAP, "linger.ms": 20})
    for i in range(sent):  # keys of their own between keys that return: compaction leaves holes inside the batches
        producer.produce(name, f'{{"id":{i}}}', key=str(i if i % 3 == 0 else i % 7), partition=0)
    producer.flush(30)
    left, deadline = [], time.time() + 25
    while time.time() < deadline and not (left and len(left) < sent // 2):
        time.sleep(0.5)
        producer.produce(name, f'{{"id":{sent}}}', key="roll", partition=0)  # a record after segment.ms closes the segment
        producer.flush(30)
        left = offsets_left(name)
    code, rows, err = Case("compacted", name, "id BIGINT, o BIGINT METADATA FROM 'offset' VIRTUAL", "o").run("--until-end")
    still, read = offsets_left(name), ids(rows)  # the cleaner may have come by once more: between the two looks lies what the run saw
    check("a compacted topic has holes: every record that is left, each once, no error", len(left) < sent // 2 and code == 0 and len(set(read)) == len(read)
          and set(still) <= set(read) <= set(left), f"{len(left)} left, then {len(still)}, {len(read)} rows {err}")



def metadata():
    name = topic("meta", 2)
    send(name, [7], 1)
    code, rows, err = Case("meta", name, "id BIGINT, tp STRING METADATA FROM 'topic' VIRTUAL, part BIGINT METADATA FROM 'partition', o BIGINT METADATA FROM 'offset', tt STRING METADATA FROM 'timestamp-type'",
                           "id, tp, part, o, tt").run("--until-end")
    check("metadata columns", code == 0 and rows == ["7, meta, 1, 0, CreateTime"], f"{rows} {err}")


def unreachable():
    begin = time.time()
    code, _, err = Case("nobody", "x", **{"properties.default.api.timeout.ms": "1000", "properties.bootstrap.servers": "127.0.0.1:9"}).run()
    check("a broker that is not there is said so in time", code == 69 and time.time() - begin < 10 and "bootstrap.servers" in err, err)


BINARY, FOLDER, BOOTSTRAP = os.path.abspath(sys.argv[1]), sys.argv[2], sys.argv[3]
os.makedirs(FOLDER)
ADMIN = AdminClient({"bootstrap.servers": BOOTSTRAP})
CASES = (codecs, transactions, answers_that_begin_at_a_marker, starts_and_ends, several_topics, discovery, gaps, finished_partitions, deleted_while_read, bad_records, compacted, metadata, unreachable)
for test in CASES:
    if not sys.argv[4:] or test.__name__ in sys.argv[4:]:
        test()
sys.exit(1 if failures else 0)

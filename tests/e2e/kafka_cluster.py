# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# Three Kafka nodes. (1) Purchases by four producers, one a partition, each in its own way: transactions with aborted ones between them in
# zstd and lz4, idempotent in gzip and snappy; nodes are killed and started again, replicas moved, leaders elected, while one engine reads
# all the time. judge.py compares with truth.csv. (2) Logs that lose records that were read: refused, whether the engine runs or starts.
#   kafka_cluster.py BINARY DIR BOOTSTRAP
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time

import torture
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

SERVICE = f"{torture.ROOT}/tests/services/kafka.sh"
TOPIC = "purchases"
PER_SECOND = 4000


def check(what, good, shown=""):
    print(("ok      " if good else "FAILED  ") + what + ("" if good else f": {shown}"))
    if not good:
        sys.exit(1)


class Cluster:
    def __init__(self, folder, bootstrap):
        self.folder, self.addresses = folder, bootstrap.split(",")
        self.bootstrap = bootstrap
        self.admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})

    def service(self, verb, node, *more):
        subprocess.run([SERVICE, verb, f"{self.folder}/{node}", *more], check=True, stdout=subprocess.DEVNULL)

    def kill(self, node):
        self.service("kill", node)

    def start(self, node):
        self.service("start", node, "0")

    def tool(self, name, *arguments):
        done = subprocess.run([SERVICE, "tool", f"org.apache.kafka.tools.{name}", "--bootstrap-server", self.bootstrap, *arguments], capture_output=True, text=True, timeout=60)
        return done.stdout + done.stderr

    def create(self, topic, assignment, **config):
        """assignment: per partition the nodes that hold it, the preferred leader first."""
        self.admin.create_topics([NewTopic(topic, num_partitions=len(assignment), replica_assignment=assignment, config=config)])[topic].result()

    def partition(self, topic, number):
        return self.admin.list_topics(topic, timeout=10).topics[topic].partitions[number]

    def wait(self, what, condition, seconds=120):
        end = time.time() + seconds
        while time.time() < end:
            try:
                if condition():
                    return
            except KafkaException:
                pass
            time.sleep(0.2)
        check(what, False, f"not within {seconds} s")

    def wait_for_replicas(self, topic, count):
        self.wait(f"all replicas of {topic} follow", lambda: all(len(p.isrs) == count and p.leader > 0 for p in self.admin.list_topics(topic, timeout=10).topics[topic].partitions.values()))


class PartitionProducer(threading.Thread):
    """Sends lists of purchases to one partition until told to end; what it was given is there exactly once, and aborted ones besides."""

    def __init__(self, cluster, number, codec, transactional):
        super().__init__(daemon=True)
        config = {"bootstrap.servers": cluster.bootstrap, "linger.ms": 5, "compression.type": codec, "message.timeout.ms": 60000, "log_level": 0, "enable.idempotence": True}
        if transactional:
            config |= {"transactional.id": f"purchases-{number}", "transaction.timeout.ms": 60000}
        self.config, self.producer, self.number, self.transactional = config, Producer(config), number, transactional
        self.waiting, self.lock, self.ending, self.lost, self.aborted = [], threading.Lock(), threading.Event(), [], 0

    def give(self, user, text):
        with self.lock:
            self.waiting.append((user, text))

    def send(self, batch):
        for user, text in batch:
            self.producer.produce(TOPIC, text, key=str(user), partition=self.number, on_delivery=lambda error, _: self.lost.append(error) if error and not self.transactional else None)

    def patiently(self, call):
        while True:
            try:
                return call()
            except KafkaException as e:
                if not e.args[0].retriable():
                    raise
                time.sleep(0.1)

    def renew(self):
        """Behind an error that the client calls fatal: a new one under the same id ends what the old one left open."""
        self.producer = Producer(self.config)
        self.patiently(lambda: self.producer.init_transactions(30))

    def is_there(self, text):
        """Whether a record was committed. Nothing of this producer is open any more."""
        consumer = Consumer({"bootstrap.servers": self.config["bootstrap.servers"], "group.id": "look", "enable.auto.commit": False, "enable.partition.eof": True, "log_level": 0})
        consumer.assign([TopicPartition(TOPIC, self.number, OFFSET_BEGINNING)])
        try:
            while True:
                message = consumer.poll(30)
                if message is not None and message.error() is None and message.value().decode() == text:
                    return True
                if message is not None and message.error() is not None and message.error().code() == KafkaError._PARTITION_EOF:
                    return False
        finally:
            consumer.close()

    def commit(self, batch):
        """One transaction; begun anew when the broker has it aborted. An unknown outcome is looked up."""
        while True:
            try:
                self.producer.begin_transaction()
                self.send(batch)
                return self.patiently(lambda: self.producer.commit_transaction(30))
            except KafkaException as e:
                if e.args[0].txn_requires_abort():
                    self.abort()
                elif e.args[0].fatal():
                    self.renew()
                    if self.is_there(batch[-1][1]):
                        return None
                else:
                    raise

    def abort(self):
        try:
            self.patiently(lambda: self.producer.abort_transaction(30))
        except KafkaException as e:
            if not e.args[0].fatal():
                raise
            self.renew()

    def run(self):
        try:
            if self.transactional:
                self.patiently(lambda: self.producer.init_transactions(30))
            for n in range(1 << 30):
                with self.lock:
                    batch, self.waiting = self.waiting, []
                if not batch and self.ending.is_set():
                    break
                if self.transactional and batch:
                    if n % 4 == 3:  # rows that must never be seen
                        self.producer.begin_transaction()
                        self.send([(user, text.replace('"purchase_id":', '"purchase_id":-')) for user, text in batch])
                        self.producer.flush(5)
                        self.abort()
                        self.aborted += len(batch)
                    self.commit(batch)
                else:
                    self.send(batch)
                    self.producer.poll(0)
                time.sleep(0.05)
            if self.producer.flush(120) > 0:
                self.lost.append("not delivered")
        except Exception as error:
            self.lost.append(error)


def pace(producers, purchases, ending):
    begin = time.monotonic()
    while not ending.is_set():
        while purchases.produced < (time.monotonic() - begin) * PER_SECOND:
            user, text = purchases.one()
            producers[user % 4].give(user, text)
        time.sleep(0.02)


def leaders_change(binary, folder, cluster):
    run = f"{folder}/run"
    os.makedirs(run)
    cluster.create(TOPIC, [[1, 2, 3], [2, 3, 1], [3, 1, 2], [1, 3, 2]], **{"min.insync.replicas": "2"})
    producers = [PartitionProducer(cluster, 0, "zstd", True), PartitionProducer(cluster, 1, "lz4", True), PartitionProducer(cluster, 2, "gzip", False), PartitionProducer(cluster, 3, "snappy", False)]
    purchases, ending = torture.Purchases(users=1000), threading.Event()
    pacer = threading.Thread(target=pace, args=(producers, purchases, ending), daemon=True)
    for thread in [*producers, pacer]:
        thread.start()
    # The first address answers nobody.
    engine = torture.Engine(binary, run, "100 ms", f"'connector' = 'kafka', 'topic' = '{TOPIC}', 'properties.bootstrap.servers' = '127.0.0.1:9,{cluster.bootstrap}', "
                            "'properties.group.id' = 'cluster', 'scan.startup.mode' = 'earliest-offset'")
    process = engine.start()
    time.sleep(3)
    epochs = set()

    def look():
        epochs.update((n, p.leader) for n, p in cluster.admin.list_topics(TOPIC, timeout=10).topics[TOPIC].partitions.items())

    try:
        for node in (1, 2, 3):
            look()
            cluster.kill(node)
            cluster.wait(f"no partition is led by node {node}", lambda: all(p.leader not in (node, -1) for p in cluster.admin.list_topics(TOPIC, timeout=10).topics[TOPIC].partitions.values()))
            look()
            time.sleep(2)
            cluster.start(node)
            cluster.wait_for_replicas(TOPIC, 3)
        cluster.tool("LeaderElectionCommand", "--election-type", "preferred", "--all-topic-partitions")
        cluster.wait("the preferred leaders lead again", lambda: cluster.partition(TOPIC, 0).leader == 1 and cluster.partition(TOPIC, 2).leader == 3)
        plan = pathlib.Path(f"{folder}/plan.json")
        plan.write_text(json.dumps({"version": 1, "partitions": [{"topic": TOPIC, "partition": 0, "replicas": [2, 3]}, {"topic": TOPIC, "partition": 1, "replicas": [3, 1]}]}))
        cluster.tool("reassign.ReassignPartitionsCommand", "--reassignment-json-file", str(plan), "--execute")
        cluster.wait("partition 0 left node 1", lambda: cluster.partition(TOPIC, 0).leader in (2, 3) and 1 not in cluster.partition(TOPIC, 0).replicas)
        look()
        time.sleep(2)
    finally:
        ending.set()
        pacer.join()
        for producer in producers:
            producer.ending.set()
        for producer in producers:
            producer.join(150)
    lost = [str(e) for p in producers for e in p.lost]
    check(f"the producers sent {purchases.produced} purchases, and {sum(p.aborted for p in producers)} in aborted transactions", not lost and min(p.aborted for p in producers[:2]) > 0, lost[:2])
    purchases.write_truth(f"{run}/truth.csv")
    if process.poll() is not None:
        engine.show_log()
    check(f"one engine read through {len(epochs)} leaderships", process.poll() is None and len(epochs) >= 6, f"exit code {process.returncode}, {epochs}")
    process.send_signal(signal.SIGTERM)
    check("it stops cleanly", process.wait(60) == 0, process.returncode)
    engine.finish()
    described = cluster.tool("consumer.group.ConsumerGroupCommand", "--describe", "--group", "cluster")
    rows = [line.split() for line in described.splitlines() if re.match(r"cluster\s+purchases\s", line)]
    # A transaction's end marker has an offset of its own, past the last record that is read.
    check("Kafka's tool sees the group at the end of each partition", len(rows) == 4 and all(int(r[5]) <= 1 for r in rows), described)


def print_case(binary, folder, cluster, name):
    path = f"{folder}/{name}.sql"
    pathlib.Path(path).write_text(
        f"SET 'pipeline.name' = '{name}';\nSET 'execution.checkpointing.dir' = '{folder}/checkpoints';\nSET 'execution.checkpointing.interval' = '50 ms';\n"
        f"CREATE TABLE t (id BIGINT) WITH ('connector' = 'kafka', 'topic' = '{name}', 'properties.bootstrap.servers' = '{cluster.bootstrap}', 'scan.startup.mode' = 'earliest-offset', 'format' = 'json');\n"
        "CREATE TABLE out (id BIGINT) WITH ('connector' = 'print');\nINSERT INTO out SELECT id FROM t;\n")
    return subprocess.Popen([binary, "run", "--quiet", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True), path


def send(cluster, topic, ids, acks):
    producer = Producer({"bootstrap.servers": cluster.bootstrap, "acks": acks, "log_level": 0})
    for i in ids:
        producer.produce(topic, f'{{"id":{i}}}', partition=0)
    check(f"{topic}: {len(ids)} records with acks={acks}", producer.flush(60) == 0)


def log_is_cut(binary, folder, cluster, name, while_running):
    """Nodes 1 and 2 hold the log; 2 misses the last 50 records, which are read from 1; then 2 leads, and has others in their place."""
    cluster.create(name, [[1, 2]], **{"unclean.leader.election.enable": "true", "min.insync.replicas": "1"})
    send(cluster, name, range(100), "all")
    cluster.wait_for_replicas(name, 2)
    cluster.kill(2)
    cluster.wait("node 2 is out", lambda: cluster.partition(name, 0).isrs == [1])
    send(cluster, name, range(100, 150), "1")
    engine, path = print_case(binary, folder, cluster, name)
    seen = []
    reader = threading.Thread(target=lambda: seen.extend(re.findall(r"\+I\[(\d+)\]", line)[0] for line in engine.stdout if line.startswith("+I")), daemon=True)
    reader.start()
    end = time.time() + 20
    while len(seen) < 150 and time.time() < end:
        time.sleep(0.1)
    check(f"{name}: the records of node 1 are read", len(seen) == 150, len(seen))
    time.sleep(0.5)  # … and checkpointed
    if not while_running:
        engine.send_signal(signal.SIGTERM)
        check(f"{name}: the engine stops", engine.wait(60) == 0)
    cluster.kill(1)
    cluster.start(2)
    cluster.wait("node 2 leads", lambda: cluster.partition(name, 0).leader == 2)
    send(cluster, name, range(1000, 1080), "1")
    cluster.start(1)
    cluster.wait_for_replicas(name, 2)
    if not while_running:
        engine, _ = print_case(binary, folder, cluster, name)
    try:
        code = engine.wait(40)
    except subprocess.TimeoutExpired:
        engine.kill()
        code = None
    said = engine.stderr.read()
    if not while_running:
        seen += re.findall(r"\+I\[(\d+)\]", engine.stdout.read())
    reader.join(5)
    check(f"{name}: 50 records that were read are gone, which is said, and nothing is read in their place", code == 65 and "SEMEL-3020" in said and "50 records" in said and len(seen) == 150, f"{code} {len(seen)} {said}")


def main(binary, folder, bootstrap):
    cluster = Cluster(f"{folder}/kafka", bootstrap)
    leaders_change(binary, folder, cluster)
    log_is_cut(binary, folder, cluster, "cut-while-stopped", False)
    log_is_cut(binary, folder, cluster, "cut-while-running", True)


main(os.path.abspath(sys.argv[1]), sys.argv[2], sys.argv[3])

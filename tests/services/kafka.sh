#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# A real Apache Kafka on 127.0.0.1: KRaft, broker and controller in one process.
#   kafka.sh start DIR PORT     one node; prints the bootstrap address; the log, settings and pid file live in DIR (port PORT+1: the controller)
#   kafka.sh stop DIR           SIGTERM      kafka.sh kill DIR   SIGKILL; a later start goes on with the same log
#   kafka.sh start-cluster DIR PORT   three nodes in DIR/1 to DIR/3, ports PORT to PORT+5; each can be stopped, killed and started like the one
#   kafka.sh stop-cluster DIR
#   kafka.sh tool CLASS ARGS…   runs a class of the distribution (org.apache.kafka.tools.TopicCommand …)
# At the first start: SEMEL_KAFKA_SETTINGS, a file of further settings; SEMEL_KAFKA_FORMAT, further options of the storage tool.
# Needs a Java runtime >= 17 and Maven, which brings the jars of services/kafka/pom.xml into the cache once.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/semel
lib=$cache/kafka-$(sha256sum "$here/kafka/pom.xml" | cut -c1-12)

die() { echo "kafka.sh: $*" >&2; exit 1; }

install_jars() {
  mkdir -p "$cache"
  (
    flock 9
    [ -f "$lib/ready" ] && exit
    rm -rf "$lib"
    mvn -q -B -f "$here/kafka/pom.xml" dependency:copy-dependencies -DincludeScope=runtime "-DoutputDirectory=$lib" >"$lib.log" 2>&1 || { cat "$lib.log" >&2; exit 1; }
    touch "$lib/ready"
  ) 9>"$cache/kafka.lock"
}

# The pid in DIR/pid if it is still this broker: pid files outlive processes, and pids are used again.
broker_pid() {
  local pid=""
  [ -f "$1/pid" ] && read -r pid <"$1/pid"
  [ -n "$pid" ] && tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF "kafka.Kafka $1/server.properties" && echo "$pid" || true
}

end_broker() {  # DIR SIGNAL
  local pid
  pid=$(broker_pid "$1")
  [ -z "$pid" ] && return
  kill "-$2" "$pid"
  for _ in $(seq 400); do
    [ -n "$(broker_pid "$1")" ] || return 0
    sleep 0.05
  done
  die "broker $pid does not end"
}

write_settings() {  # DIR PORT NODE QUORUM REPLICAS: a line of settings, copies of Kafka's own topics
  cat >"$1/server.properties" <<P
process.roles=broker,controller
node.id=$3
$4
listeners=PLAINTEXT://127.0.0.1:$2,CONTROLLER://127.0.0.1:$(($2 + 1))
advertised.listeners=PLAINTEXT://127.0.0.1:$2,CONTROLLER://127.0.0.1:$(($2 + 1))
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=$1/log
num.partitions=1
offsets.topic.replication.factor=$5
offsets.topic.num.partitions=2
transaction.state.log.replication.factor=$5
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=2
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
unclean.leader.election.interval.ms=1000
log.retention.ms=-1
log.retention.check.interval.ms=500
log.initial.task.delay.ms=500
log.cleaner.backoff.ms=500
log.cleaner.dedupe.buffer.size=16777216
num.network.threads=2
num.io.threads=4
auto.create.topics.enable=false
P
  [ -z "${SEMEL_KAFKA_SETTINGS:-}" ] || cat "$SEMEL_KAFKA_SETTINGS" >>"$1/server.properties"
  cat >"$1/log4j2.properties" <<P
appender.f.type=File
appender.f.name=F
appender.f.fileName=$1/server.log
appender.f.layout.type=PatternLayout
appender.f.layout.pattern=[%d] %p %m (%c)%n
rootLogger.level=info
rootLogger.appenderRef.f.ref=F
P
}

format_log() {  # DIR CLUSTER_ID [--standalone]
  java -XX:TieredStopAtLevel=1 -cp "$lib/*" "-Dlog4j2.configurationFile=file:$1/log4j2.properties" kafka.tools.StorageTool format "${@:3}" -t "$2" \
    -c "$1/server.properties" >"$1/format.log" 2>&1 || { cat "$1/format.log" >&2; die "format failed"; }
}

new_cluster_id() { head -c 16 /dev/urandom | base64 | tr '+/' 'AB' | tr -d '='; }

launch() {  # DIR
  local dir=$1
  setsid java -Xms256m -Xmx256m -XX:+UseG1GC -Djava.awt.headless=true "-Dlog4j2.configurationFile=file:$dir/log4j2.properties" -cp "$lib/*" \
    kafka.Kafka "$dir/server.properties" >"$dir/stdout.log" 2>&1 </dev/null &
  echo $! >"$dir/pid"
}

await_ready() {  # DIR: prints the address
  local port
  port=$(sed -n 's/^listeners=PLAINTEXT:\/\/127.0.0.1:\([0-9]*\),.*/\1/p' "$1/server.properties" | tail -1)
  python3 "$here/kafka_ready.py" 127.0.0.1 "$port" 60 >/dev/null || { tail -20 "$1/stdout.log" "$1/server.log" >&2; die "the broker is not ready after 60 s"; }
  echo "127.0.0.1:$port"
}

start() {  # DIR PORT
  install_jars
  mkdir -p "$1"
  local dir
  dir=$(readlink -f "$1")
  if [ ! -f "$dir/log/meta.properties" ]; then
    write_settings "$dir" "$2" 1 "controller.quorum.bootstrap.servers=127.0.0.1:$(($2 + 1))" 1
    # shellcheck disable=SC2086 # words on purpose
    format_log "$dir" "$(new_cluster_id)" --standalone ${SEMEL_KAFKA_FORMAT:-}
  fi
  launch "$dir"
  await_ready "$dir"
}

start_cluster() {  # DIR PORT
  install_jars
  mkdir -p "$1"
  local dir id node voters="1@127.0.0.1:$(($2 + 1)),2@127.0.0.1:$(($2 + 3)),3@127.0.0.1:$(($2 + 5))" addresses=()
  dir=$(readlink -f "$1")
  id=$(new_cluster_id)
  for node in 1 2 3; do
    mkdir "$dir/$node"
    write_settings "$dir/$node" $(($2 + 2 * (node - 1))) "$node" "controller.quorum.voters=$voters" 3
    format_log "$dir/$node" "$id"
    launch "$dir/$node"
  done
  for node in 1 2 3; do addresses+=("$(await_ready "$dir/$node")"); done
  (IFS=,; echo "${addresses[*]}")
}

case ${1:-} in
  start) start "$2" "$3" ;;
  stop) end_broker "$(readlink -f "$2")" TERM ;;
  start-cluster) start_cluster "$2" "$3" ;;
  stop-cluster) for node in 1 2 3; do [ ! -d "$2/$node" ] || end_broker "$(readlink -f "$2/$node")" KILL; done ;;
  kill) end_broker "$(readlink -f "$2")" KILL ;;
  tool)
    install_jars
    shift
    exec java -Xmx192m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp "$lib/*" "$@"
    ;;
  *) die "usage: kafka.sh {start DIR PORT | stop DIR | kill DIR | start-cluster DIR PORT | stop-cluster DIR | tool CLASS ARGS…}" ;;
esac

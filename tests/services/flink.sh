#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# A real Apache Flink on 127.0.0.1 from Maven artifacts: JobManager, one TaskManager with two slots, SQL Gateway; the Iceberg connector
# and SQLite inside. For comparisons; nothing of Semel needs it.
#   flink.sh start DIR PORT     REST at PORT, its other ports up to PORT+5; settings, logs and pid files in DIR
#   flink.sh run DIR FILE.sql   through the gateway; fails if a statement fails
#   flink.sh stop DIR
# Needs a Java runtime >= 17, Maven and curl.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/semel
lib=$cache/flink-$(sha256sum "$here/flink/pom.xml" | cut -c1-12)
opens=()
for m in java.rmi/sun.rmi.registry jdk.compiler/com.sun.tools.javac.{api,file,parser,tree,util} java.security.jgss/sun.security.krb5; do opens+=("--add-exports=$m=ALL-UNNAMED"); done
for p in java.lang java.net java.io java.nio sun.nio.ch java.lang.reflect java.text java.time java.util java.util.concurrent java.util.concurrent.atomic java.util.concurrent.locks; do
  opens+=("--add-opens=java.base/$p=ALL-UNNAMED")
done

die() { echo "flink.sh: $*" >&2; exit 1; }

install_jars() {
  mkdir -p "$cache"
  (
    flock 9
    [ -f "$lib/ready" ] && exit
    rm -rf "$lib"
    mvn -q -B -f "$here/flink/pom.xml" dependency:copy-dependencies -DincludeScope=runtime "-DoutputDirectory=$lib" >"$lib.log" 2>&1 || { cat "$lib.log" >&2; exit 1; }
    touch "$lib/ready"
  ) 9>"$cache/flink.lock"
}

write_settings() {  # DIR PORT
  mkdir -p "$1/conf" "$1/log" "$1/tmp" "$1/checkpoints"
  echo "$2" >"$1/port"
  cat >"$1/conf/config.yaml" <<Y
jobmanager.rpc.address: 127.0.0.1
jobmanager.rpc.port: $(($2 + 1))
jobmanager.bind-host: 127.0.0.1
blob.server.port: $(($2 + 2))
rest.address: 127.0.0.1
rest.bind-address: 127.0.0.1
rest.port: $2
taskmanager.host: 127.0.0.1
taskmanager.bind-host: 127.0.0.1
taskmanager.rpc.port: $(($2 + 3))
taskmanager.data.port: $(($2 + 4))
taskmanager.numberOfTaskSlots: 2
io.tmp.dirs: $1/tmp
execution.checkpointing.storage: filesystem
execution.checkpointing.dir: file://$1/checkpoints
parallelism.default: 2
sql-gateway.endpoint.rest.address: 127.0.0.1
sql-gateway.endpoint.rest.bind-address: 127.0.0.1
sql-gateway.endpoint.rest.port: $(($2 + 5))
sql-gateway.endpoint.rest.bind-port: $(($2 + 5))
Y
  cat >"$1/conf/log4j.properties" <<L
rootLogger.level=INFO
rootLogger.appenderRef.f.ref=F
appender.f.name=F
appender.f.type=File
appender.f.fileName=$1/log/\${sys:semel.part}.log
appender.f.layout.type=PatternLayout
appender.f.layout.pattern=%d %-5p %c{1} %m%n
L
}

up() {  # DIR PART XMX CLASS ARGS…
  local dir=$1 part=$2 heap=$3
  shift 3
  FLINK_CONF_DIR=$dir/conf setsid java "-Xmx$heap" -XX:MaxDirectMemorySize=640m "${opens[@]}" "-Dsemel.part=$part" "-Dlog4j.configurationFile=file:$dir/conf/log4j.properties" -cp "$lib/*" "$@" \
    >"$dir/log/$part.out" 2>&1 </dev/null &
  echo $! >"$dir/$part.pid"
}

await() {  # URL, and what its answer holds
  for _ in $(seq 300); do
    curl -sf -m 2 "$1" 2>/dev/null | grep -q "$2" && return
    sleep 0.3
  done
  die "not ready: $1"
}

start() {  # DIR PORT
  install_jars
  mkdir -p "$1"
  local dir
  dir=$(readlink -f "$1")
  write_settings "$dir" "$2"
  up "$dir" jm 512m org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint --configDir "$dir/conf" --executionMode cluster
  # Without Flink's own scripts every part of the TaskManager's memory has to be given.
  up "$dir" tm 1152m org.apache.flink.runtime.taskexecutor.TaskManagerRunner --configDir "$dir/conf" -D taskmanager.resource-id=tm-1 -D taskmanager.cpu.cores=2.0 \
    -D taskmanager.memory.framework.heap.size=128m -D taskmanager.memory.task.heap.size=1024m -D taskmanager.memory.framework.off-heap.size=128m \
    -D taskmanager.memory.task.off-heap.size=256m -D taskmanager.memory.network.min=256m -D taskmanager.memory.network.max=256m -D taskmanager.memory.managed.size=512m \
    -D taskmanager.memory.jvm-metaspace.size=512m -D taskmanager.memory.jvm-overhead.min=256m -D taskmanager.memory.jvm-overhead.max=256m
  await "http://127.0.0.1:$2/overview" '"taskmanagers":1,'
  up "$dir" gw 512m org.apache.flink.table.gateway.SqlGateway -Dsql-gateway.endpoint.rest.address=127.0.0.1
  await "http://127.0.0.1:$(($2 + 5))/v3/info" version
  echo "http://127.0.0.1:$2"
}

is_ours() { tr '\0' ' ' <"/proc/$2/cmdline" 2>/dev/null | grep -qF "$1/conf"; }  # DIR PID

stop() {  # DIR: the folder may go when this is over
  local part pid
  for part in gw tm jm; do
    [ -f "$1/$part.pid" ] || continue
    read -r pid <"$1/$part.pid"
    ! is_ours "$1" "$pid" || kill "$pid" || true
    for _ in $(seq 200); do is_ours "$1" "$pid" || break; sleep 0.05; done
    ! is_ours "$1" "$pid" || kill -KILL "$pid" || true
  done
}

run() {  # DIR FILE
  # The client ends with 0 even when a statement fails: what it says counts.
  local out
  out=$(FLINK_CONF_DIR=$1/conf java -Xmx512m "${opens[@]}" -Dsemel.part=client "-Dlog4j.configurationFile=file:$1/conf/log4j.properties" -cp "$lib/*" \
    org.apache.flink.table.client.SqlClient gateway -e "127.0.0.1:$(($(cat "$1/port") + 5))" -f "$2" 2>&1 </dev/null) || { printf '%s\n' "$out"; exit 1; }
  printf '%s\n' "$out"
  ! grep -q '\[ERROR\]' <<<"$out"
}

case ${1:-} in
  start) start "$2" "$3" ;;
  stop) stop "$(readlink -f "$2")" ;;
  run) run "$(readlink -f "$2")" "$3" ;;
  *) die "usage: flink.sh {start DIR PORT | run DIR FILE.sql | stop DIR}" ;;
esac

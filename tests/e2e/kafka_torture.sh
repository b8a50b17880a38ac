#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# A real Kafka, purchases at a steady pace, an engine that is killed all the time.   kafka_torture.sh BINARY [PURCHASES [PER_SECOND]]
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
work=$(mktemp -d)
trap '"$here/../services/kafka.sh" stop "$work/kafka"; rm -rf "$work"' EXIT
python=$("$here/../readers/venv.sh")
port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
bootstrap=$("$here/../services/kafka.sh" start "$work/kafka" "$port")
"$python" -u "$here/kafka_torture.py" "$1" "$work/run" "$bootstrap" "$work/kafka" "${2:-1000000}" "${3:-20000}"
"$python" "$here/../readers/judge.py" "$work/run"
"$1" verify "$work/run/pipeline.sql"

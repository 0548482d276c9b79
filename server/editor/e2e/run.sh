#!/usr/bin/env bash
# Starts the server that `cargo build` made, on a free port with data of its own, and drives its
# editor in Chromium; beside it another one with a private registry. The example workflow calls a
# service of the test, hence private addresses. Arguments go to the first server's `serve`.
set -euo pipefail
cd "$(dirname "$0")/.."
binary="${FLOWCRATE_BIN:-${CARGO_TARGET_DIR:-../../target}/debug/flowcrate}"
folder="$(mktemp -d)"
servers=()
stop() {
  for server in "${servers[@]}"; do
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  done
  rm -rf "$folder"
}
trap stop EXIT

# start NAME FLAGS...: a server with its data in a folder of this name; `url` is where it listens.
start() {
  local name="$1" log="$folder/$1.log"
  shift
  FLOWCRATE_ALLOW_PRIVATE=1 "$binary" serve --listen 127.0.0.1:0 --data "$folder/$name" "$@" >"$log" 2>&1 &
  servers+=($!)
  for _ in $(seq 100); do
    url="$(sed -n 's/.*\(http:\/\/127\.0\.0\.1:[0-9]*\).*/\1/p' "$log" | head -n 1)"
    [ -n "$url" ] && return
    kill -0 "${servers[-1]}" 2>/dev/null || { cat "$log" >&2; exit 1; }
    sleep 0.1
  done
  cat "$log" >&2
  echo "the server did not say where it listens" >&2
  exit 1
}

start private --private-registry
export FLOWCRATE_PRIVATE_URL="$url"
token() { "$binary" token create --data "$folder/private" --scope "$1" --name "$2" 2>/dev/null; }
FLOWCRATE_PUBLISHER="$(token publish ada)"
FLOWCRATE_READER="$(token read eve)"
export FLOWCRATE_PUBLISHER FLOWCRATE_READER

start public "$@"
FLOWCRATE_URL="$url" npm run e2e || { tail -n 40 "$folder"/*.log >&2; exit 1; }

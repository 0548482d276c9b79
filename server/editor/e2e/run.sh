#!/usr/bin/env bash
# Starts the server that `cargo build` made, on a free port with data of its own, and drives its
# editor in Chromium. The example workflow calls a service of the test, hence private addresses. Arguments go to the server's `serve`.
set -euo pipefail
cd "$(dirname "$0")/.."
binary="${FLOWCRATE_BIN:-${CARGO_TARGET_DIR:-../../target}/debug/flowcrate}"
data="$(mktemp -d)"
FLOWCRATE_ALLOW_PRIVATE=1 "$binary" serve --listen 127.0.0.1:0 --data "$data" "$@" >"$data/log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; rm -rf "$data"' EXIT

url=""
for _ in $(seq 100); do
  url="$(sed -n 's/.*\(http:\/\/127\.0\.0\.1:[0-9]*\).*/\1/p' "$data/log" | head -n 1)"
  [ -n "$url" ] && break
  kill -0 "$server" 2>/dev/null || { cat "$data/log" >&2; exit 1; }
  sleep 0.1
done
[ -n "$url" ] || { cat "$data/log" >&2; echo "the server did not say where it listens" >&2; exit 1; }
FLOWCRATE_URL="$url" npm run e2e || { tail -n 40 "$data/log" >&2; exit 1; }

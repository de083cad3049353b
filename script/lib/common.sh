# Shared by the scripts beside this folder: where things are, how a step is said, and who runs PostgreSQL.
# Sourced, never run.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
VAR="$ROOT/var"
VENV="$ROOT/.venv"
PYTHON="$VENV/bin/python"
PG_BIN=/usr/lib/postgresql/15/bin
PG_DATA="$VAR/postgres/data"
PG_LOG="$VAR/postgres/server.log"
cd "$ROOT"

say() { printf '%s\n' "$@"; }

fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# step NAME COMMAND...: run it, show its output only if it fails, and say how long it took.
step() {
  local name=$1 start log
  shift
  start=$(date +%s.%N)
  printf '%-44s ' "$name"
  log=$(mktemp)
  # In the background, because `set -e` does not hold inside a command that `if` asks about.
  (set -e; "$@") >"$log" 2>&1 &
  if wait $!; then
    printf 'ok   %6.1f s\n' "$(awk -v a="$start" -v b="$(date +%s.%N)" 'BEGIN {print b - a}')"
    rm -f "$log"
  else
    printf 'FAILED\n\n' >&2
    tail -n 60 "$log" >&2
    rm -f "$log"
    fail "$name failed; its last output is above"
  fi
}

# fingerprint FILES...: one hash over names and contents, to know whether a step has to run again.
fingerprint() { find "$@" -type f -not -path '*/node_modules/*' -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1; }

stamped() { [ -f "$VAR/stamps/$1" ] && [ "$(cat "$VAR/stamps/$1")" = "$2" ]; }

stamp() {
  mkdir -p "$VAR/stamps"
  printf '%s' "$2" >"$VAR/stamps/$1"
}

# The cluster is ours unless DATABASE_URL names another.
own_cluster() { [ -z "${DATABASE_URL:-}" ]; }

# env_value KEY: from the environment, else from var/env.
env_value() {
  local key=$1
  if [ -n "${!key:-}" ]; then
    printf '%s' "${!key}"
  elif [ -f "$VAR/env" ]; then
    sed -n "s/^$key=//p" "$VAR/env" | tail -n 1
  fi
}

# PostgreSQL refuses to run as root, so root hands it to the `postgres` user of Debian's package. Where a folder above
# the checkout is closed to that user, it gets the one capability that lets it pass through folders, and no other.
as_postgres() {
  if [ "$(id -u)" -ne 0 ]; then
    "$@"
  elif setpriv --reuid=postgres --regid=postgres --clear-groups test -x "$VAR/postgres"; then
    setpriv --reuid=postgres --regid=postgres --clear-groups "$@"
  else
    setpriv --reuid=postgres --regid=postgres --clear-groups \
      --inh-caps=-all,+dac_read_search --ambient-caps=-all,+dac_read_search "$@"
  fi
}

postgres_running() { [ -f "$PG_DATA/postmaster.pid" ] && (cd / && as_postgres "$PG_BIN/pg_ctl" -D "$PG_DATA" status >/dev/null 2>&1); }

# First free one at or above $1. Below the range from which the system hands out ports of its own accord, so that the
# number stays ours while the cluster is stopped.
free_port() {
  "$PYTHON" - "$1" <<'PY'
import socket, sys
for port in range(int(sys.argv[1]), 32768):
    with socket.socket() as s:
        if s.connect_ex(("127.0.0.1", port)):
            print(port)
            break
PY
}

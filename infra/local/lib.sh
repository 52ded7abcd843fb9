# shellcheck shell=bash
# What every local script shares. Sourced, never run.

ROOT=$(cd -P "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

say() { printf '%s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# --- where state lives -------------------------------------------------------------------------

# Other users cannot enter root's home, so root's state lives outside the checkout.
state_folder() {
  if [[ -n ${EVENTML_STATE:-} ]]; then
    printf '%s' "$EVENTML_STATE"
  elif ((EUID == 0)); then
    printf '/var/lib/eventml/%s' "$(printf '%s' "$ROOT" | sha256sum | cut -c1-12)"
  else
    printf '%s/.work' "$ROOT"
  fi
}

# --- who runs the servers ----------------------------------------------------------------------

SERVER_USER=eventml
# Users' scripts run as a third user, so that they can read neither root's files nor the servers' passwords.
SCRIPT_USER=eventml-script

ensure_server_user() {
  ((EUID == 0)) || return 0
  local user
  for user in "$SERVER_USER" "$SCRIPT_USER"; do
    getent passwd "$user" >/dev/null ||
      useradd --system --user-group --home-dir /nonexistent --shell /usr/sbin/nologin "$user" 2>/dev/null ||
      getent passwd "$user" >/dev/null ||
      die "cannot create the system user '$user' for servers and scripts; create it with: useradd --system --user-group $user"
  done
}

# PostgreSQL refuses to run as root, and nothing here needs to.
as_server_user() {
  if ((EUID == 0)); then
    setpriv --reuid="$SERVER_USER" --regid="$SERVER_USER" --init-groups -- "$@"
  else
    "$@"
  fi
}

give_to_server_user() { if ((EUID == 0)); then chown -R "$SERVER_USER:$SERVER_USER" -- "$@"; fi; }

# Starts a process in a session of its own that holds none of our descriptors; sets SPAWNED.
# shellcheck disable=SC2034  # read by the scripts that source this
spawn() { # LOG COMMAND...
  local log=$1
  shift
  (
    for fd in /proc/self/fd/*; do
      fd=${fd##*/}
      if ((fd > 2 && fd != 255)); then eval "exec $fd>&-"; fi
    done
    exec setsid "$@"
  ) </dev/null >>"$log" 2>&1 &
  SPAWNED=$!
}

# --- processes ---------------------------------------------------------------------------------

# A process is known by pid, start time and boot: pids are reused and survive nothing.
process_ident() { # PID
  local stat state start
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  stat=${stat##*) }
  read -r state _ <<<"$stat"
  [[ $state != Z && $state != X ]] || return 1
  start=$(cut -d' ' -f20 <<<"$stat")
  printf '%s:%s:%s' "$1" "$start" "$(cut -c1-8 /proc/sys/kernel/random/boot_id)"
}

is_alive() { # IDENT
  [[ -n $1 && $(process_ident "${1%%:*}" || true) == "$1" ]]
}

wait_until_gone() { # IDENT SECONDS
  local end=$((SECONDS + $2))
  while is_alive "$1"; do
    ((SECONDS < end)) || return 1
    pause 0.1
  done
}

# Asks the leader of a process group to end, then ends whatever of the group is left.
end_group() { # FILE_WITH_IDENT SECONDS
  local ident
  ident=$(cat "$1" 2>/dev/null || true)
  if is_alive "$ident"; then
    kill -TERM "${ident%%:*}" 2>/dev/null || true
    wait_until_gone "$ident" "$2" || say "process ${ident%%:*} did not stop within $2 s; ending it"
    kill -KILL -- "-${ident%%:*}" 2>/dev/null || true
  fi
  rm -f -- "$1"
}

# Waits without a child process.
pause() { # SECONDS
  [[ -n ${_pause_fd:-} ]] || exec {_pause_fd}<> <(:)
  read -rt "$1" -u "$_pause_fd" || true
}

# --- ports -------------------------------------------------------------------------------------

port_is_free() { # PORT
  local hex files=()
  printf -v hex ':%04X' "$1"
  for f in /proc/net/tcp /proc/net/tcp6; do [[ -r $f ]] && files+=("$f"); done
  ! awk -v port="$hex" '$4 == "0A" && substr($2, length($2) - 4) == port { found = 1; exit } END { exit !found }' "${files[@]}"
}

# Below the range that the kernel hands to outgoing connections.
free_port() {
  local port
  for _ in {1..200}; do
    port=$((20000 + SRANDOM % 12000))
    if port_is_free "$port"; then
      printf '%s' "$port"
      return
    fi
  done
  die "no free port found between 20000 and 32000 on this machine"
}

# --- secrets and settings ----------------------------------------------------------------------

new_secret() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

# A value in single quotes, as sh and the test harness read it.
quoted() { printf "'%s'" "${1//\'/\'\\\'\'}"; }

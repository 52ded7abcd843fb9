# shellcheck shell=bash
# One private PostgreSQL 15 per instance. Sourced by `servers`; $HOME_DIR is the instance folder.

PG_BIN=${EVENTML_POSTGRES_BIN:-/usr/lib/postgresql/15/bin}

postgres_log() { printf '%s/postgres.log' "$HOME_DIR"; }

postgres_init() {
  local data=$HOME_DIR/postgres/data new=$HOME_DIR/postgres/new
  [[ -f $data/PG_VERSION ]] && return 0
  # initdb that was interrupted leaves only `new`, which starts over.
  rm -rf -- "$new"
  [[ -f $HOME_DIR/postgres/password ]] || (umask 077 && new_secret >"$HOME_DIR/postgres/password")
  give_to_server_user "$HOME_DIR/postgres"
  as_server_user env -i PATH="$PATH" LC_ALL=C.UTF-8 "$PG_BIN/initdb" -D "$new" -U eventml --pwfile="$HOME_DIR/postgres/password" \
    --auth=scram-sha-256 -E UTF8 --locale=C.UTF-8 --data-checksums >>"$(postgres_log)" 2>&1 || return 1
  mv -- "$new" "$data"
}

# A socket path longer than 107 bytes would stop the server, so then it has none.
postgres_socket_folder() {
  local dir=$HOME_DIR/postgres
  if ((${#dir} + 22 <= 107)) && [[ $dir != *[\"\\]* ]]; then printf '"%s"' "$dir"; fi
}

# A lock file of a server that died with the machine may name somebody else's pid, and so may the one of its socket.
postgres_drop_stale_lock() {
  local lock=$HOME_DIR/postgres/data/postmaster.pid pid
  pid=$(head -n1 "$lock" 2>/dev/null || echo none)
  if tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -qxF -- "$HOME_DIR/postgres/data"; then
    kill -INT "$pid" 2>/dev/null || true
    wait_until_gone "$(process_ident "$pid" || true)" 30 || kill -KILL "$pid" 2>/dev/null || true
  fi
  rm -f -- "$lock" "$HOME_DIR"/postgres/.s.PGSQL.*.lock
}

postgres_start() { # sets PG_PORT
  postgres_init || return 1
  postgres_write_access
  postgres_drop_stale_lock
  PG_PORT=$(kept_port postgres)
  spawn "$(postgres_log)" "${AS_SERVER_USER[@]}" env -i PATH="$PATH" LC_ALL=C.UTF-8 EVENTML_SERVER_OF="$HOME_DIR/postgres" \
    "$PG_BIN/postgres" -D "$HOME_DIR/postgres/data" -p "$PG_PORT" -c listen_addresses=127.0.0.1 \
    -c "unix_socket_directories=$(postgres_socket_folder)" -c max_connections=200 -c shared_buffers=128MB \
    -c fsync=on -c password_encryption=scram-sha-256 -c log_timezone=UTC -c timezone=UTC
  remember_process postgres "$SPAWNED"
}

postgres_is_ready() {
  [[ -f $HOME_DIR/postgres/data/postmaster.pid ]] || return 1
  postgres_sql postgres 'select 1' >/dev/null 2>&1
}

postgres_finish() {
  [[ -n $(postgres_sql postgres "select 1 from pg_database where datname = 'eventml'") ]] ||
    postgres_sql postgres 'create database eventml' >/dev/null
}

postgres_sql() { # DATABASE SQL
  PGPASSFILE=$HOME_DIR/pgpass PGCONNECT_TIMEOUT=5 "$PG_BIN/psql" -XAtq -h 127.0.0.1 -p "$PG_PORT" -U eventml -d "$1" -v ON_ERROR_STOP=1 -c "$2" </dev/null
}

postgres_write_access() {
  (umask 077 && printf '127.0.0.1:*:*:eventml:%s' "$(<"$HOME_DIR/postgres/password")" >"$HOME_DIR/pgpass")
}

postgres_address() {
  printf 'Host=127.0.0.1;Port=%s;Username=eventml;Password=%s;Database=eventml' "$PG_PORT" "$(<"$HOME_DIR/postgres/password")"
}

postgres_stop() {
  stop_process postgres INT 30 QUIT
  end_leftovers postgres
}

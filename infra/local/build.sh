# shellcheck shell=bash
# How the launcher builds and starts the project's own programs. Sourced after lib.sh.

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false
# A build leaves no MSBuild nodes behind.
export MSBUILDDISABLENODEREUSE=1

check_dotnet() {
  command -v dotnet >/dev/null || die 'the .NET SDK 10 is missing; install it and run this again'
  local version
  version=$(cd / && dotnet --version)
  ((${version%%.*} >= 10)) || die ".NET SDK 10 is needed, this is $version; install it and run this again"
}

# Two builds of one checkout share restore files, so they take turns.
build_projects() { # CONFIGURATION PROJECT...
  local configuration=$1 project log
  shift
  check_dotnet
  mkdir -p -- "$ROOT/artifacts"
  (
    exec {lock}>"$ROOT/artifacts/.build.lock"
    flock "$lock"
    log=$ROOT/artifacts/build.log
    for project in "$@"; do
      is_newer_than_build "$configuration" "$project" || continue
      say "building $project ($configuration) …"
      if ! dotnet build "$ROOT/$project" -c "$configuration" -m:2 -v q </dev/null >"$log" 2>&1 {lock}>&-; then
        grep -E 'error|warn' "$log" | sort -u | head -n 30 >&2 || tail -n 30 "$log" >&2
        die "$project does not build; the whole log is $log"
      fi
      : >"$(build_stamp "$configuration" "$project")"
    done
  )
}

build_stamp() { printf '%s/artifacts/.built-%s-%s' "$ROOT" "$1" "${2//\//-}"; }

is_newer_than_build() { # CONFIGURATION PROJECT; folders count too, or a deleted file would go unseen
  local stamp folders=("$ROOT/src")
  stamp=$(build_stamp "$1" "$2")
  [[ $2 == src/* ]] || folders+=("$ROOT/tests" "$ROOT/bench")
  [[ -f $stamp ]] || return 0
  [[ -n $(find "${folders[@]}" "$ROOT"/Directory.* "$ROOT/EventMl.sln" "$ROOT/.editorconfig" -newer "$stamp" -print -quit 2>/dev/null) ]]
}

# --- hosts -------------------------------------------------------------------------------------

HOST_DLL=$ROOT/artifacts/bin/EventMl.Host/release/EventMl.Host.dll

# The instance whose servers and folder the hosts use; `use_servers` sets it.
INSTANCE_DIR=''

use_servers() { # NAME [OPTIONS of `servers up`]
  local env_file
  env_file=$("$ROOT/infra/local/servers" up "$@")
  set -a
  # shellcheck disable=SC1090
  source "$env_file"
  set +a
  INSTANCE_DIR=${env_file%/env}
  mkdir -p -- "$INSTANCE_DIR/hosts" "$INSTANCE_DIR/logs"
}

use_native() {
  [[ -n ${EVENTML_TORCH_NATIVE:-} ]] || EVENTML_TORCH_NATIVE=$("$ROOT/infra/local/shim")
  export EVENTML_TORCH_NATIVE
}

# Bus topology and schema are set up once, before any host talks.
host_declare() {
  local log=$INSTANCE_DIR/logs/declare.log
  if ! dotnet "$HOST_DLL" --declare >"$log" 2>&1 </dev/null; then
    tail -n 25 -- "$log" >&2
    die "the bus and the schema could not be set up; the whole log is $log"
  fi
}

# Starts one host in a process group of its own; the instance's supervisor ends it with the servers.
host_start() { # NAME AREAS PORT [OPTION...]; empty AREAS means all of them
  local name=$1 areas=$2 port=$3 log=$INSTANCE_DIR/logs/$1.log
  local arguments=("${@:4}")
  [[ -z $areas ]] || arguments+=(--areas "$areas")
  : >"$log"
  spawn "$log" dotnet "$HOST_DLL" "${arguments[@]}" --urls "http://127.0.0.1:$port"
  process_ident "$SPAWNED" >"$INSTANCE_DIR/hosts/$name" || true
  host_await "$name" "$port" "$log"
}

host_await() { # NAME PORT LOG
  local end=$((SECONDS + ${EVENTML_HOST_TIMEOUT_S:-180}))
  until http_is_ok "$2" "${EVENTML_HOST_READY_PATH:-/health/ready}"; do
    if ! is_alive "$(cat "$INSTANCE_DIR/hosts/$1" 2>/dev/null || true)"; then
      tail -n 25 -- "$3" >&2
      die "the host '$1' ended while it started; the whole log is $3"
    fi
    if ((SECONDS >= end)); then
      tail -n 25 -- "$3" >&2
      die "the host '$1' was not ready in time; the whole log is $3"
    fi
    pause 0.2
  done
}

http_is_ok() { # PORT PATH
  local line='' http
  { exec {http}<>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null || return 1
  printf 'GET %s HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' "$2" >&"$http" 2>/dev/null || true
  read -rt 5 line <&"$http" || true
  exec {http}>&-
  [[ $line == *' 200 '* ]]
}

host_stop() { # [NAME...]; all of them without a name
  local names=("$@") name
  ((${#names[@]})) || mapfile -t names < <(ls -- "$INSTANCE_DIR/hosts")
  for name in "${names[@]}"; do end_group "$INSTANCE_DIR/hosts/$name" 20; done
}

# The port this host had before, so that bookmarks and scripts keep working.
host_port() { # NAME
  local file=$INSTANCE_DIR/ports/host-$1
  if [[ ! -s $file ]] || ! port_is_free "$(<"$file")"; then free_port >"$file"; fi
  cat "$file"
}

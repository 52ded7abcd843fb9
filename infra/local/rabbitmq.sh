# shellcheck shell=bash
# One private RabbitMQ 3.10 per instance, or a cluster of nodes on this machine. Sourced by `servers`; $HOME_DIR is the instance folder.
# The first node is the server `rabbitmq`, the others are `rabbitmq-2`, `rabbitmq-3`.

# The wrapper in /usr/sbin forces the system's own user and folders.
MQ_SERVER=${EVENTML_RABBITMQ_SERVER:-/usr/lib/rabbitmq/bin/rabbitmq-server}

rabbitmq_nodes() { cat "$HOME_DIR/rabbitmq-nodes" 2>/dev/null || printf 1; }
rabbitmq_servers() { # every node's name, the first one first
  local n
  printf 'rabbitmq\n'
  for ((n = 2; n <= $(rabbitmq_nodes); n++)); do printf 'rabbitmq-%s\n' "$n"; done
}
rabbitmq_dir() { [[ $1 == rabbitmq ]] && printf '%s/rabbitmq' "$HOME_DIR" || printf '%s/rabbitmq/%s' "$HOME_DIR" "$1"; } # NODE
rabbitmq_nodename() { # NODE
  if (($(rabbitmq_nodes) == 1)); then
    printf 'eventml@localhost'
  elif [[ $1 == rabbitmq ]]; then
    printf 'eventml1@localhost'
  else
    printf 'eventml%s@localhost' "${1#rabbitmq-}"
  fi
}

rabbitmq_init() { # NODE PORT MANAGEMENT_PORT
  local home=$HOME_DIR/rabbitmq dir n
  dir=$(rabbitmq_dir "$1")
  mkdir -p -- "$dir"
  [[ -f $home/password ]] || (umask 077 && new_secret >"$home/password")
  if [[ ! -f $home/.erlang.cookie ]]; then
    (umask 077 && new_secret >"$home/.erlang.cookie")
    chmod 400 "$home/.erlang.cookie"
  fi
  printf '[rabbitmq_management].\n' >"$dir/enabled_plugins"
  # A generated default user also means that `guest` is never created.
  (
    umask 077
    cat >"$dir/rabbitmq.conf" <<CONF
listeners.tcp.1 = 127.0.0.1:$2
management.tcp.ip = 127.0.0.1
management.tcp.port = $3
default_user = eventml
default_pass = $(<"$home/password")
default_user_tags.administrator = true
default_vhost = /
default_permissions.configure = .*
default_permissions.read = .*
default_permissions.write = .*
consumer_timeout = ${EVENTML_RABBITMQ_CONSUMER_TIMEOUT_MS:-1800000}
disk_free_limit.absolute = 200MB
log.console = false
CONF
    if (($(rabbitmq_nodes) > 1)); then
      printf 'cluster_partition_handling = pause_minority\ncluster_formation.peer_discovery_backend = classic_config\n'
      for n in $(rabbitmq_servers); do
        printf 'cluster_formation.classic_config.nodes.%s = %s\n' "$n" "$(rabbitmq_nodename "$n")"
      done
    fi >>"$dir/rabbitmq.conf"
  )
  give_to_server_user "$home"
}

# The port mapper is the instance's own and outlives a node that was killed.
rabbitmq_epmd_port() { # NODE
  if [[ $1 == rabbitmq && -z ${ONE_SERVER:-} ]]; then kept_port rabbitmq-epmd; else cat "$HOME_DIR/ports/rabbitmq-epmd"; fi
}

rabbitmq_start_node() { # NODE
  local dir port management dist epmd
  dir=$(rabbitmq_dir "$1")
  port=$(kept_port "$1")
  management=$(kept_port "$1-management")
  dist=$(kept_port "$1-dist")
  epmd=$(rabbitmq_epmd_port "$1")
  rabbitmq_init "$1" "$port" "$management"
  # With ALLOW_INPUT the script becomes the server, so that the pid we hold is the server's own;
  # idle schedulers must not spin on a machine of two cores.
  spawn "$(rabbitmq_log_of "$1")" "${AS_SERVER_USER[@]}" env -i PATH="$PATH" LC_ALL=C.UTF-8 EVENTML_SERVER_OF="$HOME_DIR/rabbitmq" \
    HOME="$HOME_DIR/rabbitmq" RABBITMQ_NODENAME="$(rabbitmq_nodename "$1")" RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 \
    RABBITMQ_NODE_PORT="$port" RABBITMQ_DIST_PORT="$dist" \
    RABBITMQ_MNESIA_BASE="$dir/mnesia" RABBITMQ_LOG_BASE="$dir/log" RABBITMQ_PID_FILE="$dir/pid" \
    RABBITMQ_CONFIG_FILE="$dir/rabbitmq.conf" RABBITMQ_CONF_ENV_FILE=/dev/null \
    RABBITMQ_ENABLED_PLUGINS_FILE="$dir/enabled_plugins" RABBITMQ_FEATURE_FLAGS_FILE="$dir/feature_flags" \
    RABBITMQ_ADVANCED_CONFIG_FILE="$dir/advanced.config" RABBITMQ_GENERATED_CONFIG_DIR="$dir/config" \
    ERL_EPMD_PORT="$epmd" ERL_EPMD_ADDRESS=127.0.0.1 ERL_MAX_PORTS=4096 ERL_CRASH_DUMP=/dev/null \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none' \
    RABBITMQ_ALLOW_INPUT=1 "$MQ_SERVER" -noinput
  remember_process "$1" "$SPAWNED"
}

# Asks the management door with the generated user, which proves port, plugin and password at once.
rabbitmq_node_is_ready() { # NODE
  local line='' port management
  port=$(<"$HOME_DIR/ports/$1") && management=$(<"$HOME_DIR/ports/$1-management") || return 1
  {
    exec {mq}<>"/dev/tcp/127.0.0.1/$port" && exec {mq}>&-
    exec {mq}<>"/dev/tcp/127.0.0.1/$management"
  } 2>/dev/null || return 1
  printf 'GET /api/vhosts HTTP/1.0\r\nHost: 127.0.0.1\r\nAuthorization: Basic %s\r\n\r\n' \
    "$(printf 'eventml:%s' "$(<"$HOME_DIR/rabbitmq/password")" | base64 -w0)" >&"$mq"
  read -rt 5 line <&"$mq" || true
  exec {mq}>&-
  [[ $line == *' 200 '* ]]
}

rabbitmq_log_of() { printf '%s/%s.log' "$HOME_DIR" "$1"; } # NODE
for _node in rabbitmq rabbitmq-2 rabbitmq-3 rabbitmq-4 rabbitmq-5; do
  eval "${_node}_log() { rabbitmq_log_of $_node; }
    ${_node}_start() { rabbitmq_start_node $_node; }
    ${_node}_is_ready() { rabbitmq_node_is_ready $_node; }
    ${_node}_stop() { stop_process $_node TERM 60 KILL; }"
done

rabbitmq_address() {
  local node nodes=''
  for node in $(rabbitmq_servers); do nodes+=",127.0.0.1:$(<"$HOME_DIR/ports/$node")"; done
  printf 'amqp://eventml:%s@%s/' "$(<"$HOME_DIR/rabbitmq/password")" "${nodes#,}"
}
rabbitmq_management_address() { printf 'http://eventml:%s@127.0.0.1:%s/' "$(<"$HOME_DIR/rabbitmq/password")" "$(<"$HOME_DIR/ports/rabbitmq-management")"; }

rabbitmq_stop_all() {
  local node
  # All at once: a node of a cluster waits for nobody when it goes.
  for node in $(rabbitmq_servers); do
    kill -TERM "$(process_of "$node" | cut -d: -f1)" 2>/dev/null || true
  done
  for node in $(rabbitmq_servers); do "${node}_stop"; done
  # The port mapper outlives the server that started it; it is this instance's own.
  if [[ -s $HOME_DIR/ports/rabbitmq-epmd ]] && command -v epmd >/dev/null; then
    ERL_EPMD_PORT=$(<"$HOME_DIR/ports/rabbitmq-epmd") ERL_EPMD_ADDRESS=127.0.0.1 epmd -kill >/dev/null 2>&1 || true
  fi
  end_leftovers rabbitmq
}

rabbitmq_wipe() { rm -rf -- "$(rabbitmq_dir "$1")/mnesia"; } # NODE

rabbitmq_control() { # ARGUMENTS of rabbitmqctl
  as_server_user env -i PATH="$PATH" LC_ALL=C.UTF-8 HOME="$HOME_DIR/rabbitmq" RABBITMQ_CONF_ENV_FILE=/dev/null RABBITMQ_NODENAME="$(rabbitmq_nodename rabbitmq)" \
    ERL_EPMD_PORT="$(<"$HOME_DIR/ports/rabbitmq-epmd")" ERL_EPMD_ADDRESS=127.0.0.1 "$(dirname "$MQ_SERVER")/rabbitmqctl" "$@"
}

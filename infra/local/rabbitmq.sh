# shellcheck shell=bash
# One private RabbitMQ 3.10 per instance. Sourced by `servers`; $HOME_DIR is the instance folder.

# The wrapper in /usr/sbin forces the system's own user and folders.
MQ_SERVER=${EVENTML_RABBITMQ_SERVER:-/usr/lib/rabbitmq/bin/rabbitmq-server}

rabbitmq_log() { printf '%s/rabbitmq.log' "$HOME_DIR"; }

rabbitmq_init() {
  local dir=$HOME_DIR/rabbitmq
  [[ -f $dir/password ]] || (umask 077 && new_secret >"$dir/password")
  if [[ ! -f $dir/.erlang.cookie ]]; then
    (umask 077 && new_secret >"$dir/.erlang.cookie")
    chmod 400 "$dir/.erlang.cookie"
  fi
  printf '[rabbitmq_management].\n' >"$dir/enabled_plugins"
  # A generated default user also means that `guest` is never created.
  (
    umask 077
    cat >"$dir/rabbitmq.conf" <<CONF
listeners.tcp.1 = 127.0.0.1:$MQ_PORT
management.tcp.ip = 127.0.0.1
management.tcp.port = $MQ_MANAGEMENT_PORT
default_user = eventml
default_pass = $(<"$dir/password")
default_user_tags.administrator = true
default_vhost = /
default_permissions.configure = .*
default_permissions.read = .*
default_permissions.write = .*
consumer_timeout = ${EVENTML_RABBITMQ_CONSUMER_TIMEOUT_MS:-1800000}
disk_free_limit.absolute = 200MB
log.console = false
CONF
  )
  give_to_server_user "$dir"
}

rabbitmq_start() { # sets MQ_PORT, MQ_MANAGEMENT_PORT
  local dir=$HOME_DIR/rabbitmq epmd dist
  MQ_PORT=$(kept_port rabbitmq)
  MQ_MANAGEMENT_PORT=$(kept_port rabbitmq-management)
  epmd=$(kept_port rabbitmq-epmd)
  dist=$(kept_port rabbitmq-dist)
  rabbitmq_init
  # With ALLOW_INPUT the script becomes the server, so that the pid we hold is the server's own;
  # idle schedulers must not spin on a machine of two cores.
  spawn "$(rabbitmq_log)" "${AS_SERVER_USER[@]}" env -i PATH="$PATH" LC_ALL=C.UTF-8 EVENTML_SERVER_OF="$HOME_DIR/rabbitmq" \
    HOME="$dir" RABBITMQ_NODENAME=eventml@localhost RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 \
    RABBITMQ_NODE_PORT="$MQ_PORT" RABBITMQ_DIST_PORT="$dist" \
    RABBITMQ_MNESIA_BASE="$dir/mnesia" RABBITMQ_LOG_BASE="$dir/log" RABBITMQ_PID_FILE="$dir/pid" \
    RABBITMQ_CONFIG_FILE="$dir/rabbitmq.conf" RABBITMQ_CONF_ENV_FILE=/dev/null \
    RABBITMQ_ENABLED_PLUGINS_FILE="$dir/enabled_plugins" RABBITMQ_FEATURE_FLAGS_FILE="$dir/feature_flags" \
    RABBITMQ_ADVANCED_CONFIG_FILE="$dir/advanced.config" RABBITMQ_GENERATED_CONFIG_DIR="$dir/config" \
    ERL_EPMD_PORT="$epmd" ERL_EPMD_ADDRESS=127.0.0.1 ERL_MAX_PORTS=4096 ERL_CRASH_DUMP=/dev/null \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none' \
    RABBITMQ_ALLOW_INPUT=1 "$MQ_SERVER" -noinput
  remember_process rabbitmq "$SPAWNED"
}

# Asks the management door with the generated user, which proves port, plugin and password at once.
rabbitmq_is_ready() {
  local line=''
  {
    exec {mq}<>"/dev/tcp/127.0.0.1/$MQ_PORT" && exec {mq}>&-
    exec {mq}<>"/dev/tcp/127.0.0.1/$MQ_MANAGEMENT_PORT"
  } 2>/dev/null || return 1
  printf 'GET /api/vhosts HTTP/1.0\r\nHost: 127.0.0.1\r\nAuthorization: Basic %s\r\n\r\n' \
    "$(printf 'eventml:%s' "$(<"$HOME_DIR/rabbitmq/password")" | base64 -w0)" >&"$mq"
  read -rt 5 line <&"$mq" || true
  exec {mq}>&-
  [[ $line == *' 200 '* ]]
}

rabbitmq_address() { printf 'amqp://eventml:%s@127.0.0.1:%s/' "$(<"$HOME_DIR/rabbitmq/password")" "$MQ_PORT"; }
rabbitmq_management_address() { printf 'http://eventml:%s@127.0.0.1:%s/' "$(<"$HOME_DIR/rabbitmq/password")" "$MQ_MANAGEMENT_PORT"; }

rabbitmq_stop() {
  stop_process rabbitmq TERM 60 KILL
  # The port mapper outlives the server that started it; it is this instance's own.
  if [[ -s $HOME_DIR/ports/rabbitmq-epmd ]] && command -v epmd >/dev/null; then
    ERL_EPMD_PORT=$(<"$HOME_DIR/ports/rabbitmq-epmd") ERL_EPMD_ADDRESS=127.0.0.1 epmd -kill >/dev/null 2>&1 || true
  fi
  end_leftovers rabbitmq
}

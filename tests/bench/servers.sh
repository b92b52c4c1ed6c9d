# SPDX-License-Identifier: MIT
#
# servers.sh - finds, starts and ends the servers of the benchmark; sourced by run.
# A server has a label; PORT[label] and PIDS[label] (comma list: the whole process tree) name it.

declare -A PORT PIDS ROOT

secret=benchmark-benchmark-benchmark-32

# The token that a guarded route asks for.
token() {
	local head claims
	head=$(printf '{"alg":"HS256","typ":"JWT"}' | base64url)
	claims=$(printf '{"iss":"bench","aud":"api","sub":"alice","exp":4102444800}' | base64url)
	printf '%s.%s.%s' "$head" "$claims" \
		"$(printf '%s.%s' "$head" "$claims" | openssl dgst -sha256 -hmac "$secret" -binary | base64url)"
}

base64url() {
	base64 -w0 | tr '+/' '-_' | tr -d '='
}

# server_missing KIND: prints why this kind can't run, or nothing.
server_missing() {
	case $1 in
	wye) wye_missing ;;
	nginx) find_program nginx >/dev/null || echo "not installed (Debian: nginx)" ;;
	bun) [ -n "$bun" ] || echo "not found (npm install bun; --node-modules DIR, or BUN=PATH)" ;;
	node) node_missing ;;
	gin) gin_build ;;
	*) echo "unknown server" ;;
	esac
}

wye_missing() {
	if ! [ -x "$wye" ]; then
		echo "no program at $wye (build it, or give --wye PATH)"
	elif ! hub_find >/dev/null; then
		echo "its plugin hub.c does not build"
	fi
}

# Prints where the hub plugin is: in the build directory if it is up to date, else compiled here.
hub_find() {
	local built
	built=$(dirname "$wye")/tests/bench/.libs/hub.so
	if newer "$built" "$here/hub.c"; then
		realpath "$built"
		return
	fi
	built=$work/hub.so
	[ -e "$built" ] || ${CC:-gcc} -O2 -shared -fPIC -I"$here/../../include" -o "$built" \
		"$here/hub.c" || return
	echo "$built"
}

# nginx lives in a folder that isn't on every user's path.
find_program() {
	PATH=$PATH:/usr/sbin:/usr/local/sbin command -v "$1"
}

find_bun() {
	local candidate
	for candidate in "${BUN:-}" "$node_modules/.bin/bun" "$(command -v bun)"; do
		if [ -n "$candidate" ] && [ -x "$candidate" ]; then
			echo "$candidate"
			return
		fi
	done
}

node_missing() {
	if ! command -v node >/dev/null; then
		echo "not installed (Debian: nodejs)"
	elif ! NODE_PATH=$node_modules node -e 'require("ws")' 2>/dev/null; then
		echo "its package ws is not found (npm install ws; --node-modules DIR)"
	fi
}

gin_build() {
	if ! command -v go >/dev/null; then
		echo "go is not installed (Debian: golang-go)"
	elif ! [ -x "$work/gin-server" ] && ! GO111MODULE=off GOPATH=/usr/share/gocode \
		go build -o "$work/gin-server" "$here"/peers/gin/*.go 2>"$work/gin.log"; then
		echo "does not build (Debian: golang-github-gin-gonic-gin-dev" \
			"golang-github-gorilla-websocket-dev golang-github-golang-jwt-jwt-dev)"
	fi
}

# The chain of wye's REST lane, and the entries of its middleware, each with a comma behind it.
chain='"request-id", "access-log"' entries='{ use = "access-log"; file = "/dev/null"; },'

# Not empty: the servers that are started speak TLS, by the certificate in $work.
secure=

certificate_make() {
	[ -e "$work/key.pem" ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
		-nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 \
		-out "$work/certificate.pem" -keyout "$work/key.pem" 2>/dev/null
}

# words_KIND DIR PORT [HTTP-THREADS STREAM-LOOPS]: sets the command line in `words`.
words_nginx() {
	local files="ssl_certificate $work/certificate.pem; ssl_certificate_key $work/key.pem;"
	sed -e "s|@PORT@|$2|g" -e "s|@DIR@|$1|g" -e "s|@SSL@|${secure:+ssl}|" \
		-e "s|@CERTIFICATE@|${secure:+$files ssl_protocols TLSv1.2 TLSv1.3;}|" \
		"$here/peers/nginx.conf.in" >"$1/nginx.conf"
	words=("$(find_program nginx)" -p "$1" -c "$1/nginx.conf" -e "$1/nginx.log")
}

words_bun() {
	words=("$bun" "$here/peers/bun-server.js" "$2")
	[ -z "$secure" ] || words+=("$work/certificate.pem" "$work/key.pem")
}

words_node() {
	words=(env "NODE_PATH=$node_modules" node "$here/peers/node-server.js" "$2")
}

words_gin() {
	words=(env GOMAXPROCS=1 "BENCH_SECRET=$secret" "$work/gin-server" "$2")
}

words_wye() {
	local echo_plugin=echo built hub text
	local tls="tls = { certificate = \"$work/certificate.pem\"; key = \"$work/key.pem\"; handshake_rate = 0; };"
	hub=$(hub_find)
	built=$(dirname "$wye")/plugins/.libs/echo.so
	[ -e "$built" ] && echo_plugin=$(realpath "$built")
	text=$(sed -e "s|@PORT@|$2|" -e "s|@HTTP_THREADS@|${3:-1}|" -e "s|@STREAM_LOOPS@|${4:-1}|" \
		-e "s|@ECHO@|$echo_plugin|" -e "s|@HUB@|$hub|" -e "s|@SECRET@|$secret|" \
		-e "s|@TLS@|${secure:+$tls}|" "$here/wye.conf.in")
	text=${text//@MIDDLEWARE@/"$entries"}
	echo "${text//@CHAIN@/"$chain"}" >"$1/wye.conf"
	words=("$wye" -c "$1/wye.conf")
}

# server_start LABEL KIND [HTTP-THREADS STREAM-LOOPS]: on the CPUs of $server_cpus, behind the
# words of $under (valgrind ...), and waits until it answers.
server_start() {
	local label=$1 kind=$2 dir=$work/$1 port words=()
	shift 2
	mkdir -p "$dir"
	port=$("$wsload" port)
	"words_$kind" "$dir" "$port" "$@"
	taskset -c "$server_cpus" "${under[@]}" "${words[@]}" </dev/null >"$dir/output" 2>&1 &
	ROOT[$label]=$!
	PORT[$label]=$port
	if ! server_await "$label"; then
		echo "bench: $kind did not start:" >&2
		tail -5 "$dir/output" >&2
		server_stop "$label"
		unset "PORT[$label]"
		return 1
	fi
	PIDS[$label]=$(process_tree "${ROOT[$label]}")
}

server_await() {
	local tries
	for ((tries = 0; tries < 600; tries++)); do
		if (: <>"/dev/tcp/127.0.0.1/${PORT[$1]}") 2>/dev/null; then
			return 0
		fi
		kill -0 "${ROOT[$1]}" 2>/dev/null || return 1
		sleep 0.05
	done
	return 1
}

# process_tree PID: the process and all its descendants, as a comma list.
process_tree() {
	local list=$1 child
	for child in $(cat /proc/"$1"/task/*/children 2>/dev/null); do
		list+=,$(process_tree "$child")
	done
	echo "$list"
}

server_stop() {
	local pid=${ROOT[$1]:-} tries
	[ -n "$pid" ] || return 0
	unset "ROOT[$1]"
	kill "$pid" 2>/dev/null
	for ((tries = 0; tries < 200; tries++)); do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.05
	done
	kill -KILL "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
}

servers_stop() {
	local label
	for label in "${!ROOT[@]}"; do
		server_stop "$label"
	done
}

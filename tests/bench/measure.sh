# SPDX-License-Identifier: MIT
#
# measure.sh - takes one measurement of one server, adds them up, and prints rows; sourced by run.
# A measurement sets `did` (requests, messages or handshakes) and `cpu_ns` (all threads of all
# processes of the server, by their CPU clocks).

declare -A DID CPU FIRST

calculate() {
	awk "BEGIN { printf \"%.${2:-3}f\", ($1) }"
}

holds() {
	awk "BEGIN { exit !($1) }"
}

# json_number LINE KEY
json_number() {
	sed -n "s/.*\"$2\":\([0-9.]*\).*/\1/p" <<<"$1"
}

server_cpu() {
	"$wsload" cpu "${PIDS[$1]}"
}

# measure_rest LABEL [wrk's options]: on the route $path, by default /hello.
measure_rest() {
	local label=$1 output before
	shift
	before=$(server_cpu "$label")
	output=$(taskset -c "$client_cpus" wrk -t"${wrk_threads:-1}" -c64 -d"${seconds}s" "$@" \
		"http${secure:+s}://127.0.0.1:${PORT[$label]}${path:-/hello}" 2>&1)
	cpu_ns=$(($(server_cpu "$label") - before))
	did=$(awk '/requests in/ { print $1 }' <<<"$output")
	if [ -z "$did" ] || grep -q -e Non-2xx -e 'connect [1-9]' -e 'timeout [1-9]' <<<"$output"; then
		echo "bench: wrk on $label: $(grep -e Non-2xx -e errors -e unable <<<"$output")" >&2
		failures=$((failures + 1))
	fi
	did=${did:-0}
}

# measure_wsload LABEL KEY MODE [wsload's options]: on the route $path, by default /ws.
measure_wsload() {
	local label=$1 key=$2 output
	shift 2
	if ! output=$(taskset -c "$client_cpus" "$wsload" "$@" ${secure:+-T} -t "$seconds" \
		-S "${PIDS[$label]}" \
		"127.0.0.1:${PORT[$label]}${path:-/ws}"); then
		echo "bench: wsload $1 on $label: ${output:-no result}" >&2
		failures=$((failures + 1))
	fi
	did=$(json_number "$output" "$key")
	cpu_ns=$(json_number "$output" server_cpu_ns)
	did=${did:-0} cpu_ns=${cpu_ns:-0}
}

# value_of UNIT DID CPU: us (CPU microseconds for one) or rate (how many in a CPU second).
value_of() {
	case $1 in
	us) calculate "$2 ? $3 / $2 / 1000 : 0" ;;
	rate) calculate "$3 ? $2 * 1e9 / $3 : 0" 0 ;;
	esac
}

measurement_add() {
	DID[$1]=$((${DID[$1]:-0} + did))
	CPU[$1]=$((${CPU[$1]:-0} + cpu_ns))
}

# compare ROW UNIT REFERENCE TARGET LABELS MEASURE [ARGUMENTS]: A B A B ..., then the row's lines.
# LABELS is a list in one word; the first is the subject.
compare() {
	local row=$1 unit=$2 reference=$3 target=$4 labels=$5 round label
	shift 5
	for ((round = 1; round <= rounds; round++)); do
		for label in $labels; do
			"$1" "$label" "${@:2}"
			measurement_add "$row/$label"
			DID[$row/$label/$round]=$did
			CPU[$row/$label/$round]=$cpu_ns
		done
	done
	for label in $labels; do
		row_line "$row" "$unit" "$label" "$reference" "$target"
	done
}

# ratio_of ROW UNIT LABEL [/ROUND]: the subject's value divided by this server's.
ratio_of() {
	local mine theirs
	mine=$(value_of "$2" "${DID[$1/subject${4:-}]:-0}" "${CPU[$1/subject${4:-}]:-0}")
	theirs=$(value_of "$2" "${DID[$1/$3${4:-}]:-0}" "${CPU[$1/$3${4:-}]:-0}")
	calculate "$theirs > 0 ? $mine / $theirs : 0"
}

# span_of ROW UNIT LABEL: the least and the greatest ratio of a round.
span_of() {
	local round
	for ((round = 1; round <= rounds; round++)); do
		ratio_of "$1" "$2" "$3" "/$round"
		echo
	done | sort -n | sed -n '1p;$p' | paste -sd' '
}

row_line() {
	local row=$1 unit=$2 label=$3 reference=$4 target=$5 value ratio="" span="" verdict=""
	value=$(value_of "$unit" "${DID[$row/$label]}" "${CPU[$row/$label]}")
	if [ "$label" != subject ] && [ -n "${PORT[subject]:-}" ]; then
		ratio=$(ratio_of "$row" "$unit" "$label")
		span=$(span_of "$row" "$unit" "$label")
		[ "$label" = "$reference" ] && verdict=$(verdict_of "$ratio" "$target")
	fi
	[ -n "$verdict" ] || target=
	line_print "$row" "$label" "$value" "$(unit_name "$unit")" "$ratio" "$span" "$target" "$verdict"
}

unit_name() {
	case $1 in
	us) echo "CPU us each" ;;
	rate) echo "/CPU s" ;;
	*) echo "$1" ;;
	esac
}

# verdict_of VALUE "<= 1.05"
verdict_of() {
	if holds "$1 > 0 && $1 $2"; then echo pass; else echo FAIL; fi
}

# line_print ROW LABEL VALUE UNIT RATIO "MIN MAX" TARGET VERDICT
line_print() {
	local name=$2 shown=$1
	[ "$name" = subject ] && name=$subject
	[ -n "${FIRST[$1]:-}" ] && shown=
	FIRST[$1]=shown
	printf '%-24s %-9s %12s %-12s %6s %-15s %-9s %s\n' \
		"$shown" "$name" "$3" "$4" "$5" "${6:+(${6/ / - })}" "$7" "$8"
	[ "$8" = FAIL ] && failures=$((failures + 1))
	json_line "$1" "$name" "$3" "$4" "$5" "$6" "$7" "$8"
}

json_line() {
	local pass=null
	[ "$8" = pass ] && pass=true
	[ "$8" = FAIL ] && pass=false
	printf '{"row":"%s","server":"%s","value":%s,"unit":"%s","ratio":%s,"ratios":[%s],"target":"%s","pass":%s}\n' \
		"$1" "$2" "$3" "$4" "${5:-null}" "${6/ /,}" "$7" "$pass" >>"$work/rows"
}

json_write() {
	[ -n "$json" ] || return 0
	{
		echo '['
		sed '$!s/$/,/' "$work/rows" 2>/dev/null
		echo ']'
	} >"$json"
}

# rss_of LABEL: resident bytes of all its processes.
rss_of() {
	local pid sum=0 kb
	for pid in ${PIDS[$1]//,/ }; do
		kb=$(awk '/^Rss:/ { print $2 }' "/proc/$pid/smaps_rollup" 2>/dev/null)
		[ -n "$kb" ] || kb=$(awk '/^VmRSS:/ { print $2 }' "/proc/$pid/status")
		sum=$((sum + kb * 1024))
	done
	echo "$sum"
}

# cpu_shares: the machine's busy and whole ticks so far.
cpu_shares() {
	awk '$1 == "cpu" { all = 0; for (i = 2; i <= 9; i++) all += $i; print all - $5 - $6, all }' \
		/proc/stat
}

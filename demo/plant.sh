#!/bin/sh
# The demonstration plant: a small water works in network namespaces that joins three zones through
# one firewall.  What is in it: demo/README.md.
#
#   demo/plant.sh [record [FILE]]   a day and an attack, recorded (demo/plant.pcapng); 90 seconds
#   demo/plant.sh live [SECONDS]    runs until Ctrl-C, or so long; prints where to watch
#
# shellcheck disable=SC2086,SC2016 # the isolation options are words; some lines are for another sh
set -eu
export LC_ALL=C.UTF-8 PATH="$PATH:/usr/sbin:/sbin"
here=$(cd "$(dirname "$0")" && pwd)
zones='control supervisory dmz'
day_seconds=52
isolation='--net --mount --pid --fork --kill-child --mount-proc'

say() { printf '%s\n' "$*"; }
die() { printf 'plant: %s\n' "$*" >&2; exit 1; }

# --- outside: find the tools, make a room, close it again ---

find_program() {
	program=${PLANT_PROGRAM:-}
	for build in release debug; do
		[ "$program" ] || [ ! -x "$here/../build/$build/demo/waterworks" ] ||
			program=$here/../build/$build/demo/waterworks
	done
	[ -x "$program" ] || die 'demo/waterworks is not built: it needs libmodbus-dev, then ./do plant'
	for tool in ip unshare nsenter timeout mosquitto mosquitto_pub snmpd snmpget python3; do
		command -v $tool >/dev/null || die "$tool is missing: ./do plant installs what is needed"
	done
}

# As an ordinary user through a user namespace; root does without where the kernel forbids them.
find_isolation() {
	if unshare --user --map-root-user $isolation true 2>/dev/null; then
		isolation="--user --map-root-user $isolation"
	elif [ "$(id -u)" != 0 ] || ! unshare $isolation true 2>/dev/null; then
		die 'this kernel gives no user and network namespaces to you: try as root'
	fi
	try='ip link add try0 type bridge && ip link add try1 type veth peer name try2'
	unshare $isolation sh -c "$try" 2>/dev/null ||
		die 'this kernel has no virtual bridges or cables (modules bridge, veth)'
}

inside() {
	seconds=$1
	shift
	find_program
	find_isolation
	folder=$(mktemp -d "${TMPDIR:-/tmp}/plant.XXXXXX")
	trap 'rm -rf "$folder"' EXIT
	mkdir "$folder/web" "$folder/log"
	cp "$program" "$folder/waterworks"
	truncate -s 64K "$folder/works"
	export PLANT_WORKS="$folder/works" PLANT_FOLDER="$folder"
	mkfifo "$folder/orders"
	timeout --foreground --kill-after=2 "$seconds" unshare $isolation sh "$here/plant.sh" "$@" &
	room=$!
	trap 'kill $room 2>/dev/null; wait $room 2>/dev/null || true; exit 130' INT TERM
	[ "$1" != inside-live ] || tell_where
	wait $room && status=0 || status=$?
	case $status in
	0 | 124) ;;
	*) cat "$folder"/log/*.txt 2>/dev/null | tail -n 20 >&2 ;;
	esac
}

# The first process of the room as we see it: the child of unshare, the child of timeout.
tell_where() {
	while [ ! -e "$folder/ready" ]; do
		kill -0 $room 2>/dev/null || return 0
		sleep 0.2
	done
	isolated=$(cat /proc/$room/task/$room/children)
	first=$(cat /proc/${isolated% }/task/${isolated% }/children)
	enter='--net'
	case $isolation in --user*) enter='--user --preserve-credentials --net' ;; esac
	say "the plant runs; its bridges: $zones"
	say "watch from inside:  nsenter --target ${first% } $enter COMMAND"
	say "start the attack:   echo act >$folder/orders"
	say "put things right:   echo restore >$folder/orders"
}

record() {
	file=${1:-$here/plant.pcapng}
	say "recording the plant, about 95 seconds"
	inside 180 inside-record
	[ $status -eq 0 ] || die 'the recording did not come to its end'
	size=$(wc -c <"$folder/plant.pcapng")
	[ "$size" -lt 2000000 ] || die "the recording has $size bytes, 2000000 are allowed"
	cp "$folder/plant.pcapng" "$file"
	say "$file: $size bytes"
}

# --- inside: hosts, wires, programs ---

p=${PLANT_FOLDER:-}/waterworks

# on HOST COMMAND...: there, in the foreground; run HOST COMMAND...: beside us, with a log.
on() {
	holder=
	eval "holder=\$pid_$1"
	shift
	nsenter --target "$holder" --net "$@"
}
runs=0
run() {
	runs=$((runs + 1))
	on "$@" >"$PLANT_FOLDER/log/$runs-$1-$(basename "$2").txt" 2>&1 &
}

# A host is a namespace that somebody sleeps in.
namespace() { # NAME
	unshare --net sleep 100000 &
	eval "pid_$1=$!"
	ours=$(readlink /proc/self/ns/net)
	while [ "$(readlink /proc/$!/ns/net)" = "$ours" ]; do sleep 0.02; done
	on "$1" sh -c 'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6
		echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6'
	on "$1" ip link set lo up
}

card() { # HOST CARD ZONE MAC
	eval "holder=\$pid_$1"
	ip link add "$1-$2" type veth peer name "$2" address "$4" netns "$holder"
	ip link set "$1-$2" master "$3" up
	on "$1" $p plain "$2"
	on "$1" ip link set "$2" up
}

host() { # NAME ZONE ADDRESS MAC
	namespace "$1"
	card "$1" eth0 "$2" "$4"
	address "$1" "$3"
}

address() { # HOST ADDRESS
	on "$1" ip address add "$2/24" broadcast + dev eth0
	on "$1" ip route add default via "${2%.*}.1"
}

build_plant() {
	echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6
	echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
	ip link set lo up
	for zone in $zones; do
		ip link add "$zone" type bridge forward_delay 0 mcast_snooping 0
		ip link set "$zone" type bridge group_fwd_mask 0x4000 # LLDP passes
		ip link set "$zone" up promisc on
	done

	namespace firewall
	card firewall eth0 control 00:09:0f:10:20:01
	card firewall eth1 supervisory 00:09:0f:10:20:02
	card firewall eth2 dmz 00:09:0f:10:20:35
	on firewall ip address add 10.20.1.1/24 broadcast + dev eth0
	on firewall ip address add 10.20.2.1/24 broadcast + dev eth1
	on firewall ip address add 10.20.35.1/24 broadcast + dev eth2
	on firewall sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'

	host plc1 control 10.20.1.10 00:00:54:2a:91:10
	host plc2 control 10.20.1.20 00:0e:8c:b3:44:20
	host rtu control 10.20.1.30 00:30:a7:05:6c:30
	host flow control 10.20.1.40 00:1d:9c:c8:12:40
	host gateway control 10.20.1.50 00:90:e8:71:0d:50
	host switch supervisory 10.20.2.2 00:80:63:5e:20:02
	host scada supervisory 10.20.2.10 00:50:56:a1:02:10
	host engineer supervisory 10.20.2.20 18:66:da:3c:02:20
	host broker supervisory 10.20.2.30 00:50:56:a1:02:30
	host services dmz 10.20.35.5 00:50:56:a1:35:05
	host historian dmz 10.20.35.10 00:50:56:a1:35:10
	namespace office
	namespace intruder
}

start_field() {
	$p physics &
	run plc1 $p plc1
	run plc2 $p plc2
	run rtu $p rtu
	run flow $p flow
	run services $p services
	cat >"$PLANT_FOLDER/mosquitto.conf" <<-END
		user root
		listener 1883
		allow_anonymous true
	END
	run broker mosquitto -c "$PLANT_FOLDER/mosquitto.conf"
	cat >"$PLANT_FOLDER/snmpd.conf" <<-END
		rocommunity public
		sysDescr Hirschmann RS30-0802O6O6SDAUHH Industrial Ethernet Switch, SW: L2E-09.1.06
		sysObjectID .1.3.6.1.4.1.248.14.10.41
		sysName SW-SUP-01
		sysLocation Pump station 1, panel E3
		sysContact control-room@waterworks.example
	END
	SNMP_PERSISTENT_DIR=$PLANT_FOLDER run switch snmpd -f -Lo -C -c "$PLANT_FOLDER/snmpd.conf" \
		-p "$PLANT_FOLDER/snmpd.pid" udp:161
	cat >"$PLANT_FOLDER/web/index.html" <<-END
		<!doctype html><title>Waterworks HMI</title><h1>Pump station 1</h1>
		<p>Values: <a href="values.json">values.json</a></p>
	END
	run scada python3 -u -m http.server 80 --directory "$PLANT_FOLDER/web"
	start_portal
	sleep 1.5
}

start_day() {
	run plc2 $p neighbour eth0 10.20.1.20 plc_2 'Siemens, SIMATIC S7, CPU 315-2 PN/DP, V3.2.8'
	run switch $p neighbour eth0 10.20.2.2 SW-SUP-01 'Hirschmann RS30 Rail Switch, L2E-09.1.06'
	for port in eth0 eth1 eth2; do
		run firewall $p neighbour $port 10.20.2.1 FW-01 'FortiGate-60F firewall, v7.2.8'
	done
	run scada $p scada "$PLANT_FOLDER/web"
	run scada mosquitto_sub -h 10.20.2.30 -i scada -t 'waterworks/#'
	for sensor in pressure quality; do
		run gateway sh -c "$p gateway $sensor |
			mosquitto_pub -h 10.20.2.30 -i gw-$sensor -t waterworks/network/$sensor -l"
	done
	run gateway $p page
	run historian $p historian
	run plc1 $p clock
	run scada sh -c 'while sleep 9; do snmpget -v2c -c public -Oqn 10.20.2.2 1.3.6.1.2.1.1.1.0 \
		1.3.6.1.2.1.1.3.0 1.3.6.1.2.1.1.5.0 1.3.6.1.2.1.2.2.1.10.2; done'
	sleep 4
	plug office 3c:d9:2b:77:35:20 OFFICE-PC-12
	run office $p office
	run office $p call 10.20.35.20 OFFICE-PC-12
	[ ! -e "$PLANT_FOLDER/key.pem" ] || read_portal &
	sleep 8
	on engineer $p engineer look
}

# The historian's portal speaks TLS; an old tool still wants version 1.2, the browser does not.
start_portal() {
	command -v openssl >/dev/null || return 0
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 825 \
		-subj '/O=Waterworks/CN=historian.waterworks.example' \
		-addext 'subjectAltName=DNS:historian.waterworks.example' \
		-keyout "$PLANT_FOLDER/key.pem" -out "$PLANT_FOLDER/certificate.pem" 2>/dev/null
	run historian sh -c 'cd "$PLANT_FOLDER/web" && exec openssl s_server -quiet -accept 443 \
		-WWW -cert ../certificate.pem -key ../key.pem'
}
read_portal() {
	while sleep 7; do
		for version in tls1_2 tls1_3; do
			printf 'GET /index.html HTTP/1.0\r\n\r\n' |
				on office openssl s_client -quiet -$version -connect 10.20.35.10:443 \
					-servername historian.waterworks.example >/dev/null 2>&1 || true
		done
		sleep 6
	done
}

plug() { # HOST MAC NAME: a computer that takes its address from DHCP
	card "$1" eth0 dmz "$2"
	sleep 0.3
	address "$1" "$(on "$1" $p lease eth0 "$3")"
}

act() {
	if [ ! -e "$PLANT_FOLDER/plugged" ]; then
		plug intruder a4:c3:f0:9b:35:66 DESKTOP-7Q2KX
		touch "$PLANT_FOLDER/plugged"
	fi
	on intruder snmpget -v2c -c public -Oqn 10.20.2.2 1.3.6.1.2.1.1.1.0 >/dev/null || true
	on intruder $p intruder
}

come_to_an_end() { exit 1; } # the first process of the room takes all others along

case ${1:-record} in
record)
	record "${2:-}"
	;;
live)
	inside "${2:-86400}" inside-live
	;;
inside-record)
	trap come_to_an_end INT TERM
	build_plant
	start_field
	$p record "$PLANT_FOLDER/plant.pcapng" $zones &
	recorder=$!
	sleep 0.3
	start_day
	sleep $((day_seconds - 12))
	act
	sleep 6
	on engineer $p engineer restore
	sleep 5
	kill -TERM $recorder
	wait $recorder
	$p check
	grep -q bar "$PLANT_FOLDER"/log/*mosquitto_sub.txt # the broker passed values on
	;;
inside-live)
	trap come_to_an_end INT TERM
	build_plant
	start_field
	start_day
	touch "$PLANT_FOLDER/ready"
	while :; do
		{ read -r order <"$PLANT_FOLDER/orders"; } 2>/dev/null || continue
		case $order in
		act) act ;;
		restore) on engineer $p engineer restore ;;
		esac
	done
	;;
*)
	sed -n '5,6s/^# *//p' "$0" >&2
	exit 2
	;;
esac

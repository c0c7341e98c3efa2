#!/bin/sh
# The one entrance for people who build weir: installs what is missing from Debian, sets Meson up
# and calls it.  Needs nothing but sh and apt; `./do help` lists the commands.
#
# shellcheck disable=SC2086 # lists of packages and options are split into words on purpose
set -eu
called_from=$PWD
cd "$(dirname "$0")"
export LC_ALL=C.UTF-8

build='gcc libc6-dev meson ninja-build pkg-config zlib1g-dev libzstd-dev libyaml-dev libseccomp-dev
	libssl-dev libsodium-dev libxxhash-dev libjansson-dev libsqlite3-dev libcurl4-openssl-dev libqrencode-dev
	libuv1-dev libmicrohttpd-dev ieee-data scdoc'
clang='clang-14 libclang-rt-14-dev llvm-14'
oracle='python3 tshark'
check="libcmocka-dev libmodbus-dev libxml2-utils clang-tidy-14 clang-format-14 mandoc jq
	zsh zstd openssl librsvg2-bin zbar-tools iproute2 util-linux $clang $oracle"
bench='python3 libpcap-dev libndpi-bin util-linux iproute2 tcpreplay tcpdump'
plant='python3 libmodbus-dev mosquitto mosquitto-clients snmpd snmp iproute2 openssl util-linux'

say() { printf '%s\n' "$*"; }
die() { printf 'do: %s\n' "$*" >&2; exit 1; }

usage() {
	cat <<-'END'
	./do run                      build weir and let it look at the demonstration plant
	./do test                     every test; ends with "N passed, N failed, N skipped"
	./do oracle [CAPTURES=DIR]    every value of every capture, compared with tshark
	./do bench [CAPTURE=FILE]     speed and memory beside libpcap and ndpiReader
	./do bench live [SECONDS=5]   frames/s off an interface beside tcpdump
	./do bench ledger [DIR=DIR]   the ledger beside a bare loop and SQLite, on the disk of DIR
	./do fuzz [SECONDS=120]       every parser against hostile bytes, so long each
	./do soak [POINTS=10000]      the ledger: writers killed, power lost, forgeries, a full disk, size
	./do tidy                     clang's analyzer over every source, all the way (./do test: a part of it)
	./do plant                    run the demonstration plant and record demo/plant.pcapng
	./do new-protocol NAME        lay the files of a new protocol: doc/adding-a-protocol.md
	./do install [DESTDIR=DIR]    install the release build below /usr/local

	Each installs what it needs from Debian 12 first, asking sudo when not root.
	Builds are in build/, logs in build/log/, results in result/.
	END
}

# need PACKAGE...: what is installed already costs one dpkg-query and no network.
need() {
	have=$(dpkg-query -W -f '${db:Status-Status}:${Package}\n' "$@" 2>/dev/null || true)
	missing=
	for package; do
		case "
$have
" in *"
installed:$package
"*) ;; *) missing="$missing $package" ;; esac
	done
	[ "$missing" ] || return 0
	say "installing:$missing"
	as=
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null || die "not root and no sudo: as root, apt-get install$missing"
		as=sudo
	fi
	apt="$as env DEBIAN_FRONTEND=noninteractive apt-get -q -o Dpkg::Use-Pty=0"
	quiet apt-update $apt update || say 'the package lists stay as they are'
	quiet apt-install $apt install -y --no-install-recommends $missing ||
		die "apt-get could not install:$missing"
}

# quiet NAME COMMAND...: output into build/log/NAME.txt; the end of it is shown only on failure.
quiet() {
	log=build/log/$1.txt
	shift
	mkdir -p build/log
	"$@" >"$log" 2>&1 && return
	tail -n 30 "$log" >&2
	say "the whole story is in $log" >&2
	return 1
}

# setup NAME MESON-OPTION...: a build folder, configured once and built to date.
setup() {
	name=$1
	shift
	if [ ! -f "build/$name/build.ninja" ]; then
		say "setting up build/$name"
		quiet "setup-$name" meson setup "build/$name" "$@"
	elif [ "$(find /var/lib/dpkg/status -newer "build/$name/build.ninja")" ]; then
		# A library that was missing then may be there now: the plant, say, needs libmodbus.
		quiet "setup-$name" meson setup --reconfigure "build/$name"
	fi
	say "building build/$name"
	quiet "build-$name" ninja -C "build/$name"
	ln -sf src/run/weir "build/$name/weir"
}

release() { setup release -Dbuildtype=release -Db_lto=true; }

command=${1:-help}
[ $# -eq 0 ] || shift
# NAME=VALUE words are settings of one command; its folders and files are seen from where we were called.
for word; do
	shift
	case $command:$word in
	oracle:CAPTURES=[!/]* | bench:CAPTURE=[!/]* | bench:CAPTURES=[!/]* | bench:DIR=[!/]* | install:DESTDIR=[!/]*)
		word=${word%%=*}=$called_from/${word#*=} ;;
	esac
	case $command:$word in
	oracle:CAPTURES=* | bench:CAPTURE=* | bench:CAPTURES=* | bench:DIR=* | install:DESTDIR=* | \
		fuzz:SECONDS=* | bench:SECONDS=* | soak:POINTS=*)
		export "${word?}" ;;
	oracle:* | help:* | bench:ledger | bench:live) ;;
	run:* | test:* | bench:* | fuzz:* | soak:* | tidy:* | plant:* | install:*)
		usage >&2
		die "$command: what is '$word'?" ;;
	esac
	set -- "$@" "$word"
done

case $command in
run)
	need $build
	release
	mkdir -p result
	build/release/weir look --zones demo/zones.yaml --html result/plant.html \
		--svg result/plant.svg demo/plant.pcapng
	say
	say "The same as a page: result/plant.html; as a drawing: result/plant.svg."
	say "Now your own: build/release/weir look CAPTURE"
	;;
test)
	need $build $check
	exec python3 test/all.py
	;;
oracle)
	need $build $oracle
	release
	exec python3 test/oracle/oracle.py "$@"
	;;
bench)
	need $build $bench
	release
	case ${1:-} in
	ledger) exec python3 test/bench/ledger.py ;;
	live) exec python3 test/bench/live.py ;;
	esac
	exec python3 test/bench/bench.py
	;;
fuzz)
	need $build $clang python3
	CC=clang-14 setup fuzz -Dfuzz=true -Dbuildtype=debug -Doptimization=1 \
		-Db_sanitize=address,undefined -Db_lundef=false
	setup timed -Dbuildtype=release
	exec python3 test/fuzz/fuzz.py
	;;
tidy)
	need $build $check
	CC=clang-14 setup clang -Dbuildtype=release
	exec python3 test/all.py tidy_whole
	;;
soak)
	need $build libcmocka-dev python3 util-linux
	setup timed -Dbuildtype=release
	exec python3 test/soak.py
	;;
plant)
	need $build $plant
	release
	exec demo/plant.sh
	;;
new-protocol)
	exec kit/new-protocol.sh "$@"
	;;
install)
	need $build
	release
	as=
	if [ "$(id -u)" != 0 ] && [ ! "${DESTDIR:-}" ]; then
		command -v sudo >/dev/null || die 'not root and no sudo: as root, or ./do install DESTDIR=DIR'
		as=sudo
	fi
	quiet install $as meson install -C build/release --no-rebuild
	say "installed below ${DESTDIR:-}/usr/local"
	;;
help | -h | --help)
	usage
	;;
*)
	usage >&2
	die "no command '$command'"
	;;
esac

#!/bin/sh
# The measurements of the ledger are taken once, with little, so that they can still be taken: ledger_try.sh WEIR TOOL
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
try() {
	if "$tool" "$@" >"$dir/said" && grep -q '[0-9]' "$dir/said"; then
		echo "[       OK ] $1"
	else
		echo "[  FAILED  ] $1"
		exit 1
	fi
}
weir=$1 tool=$2
"$weir" ledger init --dir "$dir/l" --origin bench >"$dir/said"
export ASAN_OPTIONS=detect_leaks=0 # it ends when it has measured
try append "$dir/l" 100 2000
try verify "$dir/l"
try proof "$dir/l"
try bare "$dir/bare" 10 100 1
try pace "$dir/pace" 500 1 1
try sqlite "$dir/db" 10 100
"$weir" ledger serve --dir "$dir/l" 2>"$dir/serve" &
serve=$!
trap 'kill $serve 2>"$dir/said"; rm -rf "$dir"' EXIT
for _ in 1 2 3 4 5 6 7 8 9 10; do
	[ ! -S "$dir/l.socket" ] || break
	sleep 1
done
try clients "$dir/l.socket" 8 1
try rate "$dir/l" 500 1 1
try rate "$dir/l" 500 1 16
kill $serve
wait $serve
trap 'rm -rf "$dir"' EXIT

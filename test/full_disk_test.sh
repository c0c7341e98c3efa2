#!/bin/sh
# A disk that is really full: a small one of memory, in a mount namespace of its own.
# full_disk_test.sh WEIR PROGRAM
set -u
weir=$1 program=$2
if [ "${3:-}" != inside ]; then
	unshare -rm true 2>/dev/null || {
		echo '[  SKIPPED ] full disk: no namespaces here'
		exit 77
	}
	exec unshare -rm sh "$0" "$weir" "$program" inside
fi

top=$(mktemp -d) failed=0
trap 'umount "$top"; rmdir "$top"' EXIT
mount -t tmpfs -o size=24m none "$top" || {
	trap - EXIT
	rmdir "$top"
	echo '[  SKIPPED ] full disk: nothing may be mounted here'
	exit 77
}

judge() { # NAME GOOD STORY
	if [ "$2" = 0 ]; then
		echo "[       OK ] $1"
	else
		echo "[  FAILED  ] $1"
		echo "$3"
		failed=1
	fi
}

fill() { # all but so many KiB
	free=$(df -k --output=avail "$top" | tail -n 1)
	head -c $(((free - $1) * 1024)) /dev/zero >"$top/ballast"
}

lines() { # from to
	awk -v from="$1" -v to="$2" 'BEGIN { for (n = from; n < to; n++)
		printf "{\"kind\":\"note\",\"subject\":\"entry %d\",\"data\":{\"x\":\"%0900d\"}}\n", n, n }'
}

# The library: one process, that goes on by itself.
"$program" "$top"
judge 'one process goes on where there is room again' $? ''

# The command: says what is wrong, and ends with 1; what it printed is kept.
dir=$top/ledger
"$weir" ledger init --dir "$dir" --origin full.example >/dev/null
lines 1 100 | "$weir" ledger append --dir "$dir" >"$top/numbers"
fill 300
story=$(lines 100 4000 | "$weir" ledger append --dir "$dir" 2>&1 >>"$top/numbers")
code=$?
printed=$(wc -l <"$top/numbers")
[ $code = 1 ] && case $story in *'No space left on device'*'; try: '*) true ;; *) false ;; esac
judge 'append says that the disk is full' $? "$code $story"
"$weir" ledger show --dir "$dir" --json >/dev/null 2>"$top/words"
judge 'what is there can be read' $? "$(cat "$top/words")"
rm "$top/ballast"
story=$(lines 5000 5010 | "$weir" ledger append --dir "$dir" 2>&1)
judge 'with room again, append appends' $? "$story"
story=$("$weir" ledger verify --dir "$dir" 2>&1)
judge 'and it holds' $? "$story"
there=$("$weir" ledger show --dir "$dir" | wc -l)
[ "$there" -ge $((printed + 11)) ]
judge 'every number that was printed has its entry' $? "$printed printed, $there there"
rm -rf "${top:?}"/*
exit $failed

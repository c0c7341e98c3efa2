#!/bin/sh
# The verbs that read a ledger, as people meet them: what is said, where, and with which exit code.
#
#     ledger_cli_test.sh WEIR VERIFY-LEDGER.PY
set -u
weir=$(realpath "$1")
verifier=$(realpath "$2")
export LC_ALL=C.UTF-8
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
bad=0 code=0

good() { printf '[       OK ] %s\n' "$1"; }
fail() {
	printf '[  FAILED  ] %s\n    %s\n    exit %s; stdout and stderr:\n' "$1" "$2" "$code"
	sed 's/^/    /' out err | head -n 20
	bad=1
}
skip() { printf '[  SKIPPED ] %s\n' "$1"; }

run() {
	"$weir" ledger "$@" >out 2>err </dev/null
	code=$?
}

# says NAME CODE PATTERN ARGUMENT...: nothing on stdout, one line on stderr that fits the pattern.
says() {
	name=$1 want=$2 pattern=$3
	shift 3
	run "$@"
	if [ "$code" = "$want" ] && [ ! -s out ] && [ "$(wc -l <err)" = 1 ] && grep -qE "^weir: $pattern" err; then
		good "$name"
	else
		fail "$name" "wanted exit $want and 'weir: $pattern'"
	fi
}

# shows NAME CODE PATTERN ARGUMENT...: a line of stdout fits the pattern, and nothing is on stderr.
shows() {
	name=$1 want=$2 pattern=$3
	shift 3
	run "$@"
	if [ "$code" = "$want" ] && grep -qE -e "$pattern" out && [ ! -s err ]; then good "$name"; else
		fail "$name" "wanted exit $want and '$pattern'"
	fi
}

# is NAME COUNT: so many lines came, and nothing was said.
is() {
	if [ "$code" = 0 ] && [ "$(wc -l <out)" = "$2" ] && [ ! -s err ]; then good "$1"; else fail "$1" "wanted $2 lines"; fi
}

entry() { printf '{"kind":"%s","subject":"%s","actor":"%s","at":"%s","data":%s}\n' "$@"; }

# soon COMMAND...: true within ten seconds.
soon() {
	for _ in $(seq 100); do
		"$@" && return 0
		sleep 0.1
	done
	return 1
}

run init --dir L --origin plant/north
key=$(sed -n 2p L/ledger)
i=0
while [ $i -lt 300 ]; do
	at=2026-11-$(printf '%02d' $((i / 30 + 1)))T10:00:$(printf '%02d' $((i % 60)))
	case $((i % 3)) in
	0) entry finding "plc-$((i % 7))" sense "${at}Z" '{"severity":"high","frames":[1,2]}' ;;
	1) entry decision "request $i" eva "$at.5Z" "{\"assets\":[\"plc-$((i % 5))\"],\"limits\":{\"high\":7}}" ;;
	2) entry note "pump $((i % 4))" eva "$at.25Z" '{"text":"a, b","none":null,"fine":true,"list":[]}' ;;
	esac
	i=$((i + 1))
done >entries
"$weir" ledger append --dir L <entries >out 2>err
code=$?
is append 300
entry note 'x  by root' 'a\u009b31m\u202e\"' 2026-11-30T00:00:00Z '{"\u001b[2J":"\n"}' | "$weir" ledger append --dir L >out 2>&1

# --- one line each --------------------------------------------------------------------------------
shows line 0 '^       1  2026-11-01T10:00:00Z  finding       plc-0  by sense  frames 1 2, severity high$' show --dir L --from 1 --limit 1
shows nested 0 '  decision      request 1  by eva  assets plc-1, limits.high 7$' show --dir L --kind decision --limit 1
shows quoted 0 '  fine yes, list none, none none, text "a, b"$' show --dir L --kind note --limit 1
run show --dir L --last 1
if grep -q '"x  by root"  by "a.31m.\\""  .\[2J .$' out && ! LC_ALL=C grep -q "$(printf '[\033\302\233]')\[2J" out; then good hostile; else fail hostile "wanted nothing that a terminal obeys"; fi
run show --dir L --limit 1 --json
if [ "$(cut -c1-36 out)" = '{"sequence":0,"signed":true,"entry":' ]; then good json; else fail json 'wanted sequence, signed, entry'; fi
if command -v script >/dev/null; then
	script -qec "stty cols 60; '$weir' ledger show --dir L --kind decision --limit 1" /dev/null </dev/null >out 2>err
	code=$?
	line=$(head -n 1 out | tr -d '\r')
	if [ ${#line} -le 60 ] && [ "${line%…}" != "$line" ]; then good narrow; else fail narrow 'wanted 60 columns and an ellipsis'; fi
else
	skip narrow
fi

# --- the store and the ledger say the same --------------------------------------------------------
i=0
while read -r words; do
	i=$((i + 1))
	# shellcheck disable=SC2086
	"$weir" ledger show --dir L --json $words >"without-$i" 2>&1
	echo $? >>"without-$i"
done >/dev/null <<'END'

--kind finding
--kind hold
--actor eva --last 7
--subject plc-3 --limit 2
--asset plc-3
--asset plc-3 --kind decision --last 3
--since 2026-11-03 --until 2026-11-04
--since 2026-11-01T10:00:01.5 --until 2026-11-01T10:00:02.25Z
--since 2026-11-01T10:00:01.50000001 --limit 1
--site plant/north --from 250
--last 5
--from 9999
END
says rebuild-nowhere 3 'open the ledger none: No such file' rebuild --dir none
shows rebuild 0 '^there was none before$' rebuild --dir L
shows identical 0 '^identical with the one before$' rebuild --dir L
run rebuild --dir L
if grep -qE '^L.store: 302 entries in [0-9.]+ s, [0-9]+/s$' out && grep -qE '^content [0-9a-f]{64}$' out; then good counted; else fail counted 'wanted count, rate and content'; fi
same=
i=0
while read -r words; do
	i=$((i + 1))
	# shellcheck disable=SC2086
	"$weir" ledger show --dir L --json $words >with 2>&1
	echo $? >>with
	cmp -s with "without-$i" || same="$same '$words'"
done <<'END'

--kind finding
--kind hold
--actor eva --last 7
--subject plc-3 --limit 2
--asset plc-3
--asset plc-3 --kind decision --last 3
--since 2026-11-03 --until 2026-11-04
--since 2026-11-01T10:00:01.5 --until 2026-11-01T10:00:02.25Z
--since 2026-11-01T10:00:01.50000001 --limit 1
--site plant/north --from 250
--last 5
--from 9999
END
if [ -z "$same" ] && [ "$(wc -l <without-2)" = 101 ] && [ "$(wc -l <without-9)" = 2 ]; then good 'store-or-ledger'; else fail store-or-ledger "another answer:$same"; fi

# What is new comes in by itself.
entry alarm disk sense 2026-12-01T00:00:00Z '{}' | "$weir" ledger append --dir L >out 2>err
run show --dir L --kind alarm
is 'takes-in' 1
if command -v sqlite3 >/dev/null; then
	if [ "$(sqlite3 -readonly L.store 'select taken from ledger')" = 303 ]; then good taken-in; else fail taken-in 'wanted 303 in the store'; fi
	# Whatever is wrong with it, the answer is the ledger's, and what to do is said.
	truth() { # FILE OPTION...: as the ledger has it
		mv L.store L.aside
		"$weir" ledger show --dir L "$@" 2>/dev/null
		mv L.aside L.store
	}
	lie() { # NAME WHAT-IS-SAID COMMAND...
		name=$1 pattern=$2
		shift 2
		"$weir" ledger rebuild --dir L >/dev/null 2>&1
		"$@"
		for question in '--from 0' '--kind finding' '--kind finding --last 9' '--last 300' '--limit 7'; do
			truth $question >right
			run show --dir L $question
			if [ "$code" != 0 ] || ! cmp -s out right; then fail "$name" "not the truth: show $question"; return; fi
		done
		run show --dir L
		if grep -qE "^weir: L.store: $pattern; the ledger itself is read; try: weir ledger rebuild --dir L$" err; then good "$name"; else fail "$name" "wanted '$pattern'"; fi
	}
	lie store-says-finding 'entry 2 is said to be something else there|entry 2 .*' \
		sqlite3 L.store "update entry set kind = 'finding' where sequence = 2; update entry set bytes = x'00' where sequence = 2"
	lie store-lacks 'entry 5 is missing there' sqlite3 L.store 'pragma foreign_keys = off; delete from entry where sequence = 5'
	lie store-damaged '.*damaged.*' dd if=/dev/zero of=L.store bs=4096 seek=12 count=4 conv=notrunc status=none
	lie store-lies 'entry 1 is another one there than in the ledger' sqlite3 L.store \
		"update entry set bytes = cast(replace(bytes, 'high', 'less') as blob) where sequence = 1"
	shows differed 4 '^differed from the one before: entry 1: bytes are other ones$' rebuild --dir L
	sqlite3 L.store 'pragma user_version = 99'
	run show --dir L --last 1
	if [ $code = 0 ] && [ -s out ] && grep -q '^weir: L.store: written by a later weir, version 99; .*; the ledger itself is read; try: weir ledger rebuild --dir L$' err; then good newer-store; else fail newer-store 'wanted the line and the reason'; fi
	run rebuild --dir L
else
	skip store-lies
fi
echo 'no store' >L.store
run show --dir L --last 1
if [ $code = 0 ] && [ -s out ] && grep -q '^weir: L.store: .*not a database; the ledger itself is read; try: ' err; then good damaged-store; else fail damaged-store 'wanted the line and the reason'; fi
shows rebuilt 0 '^the one before: L.store: .*not a database$' rebuild --dir L
echo mine >mine
run rebuild --dir L --store mine
if [ $code != 0 ] && [ "$(cat mine)" = mine ]; then good foreign-file; else fail foreign-file 'a file that is no store was written over'; fi
# It lies elsewhere, and only its owner reads it.
chmod 600 L.store
run rebuild --dir L
if [ $code = 0 ] && [ "$(stat -c %a L.store)" = 600 ]; then good store-rights; else fail store-rights 'wanted the rights of the one before'; fi
stores=$(mktemp -d) && mv L.store "$stores/north" && ln -s "$stores/north" L.store
run show --dir L --last 1
is store-elsewhere 1
if command -v sqlite3 >/dev/null; then # it is the one that is asked
	cp "$stores/north" "$stores/right"
	sqlite3 "$stores/north" 'pragma foreign_keys = off; delete from entry where sequence = 5'
	run show --dir L
	if grep -q "^weir: $stores/north: entry 5 is missing there; the ledger itself is read" err; then good asked-elsewhere; else fail asked-elsewhere 'wanted what is wrong with it'; fi
	cp "$stores/right" "$stores/north"
else
	skip asked-elsewhere
fi
shows rebuild-elsewhere 0 '^identical with the one before$' rebuild --dir L
if [ -L L.store ] && [ -f "$stores/north" ]; then good link-stays; else fail link-stays 'the link was replaced'; fi
rm L.store && mv "$stores/north" L.store && chmod 644 L.store && rm -r "$stores"
# The store of another history of the same name.
"$weir" ledger init --dir K --origin plant/north >out 2>&1
entry note other eva 2026-11-01T00:00:00Z '{}' | "$weir" ledger append --dir K >out 2>err
cp K.store L.store 2>/dev/null || { "$weir" ledger rebuild --dir K >out 2>err && cp K.store L.store; }
run show --dir L --last 1
if [ $code = 0 ] && grep -q '^weir: L.store: its 2 entries are not those .*: another history; the ledger itself is read' err; then good another-history; else fail another-history 'wanted the reason'; fi
"$weir" ledger rebuild --dir L >out 2>err

# Numbers that nobody can be told are no disk of the ledger that is full.
if [ -c /dev/full ]; then
	"$weir" ledger init --dir F --origin plant/full >out 2>&1
	entry note x eva 2026-11-01T00:00:00Z '{}' | "$weir" ledger append --dir F >/dev/full 2>err
	code=$?
	if [ $code = 1 ] && grep -q '^weir: the entries are written, but their numbers cannot be told: .*No space left.*; try: weir ledger tail --dir F$' err; then good numbers-untold; else fail numbers-untold 'wanted to hear that it is written'; fi
	shows written-all-the-same 0 ' note ' show --dir F --last 1
fi

# --- asked wrongly --------------------------------------------------------------------------------
says kind 2 'pump: no kind of entry; there are asset, conversation, .*note' show --dir L --kind pump
says time 2 "--since: 'yesterday' is no time; try: --since 2026-" show --dir L --since yesterday
says month 2 "--until: '2026-13-01' is no time" show --dir L --until 2026-13-01
says number 2 "--from: '-1' is no number" show --dir L --from -1
says both 2 '--limit and --last: one of them' show --dir L --limit 1 --last 1
says zero 2 '--limit: at least 1' show --dir L --limit 0
says nothing-fits 3 'none of the 303 entries is one of these; try: ' show --dir L --subject nobody
says operand 2 "ledger verify: 'copy' is not wanted; try: weir ledger verify --help" verify --dir L copy
says operand-prune 2 "ledger prune: '/srv/x' is not wanted" prune /srv/x
says no-ledger 3 'open the ledger none: No such file' show --dir none
says no-store 3 'none: No such file' show --dir L --store none

# --- to take along --------------------------------------------------------------------------------
says format 2 '--format doc: not one of tar, csv' export --dir L --format doc
says export-nothing 3 'none of the 303 entries' export --dir L --kind hold --out no.tar
if [ -e no.tar ]; then fail no-half 'a file was left'; else good no-half; fi
run export --dir L --asset plc-3 --out some.tar
is export 0
shows audit 0 "^some.tar holds: [0-9]+ entries, .* of the 303 that 'plant/north' signed$" verify --export some.tar --key "$key"
# What stood there stays where an export fails or is interrupted, with its rights where it does not.
echo 'an older one' >kept.tar && chmod 600 kept.tar && ln -s kept.tar link.tar
says export-fails 3 'none of the 303 entries' export --dir L --kind hold --out kept.tar
if [ "$(cat kept.tar)" = 'an older one' ] && [ ! -e kept.tar.new ] && [ ! -e no.tar ]; then good export-keeps; else fail export-keeps 'the older file is not as it was'; fi
(ulimit -f 8 && trap '' XFSZ && exec "$weir" ledger export --dir L --out kept.tar) >out 2>err
code=$?
if [ $code = 1 ] && [ "$(cat kept.tar)" = 'an older one' ]; then good export-broken-off; else fail export-broken-off 'the older file is not as it was'; fi
run export --dir L --asset plc-3 --out link.tar
if [ $code = 0 ] && cmp -s some.tar kept.tar && [ -L link.tar ] && [ "$(stat -c %a kept.tar)" = 600 ]; then good export-replaces; else fail export-replaces 'wanted the new one, by the link, with the rights of the one before'; fi
mkfifo pipe.tar && cat pipe.tar >piped.tar &
soon [ -p pipe.tar ]
says export-fails-into-a-pipe 3 'none of the 303 entries' export --dir L --kind hold --out pipe.tar
wait $!
if [ -p pipe.tar ]; then good pipe-stays; else fail pipe-stays 'the pipe was removed'; fi
"$weir" ledger export --dir L >all.tar 2>err
shows audit-all 0 '^all.tar holds: 303 entries, 0 to 302' verify --export all.tar
mkdir unpacked && tar xf all.tar -C unpacked 2>/dev/null && tail -n +2 unpacked/ledger-export/entries.ndjson | head -n 1 >line
if grep -q '^{"sequence":1,"entry":{"actor":"sense",.*}}$' line && cmp -s unpacked/ledger-export/ledger L/ledger &&
	"$weir" ledger prove --dir L 17 | cmp -s - unpacked/ledger-export/proofs/0000000000000017.tlog-proof; then good unpacked; else fail unpacked 'wanted entries, key and proofs'; fi
"$weir" ledger export --dir L >again.tar 2>err
if cmp -s all.tar again.tar; then good same-bytes; else fail same-bytes 'two exports differ'; fi
if python3 "$verifier" some.tar "$key" >out 2>err && grep -q ' entries, all in the checkpoint$' out; then good verifier; else fail verifier 'wanted it to hold'; fi
# changed NAME SED: both find it.
changed() {
	LC_ALL=C sed "$2" some.tar >changed.tar
	run verify --export changed.tar --key "$key"
	python3 "$verifier" changed.tar "$key" >/dev/null 2>&1
	other=$?
	if [ "$code" = 4 ] && [ "$other" = 4 ] && ! cmp -s some.tar changed.tar; then good "$1"; else fail "$1" "wanted 4 and 4, the verifier gave $other"; fi
}
changed changed-entry 's/"severity":"high"/"severity":"less"/'
changed changed-number 's/"sequence":4,/"sequence":5,/'
changed changed-index 's/^index 4$/index 5/'
changed changed-head 's/^303$/304/'
says other-key 4 'some.tar: .*checkpoint: ' verify --export some.tar --key "$(sed -n 2p K/ledger)"
head -c 5000 some.tar >cut.tar
says cut 4 'cut.tar: .*ends too early' verify --export cut.tar
says no-export 3 'none.tar: open it: No such file' verify --export none.tar
entry note '=cmd|x' '+eva' 2026-12-02T00:00:00Z '{"a":"b"}' | "$weir" ledger append --dir L >out 2>err
shows table 0 '^303,yes,"2026-12-02T00:00:00Z","note","'"'"'=cmd\|x","'"'"'\+eva","plant/north","\{""a"":""b""\}".$' export --dir L --from 303 --format csv

# --- as it comes ----------------------------------------------------------------------------------
run tail --dir L
is tail 10
run tail --dir L -n 2 --kind finding --json
is 'tail-some' 2
run tail --dir L -n 0
is 'tail-none' 0
lines() { [ "$(wc -l <out)" -ge "$1" ]; }
gone() { ! kill -0 "$1" 2>/dev/null; }
# follow ARGUMENT...: in the background, its number in $pid; what is in out is its own.
follow() {
	: >out
	"$weir" ledger tail -f --dir L "$@" >out 2>err </dev/null &
	pid=$!
}
follow -n 1
soon lines 1
entry note one eva 2026-12-03T00:00:00Z '{}' | "$weir" ledger append --dir L >/dev/null
entry note two eva 2026-12-03T00:00:00Z '{}' | "$weir" ledger append --dir L >/dev/null
{ entry note three eva 2026-12-03T00:00:00Z '{}'; sleep 0.5; entry note four eva 2026-12-03T00:00:00Z '{}'; } |
	"$weir" ledger append --dir L >/dev/null
soon lines 5
kill -TERM "$pid"
wait "$pid"
code=$?
if [ $code = 0 ] && [ "$(sed -E 's/.*note +([a-z=|"]+).*/\1/' out | tr '\n' ' ')" = '=cmd|x one two three four ' ] && [ ! -s err ]; then good follows; else fail follows 'wanted five notes, each once'; fi
follow
soon lines 10
mv L away && mv L.key away.key && mv L.key.head away.key.head
"$weir" ledger init --dir L --origin plant/south >/dev/null 2>&1
soon gone "$pid"
wait "$pid"
code=$?
if [ $code = 4 ] && grep -q "^weir: L was replaced by another ledger, 'plant/south'$" err; then good replaced; else fail replaced 'wanted 4 and the reason'; fi
rm -rf L L.key L.key.head && mv away L && mv away.key L.key && mv away.key.head L.key.head
cp -r L older && cp L.key older.key
entry note newer eva 2026-12-04T00:00:00Z '{}' | "$weir" ledger append --dir L >/dev/null
follow
soon lines 10
mv L away && mv older L
soon gone "$pid"
wait "$pid"
code=$?
if [ $code = 4 ] && grep -q '^weir: L was replaced: it has 309 entries, the ledger 308: ' err; then good rolled-back; else fail rolled-back 'wanted 4 and the reason'; fi
rm -rf L && mv away L
{ "$weir" ledger tail -f --dir L 2>err; echo $? >status; } | head -n 1 >out
code=$(cat status)
if [ "$code" = 1 ] && [ ! -s err ]; then good closed-pipe; else fail closed-pipe 'wanted it to end, and no word'; fi

# --- what a later version wrote is refused, and stays as it is ---
printf 'weir key 3\nsomething else\n' >later.key
printf 'weir ledger 2\nsomething else\n' >later.mark
python3 - L.key.head later.head <<'END'
import hashlib, sys
slots = bytearray(open(sys.argv[1], "rb").read())
slots[88:96] = (4).to_bytes(8, "big")
slots[96:128] = hashlib.sha256(slots[:96]).digest()
open(sys.argv[2], "wb").write(slots)
END
chmod 600 later.key later.head
# later NAME FILE INSTEAD PATTERN: whoever writes, and who reads where it matters.
later() {
	what=$1 file=$2 instead=$3 versions=$4
	shift 4
	cp -p "$file" kept && cp "$instead" "$file"
	find L L.* -type f -exec sha256sum {} + | sort >before
	for verb in "$@"; do
		# shellcheck disable=SC2086
		says "$what-${verb%% *}" 1 ".*written by a later weir, version $versions" $verb --dir L
	done
	find L L.* -type f -exec sha256sum {} + | sort >after
	if cmp -s before after; then good "$what-stays"; else fail "$what-stays" 'a file was changed'; fi
	mv kept "$file"
}
later later-mark L/ledger later.mark '2; this one reads up to 1' append verify show checkpoint 'prove 1' 'push P' serve 'key show'
later later-key L.key later.key '3; this one reads up to 2' append serve 'key rotate' 'key seal'
later later-head L.key.head later.head '4; this one reads up to 0' append serve
shows 'after-later' 0 ' holds: ' verify --dir L

exit $bad

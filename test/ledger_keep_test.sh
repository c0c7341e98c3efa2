#!/bin/sh
# What becomes of entries over the years, as people meet it: promises, holds, letting go, moving,
# secrets and their erasure; and what somebody with the key may try against it.
#
#     ledger_keep_test.sh WEIR AGED_LEDGER VERIFY-RETENTION.PY
set -u
weir=$(realpath "$1")
aged=$(realpath "$2")
other=$(realpath "$3")
export LC_ALL=C.UTF-8
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
bad=0

good() { printf '[       OK ] %s\n' "$1"; }
fail() {
	printf '[  FAILED  ] %s\n    %s\n    exit %s; said:\n' "$1" "$2" "$code"
	sed 's/^/    /' out err | head -20
	bad=1
}

# does NAME CODE PATTERN ARGUMENT...: the exit code, and a line on stdout or stderr that fits.
does() {
	name=$1 want=$2 pattern=$3
	shift 3
	"$weir" ledger "$@" >out 2>err </dev/null
	code=$?
	if [ $code -ne "$want" ]; then
		fail "$name" "exit $want was wanted"
	elif [ "$pattern" ] && ! cat out err | grep -qE -- "$pattern"; then
		fail "$name" "nothing fits: $pattern"
	else
		good "$name"
	fi
}

# Both who check say so; the other one may word it in its own way.
both() {
	name=$1 want=$2 pattern=$3 dir=$4
	does "$name" "$want" "$pattern" verify --dir "$dir"
	python3 "$other" "$dir" "$(sed -n 2p "$dir/ledger")" >out 2>err
	code=$?
	[ $code -eq "$want" ] && good "$name, says the other one" || fail "$name" "the other one disagrees"
}

# note_like DAYS-AGO KIND SUBJECT COUNT: entries from then on, four a day.
cat >entries.py <<'END'
import datetime, json, sys
now = datetime.datetime.now(datetime.timezone.utc)
for row in sys.argv[1:]:
    days, kind, subject, count, data = (row.split("|") + ["{}"])[:5]
    for i in range(int(count)):
        at = now - datetime.timedelta(days=float(days)) + datetime.timedelta(hours=6 * i)
        print(json.dumps({"kind": kind, "subject": subject, "at": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                          "data": json.loads(data.replace("@AGO", (now - datetime.timedelta(days=900)).strftime(
                              "%Y-%m-%dT%H:%M:%SZ")).replace("@NOW", now.strftime("%Y-%m-%dT%H:%M:%SZ")).replace("@LATER", (
                              now + datetime.timedelta(days=3000)).strftime("%Y-%m-%dT%H:%M:%SZ")))}))
END
add() {
	dir=$1
	shift
	python3 entries.py "$@" >entries && "$aged" "$dir" keep.example/test <entries || { echo "cannot make $dir"; exit 1; }
}

# Years of it: 4,000 entries, 1,000 days ago until now; entry 0 is the key.
years() { add "$1" '1000|key|keep.example/test|1' '999.5|note|pump 1|1511' '620|note|pump 2|1000' '369|note|pump 1|1476'; }

# --- promises ---
years A
both 'all of it holds' 0 '' A
does 'nothing promised, nothing goes' 0 'would let go of 0 entries' prune --dry-run --dir A
does 'a promise' 0 'entry 3988 promises that every kind is kept for 500 days' \
	retention promise --days 500 --why contract --dir A
does 'a shorter one is refused' 5 'entry 3988 promised 500 days already' retention promise --days 499 --dir A
does 'a longer one is not' 0 'promises that finding is kept for 900 days' \
	retention promise --days 900 --kind finding --dir A
does 'shorter for one kind' 5 'entry 3989 promised 900 days' retention promise --days 600 --kind finding,note --dir A
does 'what holds' 0 '^note +500 days  entry 3988  contract' retention show --dir A
does 'a promise of nothing' 2 'how long' retention promise --dir A
does 'days beyond reason' 2 'from 1 to' retention promise --days 99999999 --dir A
does 'kinds that stay anyway' 2 'always stay' retention promise --days 5 --kind hold --dir A

# --- holds ---
does 'a hold' 0 '^3990$' hold add --subject 'pump 2' --why 'case 12' --dir A
does 'it is listed' 0 '3990 +subject +pump 2 +case 12' hold list --dir A
does 'who keeps what' 0 'is held by 3990' prune --dry-run --dir A
does 'a hold of nothing' 2 'hold what' hold add --why x --dir A
does 'a hold on everything at once' 2 'hold what' hold add --kind note --subject x --why x --dir A
does 'release without a reason' 2 'why' hold release 3990 --dir A
does 'release of what is none' 3 'is no hold' hold release 5 --why x --dir A

# --- letting go ---
cp -a A B && cp A.key B.key && cp A.key.head B.key.head
"$weir" ledger prove 300 --dir A >before
does 'the old ones go' 0 '^let go of entries 256 to 1279$' prune --dir A
[ -e A/tile/entries/001 ] && fail 'they are gone' 'A/tile/entries/001 is there'
both 'all of it holds without them' 0 'entries 256 to 1279 were let go|1024 the hashes' A
does 'a proof of one that is gone' 0 'c2sp.org/tlog-proof' prove 300 --dir A
head -12 before | tail -10 >a && head -12 out | tail -10 >b
does 'show says so' 0 '256 to 1279: let go' show --dir A
does 'once is enough' 0 'let go of 0 entries' prune --dir A
does 'its hold keeps pump 2' 0 'is held by 3990' prune --dry-run --dir A
does 'released' 0 '^3992$' hold release 3990 --why 'case closed' --dir A
does 'then they go, too' 0 '^let go of entries 1280 to' prune --dir A
both 'and all of it holds' 0 'entries 256 to' A

# --- by a witness's clock ---
cosigned() { # DAYS-AGO: a checkpoint that was cosigned then, and the witness's key
	"$aged" W soc.example/w $(($(date +%s) - $1 * 86400)) >both.txt
	head -1 both.txt >witness.key && tail -n +2 both.txt >"cosigned-$1"
}
years W
does 'promised, for a witness' 0 '' retention promise --days 500 --dir W
cosigned 100
cosigned 400
key=$(cat witness.key)
does 'a witness of now' 0 'would let go of entries 256 to 1791' prune --dry-run --dir W
does 'of a season ago: less' 0 'would let go of entries 256 to 1535' prune --dry-run --dir W --cosigned cosigned-100 --witness "$key"
does 'of a year ago: nothing' 0 'would let go of 0 entries' prune --dry-run --dir W --cosigned cosigned-400 --witness "$key"
does 'one without the other' 2 'wants the key that cosigned' prune --dry-run --dir W --cosigned cosigned-100
does 'the other without the one' 2 'wants the key that cosigned' prune --dry-run --dir W --witness "$key"
does 'a key that did not' 3 'cosigned-100: no signature' prune --dry-run --dir W --cosigned cosigned-100 \
	--witness "$("$weir" ledger witness key soc.example/w other-witness | grep -o 'soc.example/w+.*')"
does 'a key that has no time' 1 'has no time|has none' prune --dry-run --dir W --cosigned cosigned-100 --witness "$(sed -n 2p W/ledger)"
does 'a checkpoint of another ledger' 3 'A/checkpoint: no signature' prune --dry-run --dir W --cosigned A/checkpoint --witness "$key"
does 'no such file' 3 'No such file' prune --dry-run --dir W --cosigned none --witness "$key"
sed 's/^\([^ ]*\) /\1 /; 3s/./X/' cosigned-100 >changed
does 'a changed one' 4 'changed' prune --dry-run --dir W --cosigned changed --witness "$key"
# An older checkpoint than the present one does as well: only its time is asked for.
does 'then it is done' 0 'let go of entries 256 to 1535' prune --dir W --cosigned cosigned-100 --witness "$key"
both 'and holds' 0 'entries 256 to 1535|1280 the hashes' W

# --- times that are still to come ---
years G
does 'promised, against what comes' 0 '' retention promise --days 950 --dir G
add G '-1|note|pump 9|1600'
"$weir" ledger hold add --kind alarm --why 'days to come' --dir G >/dev/null
does 'they are none yet' 0 'let go of 0 entries' prune --dir G
grep -q 'what time it is' err && fail 'the hold says it' 'so does another' || good 'the hold says it'
add G '-1|note|pump 9|4'
does 'prune says what time it is' 0 'claim days that are still to come.*entry [0-9]+ says what time it is' prune --dir G
does 'and once is enough' 0 'let go of 0 entries' prune --dir G
grep -q 'what time it is' err && fail 'just once' 'again' || good 'just once'
both 'that is a rule as others' 0 '' G

# --- moving ---
does 'a place is wanted' 2 'where to' move --dir B
does 'moved' 0 'moved [0-9]+ entries in all' move --to far --before 2999-01-01 --dir B
both 'without the place, the hashes hold' 0 'were moved to .*/far' B
does 'with it, all is checked' 0 'B holds' verify --also far --dir B
grep -q moved out && fail 'with it, all is checked' 'something is said to be elsewhere'
does 'show says where' 0 'moved to .*/far' show --dir B
does 'show reads there' 0 '^ +300 .* note +pump 1' show --also far --dir B
does 'let go from there' 0 '^let go of entries 256 to 1279$' prune --also far --dir B
[ -e far/tile/entries/001 ] && fail 'let go from there' 'far/tile/entries/001 is there'
both 'moved, then let go' 0 'let go' B
does 'no place within itself' 2 'within the ledger itself' move --to B --dir B
ln -s B other-name && mkdir -p deep
does 'by no other name' 2 'within the ledger itself' move --to other-name --dir B
does 'nor further in' 2 'within the ledger itself' move --to other-name/tile/far --dir B
does 'nor by the other end' 2 'within the ledger itself' move --to deep/../B/new --dir other-name
[ -e B/new ] || [ -e B/tile/far ] && fail 'nothing is made there' 'a folder is' || good 'nothing is made there'
# The same entries and the same words, whether there is a store or not; and nothing more on the disk.
same() { # NAME DIR OPTION...: show, and export, by the store and by the ledger itself
	name=$1 dir=$2 bad_now=
	shift 2
	for question in '' '--kind note' '--subject @pump@2' '--last 700' '--last 3000' '--limit 300' '--from 300 --limit 2' \
		'--from 1000 --subject @pump@1' '--from 1700 --subject @pump@2' '--kind note --last 2' '--kind alarm' '--json --from 200 --limit 100'; do
		words=$(echo "$question" | sed "s/@pump@/pump /")
		set_words() { # keeps "pump 2" one word
			case $question in
			*@pump@*) set -- ${question%@pump@*} "pump ${question##*@pump@}" ;;
			*) set -- $question ;;
			esac
			"$weir" ledger show --dir "$dir" $extra "$@"
		}
		extra="$*"
		set_words >with 2>with.err
		with=$?
		mv "$dir.store" aside
		set_words >without 2>without.err
		without=$?
		mv aside "$dir.store"
		[ $with = $without ] && cmp -s with without && cmp -s with.err without.err || bad_now="$bad_now; $words"
	done
	code=0
	"$weir" ledger export --dir "$dir" "$@" --kind note --out with.tar 2>with.err
	mv "$dir.store" aside
	"$weir" ledger export --dir "$dir" "$@" --kind note --out without.tar 2>without.err
	mv aside "$dir.store"
	cmp -s with.tar without.tar && cmp -s with.err without.err || bad_now="$bad_now; export"
	cp with.err err
	[ "$bad_now" ] && fail "$name" "another answer:$bad_now" || good "$name"
}
years M
does 'promised' 0 '' retention promise --days 500 --dir M
does 'stored' 0 '3989 entries' rebuild --dir M
same 'all of it, stored or not' M
for name in new new-wal new-shm new-journal; do cp M.store M.store.$name; done
does 'pruned' 0 '^let go of entries 256 to 1791$' prune --dir M
ls M.store.new* >out 2>err && fail 'what a rebuild left' 'is there still' || good 'what a rebuild left'
same 'pruned, stored or not' M
does 'the store forgot just that' 0 'identical with the one before' rebuild --dir M
does 'moved, too' 0 'moved entries 1792 to' move --to farther --before 2999-01-01 --dir M
same 'moved, stored or not' M
same 'moved, and read there, stored or not' M --also farther
does 'the words of an export' 0 'entries 1792 to .* were moved to .*/farther, and none of them is in it; try: --also' \
	export --dir M --format csv
grep -q 'entries 256 to 1791 were let go' err && good 'and of what was let go' || fail 'and of what was let go' ''
does 'an export of what was moved' 0 '^1800,yes,' export --dir M --format csv --also farther
does 'with its proof' 0 '' export --dir M --also farther --from 1800 --limit 2 --out moved.tar
does 'that checks' 0 'holds: 2 entries, 1800 to 1801' verify --export moved.tar
does 'moving again moves nothing' 0 'moved 0 entries' move --to farther --before 2999-01-01 --dir M
does 'the store forgot just that, again' 0 'identical with the one before' rebuild --dir M
# A store that was not asked to forget: of an older copy, or one that is elsewhere.
years Q
does 'a store elsewhere' 0 '' rebuild --dir Q --store old
does 'promised, there' 0 '' retention promise --days 500 --dir Q
does 'pruned, there' 0 'let go of entries 256 to' prune --dir Q
does 'it forgets when it is asked' 0 '256 to 1791: let go' show --store old --dir Q
"$weir" ledger show --store old --dir Q --last 3400 >with 2>err
"$weir" ledger show --dir Q --last 3400 >without 2>err
code=0
cmp -s with without && good 'and answers as the ledger' || fail 'and answers as the ledger' ''
# One that cannot be made to forget goes.
echo 'no store' >Q.store
does 'no store, so it goes' 0 'Q.store: .*not a database; it had to forget entries, and was removed; try: weir ledger rebuild' prune --dir Q
[ -e Q.store ] && fail 'it is gone' 'it is there' || good 'it is gone'
# With damage in the ledger what was let go is still told as that, and no damage.
printf 'x' | dd of=Q/tile/entries/007 bs=1 seek=5000 conv=notrunc status=none
does 'damage is read around' 4 '256 to 1791: let go' show --dir Q
grep -q 'entries 1[0-9]* to 1[0-9]* cannot be read' err || fail 'damage is named' 'is it?'
[ "$(grep -c 'cannot be read' err)" = 1 ] && good 'and it alone' || fail 'and it alone' ''
does 'from the end, too' 4 'cannot be read' show --dir Q --last 2180
[ "$(grep -c ' by local' out)" = 2180 ] && good 'as many as were wanted' || fail 'as many as were wanted' "$(wc -l <out)"
does 'whatever would fit' 4 'cannot be read' show --dir Q --kind retention
years O
does 'no place of another ledger' 1 'another ledger' move --to far --dir O

# --- secrets ---
"$weir" ledger init --dir S --origin secret.example >/dev/null
printf '%s\n' '{"kind":"access","subject":"p-17","data":{"door":4},"secret":{"name":"Ada Bell"}}' \
	'{"kind":"access","subject":"p-18","secret":{"name":"Cora Dunn"}}' |
	"$weir" ledger append --dir S >out 2>err && good 'secrets are taken' || fail 'secrets are taken' ''
echo '{"kind":"note","subject":"p-17","data":{"said":"Ada was here"}}' |
	"$weir" ledger append --secret --dir S >/dev/null
code=0
grep -rqaE 'Ada|Bell|Cora' S S.subjects && fail 'nowhere in clear' 'the clear text is on the disk' || good 'nowhere in clear'
ls S.subjects | grep -q p-17 && fail 'no names of subjects' 'a file is named by it'
find S.subjects -perm /077 | grep -q . && fail 'for nobody else' 'somebody may look into S.subjects' || good 'for nobody else'
does 'closed' 0 '\(sealed\)' show --dir S
does 'opened' 0 'Ada Bell' show --reveal --dir S
does 'opened, for scripts' 0 '"secret":\{"name":"Ada Bell"\}' show --reveal --json --dir S
does 'a held subject stays' 0 '^4$' hold add --subject p-17 --why 'case 9' --dir S
does 'held: not erased' 5 'p-17 is held by entry 4: case 9' erase p-17 --why asked --dir S
does 'released for that' 0 '' hold release 4 --why closed --dir S
does 'held by its kind' 0 '^6$' hold add --kind access --why audit --dir S
does 'held by its kind: not erased' 5 'held by entry 6' erase p-17 --why asked --dir S
does 'released, too' 0 '' hold release 6 --why closed --dir S
does 'erasing wants a reason' 2 'why' erase p-17 --dir S
does 'erased' 0 'destroyed the key of p-17, which sealed 2 entries; entry 8' erase p-17 --why asked --dir S
does 'nobody reads it' 0 'sealed: its key is not here' show --reveal --dir S
grep -q Ada out && fail 'nobody reads it' 'it is read'
does 'the other stays' 0 'Cora Dunn' show --reveal --dir S
both 'every proof holds' 0 '' S
does 'erased is erased' 3 'has no key here' erase p-17 --why again --dir S
echo '{"kind":"note","subject":"p-17","secret":{"new":1}}' | "$weir" ledger append --dir S >/dev/null
does 'a new key opens the new' 0 'sealed.new 1' show --reveal --dir S
does 'and not the old' 0 'its key was destroyed' show --reveal --dir S
chmod 755 S.subjects
does 'open to others: refused' 5 'others than its owner' show --reveal --dir S
chmod 700 S.subjects

# --- a key that is elsewhere ---
"$weir" ledger init --dir T --origin keys.example >/dev/null
secret() { echo '{"kind":"note","subject":"p-5","secret":{"name":"Gus Hale"}}' | "$weir" ledger append --dir T >/dev/null; }
secret && secret && mv T.subjects lost-1
does 'no keys at all: said' 4 '2 entries about p-5 are sealed under keys that are not here, entry 1 under [0-9a-f]{16} for one' erase p-5 --why asked --dir T
secret && cp -a T.subjects lost-2
does 'what is here goes, the rest is said' 4 '2 entries about p-5 are sealed under keys that are not here' erase p-5 --why asked --dir T
grep -q 'destroyed the key of p-5, which sealed 1 entry' out && good 'what is here went' || fail 'what is here went' ''
does 'said again' 4 '2 entries about p-5 are sealed' erase p-5 --why asked --dir T
does 'another one is none of it' 3 'has no key here' erase p-6 --why asked --dir T
rm -rf T.subjects && cp -a lost-1 T.subjects
does 'found, and erased' 0 'destroyed the key of p-5, which sealed 2 entries' erase p-5 --why found --dir T
does 'now it is all' 3 'has no key here' erase p-5 --why asked --dir T

# --- texts, and numbers ---
broken=$(printf 'caf\351')
does 'why in no UTF-8: erase' 2 'why: not in UTF-8' erase p-5 --why "$broken" --dir T
does 'why in no UTF-8: hold' 2 'why: not in UTF-8' hold add --subject x --why "$broken" --dir T
does 'why in no UTF-8: release' 2 'why: not in UTF-8' hold release 1 --why "$broken" --dir T
does 'why in no UTF-8: promise' 2 'why: not in UTF-8' retention promise --days 1 --why "$broken" --dir T
does 'who in no UTF-8' 2 'actor: not in UTF-8' prune --actor "$broken" --dir T
does 'a subject in no UTF-8' 2 'SUBJECT: not in UTF-8' erase "$broken" --why x --dir T
does 'in UTF-8' 0 'for 1 days' retention promise --days 1 --why "$(printf 'caf\303\251')" --dir T
does 'a hold on nothing yet' 2 'the ledger has entries 0 to [0-9]+' hold add --from 500 --to 600 --why x --dir T
does 'a hold on what comes, too' 0 'entries [0-9]+ to 600 are not written yet: they are held when they come' \
	hold add --from 2 --to 600 --why x --dir T
does 'a hold on what is there' 0 '^[0-9]+$' hold add --from 2 --to 3 --why x --dir T
[ -s err ] && fail 'nothing to say of it' 'something is' || good 'nothing to say of it'

# --- by another name ---
mkdir names && ln -s ../S names/link
echo '{"kind":"note","subject":"p-19","secret":{"name":"Edda Fox"}}' |
	"$weir" ledger append --dir names/link >out 2>err
code=$?
[ $code -eq 0 ] && good 'written through a link' || fail 'written through a link' 'it has the key of S'
does 'read through a link' 0 'Edda Fox' show --reveal --dir names/link/
does 'read by its own name' 0 'Edda Fox' show --reveal --dir S
does 'a store through a link' 0 'S.store: [0-9]+ entries' rebuild --dir names/link
key=$("$weir" ledger witness key soc.example soc | grep -o 'soc.example+.*')
does 'a witness through a link' 0 '' witness add "$key" /nowhere/copy --dir names/link
does 'the same list' 0 'soc.example' witness list --dir S
does 'and it goes' 0 '' witness remove soc.example --dir S
does 'erased through a link' 0 'destroyed the key of p-19' erase p-19 --why asked --dir names/link
(cd S && "$weir" ledger show --reveal --dir .) >out 2>err
grep -q 'its key is not here' out && good 'erased by every name' || fail 'erased by every name' 'it is read'
does 'what is typed is named' 0 'names/link holds' verify --dir names/link
does 'without a link, too' 3 'none: No such file' show --dir S --store none
[ "$(ls names)" = link ] && good 'nothing beside the link' || fail 'nothing beside the link' "$(ls names)"
rm -f S.store S.store-wal S.store-shm S.witnesses

# --- by hand ---
for kind in retention hold erasure key; do
	echo "{\"kind\":\"$kind\",\"subject\":\"x\",\"data\":{\"days\":1}}" |
		"$weir" ledger append --dir S >out 2>err
	code=$?
	[ $code -eq 5 ] && good "no $kind by hand" || fail "no $kind by hand" 'exit 5 was wanted'
done

# --- with the key, and against the rules ---
# forge NAME DIR PATTERN ROW...: entries of somebody who has the key; then the bundle is deleted.
forge() {
	name=$1 dir=$2 pattern=$3
	shift 3
	years "$dir"
	add "$dir" "$@"
	rm -f "$dir/tile/entries/$gone"
	both "$name" 4 "$pattern" "$dir"
}
pruned='0|retention|x|1|{"pruned":[{"first":FIRST,"last":LAST,"kinds":["note"],"newest":"@AGO","days":[]}],"until":"@NOW"}'
range() { echo "$pruned" | sed "s/FIRST/$1/; s/LAST/$2/"; }
gone=005
forge 'deleted, and nobody says so' F1 'tile/entries/005 is missing, and no entry says'
forge 'no promise' F2 'nothing was promised|kept for ever' "$(range 1280 1535)"
forge 'before its time' F3 'days at most, entry 3988 promised 2000' \
	'0|retention|every kind|1|{"days":2000}' "$(range 1280 1535)"
forge 'shortened by hand: the longest counts' F4 'entry 3988 promised 2000' \
	'0|retention|every kind|1|{"days":2000}' '0|retention|every kind|1|{"days":1}' "$(range 1280 1535)"
forge 'a hold is ignored' F5 'which entry 3989 holds' '0|retention|every kind|1|{"days":10}' \
	'0|hold|x|1|{"hold":"entries","first":1300,"last":1301}' "$(range 1280 1535)"
forge 'another bundle than it says' F6 'tile/entries/005 is missing' \
	'0|retention|every kind|1|{"days":10}' "$(range 1536 1791)"
gone=000
forge 'the rules themselves' F7 'entries 0 to 255' '0|retention|every kind|1|{"days":10}' "$(range 0 255)"
gone=005
forge 'half a bundle' F8 'no whole bundles between' '0|retention|every kind|1|{"days":10}' "$(range 1280 1500)"
# What has the likeness of a rule in its data is none: anybody may write a note.
forge 'a note that says so' F11 'tile/entries/005 is missing, and no entry says' \
	"$(range 1280 1535 | sed 's/retention/note/; s/{"pruned"/{"a":{"b":0,"kind":"retention","site":"s"},"pruned"/')"
years F12
deep=$(python3 -c 'print("[" * 1500 + "]" * 1500)')
echo 'raw {"actor":"a","at":"2026-11-22T20:40:11Z","data":{"a":{"b":0,"kind":"retention","site":"s"},"deep":'"$deep"'},"kind":"note","site":"s","subject":"x"}' |
	"$aged" F12 keep.example/test || { echo 'cannot make F12'; exit 1; }
both 'a note that is deep' 0 'F12 holds: 3989 entries' F12
# --- said to go, and kept ---
kept='0|retention|x|1|{"kept":[{"first":1280,"last":1535}]}'
forge 'kept, and lost later' F13 'tile/entries/005 is missing' '0|retention|every kind|1|{"days":10}' \
	"$(range 1280 1791)" "$kept"
years F14
add F14 '0|retention|every kind|1|{"days":10}' "$(range 1280 1791)" "$kept"
rm -f F14/tile/entries/006
both 'what was not kept is gone' 0 'let go|holds' F14
add F14 "$(range 1280 1535)"
rm -f F14/tile/entries/005
both 'kept for a while' 0 'let go|holds' F14
for data in '{"kept":[{"first":0,"last":255}]}' '{"kept":[{"first":256,"last":510}]}' \
	'{"kept":[{"first":256,"last":65535}]}'; do
	years F15
	add F15 "0|retention|x|1|$data"
	both "no bundles of the past are kept: $data" 4 'entry 3988 speaks of entries' F15
	rm -rf F15*
done
# What is said in any other words than these is said by nobody.
rest='"first":1280,"kinds":["note"],"last":1535,"newest":"2001-01-01T00:00:00Z"'
claim='"days":[],'$rest
day='{"first":5,"last":5}'
years F16
n=0
while read -r kind data; do
	rm -rf F17 F17.*
	cp -a F16 F17
	cp F16.key F17.key
	cp F16.key.head F17.key.head
	add F17 '0|retention|every kind|1|{"days":10}' "0|$kind|x|1|$data"
	both "words of its own: $data" 0 'entry 3989 is no rule' F17
	case $data in
	*1280*)
		rm F17/tile/entries/005
		both "and a bundle is gone: $data" 4 'tile/entries/005 is missing, and no entry says' F17
		;;
	esac
	n=$((n + 1))
done <<FORMS
retention {"kept":null}
retention {"kept":[5]}
retention {"kept":[{"first":true,"last":255}]}
retention {"days":9,"kept":[]}
retention {"days":0}
retention {"days":36601}
retention {"later":1}
retention {"pruned":[{$claim}]}
retention {"pruned":[{$claim}],"until":7}
retention {"pruned":[{$claim}],"until":"2001-01-02"}
retention {"pruned":[{$claim}],"until":"2001-01-02T00:00:00+01:00"}
retention {"pruned":[{$claim}],"until":"2001-01-02T00:00:00Z","why":"x"}
retention {"pruned":[{$claim,"why":"x"}],"until":"2001-01-02T00:00:00Z"}
retention {"pruned":[{"first":1280,"last":1535}],"until":"2001-01-02T00:00:00Z"}
retention {"pruned":[{$rest}],"until":"2001-01-02T00:00:00Z"}
retention {"pruned":[{"days":null,$rest}],"until":"2001-01-02T00:00:00Z"}
retention {"pruned":[{"days":[5],$rest}],"until":"2001-01-02T00:00:00Z"}
retention {"pruned":[{"days":[{"first":2,"last":1}],$rest}],"until":"2001-01-02T00:00:00Z"}
retention {"pruned":[{"days":[{"first":2,"last":2932897}],$rest}],"until":"2001-01-02T00:00:00Z"}
retention {"pruned":[{"days":[{"first":-2,"last":7}],$rest}],"until":"2001-01-02T00:00:00Z"}
retention {"pruned":[{"days":[$day,$day,$day,$day,$day],$rest}],"until":"2001-01-02T00:00:00Z"}
retention {"moved":[{"first":1280,"last":1535}]}
retention {"moved":[{"first":1280,"last":1535}],"to":null}
retention {"moved":[{"first":1280,"last":1535}],"to":"x","until":"2001-01-02T00:00:00Z"}
retention {"kept":[],"moved":[{"first":1280,"last":1535}],"to":"x"}
hold {"hold":"zebra","why":"x"}
hold {"first":2,"hold":"entries","last":1}
hold {"hold":"kind","kind":"zebra"}
hold {"release":-1}
FORMS
[ "$n" -eq 29 ] && good 'each of them' || fail 'each of them' "$n"
for front in '{"actor":"a","at":"2026-11-22T20:40:11Z"' '{"actor":"a","at":"2026-11-22T20:40:11Z","between":1'; do
	rm -rf F17 F17.*
	cp -a F16 F17
	cp F16.key F17.key
	cp F16.key.head F17.key.head
	echo "raw $front"',"data":{"moved":[{"first":1280,"last":1535}],"to":"x"},"extra":{},"kind":"retention","site":"s","subject":"x"}' |
		"$aged" F17 keep.example/test || { echo 'cannot make F17'; exit 1; }
	rm F17/tile/entries/005
	both "with a member of its own: $front" 4 'tile/entries/005 is missing, and no entry says' F17
done

# A prune that was ended before anything was removed; then a hold comes.
years K
does 'a store that has it all' 0 '' rebuild --dir K
add K '0|retention|every kind|1|{"days":10}' "$(range 1280 1791)"
does 'it forgets what is said to go' 0 '' show --dir K --kind retention
does 'a hold on what was said to go' 0 '^[0-9]+$' hold add --from 1300 --to 1301 --why 'case 12' --dir K
does 'who takes away is alone' 0 'would let go' prune --dry-run --dir K
grep -q 'entries 1280 to 1535 stay, though an entry let them go' out && good 'it would stay' || fail 'it would stay' ''
flock K/tile "$weir" ledger prune --dir K >out 2>err
code=$?
[ $code -eq 1 ] && grep -q 'another process takes entries away' err && good 'two at once' || fail 'two at once' ''
does 'it stays' 0 'entries 1280 to 1535 stay, though an entry let them go' prune --dir K
grep -q '^let go of entries 1536 to ' out && good 'the rest goes' || fail 'the rest goes' ''
does 'and that is said' 0 '"kept":\[\{"first":1280,"last":1535\}\]' show --kind retention --json --dir K
does 'listed, too' 0 '^entries 1280 to 1535: kept after all, says entry [0-9]+$' retention show --dir K
sed -n 's/^entries \(.*\), says.*/\1/p' out >listed
printf '%s\n' '1280 to 1791: let go' '1280 to 1535: kept after all' '256 to 1279: let go' '1792 to 3839: let go' |
	cmp -s - listed && good 'in order' || fail 'in order' "$(cat listed)"
both 'all of it holds' 0 'let go|holds' K
same 'kept, stored or not' K
does 'made again the same' 0 'identical with the one before' rebuild --dir K
does 'what is kept is shown' 0 '^ *1300 .*pump' show --dir K --from 1300 --limit 1
does 'said once' 0 'let go of 0 entries' prune --dir K
grep -q 'though' out && fail 'nothing more to say' '' || good 'nothing more to say'
mv K/tile/entries/005 away
both 'lost, and seen' 4 'tile/entries/005 is missing, and entry [0-9]+ says that it was kept' K
does 'shown around' 4 'entry [0-9]+ says that it was kept|cannot be read' show --dir K
rm -f K.store
does 'without a store, too' 4 'entries 1280 to 1535 cannot be read' show --dir K
mv away K/tile/entries/005
both 'and found' 0 'holds' K
# What only a copy has is gone: that it may not go from there says nothing of here.
years L
add L '0|retention|every kind|1|{"days":10}' "$(range 1280 1791)"
cp -a L far-L
does 'gone here' 0 'let go of entries 256 to 3839' prune --dir L
does 'and then held' 0 '^[0-9]+$' hold add --from 1300 --to 1301 --why 'case 12' --dir L
does 'a copy has it' 0 'held by' prune --dry-run --dir L --also far-L
grep -q 'though' out && fail 'it does not stay here' '' || good 'it does not stay here'
does 'and keeps it' 0 '' prune --dir L --also far-L
[ -e far-L/tile/entries/005 ] && good 'what is held stays there' || fail 'what is held stays there' ''
both 'nothing is said of here' 0 'holds|let go' L

# By a clock that was put ahead: what was written since is not of as much time, whatever it says.
later='-3000|retention|x|1|{"pruned":[{"first":2816,"last":3071,"kinds":["note"],"newest":"@AGO","days":[]}],"until":"@LATER"}'
gone=011
forge 'a clock that was put ahead' F9 'promised 500|before its time' '0|retention|every kind|1|{"days":500}' "$later"
forge 'with entries of days to come' F10 'promised 500|before its time' '0|retention|every kind|1|{"days":500}' \
	'-1|note|pump 1|1600' '0|hold|x|1|{"hold":"kind","kind":"alarm"}' "$later"
exit $bad

#!/bin/sh
# The command line as people meet it: what is said, where, and with which exit code.
#
#     cli_test.sh WEIR CAPTURE README
#
# 0 done, 1 failed, 2 asked wrongly, 3 not found; the result alone on stdout; a mistake is one line
# on stderr, with the file, the reason and what to try.
set -u
program=$(realpath "$1")
weir=$program
capture=$(realpath "$2")
golden=$(dirname "$(realpath "$0")")/golden/built
readme=$(realpath "$3")
as= # a command in front of weir
export LC_ALL=C.UTF-8
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
bad=0

good() { printf '[       OK ] %s\n' "$1"; }
fail() {
	printf '[  FAILED  ] %s\n' "$1"
	printf '    %s\n' "$2"
	printf '    exit %s, %s bytes on stdout; stderr:\n' "$code" "$(wc -c <out)"
	sed 's/^/    /' err
	bad=1
}
skip() { printf '[  SKIPPED ] %s\n' "$1"; }

run() {
	# shellcheck disable=SC2086
	$as "$weir" "$@" >out 2>err </dev/null
	code=$?
}

# says NAME CODE PATTERN ARGUMENT...: nothing on stdout, one line on stderr that fits the pattern.
says() {
	name=$1 want=$2 pattern=$3
	shift 3
	run "$@"
	if [ "$code" != "$want" ]; then
		fail "$name" "wanted exit $want"
	elif [ -s out ]; then
		fail "$name" "something on stdout"
	elif [ "$(wc -l <err)" != 1 ]; then
		fail "$name" "not one line on stderr"
	elif ! grep -qE "^weir: $pattern; try: .+" err; then
		fail "$name" "wanted 'weir: $pattern; try: ...'"
	else
		good "$name"
	fi
}

# shows NAME CODE PATTERN-ON-STDOUT PATTERN-ON-STDERR ARGUMENT...; no pattern on stderr: nothing there.
shows() {
	name=$1 want=$2 on_out=$3 on_err=$4
	shift 4
	run "$@"
	if [ "$code" != "$want" ]; then
		fail "$name" "wanted exit $want"
	elif ! grep -qE -e "$on_out" out; then
		fail "$name" "wanted '$on_out' on stdout"
	elif [ -z "$on_err" ] && [ -s err ]; then
		fail "$name" "something on stderr"
	elif [ -n "$on_err" ] && { [ "$(wc -l <err)" != 1 ] || ! grep -qE "^weir: $on_err" err; }; then
		fail "$name" "wanted one line 'weir: $on_err' on stderr"
	else
		good "$name"
	fi
}

# tries NAME PATTERN: so ended the line that was said just before.
tries() {
	if grep -qE "; try: $2\$" err; then good "$1-try"; else fail "$1-try" "wanted '; try: $2'"; fi
}

# A pcap header, little endian, of this link type (one octal byte); frames may follow.
header() { printf '\324\303\262\241\002\0\004\0\0\0\0\0\0\0\0\0\377\377\0\0'"$1"'\0\0\0'; }
frame() { printf '\1\0\0\0\0\0\0\0\4\0\0\0\4\0\0\0abcd'; }

: >empty
echo hello >text
mkdir folder
header '\1' >zero.pcap
{ header '\151'; frame; frame; } >wireless.pcap
{ header '\342'; frame; } >unheard.pcap
{ header '\1'; printf '\1\0\0\0\0\0\0\0\377\377\377\177\377\377\377\177'; } >lies.pcap
printf '\324\303\262\241\002' >stub.pcap
head -c 100001 "$capture" >cut.pcapng
gzip -c "$capture" | head -c 20000 >cut.gz
printf 'zones:\n  - name: a\n    level: 1\n    addresses: [10.0.0.0/8]\n    colour: red\n' >colour.yaml
printf 'zones:\n  - name: a\n    level: 1\n    addresses: [10.0.0.0/8]\n' >zones.yaml
printf 'zones: [\n' >broken.yaml

# --- bad captures: look, facts and points say the same --------------------------------------------
for verb in look facts points; do
	says "$verb-missing" 3 'missing: No such file or directory' $verb missing
	says "$verb-empty" 1 'empty: is empty' $verb empty
	says "$verb-text" 1 'text: is not a capture: it looks like text' $verb text
	says "$verb-folder" 1 'folder: is a directory, not a capture' $verb folder
	tries "$verb-folder" "weir $verb folder/\*"
	says "$verb-stub" 1 'stub.pcap: ends inside the header of a pcap file: 5 of 24 bytes' $verb stub.pcap
	says "$verb-lies" 1 'lies.pcap: frame 1 at byte 24 claims 2147483647 bytes.*' $verb lies.pcap
	says "$verb-wireless" 1 \
		'wireless.pcap: its packets are of link type 105 \(802.11 wireless\), which is not read' \
		$verb wireless.pcap
	says "$verb-unheard" 1 'unheard.pcap: its packets are of link type 226 .*which is not read' \
		$verb unheard.pcap
	says "$verb-nothing" 2 "$verb: no capture named" $verb
	says "$verb-option" 2 '--frob: no such option' $verb --frob "$capture"
	says "$verb-letter" 2 '-Q: no such option' $verb -Q "$capture"
	says "$verb-wants-value" 2 '--memory: wants SIZE' $verb "$capture" --memory
	says "$verb-size" 2 '--memory much: not a size of memory' $verb --memory much "$capture"
	says "$verb-size-most" 2 '--memory: at most 1 TiB can be asked for' $verb -m 2T "$capture"
	says "$verb-empty-input" 1 '-: is empty' $verb -
	says "$verb-input-twice" 2 "$verb: - stands twice, standard input is read once" $verb - "$capture" -
	"$weir" $verb "$capture" - <&- >out 2>err
	code=$?
	if [ "$code" = 1 ] && grep -q "^weir: -: standard input is closed; try: .*weir $verb -$" err; then
		good "$verb-closed-input"
	else
		fail "$verb-closed-input" "wanted exit 1 and a line about it"
	fi
	tries "$verb-closed-input" "tcpdump -w - \| weir $verb -"
	"$weir" $verb "$capture" >&- 2>err
	code=$?
	if [ "$code" = 1 ] && [ "$(wc -l <err)" = 1 ]; then good "$verb-closed-output"; else
		fail "$verb-closed-output" "wanted exit 1 and one line"
	fi
	tries "$verb-closed-output" '.*> FILE'
	# Root may read everything, so nobody is asked: who reaches the program only in a place for all.
	cp text closed && chmod 0 closed
	if [ "$(id -u)" = 0 ]; then
		chmod 755 . && cp "$weir" everybodys-weir
		as='setpriv --reuid=65534 --regid=65534 --clear-groups' weir=./everybodys-weir
	fi
	if $as test -x "$weir" 2>/dev/null; then
		says "$verb-no-permission" 1 'closed: Permission denied' $verb closed
	else
		skip "$verb-no-permission" # a user namespace with nobody else in it
	fi
	as=
	weir=$program
done

# --- polls that repeat: every message is either a line or counted ---------------------------------
run facts "$capture"
lines=$(wc -l <out)
run facts --changes "$capture"
told=$(grep -vc '"repeats":' out)
counted=$(sed -n 's/.*"repeats":{"frame":[0-9]*,"time":"[^"]*","count":\([0-9]*\)}}$/\1/p' out | awk '{ n += $1 } END { print n + 0 }')
if [ $((told + counted)) = "$lines" ] && [ "$(wc -l <out)" -lt $((lines * 2 / 3)) ]; then good facts-changes; else
	fail facts-changes "$lines messages, but $told told and $counted counted in $(wc -l <out) lines"
fi

# --- several captures, one of them bad: the others are read -------------------------------------
run facts "$capture"
cp out whole
for other in missing text folder wireless.pcap; do
	for order in first last; do
		name=one-of-two-$other-$order
		if [ $order = first ]; then run facts "$other" "$capture"; else run facts "$capture" "$other"; fi
		if [ "$code" != 1 ] || [ "$(wc -l <err)" != 1 ] || ! grep -q "^weir: $other: .*; try: " err; then
			fail "$name" "wanted exit 1 and one line about $other"
		# Frames are numbered over all files, so a file that was read in part moves them.
		elif [ "$(wc -l <out)" != "$(wc -l <whole)" ]; then
			fail "$name" "the good capture was not read whole"
		else
			good "$name"
		fi
	done
done
run look missing text
if [ "$code" = 1 ] && [ ! -s out ] && [ "$(wc -l <err)" = 2 ]; then good all-bad; else
	fail all-bad "wanted exit 1, nothing on stdout, a line for each"
fi

# --- cut, and nothing in it -----------------------------------------------------------------------
shows look-cut 0 '^[0-9]+ assets' 'cut.pcapng: ends in the middle of a packet.*; try: ' look cut.pcapng
shows facts-cut 0 '^\{"frame":1,' 'cut.pcapng: ends in the middle of a packet.*; try: ' facts cut.pcapng
shows points-cut 0 '^time,asset,' 'cut.pcapng: ends in the middle of a packet.*; try: ' points --csv cut.pcapng
shows look-cut-gzip 0 '^[0-9]+ assets' 'cut.gz: ends in the middle of a packet.*; try: ' look cut.gz
shows look-zero-packets 0 '^There is no packet in this capture' '' look zero.pcap
shows look-zero-packets-json 0 '"packets":0' '' look --json zero.pcap
run facts zero.pcap
if [ "$code" = 0 ] && [ ! -s out ] && [ ! -s err ]; then good facts-zero-packets; else
	fail facts-zero-packets "wanted nothing at all and exit 0"
fi

# --- what stands beside ---------------------------------------------------------------------------
shows zones 0 'assets' '' look --zones zones.yaml "$capture"
says zones-unknown-key 1 "colour.yaml:5:5: zones\[0\]: found unknown key 'colour'.*" \
	look --zones colour.yaml "$capture"
printf 'zones:\n  - name: a\n    level: 9\n    addresses: [10.1.2.3/24]\n  - name: a\n    level: 1\n    addresses: [x]\n' >wrong.yaml
run look --zones wrong.yaml "$capture"
sed 's/: zones\[.*//' err >places
printf 'weir: wrong.yaml:%s\n' 3:12 4:17 5:11 7:17 >wanted
if [ "$code" = 1 ] && [ ! -s out ] && cmp -s places wanted && [ "$(grep -c '; try: man weir-zones$' err)" = 1 ]; then
	good zones-all-mistakes
else
	fail zones-all-mistakes "wanted four mistakes from the top down, one hint"
fi
{ echo 'zones:'; for n in $(seq 25); do printf '  - {name: a%s, level: 9, addresses: [10.0.0.%s]}\n' "$n" "$n"; done; } >wrong.yaml
run look --zones wrong.yaml "$capture"
if [ "$(wc -l <err)" = 21 ] && grep -q '^weir: wrong.yaml: 5 more mistakes after these; try: ' err; then
	good zones-many-mistakes
else
	fail zones-many-mistakes "wanted twenty of them and how many more"
fi
printf 'zones:\n  - {name: moved <away>, level: 1, addresses: [192.0.2.0/24]}\n  - {name: site, level: 3, addresses: [10.0.0.0/8]}\n' >moved.yaml
shows zone-empty 0 '^  +1  zone in which no asset was seen: moved <away>$' '' look --zones moved.yaml "$capture"
shows zone-empty-json 0 '"empty_zones":\["moved <away>"\]' '' look --json --zones moved.yaml --html page "$capture"
if grep -q '1 zone in which no asset was seen: moved &lt;away&gt;<' page; then good zone-empty-page; else
	fail zone-empty-page "the page does not tell it"
fi
# The advice beside a write by somebody unexpected: state its address.  Level 2 makes it a station, level 3
# changes nothing, above that it is worse than unknown.
# stated NAME CAPTURE ADDRESS LEVEL WANTED: the severity of the write then, or "none".
stated() {
	printf 'zones:\n  - name: own\n    level: %s\n    addresses: [%s]\n' "$4" "$3" >own.yaml
	run look --json --zones own.yaml "$2"
	is=$(grep -o '"id":"ot.unauthorised-write","class":"[^"]*","engine":"[^"]*","severity":"[a-z]*' out |
		sed 's/.*"//')
	if [ "$code" = 0 ] && [ "${is:-none}" = "$5" ]; then good "$1"; else
		fail "$1" "wanted a write that is $5, not ${is:-none}"
	fi
}
write=$golden/../detect/ot.unauthorised-write.fires.pcap
stated write-of-nobody "$write" 10.9.9.9 2 major
stated write-of-own-station "$write" 10.9.2.66 2 none
stated write-from-the-cell "$write" 10.9.2.66 1 none
stated write-from-operations "$write" 10.9.2.66 3 major
stated write-from-the-dmz "$write" 10.9.2.66 3.5 critical
telecontrol=$(dirname "$readme")/../shared/captures/iec104/TestDissectIec104.pcap
if [ -e "$telecontrol" ]; then
	stated command-of-own-station "$telecontrol" 172.27.248.109 2 none
	stated command-of-nobody "$telecontrol" 172.27.248.110 2 major
	shows selections-are-no-writes 0 'writes: 1 tried, 0 refused' '' look "$telecontrol"
else
	skip command-of-own-station
fi
# What is read, or written already, is not written over; what cannot be read costs no older page.
cp "$capture" only.pcapng
ln -sf only.pcapng link.html
for file in only.pcapng ./only.pcapng link.html zones.yaml; do
	says "write-over-$file" 2 "write $file: this file is read, or written to, already" \
		look --zones zones.yaml --html "$file" only.pcapng
	says "picture-over-$file" 2 "write $file: this file is read, or written to, already" \
		look --zones zones.yaml --svg "$file" zero.pcap only.pcapng
done
says two-in-one 2 'write page: this file is read, or written to, already' \
	look --html page --svg page "$capture"
if cmp -s only.pcapng "$capture"; then good capture-unharmed; else
	fail capture-unharmed "a capture was written over"
fi
echo yesterday >page
says page-of-junk 1 'text: is not a capture: .*' look --html page text
if grep -q yesterday page; then good older-page-stays; else fail older-page-stays "it is gone"; fi
head -c 3000000 /dev/zero >page
shows page-written-anew 0 'assets' '' look --html page "$capture"
if tail -n 1 page | grep -q '</html>'; then good page-ends; else fail page-ends "older bytes behind it"; fi
if [ -c /dev/full ]; then
	run look --html /dev/full "$capture"
	if [ "$code" = 1 ] && grep -qE '^weir: /dev/full: write: No space left on device; try: .+' err; then
		good full-disk-page
	else
		fail full-disk-page "wanted exit 1 and a line about it"
	fi
fi

says zones-missing 1 ".*nowhere.yaml.*No such file or directory" look --zones nowhere.yaml "$capture"
says zones-broken 1 'broken.yaml:.*' look --zones broken.yaml "$capture"
says vendors-missing 1 '.*nowhere.*' look --vendors nowhere "$capture"
says html-nowhere 1 'write nowhere/x.html: No such file or directory' look --html nowhere/x.html "$capture"
says svg-folder 1 'write folder: Is a directory' look --svg folder "$capture"
says json-word 2 '--json=xml: not one of document\|lines' look --json=xml "$capture"
says flag-with-value 2 '--all takes no value' look --all=yes "$capture"
says memory-least-facts 2 '--memory: at least 27 MiB are needed' facts --memory 1M "$capture"
shows memory-tera 0 '^[0-9]+ assets' '' look -m 1T "$capture"
says memory-none 2 '--memory 0: not a size of memory' look --memory 0 "$capture"
says memory-most 2 '--memory: at most 1 TiB can be asked for' facts --memory 8000000000000000000000G "$capture"
says html-no-name 2 '--html: wants FILE' look --html= "$capture"
says html-dash 2 'write -: a page or picture wants a file of its own' look --html - "$capture"
long=$(printf '%0250d/' 0 0 0)
says long-name 3 '0+/.*: No such file or directory' look "${long}x"
says memory-least 2 '--memory: at least 27 MiB are needed' look --memory 3M "$capture"

shows points 0 '^PROCESS POINTS' '' points "$capture"
if head -n 1 out | grep -q '^PROCESS POINTS'; then good points-first-line; else fail points-first-line "not the title"; fi
shows points-csv 0 '^20[0-9T:.-]+Z,10\.20\.1\.10,modbus,unit 1 holding [0-9]+,[0-9]+,,(yes|no),[0-9]+$' '' \
	points --csv "$capture"
shows points-json 0 '^\{"kind":"sample","time":"20.*,"value":[0-9.-]+,.*"frame":[0-9]+\}$' '' points --json "$capture"
shows points-alone 0 '^\{"kind":"point","asset":"10\.20\.1\.10".*"type":"integer","samples":' '' \
	points --json=points "$capture"
run points --csv "$capture"
every=$(wc -l <out)
run points --csv --changes "$capture"
if [ "$(wc -l <out)" -gt 10 ] && [ "$(wc -l <out)" -lt "$every" ]; then good points-changes; else
	fail points-changes "not fewer lines"
fi
says points-both 2 'points: CSV or JSON, not both' points --csv --json "$capture"

shows protocols 0 '^modbus  *Modbus/TCP, over TCP$' '' protocols
shows protocols-two 0 '^enip  *EtherNet/IP' '' protocols cip modbus
shows protocols-json 0 '^\{"protocol":"modbus",.*"ot":true' '' protocols --json modbus
shows protocols-any-case 0 '^\{"protocol":"modbus",' '' protocols -j ModBus
shows protocols-also-any-case 0 '^\{"protocol":"enip",' '' protocols -j CIP
shows detections 0 '^  ot.controller-stop  *A controller was told to stop$' '' detections
shows detections-class 0 '^  net.brute-force ' '' detections brute-force
shows detections-json 0 '^\{"id":"net.brute-force",.*"limit":\{"count":10,"seconds":60\}' '' detections --json malware
says detections-unknown 3 'frob: no detection, class or engine of this name' detections frob
says protocols-unknown 3 'frob: no protocol of this name is read' protocols frob

# --- help, version, completion --------------------------------------------------------------------
says no-command 2 'what shall I do\?' 
says unknown-command 2 'frob: no such command' frob
says help-unknown 2 'frob: no such command' help frob
says help-unknown-of-two 2 'ledger frob: no such command' help ledger frob
says unknown-of-two 2 'ledger frob: no such command' ledger frob
shows family 0 '^  ledger verify ' '' ledger
shows family-help 0 '^Usage: weir ledger COMMAND' '' help ledger
says help-of-two 2 'help: of one command at a time' help look facts
says completion-of-what 2 'completion is there for bash and zsh' completion
shows version 0 '^weir [0-9]+\.[0-9]+\.[0-9]+$' '' --version
shows help 0 '^Commands:' '' --help
if [ "$(wc -L <out)" -le 100 ]; then good help-fits; else fail help-fits "lines over 100 columns"; fi
for verb in look facts points packets protocols detections completion help init up down status whois \
	'asset ls' 'asset show' 'asset approve' 'asset set' 'alert ls' 'alert show' 'alert close' 'alert open' \
	'alert mute' 'alert pcap' \
	'ledger init' 'ledger append' 'ledger show' 'ledger verify' 'ledger prove' 'ledger checkpoint' \
	'ledger key'; do
	# shellcheck disable=SC2086 # a verb may have two words
	shows "help-of-$verb" 0 "^Usage: weir $verb" '' $verb --help
	cp out one
	shows "help-$verb" 0 "^Usage: weir $verb" '' help $verb
	if cmp -s one out; then good "help-$verb-same"; else fail "help-$verb-same" "two texts"; fi
	if [ "$(wc -L <out)" -le 100 ] && ! grep -q ' $' out; then good "help-$verb-fits"; else
		fail "help-$verb-fits" "lines over 100 columns, or blanks at an end"
	fi
done
# One table of exit codes, in every page; those of a family have one of their own.
run help --man
sed -n '/^# EXIT STATUS/,/^# [A-DF-Z]/{/^[[|:]/p}' out >table
if [ "$code" = 0 ] && [ "$(grep -c '^:<' table)" = 4 ]; then good exit-table; else fail exit-table "not four codes"; fi
for verb in look facts points packets protocols detections up; do
	run help --man $verb
	if grep -qxF -f table out && [ "$(grep -cxF -f table out)" = "$(wc -l <table)" ]; then
		good "exit-table-$verb"
	else
		fail "exit-table-$verb" "another table than that of weir(1)"
	fi
done
# zsh's own words are stood in for: what would be offered is printed.
cat >use.zsh <<-'END'
	compdef() { }
	compadd() { shift; print -r -- "$@"; }
	_files() { print files; }
	. ./out
	words=(weir lo) CURRENT=2
	[[ "$(_weir)" == *look*facts* ]] || exit 1
	words=(weir look --) CURRENT=3
	[[ "$(_weir)" == *--json*--html* ]] || exit 1
	words=(weir ledger ch) CURRENT=3
	[[ "$(_weir)" == *append*checkpoint* ]] || exit 1
	words=(weir ledger show --ki) CURRENT=4
	[[ "$(_weir)" == *--kind* ]] || exit 1
	words=(weir look a) CURRENT=3
	[[ "$(_weir)" == files ]]
END
run completion bash
if command -v bash >/dev/null; then
	cat >use.bash <<-'END'
		. ./out
		COMP_WORDS=(weir lo) COMP_CWORD=1
		_weir
		[ "${COMPREPLY[*]}" = look ] || exit 1
		COMP_WORDS=(weir look --js) COMP_CWORD=2
		_weir
		[ "${COMPREPLY[*]}" = --json ] || exit 1
		COMP_WORDS=(weir ledger ch) COMP_CWORD=2
		_weir
		[ "${COMPREPLY[*]}" = checkpoint ] || exit 1
		COMP_WORDS=(weir ledger show --ki) COMP_CWORD=3
		_weir
		[ "${COMPREPLY[*]}" = --kind ] || exit 1
		>'a b.pcap'
		COMP_WORDS=(weir look a) COMP_CWORD=2
		_weir
		[ "${COMPREPLY[0]}" = 'a b.pcap' ]
	END
	if [ "$code" = 0 ] && bash -n out && bash use.bash; then good completion; else
		fail completion "bash does not complete with it"
	fi
else
	skip completion
fi
run completion zsh
if ! command -v zsh >/dev/null; then
	skip completion-zsh
elif [ "$code" = 0 ] && zsh -fc '. ./use.zsh' 2>>err; then
	good completion-zsh
else
	fail completion-zsh "zsh does not complete with it"
fi

# --- where the output goes ------------------------------------------------------------------------
escape=$(printf '\033')
if command -v script >/dev/null; then
	script -qec "$weir look $capture" /dev/null </dev/null >coloured 2>&1
	NO_COLOR=1 script -qec "$weir look $capture" /dev/null </dev/null >plain 2>&1
	code=0 && : >out && : >err
	LC_ALL=C script -qec "$weir look $capture" /dev/null </dev/null >ascii 2>&1
	LC_ALL=C script -qec "$weir look $(printf 'a\302\233b')" /dev/null </dev/null >>ascii 2>&1
	if grep -q '~' ascii && ! LC_ALL=C grep -q '[^ -~[:space:]'"$escape"']' ascii; then good ascii; else
		fail ascii "more than ASCII on a terminal that shows no UTF-8"
	fi
	for verb in "help look" "look --help" help "protocols" "detections"; do
		script -qec "stty cols 64; $weir $verb" /dev/null </dev/null 2>&1 | tr -d '\r' |
			grep -v '^  weir \|^Usage' >out
		if [ -s out ] && [ "$(wc -L <out)" -le 64 ]; then good "narrow-$verb"; else
			fail "narrow-$verb" "lines over the terminal's 64 columns"
		fi
	done
	if ! grep -q "$escape\[[0-9;]*m" coloured; then fail colour "no colour on a terminal"; else good colour; fi
	if grep -q "$escape\[[0-9;]*m" plain; then fail no-color "colour against NO_COLOR"; else good no-color; fi
else
	skip ascii
	skip colour
	skip no-color
	skip narrow-help
fi
run look "$(printf '\033]0;x\007\302\233')"
if [ "$code" = 3 ] && ! LC_ALL=C grep -qE "$escape|$(printf '\007')|$(printf '\302\233')" err; then
	good name-of-file-harmless
else
	fail name-of-file-harmless "a file's name speaks to the terminal"
fi
run look "$capture"
cp out first && run look "$capture"
if cmp -s out first; then good same-twice; else fail same-twice "two texts of one capture"; fi
for form in --json --json=lines '--html page' '--svg page'; do
	# shellcheck disable=SC2086
	for copy in 1 2; do rm -f page; run look $form "$capture"; cat page >>out 2>/dev/null; mv out $copy; done
	if cmp -s 1 2; then good "same-twice$form"; else fail "same-twice$form" "two texts of one capture"; fi
done
# What README shows is what people see who follow it: each line of the sample, whole and in order.
mkdir demo
cp "$capture" "$(dirname "$capture")/zones.yaml" demo
run look --zones demo/zones.yaml --html page --svg page.svg demo/plant.pcapng
sed -n '/^\$ \.\/do run/,/^```/{/^[$`]/d;/^\.\.\.$/d;p}' "$readme" >sample
lost=$(awk 'NR == FNR { want[NR] = $0; next } $0 == want[at + 1] { at++ } END { if (want[at + 1] != "") print want[at + 1] }' sample out)
if [ -s sample ] && [ -z "$lost" ]; then good readme-sample; else
	fail readme-sample "README shows what is not printed: $lost"
fi
ln -s "$capture" short.pcapng
run look short.pcapng
if grep -q "$escape" out; then fail piped-plain "escapes in a pipe"; else good piped-plain; fi
if [ "$(wc -L <out)" -le 100 ]; then good look-fits; else fail look-fits "over 100 columns"; fi
for verb in "look --json=lines" facts; do
	# The reader is gone before the writing begins: that is an end, and nothing to talk about.
	# shellcheck disable=SC2086
	{ sleep 0.1; "$weir" $verb "$capture" 2>err; echo $? >code; } | true
	code=$(cat code)
	: >out
	name=closed-pipe-${verb%% *}
	if [ "$code" -le 1 ] && [ ! -s err ]; then good "$name"; else fail "$name" "a word, or a signal"; fi
	[ -c /dev/full ] || continue
	# shellcheck disable=SC2086
	"$weir" $verb "$capture" >/dev/full 2>err
	code=$?
	name=full-disk-${verb%% *}
	if [ "$code" = 1 ] && [ "$(wc -l <err)" = 1 ] &&
		grep -q '^weir: standard output: .*No space left on device; try: ' err; then
		good "$name"
	else
		fail "$name" "wanted exit 1 and one line"
	fi
done
"$weir" --help >/dev/full 2>err
code=$?
if [ "$code" = 1 ] && [ "$(wc -l <err)" = 1 ]; then good full-disk-help; else fail full-disk-help "unnoticed"; fi
"$weir" look - <"$capture" >out 2>err
code=$?
if [ "$code" = 0 ] && [ ! -s err ] && grep -q 'assets' out; then good standard-input; else
	fail standard-input "wanted a report"
fi
shows asked-name 0 '"key":"asked_name","value":"historian.plant.example","protocol":"tls","frame":4' '' \
	look --json "$golden/tls_retry.pcap"
shows certificate-name 0 '"key":"certificate","value":"CN=plc-süd.example, OU=Pumpe 𝄞, serialNumber=SN-0042"' '' \
	look --json "$golden/tls_certificates.pcap"
cp "$capture" -- -dash.pcapng
shows double-dash 0 'assets' '' look -- -dash.pcapng
exit $bad

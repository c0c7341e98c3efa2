#!/bin/sh
# Lays what a new protocol needs: ./do new-protocol NAME.  doc/adding-a-protocol.md goes on from here.
set -eu
cd "$(dirname "$0")/.."
die() { printf 'new-protocol: %s\n' "$*" >&2; exit 1; }

[ $# -le 1 ] || die "$2: one protocol at a time: ./do new-protocol NAME"
name=${1:-}
case $name in
'') die 'say its name: ./do new-protocol NAME' ;;
*[!a-z0-9_]* | [!a-z]*) die "$name: a name has small letters, digits and _, and begins with a letter" ;;
esac
[ ${#name} -le 15 ] || die "$name: a label has 15 letters at most"
list=src/sense/meson.build
for file in "src/sense/proto/$name.c" "test/oracle/$name.map" "test/golden/made/$name.py"; do
	[ ! -e "$file" ] || die "$file is there already"
done
grep -q "^  # new ones here" $list || die "$list: no line '# new ones here' in the list of protocols"

lay() { # TEMPLATE FILE
	mkdir -p "$(dirname "$2")"
	sed "s/NAME/$name/g; s/POINT_$name/POINT_NAME/g" "$1" >"$2"
	echo "laid $2"
}
lay kit/protocol.c "src/sense/proto/$name.c"
lay kit/protocol.map "test/oracle/$name.map"
lay kit/protocol.py "test/golden/made/$name.py"
sed -i "s/^  # new ones here/  '$name',\n&/" $list
echo "named in $list"
mkdir -p "test/fuzz/corpus/$name"
# Carrier 0; a request of eight bytes and two, then its answer: see the head of test/fuzz/proto_fuzz.c.
printf '\000\000\012\312\376\000\001\000\001\000\002\000\020\200\012\312\376\001\001\000\001\000\002\004\322' \
	>"test/fuzz/corpus/$name/first"
echo "laid test/fuzz/corpus/$name/first"
echo "Next: doc/adding-a-protocol.md, from 'The row' on."

#!/bin/sh
# Other programs' opinion of the report: jq on its JSON, xmllint on its SVG and HTML.
# usage: report_script.sh REPORT_SHOW; exit 77 where neither program is installed
set -eu
show=$1
asked=no
failed=0

check() { # NAME COMMAND...: reads standard input
	name=$1
	shift
	asked=yes
	if "$@" >/dev/null 2>&1; then
		echo "ok $name"
	else
		echo "not ok $name"
		failed=1
	fi
}

for plant in empty small hostile flat 300 3000; do
	if command -v jq >/dev/null; then
		"$show" $plant json | check "$plant json" jq -e '.weir == "look/1" and
			(.assets | type) == "array" and ([.. | select(. == "" or . == null)] | length) == 0 and
			(([.assets[].id] | unique | length) == (.assets | length)) and
			(([.assets[].id]) as $ids | all(.conversations[]; .client | IN($ids[])))'
		"$show" $plant lines | check "$plant lines" jq -es 'all(.[]; .kind | IN("capture", "asset",
			"conversation", "point", "finding")) and .[0].kind == "capture"'
	fi
	if command -v xmllint >/dev/null; then
		"$show" $plant svg | check "$plant svg" xmllint --nonet --noout -
		# Every element of the page is closed, so all but the script must pass as XML too.
		"$show" $plant html | sed '/^<script>/,/^<\/script>/d' |
			check "$plant html" xmllint --nonet --noout -
	fi
done
[ $asked = yes ] || exit 77
exit $failed

#!/bin/sh
# Other programs' opinion of the report: jq on its JSON, xmllint on its SVG and HTML.
# usage: report_script.sh REPORT_SHOW; exit 77 where neither program is installed
set -eu
show=$1
asked=no
failed=0
page=$(mktemp)
trap 'rm -f "$page"' EXIT

check() { # NAME COMMAND...: about what is in $page
	name=$1
	shift
	asked=yes
	if "$@" <"$page" >/dev/null 2>&1; then
		echo "[ OK ] $name"
	else
		echo "[ FAILED ] $name"
		failed=1
	fi
}

for plant in empty small hostile flat 300 3000; do
	if command -v jq >/dev/null; then
		"$show" $plant json >"$page"
		check "$plant-json" jq -e '.weir == "look/1" and
			(.assets | type) == "array" and ([.. | select(. == "" or . == null)] | length) == 0 and
			(([.assets[].id] | unique | length) == (.assets | length)) and
			(([.assets[].id]) as $ids | all(.conversations[]; .client | IN($ids[])))'
		"$show" $plant lines >"$page"
		check "$plant-lines" jq -es 'all(.[]; .kind | IN("capture", "asset",
			"conversation", "point", "finding")) and .[0].kind == "capture"'
	fi
	if command -v xmllint >/dev/null; then
		"$show" $plant svg >"$page"
		check "$plant-svg" xmllint --nonet --noout -
		# Every element of the page is closed, so all but the script must pass as XML too.
		"$show" $plant html | sed '/^<script>/,/^<\/script>/d' >"$page"
		check "$plant-html" xmllint --nonet --noout -
	fi
done
[ $asked = yes ] || exit 77
exit $failed

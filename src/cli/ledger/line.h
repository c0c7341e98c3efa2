/* An entry as people read it, and as programs do. */
#ifndef CLI_LEDGER_LINE_H
#define CLI_LEDGER_LINE_H

#include <stdint.h>

#include "cli/cli.h"

/* One line: number (* behind it: in no checkpoint yet), time, kind, subject, actor, and what the
 * data says as words.  On a terminal it is as wide as that and no wider. */
void ledger_line(
	const struct cli *cli, uint64_t sequence, const void *bytes, size_t size, bool signed_yet);

/* One line of JSON: the bytes as the ledger has them behind "entry"; what is no entry of weir's as
 * base64 instead.  A terminal gets nothing that moves its cursor. */
void ledger_line_json(
	const struct cli *cli, uint64_t sequence, const void *bytes, size_t size, bool signed_yet);
/* The same with a member `secret` behind it, of this JSON. */
void ledger_line_json_secret(const struct cli *cli, uint64_t sequence, const void *bytes,
	size_t size, bool signed_yet, const char *secret);
/* Whether an entry can stand in a line as it is. */
bool ledger_line_fits(const void *bytes, size_t size);

#endif

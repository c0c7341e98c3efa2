/* Questions.  Which index answers is decided here and not left to SQLite, which knows nothing of
 * how often a name comes: each term is tried for how much it leaves, up to a bound, and the one
 * that leaves least leads.  The others are only looked at. */
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/out.h"
#include "store/inside.h"

enum { SQL = 1024, TRY = 100000 };

#define RANGE "sequence >= :from AND sequence < :below"

enum term { ASSET, SUBJECT, ACTOR, KIND, SITE, TIME, TERMS };

static const struct {
	const char *count;   /* how much it leaves */
	const char *leading; /* where the others are looked at */
	const char *looked;  /* a leading + keeps it from any index */
} terms[] = {
	[ASSET] = { "SELECT 1 FROM asset WHERE name = :asset AND " RANGE,
		"asset CROSS JOIN entry ON entry.sequence = asset.sequence WHERE name = :asset",
		" AND EXISTS (SELECT 1 FROM asset WHERE name = :asset AND"
		" asset.sequence = entry.sequence)" },
	[SUBJECT] = { "SELECT 1 FROM entry WHERE subject = :subject AND " RANGE,
		"entry INDEXED BY entry_subject WHERE subject = :subject",
		" AND +subject = :subject" },
	[ACTOR] = { "SELECT 1 FROM entry WHERE actor = :actor AND " RANGE,
		"entry INDEXED BY entry_actor WHERE actor = :actor", " AND +actor = :actor" },
	[KIND] = { "SELECT 1 FROM entry WHERE kind = :kind AND " RANGE,
		"entry INDEXED BY entry_kind WHERE kind = :kind", " AND +kind = :kind" },
	[SITE] = { "SELECT 1 FROM entry WHERE site = :site AND " RANGE,
		"entry INDEXED BY entry_site WHERE site = :site", " AND +site = :site" },
	[TIME] = { "SELECT 1 FROM entry INDEXED BY entry_at WHERE at_ns >= :since"
		   " AND at_ns < :until",
		"entry NOT INDEXED WHERE sequence IN (SELECT sequence FROM entry INDEXED BY entry_at"
		" WHERE at_ns >= :since AND at_ns < :until)",
		" AND +at_ns >= :since AND +at_ns < :until" },
};

static bool is_asked(const struct entry_filter *f, enum term t)
{
	switch (t) {
	case ASSET:
		return f->asset;
	case SUBJECT:
		return f->subject;
	case ACTOR:
		return f->actor;
	case KIND:
		return f->kind;
	case SITE:
		return f->site;
	default:
		return f->has_since || f->has_until;
	}
}

static void bind_text(sqlite3_stmt *q, const char *name, const char *text)
{
	int at = sqlite3_bind_parameter_index(q, name);
	if (at)
		sqlite3_bind_text(q, at, text, -1, SQLITE_STATIC);
}

static void bind_number(sqlite3_stmt *q, const char *name, uint64_t n)
{
	int at = sqlite3_bind_parameter_index(q, name);
	if (at)
		sqlite3_bind_int64(q, at, n > INT64_MAX ? INT64_MAX : (int64_t)n);
}

/* No bound is one that lies beyond every integer. */
static void bind_time(sqlite3_stmt *q, const char *name, bool bounded, int64_t ns, double beyond)
{
	int at = sqlite3_bind_parameter_index(q, name);
	if (at && bounded)
		sqlite3_bind_int64(q, at, ns);
	else if (at)
		sqlite3_bind_double(q, at, beyond);
}

/* What a statement does not ask for is not bound. */
static void bind(sqlite3_stmt *q, const struct store_question *ask)
{
	const struct entry_filter *f = &ask->filter;
	bind_text(q, ":asset", f->asset);
	bind_text(q, ":subject", f->subject);
	bind_text(q, ":actor", f->actor);
	bind_text(q, ":kind", f->kind);
	bind_text(q, ":site", f->site);
	bind_time(q, ":since", f->has_since, f->since_ns, -1e19);
	bind_time(q, ":until", f->has_until, f->until_ns, 1e19);
	bind_number(q, ":from", ask->from);
	bind_number(q, ":below", ask->below);
	bind_number(q, ":most", ask->most);
}

/* -errno, or what the term leaves: TRY or more are TRY. */
static long count_of(struct store *s, enum term t, const struct store_question *ask, struct err *e)
{
	char sql[SQL];
	snprintf(sql, sizeof sql, "SELECT count(*) FROM (%s LIMIT %d)", terms[t].count, TRY);
	sqlite3_stmt *q = store_prepare(s, sql, e);
	if (!q)
		return e->code;
	bind(q, ask);
	long count = sqlite3_step(q) == SQLITE_ROW ? (long)sqlite3_column_int64(q, 0)
						   : store_failed(s, e, "ask it");
	sqlite3_finalize(q);
	return count;
}

/* TERMS: none, everything is gone through in order.  A wide span of time leads nobody: its entries
 * would have to be sorted, where going through them finds the first at once. */
static int choose(struct store *s, const struct store_question *ask, enum term *out, struct err *e)
{
	long least = TRY + 1;
	*out = TERMS;
	for (enum term t = 0; t < TERMS; t++) {
		if (!is_asked(&ask->filter, t))
			continue;
		long count = count_of(s, t, ask, e);
		if (count < 0)
			return (int)count;
		if (count < least && (t != TIME || count < TRY)) {
			least = count;
			*out = t;
		}
	}
	return 0;
}

static void write_question(struct out *o, const struct store_question *ask, enum term leading)
{
	const char *number = leading == ASSET ? "asset.sequence" : "entry.sequence";
	out_fmt(o, "SELECT %s AS number, bytes FROM %s", number,
		leading == TERMS ? "entry NOT INDEXED WHERE 1" : terms[leading].leading);
	for (enum term t = 0; t < TERMS; t++)
		if (t != leading && is_asked(&ask->filter, t))
			out_str(o, terms[t].looked);
	out_fmt(o, " AND %s >= :from AND %s < :below ORDER BY number%s", number, number,
		ask->last ? " DESC" : "");
	if (ask->most)
		out_str(o, " LIMIT :most");
}

int store_find(struct store *s, const struct store_question *ask, store_answer *each, void *self,
	struct err *e)
{
	char text[SQL], turned[SQL + 64];
	struct out o = out_mem(text, sizeof text), all = out_mem(turned, sizeof turned);
	enum term leading;
	int r = choose(s, ask, &leading, e);
	if (r < 0)
		return r;
	write_question(&o, ask, leading);
	out_fmt(&all, ask->last ? "SELECT * FROM (%s) ORDER BY number" : "%s", out_text(&o));
	sqlite3_stmt *q = store_prepare(s, out_text(&all), e);
	if (!q)
		return e->code;
	bind(q, ask);
	int step = SQLITE_ROW;
	while (r == 0 && (step = sqlite3_step(q)) == SQLITE_ROW)
		r = each(self, (uint64_t)sqlite3_column_int64(q, 0), sqlite3_column_blob(q, 1),
			(size_t)sqlite3_column_bytes(q, 1), e);
	if (r == 0 && step != SQLITE_DONE)
		r = store_failed(s, e, "ask it");
	sqlite3_finalize(q);
	return r;
}

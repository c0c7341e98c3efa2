#include "sample_ledger.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ledger/read.h"
#include "ledger/wal.h"

struct note_key sample_key;
struct sign_key *sample_secret;

static int sign_head(void *self, const struct checkpoint *c, const struct merkle_proof *from_last,
	struct out *o, struct err *e)
{
	(void)self;
	(void)c;
	(void)from_last;
	(void)e;
	note_sign(o, o->used, &sample_key, sample_secret, 0);
	return 0;
}

const struct signer sample_signer = {
	.origin = "ledger.example/sample", .key = &sample_key, .sign = sign_head
};

int sample_set_up(void **unused)
{
	(void)unused;
	struct err e;
	uint8_t seed[SIGN_SEED] = { 7 };
	sample_secret = sign_key_new(seed, &e);
	if (!sample_secret)
		return -1;
	sample_key = note_key_of(sample_signer.origin, NOTE_ED25519, sample_secret);
	return 0;
}

int sample_tear_down(void **unused)
{
	(void)unused;
	sign_key_free(sample_secret);
	return 0;
}

size_t sample_entry(uint64_t n, char bytes[SAMPLE_ENTRY])
{
	uint64_t mix = (n + 1) * 0x9e3779b97f4a7c15u;
	size_t head = (size_t)snprintf(bytes, 64, "{\"n\":%llu,\"mix\":\"%016llx\",\"data\":\"",
		(unsigned long long)n, (unsigned long long)mix);
	size_t fill = n % 61 == 60 ? 5000 + (size_t)(mix >> 40) % 30000 : (size_t)(mix >> 40) % 900;
	memset(bytes + head, 'a' + (int)(mix % 26), fill);
	memcpy(bytes + head + fill, "\"}", 2);
	return head + fill + 2;
}

int sample_open(const struct files *f, struct ledger **l, struct err *e)
{
	const struct ledger_config config = { .files = f,
		.signer = &sample_signer,
		.segment_size = WAL_LEAST,
		.settle_entries = 150 };
	return ledger_open(l, &config, 0, e);
}

/* --- writing --- */

static void tell(struct sample_told *told, const struct ledger *l)
{
	uint64_t before = told->acknowledged + told->published;
	if (ledger_size(l) > told->acknowledged)
		told->acknowledged = ledger_size(l);
	if (ledger_published(l) > told->published)
		told->published = ledger_published(l);
	if (told->tell && told->acknowledged + told->published > before)
		told->tell(told->self, told);
}

static int append_batch(struct ledger *l, unsigned count, struct err *e)
{
	static char bytes[SAMPLE_ENTRY];
	uint64_t first = ledger_size(l), sequence;
	int r = 0;
	for (uint64_t n = first; r == 0 && n < first + count; n++)
		r = ledger_append(l, bytes, sample_entry(n, bytes), &sequence, e);
	return r;
}

static int write_on(
	struct ledger *l, uint64_t seed, uint64_t until, struct sample_told *told, struct err *e)
{
	int64_t now = 0;
	struct err later;
	for (uint64_t turn = seed; ledger_size(l) < until; turn++) {
		uint64_t mix = (turn + 1) * 0x9e3779b97f4a7c15u >> 33;
		int r = append_batch(l, 1 + (unsigned)(mix % 23), e);
		if (r == 0)
			r = ledger_commit(l, e);
		if (r < 0)
			return r;
		tell(told, l);
		/* Clocks are set, forward and back, while people work. */
		now += mix % 17 == 0 ? -3600000000000 : mix % 19 == 0 ? 86400000000000 : 40000000;
		if (ledger_tick(l, now, &later) == 0)
			tell(told, l);
	}
	return 0;
}

int sample_write(const struct files *f, uint64_t seed, uint64_t until, struct sample_told *told,
	struct err *e)
{
	struct ledger *l;
	int r = sample_open(f, &l, e);
	if (r < 0)
		return r;
	r = write_on(l, seed, until, told, e);
	if (r == 0)
		r = seed & 1 ? ledger_finish(l, 0, e) : ledger_publish(l, 0, e);
	if (r == 0)
		tell(told, l);
	ledger_close(l);
	return r;
}

/* --- looking --- */

static int see_entry(void *self, uint64_t sequence, const void *entry, size_t size, bool signed_yet,
	struct err *e)
{
	static char want[SAMPLE_ENTRY];
	uint64_t *next = self;
	(void)signed_yet;
	if (sequence != *next)
		return err_set(e, -EBADMSG, "entry %llu is told where %llu should be",
			(unsigned long long)sequence, (unsigned long long)*next);
	if (size != sample_entry(sequence, want) || memcmp(entry, want, size) != 0)
		return err_set(
			e, -EBADMSG, "entry %llu is another one", (unsigned long long)sequence);
	++*next;
	return 0;
}

int sample_holds(const struct files *f, const struct sample_told *told, struct err *e)
{
	struct ledger_checked found;
	uint64_t entries = 0;
	const struct ledger_check c = {
		.files = f, .key = &sample_key, .origin = sample_signer.origin
	};
	int r = ledger_check(&c, &found, e);
	if (r == 0)
		r = ledger_read(f, &found.head, 0, see_entry, &entries, e);
	if (r < 0)
		return r;
	if (found.head.size < told->published || entries < told->acknowledged)
		return err_set(e, -EBADMSG,
			"%llu published and %llu acknowledged, %llu and %llu are there",
			(unsigned long long)told->published, (unsigned long long)told->acknowledged,
			(unsigned long long)found.head.size, (unsigned long long)entries);
	return 0;
}

int sample_recover(const struct files *f, const struct sample_told *told, struct err *e)
{
	struct ledger *l;
	struct sample_told now = { 0 };
	int r = sample_open(f, &l, e);
	if (r < 0)
		return err_in(e, "open again"), r;
	if (ledger_size(l) < told->acknowledged)
		r = err_set(e, -EBADMSG, "%llu acknowledged, %llu are there",
			(unsigned long long)told->acknowledged, (unsigned long long)ledger_size(l));
	if (r == 0 && told->published && (r = sample_holds(f, told, e)) < 0)
		err_in(e, "after it was opened");
	if (r == 0)
		r = write_on(l, 1, ledger_size(l) + 30, &now, e);
	if (r == 0)
		r = ledger_publish(l, 0, e);
	ledger_close(l);
	if (r == 0)
		r = sample_holds(f, &now, e);
	return r;
}

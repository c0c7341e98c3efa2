/* Which question an answer of MELSEC communication belongs to.  Frame 4E numbers them; in frames 3E
 * and 1E (SLMP Reference Manual SH-080956ENG, 4.2; SH-080008, 18) answers come in the order of
 * their questions, but some questions are not answered.  Values live at the address that the
 * question named: where two questions might be meant, neither is. */
#include <string.h>

#include "sense/proto/melsec.h"

enum { GIVEN_UP_NS = 1000000000 }; /* a datagram that nobody answered so long is lost */
enum { SERIAL = 1U << 16, SIDE = 1U << 17 };

static struct melsec_asker *asker_at(const struct scene *s, unsigned side)
{
	struct melsec_state *state = s->state;
	return &state->asker[side & 1];
}

bool melsec_same_route(const struct melsec_route *a, const struct melsec_route *b)
{
	return a->network == b->network && a->pc == b->pc && a->io == b->io &&
		a->station == b->station;
}

bool melsec_own(const struct melsec_route *r)
{
	return r->network == 0 && r->pc == 0xff && r->io == 0x3ff && r->station == 0;
}

/* Under its serial number, or its place in the order; and whose question it is. */
static uint32_t key_of(const struct melsec_head *h, unsigned side, uint16_t turn)
{
	return (side ? SIDE : 0) | (h->serial_there ? SERIAL | h->serial : turn);
}

static struct melsec_due *due_at(struct melsec_asker *a, const struct melsec_head *h, uint16_t turn)
{
	return &a->due[(h->serial_there ? h->serial : turn) % MELSEC_DUE];
}

/* A new place in the order.  Over UDP nobody waits for two answers, so the older question is lost;
 * unless it was asked just now. */
static uint16_t next_turn(const struct scene *s, struct melsec_asker *a, bool *unsure)
{
	uint16_t waiting = (uint16_t)(a->asked - a->answered);
	*unsure = false;
	if (!s->stream) {
		*unsure = waiting && s->at_ns - a->asked_ns < GIVEN_UP_NS;
		a->answered = a->asked;
	} else if (waiting) {
		a->crowded = true;
		if (waiting == MELSEC_DUE) {
			a->answered++;
			a->skipped = true;
		}
	}
	return a->asked++;
}

void melsec_remember(
	struct scene *s, const struct melsec_head *h, const struct melsec_ask *ask, uint32_t size)
{
	struct melsec_asker *a = asker_at(s, s->side);
	bool unsure = false;
	bool recent = s->stream || s->at_ns - a->asked_ns < GIVEN_UP_NS;
	uint16_t turn = h->serial_there ? 0 : next_turn(s, a, &unsure);
	uint32_t key = key_of(h, s->side, turn);
	struct melsec_due *due = due_at(a, h, turn);
	if (h->serial_there)
		unsure = due->waits && due->key == key && recent &&
			melsec_same_route(&due->route, &h->route);
	a->asked_ns = s->at_ns;
	*due = (struct melsec_due){ .key = key,
		.size = size,
		.command = ask->code,
		.subcommand = ask->subcommand,
		.route = h->route,
		.waits = true,
		.unsure = unsure };
	struct melsec_ask *kept = ask_put(s, key);
	if (kept)
		*kept = *ask;
}

/* An error names its command.  A frame 1E of a stream is as long as its question made it. */
static bool fits(
	const struct melsec_due *due, const struct melsec_head *h, struct cur body, bool stream)
{
	bool size_fits = due->size == MELSEC_ANY_SIZE || due->size == body.left;
	if (h->old)
		return due->command == h->function && (stream || h->end || size_fits);
	if (!melsec_same_route(&due->route, &h->route))
		return false;
	if (!h->end)
		return size_fits;
	struct melsec m = { .c = body, .form = { .text = h->text } };
	(void)melsec_number(&m, 4);
	(void)melsec_number(&m, 1);
	uint32_t command = melsec_number(&m, 2), subcommand = melsec_number(&m, 2);
	return !cur_ok(&m.c) || (command == due->command && subcommand == due->subcommand);
}

/* The oldest that fits, and with it those before it are over: a reset, say, is not answered.  It is
 * sure if no other fits, or this client is known to ask on before it is answered. */
static struct melsec_due *next_due(
	const struct scene *s, struct melsec_asker *a, const struct melsec_head *h, struct cur body)
{
	struct melsec_due *found = NULL;
	unsigned fitting = 0;
	uint16_t turn = a->asked;
	for (uint16_t t = a->answered; t != a->asked; t++) {
		struct melsec_due *due = due_at(a, h, t);
		if (due->key != key_of(h, !s->side, t) || !fits(due, h, body, s->stream))
			continue;
		if (!fitting++) {
			found = due;
			turn = t;
		}
	}
	if (!found)
		return NULL;
	bool sure = (fitting == 1 || a->pipelines) && !found->unsure;
	a->skipped |= turn != a->answered;
	a->answered = (uint16_t)(turn + 1);
	if (a->answered == a->asked) {
		a->pipelines |= a->crowded && !a->skipped;
		a->crowded = a->skipped = false;
	}
	return sure ? found : NULL;
}

static struct melsec_due *numbered_due(
	const struct scene *s, struct melsec_asker *a, const struct melsec_head *h, struct cur body)
{
	struct melsec_due *due = due_at(a, h, 0);
	if (!due->waits || due->key != key_of(h, !s->side, 0) || !fits(due, h, body, s->stream))
		return NULL;
	due->waits = false;
	return due->unsure ? NULL : due;
}

const struct melsec_ask *melsec_asked(struct scene *s, const struct melsec_head *h, struct cur body)
{
	struct melsec_asker *a = asker_at(s, !s->side);
	const struct melsec_due *due =
		h->serial_there ? numbered_due(s, a, h, body) : next_due(s, a, h, body);
	const struct melsec_ask *ask = due ? ask_take(s, due->key) : NULL;
	if (ask && ask->has_list && a->waiting_lists)
		a->waiting_lists--;
	return ask;
}

/* Frame 1E: what the other side's oldest question of this command made of its answer. */
const struct melsec_due *melsec_old_due(const struct scene *s, uint8_t function)
{
	const struct melsec_asker *a = asker_at(s, !s->side);
	for (uint16_t t = a->answered; t != a->asked; t++)
		if (a->due[t % MELSEC_DUE].command == function)
			return &a->due[t % MELSEC_DUE];
	return NULL;
}

/* --- lists that wait --- */

/* Only the monitor is still needed; lists of before are gone. */
static void forget_lists(struct scene *s, struct melsec_asker *a)
{
	struct cur whole = parts_whole(s);
	cur_skip(&whole, a->monitor_at);
	struct cur monitor = cur_sub(&whole, a->monitor_size);
	uint8_t *copy = cur_ok(&monitor) && monitor.left ? scene_scratch(s, monitor.left) : NULL;
	if (copy)
		memcpy(copy, monitor.at, monitor.left);
	parts_drop(s);
	a->monitor_at = a->waiting_lists = 0;
	a->lists++;
	if (!copy || !parts_add(s, cur_of(copy, monitor.left), UINT16_MAX))
		a->monitor_size = 0;
}

void melsec_keep_list(struct scene *s, struct melsec_ask *ask, struct cur body)
{
	struct melsec_asker *a = asker_at(s, s->side);
	size_t before = parts_whole(s).left;
	if (!a->waiting_lists || a->waiting_lists == MELSEC_DUE || before + body.left > UINT16_MAX)
		forget_lists(s, a);
	before = parts_whole(s).left;
	if (!parts_add(s, body, UINT16_MAX)) {
		a->monitor_size = a->waiting_lists = 0;
		a->lists++;
		ask->has_list = false;
		return;
	}
	ask->lists = a->lists;
	ask->list_at = (uint16_t)before;
	ask->list_size = (uint16_t)body.left;
	a->waiting_lists++;
}

static struct cur part_of_other(const struct scene *s, uint16_t at, uint16_t size)
{
	struct cur whole = parts_of_other(s);
	cur_skip(&whole, at);
	return cur_sub(&whole, size);
}

/* What the asker kept, for the answer at hand; bad where it is gone. */
struct cur melsec_kept_list(struct scene *s, const struct melsec_ask *ask)
{
	bool there = ask->has_list && ask->lists == asker_at(s, !s->side)->lists;
	return there ? part_of_other(s, ask->list_at, ask->list_size) : cur_bad();
}

/* --- the monitor --- */

void melsec_registers(struct scene *s)
{
	asker_at(s, s->side)->monitor_size = 0;
}

/* From here on the controller monitors what this question listed. */
void melsec_registered(struct scene *s, const struct melsec_ask *ask, const struct melsec_head *h)
{
	struct melsec_asker *a = asker_at(s, !s->side);
	struct cur list = melsec_kept_list(s, ask);
	a->monitor_size = 0;
	if (!cur_ok(&list))
		return;
	bool old = ask->form.old;
	uint32_t size = !old ? ask->count : ask->form.bits ? (ask->count + 1) / 2 : ask->count * 2;
	a->monitor_at = ask->list_at;
	a->monitor_size = ask->list_size;
	a->monitor_answer = size * (ask->form.text ? 2 : 1);
	a->monitor = ask->form;
	a->monitor_route = h->route;
	a->monitor_route.pc = ask->pc;
}

static bool monitors(const struct melsec_asker *a, const struct melsec_route *r, bool bits)
{
	return a->monitor_size && melsec_same_route(&a->monitor_route, r) &&
		(!a->monitor.old || a->monitor.bits == bits);
}

/* How long the answer will be, asked by this side. */
uint32_t melsec_monitor_size(const struct scene *s, const struct melsec_head *h, bool bits)
{
	const struct melsec_asker *a = asker_at(s, s->side);
	return monitors(a, &h->route, bits) ? a->monitor_answer : MELSEC_ANY_SIZE;
}

/* The devices whose values are the answer at hand; bad where nobody knows. */
struct cur melsec_monitored(struct scene *s, const struct melsec *m, const struct melsec_ask *ask,
	struct melsec_form *form)
{
	const struct melsec_asker *a = asker_at(s, !s->side);
	if (!monitors(a, &m->route, ask->form.bits) || m->c.left != a->monitor_answer ||
		m->form.text != a->monitor.text)
		return cur_bad();
	*form = a->monitor;
	return part_of_other(s, a->monitor_at, a->monitor_size);
}

/* A hole: whatever was under way may be answered already, and by whom nobody saw. */
void melsec_gap(struct scene *s)
{
	struct melsec_state *state = s->state;
	for (unsigned side = 0; side < 2; side++) {
		uint8_t lists = (uint8_t)(state->asker[side].lists + 1);
		state->asker[side] = (struct melsec_asker){ .lists = lists };
	}
	memset(state->files, 0, sizeof state->files);
}

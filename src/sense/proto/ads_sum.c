/* ADS sum commands: many reads, writes or notifications in one (Beckhoff Information System, TE1000
 * ADS, "ADS sum command").  The offset says how many.  The parts are told one behind the other; an
 * answer has results and data only, so the list of the question waits for it. */
#include "sense/proto/ads.h"

static const struct field f_symbol = { "ads.symbol", TEXT, 0, 0 };
static const struct field f_symbol_handle = { "ads.symbol_handle", LE32, 0, 0 };
static const struct field f_count = { "ads.sum.count", LE32, 0, 0 };
static const struct field f_result = { "ads.sum.result", LE32, 0, 0 };
static const struct field f_handle = { "ads.sum.handle", LE32, 0, 0 };

bool ads_is_sum(uint32_t group)
{
	return group >= ADS_SUM_READ && group <= ADS_SUM_DELETE_NOTIFICATION;
}

/* Fixed part of each item, in the request. */
static size_t item_size(uint32_t sum)
{
	switch (sum) {
	case ADS_SUM_READ_WRITE:
		return 16;
	case ADS_SUM_ADD_NOTIFICATION:
		return 40;
	case ADS_SUM_DELETE_NOTIFICATION:
		return 4;
	default:
		return 12;
	}
}

struct item {
	uint32_t group, offset, read, write;
};

static struct item next_item(struct cur *c, uint32_t sum)
{
	struct item i = { 0 };
	struct cur one = cur_sub(c, item_size(sum));
	if (sum == ADS_SUM_DELETE_NOTIFICATION) {
		i.offset = cur_le32(&one); /* the handle */
		return i;
	}
	i.group = cur_le32(&one);
	i.offset = cur_le32(&one);
	uint32_t size = cur_le32(&one);
	if (sum == ADS_SUM_WRITE)
		i.write = size;
	else
		i.read = size;
	if (sum == ADS_SUM_READ_WRITE)
		i.write = cur_le32(&one);
	return i;
}

/* Whether data is behind the heads of an answer, and as long as the answer says, or as was asked.
 */
static bool has_sizes(uint32_t sum)
{
	return sum == ADS_SUM_READ_WRITE || sum == ADS_SUM_READ_EX || sum == ADS_SUM_READ_EX2;
}

static bool is_packed(uint32_t sum)
{
	return sum == ADS_SUM_READ_EX2 || sum == ADS_SUM_READ_WRITE;
}

/* Nothing but names, handles and types, whatever the command is called otherwise. */
bool ads_sum_symbols(uint32_t sum, uint32_t count, struct cur list)
{
	if ((sum != ADS_SUM_READ_WRITE && sum != ADS_SUM_WRITE) || !count ||
		count > list.left / item_size(sum))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t group = next_item(&list, sum).group;
		if (sum == ADS_SUM_WRITE ? group != ADS_SYMBOL_RELEASE : !ads_asks_by_name(group))
			return false;
	}
	return true;
}

/* --- questions --- */

static bool request_is_whole(struct cur c, uint32_t sum, uint32_t count)
{
	if (count > c.left / item_size(sum))
		return false;
	struct cur items = cur_sub(&c, count * item_size(sum));
	for (uint32_t i = 0; i < count; i++) {
		struct item item = next_item(&items, sum);
		cur_skip(&c, item.write);
	}
	return cur_ok(&c);
}

static void item_request(struct scene *s, const struct ads_head *h, uint32_t sum,
	const struct item *item, struct cur data)
{
	struct ads_place place = ads_place_at(s, h, false, item->group, item->offset,
		sum == ADS_SUM_WRITE ? item->write : item->read);
	if (sum == ADS_SUM_DELETE_NOTIFICATION) {
		fact_uint(s, &f_handle, item->offset);
	} else if (item->write && ads_asks_by_name(item->group)) {
		struct cur name = text_to_nul(data);
		fact_text(s, &f_symbol, name.at, name.left);
	} else if (sum == ADS_SUM_WRITE && item->group == ADS_SYMBOL_RELEASE) {
		uint32_t handle = cur_le32(&data);
		if (cur_ok(&data))
			fact_uint(s, &f_symbol_handle, handle);
	} else {
		ads_resolve(s, false, &place);
		if (sum == ADS_SUM_WRITE && ads_is_value(h->target_port, item->group))
			ads_value(s, &place, data, ADS_SAY);
		else
			ads_tell_place(s, &place);
	}
}

bool ads_sum_request(struct scene *s, const struct ads_head *h, struct cur c, struct ads_ask *ask)
{
	uint32_t sum = ask->group, count = ask->offset;
	if (sum == ADS_SUM_READ && !count) /* as many as there are; the answer is data only */
		count = (uint32_t)(c.left / item_size(sum));
	if (!request_is_whole(c, sum, count))
		return false;
	ads_keep_for_answer(s, ask, c);
	ask->count = count;
	struct cur items = cur_sub(&c, count * item_size(sum));
	fact_uint(s, &f_count, count);
	for (uint32_t i = 0; i < count; i++) {
		struct item item = next_item(&items, sum);
		item_request(s, h, sum, &item, cur_sub(&c, item.write));
	}
	return true;
}

/* --- answers --- */

/* The list goes when its answer is read, the fact a little later. */
static void tell_name(struct scene *s, struct cur name)
{
	char *kept = scene_scratch(s, name.left);
	if (!kept || !name.left)
		return;
	memcpy(kept, name.at, name.left);
	fact_text(s, &f_symbol, kept, name.left);
}

/* What one item came back with; it went well. */
static void item_answer(struct scene *s, const struct ads_head *h, uint32_t sum,
	const struct item *item, struct cur written, struct cur data)
{
	bool writes = sum == ADS_SUM_WRITE;
	struct ads_place place = ads_place_at(s, h, true, item->group, item->offset,
		(uint32_t)(writes ? written.left : data.left));
	if (sum == ADS_SUM_DELETE_NOTIFICATION) {
		ads_forget(s, ADS_NOTIFY, item->offset, &place);
		return;
	}
	if (sum == ADS_SUM_READ_WRITE && ads_asks_by_name(item->group)) {
		struct cur name = text_to_nul(written);
		tell_name(s, name);
		ads_symbol_answer(s, h, item->group, name, data);
		return;
	}
	if (writes && item->group == ADS_SYMBOL_RELEASE) {
		uint32_t handle = cur_le32(&written);
		if (cur_ok(&written))
			ads_forget(s, ADS_HANDLE, handle, &place);
		return;
	}
	if (!ads_is_value(h->source_port, item->group) || sum == ADS_SUM_READ_WRITE)
		return;
	ads_resolve(s, true, &place);
	if (writes)
		ads_value(s, &place, written, ADS_POINT | ADS_WRITTEN);
	else
		ads_value(s, &place, data, ADS_SAY | ADS_POINT);
}

static void item_notification(
	struct scene *s, const struct ads_head *h, const struct item *item, uint32_t handle)
{
	struct ads_place place = ads_place_at(s, h, true, item->group, item->offset, item->read);
	ads_resolve(s, true, &place);
	fact_uint(s, &f_handle, handle);
	ads_keep(s, ADS_NOTIFY, handle, &place);
}

struct heads {
	struct cur c;
	bool results, sizes; /* which are there */
};

static struct heads heads_of(struct cur *c, const struct ads_ask *ask)
{
	struct heads h = { .results = ask->group != ADS_SUM_READ || ask->offset,
		.sizes = has_sizes(ask->group) || ask->group == ADS_SUM_ADD_NOTIFICATION };
	h.c = cur_sub(c, (size_t)ask->count * (4U * h.results + 4U * h.sizes));
	return h;
}

/* How much data stands behind the heads for an item. */
static uint32_t data_size(uint32_t sum, const struct item *item, uint32_t size)
{
	if (is_packed(sum))
		return size;
	return sum == ADS_SUM_READ || sum == ADS_SUM_READ_EX ? item->read : 0;
}

static bool answer_is_whole(struct cur c, struct cur items, const struct ads_ask *ask)
{
	struct heads heads = heads_of(&c, ask);
	for (uint32_t i = 0; i < ask->count && cur_ok(&c) && cur_ok(&items); i++) {
		if (heads.results)
			cur_skip(&heads.c, 4);
		uint32_t size = heads.sizes ? cur_le32(&heads.c) : 0;
		struct item item = next_item(&items, ask->group);
		cur_skip(&c, data_size(ask->group, &item, size));
	}
	return cur_ok(&c);
}

bool ads_sum_answer(
	struct scene *s, const struct ads_head *h, struct cur c, const struct ads_ask *ask)
{
	uint32_t sum = ask->group;
	struct cur written = ads_kept(ask);
	struct cur items = cur_sub(&written, (size_t)ask->count * item_size(sum));
	if (!answer_is_whole(c, items, ask))
		return false;
	struct heads heads = heads_of(&c, ask);
	fact_uint(s, &f_count, ask->count);
	for (uint32_t i = 0; i < ask->count; i++) {
		uint32_t result = heads.results ? cur_le32(&heads.c) : 0;
		uint32_t size = heads.sizes ? cur_le32(&heads.c) : 0;
		if (heads.results)
			fact_uint(s, &f_result, result);
		struct item item = next_item(&items, sum);
		if (!cur_ok(&items)) /* there was no room for the question */
			continue;
		struct cur sent = cur_sub(&written, item.write);
		uint32_t there = data_size(sum, &item, size);
		struct cur data = cur_sub(&c, there);
		if (has_sizes(sum) && size < data.left)
			data.left = size;
		if (result)
			continue;
		if (sum == ADS_SUM_ADD_NOTIFICATION)
			item_notification(s, h, &item, size);
		else
			item_answer(s, h, sum, &item, sent, data);
	}
	return true;
}

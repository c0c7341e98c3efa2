/* S7comm-plus: requests.  What each asks for is remembered, so that its answer can be told with
 * addresses and is the same operation. */
#include "sense/proto/s7comm_plus.h"

static const struct field f_version = { "s7comm_plus.version", U8 };
static const struct field f_opcode = { "s7comm_plus.opcode", U8 };
static const struct field f_function = { "s7comm_plus.function", BE16 };
static const struct field f_sequence = { "s7comm_plus.sequence", BE16 | NUMBERING };
static const struct field f_session = { "s7comm_plus.session", BE32 };
static const struct field f_flags = { "s7comm_plus.transport_flags", U8 };
static const struct field f_object = { "s7comm_plus.object", BE32 };
static const struct field f_attribute = { "s7comm_plus.attribute", BE32 };
static const struct field f_item = { "s7comm_plus.item", BE32 };

uint32_t s7p_ask_key(const struct s7p_message *m)
{
	return (uint32_t)m->function << 16 | m->sequence;
}

void s7p_head_values(const struct s7p_message *m)
{
	struct scene *s = m->s;
	fact_uint(s, &f_version, m->version);
	fact_uint(s, &f_opcode, m->opcode);
	fact_uint(s, &f_function, m->function);
	fact_uint(s, &f_sequence, m->sequence);
	if (m->opcode == S7P_REQUEST)
		fact_uint(s, &f_session, m->session);
	fact_uint(s, &f_flags, m->flags);
}

static struct s7p_ask *begin_request(const struct s7p_message *m, enum s7p_kind kind)
{
	fact_begin(m->s, s7p_row(kind, DIR_REQUEST));
	struct s7p_ask *ask = ask_put(m->s, s7p_ask_key(m));
	if (ask)
		ask->kind = (uint8_t)kind;
	s7p_head_values(m);
	return ask;
}

/* What is asked for under the next number; the caller's own where nothing more is remembered. */
static struct s7p_item *add_item(struct s7p_ask *ask, const struct s7p_address *at)
{
	if (!ask || ask->count >= S7P_ITEMS)
		return NULL;
	struct s7p_item *item = &ask->items[ask->count++];
	*item = (struct s7p_item){ .at = *at };
	return item;
}

/* A path of attributes below an object, as answers need it. */
static struct s7p_address path_of(uint32_t object, const uint32_t *ids, unsigned count)
{
	struct s7p_address at = { .area = object };
	for (unsigned i = 0; i < count && i < S7P_IDS; i++)
		at.ids[at.count++] = ids[i];
	return at;
}

static unsigned take_ids(struct cur *c, uint32_t ids[S7P_IDS])
{
	uint32_t count = s7p_uint(c);
	unsigned kept = 0;
	for (uint32_t i = 0; i < count && cur_ok(c); i++) {
		uint32_t id = s7p_uint(c);
		if (kept < S7P_IDS)
			ids[kept++] = id;
	}
	return kept;
}

void s7p_tell_ids(struct scene *s, uint32_t object, const uint32_t *ids, unsigned count)
{
	fact_uint(s, &f_object, object);
	for (unsigned i = 0; i < count; i++)
		fact_uint(s, &f_attribute, ids[i]);
}

static void create(struct s7p_message *m, struct cur *c)
{
	uint32_t parent = cur_be32(c);
	s7p_value(m, c, S7P_QUIET);
	cur_skip(c, 4);
	if (cur_peek(c, 0) != 0xa1)
		s7p_uint(c); /* which message of the session this is */
	begin_request(m, s7p_kind_of_class(s7p_first_class(*c)));
	fact_uint(m->s, &f_object, parent);
	s7p_objects(m, c);
}

static void remove_object(struct s7p_message *m, struct cur *c)
{
	uint32_t number = cur_be32(c);
	begin_request(m, s7p_kind_of_delete(m, number));
	fact_uint(m->s, &f_object, number);
}

/* To ask for another operating state is to set an attribute: 1 stop, 2 reset, 3 run. */
static enum s7p_kind kind_of_state(struct s7p_message *m, struct cur value)
{
	enum { TO_STOP = 1, TO_RESET = 2 };
	struct s7p_value v = s7p_value(m, &value, S7P_QUIET);
	return v.bits == TO_STOP ? KIND_STOP : v.bits == TO_RESET ? KIND_RESET : KIND_START;
}

static void set(struct s7p_message *m, struct cur *c)
{
	uint32_t object = cur_be32(c), ids[S7P_IDS];
	unsigned count = take_ids(c, ids);
	enum s7p_kind kind = s7p_kind_of_write(m, object, ids, count);
	uint32_t last = count ? ids[count - 1] : 0;
	if (object == S7P_THE_EXECUTION_UNIT && last == S7P_OPERATING_STATE_REQUEST)
		kind = kind_of_state(m, *c);
	struct s7p_ask *ask = begin_request(m, kind);
	struct s7p_address at = path_of(object, ids, count);
	add_item(ask, &at);
	s7p_tell_ids(m->s, object, ids, count);
	s7p_attribute(m, last, c, false);
}

static void get(struct s7p_message *m, struct cur *c)
{
	uint32_t object = cur_be32(c), ids[S7P_IDS];
	if (m->function == S7P_GET_STREAMED)
		cur_skip(c, 2); /* an array of numbers */
	unsigned count = take_ids(c, ids);
	struct s7p_ask *ask = begin_request(m, KIND_READ_ATTRIBUTE);
	struct s7p_address at = path_of(object, ids, count);
	add_item(ask, &at);
	s7p_tell_ids(m->s, object, ids, count);
}

/* Several of one object by its number, or variables by their addresses where that is 0. */
static void get_many(struct s7p_message *m, struct cur *c)
{
	uint32_t object = cur_be32(c), count = s7p_uint(c), numbers = s7p_uint(c);
	struct cur first = *c;
	struct s7p_address at = object ? path_of(object, NULL, 0) : s7p_address(&first);
	bool points = !object && s7p_is_point(&at);
	struct s7p_ask *ask = begin_request(m, points ? KIND_READ : KIND_READ_ATTRIBUTE);
	if (object)
		fact_uint(m->s, &f_object, object);
	for (uint32_t i = 0; i < (object ? numbers : count) && cur_ok(c); i++) {
		if (object) {
			uint32_t id = s7p_uint(c);
			at = path_of(object, &id, 1);
			fact_uint(m->s, &f_attribute, id);
		} else {
			at = s7p_address(c);
			s7p_tell_address(m->s, &at);
		}
		add_item(ask, &at);
	}
}

static void set_many_values(struct s7p_message *m, struct s7p_ask *ask, struct cur *c)
{
	while (cur_ok(c)) {
		uint32_t number = s7p_uint(c);
		if (number == 0 || !cur_ok(c))
			return;
		struct s7p_item *item =
			ask && number <= ask->count ? &ask->items[number - 1] : NULL;
		fact_uint(m->s, &f_item, number);
		if (!item) {
			s7p_value(m, c, S7P_QUIET);
			continue;
		}
		if (s7p_is_point(&item->at)) {
			struct s7p_value v = s7p_value(m, c, S7P_TELL);
			item->has_number = v.kind != S7P_NO_NUMBER && !v.many && cur_ok(c);
			item->number = v.number;
		} else {
			uint32_t last = item->at.count ? item->at.ids[item->at.count - 1] : 0;
			s7p_attribute(m, last, c, false);
		}
	}
}

static void set_many(struct s7p_message *m, struct cur *c)
{
	uint32_t object = cur_be32(c), count = s7p_uint(c), ids[S7P_IDS];
	struct s7p_ask *ask;
	if (object) {
		unsigned known = take_ids(c, ids);
		ask = begin_request(m, s7p_kind_of_write(m, object, ids, known));
		s7p_tell_ids(m->s, object, ids, known);
		for (unsigned i = 0; i < known; i++) {
			struct s7p_address at = path_of(object, &ids[i], 1);
			add_item(ask, &at);
		}
	} else {
		s7p_uint(c); /* how many numbers the addresses are */
		struct cur first = *c;
		struct s7p_address at = s7p_address(&first);
		bool points = s7p_is_point(&at);
		ask = begin_request(
			m, points ? KIND_WRITE : s7p_kind_of_write(m, at.area, at.ids, at.count));
		for (uint32_t i = 0; i < count && cur_ok(c); i++) {
			at = s7p_address(c);
			s7p_tell_address(m->s, &at);
			add_item(ask, &at);
		}
	}
	set_many_values(m, ask, c);
}

/* Which object, how deep, and which attributes of it; one that asks for code reads the program. */
static void explore(struct s7p_message *m, struct cur *c)
{
	uint32_t object = cur_be32(c);
	struct cur list = *c;
	s7p_uint(&list);
	cur_skip(&list, 4); /* children, another flag, parents; no filter */
	uint32_t count = s7p_uint(&list);
	bool code = false;
	for (uint32_t i = 0; i < count && cur_ok(&list); i++)
		code |= s7p_uint(&list) == S7P_CODE;
	begin_request(m, code && cur_ok(&list) ? KIND_UPLOAD : KIND_EXPLORE);
	fact_uint(m->s, &f_object, object);
}

void s7p_request(struct s7p_message *m, struct cur *c)
{
	scene_client(m->s);
	switch ((enum s7p_function)m->function) {
	case S7P_CREATE:
		create(m, c);
		break;
	case S7P_DELETE:
		remove_object(m, c);
		break;
	case S7P_SET:
		set(m, c);
		break;
	case S7P_GET:
	case S7P_GET_STREAMED:
		get(m, c);
		break;
	case S7P_GET_MANY:
		get_many(m, c);
		break;
	case S7P_SET_MANY:
		set_many(m, c);
		break;
	case S7P_EXPLORE:
		explore(m, c);
		break;
	default:
		begin_request(m, s7p_kind_of_function(m->function));
		fact_uint(m->s, &f_object, cur_be32(c));
		break;
	}
}

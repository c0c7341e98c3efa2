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

/* With what it names, for the answer. */
static void begin_items(const struct s7p_message *m, struct s7p_ask *items)
{
	if (!items->count)
		items->kind = (uint8_t)s7p_kind_of_function(m->function);
	struct s7p_ask *ask = begin_request(m, (enum s7p_kind)items->kind);
	if (ask)
		*ask = *items;
}

/* Of several things the gravest says what the request is. */
static void be(struct s7p_ask *items, enum s7p_kind kind)
{
	if (kind > items->kind)
		items->kind = (uint8_t)kind;
}

static void add_item(struct s7p_ask *items, enum s7p_kind kind, const struct s7p_address *at)
{
	be(items, kind);
	if (items->count < S7P_ITEMS)
		items->items[items->count++] = (struct s7p_item){ .at = *at };
}

void s7p_tell_ids(struct scene *s, const struct s7p_address *at)
{
	fact_uint(s, &f_object, at->area);
	for (unsigned i = 0; i < at->count; i++)
		fact_uint(s, &f_attribute, at->ids[i]);
}

/* An object and a path of attributes below it. */
static struct s7p_address take_path(const struct s7p_message *m, struct cur *c)
{
	struct s7p_address at = { .area = cur_be32(c) };
	if (m->function == S7P_GET_STREAMED || m->function == S7P_SET_STREAMED)
		cur_skip(c, 2); /* an array of numbers */
	s7p_path(c, s7p_uint(c), &at);
	return at;
}

/* Several attributes of one object, or variables by their addresses where that is 0. */
struct list {
	uint32_t object, count;
};

static struct list take_list(struct cur *c)
{
	uint32_t object = cur_be32(c), addresses = s7p_uint(c), numbers = s7p_uint(c);
	return (struct list){ .object = object, .count = object ? numbers : addresses };
}

static struct s7p_address take_address(const struct list *l, struct cur *c)
{
	struct s7p_address at = { .area = l->object };
	if (!l->object)
		return s7p_address(c);
	s7p_path(c, 1, &at);
	return at;
}

static void tell_list(struct scene *s, const struct list *l, struct cur *c)
{
	if (l->object)
		fact_uint(s, &f_object, l->object);
	for (uint32_t i = 0; i < l->count; i++) {
		struct s7p_address at = take_address(l, c);
		if (!cur_ok(c))
			return;
		if (l->object)
			fact_uint(s, &f_attribute, at.ids[0]);
		else
			s7p_tell_address(s, &at);
	}
}

/* --- objects that come and go --- */

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

/* --- what is set and got --- */

static struct s7p_item *item_of(struct s7p_ask *items, uint32_t number)
{
	return number <= items->count ? &items->items[number - 1] : NULL;
}

/* Another operating state is asked for by a number; nobody has seen others than these. */
static enum s7p_kind kind_of_state(const struct s7p_value *v)
{
	enum { TO_STOP = 1, TO_RESET = 2, TO_RUN = 3 };
	bool number = !v->many && (v->kind == S7P_SIGNED || v->kind == S7P_UNSIGNED);
	if (number && v->bits == TO_STOP)
		return KIND_STOP;
	if (number && v->bits == TO_RESET)
		return KIND_RESET;
	return number && v->bits == TO_RUN ? KIND_START : KIND_CHANGE_STATE;
}

/* Before the fact begins: what an item is set to may say what the request is. */
static void look(struct s7p_message *m, struct s7p_ask *items, uint32_t number, struct cur *c)
{
	struct s7p_value v = s7p_value(m, c, S7P_QUIET);
	struct s7p_item *item = item_of(items, number);
	if (!item || !cur_ok(c))
		return;
	if (s7p_kind_of_write(m, &item->at) == KIND_CHANGE_STATE)
		be(items, kind_of_state(&v));
	item->has_number = s7p_is_point(&item->at) && v.kind != S7P_NO_NUMBER && !v.many;
	item->number = v.number;
}

static void tell(struct s7p_message *m, struct s7p_ask *items, uint32_t number, struct cur *c)
{
	const struct s7p_item *item = item_of(items, number);
	if (item && !s7p_is_point(&item->at))
		s7p_attribute(m, &item->at, c, false);
	else
		s7p_value(m, c, item ? S7P_TELL : S7P_QUIET);
}

static void set(struct s7p_message *m, struct cur *c)
{
	struct s7p_ask items = { 0 };
	struct s7p_address at = take_path(m, c);
	/* What stands before a streamed value is not always the same. */
	bool streamed = m->function == S7P_SET_STREAMED;
	struct cur ahead = *c;
	add_item(&items, s7p_kind_of_write(m, &at), &at);
	if (!streamed)
		look(m, &items, 1, &ahead);
	begin_items(m, &items);
	s7p_tell_ids(m->s, &at);
	if (!streamed)
		tell(m, &items, 1, c);
}

static void get(struct s7p_message *m, struct cur *c)
{
	struct s7p_ask items = { 0 };
	struct s7p_address at = take_path(m, c);
	add_item(&items, KIND_READ_ATTRIBUTE, &at);
	begin_items(m, &items);
	s7p_tell_ids(m->s, &at);
}

static void get_many(struct s7p_message *m, struct cur *c)
{
	struct s7p_ask items = { 0 };
	struct list list = take_list(c);
	struct cur ahead = *c;
	for (uint32_t i = 0; i < list.count && cur_ok(&ahead); i++) {
		struct s7p_address at = take_address(&list, &ahead);
		add_item(&items, s7p_is_point(&at) ? KIND_READ : KIND_READ_ATTRIBUTE, &at);
	}
	begin_items(m, &items);
	tell_list(m->s, &list, c);
}

static void set_many(struct s7p_message *m, struct cur *c)
{
	struct s7p_ask items = { 0 };
	struct list list = take_list(c);
	struct cur ahead = *c;
	uint32_t number;
	for (uint32_t i = 0; i < list.count && cur_ok(&ahead); i++) {
		struct s7p_address at = take_address(&list, &ahead);
		add_item(&items, s7p_kind_of_write(m, &at), &at);
	}
	while ((number = s7p_uint(&ahead)) != 0 && cur_ok(&ahead))
		look(m, &items, number, &ahead);
	begin_items(m, &items);
	tell_list(m->s, &list, c);
	while ((number = s7p_uint(c)) != 0 && cur_ok(c)) {
		fact_uint(m->s, &f_item, number);
		tell(m, &items, number, c);
	}
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
	case S7P_SET_STREAMED:
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

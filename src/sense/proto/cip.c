/* CIP messages: volume 1, chapter 2-4 (message router request and response formats).
 *
 * A request is a service, a path and data; its answer repeats only the service.  So the path and
 * the first data bytes of each request are kept in a ring until the answer comes: they say how to
 * read it. */
#include "sense/proto/cip.h"

enum {
	SERVICE_MULTIPLE = 0x0a,
	SERVICE_OBJECT_FIRST = 0x4b, /* from here on each object has its own */
	SERVICE_PCCC = 0x4b,
	SERVICE_UNCONNECTED_SEND = 0x52,
	CLASS_CONNECTION_MANAGER = 0x06,
	CLASS_SAFETY_SUPERVISOR = 0x39,
	CLASS_PCCC = 0x67,
	STATUS_PARTIAL = 0x06,  /* appendix B: fine so far, more to come */
	STATUS_EMBEDDED = 0x1e, /* one service of several said no: the others' answers follow */
	RESPONSE = 0x80,
	RECORD_DATA_MAX = 32, /* enough for an offset, a list of attributes, a PCCC address */
	RECORDS_MAX = 1024,   /* half of the ring: a request cannot overwrite its own start */
};

static const struct field service_code = { "cip.service", U8 };
static const struct field general_status = { "cip.genstat", U8 };
static const struct field extended_status = { "cip.addstat", LE16 };
static const struct field error_text = { "cip.error", TEXT };
static const struct field service_count = { "cip.msp.num_services", LE16 | NAMING };
static const struct field raw_data = { "cip.data", BYTES };
static const struct field secret_data = { "cip.data", TEXT };

void cip_begin(struct talk *t, const struct msg *m)
{
	if (t->paired)
		ask_peek(t->s, t->key);
	fact_begin(t->s, m);
	enip_head_tell(t->s, t->head);
}

void cip_who(struct talk *t, enum identity_key key, const void *text, size_t size)
{
	if (t->elsewhere)
		return;
	if (t->slot == NO_SLOT)
		who_sender(t->s, key, text, size);
	else
		who_module(t->s, 0, t->slot, key, text, size);
}

/* --- the ring of requests -----------------------------------------------------------------------
 */

void record_open(struct talk *t)
{
	struct enip_state *st = t->state;
	if (RING_SIZE - st->end < RECORDS_MAX) {
		st->written += RING_SIZE - st->end;
		st->end = 0;
	}
	t->ask->born = st->written;
	t->ask->at = st->end;
}

/* Service, size of path, size of data kept, path, data.  Too long a request is remembered as far as
 * it goes; its last services are then answered without a path. */
static void record_add(struct talk *t, uint8_t service, struct cur path, struct cur data)
{
	struct enip_state *st = t->state;
	if (path.left > UINT8_MAX)
		path = data = cur_none(); /* keeps its place among the others */
	struct cur head = cur_upto(&data, RECORD_DATA_MAX);
	size_t need = 3 + path.left + head.left;
	if (t->ask->size + need > RECORDS_MAX)
		return;
	uint8_t *to = st->ring + st->end;
	to[0] = service;
	to[1] = (uint8_t)path.left;
	to[2] = (uint8_t)head.left;
	size_t path_size = path.left, data_size = head.left;
	if (path_size)
		memcpy(to + 3, cur_take(&path, path_size), path_size);
	if (data_size)
		memcpy(to + 3 + path_size, cur_take(&head, data_size), data_size);
	st->end = (uint16_t)(st->end + need);
	st->written += (uint32_t)need;
	t->ask->size = (uint16_t)(t->ask->size + need);
}

static struct record record_next(struct talk *t)
{
	struct record r = { 0 };
	if (t->records.left < 3)
		return r;
	r.service = cur_u8(&t->records);
	uint8_t path_size = cur_u8(&t->records), data_size = cur_u8(&t->records);
	r.path = cur_sub(&t->records, path_size);
	r.data = cur_sub(&t->records, data_size);
	return r;
}

/* --- several services in one (volume 1, A-4.10) --------------------------------------------------
 */

/* Offsets count from the number of services; each service ends where the next one begins. */
static enum parsed each_service(struct talk *t, struct cur c)
{
	struct cur offsets = c;
	uint16_t count = cur_le16(&offsets);
	if (c.left < 2 + (size_t)count * 2)
		return PARSED_BAD;
	size_t start = count ? cur_le16(&offsets) : 0, floor = 2 + (size_t)count * 2;
	for (unsigned i = 0; i < count; i++) {
		size_t end = i + 1u < count ? cur_le16(&offsets) : c.left;
		if (start < floor || end < start || end > c.left)
			return PARSED_BAD;
		struct cur service = c;
		cur_skip(&service, start);
		service = cur_sub(&service, end - start);
		enum parsed how = cip_message(t, service);
		if (how != PARSED_WHOLE)
			return how;
		start = end;
	}
	return PARSED_WHOLE;
}

static enum parsed multiple(struct talk *t, struct cur c)
{
	struct cur count = c;
	fact_uint(t->s, &service_count, cur_le16(&count));
	if (!cur_ok(&count)) {
		fact_drop(t->s);
		return PARSED_BAD;
	}
	fact_end(t->s);
	return each_service(t, c);
}

static void rest(struct scene *s, struct cur *c)
{
	size_t size = c->left;
	const uint8_t *bytes = cur_take(c, size);
	if (bytes && size)
		fact_bytes(s, &raw_data, bytes, size);
}

/* What the safety supervisor is asked for comes with its password: CIP Networks Library, volume 5.
 */
static void rest_with_password(struct scene *s, struct cur *c)
{
	size_t size = c->left;
	const uint8_t *bytes = cur_take(c, size);
	if (bytes && size)
		fact_secret(s, &secret_data, bytes, size);
}

/* --- request --- */

static bool request_body(struct talk *t, uint8_t service, const struct cip_path *p,
	const struct msg *m, struct cur path, struct cur *c)
{
	if (p->class == CLASS_CONNECTION_MANAGER && (p->has & HAS_CLASS) &&
		!cm_request(t, service, c))
		return false;
	if (service == SERVICE_PCCC && p->class == CLASS_PCCC && !pccc_request(t, c))
		return false;
	return attribute_request(t, service, p, c) && logix_request(t, m, p, path, c);
}

static enum parsed request(struct talk *t, struct cur c)
{
	struct scene *s = t->s;
	struct cip_path p;
	uint8_t service = cur_u8(&c);
	struct cur path = cur_sub(&c, (size_t)cur_u8(&c) * 2);
	if (!cur_ok(&c) || !path_read(NULL, path, &p))
		return PARSED_BAD;

	bool manager = (p.has & HAS_CLASS) && p.class == CLASS_CONNECTION_MANAGER;
	bool carries = manager && service == SERVICE_UNCONNECTED_SEND;
	if (!carries) /* the answer to an Unconnected Send is the answer to what it carries */
		record_add(t, service, path, c);

	const struct msg *m = &cip_op(service, &p)->request;
	if (p.class == CLASS_PCCC && service == SERVICE_PCCC)
		m = pccc_op(c, DIR_REQUEST, NULL);
	cip_begin(t, m);
	fact_uint(s, &service_code, service);
	path_read(s, path, &p);
	if (carries)
		return cm_unconnected_send(t, c);
	if (service == SERVICE_MULTIPLE)
		return multiple(t, c);
	if (!request_body(t, service, &p, m, path, &c)) {
		fact_drop(s);
		return PARSED_BAD;
	}
	if ((p.has & HAS_CLASS) && p.class == CLASS_SAFETY_SUPERVISOR &&
		service >= SERVICE_OBJECT_FIRST)
		rest_with_password(s, &c);
	else
		rest(s, &c);
	fact_end(s);
	return PARSED_WHOLE;
}

/* --- response --- */

static void tell_status(struct talk *t, bool manager, uint8_t status, struct cur extended)
{
	struct scene *s = t->s;
	const char *name = status ? cip_status_name(status) : NULL;
	fact_uint(s, &general_status, status);
	while (extended.left >= 2) {
		uint16_t word = cur_le16(&extended);
		fact_uint(s, &extended_status, word);
		const char *better = manager || status == 1 ? cip_extended_name(word) : NULL;
		if (better)
			name = better;
	}
	if (name && status != STATUS_PARTIAL) {
		fact_failed(s);
		fact_text(s, &error_text, name, strlen(name));
	}
}

static bool response_body(struct talk *t, uint8_t service, uint8_t status, const struct cip_path *p,
	const struct msg *m, const struct record *r, struct cur *c)
{
	if (p->class == CLASS_CONNECTION_MANAGER && !cm_response(t, service, status, c))
		return false;
	if (status != 0 && status != STATUS_PARTIAL)
		return true;
	if (p->class == CLASS_PCCC && service == SERVICE_PCCC && !pccc_response(t, r, c))
		return false;
	return attribute_response(t, service, p, c) && logix_response(t, m, r, c);
}

static enum parsed response(struct talk *t, struct cur c)
{
	struct scene *s = t->s;
	uint8_t service = cur_u8(&c) & 0x7f;
	cur_skip(&c, 1);
	uint8_t status = cur_u8(&c);
	struct cur extended = cur_sub(&c, (size_t)cur_u8(&c) * 2);
	if (!cur_ok(&c))
		return PARSED_BAD;

	struct cip_path p = { 0 };
	struct record r = record_next(t);
	if (r.service == service)
		path_read(NULL, r.path, &p);
	else
		r = (struct record){ 0 };
	/* What a router on the way refuses is the Unconnected Send itself. */
	if (!t->head->has_connection && service == SERVICE_UNCONNECTED_SEND && !p.has)
		p = (struct cip_path){ .class = CLASS_CONNECTION_MANAGER, .has = HAS_CLASS };

	const struct msg *m = &cip_op(service, &p)->response;
	if (p.class == CLASS_PCCC && service == SERVICE_PCCC)
		m = pccc_op(c, DIR_RESPONSE, &r);
	cip_begin(t, m);
	fact_uint(s, &service_code, service);
	tell_status(t, p.class == CLASS_CONNECTION_MANAGER, status, extended);
	if (service == SERVICE_MULTIPLE && c.left && (status == 0 || status == STATUS_EMBEDDED))
		return multiple(t, c);
	if (!response_body(t, service, status, &p, m, &r, &c)) {
		fact_drop(s);
		return PARSED_BAD;
	}
	rest(s, &c);
	fact_end(s);
	return PARSED_WHOLE;
}

/* What is inside a request is a request, and inside an answer an answer. */
enum parsed cip_message(struct talk *t, struct cur c)
{
	bool asks = !(cur_peek(&c, 0) & RESPONSE);
	if (t->depth >= DEPTH_MAX || asks != (t->ask != NULL))
		return PARSED_BAD;
	t->depth++;
	enum parsed how = asks ? request(t, c) : response(t, c);
	t->depth--;
	return how;
}

/* YAML 1.1 as libyaml reads it, less everything that makes two readers disagree.
 *
 * Events are pulled one at a time, and reading stops at the first level too deep.  libyaml looks
 * ahead at most 1024 characters (the longest simple key), so its quadratic cost of nesting is
 * bounded by that and never sees a deep file. */
#include "base/conf_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct reader {
	struct conf *conf;
	struct conf_wrong *wrong;
	yaml_parser_t parser;
	size_t nodes;
	int code; /* -ENOMEM, or 0 */
};

static struct conf_place place_of(yaml_mark_t m)
{
	return (struct conf_place){ (unsigned)m.line + 1, (unsigned)m.column + 1 };
}

static struct node *node_new(struct reader *r, enum node_kind kind, const yaml_event_t *ev)
{
	struct conf_place place = place_of(ev->start_mark);
	if (++r->nodes > CONF_NODES_MAX) {
		conf_wrong_at(r->conf, r->wrong, place, "",
			"found more than %d keys and values, expected fewer", CONF_NODES_MAX);
		return NULL;
	}
	struct node *n = conf_alloc(r->conf, sizeof *n);
	if (!n) {
		r->code = -ENOMEM;
		return NULL;
	}
	n->kind = (uint8_t)kind;
	n->place = place;
	return n;
}

static struct node *text_node(struct reader *r, const yaml_event_t *ev)
{
	size_t size = ev->data.scalar.length;
	if (memchr(ev->data.scalar.value, 0, size)) {
		conf_wrong_at(r->conf, r->wrong, place_of(ev->start_mark), "",
			"found a NUL in the text, expected none");
		return NULL;
	}
	struct node *n = node_new(r, NODE_TEXT, ev);
	char *text = n ? conf_alloc(r->conf, size + 1) : NULL;
	if (!text) {
		r->code = n ? -ENOMEM : r->code;
		return NULL;
	}
	memcpy(text, ev->data.scalar.value, size);
	n->text = text;
	n->size = size;
	n->plain = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	return n;
}

/* What YAML allows and we do not, on any node. */
static const char *not_wanted(const yaml_event_t *ev)
{
	switch (ev->type) {
	case YAML_ALIAS_EVENT:
		return "an alias (*)";
	case YAML_SCALAR_EVENT:
		return ev->data.scalar.anchor ? "an anchor (&)"
			: ev->data.scalar.tag ? "a tag (!)"
					      : NULL;
	case YAML_SEQUENCE_START_EVENT:
		return ev->data.sequence_start.anchor ? "an anchor (&)"
			: ev->data.sequence_start.tag ? "a tag (!)"
						      : NULL;
	case YAML_MAPPING_START_EVENT:
		return ev->data.mapping_start.anchor ? "an anchor (&)"
			: ev->data.mapping_start.tag ? "a tag (!)"
						     : NULL;
	case YAML_DOCUMENT_START_EVENT:
		return ev->data.document_start.version_directive ||
				ev->data.document_start.tag_directives.start !=
					ev->data.document_start.tag_directives.end
			? "a directive (%)"
			: NULL;
	default:
		return NULL;
	}
}

static bool pull(struct reader *r, yaml_event_t *ev)
{
	if (!yaml_parser_parse(&r->parser, ev)) {
		if (r->parser.error == YAML_MEMORY_ERROR) {
			r->code = -ENOMEM;
			return false;
		}
		/* The reader's own errors (bytes that are no UTF-8) carry an offset, no mark. */
		bool no_mark = r->parser.error == YAML_READER_ERROR;
		struct conf_place place =
			place_of(no_mark ? r->parser.mark : r->parser.problem_mark);
		conf_wrong_at(r->conf, r->wrong, place, "",
			"found what is not YAML (%s), expected "
			"keys and values",
			r->parser.problem ? r->parser.problem : "unreadable");
		return false;
	}
	const char *what = not_wanted(ev);
	if (!what)
		return true;
	conf_wrong_at(r->conf, r->wrong, place_of(ev->start_mark), "",
		"found %s, expected the value itself", what);
	yaml_event_delete(ev);
	return false;
}

static struct node *read_node(struct reader *r, const yaml_event_t *ev, unsigned depth);

static struct node *read_items(struct reader *r, const yaml_event_t *start, unsigned depth)
{
	bool map = start->type == YAML_MAPPING_START_EVENT;
	yaml_event_type_t end = map ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
	if (depth > CONF_DEPTH_MAX) {
		conf_wrong_at(r->conf, r->wrong, place_of(start->start_mark), "",
			"found more than %d levels within each other, expected fewer",
			CONF_DEPTH_MAX);
		return NULL;
	}
	struct node *n = node_new(r, map ? NODE_MAP : NODE_LIST, start);
	if (!n)
		return NULL;
	struct node **last = &n->first, *key = NULL;
	for (;;) {
		yaml_event_t ev;
		if (!pull(r, &ev))
			return NULL;
		bool over = ev.type == end;
		struct node *item = over ? NULL : read_node(r, &ev, depth);
		struct conf_place place = place_of(ev.start_mark);
		yaml_event_delete(&ev);
		if (over)
			return n;
		if (!item)
			return NULL;
		if (map && key) {
			key->value = item;
			key = NULL;
			continue;
		}
		if (map && item->kind != NODE_TEXT) {
			conf_wrong_at(r->conf, r->wrong, place, "",
				"found a list or mapping as a key, expected a word");
			return NULL;
		}
		key = map ? item : NULL;
		*last = item;
		last = &item->next;
		n->count++;
	}
}

static struct node *read_node(struct reader *r, const yaml_event_t *ev, unsigned depth)
{
	return ev->type == YAML_SCALAR_EVENT ? text_node(r, ev) : read_items(r, ev, depth + 1);
}

/* Stream start, document start, one node, document end, stream end: and not a word more. */
static struct node *read_stream(struct reader *r)
{
	struct node *root = NULL;
	for (;;) {
		yaml_event_t ev;
		if (!pull(r, &ev))
			return NULL;
		yaml_event_type_t type = ev.type;
		struct conf_place place = place_of(ev.start_mark);
		struct node *n = NULL;
		if (type == YAML_SCALAR_EVENT || type == YAML_SEQUENCE_START_EVENT ||
			type == YAML_MAPPING_START_EVENT) {
			n = read_node(r, &ev, 0);
			root = n;
			if (!n)
				type = YAML_NO_EVENT;
		}
		yaml_event_delete(&ev);
		if (type == YAML_NO_EVENT)
			return NULL;
		if (type == YAML_DOCUMENT_START_EVENT && root) {
			conf_wrong_at(r->conf, r->wrong, place, "",
				"found a second document (---), expected one");
			return NULL;
		}
		if (type == YAML_STREAM_END_EVENT) {
			if (!root)
				conf_wrong_at(r->conf, r->wrong, (struct conf_place){ 1, 1 }, "",
					"found nothing, expected keys and values");
			return root;
		}
	}
}

static void find_nul(struct reader *r, const uint8_t *bytes, const uint8_t *nul)
{
	struct conf_place place = { 1, 1 };
	for (const uint8_t *p = bytes; p < nul; p++) {
		place.line += *p == '\n';
		place.column = *p == '\n' ? 1 : place.column + 1;
	}
	conf_wrong_at(r->conf, r->wrong, place, "", "found a NUL byte, expected text");
}

int conf_tree(struct conf *c, const void *bytes, size_t size, struct conf_wrong *wrong,
	struct node **root)
{
	struct reader r = { .conf = c, .wrong = wrong };
	*root = NULL;
	const uint8_t *nul = size ? memchr(bytes, 0, size) : NULL;
	if (nul) {
		find_nul(&r, bytes, nul);
		return 0;
	}
	if (!yaml_parser_initialize(&r.parser))
		return -ENOMEM;
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, bytes, size);
	*root = read_stream(&r);
	yaml_parser_delete(&r.parser);
	return r.code;
}

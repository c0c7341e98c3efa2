/* weir facts: every message as one line of JSON. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/jail.h"
#include "base/json.h"
#include "cli/captures.h"
#include "sense/repeat.h"

struct opts {
	size_t memory;
	bool changes;
};

static const struct opt opts[] = {
	{ OPT_FLAG, 'C', "changes", NULL,
		"a message only where it says something else than the time before: a poll that "
		"repeats is one more line, with how often and until when",
		offsetof(struct opts, changes), NULL },
	{ OPT_SIZE, 'm', "memory", "SIZE", "keep within this much memory (64M)",
		offsetof(struct opts, memory), NULL },
	{ 0 },
};

static void print_value(struct json *j, const struct value *v)
{
	char text[IP_TEXT];
	struct ip a;
	switch ((enum value_type)v->type) {
	case VALUE_UINT:
		json_uint(j, v->u);
		break;
	case VALUE_INT:
		json_int(j, v->i);
		break;
	case VALUE_REAL:
		json_num(j, v->d);
		break;
	case VALUE_FLAG:
		json_bool(j, v->u);
		break;
	case VALUE_TEXT:
		json_text(j, v->bytes, v->size);
		break;
	case VALUE_BYTES:
		json_hex(j, v->bytes, v->size);
		break;
	case VALUE_MAC:
		json_str(j, mac_text(v->bytes, text));
		break;
	case VALUE_IP:
		if (v->size == 4)
			a = ip_of_4(v->bytes);
		else
			memcpy(a.b, v->bytes, sizeof a.b);
		json_str(j, ip_text(&a, text));
		break;
	}
}

static bool same_field(const struct value *a, const struct value *b)
{
	return a->field == b->field || strcmp(a->field->name, b->field->name) == 0;
}

/* A field that comes more than once is a list under one key, where it came first. */
static void print_values(struct json *j, const struct fact *f)
{
	static bool printed[FACT_VALUES_MAX];
	for (size_t i = 0; i < f->value_count; i++) {
		if (printed[i]) {
			printed[i] = false;
			continue;
		}
		const struct value *v = &f->values[i];
		json_key(j, v->field->name);
		size_t more = i + 1;
		while (more < f->value_count && !same_field(&f->values[more], v))
			more++;
		if (more == f->value_count) {
			print_value(j, v);
			continue;
		}
		json_open(j, '[');
		print_value(j, v);
		for (; more < f->value_count; more++) {
			if (!same_field(&f->values[more], v))
				continue;
			print_value(j, &f->values[more]);
			printed[more] = true;
		}
		json_close(j, ']');
	}
}

static void print_end(struct json *j, const char *key, const struct ip *a, const uint8_t mac[6],
	const struct fact *f, uint16_t port)
{
	char text[IP_TEXT];
	struct out *o = j->out;
	json_key(j, key);
	if (ip_is_zero(a)) {
		json_str(j, mac_text(mac, text));
		return;
	}
	j->comma = true;
	out_char(o, '"');
	bool brackets = f->transport == 6 || f->transport == 17;
	if (brackets && !ip_is_4(a))
		out_fmt(o, "[%s]:%u", ip_text(a, text), port);
	else if (brackets)
		out_fmt(o, "%s:%u", ip_text(a, text), port);
	else
		out_str(o, ip_text(a, text));
	out_char(o, '"');
}

static void print_flag(struct json *j, const char *key, bool set)
{
	if (!set)
		return;
	json_key(j, key);
	json_bool(j, true);
}

static void print_head(struct json *j, const struct fact *f, uint64_t frame, int64_t at_ns)
{
	char text[CLOCK_TEXT];
	json_open(j, '{');
	json_kv_uint(j, "frame", frame);
	json_kv_str(j, "time", clock_text(at_ns, text));
	print_end(j, "src", &f->src, f->src_mac, f, f->src_port);
	print_end(j, "dst", &f->dst, f->dst_mac, f, f->dst_port);
	json_kv_str(j, "protocol", f->protocol);
	json_kv_str(j, "message", f->msg->name);
	json_kv_str(j, "act", act_name(f->msg->act));
	json_kv_str(j, "dir", dir_name(f->dir));
	if (f->msg->effect)
		json_kv_str(j, "effect", effect_name(f->msg->effect));
}

static void print_fact(void *self, const struct fact *f)
{
	struct json *j = self;
	print_head(j, f, f->frame, f->at_ns);
	if (f->request)
		json_kv_uint(j, "request", f->request);
	print_flag(j, "failed", f->failed);
	print_flag(j, "violation", f->violation);
	print_flag(j, "more_values", f->more_values);
	json_key(j, "fields");
	json_open(j, '{');
	print_values(j, f);
	json_close(j, '}');
	json_close(j, '}');
	json_line(j);
}

/* Frame and time are those of the last one. */
static void print_run(void *self, const struct repetition *r)
{
	struct json *j = self;
	char text[CLOCK_TEXT];
	print_head(j, &r->as, r->last_frame, r->last_ns);
	print_flag(j, "failed", r->as.failed);
	print_flag(j, "violation", r->as.violation);
	json_key(j, "repeats");
	json_open(j, '{');
	json_kv_uint(j, "frame", r->as.frame);
	json_kv_str(j, "time", clock_text(r->as.at_ns, text));
	json_kv_uint(j, "count", r->count);
	json_close(j, '}');
	json_close(j, '}');
	json_line(j);
}

/* Through what counts the polls, where that was asked for. */
static int read_all(struct cli *cli, const struct opts *o, struct captures *c, struct err *e)
{
	struct json j = json_on(cli->out);
	size_t memory = captures_memory(o->memory), polls = o->changes ? memory / 8 : 0;
	const struct repeats_config repeat = {
		.memory = polls, .on_fact = print_fact, .on_run = print_run, .self = &j
	};
	struct sense_config config = {
		.memory = memory - polls, .facts_only = true, .on_fact = print_fact, .self = &j
	};
	if (getrandom(&config.random, sizeof config.random, 0) != sizeof config.random)
		config.random = 1;
	struct repeats *r = o->changes ? repeats_new(&repeat, e) : NULL;
	if (r) {
		config.on_fact = repeats_fact;
		config.self = r;
	}
	struct sense *s = o->changes && !r ? NULL : sense_new(&config, e);
	int code = EXIT_FAILED;
	if (s && !jail_enter(JAIL_STDIO, e)) {
		captures_read(c, s, cli->tty_err && !cli->tty_out);
		if (r)
			repeats_end(r);
		code = c->failed ? EXIT_FAILED : EXIT_DONE;
	}
	sense_free(s);
	repeats_free(r);
	return code;
}

static int run(struct cli *cli, const void *given, struct err *e)
{
	int code = captures_asked(cli, e);
	if (code != EXIT_DONE)
		return code;
	struct captures c;
	code = captures_open(&c, cli, e);
	if (code == EXIT_DONE)
		code = read_all(cli, given, &c, e);
	captures_close(&c);
	return code;
}

static const char *const examples[] = {
	"weir facts plant.pcapng | jq -c 'select(.act==\"write\")'",
	"every write, with its address and value",
	"zcat big.pcap.gz | weir facts - | grep '\"effect\":\"stop\"'",
	"whoever stopped a controller",
	"weir facts --changes shift.pcapng > shift.json",
	"a shift of polling in a small file: what changed, and how often the rest repeated",
	NULL,
};

const struct verb verb_facts = {
	.name = "facts",
	.operands = "CAPTURE...",
	.brief = "Print what every message in the captures says, one JSON object a line",
	.about =
		"Each line names the frame, the two ends, the protocol, the message, what it does to the "
		"process (act: read, write, control, program, identify, other) and all its fields. An "
		"answer names the frame of its request.",
	.examples = examples,
	.opts_size = sizeof(struct opts),
	.opts = opts,
	.run = run,
};

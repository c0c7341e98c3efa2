/* The plant as JSON, look/1: one document, or one object a line.  Keys may be added here and are
 * never renamed; what is not known is left out. */
#include "report/report.h"

#include <math.h>
#include <stdio.h>

#include "base/json.h"
#include "report/words.h"

/* An item of a list starts on a line of its own, so that two documents can be compared by line. */
static void open_item(struct json *j, const char *kind)
{
	if (kind) {
		json_open(j, '{');
		json_kv_str(j, "kind", kind);
		return;
	}
	if (j->comma)
		out_char(j->out, ',');
	out_char(j->out, '\n');
	j->comma = false;
	json_open(j, '{');
}

static void close_item(struct json *j, const char *kind)
{
	json_close(j, '}');
	if (kind)
		json_line(j);
}

static void open_list(struct json *j, const char *key)
{
	json_key(j, key);
	json_open(j, '[');
}

static void asset_id(struct json *j, const struct asset *a)
{
	char id[16];
	snprintf(id, sizeof id, "a%u", a->id);
	json_str(j, id);
}

static void kv_asset(struct json *j, const char *key, const struct asset *a)
{
	if (!a)
		return;
	json_key(j, key);
	asset_id(j, a);
}

static void kv_number(struct json *j, const char *key, double d)
{
	if (!isfinite(d)) /* JSON has no such number */
		return;
	json_key(j, key);
	json_num(j, d);
}

static void capture_keys(struct json *j, const struct plant *p)
{
	open_list(j, "files");
	for (size_t i = 0; i < p->file_count; i++) {
		const struct plant_file *f = &p->files[i];
		json_open(j, '{');
		json_kv_str(j, "name", f->name);
		json_kv_uint(j, "packets", f->packets);
		json_kv_uint(j, "bytes", f->bytes);
		json_key(j, "truncated");
		json_bool(j, f->truncated);
		json_kv_str(j, "problem", f->problem);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_kv_uint(j, "packets", p->packets);
	json_kv_uint(j, "bytes", p->bytes);
	json_kv_time(j, "first", p->first_ns);
	json_kv_time(j, "last", p->last_ns);
	json_kv_str(j, "vendor_list", p->vendor_date);
	json_key(j, "counters");
	json_open(j, '{');
	for (size_t i = 0; i < p->counter_count; i++)
		json_kv_uint(j, p->counters[i].name, p->counters[i].n);
	json_close(j, '}');
	if (!p->empty_zone_count)
		return;
	open_list(j, "empty_zones");
	for (size_t i = 0; i < p->empty_zone_count; i++)
		json_str(j, p->empty_zones[i]);
	json_close(j, ']');
}

static void name_list(struct json *j, const char *key, const struct plant *p, struct run r)
{
	open_list(j, key);
	for (uint32_t i = 0; i < r.count; i++)
		json_str(j, p->names[r.first + i]);
	json_close(j, ']');
}

static void addresses(struct json *j, const struct plant *p, const struct asset *a)
{
	open_list(j, "macs");
	for (uint32_t i = 0; i < a->macs.count; i++) {
		char text[MAC_TEXT];
		json_str(j, mac_text(p->macs[a->macs.first + i], text));
	}
	json_close(j, ']');
	open_list(j, "ips");
	for (uint32_t i = 0; i < a->ips.count; i++) {
		char text[IP_TEXT];
		json_str(j, ip_text(&p->ips[a->ips.first + i], text));
	}
	json_close(j, ']');
}

static void identities(struct json *j, const struct plant *p, struct run r)
{
	open_list(j, "identity");
	for (uint32_t i = 0; i < r.count; i++) {
		const struct identity *id = &p->identity[r.first + i];
		json_open(j, '{');
		json_kv_str(j, "key", identity_key_name(id->key));
		json_kv_str(j, "value", id->value);
		json_kv_str(j, "protocol", id->protocol);
		json_kv_uint(j, "frame", id->frame);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void asset(struct json *j, const struct plant *p, const struct asset *a, const char *kind)
{
	open_item(j, kind);
	kv_asset(j, "id", a);
	addresses(j, p, a);
	json_kv_str(j, "name", a->name);
	name_list(j, "names", p, a->names);
	open_list(j, "vlans");
	for (uint32_t i = 0; i < a->vlans.count; i++)
		json_uint(j, p->vlans[a->vlans.first + i]);
	json_close(j, ']');
	json_kv_str(j, "vendor", a->vendor);
	json_kv_str(j, "model", a->model);
	json_kv_str(j, "firmware", a->firmware);
	json_kv_str(j, "serial", a->serial);
	if (a->type != TYPE_UNKNOWN) {
		json_kv_str(j, "type", asset_types[a->type].name);
		json_kv_str(j, "type_reason", a->type_reason);
	}
	if (a->level != LEVEL_UNKNOWN) {
		kv_number(j, "level", a->level / 10.0);
		json_kv_str(j, "level_reason", a->level_reason);
	}
	json_kv_str(j, "zone", a->zone);
	if (a->part_of) {
		char id[16];
		snprintf(id, sizeof id, "a%u", a->part_of);
		json_kv_str(j, "part_of", id);
		json_kv_str(j, "place", a->place);
		if (a->in_rack) {
			json_kv_uint(j, "rack", a->rack);
			json_kv_uint(j, "slot", a->slot);
		}
	}
	name_list(j, "protocols", p, a->protocols);
	name_list(j, "roles", p, a->roles);
	json_kv_time(j, "first_seen", a->first_ns);
	json_kv_time(j, "last_seen", a->last_ns);
	json_kv_uint(j, "frames", a->frames);
	json_kv_uint(j, "bytes", a->bytes);
	identities(j, p, a->identity);
	close_item(j, kind);
}

static void operation(struct json *j, const struct operation *op)
{
	char code[16];
	snprintf(code, sizeof code, "%u", op->msg->code);
	json_open(j, '{');
	json_kv_str(j, "name", op->msg->name);
	json_kv_str(j, "code", code);
	json_kv_str(j, "act", act_name(op->msg->act));
	if (op->msg->effect != EFFECT_NONE)
		json_kv_str(j, "effect", effect_name(op->msg->effect));
	json_kv_uint(j, "requests", op->requests);
	json_kv_uint(j, "responses", op->responses);
	if (op->turned[0] | op->turned[1])
		json_kv_uint(j, "by_server",
			op->turned[0] > op->turned[1] ? op->turned[0] : op->turned[1]);
	json_kv_uint(j, "errors", op->errors);
	json_kv_uint(j, "frame", op->first_frame);
	json_close(j, '}');
}

static void conversation(
	struct json *j, const struct plant *p, const struct conversation *c, const char *kind)
{
	char transport[WORD_TEXT];
	open_item(j, kind);
	kv_asset(j, "client", plant_asset(p, c->client));
	kv_asset(j, "server", plant_asset(p, c->server));
	char group[LABEL_TEXT];
	if (group_text(c, group))
		json_kv_str(j, "group", group);
	json_kv_str(j, "transport", transport_text(c->transport, transport));
	if (c->port)
		json_kv_uint(j, "port", c->port);
	json_kv_str(j, "protocol", c->protocol);
	if (c->beyond) {
		json_key(j, "beyond");
		json_bool(j, true);
	}
	if (c->protocol && c->guess) {
		json_key(j, "guess"); /* nothing but the port says so */
		json_bool(j, true);
	}
	json_kv_uint(j, "packets", c->packets);
	json_kv_uint(j, "bytes", c->bytes);
	json_kv_time(j, "first_seen", c->first_ns);
	json_kv_time(j, "last_seen", c->last_ns);
	json_kv_uint(j, "frame", c->first_frame);
	open_list(j, "operations");
	for (uint32_t n = c->operations; n; n = p->operations[n].next)
		operation(j, &p->operations[n]);
	json_close(j, ']');
	close_item(j, kind);
}

static void point_values(struct json *j, const struct point *at)
{
	json_kv_str(j, "protocol", at->protocol);
	json_kv_str(j, "address", at->address);
	json_kv_str(j, "type", point_type_name(at->type));
	json_kv_str(j, "unit", at->unit);
	json_kv_uint(j, "samples", at->samples);
	kv_number(j, "first", at->first);
	kv_number(j, "last", at->last);
	kv_number(j, "min", at->min);
	kv_number(j, "max", at->max);
	json_kv_time(j, "first_seen", at->first_ns);
	json_kv_time(j, "last_seen", at->last_ns);
	json_key(j, "written");
	json_bool(j, at->written);
}

static void point(struct json *j, const struct plant *p, const struct point *at, const char *kind)
{
	open_item(j, kind);
	kv_asset(j, "asset", plant_asset(p, at->asset));
	point_values(j, at);
	close_item(j, kind);
}

static void finding(
	struct json *j, const struct plant *p, const struct finding *f, const char *kind)
{
	open_item(j, kind);
	json_kv_str(j, "id", f->row->id);
	json_kv_str(j, "class", f->row->class);
	json_kv_str(j, "engine", engine_name(f->row->engine));
	json_kv_str(j, "severity", severity_name(f->severity));
	json_kv_str(j, "title", f->row->title);
	json_kv_str(j, "text", f->text);
	json_kv_str(j, "technique", f->row->technique);
	open_list(j, "assets");
	for (size_t i = 0; i < COUNT_OF(f->assets); i++) {
		const struct asset *a = f->assets[i] ? plant_asset(p, f->assets[i] - 1) : NULL;
		if (a)
			asset_id(j, a);
	}
	json_close(j, ']');
	json_kv_time(j, "first", f->first_ns);
	json_kv_time(j, "last", f->last_ns);
	json_kv_uint(j, "count", f->count);
	open_list(j, "frames");
	for (size_t i = 0; i < f->frame_count && i < COUNT_OF(f->frames); i++)
		json_uint(j, f->frames[i]);
	json_close(j, ']');
	json_kv_str(j, "next", f->row->next);
	close_item(j, kind);
}

void report_json(const struct plant *p, struct out *o)
{
	struct json j = json_on(o);
	json_open(&j, '{');
	json_kv_str(&j, "weir", "look/1");
	json_key(&j, "capture");
	json_open(&j, '{');
	capture_keys(&j, p);
	json_close(&j, '}');
	open_list(&j, "assets");
	for (size_t i = 0; i < p->asset_count; i++)
		asset(&j, p, &p->assets[i], NULL);
	json_close(&j, ']');
	open_list(&j, "conversations");
	for (size_t i = 0; i < p->conversation_count; i++)
		conversation(&j, p, &p->conversations[i], NULL);
	json_close(&j, ']');
	open_list(&j, "points");
	for (size_t i = 0; i < p->point_count; i++)
		point(&j, p, &p->points[i], NULL);
	json_close(&j, ']');
	open_list(&j, "findings");
	for (size_t i = 0; i < p->finding_count; i++)
		finding(&j, p, &p->findings[i], NULL);
	json_close(&j, ']');
	json_close(&j, '}');
	json_line(&j);
}

void report_json_lines(const struct plant *p, struct out *o)
{
	struct json j = json_on(o);
	json_open(&j, '{');
	json_kv_str(&j, "kind", "capture");
	json_kv_str(&j, "weir", "look/1");
	capture_keys(&j, p);
	json_close(&j, '}');
	json_line(&j);
	for (size_t i = 0; i < p->asset_count; i++)
		asset(&j, p, &p->assets[i], "asset");
	for (size_t i = 0; i < p->conversation_count; i++)
		conversation(&j, p, &p->conversations[i], "conversation");
	for (size_t i = 0; i < p->point_count; i++)
		point(&j, p, &p->points[i], "point");
	for (size_t i = 0; i < p->finding_count; i++)
		finding(&j, p, &p->findings[i], "finding");
}

void report_json_points(const struct plant *p, struct out *o)
{
	struct json j = json_on(o);
	for (size_t i = 0; i < p->point_count; i++) {
		const struct point *at = &p->points[i];
		const struct asset *a = plant_asset(p, at->asset);
		char ip[IP_TEXT];
		json_open(&j, '{');
		json_kv_str(&j, "kind", "point");
		if (a && a->ips.count)
			json_kv_str(&j, "asset", ip_text(&p->ips[a->ips.first], ip));
		if (a)
			json_kv_str(&j, "name", a->name);
		point_values(&j, at);
		json_close(&j, '}');
		json_line(&j);
	}
}

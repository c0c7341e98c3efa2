/* Findings: what was found, in sentences, once everybody has a name. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/out.h"
#include "sense/detect_inside.h"
#include "sense/plant_room.h"

enum { SENTENCE_MAX = 512 };

/* The place that somebody stands at; number 0 is a row that nobody has. */
static const struct module *module_of(const struct sense *s, struct party p)
{
	return pool_at(&s->inventory.modules, p.place);
}

static uint32_t asset_of(const struct sense *s, const struct found *f, struct party p)
{
	if (!p.number || f->surveyed)
		return p.number;
	uint32_t placed = module_of(s, p)->asset;
	if (placed)
		return placed;
	return p.link ? mac_at(&s->inventory, p.number)->asset
		      : host_at(&s->inventory, p.number)->asset;
}

/* The address it was seen at; "" where that is not known. */
static const char *address_of(const struct sense *s, const struct plant *p, const struct found *f,
	struct party who, char text[IP_TEXT])
{
	if (who.number && !f->surveyed)
		return who.link ? mac_text(mac_at(&s->inventory, who.number)->address, text)
				: ip_text(&host_at(&s->inventory, who.number)->ip, text);
	const struct asset *a = who.number ? &p->assets[who.number - 1] : NULL;
	if (a && a->ips.count)
		return ip_text(&p->ips[a->ips.first], text);
	return a && a->macs.count ? mac_text(p->macs[a->macs.first], text) : "";
}

/* A name people know it by, and its address. */
static void name_of(const struct sense *s, const struct plant *p, const struct found *f,
	struct party who, struct out *o)
{
	char text[IP_TEXT], other[IP_TEXT];
	uint32_t asset = asset_of(s, f, who);
	const char *address = address_of(s, p, f, who, text);
	if (!asset) {
		out_str(o, *address ? address : "an unknown host");
		return;
	}
	const struct asset *a = &p->assets[asset - 1];
	bool named = a->name && strcmp(a->name, address) != 0;
	bool second = !f->surveyed && who.link && a->ips.count; /* a MAC says little to people */
	if (named && *address)
		out_fmt(o, "%.60s (%s)", a->name, address);
	else if (second)
		out_fmt(o, "%s (%s)", ip_text(&p->ips[a->ips.first], other), address);
	else if (!*address && (named || a->model)) /* a module in somebody's rack */
		out_fmt(o, "%.60s", named ? a->name : a->model);
	else
		out_str(o, *address ? address : "a module");
}

/* Somebody behind a gateway, by its name, its place there, and whom it stands behind. */
static void name_behind(const struct sense *s, const struct plant *p, const struct found *f,
	struct party who, struct out *o)
{
	char text[PLACE_TEXT];
	const struct module *m = module_of(s, who);
	const char *place = plant_place_text(&s->inventory, m, text);
	const char *name = m->asset ? p->assets[m->asset - 1].name : NULL;
	if (name)
		out_fmt(o, "%.60s (%s behind ", name, place);
	else
		out_fmt(o, "%s behind ", place);
	who.place = 0;
	name_of(s, p, f, who, o);
	if (name)
		out_char(o, ')');
}

static void write_party(const struct sense *s, const struct plant *p, const struct found *f,
	struct party who, struct out *o)
{
	char text[IP_TEXT];
	if (who.place)
		name_behind(s, p, f, who, o);
	else if (!who.number && f->a.link)
		out_str(o, "everybody on its network");
	else if (who.number || ip_is_zero(&f->to))
		name_of(s, p, f, who, o);
	else if (f->group)
		out_fmt(o, "everybody (%s)", ip_text(&f->to, text));
	else
		out_str(o, ip_text(&f->to, text));
}

static void write_time(unsigned seconds, struct out *o)
{
	unsigned unit = seconds % 3600 == 0 ? 3600 : seconds % 60 == 0 ? 60 : 1;
	const char *word = unit == 3600 ? "hour" : unit == 60 ? "minute" : "second";
	if (seconds == unit)
		out_fmt(o, "one %s", word);
	else
		out_fmt(o, "%u %ss", seconds / unit, word);
}

/* Fills the sentence's places; whatever is in braces and not known stays as it is. */
static void write_sentence(
	const struct sense *s, const struct plant *p, const struct found *f, struct out *o)
{
	for (const char *at = f->detection->text; *at;) {
		if (strncmp(at, "{a}", 3) == 0) {
			write_party(s, p, f, f->a, o);
			at += 3;
		} else if (strncmp(at, "{b}", 3) == 0) {
			if (same_party(f->a, f->b))
				out_str(o, "itself");
			else
				write_party(s, p, f, f->b, o);
			at += 3;
		} else if (f->group && !f->b.number && strncmp(at, "the controller {b}", 18) == 0) {
			at += strlen("the controller "); /* nobody knows what all of them are */
		} else if (strncmp(at, "{n}", 3) == 0) {
			out_uint(o, f->said.n);
			at += 3;
		} else if (strncmp(at, "{m}", 3) == 0) {
			out_uint(o, f->said.m);
			at += 3;
		} else if (strncmp(at, "{within}", 8) == 0 && f->said.limit) {
			write_time(f->said.limit->seconds, o);
			at += 8;
		} else if (strncmp(at, "{detail}", 8) == 0) {
			out_str(o, f->said.detail);
			at += 8;
		} else {
			out_char(o, *at++);
		}
	}
}

static int by_weight(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;
	if (x->severity != y->severity)
		return x->severity > y->severity ? -1 : 1;
	if (x->first_ns != y->first_ns)
		return x->first_ns < y->first_ns ? -1 : 1;
	int id = strcmp(x->row->id, y->row->id);
	if (id)
		return id;
	return x->assets[0] != y->assets[0]
		? (x->assets[0] < y->assets[0] ? -1 : 1)
		: (x->assets[1] > y->assets[1]) - (x->assets[1] < y->assets[1]);
}

static struct finding finding_of(struct sense *s, const struct plant *p, const struct found *f)
{
	char text[SENTENCE_MAX];
	struct out o = out_mem(text, sizeof text);
	write_sentence(s, p, f, &o);
	struct finding to = { .row = &f->detection->row,
		.severity = f->said.severity,
		.text = plant_text(s->plant, out_text(&o)),
		.assets = { asset_of(s, f, f->a), asset_of(s, f, f->b) },
		.first_ns = f->first_ns,
		.last_ns = f->last_ns,
		.count = f->count,
		.frame_count = f->frame_count };
	memcpy(to.frames, f->frames, sizeof to.frames);
	return to;
}

int detections_plant(struct sense *s, struct plant *p, struct err *e)
{
	struct detections *d = s->detections;
	for (size_t i = 0; i < d->count; i++) {
		const struct detection *row = d->watches[i].row;
		if (row->survey)
			row->survey(p, &(struct survey){ .d = d, .row = row });
	}
	uint32_t found = d->found.used - 1;
	size_t count = 0;
	struct finding *findings = calloc(found + 1, sizeof *findings);
	if (!findings)
		return err_set(e, ENOMEM, "no memory for %u findings", found);
	for (uint32_t n = 1; n <= found; n++) {
		const struct found *f = pool_at(&d->found, n);
		if (!f->answered || f->answered < f->count)
			findings[count++] = finding_of(s, p, f);
	}
	free(d->findings);
	d->findings = findings;
	d->finding_count = count;
	qsort(d->findings, d->finding_count, sizeof *d->findings, by_weight);
	p->findings = d->findings;
	p->finding_count = d->finding_count;
	return 0;
}

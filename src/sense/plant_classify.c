/* What an asset is and where it stands: from what it says of itself, then from what it does, then
 * from what people stated.  Every answer carries its reason. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "sense/plant_room.h"
#include "sense/vendors.h"

/* Words in an identity that give a type away.  The first row that matches wins, so what is special
 * stands before what is general.  Product families as the vendors name them. */
static const struct word_row {
	const char *word;
	enum asset_type type;
	bool alone; /* too short to be looked for within other words in capitals: "VIRTUAL" */
} words[] = {
	{ "SCALANCE S", TYPE_FIREWALL },
	{ "SCALANCE W", TYPE_WIRELESS },
	{ "SCALANCE", TYPE_SWITCH },
	{ "6GK5", TYPE_SWITCH },
	{ "RUGGEDCOM", TYPE_SWITCH },
	{ "Stratix", TYPE_SWITCH },
	{ "Hirschmann", TYPE_SWITCH },
	{ "EDS-", TYPE_SWITCH, true },
	{ "ProCurve", TYPE_SWITCH },
	{ "Catalyst", TYPE_SWITCH },
	{ "WS-C", TYPE_SWITCH, true },
	{ "mGuard", TYPE_FIREWALL },
	{ "Tofino", TYPE_FIREWALL },
	{ "FortiGate", TYPE_FIREWALL },
	{ "ASA Software", TYPE_FIREWALL },
	{ "PanelView", TYPE_HMI },
	{ "Magelis", TYPE_HMI },
	{ "6AV", TYPE_HMI },
	{ "SIMATIC HMI", TYPE_HMI },
	{ "WinCC", TYPE_SCADA },
	{ "Human-Machine Interface", TYPE_HMI },
	{ "SINAMICS", TYPE_DRIVE },
	{ "PowerFlex", TYPE_DRIVE },
	{ "AC Drive", TYPE_DRIVE },
	{ "Altivar", TYPE_DRIVE },
	{ "6ES7 15", TYPE_IO }, /* ET 200: interface modules; CPUs of the family say CPU below */
	{ "ET 200", TYPE_IO },
	{ "ET200", TYPE_IO },
	{ "CPU", TYPE_PLC, true },
	{ "S7-1200", TYPE_PLC },
	{ "S7-1500", TYPE_PLC },
	{ "S7-300", TYPE_PLC },
	{ "S7-400", TYPE_PLC },
	{ "6ES7 2", TYPE_PLC },
	{ "6ES7 3", TYPE_PLC },
	{ "6ES7 4", TYPE_PLC },
	{ "6ES7 5", TYPE_PLC },
	{ "LOGIX", TYPE_PLC },
	{ "Logix", TYPE_PLC },
	{ "1756-L", TYPE_PLC },
	{ "1769-L", TYPE_PLC },
	{ "5069-L", TYPE_PLC },
	{ "1763-L", TYPE_PLC },
	{ "1766-L", TYPE_PLC },
	{ "Micro8", TYPE_PLC },
	{ "1747-L", TYPE_PLC },
	{ "SLC", TYPE_PLC, true },
	{ "1785-L", TYPE_PLC },
	{ "1756-EN", TYPE_PLC }, /* the chassis's way to the network: the controller's address */
	{ "BMX P34", TYPE_PLC },
	{ "BME P58", TYPE_PLC },
	{ "TM221", TYPE_PLC },
	{ "TM241", TYPE_PLC },
	{ "Modicon", TYPE_PLC },
	{ "Programmable Logic Controller", TYPE_PLC },
	{ "OPLC", TYPE_PLC, true }, /* Unitronics: with its panel */
	{ "PLC", TYPE_PLC, true },
	{ "Remote Terminal Unit", TYPE_RTU },
	{ "RTU", TYPE_RTU, true },
	{ "SEL-", TYPE_IED, true },
	{ "Relay", TYPE_IED },
	{ "Flow Meter", TYPE_METER },
	{ "PowerLogic", TYPE_METER },
	{ "Printer", TYPE_PRINTER },
	{ "LaserJet", TYPE_PRINTER },
	{ "IP Phone", TYPE_PHONE },
	{ "Network Camera", TYPE_CAMERA },
	{ "Windows Server", TYPE_SERVER },
	{ "Windows", TYPE_WORKSTATION },
	{ "Ubuntu", TYPE_SERVER },
	{ "Debian", TYPE_SERVER },
};

/* Identities worth looking for such words in, best first. */
static const uint8_t telling[] = { ID_MODEL, ID_ORDER_NUMBER, ID_DEVICE_TYPE, ID_DESCRIPTION,
	ID_MODULE, ID_OS, ID_SOFTWARE };

/* How often one reads what it supervises, at the least, and how many controllers make a server. */
enum { POLLS = 10, SUPERVISES = 3 };

struct doing {
	uint32_t ot_servers; /* conversations as a client of controllers */
	uint32_t polled;     /* of them those it reads again and again */
	uint32_t heard;      /* of them those with an answer */
	bool reads, writes, programs;
	bool outside;          /* a public address that private ones talk with */
	const char *serves_ot; /* protocol, or NULL */
	bool answers_ot;       /* it was heard to */
	bool speaks_ot; /* and is there: of somebody else's wish alone nobody is a controller */
	const char *serves_it;
	const char *asks_it;
};

static const struct identity *find_identity(
	const struct plant_room *r, const struct asset *a, uint8_t key)
{
	for (uint32_t i = 0; i < a->identity.count; i++)
		if (r->identity[a->identity.first + i].key == key)
			return &r->identity[a->identity.first + i];
	return NULL;
}

static const char *identity_value(const struct plant_room *r, const struct asset *a, uint8_t key)
{
	const struct identity *i = find_identity(r, a, key);
	return i ? i->value : NULL;
}

static const char *reason(
	struct plant_room *r, const char *before, const char *what, const char *after)
{
	char text[160];
	snprintf(text, sizeof text, "%s%.100s%s", before, what, after);
	return plant_text(r, text);
}

/* --- what it says --- */

static bool is_capital(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool has_word(const char *text, const struct word_row *row)
{
	size_t size = strlen(row->word);
	for (const char *at = text; (at = strstr(at, row->word)); at++) {
		bool inside = (at > text && is_capital(at[-1])) ||
			(is_capital(at[size - 1]) && is_capital(at[size]));
		if (!row->alone || !inside)
			return true;
	}
	return false;
}

static void by_words(struct plant_room *r, struct asset *a)
{
	for (size_t k = 0; k < COUNT_OF(telling) && !a->type; k++) {
		for (uint32_t i = 0; i < a->identity.count && !a->type; i++) {
			const struct identity *said = &r->identity[a->identity.first + i];
			if (said->key != telling[k])
				continue;
			for (size_t w = 0; w < COUNT_OF(words); w++) {
				if (!has_word(said->value, &words[w]))
					continue;
				a->type = (uint8_t)words[w].type;
				a->type_reason = reason(r, "says \"", said->value, "\"");
				break;
			}
		}
	}
}

static void by_capabilities(struct plant_room *r, struct asset *a)
{
	const char *can = identity_value(r, a, ID_CAPABILITIES);
	if (a->type || !can)
		return;
	a->type = strstr(can, "router")                          ? TYPE_ROUTER
		: strstr(can, "wlan")                            ? TYPE_WIRELESS
		: strstr(can, "telephone")                       ? TYPE_PHONE
		: strstr(can, "bridge") || strstr(can, "switch") ? TYPE_SWITCH
								 : TYPE_UNKNOWN;
	if (a->type)
		a->type_reason = reason(r, "announces itself as ", can, "");
}

/* --- what it does --- */

static void see_operations(
	const struct plant *p, const struct conversation *c, struct doing *client)
{
	uint64_t reads = 0;
	for (uint32_t n = c->operations; n; n = p->operations[n].next) {
		const struct msg *m = p->operations[n].msg;
		if (m->act == ACT_READ)
			reads += p->operations[n].requests;
		client->reads |= m->act == ACT_READ;
		client->writes |= m->act == ACT_WRITE || m->act == ACT_CONTROL;
		client->programs |= m->act == ACT_PROGRAM || m->effect == EFFECT_DOWNLOAD ||
			m->effect == EFFECT_UPLOAD;
	}
	client->polled += reads >= POLLS;
}

/* A device that only tells (traps, announcements) asks nothing. */
static bool asks(const struct plant *p, const struct conversation *c)
{
	for (uint32_t n = c->operations; n; n = p->operations[n].next) {
		const struct operation *o = &p->operations[n];
		if (o->responses || o->msg->dir == DIR_REQUEST)
			return true;
	}
	return false;
}

static bool answers(const struct plant *p, const struct conversation *c)
{
	bool answered = false;
	for (uint32_t n = c->operations; n && !answered; n = p->operations[n].next)
		answered = p->operations[n].responses > 0;
	return answered;
}

/* Who is asked by these is seldom a controller itself. */
static enum asset_type type_of_server(const char *protocol)
{
	static const struct server_row {
		const char *protocol;
		enum asset_type type;
	} rows[] = {
		{ "dnp3", TYPE_RTU },
		{ "pn_io", TYPE_IO },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (strcmp(rows[i].protocol, protocol) == 0)
			return rows[i].type;
	return TYPE_PLC;
}

static void see_conversations(const struct plant *p, struct doing *doing)
{
	for (size_t i = 0; i < p->conversation_count; i++) {
		const struct conversation *c = &p->conversations[i];
		struct doing *client = &doing[c->client];
		struct doing *server = c->server == NO_ASSET ? NULL : &doing[c->server];
		client->speaks_ot |= !c->guess && proto_is_ot(c->protocol);
		if (c->guess || !c->protocol || !server || c->transport == TRANSPORT_ETHERNET)
			continue; /* nobody is asked for anything, but told */
		if (c->beyond && !server->serves_it)
			server->serves_it = "as a proxy";
		if (proto_is_ot(c->protocol)) {
			client->ot_servers++;
			client->heard += c->answered;
			see_operations(p, c, client);
			if (c->beyond)
				continue; /* who serves it has no address here */
			/* A controller may be a device of another one, too. */
			if (!server->serves_ot || type_of_server(server->serves_ot) == TYPE_IO)
				server->serves_ot = c->protocol;
			server->answers_ot |= answers(p, c);
			server->speaks_ot |= c->answered;
		} else if (asks(p, c)) {
			if (!server->serves_it)
				server->serves_it = c->protocol;
			if (!client->asks_it)
				client->asks_it = c->protocol;
		}
	}
}

static void set_type(struct asset *a, enum asset_type type, const char *why)
{
	a->type = (uint8_t)type;
	a->type_reason = why;
}

static void by_doing(struct plant_room *r, struct asset *a, const struct doing *d)
{
	bool computer = a->type == TYPE_WORKSTATION || a->type == TYPE_SERVER;
	if (a->type && !computer)
		return;
	if (d->serves_ot && d->speaks_ot && !computer) {
		set_type(a, type_of_server(d->serves_ot),
			reason(r, d->answers_ot ? "answers " : "is sent ", d->serves_ot,
				" requests"));
	} else if (d->programs) {
		set_type(a, TYPE_ENGINEERING, "moves programs to or from controllers");
	} else if (d->polled >= SUPERVISES) {
		set_type(a, TYPE_SCADA, "polls three or more controllers");
	} else if (d->polled) {
		set_type(a, TYPE_HMI,
			d->writes ? "reads and writes a controller" : "reads a controller");
	} else if (!computer && d->ot_servers) {
		set_type(a, TYPE_WORKSTATION, "asks a controller now and then");
	} else if (!computer && d->serves_it) {
		set_type(a, TYPE_SERVER, reason(r, "answers ", d->serves_it, ""));
	} else if (!computer && d->asks_it) {
		set_type(a, TYPE_WORKSTATION, reason(r, "asks by ", d->asks_it, " only"));
	}
}

/* --- where it stands --- */

/* The smallest that holds it: they come in this order. */
static const struct sense_zone *zone_of(const struct sense *s, const struct ip *ip)
{
	for (size_t z = 0; z < s->zone_count; z++)
		if (memcmp(ip, &s->zones[z].from, sizeof *ip) >= 0 &&
			memcmp(ip, &s->zones[z].to, sizeof *ip) <= 0)
			return &s->zones[z];
	return NULL;
}

/* The first in that order that one of the addresses is in; with `own`, on another level than that.
 */
static const struct sense_zone *first_zone(const struct sense *s, const struct plant_room *r,
	const struct asset *a, const struct sense_zone *own)
{
	const struct sense_zone *first = NULL;
	for (uint32_t i = 0; i < a->ips.count; i++) {
		const struct sense_zone *z = zone_of(s, &r->ips[a->ips.first + i]);
		bool other = z && (!own || (z->level != own->level && z->level != LEVEL_UNKNOWN));
		if (other && (!first || z < first))
			first = z;
	}
	return first;
}

static void by_zones(const struct sense *s, const struct plant_room *r, struct asset *a)
{
	const struct sense_zone *own = first_zone(s, r, a, NULL);
	if (!own)
		return;
	a->zone = own->name;
	if (own->level == LEVEL_UNKNOWN)
		return;
	a->level = own->level;
	a->level_reason = own->source;
	const struct sense_zone *other = first_zone(s, r, a, own);
	if (!other)
		return;
	a->other_zone = other->name;
	a->other_level = other->level;
}

static void by_type(struct plant_room *r, struct asset *a, const struct doing *d)
{
	if (a->level != LEVEL_UNKNOWN)
		return;
	const struct asset_type_row *t = &asset_types[a->type];
	if (t->level != LEVEL_UNKNOWN) {
		a->level = t->level;
		a->level_reason = reason(r, "", t->title, ", usual place");
	} else if (d->ot_servers) {
		a->level = 20;
		a->level_reason = "talks to controllers";
	}
}

/* --- names and summary --- */

static bool add_name(struct plant_room *r, const char *name)
{
	const char **more = grow(r->names, &r->name_room, r->name_count + 1, sizeof *more);
	if (!more) {
		r->no_memory = true;
		return false;
	}
	r->names = more;
	r->names[r->name_count++] = name;
	return true;
}

static bool is_listed(const struct plant_room *r, const struct run *run, const char *word)
{
	for (uint32_t i = 0; i < run->count; i++)
		if (strcmp(r->names[run->first + i], word) == 0)
			return true;
	return false;
}

/* Whether the protocol that says it says this vendor as well, or none. */
static bool fits_vendor(const struct plant_room *r, const struct asset *a, const struct identity *i)
{
	bool other = false;
	for (uint32_t n = 0; n < a->identity.count; n++) {
		const struct identity *vendor = &r->identity[a->identity.first + n];
		if (vendor->key != ID_VENDOR || strcmp(vendor->protocol, i->protocol) != 0)
			continue;
		if (strcmp(vendor->value, a->vendor) == 0)
			return true;
		other = true;
	}
	return !other;
}

/* What names the product, or else its number, beside the vendor where one protocol says both: the
 * programs of several makers on one machine make no product. */
static const char *product(
	const struct plant_room *r, const struct asset *a, uint8_t key, uint8_t number)
{
	const uint8_t keys[] = { key, number };
	for (size_t k = 0; a->vendor && k < COUNT_OF(keys); k++)
		for (uint32_t n = 0; n < a->identity.count; n++) {
			const struct identity *i = &r->identity[a->identity.first + n];
			if (i->key == keys[k] && fits_vendor(r, a, i))
				return i->value;
		}
	const char *any = identity_value(r, a, key);
	return any ? any : identity_value(r, a, number);
}

static void summarise(const struct sense *s, struct plant_room *r, struct asset *a)
{
	a->names = (struct run){ .first = (uint32_t)r->name_count };
	for (uint32_t i = 0; i < a->identity.count; i++)
		if (r->identity[a->identity.first + i].key == ID_NAME &&
			add_name(r, r->identity[a->identity.first + i].value))
			a->names.count++;
	a->name = a->names.count ? r->names[a->names.first] : NULL;
	a->vendor = identity_value(r, a, ID_VENDOR);
	for (uint32_t i = 0; i < a->macs.count && !a->vendor && s->vendors; i++)
		a->vendor = vendors_find(s->vendors, r->macs[a->macs.first + i]);
	a->model = product(r, a, ID_MODEL, ID_ORDER_NUMBER);
	a->firmware = product(r, a, ID_FIRMWARE, ID_FIRMWARE);
	a->serial = product(r, a, ID_SERIAL, ID_SERIAL);
}

/* What one end of a conversation is in it.  Answers may go to everybody, too. */
static const char *role_of(const struct plant *p, const struct conversation *c, bool client)
{
	if (c->transport == TRANSPORT_ETHERNET)
		return client ? "sender" : "receiver";
	const struct operation *o = &p->operations[c->operations];
	bool answers = c->server == NO_ASSET && o->responses && !o->requests;
	return client && !answers ? "client" : "server";
}

/* Protocols and roles of every asset: conversations are walked once, sorted by asset. */
struct part {
	uint32_t asset, conversation;
	bool client;
};

static int by_asset(const void *a, const void *b)
{
	const struct part *x = a, *y = b;
	if (x->asset != y->asset)
		return x->asset < y->asset ? -1 : 1;
	if (x->conversation != y->conversation)
		return x->conversation < y->conversation ? -1 : 1;
	return (int)y->client - (int)x->client;
}

static void make_roles(struct plant_room *r)
{
	const struct plant *p = &r->plant;
	struct part *parts = calloc(p->conversation_count * 2 + 1, sizeof *parts);
	if (!parts) {
		r->no_memory = true;
		return;
	}
	size_t count = 0;
	for (uint32_t i = 0; i < p->conversation_count; i++) {
		parts[count++] = (struct part){ p->conversations[i].client, i, true };
		if (p->conversations[i].server != NO_ASSET)
			parts[count++] = (struct part){ p->conversations[i].server, i, false };
	}
	qsort(parts, count, sizeof *parts, by_asset);
	for (size_t i = 0; i < count;) {
		struct asset *a = &r->assets[parts[i].asset];
		size_t end = i;
		while (end < count && parts[end].asset == parts[i].asset)
			end++;
		a->protocols.first = (uint32_t)r->name_count;
		for (size_t k = i; k < end; k++) {
			const struct conversation *c = &p->conversations[parts[k].conversation];
			if (c->protocol && !c->guess && !is_listed(r, &a->protocols, c->protocol) &&
				add_name(r, c->protocol))
				a->protocols.count++;
		}
		a->roles.first = (uint32_t)r->name_count;
		for (size_t k = i; k < end; k++) {
			const struct conversation *c = &p->conversations[parts[k].conversation];
			bool passed_on = c->beyond && !parts[k].client && proto_is_ot(c->protocol);
			if (!c->protocol || c->guess || !c->operations || passed_on)
				continue;
			char role[64];
			snprintf(role, sizeof role, "%s %s", c->protocol,
				role_of(p, c, parts[k].client));
			if (!is_listed(r, &a->roles, role) && add_name(r, plant_text(r, role)))
				a->roles.count++;
		}
		i = end;
	}
	free(parts);
}

/* It asked around, and nobody was heard to answer: a scanner in the internet. */
static bool only_probes(const struct doing *d)
{
	return !d->heard && !d->polled;
}

/* One address from afar is enough, where it does not do a station's or a controller's work. */
static bool forwards(const struct plant_room *r, uint32_t mac, const struct doing *d)
{
	return plant_forwards(r, mac) || (r->tally[mac].outside && !d->ot_servers && !d->serves_ot);
}

void plant_classify(struct sense *s, struct plant_room *r)
{
	const struct plant *p = &r->plant;
	assert(r->assets);
	struct doing *doing = calloc(p->asset_count + 1, sizeof *doing);
	if (!doing) {
		r->no_memory = true;
		return;
	}
	see_conversations(p, doing);
	for (uint32_t n = 1; n <= r->host_count; n++)
		if (host_at(&s->inventory, n)->asset)
			doing[host_at(&s->inventory, n)->asset - 1].outside |=
				host_at(&s->inventory, n)->outside;
	for (uint32_t n = 1; n <= r->mac_count; n++) {
		struct mac *m = mac_at(&s->inventory, n);
		struct asset *a = m->asset ? &r->assets[m->asset - 1] : NULL;
		if (a && !a->type && forwards(r, n, &doing[m->asset - 1]))
			set_type(a, TYPE_ROUTER, "forwards packets of other addresses");
	}
	for (size_t i = 0; i < p->asset_count; i++) {
		struct asset *a = &r->assets[i];
		bool outside = a->ips.count > 0;
		for (uint32_t k = 0; k < a->ips.count; k++)
			outside &= ip_is_public(&r->ips[a->ips.first + k]);
		summarise(s, r, a);
		by_words(r, a);
		by_capabilities(r, a);
		by_doing(r, a, &doing[i]);
		by_zones(s, r, a);
		/* A public address is outside, unless something on the spot said otherwise. */
		if (outside && !a->zone && !a->macs.count && !doing[i].serves_ot &&
			(doing[i].outside || only_probes(&doing[i])))
			set_type(a, TYPE_INTERNET, "public address");
		by_type(r, a, &doing[i]);
	}
	make_roles(r);
	/* A module stands where its rack stands. */
	for (size_t i = 0; i < p->asset_count; i++) {
		struct asset *a = &r->assets[i];
		if (!a->part_of)
			continue;
		const struct asset *rack = &r->assets[a->part_of - 1];
		a->level = rack->level;
		a->level_reason = rack->level == LEVEL_UNKNOWN ? NULL : "where its owner stands";
		a->zone = rack->zone;
	}
	free(doing);
}

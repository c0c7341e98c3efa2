/* What the values of OPC UA messages mean: which node a value belongs to, process values, and who
 * the server and its client are. */
#include "base/attr.h"
#include "sense/proto/opcua.h"
#include "sense/secret.h"

enum { REGISTER_NODES = 560, CREATE_SUBSCRIPTION = 787, DELETE_SUBSCRIPTIONS = 847, PUBLISH = 826 };
enum { WRITE = 673, CREATE_ITEMS = 751, MODIFY_ITEMS = 763, DELETE_ITEMS = 781 };
static const uint32_t BAD_NO_SUBSCRIPTION = 0x80790000, BAD_SESSION_CLOSED = 0x80260000;
enum { STATUS_BAD = 2 }; /* of the two highest bits of a status: OPC 10000-4, 7.39 */
enum { CLIENT = 1, DISCOVERY_SERVER = 3 }; /* OPC 10000-4, 7.4: types of applications */

/* Variables of the Server object that say what it is: OPC 10000-6, annex A. */
enum { NODE_STATE = 2259, NODE_PRODUCT = 2261, NODE_MANUFACTURER = 2263, NODE_VERSION = 2264 };
enum { NODE_BUILD = 2265 };

static const struct field f_address = { "opcua.address", TEXT, 0, 0 };

static bool is_bad(uint32_t status)
{
	return status >> 30 >= STATUS_BAD;
}

static struct cur last_text(const struct opcua *o)
{
	return o->bytes ? cur_of(o->bytes, o->size) : cur_none();
}

static void tell_address(struct opcua *o)
{
	if (o->address.left)
		fact_text(o->s, &f_address, o->address.at, o->address.left);
}

/* --- process values --- */

static struct point_at point_here(const struct opcua *o)
{
	size_t size = o->address.left; /* an address is of 255 bytes at most */
	return (struct point_at){ .symbol = o->address.at, .symbol_size = (uint16_t)size };
}

static void take_point(struct opcua *o, long index, double v)
{
	struct point_at at = point_here(o);
	at.bit = index >= 0;
	at.index = index >= 0 ? (uint32_t)index : 0;
	point_sender(o->s, &at, v, false);
}

/* Only the Value attribute of nodes that are the plant's own, and only what the server vouches
 * for. */
static void tell_points(struct opcua *o)
{
	if (o->has_value && o->address.left && !is_bad(o->status))
		opcua_numbers(o, o->value, take_point);
}

static void written(struct opcua *o)
{
	if (!o->from.point || !o->from.has_number || !o->address.left)
		return;
	const struct point_at at = point_here(o);
	point_sender(o->s, &at, o->from.number, true);
}

static void take_first(struct opcua *o, long index, double v)
{
	if (index < 0) {
		o->from.number = v;
		o->from.has_number = true;
	}
}

/* --- who somebody is --- */

static void say(struct opcua *o, enum identity_key key, struct cur text)
{
	if (o->answering && text.left)
		who_sender(o->s, key, text.at, text.left);
}

static void say_state(struct opcua *o, uint64_t state)
{
	/* OPC 10000-5, 12.6 */
	static const char *const names[] = { "Running", "Failed", "NoConfiguration", "Suspended",
		"Shutdown", "Test", "CommunicationFault", "Unknown" };
	if (state < COUNT_OF(names))
		say(o, ID_MODE, cur_of(names[state], strlen(names[state])));
}

/* Most servers repeat their version in it. */
static void say_build(struct opcua *o, struct cur build)
{
	char text[80] = "build ";
	size_t word = strlen(text);
	bool again = build.left == o->version.left &&
		(!build.left || memcmp(build.at, o->version.at, build.left) == 0);
	if (!build.left || again || build.left > sizeof text - word)
		return;
	memcpy(text + word, build.at, build.left);
	say(o, ID_SOFTWARE, cur_of(text, word + build.left));
}

static void say_version(struct opcua *o, struct cur version)
{
	o->version = version;
	say(o, ID_FIRMWARE, version);
}

static void say_node_value(struct opcua *o, uint32_t node)
{
	struct cur text;
	uint64_t state;
	if (node == NODE_STATE && opcua_whole_number(o->value, &state))
		say_state(o, state);
	else if (!opcua_text(o->value, &text))
		return;
	else if (node == NODE_PRODUCT)
		say(o, ID_MODEL, text);
	else if (node == NODE_MANUFACTURER)
		say(o, ID_VENDOR, text);
	else if (node == NODE_VERSION)
		say_version(o, text);
	else if (node == NODE_BUILD)
		say_build(o, text);
}

/* The description of an application: whom it is told of depends on where it stands. */
static void say_application(struct opcua *o, bool server)
{
	if (server && (o->application_type == CLIENT || o->application_type > DISCOVERY_SERVER))
		return;
	if (o->application.left)
		who_sender(o->s, server ? ID_NAME : ID_SOFTWARE, o->application.at,
			o->application.left);
	if (o->product.left)
		who_sender(o->s, ID_SOFTWARE, o->product.at, o->product.left);
}

/* --- elements of requests and answers --- */

/* What of a whole answer is a secret its request said; and of an element the name of its node. */
static void hush_secret(struct opcua *o, bool element)
{
	o->secret = o->asked ? o->asked->secret : OPCUA_OPEN;
	o->secret |= element ? OPCUA_SECRET_ALL : OPCUA_OPEN;
}

static void ask_begins(struct opcua *o)
{
	o->node = (struct opcua_node){ 0 };
	o->from = (struct opcua_asked_item){ 0 };
	o->attribute = ATTRIBUTE_VALUE;
	o->named = false;
	o->range = cur_none();
	o->handle = o->item = 0;
}

static void answer_begins(struct opcua *o, bool of_values)
{
	opcua_recall(o);
	o->item = 0;
	o->has_value = false;
	o->element_status = 0;
	if (o->remembered)
		tell_address(o);
	o->hushed = of_values && !o->address.left;
	hush_secret(o, o->from.secret);
}

/* Which items it was that changed or went, or what has another name now, nobody knows. */
void opcua_lose_track(struct opcua *o)
{
	if (o->request == MODIFY_ITEMS || o->request == DELETE_ITEMS ||
		o->request == DELETE_SUBSCRIPTIONS)
		opcua_items_forget(o);
	o->state->nameless |= o->request == REGISTER_NODES;
}

/* What a good result changes. */
static void took_effect(struct opcua *o)
{
	if (!o->remembered) {
		opcua_lose_track(o);
		return;
	}
	uint32_t subscription = o->asked->subscription;
	switch (o->request) {
	case WRITE:
		written(o);
		break;
	case CREATE_ITEMS:
		opcua_item_add(o);
		break;
	case MODIFY_ITEMS:
		opcua_item_rename(o, subscription, o->from.item, o->from.handle);
		break;
	case DELETE_ITEMS:
		opcua_item_drop(o, subscription, o->from.item);
		break;
	case DELETE_SUBSCRIPTIONS:
		opcua_items_drop(o, o->from.item);
		break;
	default:
		break;
	}
}

static void answer_ends(struct opcua *o, uint32_t status)
{
	o->hushed = false;
	hush_secret(o, false);
	o->results++;
	if (is_bad(status))
		o->refused++;
	else
		took_effect(o);
}

static void read_ends(struct opcua *o)
{
	o->hushed = false;
	hush_secret(o, false);
	o->results++;
	o->refused += is_bad(o->status);
	if (!o->remembered || is_bad(o->status) || !o->has_value)
		return;
	if (o->from.numeric && o->from.value)
		say_node_value(o, o->from.numeric);
	else if (o->from.point)
		tell_points(o);
}

static void item_handle(struct opcua *o)
{
	o->handle = (uint32_t)o->number;
	if (!o->answering)
		return;
	const struct opcua_item *item = opcua_item_by_handle(o, o->subscription, o->handle);
	o->address = item ? opcua_item_address(o, item) : cur_none();
	o->from.point = item && item->point;
	hush_secret(o, item && item->secret);
	tell_address(o);
}

static void subscription(struct opcua *o)
{
	o->subscription = (uint32_t)o->number;
	if (o->ask)
		o->ask->subscription = o->subscription;
	if (o->answering && o->request == CREATE_SUBSCRIPTION)
		opcua_items_drop(o, o->subscription);
}

/* Clients leave requests to publish with the server; at the end of a subscription it gives them
 * back, which refuses nothing. */
static bool nothing_to_publish(const struct opcua *o)
{
	return o->request == PUBLISH &&
		(o->status == BAD_NO_SUBSCRIPTION || o->status == BAD_SESSION_CLOSED);
}

/* --- the walk calls --- */

void opcua_before(struct opcua *o, const struct opcua_part *part)
{
	if (o->quiet || o->foreign)
		return;
	switch ((enum opcua_means)part->means) {
	case MEANS_ASKED:
	case MEANS_REGISTERS:
		ask_begins(o);
		break;
	case MEANS_READ_RESULT:
	case MEANS_VALUES:
		answer_begins(o, true);
		break;
	case MEANS_RESULT:
	case MEANS_ANSWER:
		answer_begins(o, false);
		break;
	case MEANS_VALUE:
		if (o->named || opcua_holds_secret(o))
			o->secret = OPCUA_SECRET_ALL;
		break;
	case MEANS_SERVER:
	case MEANS_SERVERS:
	case MEANS_CLIENT:
		o->application = o->product = cur_none();
		break;
	default:
		break;
	}
}

static enum opcua_kind_of argued(struct opcua *o)
{
	uint64_t number;
	unsigned n = o->argument++;
	return opcua_whole_number(o->value, &number) ? opcua_method_with(o->method, n, number)
						     : OPCUA_PLAINLY;
}

/* What a service is depends on these, so that they are looked at before its fact begins. */
static void look(struct opcua *o, const struct opcua_part *part)
{
	enum opcua_kind_of kind = OPCUA_PLAINLY;
	if ((part->means == MEANS_USER || part->means == MEANS_CREDENTIALS) && o->size)
		kind = OPCUA_LOGIN;
	if (part->means == MEANS_METHOD) {
		o->method = opcua_method_find(&o->node_read);
		o->argument = 0;
		kind = o->method ? o->method->kind : OPCUA_CALLS;
	}
	if (part->means == MEANS_ARGUMENT && o->method)
		kind = argued(o);
	if (kind > o->kind)
		o->kind = (uint8_t)kind;
}

/* Parts of BuildInfo and ServerStatus: of a node in namespace 0, the server's own.  Servers that
 * gather others show theirs too. */
static void say_build_part(struct opcua *o, enum opcua_means means)
{
	if (!o->from.numeric)
		return;
	if (means == MEANS_PRODUCT_NAME)
		say(o, ID_MODEL, last_text(o));
	else if (means == MEANS_MANUFACTURER)
		say(o, ID_VENDOR, last_text(o));
	else if (means == MEANS_SOFTWARE)
		say_version(o, last_text(o));
	else if (means == MEANS_BUILD)
		say_build(o, last_text(o));
	else if (means == MEANS_STATE)
		say_state(o, o->number);
}

/* Of the object that is called, and what of it is: ChangePassword. */
static void method(struct opcua *o)
{
	bool secret = opcua_holds_secret(o);
	o->node = o->node_read;
	o->method = opcua_method_find(&o->node);
	o->secret = o->method && o->method->secret ? OPCUA_SECRET_TEXTS : OPCUA_OPEN;
	if (secret || opcua_holds_secret(o))
		o->secret = OPCUA_SECRET_ALL;
	if (o->ask)
		o->ask->secret |= o->secret;
}

static void say_part(struct opcua *o, enum opcua_means means)
{
	switch (means) {
	case MEANS_PRODUCT_URI:
		o->product = last_text(o);
		break;
	case MEANS_APPLICATION:
		o->application = last_text(o);
		break;
	case MEANS_APPLICATION_TYPE:
		o->application_type = (uint32_t)o->number;
		break;
	case MEANS_SERVERS:
		o->servers++;
		break;
	case MEANS_SERVER:
	case MEANS_CLIENT:
		say_application(o, means == MEANS_SERVER);
		break;
	case MEANS_USER:
		if (o->size)
			who_sender(o->s, ID_USER, o->bytes, o->size);
		break;
	default:
		break;
	}
}

void opcua_after(struct opcua *o, const struct opcua_part *part)
{
	if (o->foreign) {
		if (!o->quiet)
			say_build_part(o, part->means);
		return;
	}
	if (o->quiet) {
		look(o, part);
		return;
	}
	switch ((enum opcua_means)part->means) {
	case MEANS_NODE:
		o->node = o->node_read;
		break;
	case MEANS_METHOD:
		method(o);
		break;
	case MEANS_NAME:
		o->named = secret_named(o->bytes, o->size);
		break;
	case MEANS_ATTRIBUTE:
		o->attribute = (uint32_t)o->number;
		break;
	case MEANS_RANGE:
		o->range = last_text(o);
		break;
	case MEANS_HANDLE:
		item_handle(o);
		break;
	case MEANS_ITEM_ID:
		o->item = (uint32_t)o->number;
		break;
	case MEANS_SUBSCRIPTION:
		subscription(o);
		break;
	case MEANS_VALUE:
		if (o->has_value && !is_bad(o->status))
			opcua_numbers(o, o->value, take_first);
		break;
	case MEANS_DATA:
		if (o->answering && o->from.point)
			tell_points(o);
		hush_secret(o, false);
		break;
	case MEANS_ASKED_ID:
		opcua_remember_number(o, (uint32_t)o->number);
		break;
	case MEANS_REGISTERS:
		o->node = o->node_read;
		opcua_remember(o);
		break;
	case MEANS_REGISTERED:
		opcua_recall(o);
		opcua_alias_add(o);
		break;
	case MEANS_ASKED:
		opcua_remember(o);
		o->secret = OPCUA_OPEN;
		break;
	case MEANS_FILTER:
		if (o->ask)
			o->ask->filtered = true;
		break;
	case MEANS_SERVICE_RESULT:
		o->failed = is_bad(o->status) && !nothing_to_publish(o);
		break;
	case MEANS_READ_RESULT:
		read_ends(o);
		break;
	case MEANS_STATUS:
		o->element_status = o->status;
		break;
	case MEANS_RESULT:
		answer_ends(o, o->status);
		break;
	case MEANS_ANSWER:
	case MEANS_VALUES:
		answer_ends(o, o->element_status);
		break;
	default:
		say_part(o, part->means);
	}
}

/* The whole body is read.  A server that knows of no other one tells of itself. */
void opcua_finish(struct opcua *o)
{
	if (o->servers == 1 && o->asked && !o->asked->filtered)
		say_application(o, true);
	if (o->failed || (o->results && o->refused == o->results))
		fact_failed(o->s);
}

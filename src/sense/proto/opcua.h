/* The inside of the OPC UA dissector.
 *
 *   opcua.c          whose it is, the connection (OPC 10000-6, 7.1)
 *   opcua_channel.c  chunks and channels (OPC 10000-6, 6.7), services in pairs
 *   opcua_types.c    built-in types (OPC 10000-6, 5.2) and the walker over structures
 *   opcua_node.c     node ids, as text
 *   opcua_values.c   what a value that was read is worth: numbers, texts
 *   opcua_schema.c   the structures the services and notifications are made of (OPC 10000-4)
 *   opcua_service.c  the table of services, one row each
 *   opcua_methods.c  what the methods do that every server has
 *   opcua_meaning.c  what values mean: which node they belong to, points, who somebody is
 *   opcua_asked.c    what a request named
 *   opcua_items.c    monitored items and registered nodes
 *   opcua_names.c    status codes by name */
#ifndef SENSE_PROTO_OPCUA_H
#define SENSE_PROTO_OPCUA_H

#include "sense/proto.h"

/* Built-in types have the numbers of OPC 10000-6, table 1; the others are our own. */
enum opcua_kind {
	OPCUA_BOOLEAN = 1,
	OPCUA_SBYTE,
	OPCUA_BYTE,
	OPCUA_INT16,
	OPCUA_UINT16,
	OPCUA_INT32,
	OPCUA_UINT32,
	OPCUA_INT64,
	OPCUA_UINT64,
	OPCUA_FLOAT,
	OPCUA_DOUBLE,
	OPCUA_STRING,
	OPCUA_DATETIME,
	OPCUA_GUID,
	OPCUA_BYTESTRING,
	OPCUA_XMLELEMENT,
	OPCUA_NODEID,
	OPCUA_EXPANDEDNODEID,
	OPCUA_STATUSCODE,
	OPCUA_QUALIFIEDNAME,
	OPCUA_LOCALIZEDTEXT,
	OPCUA_EXTENSIONOBJECT,
	OPCUA_DATAVALUE,
	OPCUA_VARIANT,
	OPCUA_DIAGNOSTICINFO,
	OPCUA_STRUCTURE,
	OPCUA_TOKEN,       /* a NodeId that opens a session to whoever knows it: never told */
	OPCUA_SECRET,      /* a ByteString of the same kind: a password */
	OPCUA_QUIET,       /* a ByteString that nobody needs: a nonce, a signature */
	OPCUA_CERTIFICATE, /* a ByteString with one certificate or a chain of them */
	/* ExtensionObjects in their places.  Elsewhere, in a value, say, structures mean nothing:
	 * anybody may send any. */
	OPCUA_IDENTITY, /* who a user is, and by what secret */
	OPCUA_NOTIFICATION,
	OPCUA_UPDATE, /* of history */
};

/* What a part means beyond its value; opcua_meaning.c acts on it. */
enum opcua_means {
	MEANS_NOTHING,
	MEANS_NODE,           /* the node this element is about */
	MEANS_METHOD,         /* the method */
	MEANS_ARGUMENT,       /* what it is called with */
	MEANS_ATTRIBUTE,      /* which attribute of the node */
	MEANS_RANGE,          /* which elements of its array */
	MEANS_HANDLE,         /* the client's number of a monitored item */
	MEANS_ITEM_ID,        /* the server's number of it */
	MEANS_SUBSCRIPTION,   /* the subscription it belongs to */
	MEANS_VALUE,          /* the value of the node of this element */
	MEANS_NAME,           /* what it shall be called */
	MEANS_DATA,           /* the value of a monitored item */
	MEANS_ASKED,          /* an element of a request: remembered for the answer */
	MEANS_ASKED_ID,       /* the same, where the element is only a number */
	MEANS_REGISTERS,      /* a node that shall have a shorter name; remembered too */
	MEANS_REGISTERED,     /* that name */
	MEANS_FILTER,         /* the request wants some only */
	MEANS_SERVICE_RESULT, /* whether the whole service went well */
	MEANS_READ_RESULT,    /* element n answers element n of the request */
	MEANS_RESULT,         /* the same, where the element is only a status */
	MEANS_STATUS,         /* the status inside such an element */
	MEANS_ANSWER,         /* such an element, where it is a structure */
	MEANS_VALUES,         /* the same, whose values are nobody's without the request */
	MEANS_SERVER,         /* ApplicationDescription of the answering server */
	MEANS_SERVERS,        /* of servers somebody knows */
	MEANS_CLIENT,         /* of the asking client */
	MEANS_PRODUCT_URI,    /* parts of an ApplicationDescription */
	MEANS_APPLICATION,
	MEANS_APPLICATION_TYPE,
	MEANS_USER,        /* the name of a user */
	MEANS_CREDENTIALS, /* a password, a certificate or a token of one */
	MEANS_SERVER_CERTIFICATE,
	MEANS_PRODUCT_NAME, /* parts of BuildInfo and ServerStatus */
	MEANS_MANUFACTURER,
	MEANS_SOFTWARE,
	MEANS_BUILD,
	MEANS_STATE,
};

struct opcua_part {
	struct field field;
	uint8_t kind; /* enum opcua_kind; 0 ends a structure */
	bool many;
	uint8_t means;
	const struct opcua_part *of; /* OPCUA_STRUCTURE */
};

struct opcua_structure { /* what an ExtensionObject of this type id holds */
	const struct opcua_part *parts;
	uint32_t id;
	uint8_t place; /* enum opcua_kind: where it means something; 0 nowhere */
};

struct opcua_service {
	struct msg ask, answer; /* ask.code: type id of the request; answer.code: of the response */
	const struct opcua_part *asks, *answers;
};

/* A node as text ("ns=2;s=Boiler.Level"), from the message or scratch. */
struct opcua_node {
	const uint8_t *text; /* NULL: none, or no room for it */
	uint32_t size;
	uint32_t numeric; /* identifier in namespace 0; 0: something else */
	uint16_t space;
};

/* One element of a request, as it is kept for its answer; its address follows, `size` bytes. */
enum { OPCUA_ADDRESS_MAX = 255 };
struct opcua_asked_item {
	double number;    /* what was written */
	uint32_t numeric; /* of a node of namespace 0 */
	uint32_t handle, item;
	bool has_number : 1;
	bool point : 1;  /* the value of a node of the plant's own, and all of it */
	bool value : 1;  /* the Value attribute */
	bool secret : 1; /* the same, of a node that is called like one */
	uint8_t size;
};

/* A monitored item: what its client and its server call it, and what it stands for. */
struct opcua_item {
	uint32_t subscription, item, handle;
	uint32_t text; /* its address, in opcua_state.texts */
	uint8_t size;
	bool point, secret, used;
	bool twice; /* its client calls another item the same: a value's address is not known */
	bool gone;  /* only that other one is there */
};

enum opcua_attribute { ATTRIBUTE_VALUE = 13 }; /* OPC 10000-6, A.1 */

enum opcua_policy { OPCUA_UNSEEN, OPCUA_PLAIN, OPCUA_SECURED };
enum opcua_split {
	OPCUA_TOGETHER,
	OPCUA_SPLIT, /* the rest of a message too long to be read comes */
	OPCUA_TORN,  /* it may: bytes were lost */
};

struct opcua_state {
	struct parts parts[2];
	struct parts items, texts, index; /* opcua_items.c */
	struct parts asked;               /* opcua_asked.c */
	uint64_t asked_from;              /* bytes of such that came and went before */
	uint64_t hello_frame;             /* not answered yet; 0: none */
	int64_t hello_ns;
	uint32_t asks;    /* requests with elements under way */
	uint32_t used;    /* of items */
	uint32_t aliases; /* of these: names of registered nodes */
	uint32_t entries; /* of the index */
	uint32_t age;     /* no request before the last hole or hello is answered behind it */
	uint32_t split_id[2];
	uint8_t split[2];  /* enum opcua_split, per side */
	uint8_t policy;    /* enum opcua_policy of the channel's last OPN */
	uint8_t signature; /* bytes of it behind each chunk */
	uint8_t client;    /* 1 + side; 0 unknown */
	bool clear;        /* nothing is encrypted, as was seen since the last hole */
	bool nameless;     /* some alias is not known: there was no room, or half an answer */
};

/* What a request leaves for its answer. */
struct opcua_ask {
	uint64_t from; /* where its elements begin, among all that were ever kept */
	uint32_t size; /* of them */
	uint32_t channel, subscription;
	uint16_t service; /* place in opcua_services, from 1 */
	uint8_t side;
	uint8_t kind;   /* enum opcua_kind_of */
	bool numbers;   /* the elements are nothing more */
	bool full;      /* there was no room for the rest of the elements */
	bool filtered;  /* asks for certain servers only */
	uint8_t secret; /* of the answer */
};

enum opcua_secret {
	OPCUA_OPEN,
	OPCUA_SECRET_TEXTS = 1, /* whatever is no number: a method's arguments */
	OPCUA_SECRET_ALL = 3,   /* numbers too, of what is called a password */
};

/* Services that mean more, or less, by what they carry; of several methods the gravest counts. */
enum opcua_kind_of {
	OPCUA_PLAINLY,
	OPCUA_LOGIN,
	OPCUA_READS,
	OPCUA_READS_FILE,
	OPCUA_CALLS,
	OPCUA_MODE,
	OPCUA_WRITES_FILE,
	OPCUA_CONFIGURES,
	OPCUA_RESTARTS,
	OPCUA_STOPS,
	OPCUA_KINDS
};

/* Methods in namespace 0 that do the same; numbers between them are no methods. */
struct opcua_method {
	uint16_t first, last;
	uint8_t kind;  /* enum opcua_kind_of */
	uint8_t opens; /* kind of an Open that is about to write; 0: is no Open */
	bool secret;   /* passwords or keys are among its arguments or results */
};

/* The walk through one body. */
struct opcua {
	struct scene *s;
	struct opcua_state *state;
	struct opcua_ask *asked; /* of an answer; NULL unknown */
	struct opcua_ask *ask;   /* of a request; NULL no room */
	struct cur asked_rest;   /* elements of it not answered yet */
	struct cur wrapper;      /* around a service without a session */
	uint32_t type;           /* type id of the message */
	uint32_t request;        /* type id of the service; that of the request in answers */
	uint8_t kind;            /* enum opcua_kind_of */
	bool quiet;              /* looks only: no values, no identity, no points */
	bool hushed;             /* so for values of which nobody knows whose they are */
	uint8_t secret;          /* what of the values at hand is: enum opcua_secret */
	bool answering;          /* it is the server that speaks */
	bool certificate_told;   /* endpoints repeat it */
	unsigned depth;
	unsigned foreign; /* within structures that mean nothing where they stand */

	/* the last value read, for what it means */
	const uint8_t *bytes;
	size_t size;
	uint64_t number;
	uint32_t status;
	struct opcua_node node_read;

	/* the element at hand */
	struct opcua_node node;
	const struct opcua_method *method; /* NULL: a vendor's */
	unsigned argument;                 /* the next one of it */
	struct cur range;
	uint32_t attribute; /* enum opcua_attribute */
	uint32_t handle, item, subscription, element_status;
	bool remembered;
	bool named;                   /* it shall be called like a secret */
	struct opcua_asked_item from; /* it */
	struct cur value;             /* the last Variant; that of a DataValue behind it */
	bool has_value;
	struct cur address; /* of the node a value belongs to */
	bool failed;
	unsigned results, refused, ended;
	struct cur version, application, product;
	uint32_t application_type;
	unsigned servers;
};

static inline bool opcua_tells(const struct opcua *o)
{
	return !o->quiet && !o->hushed;
}

/* --- opcua_channel.c --- */
struct opcua_head {
	uint8_t kind; /* enum opcua_message */
	char chunk;   /* F the last one, C more come, A the message is given up */
	uint32_t size;
};
enum opcua_message {
	OPCUA_HEL,
	OPCUA_ACK,
	OPCUA_ERR,
	OPCUA_RHE,
	OPCUA_OPN,
	OPCUA_MSG,
	OPCUA_CLO,
	OPCUA_MESSAGES
};
extern const char opcua_kinds[OPCUA_MESSAGES][4]; /* "HEL" */
enum { OPCUA_HEADER = 8 };
enum { OPCUA_CHUNKS_MAX = 64 }; /* of a message, before it is handed over, whole or not */
/* Bytes of a chunk that tell whether it goes on with the message of another one. */
enum { OPCUA_CHUNK_LOOK = 24 + 7 };
bool opcua_goes_on(const struct opcua_state *state, struct cur first, struct cur next);
bool opcua_head_read(struct cur *c, struct opcua_head *h);
void opcua_head_tell(struct scene *s, const struct opcua_head *h);
struct cur opcua_string(struct cur *c); /* a length, -1 for none, and its bytes */
void opcua_string_tell(struct scene *s, const struct field *f, struct cur *c);
void opcua_error_tell(struct scene *s, struct cur *c);
bool opcua_is_policy(struct cur uri);
enum parsed opcua_channel(struct scene *s, struct cur chunks);

/* --- opcua_types.c --- */
bool opcua_walk(struct opcua *o, struct cur *c, const struct opcua_part *parts);
bool opcua_node_read(struct opcua *o, struct cur *c, bool expanded, struct opcua_node *node);
void opcua_node_tell(struct opcua *o, const struct field *f, const struct opcua_node *node);

/* --- opcua_values.c: values looked at once more --- */
/* Calls back for each number of a Variant: one, or those of an array with their place. */
void opcua_numbers(
	struct opcua *o, struct cur variant, void (*take)(struct opcua *o, long index, double v));
enum opcua_kind opcua_variant_kind(uint8_t mask);
/* A Variant's text or number; false where it holds something else. */
bool opcua_text(struct cur variant, struct cur *text);
bool opcua_whole_number(struct cur variant, uint64_t *v);

/* --- opcua_asked.c --- */
/* Elements of a request, kept until their answer comes. */
void opcua_remember(struct opcua *o);
void opcua_remember_number(struct opcua *o, uint32_t number);
struct cur opcua_asked(const struct opcua_state *state, const struct opcua_ask *ask); /* all */
void opcua_recall(struct opcua *o);                                                   /* the next */
bool opcua_holds_secret(const struct opcua *o); /* the node at hand, by its name */
void opcua_answered(struct scene *s, const struct opcua_ask *ask);
void opcua_asked_forget(struct scene *s);

/* --- opcua_items.c --- */
/* What the answer said well of: items made, changed, gone. */
void opcua_item_add(struct opcua *o);
void opcua_item_rename(struct opcua *o, uint32_t subscription, uint32_t item, uint32_t handle);
void opcua_item_drop(struct opcua *o, uint32_t subscription, uint32_t item);
void opcua_items_drop(struct opcua *o, uint32_t subscription);
void opcua_items_forget(struct opcua *o); /* nobody knows any more which there are */
const struct opcua_item *opcua_item_by_handle(
	struct opcua *o, uint32_t subscription, uint32_t handle); /* or NULL */
struct cur opcua_item_address(const struct opcua *o, const struct opcua_item *item);
/* The node just read is a session's own name for the one that was asked about. */
void opcua_alias_add(struct opcua *o);
const struct opcua_item *opcua_alias(const struct opcua *o); /* the node at hand; or NULL */
void opcua_aliases_doubt(struct opcua *o);                   /* they may stand for others now */
void opcua_forget(struct opcua *o);                          /* items and aliases */

/* --- opcua_schema.c, opcua_service.c --- */
extern const struct opcua_structure opcua_structures[];
extern const struct opcua_service opcua_services[];
extern const struct opcua_part opcua_request_header[], opcua_response_header[];
unsigned opcua_service_find(uint32_t type, bool *answer); /* its number from 1; 0 none */
const struct msg *opcua_row(
	const struct opcua_service *service, enum opcua_kind_of kind, bool answer, bool refused);
extern const struct opcua_part opcua_invoke[], opcua_invoked[];
extern const struct opcua_part opcua_asks_find_servers[], opcua_answers_find_servers[],
	opcua_asks_find_on_network[], opcua_answers_find_on_network[], opcua_asks_endpoints[],
	opcua_answers_endpoints[], opcua_asks_register[], opcua_asks_register_2[],
	opcua_answers_register_2[], opcua_asks_open[], opcua_answers_open[],
	opcua_asks_create_session[], opcua_answers_create_session[], opcua_asks_activate[],
	opcua_answers_activate[], opcua_asks_close_session[], opcua_asks_cancel[],
	opcua_answers_cancel[], opcua_asks_add_nodes[], opcua_answers_add_nodes[],
	opcua_asks_add_references[], opcua_asks_delete_nodes[], opcua_asks_delete_references[],
	opcua_asks_browse[], opcua_asks_browse_next[], opcua_answers_browse[],
	opcua_asks_translate[], opcua_answers_translate[], opcua_asks_register_nodes[],
	opcua_answers_register_nodes[], opcua_asks_unregister_nodes[], opcua_asks_query_first[],
	opcua_answers_query_first[], opcua_asks_query_next[], opcua_answers_query_next[],
	opcua_asks_read[], opcua_answers_read[], opcua_asks_history_read[],
	opcua_answers_history_read[], opcua_asks_write[], opcua_answers_statuses[],
	opcua_asks_history_update[], opcua_answers_history_update[], opcua_asks_call[],
	opcua_answers_call[], opcua_asks_create_items[], opcua_answers_create_items[],
	opcua_asks_modify_items[], opcua_answers_modify_items[], opcua_asks_monitoring_mode[],
	opcua_asks_triggering[], opcua_answers_triggering[], opcua_asks_delete_items[],
	opcua_asks_create_subscription[], opcua_answers_create_subscription[],
	opcua_asks_modify_subscription[], opcua_answers_modify_subscription[],
	opcua_asks_publishing_mode[], opcua_asks_publish[], opcua_answers_publish[],
	opcua_asks_republish[], opcua_answers_republish[], opcua_asks_transfer[],
	opcua_answers_transfer[], opcua_asks_delete_subscriptions[], opcua_asks_test[],
	opcua_answers_test[];

/* --- opcua_methods.c --- */
const struct opcua_method *opcua_method_find(const struct opcua_node *method); /* or NULL */
/* What a method does when its argument number n, from 0, is this number. */
enum opcua_kind_of opcua_method_with(const struct opcua_method *method, unsigned n, uint64_t v);

/* --- opcua_meaning.c --- */
void opcua_before(struct opcua *o, const struct opcua_part *part);
void opcua_after(struct opcua *o, const struct opcua_part *part);
void opcua_finish(struct opcua *o);     /* the whole body is read */
void opcua_lose_track(struct opcua *o); /* not the whole answer is */

/* --- opcua_names.c --- */
const char *opcua_status_name(uint32_t status); /* never NULL */

#endif

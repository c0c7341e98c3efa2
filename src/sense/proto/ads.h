/* The inside of the ADS dissector.
 *
 *   ads.c          whose it is, the AMS header, answers and their questions
 *   ads_body.c     the commands
 *   ads_sum.c      sum commands: many reads or writes in one
 *   ads_symbol.c   places as they are spelled, values, points
 *   ads_handles.c  what the numbers stand for that a device gave
 *   ads_system.c   the system service: files, registry, who the machine is; discovery
 *   ads_table.c    operations, by group
 *   ads_names.c    everything with a name */
#ifndef PROTO_ADS_H
#define PROTO_ADS_H

#include <string.h>

#include "sense/proto.h"
#include "sense/proto/text.h"

enum ads_command {
	ADS_READ_DEVICE_INFO = 1,
	ADS_READ,
	ADS_WRITE,
	ADS_READ_STATE,
	ADS_WRITE_CONTROL,
	ADS_ADD_NOTIFICATION,
	ADS_DELETE_NOTIFICATION,
	ADS_NOTIFICATION,
	ADS_READ_WRITE,
};

/* Index groups that this reads more of than their name. */
enum ads_group {
	ADS_SYMBOL_HANDLE = 0xf003, /* by name */
	ADS_SYMBOL_NAME = 0xf004,   /* value by name */
	ADS_SYMBOL_VALUE = 0xf005,  /* by handle */
	ADS_SYMBOL_RELEASE = 0xf006,
	ADS_SYMBOL_INFO = 0xf007,
	ADS_SYMBOL_INFO_EX = 0xf009,
	ADS_SYMBOL_UPLOAD = 0xf00b,
	ADS_TYPE_UPLOAD = 0xf00e,
	ADS_SYMBOL_COUNTS = 0xf00f,
	ADS_TYPE_INFO = 0xf011,
	ADS_SUM_READ = 0xf080,
	ADS_SUM_WRITE = 0xf081,
	ADS_SUM_READ_WRITE = 0xf082,
	ADS_SUM_READ_EX = 0xf083,
	ADS_SUM_READ_EX2 = 0xf084,
	ADS_SUM_ADD_NOTIFICATION = 0xf085,
	ADS_SUM_DELETE_NOTIFICATION = 0xf086,
	ADS_SLAVE_OPEN_READ = 0xf401,
	ADS_SLAVE_OPEN_WRITE = 0xf402,
	/* of the system service */
	ADS_OLD_CREATE = 100,
	ADS_OLD_OPEN_READ = 101,
	ADS_OLD_OPEN_WRITE = 102,
	ADS_OPEN_FILE = 120,
	ADS_CLOSE_FILE = 121,
	ADS_READ_FILE = 122,
	ADS_WRITE_FILE = 123,
	ADS_READ_LINE = 126,
	ADS_WRITE_LINE = 127,
	ADS_DELETE_FILE = 131,
	ADS_RENAME_FILE = 132,
	ADS_FIND_FILE = 133,
	ADS_COPY_FILE = 136,
	ADS_MAKE_DIRECTORY = 138,
	ADS_REMOVE_DIRECTORY = 139,
	ADS_REGISTRY = 200, /* of the machine; of the user, of classes */
	ADS_REGISTRY_LAST = 202,
	ADS_START_PROCESS = 500,
	ADS_TARGET_DESCRIPTION = 700,
	ADS_NETWORK = 701,
	ADS_HOST_NAME = 702,
};

enum { ADS_OLD_CLOSE = 0xffffffff }; /* offset: no place in the file */

enum { ADS_PORT_SYSTEM = 10000 };

struct ads_head {
	const uint8_t *target, *source; /* net ids of six bytes */
	uint16_t target_port, source_port;
	uint16_t command, flags;
	uint32_t size, error, invoke;
	bool answer;
};

/* Where values are: a symbol by its name, else an offset in a group. */
struct ads_place {
	const uint8_t *net; /* of the device, six bytes */
	bool own;           /* it is the machine itself that has this net id */
	uint8_t type;       /* of a symbol, as its information said; 0: nobody asked */
	uint16_t port;
	uint32_t group, offset, size;
	const uint8_t *name;
	uint16_t name_size;
};

/* Who asks whom: many programs and devices may share one connection. */
struct ads_pair {
	uint8_t client[6], server[6];
	uint16_t client_port, server_port;
	uint32_t invoke;
};

/* What a request leaves for its answer. */
struct ads_ask {
	struct parts kept; /* a name, the list of a sum, or what is to be written */
	struct ads_pair pair;
	uint32_t group, offset, size;
	uint32_t count; /* items of a sum */
	uint16_t command;
	bool special; /* what it does follows from more than its group: ads_table.c */
};

/* What numbers mean stands in the memory of the side that gave them: ads_handles.c. */
struct ads_state {
	struct parts given[2], heads[2];
	uint32_t unused[2]; /* bytes there that mean nothing any more */
	bool given_back;
};

static inline struct cur ads_kept(const struct ads_ask *ask)
{
	return ask->kept.bytes ? cur_of(ask->kept.bytes, ask->kept.size) : cur_bad();
}

/* File access over EtherCAT, where the offset is a password. */
static inline bool ads_opens_slave_file(uint32_t group)
{
	return group == ADS_SLAVE_OPEN_READ || group == ADS_SLAVE_OPEN_WRITE;
}

/* ads_table.c */
const struct msg *ads_row(const struct ads_head *h, const struct ads_ask *ask);
const struct msg *ads_unasked_row(uint16_t command);
bool ads_is_nc_function(uint16_t port, uint32_t group);
extern const struct msg ads_find_rows[2], ads_route_rows[2], ads_route_refused,
	ads_datagram_rows[2];
extern const struct msg ads_router_row, ads_foreign_rows[2];

/* ads_names.c */
const char *ads_group_name(uint32_t group, uint16_t port);
const char *ads_error_name(uint32_t error);
const char *ads_port_name(uint16_t port);
const char *ads_state_name(uint16_t state);

/* ads_handles.c: `place` says of which device; and what a type (told or guessed) is of: a symbol,
 * else a group and an offset. */
enum ads_kind { ADS_HANDLE, ADS_NOTIFY, ADS_FILE, ADS_TYPE, ADS_GUESS };
void ads_keep(struct scene *s, enum ads_kind kind, uint32_t handle, const struct ads_place *place);
bool ads_find(
	struct scene *s, bool server, enum ads_kind kind, uint32_t handle, struct ads_place *place);
void ads_forget(
	struct scene *s, enum ads_kind kind, uint32_t handle, const struct ads_place *place);
void ads_forget_all(struct scene *s);

/* ads_symbol.c: places and their values.  `server`: the sender's, else the receiver's. */
enum ads_say { ADS_SAY = 1, ADS_POINT = 2, ADS_WRITTEN = 4 };
bool ads_own(const struct scene *s, const uint8_t *net, bool server);
struct ads_place ads_place_at(const struct scene *s, const struct ads_head *h, bool server,
	uint32_t group, uint32_t offset, uint32_t size);
bool ads_is_value(uint16_t port, uint32_t group);
void ads_resolve(struct scene *s, bool server, struct ads_place *place);
void ads_tell_place(struct scene *s, const struct ads_place *place);
void ads_value(struct scene *s, const struct ads_place *place, struct cur data, unsigned what);
void ads_point_name(const struct point_at *at, char name[POINT_NAME]);
void ads_tell_text(struct scene *s, const struct field *f, const char *text);
void ads_tell_net(struct scene *s, const struct field *f, const uint8_t *net);

/* ads_body.c */
bool ads_request(struct scene *s, const struct ads_head *h, struct cur *c, struct ads_ask *ask);
bool ads_answer(
	struct scene *s, const struct ads_head *h, struct cur *c, const struct ads_ask *ask);
bool ads_notification(struct scene *s, const struct ads_head *h, struct cur *c);
bool ads_asks_by_name(uint32_t group);
void ads_symbol_answer(struct scene *s, const struct ads_head *h, uint32_t group, struct cur name,
	struct cur data);
void ads_keep_for_answer(struct scene *s, struct ads_ask *ask, struct cur what);

/* ads_sum.c */
bool ads_is_sum(uint32_t group);
bool ads_sum_symbols(uint32_t sum, uint32_t count, struct cur list);
bool ads_sum_request(struct scene *s, const struct ads_head *h, struct cur c, struct ads_ask *ask);
bool ads_sum_answer(
	struct scene *s, const struct ads_head *h, struct cur c, const struct ads_ask *ask);

/* ads_system.c: the datagrams of the router, and files and identity of the system service. */
enum parsed ads_datagram(struct cur c, struct scene *s);
uint32_t ads_file_group(uint32_t group, uint32_t offset, uint16_t command);
bool ads_system_special(
	struct scene *s, const struct ads_head *h, const struct ads_ask *ask, struct cur data);
bool ads_opens_file(uint32_t group);
void ads_tell_file(struct scene *s, struct cur name);
void ads_system_request(
	struct scene *s, const struct ads_head *h, const struct ads_ask *ask, struct cur data);
void ads_system_answer(
	struct scene *s, const struct ads_head *h, const struct ads_ask *ask, struct cur data);

#endif

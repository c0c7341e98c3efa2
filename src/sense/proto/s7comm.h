/* S7comm, the parts that its files share.  Private to the dissector. */
#ifndef SENSE_PROTO_S7COMM_H
#define SENSE_PROTO_S7COMM_H

#include "sense/proto.h"

enum s7_rosctr { S7_JOB = 1, S7_ACK = 2, S7_ACK_DATA = 3, S7_USERDATA = 7 };

enum s7_function {
	S7_CPU_SERVICES = 0x00,
	S7_READ = 0x04,
	S7_WRITE = 0x05,
	S7_REQUEST_DOWNLOAD = 0x1a,
	S7_DOWNLOAD_BLOCK = 0x1b,
	S7_DOWNLOAD_ENDED = 0x1c,
	S7_START_UPLOAD = 0x1d,
	S7_UPLOAD = 0x1e,
	S7_END_UPLOAD = 0x1f,
	S7_PI_SERVICE = 0x28,
	S7_PLC_STOP = 0x29,
	S7_SETUP = 0xf0,
};

/* Codes of the message rows: functions stand for themselves, the others have a mark in front. */
enum { S7_ROW_USERDATA = 0x10000, S7_ROW_PI = 0x20000, S7_ROW_NONE = 0x30000 };

/* Userdata: who speaks, and the functions of its group 4. */
enum s7_type { S7_PUSH = 0, S7_REQUEST = 4, S7_RESPONSE = 8 };
enum s7_cpu {
	S7_CPU_READ_SZL = 1,
	S7_CPU_MESSAGES = 2,
	S7_CPU_DIAGNOSTIC = 3,
	S7_CPU_ALARM_8 = 5,
	S7_CPU_NOTIFY = 6,
	S7_CPU_LOCK = 7,
	S7_CPU_UNLOCK = 8,
	S7_CPU_SCAN = 9,
	S7_CPU_ACKNOWLEDGE = 11,
	S7_CPU_ACKNOWLEDGED = 12,
	S7_CPU_LOCKED = 13,
	S7_CPU_UNLOCKED = 14,
	S7_CPU_ALARM_SQ = 17,
	S7_CPU_ALARM_S = 18,
	S7_CPU_QUERY = 19,
	S7_CPU_NOTIFY_8 = 22,
};

enum s7_area {
	S7_AREA_SYSTEM_INFO_200 = 0x03,
	S7_AREA_SYSTEM_FLAGS_200 = 0x05,
	S7_AREA_ANALOG_IN_200 = 0x06,
	S7_AREA_ANALOG_OUT_200 = 0x07,
	S7_AREA_COUNTER = 0x1c,
	S7_AREA_TIMER = 0x1d,
	S7_AREA_COUNTER_200 = 0x1e,
	S7_AREA_TIMER_200 = 0x1f,
	S7_AREA_PERIPHERAL = 0x80,
	S7_AREA_INPUT = 0x81,
	S7_AREA_OUTPUT = 0x82,
	S7_AREA_FLAG = 0x83,
	S7_AREA_DB = 0x84,
	S7_AREA_INSTANCE_DB = 0x85,
	S7_AREA_LOCAL = 0x86,
	S7_AREA_CALLER_LOCAL = 0x87,
};

/* Transport sizes of an item address; those of data items are another list (s7comm_items.c). */
enum s7_size {
	S7_SIZE_BIT = 1,
	S7_SIZE_BYTE = 2,
	S7_SIZE_CHAR = 3,
	S7_SIZE_WORD = 4,
	S7_SIZE_INT = 5,
	S7_SIZE_DWORD = 6,
	S7_SIZE_DINT = 7,
	S7_SIZE_REAL = 8,
	S7_SIZE_DATE = 9,
	S7_SIZE_TIME_OF_DAY = 10,
	S7_SIZE_TIME = 11,
	S7_SIZE_S5TIME = 12,
	S7_SIZE_COUNTER = 28,
	S7_SIZE_TIMER = 29,
};

enum {
	S7_ITEMS_MAX = 20,    /* items of a read or write: what a PDU of 480 bytes holds is fewer */
	S7_REASSEMBLY = 4096, /* a system status list in parts: the diagnosis buffer of most CPUs */
	S7_SUCCESS = 0xff,    /* return code */
};

/* One address of a read or write, kept until the answer with its value comes. */
struct s7_item {
	uint32_t address; /* byte * 8 + bit, or the number of a timer or counter */
	uint16_t db;
	uint16_t count;
	uint8_t area; /* 0: an address of another syntax, without values we can place */
	uint8_t size; /* enum s7_size */
};

/* What a request leaves for its answer. */
struct s7_ask {
	uint16_t pi; /* PI service: its row, S7_ROW_PI + pi */
	uint8_t count;
	uint8_t function;
	struct s7_item items[S7_ITEMS_MAX];
};

/* A userdata answer in parts; one at a time per conversation, as controllers do it. */
struct s7_state {
	uint16_t size;
	uint8_t reference; /* data unit reference of the parts in `bytes`; 0 none */
	uint8_t side;
	bool over;
	bool torn; /* the capture lost bytes while parts waited */
	uint8_t bytes[S7_REASSEMBLY];
};

/* The userdata parameter head, as read. */
struct s7_userdata {
	uint8_t type; /* 0 push, 4 request, 8 response; NC programming: 3, 7, 11 */
	uint8_t group, function;
	uint8_t sequence;
	uint8_t reference, more; /* data unit reference; more parts follow */
	uint16_t error;
	bool answer; /* the three above are there */
	uint16_t pduref;
};

uint32_t s7_ask_key(const struct scene *s, uint16_t pduref, bool userdata, bool asking);

/* s7comm_items.c */
void s7_read_addresses(struct scene *s, struct cur *c, unsigned count, struct s7_ask *ask);
void s7_read_values(
	struct scene *s, struct cur *c, unsigned count, const struct s7_ask *ask, bool written);
void s7_read_codes(struct scene *s, struct cur *c, unsigned count);
void s7_item_value(struct scene *s, const struct s7_item *item, struct cur c, bool written);
void s7_point_name(const struct point_at *at, char name[POINT_NAME]);

/* s7comm_blocks.c: the parameter (and data) of block, PI service and stop messages. */
void s7_read_block_message(
	struct scene *s, uint8_t function, uint8_t rosctr, struct cur *c, struct cur *data);
uint16_t s7_pi_find(struct cur c, uint8_t function); /* row of a PI service or stop request */
void s7_read_block_name(struct scene *s, struct cur c, bool identified);

/* s7comm_userdata.c */
void s7_read_userdata(struct scene *s, const struct s7_userdata *u, struct cur *data);

void s7_add_clock(struct scene *s, struct cur *c);

/* s7comm_alarm.c */
void s7_read_alarm(struct scene *s, const struct s7_userdata *u, struct cur *c);
void s7_read_alarm_query(struct scene *s, const struct s7_userdata *u, struct cur *c);

/* s7comm_szl.c */
void s7_read_szl(struct scene *s, struct cur *c, bool answer);

/* s7comm_names.c: the rows, and the fields that several files fill. */
extern const struct field s7_return_code, s7_transport_size, s7_length, s7_value;
extern const struct field s7_diagnostic[];
extern const struct field s7_item_specification, s7_item_specification_length, s7_item_syntax;
extern const struct msg s7_msgs[];

#endif

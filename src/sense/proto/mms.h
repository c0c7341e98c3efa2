/* MMS, the parts that its files share.  Private to the dissector. */
#ifndef SENSE_PROTO_MMS_H
#define SENSE_PROTO_MMS_H

#include "sense/proto/mms_data.h"

/* ISO 9506-2, 7.1: MMSpdu */
enum mms_pdu {
	MMS_REQUEST = 0,
	MMS_RESPONSE = 1,
	MMS_ERROR = 2,
	MMS_UNCONFIRMED = 3,
	MMS_REJECT = 4,
	MMS_CANCEL = 5,
	MMS_CANCEL_RESPONSE = 6,
	MMS_CANCEL_ERROR = 7,
	MMS_INITIATE = 8,
	MMS_INITIATE_RESPONSE = 9,
	MMS_INITIATE_ERROR = 10,
	MMS_CONCLUDE = 11,
	MMS_CONCLUDE_RESPONSE = 12,
	MMS_CONCLUDE_ERROR = 13,
};

/* ISO 9506-2, 7.4: the services that code reads by hand; the others are rows of mms_services.c. */
enum mms_service {
	MMS_IDENTIFY = 2,
	MMS_READ = 4,
	MMS_WRITE = 5,
	MMS_DEFINE_LIST = 11,
	MMS_DEFINE_TYPE = 14,
	MMS_FILE_DIRECTORY = 77,
	MMS_SERVICE_LAST = 78,
};

/* Codes of the message rows: confirmed services stand for themselves. */
enum mms_row {
	MMS_ROW_UNKNOWN = 0x80,
	MMS_ROW_UNCONFIRMED = 0x100, /* and 0x101, 0x102 */
	MMS_ROW_UNCONFIRMED_UNKNOWN = 0x103,
	MMS_ROW_INITIATE = 0x200,
	MMS_ROW_LOGIN, /* with a password */
	MMS_ROW_CONCLUDE,
	MMS_ROW_CANCEL,
	MMS_ROW_REJECT,
	MMS_ROW_RELEASE,
	MMS_ROW_ABORT,
	MMS_ROW_SESSION,
	/* Reads and writes of what IEC 61850 gives a meaning to. */
	MMS_ROW_SELECT = 0x300,
	MMS_ROW_SELECT_WITH_VALUE,
	MMS_ROW_OPERATE,
	MMS_ROW_CANCEL_OPERATION,
	MMS_ROW_SETTING,
	MMS_ROW_SUBSCRIBE,
	MMS_ROW_PUBLISHER,
};

/* What the layers between transport and MMS say of an association. */
struct mms_association {
	uint8_t spdu; /* ISO 8327-1: kind of the session's unit; 0: MMS right on the transport */
	struct cur calling_session, called_session;
	struct cur calling_presentation, called_presentation, responding_presentation;
	struct cur context;
	struct cur called_title, called_qualifier;
	struct cur calling_title, calling_qualifier;
	struct cur responding_title, responding_qualifier;
	struct cur password;
	bool has_result, has_diagnostic, has_password;
	uint64_t result, diagnostic;
};

enum { MMS_WRITTEN_MAX = 8, MMS_NAMES_SIZE = 480 };

/* What an answer needs of its request: names "domain/item" one after the other, each with its
 * length in front, and the first values of a write. */
struct mms_asked {
	uint16_t row;
	uint8_t service;
	bool list; /* the one name is a list's, whose entries have numbers */
	bool full; /* there was no room for all names */
	uint8_t name_count, written_count;
	uint16_t names_used;
	struct {
		uint32_t path;
		uint8_t entry;
		double value;
	} written[MMS_WRITTEN_MAX];
	uint8_t names[MMS_NAMES_SIZE];
};

/* Peers of ICCP ask each other: who is client and who server is said once, by who associates, or,
 * in the middle of a conversation, by who is first seen asking or answering. */
struct mms_state {
	bool roles;
};

extern const struct msg mms_rows[];
extern const struct data_names mms_data_names;

/* What is asked without a call number, in numbers that calls do not reach. */
enum {
	MMS_ASKED_CANCEL = 0x40000000, /* and the number of the call */
	MMS_ASKED_RELEASE = 0x7ffffffd,
	MMS_ASKED_CONCLUDE = 0x7ffffffe,
	MMS_ASKED_INITIATE = 0x7fffffff,
};
void mms_asks(struct scene *s, uint32_t what);
void mms_answers(struct scene *s, uint32_t what);

/* One PDU: begins its fact, with what `a` says in front, and fills it. */
enum parsed mms_read_pdu(struct scene *s, struct cur c, const struct mms_association *a);
void mms_begin(struct scene *s, uint32_t row, enum dir dir, const struct mms_association *a);

/* Bodies of confirmed services by their rows; false where they are not what the standard says. */
bool mms_read_body(struct scene *s, unsigned service, enum dir dir, const struct element *body);

/* mms_names.c: names are told, and kept in `asked` unless that is NULL. */
bool mms_add_name(struct scene *s, struct cur *c, struct mms_asked *asked);
bool mms_add_address(struct scene *s, struct cur c, struct mms_asked *asked);
bool mms_add_variables(struct scene *s, struct cur *c, struct mms_asked *asked);
/* The choice of one list by its name, or of variables one by one. */
bool mms_add_specification(struct scene *s, const struct element *e, struct mms_asked *asked);
struct cur mms_name_at(const struct mms_asked *asked, unsigned n); /* or a bad cursor */
bool mms_name_ends(const struct cur *name, const char *word);
/* Row of a call: what a read or write means by the name of its first variable. */
uint32_t mms_row_of(unsigned service, struct cur specification);
/* A control block or a command: what stands in it is no value of the plant. */
bool mms_is_block(const struct cur *name);
void mms_say_kind(struct scene *s, const struct cur *name);

/* mms_variables.c: reads, writes and reports. */
bool mms_read_request(struct scene *s, unsigned service, struct cur c, struct mms_asked *asked);
bool mms_read_answer(struct scene *s, unsigned service, struct cur c, struct mms_asked *asked);
bool mms_read_report(struct scene *s, struct cur c);
void mms_point_name(const struct point_at *at, char name[POINT_NAME]);

#endif

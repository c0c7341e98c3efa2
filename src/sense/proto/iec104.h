/* The inside of the IEC 60870-5-104 dissector: what its files share.
 *
 *   iec104.c           APCI: whose stream, how long, I, S and U frames (60870-5-104, clause 5)
 *   iec104_asdu.c      the data unit identifier, causes, pairing (60870-5-101, 7.2)
 *   iec104_table.c     the types: what each is made of, and what it does (60870-5-101, 7.3)
 *   iec104_elements.c  information elements, time tags, points (60870-5-101, 7.2.6) */
#ifndef SENSE_PROTO_IEC104_H
#define SENSE_PROTO_IEC104_H

#include "sense/proto.h"

/* What stands at an address before its time tag. */
enum iec104_element {
	E_NONE,
	E_SINGLE,     /* SIQ */
	E_DOUBLE,     /* DIQ */
	E_STEP,       /* VTI, QDS */
	E_BITS,       /* BSI, QDS */
	E_NORMALIZED, /* NVA, QDS */
	E_SCALED,     /* SVA, QDS */
	E_FLOAT,      /* R32, QDS */
	E_TOTAL,      /* BCR */
	E_EVENT,      /* SEP, CP16 */
	E_STARTS,     /* SPE, QDP, CP16 */
	E_OUTPUTS,    /* OCI, QDP, CP16 */
	E_PACKED,     /* SCD, QDS */
	E_NORMALIZED_BARE,
	E_SINGLE_COMMAND,       /* SCO */
	E_DOUBLE_COMMAND,       /* DCO */
	E_STEP_COMMAND,         /* RCO */
	E_SET_NORMALIZED,       /* NVA, QOS */
	E_SET_SCALED,           /* SVA, QOS */
	E_SET_FLOAT,            /* R32, QOS */
	E_SET_BITS,             /* BSI */
	E_INITIALIZED,          /* COI */
	E_INTERROGATION,        /* QOI */
	E_COUNTERS,             /* QCC */
	E_TEST,                 /* FBP */
	E_RESET,                /* QRP */
	E_DELAY,                /* CP16 */
	E_TEST_COUNT,           /* TSC */
	E_PARAMETER_NORMALIZED, /* NVA, QPM */
	E_PARAMETER_SCALED,     /* SVA, QPM */
	E_PARAMETER_FLOAT,      /* R32, QPM */
	E_ACTIVATION,           /* QPA */
	E_FILE_READY,           /* NOF, LOF, FRQ */
	E_SECTION_READY,        /* NOF, NOS, LOF, SRQ */
	E_CALL,                 /* NOF, NOS, SCQ */
	E_LAST,                 /* NOF, NOS, LSQ, CHS */
	E_ACKNOWLEDGE,          /* NOF, NOS, AFQ */
	E_SEGMENT,              /* NOF, NOS, LOS, so many bytes */
	E_DIRECTORY,            /* NOF, LOF, SOF */
	E_QUERY,                /* NOF, two CP56 */
	E_SECURITY,             /* 60870-5-7: what it holds is nobody's business here */
	E_COUNT
};

enum iec104_time { TIME_NONE, TIME_CP24, TIME_CP56 };

/* Who sends a type, and which causes it may have (60870-5-101, table 14). */
enum iec104_class { MONITOR, COMMAND, SYSTEM, PARAMETER, FILES, SECURITY };

struct iec104_type {
	struct msg row;
	struct msg select, cancel; /* COMMAND */
	uint8_t element, time, class;
};

enum iec104_type_code {
	TYPE_FIRST_MONITOR_PARAMETER = 110,
	TYPE_INTERROGATION = 100,
	TYPE_COUNTERS = 101,
	TYPE_READ = 102,
	TYPE_RESET = 105,
	TYPE_CALL = 122,
	TYPE_ACKNOWLEDGE = 124,
	TYPE_DIRECTORY = 126,
};

/* Causes of transmission, 7.2.3. */
enum iec104_cause {
	CAUSE_REQUESTED = 5,
	CAUSE_ACTIVATION = 6,
	CAUSE_ACTIVATION_CONFIRMED = 7,
	CAUSE_DEACTIVATION = 8,
	CAUSE_DEACTIVATION_CONFIRMED = 9,
	CAUSE_TERMINATION = 10,
	CAUSE_FILE = 13,
	CAUSE_INTERROGATED = 20,       /* to 36: by group */
	CAUSE_COUNTERS_REQUESTED = 37, /* to 41 */
	CAUSE_COUNTERS_LAST = 41,
	CAUSE_UNKNOWN_TYPE = 44,
	CAUSE_UNKNOWN_OBJECT = 47,
};

/* One application service data unit while it is read. */
struct iec104_asdu {
	const struct iec104_type *type; /* NULL: one that the standard does not know */
	uint8_t code, count, cause, originator;
	bool sequence, negative, test;
	bool tell, written; /* its values are points; somebody set them */
	uint16_t station;
};

/* What a conversation knows of its two ends. */
struct iec104_state {
	uint8_t controlling; /* side that commands, plus 1; 0: nobody knows yet */
	bool lost[2];        /* a side's last bytes were no APDU: one malformed message */
};

enum { IEC104_IDENTIFIER = 6, IEC104_ADDRESS = 3 };

const struct iec104_type *iec104_type(uint8_t code); /* or NULL */
bool iec104_cause_fits(const struct iec104_type *type, uint8_t cause);
/* The objects' bytes behind the identifier are as many as its type and count ask for. */
bool iec104_fits(const struct iec104_asdu *a, struct cur objects);
size_t iec104_element_size(enum iec104_element e);

struct iec104_asdu iec104_identifier(struct cur *c);
/* `apci` adds the values of the layer below to the fact just begun. */
enum parsed iec104_asdu(struct scene *s, struct cur c, uint16_t tx, uint16_t rx);
void iec104_apci_values(struct scene *s, uint16_t tx, uint16_t rx);

bool iec104_objects(struct scene *s, const struct iec104_asdu *a, struct cur c);
void iec104_point_name(const struct point_at *at, char name[POINT_NAME]);
void iec104_controls(struct scene *s, bool sender);

#endif

/* Findings: the small vocabulary people sort by, and the row a detection describes itself with. */
#ifndef EVENT_CLASS_H
#define EVENT_CLASS_H

#include <stdint.h>

enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_MAJOR, SEVERITY_CRITICAL };

enum finding_engine {
	ENGINE_POLICY,
	ENGINE_PROTOCOL,
	ENGINE_MALWARE,
	ENGINE_ANOMALY,
	ENGINE_OPERATIONAL
};

const char *severity_name(enum severity s);     /* "critical" */
const char *engine_name(enum finding_engine e); /* "policy violation" */

/* What a detection is, for every place that shows it. */
struct detection_row {
	const char *id;    /* "ot.controller-stop" */
	const char *class; /* one word of the vocabulary in class.c */
	uint8_t engine, severity;
	const char *title;
	const char *technique; /* ATT&CK for ICS: "T0858"; else Enterprise: "T1047", "T1003.006" */
	const char *next;      /* what to do now, one or two sentences */
};

/* The vocabulary of classes, ended by NULL: every row's class stands in it (held by a test). */
extern const char *const finding_classes[];

#endif

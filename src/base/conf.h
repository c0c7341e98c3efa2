/* Settings files: strict YAML, bound to C structs by tables.
 *
 * A table says which keys a mapping may have, of which type, and where the value goes.  The types
 * stand in the table, never in the file: `yes` is text unless a bool is wanted, and then it is
 * wrong.  Refused outright: anchors, aliases, tags, directives, a second document, NUL, duplicate
 * and unknown keys.  Up to CONF_WRONG_MAX mistakes are collected, so that a file is mended in one
 * go.  Each says where (file:line:column), what (the path of keys), what was found, what was
 * expected.
 *
 * What was bound points into the `struct conf` and lives as long as it does. */
#ifndef BASE_CONF_H
#define BASE_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	CONF_FILE_MAX = 1 << 20, /* bytes: a thousand zones fit many times */
	CONF_DEPTH_MAX = 16,     /* lists and mappings within each other */
	CONF_NODES_MAX = 100000, /* keys and values of one file: bounds memory to some MiB */
	CONF_WRONG_MAX = 20,
	CONF_KEYS_MAX = 64, /* keys of one table */
	CONF_PATH = 96,
};

struct conf;
struct conf_wrong;

/* Where a value stands.  Both count from 1; columns count characters. */
struct conf_place {
	unsigned line, column;
};

struct conf_text {
	const char *text; /* NULL: the key was not there */
	struct conf_place place;
};

struct conf_list {
	void *items; /* of the table's size each; struct conf_text for CONF_TEXTS */
	size_t count;
};

enum conf_type {
	CONF_TEXT,    /* struct conf_text: one line, no control characters */
	CONF_PROSE,   /* struct conf_text: may have several lines */
	CONF_UINT,    /* uint64_t: decimal digits */
	CONF_BOOL,    /* bool: true or false */
	CONF_REAL,    /* double: decimal, with point and exponent if wanted */
	CONF_WORD,    /* unsigned: index into `words` */
	CONF_TEXTS,   /* struct conf_list of struct conf_text */
	CONF_STRUCT,  /* the struct itself */
	CONF_STRUCTS, /* struct conf_list of structs */
};

struct conf_key {
	const char *name; /* NULL ends a table */
	uint8_t type;     /* enum conf_type */
	bool required;
	size_t at; /* offset in the struct */
	/* Bounds, both included: of a UINT or REAL, of the bytes of a text, of the items of a list.
	 * max 0: no upper bound. */
	uint64_t min, max;
	const char *const *words;    /* CONF_WORD: ended by NULL */
	const struct conf_table *of; /* CONF_STRUCT, CONF_STRUCTS */
};

struct conf_table {
	const struct conf_key *keys;
	size_t size;     /* of the struct */
	size_t place_at; /* offset of its struct conf_place; CONF_NO_PLACE: it has none */
	/* May be NULL: says with conf_wrong_at() what no key can say alone.  It is asked whether
	 * other mistakes were found or not, so that all are told at once: what was wrong is zero in
	 * `of`. Negative only without memory. */
	int (*check)(struct conf *c, void *of, struct conf_wrong *wrong);
};

#define CONF_NO_PLACE SIZE_MAX

/* What was wrong, in the order of the file. */
struct conf_wrong {
	size_t count; /* in `rows` */
	size_t more;  /* found beyond them, further on in the file */
	struct conf_wrong_row {
		struct conf_place place;
		char text[320]; /* "zones.yaml:4:10: zones[0].level: found '7', expected ..." */
	} rows[CONF_WRONG_MAX];
};

/* Reads and binds.  On failure NULL: `wrong` has every mistake of the file (none when it could not
 * be read at all) and `e` the first one.  `out` is filled on success only. */
struct conf *conf_open(const char *path, const struct conf_table *table, void *out,
	struct conf_wrong *wrong, struct err *e);
/* The same over bytes in memory; `name` stands for the file in messages. */
struct conf *conf_of(const char *name, const void *bytes, size_t size,
	const struct conf_table *table, void *out, struct conf_wrong *wrong, struct err *e);
void conf_free(struct conf *c);

const char *conf_name(const struct conf *c); /* last part of the file's path */

/* For what a table cannot say: a mistake at a place, in the words "found ..., expected ...". */
void conf_wrong_at(const struct conf *c, struct conf_wrong *wrong, struct conf_place place,
	const char *path, const char *fmt, ...) PRINTF(5);
/* Memory that is freed with the conf, zeroed; NULL without memory. */
void *conf_alloc(struct conf *c, size_t size);

#endif

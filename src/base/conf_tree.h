/* Private to conf: a YAML file as a tree, before anybody has said what it should be. */
#ifndef BASE_CONF_TREE_H
#define BASE_CONF_TREE_H

#include "base/conf.h"

enum node_kind { NODE_TEXT, NODE_LIST, NODE_MAP };

struct node {
	uint8_t kind; /* enum node_kind */
	bool plain;   /* text without quotes */
	struct conf_place place;
	const char *text; /* NUL-terminated, and without a NUL inside */
	size_t size;
	struct node *first, *next; /* items of a list; keys of a mapping */
	struct node *value;        /* of a key */
	size_t count;
};

/* Reads the file.  What is wrong with it as YAML goes to `wrong`, and *root is NULL then.
 * Negative only without memory. */
int conf_tree(struct conf *c, const void *bytes, size_t size, struct conf_wrong *wrong,
	struct node **root);

#endif

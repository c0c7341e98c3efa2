/* site.yaml: what a site is called, and what it watches.
 *
 *	site: north works
 *	interfaces: [eth1, eth2]
 *	zones: zones.yaml
 *	memory: 64
 *	packets: 1024
 *
 * Strict, as all settings (base/conf.h).  A path is from the folder of the file. */
#ifndef CLI_SITE_FILE_H
#define CLI_SITE_FILE_H

#include <limits.h>

#include "base/conf.h"
#include "cli/site.h"

#define SITE_FILE "/etc/weir/site.yaml"

struct site_file {
	struct conf *conf;
	const char *name;
	const char *interfaces[SITE_SENSORS];
	unsigned count;
	char zones[PATH_MAX]; /* "" for none */
	uint64_t memory;      /* MiB of each sensor's tables */
	uint64_t packets;     /* MiB of disk for packets; 0: none are kept */
};

/* Each mistake is said on standard error, the last one is the error. */
int site_file_read(struct site_file *f, const char *path, struct err *e) MUST_USE;
void site_file_done(struct site_file *f);
/* One with every key, explained. */
void site_file_example(
	struct out *o, const char *name, const char *const *interfaces, size_t count);

#endif

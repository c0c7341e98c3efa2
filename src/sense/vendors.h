/* Who made a network card: the IEEE's lists of address blocks (MA-L, MA-M, MA-S, IAB), as Debian's
 * ieee-data ships them or as somebody brings a newer copy, in the registry's CSV or text form.
 *
 * One sorted table of prefixes and one heap of names, about 1.4 MiB for all 47,000 blocks. */
#ifndef SENSE_VENDORS_H
#define SENSE_VENDORS_H

#include <stdint.h>

#include "base/err.h"

#define VENDORS_PATH "/usr/share/ieee-data"

struct vendors;

/* A folder with oui, mam, oui36 and iab (.csv, or .txt where there is none), or one such file.
 * -ENOENT when the folder has none of them. */
struct vendors *vendors_open(const char *path, struct err *e);
void vendors_free(struct vendors *v);

/* The organisation, the longest block first; "locally administered"; NULL: nobody knows. */
const char *vendors_find(const struct vendors *v, const uint8_t mac[6]);
/* "2022-08-27": what the list says of itself, or else when its newest file was changed. */
const char *vendors_date(const struct vendors *v);

#endif

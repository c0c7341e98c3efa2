/* Packets that were kept, asked for: what weir packets does, and weir alert pcap for an alert. */
#ifndef CLI_PACKETS_ASK_H
#define CLI_PACKETS_ASK_H

#include "cli/cli.h"

struct packets_opts {
	const char *dir, *from, *to, *around, *margin, *write;
	struct texts hosts;
	bool json;
};

int packets_run(struct cli *cli, const struct packets_opts *o, struct err *e); /* an exit code */

#endif

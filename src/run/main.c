/* weir: one program, one verb at a time, or one of its processes. */
#include <string.h>

#include "base/attr.h"
#include "cli/cli.h"
#include "run/process.h"

static const struct {
	const char *name;
	int (*run)(char **arguments);
} processes[] = { { "core", core_main }, { "evidence", evidence_main }, { "key", key_main },
	{ "packets", packets_main }, { "password", password_main }, { "recall", recall_main },
	{ "sealer", sealer_main }, { "sense", sense_main }, { "site", site_main },
	{ "tap", tap_main }, { "witness", witness_main } };

static int run_process(char **words)
{
	for (size_t i = 0; words[0] && i < COUNT_OF(processes); i++)
		if (strcmp(words[0], processes[i].name) == 0)
			return processes[i].run(words + 1);
	cli_say("--process: there is no such process", "weir --help");
	return EXIT_ASKED_WRONGLY;
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--process") == 0)
		return run_process(argv + 2);
	return cli_main(argc, argv);
}

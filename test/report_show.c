/* Prints one form of the report about a made-up plant: report_show PLANT FORM [COLUMNS] [all]
 * [colour].  For the script that asks other tools what they think of it, and for looking at it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/report.h"
#include "sample_plant.h"

static struct sample *plant_named(const char *name)
{
	if (strcmp(name, "empty") == 0)
		return sample_empty();
	if (strcmp(name, "small") == 0)
		return sample_small();
	if (strcmp(name, "hostile") == 0)
		return sample_hostile();
	if (strcmp(name, "flat") == 0)
		return sample_flat(60);
	unsigned long assets = strtoul(name, NULL, 10);
	return assets >= 20 && assets <= 100000 ? sample_large((uint32_t)assets) : NULL;
}

int main(int argc, char **argv)
{
	static char buffer[65536];
	struct out o = out_fd(1, buffer, sizeof buffer);
	struct err e = { 0 };
	struct sample *s = argc > 2 ? plant_named(argv[1]) : NULL;
	if (!s) {
		fputs("report_show empty|small|hostile|flat|NUMBER json|lines|text|html|svg\n",
			stderr);
		return 2;
	}
	const struct plant *p = sample_plant(s);
	struct report_style style = { .columns = 100 };
	for (int i = 3; i < argc; i++) {
		if (strcmp(argv[i], "all") == 0)
			style.all = true;
		else if (strcmp(argv[i], "colour") == 0)
			style.colour = true;
		else
			style.columns = (unsigned)strtoul(argv[i], NULL, 10);
	}
	if (strcmp(argv[2], "json") == 0)
		report_json(p, &o);
	else if (strcmp(argv[2], "lines") == 0)
		report_json_lines(p, &o);
	else if (strcmp(argv[2], "html") == 0)
		report_html(p, &o);
	else if (strcmp(argv[2], "svg") == 0)
		report_svg(p, &o);
	else if (strcmp(argv[2], "text") == 0)
		report_text(p, &style, &o);
	sample_free(s);
	return out_flush(&o, &e) ? 1 : 0;
}

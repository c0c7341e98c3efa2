#include "cli/site_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "report/table.h"

const char *view_text(const json_t *of, const char *member)
{
	const char *text = json_string_value(json_object_get(of, member));
	return text ? text : "";
}

const char *view_time(const json_t *of, const char *member, char text[WORD])
{
	int64_t ns;
	const char *value = view_text(of, member);
	text[0] = 0;
	if (clock_read(value, &ns))
		snprintf(text, WORD, "%.10s %.8s", value, value + 11);
	return text;
}

uint64_t view_number(const json_t *of, const char *member)
{
	json_int_t n = json_integer_value(json_object_get(of, member));
	return n > 0 ? (uint64_t)n : 0;
}

const char *view_count(const json_t *of, const char *member, char text[WORD])
{
	char digits[WORD];
	int size = snprintf(
		digits, sizeof digits, "%llu", (unsigned long long)view_number(of, member));
	char *at = text;
	for (int i = 0; i < size; i++) {
		if (i && (size - i) % 3 == 0)
			*at++ = ',';
		*at++ = digits[i];
	}
	*at = 0;
	return text;
}

void view_list(const json_t *of, const char *member, char *text, size_t size)
{
	size_t i;
	const json_t *item;
	struct out o = out_mem(text, size);
	json_array_foreach(json_object_get(of, member), i, item)
	{
		const char *word = json_string_value(item);
		if (!word || o.used + strlen(word) + 6 > size)
			break;
		out_str(&o, i ? ", " : "");
		out_str(&o, word);
	}
	out_text(&o);
}

void view_json(struct out *o, const json_t *answer)
{
	char *text = json_dumps(answer, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	out_str(o, text ? text : "{}");
	out_char(o, '\n');
	free(text);
}

struct view {
	const json_t *list;
	const struct view_column *columns;
};

static void fill(const void *self, uint32_t item, struct cell *cells)
{
	const struct view *v = self;
	const json_t *row = json_array_get(v->list, item);
	for (unsigned i = 0; v->columns[i].title; i++) {
		const json_t *value = json_object_get(row, v->columns[i].member);
		char *text = cells[i].text;
		text[0] = 0;
		if (json_is_array(value))
			view_list(row, v->columns[i].member, text, CELL_TEXT);
		else if (json_is_integer(value))
			view_count(row, v->columns[i].member, text);
		else if (json_is_true(value))
			snprintf(text, CELL_TEXT, "yes");
		else if (json_is_string(value) && !*view_time(row, v->columns[i].member, text))
			snprintf(text, CELL_TEXT, "%.*s", CELL_TEXT - 1, json_string_value(value));
	}
}

void view_table(struct cli *cli, const json_t *list, const struct view_column *columns)
{
	struct column head[TABLE_COLUMNS] = { { 0 } };
	const struct view v = { list, columns };
	size_t count = json_array_size(list);
	for (unsigned i = 0; columns[i].title && i < TABLE_COLUMNS - 1; i++)
		head[i] = (struct column){ .title = columns[i].title,
			.min = (uint8_t)columns[i].min,
			.max = (uint8_t)columns[i].max,
			.right = columns[i].right };
	struct table t = table_of(head, 0, fill, &v);
	for (uint32_t i = 0; i < count; i++)
		table_measure(&t, i);
	table_narrow(&t, cli->columns);
	table_titles(&t, cli->out, cli->colour ? "\033[1m" : NULL);
	for (uint32_t i = 0; i < count; i++)
		table_row(&t, cli->out, i);
}

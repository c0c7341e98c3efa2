#include "report/table.h"

#include <assert.h>
#include <string.h>

#include "report/glyph.h"

struct table table_of(const struct column *columns, unsigned indent,
	void (*fill)(const void *self, uint32_t item, struct cell *cells), const void *self)
{
	struct table t = { .columns = columns, .fill = fill, .self = self, .indent = indent };
	for (; columns[t.count].title; t.count++) {
		assert(t.count < TABLE_COLUMNS);
		unsigned width = text_width(columns[t.count].title);
		t.width[t.count] = width > columns[t.count].min ? width : columns[t.count].min;
	}
	return t;
}

void table_measure(struct table *t, uint32_t item)
{
	struct cell cells[TABLE_COLUMNS] = { 0 };
	t->fill(t->self, item, cells);
	for (size_t i = 0; i < t->count; i++) {
		unsigned width = text_width(cells[i].text);
		if (width > t->columns[i].max)
			width = t->columns[i].max;
		if (width > t->width[i])
			t->width[i] = width;
	}
}

void table_narrow(struct table *t, unsigned columns)
{
	for (;;) {
		unsigned sum = t->indent + (unsigned)(t->count - 1) * TABLE_GAP, spare = 0;
		size_t widest = 0;
		for (size_t i = 0; i < t->count; i++) {
			sum += t->width[i];
			unsigned over = t->width[i] - t->columns[i].min;
			if (t->width[i] > t->columns[i].min && over >= spare) {
				spare = over;
				widest = i;
			}
		}
		if (sum <= columns || !spare)
			return;
		t->width[widest]--;
	}
}

static void spaces(struct out *o, unsigned count)
{
	while (count--)
		out_char(o, ' ');
}

/* Blanks are owed and paid before the next text, so that no line ends in them. */
static void put_cells(const struct table *t, struct out *o, const struct cell *cells)
{
	unsigned owed = t->indent;
	for (size_t i = 0; i < t->count; i++) {
		unsigned width = text_width(cells[i].text);
		unsigned shown = width < t->width[i] ? width : t->width[i],
			 pad = t->width[i] - shown;
		if (t->columns[i].right)
			owed += pad;
		if (shown) {
			spaces(o, owed);
			if (cells[i].paint)
				out_str(o, cells[i].paint);
			/* A wide character may leave one column of its room empty. */
			owed = shown - text_fit(o, cells[i].text, t->width[i]);
			if (cells[i].paint)
				out_str(o, "\x1b[0m");
		} else {
			owed += shown;
		}
		owed += (t->columns[i].right ? 0 : pad) + TABLE_GAP;
	}
	out_char(o, '\n');
}

void table_titles(const struct table *t, struct out *o, const char *paint)
{
	struct cell cells[TABLE_COLUMNS] = { 0 };
	for (size_t i = 0; i < t->count; i++) {
		size_t size = strlen(t->columns[i].title);
		assert(size < CELL_TEXT);
		memcpy(cells[i].text, t->columns[i].title, size + 1);
		cells[i].paint = paint;
	}
	put_cells(t, o, cells);
}

void table_row(const struct table *t, struct out *o, uint32_t item)
{
	struct cell cells[TABLE_COLUMNS] = { 0 };
	t->fill(t->self, item, cells);
	put_cells(t, o, cells);
}

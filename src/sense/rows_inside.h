/* What rows.c and rows_write.c share. */
#ifndef SENSE_ROWS_INSIDE_H
#define SENSE_ROWS_INSIDE_H

#include "base/out.h"
#include "sense/engine.h"
#include "sense/rows.h"

/* Longer words are cut; what somebody says of himself is never longer (inventory.c). */
enum { ROW_TEXT_MAX = 1024, ROW_MAX = 4096 };

/* The pool whose items are the rows of this kind; NULL: it has a single row. */
const struct pool *rows_pool(const struct sense *s, enum row_kind kind);
/* The fields of a row. */
void rows_write(const struct sense *s, enum row_kind kind, uint32_t number, struct out *o);

#endif

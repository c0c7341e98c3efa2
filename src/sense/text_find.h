/* Words in the texts of facts, for detections: without regard to case. */
#ifndef SENSE_TEXT_FIND_H
#define SENSE_TEXT_FIND_H

#include <string.h>
#include <strings.h>

#include "base/out.h"
#include "event/fact.h"

static inline bool text_at(const struct value *v, size_t at, const char *word)
{
	size_t size = strlen(word);
	return v->type == VALUE_TEXT && at <= v->size && size <= v->size - at &&
		strncasecmp((const char *)v->bytes + at, word, size) == 0;
}

static inline bool text_ends(const struct value *v, const char *word)
{
	size_t size = strlen(word);
	return v->size >= size && text_at(v, v->size - size, word);
}

static inline bool text_contains(const struct value *v, const char *word)
{
	const int first = word[0] | 0x20; /* most places are none already by their first letter */
	for (size_t at = 0; v->type == VALUE_TEXT && at < v->size; at++)
		if ((v->bytes[at] | 0x20) == first && text_at(v, at, word))
			return true;
	return false;
}

/* The next text of the fact, from *at on, in a field of one of these names; NULL: no more.  Most
 * values are numbers, and no name is looked at. */
static inline const struct value *text_among(
	const struct fact *f, size_t *at, const char *const *fields)
{
	while (*at < f->value_count) {
		const struct value *v = &f->values[(*at)++];
		for (size_t i = 0; v->type == VALUE_TEXT && fields[i]; i++)
			if (strcmp(v->field->name, fields[i]) == 0)
				return v;
	}
	return NULL;
}

/* Words in front, then at most so many bytes of it: none that a terminal would not like, and no
 * half of a letter. */
static inline void text_show(struct out *o, const char *before, const struct value *v, size_t most)
{
	if (v->type != VALUE_TEXT || !v->size)
		return;
	size_t size = v->size < most ? v->size : most;
	while (size && size < v->size && (v->bytes[size] & 0xc0) == 0x80)
		size--;
	out_str(o, before);
	for (size_t i = 0; i < size; i++)
		out_char(o, v->bytes[i] < 0x20 || v->bytes[i] == 0x7f ? '?' : (char)v->bytes[i]);
}

#endif

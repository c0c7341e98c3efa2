/* Attacks on web servers in addresses, headers and forms: a few words each that no page needs and
 * many attacks have.  Letters may be written as numbers, and those again (RFC 3986, 2.4 says not
 * to). */
#include "sense/proto/http_trick.h"

#include "sense/proto/text.h"

enum { LOOK_MAX = 1024, ROUNDS = 2 };

static const struct {
	const char *word, *means;
} tricks[] = {
	{ "${jndi:", "a lookup that loads a program" },              /* CVE-2021-44228 */
	{ "${lower:", "a lookup that hides its name" },              /* the same, disguised */
	{ "${upper:", "a lookup that hides its name" },              /* */
	{ "${::-", "a lookup that hides its name" },                 /* */
	{ "${env:", "a lookup of the server's settings" },           /* */
	{ "freemarker.template", "a template that runs a program" }, /* CVE-2022-22954 */
	{ "java.lang.runtime", "a program within an expression" },   /* CVE-2017-5638 and others */
	{ "#_memberaccess", "a program within an expression" },      /* */
	{ "class.module.classloader", "a server's own parts" },      /* CVE-2022-22965 */
	{ "() {", "a program within a variable" },                   /* CVE-2014-6271 */
	{ "/etc/passwd", "a file that is none of a page's" },
	{ "/bin/sh", "a shell" },
	{ "/bin/bash", "a shell" },
	{ "cmd.exe", "a shell" },
	{ "powershell", "a shell" },
	{ "union select", "a database's language" },
	{ "union all select", "a database's language" },
	{ "xp_cmdshell", "a database's language" },
	{ "' or '1'='1", "a database's language" },
};

static int digit(int c)
{
	int low = text_lower(c);
	return low >= '0' && low <= '9'    ? low - '0'
		: low >= 'a' && low <= 'f' ? low - 'a' + 10
					   : -1;
}

/* One round: %2e is a dot, + is a blank.  What is no number stays. */
static struct cur decoded(struct cur c, uint8_t to[LOOK_MAX], bool *any)
{
	size_t size = 0;
	for (; c.left && size < LOOK_MAX; cur_skip(&c, 1)) {
		int byte = cur_peek(&c, 0), high = digit(cur_peek(&c, 1)),
		    low = digit(cur_peek(&c, 2));
		if (byte == '%' && high >= 0 && low >= 0) {
			byte = high << 4 | low;
			cur_skip(&c, 2);
			*any = true;
		}
		to[size++] = (uint8_t)(byte == '+' ? ' ' : byte);
	}
	return cur_of(to, size);
}

static const char *word_in(struct cur c)
{
	for (; c.left; cur_skip(&c, 1)) {
		int first = text_lower(cur_peek(&c, 0));
		for (size_t i = 0; i < COUNT_OF(tricks); i++)
			if (tricks[i].word[0] == first && text_begins(&c, tricks[i].word))
				return tricks[i].means;
	}
	return NULL;
}

const char *http_trick(struct cur text, bool coded)
{
	uint8_t rooms[ROUNDS][LOOK_MAX];
	struct cur c = cur_upto(&text, LOOK_MAX);
	/* A header has few letters that any of them begins with in earnest. */
	if (!coded)
		return cur_find(&c, '{') < 0 ? NULL : word_in(c);
	bool climbs = text_has(c, "../"), any = false;
	const char *means = word_in(c);
	for (unsigned i = 0; i < ROUNDS && !means; i++) {
		any = false;
		c = decoded(c, rooms[i], &any);
		if (!any)
			break;
		means = word_in(c);
	}
	if (!means && !climbs && text_has(c, "../"))
		return "a way out of its folder, disguised";
	return means;
}

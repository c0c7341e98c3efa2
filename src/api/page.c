/* Lists, page by page.  A page begins behind a key, not at a number: what comes or goes in between
 * moves no row from one page into another. */
#include <stdio.h>
#include <string.h>

#include "api/route.h"

struct page page_begin(struct api_call *c, const struct page_in *in)
{
	json_open(&c->json, '{');
	json_key(&c->json, "items");
	json_open(&c->json, '[');
	return (struct page){ .call = c, .left = in->limit ? in->limit : PAGE_USUAL };
}

bool page_takes(struct page *p, const char *key)
{
	if (!p->left) {
		p->more = true;
		return false;
	}
	p->left--;
	snprintf(p->next, sizeof p->next, "%s", key);
	return true;
}

int page_end(struct page *p)
{
	struct json *j = &p->call->json;
	json_close(j, ']');
	if (p->more)
		json_kv_str(j, "next", p->next);
	json_close(j, '}');
	return 200;
}

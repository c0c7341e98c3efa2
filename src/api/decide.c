#include <errno.h>
#include <string.h>

#include "api/inside.h"

int api_decide_fixed(void *self, const struct api_who *who, const char *action, const char *subject,
	struct err *why)
{
	(void)self, (void)subject;
	if (who->role == API_OWNER || scope_covers("read", action) ||
		strcmp(action, "session.end") == 0)
		return 0;
	err_set(why, -EPERM, "%s is a viewer here, and may read; %s changes something", who->name,
		action);
	return err_try(why, "ask an owner of the site");
}

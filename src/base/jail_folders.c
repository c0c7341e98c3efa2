/* Landlock, landlock(7): which files a process may still open. */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/jail.h"

enum { ALL = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1 }; /* of version 1, which every kernel has */

static const uint64_t may[] = {
	[JAIL_LOOK] = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
	[JAIL_WORK] = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
		LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
		LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
		LANDLOCK_ACCESS_FS_REMOVE_DIR,
	[JAIL_NAMES] = LANDLOCK_ACCESS_FS_READ_DIR,
};
static const uint64_t of_file = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE;

static int allow(int rules, const struct jail_folder *f, struct err *e)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = may[f->how] };
	struct stat s;
	if (!f->path)
		return 0;
	rule.parent_fd = open(f->path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0 && (errno == EMFILE || errno == ENFILE))
		return err_sys(e, "lock the process (Landlock): %s", f->path);
	if (rule.parent_fd < 0)
		return 0; /* what cannot be found here cannot be opened later */
	int r = fstat(rule.parent_fd, &s);
	if (r == 0 && !S_ISDIR(s.st_mode))
		rule.allowed_access &= of_file;
	if (r == 0)
		r = (int)syscall(
			SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	if (r < 0)
		err_sys(e, "lock the process (Landlock): %s", f->path);
	close(rule.parent_fd);
	return r < 0 ? e->code : 0;
}

int jail_folders(const struct jail_folder *list, size_t count, struct err *e)
{
	const struct landlock_ruleset_attr all = { .handled_access_fs = ALL };
	if (!jail_holds())
		return 0;
	int rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);
	if (rules < 0)
		return errno == ENOSYS || errno == EOPNOTSUPP
			? 0
			: err_sys(e, "lock the process (Landlock)");
	int r = 0;
	for (size_t i = 0; r == 0 && i < count; i++)
		r = allow(rules, &list[i], e);
	if (r == 0 &&
		(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
			syscall(SYS_landlock_restrict_self, rules, 0) < 0))
		r = err_sys(e, "lock the process (Landlock)");
	close(rules);
	return r;
}

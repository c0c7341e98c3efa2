#include "cli/passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "crypt/guarded.h"

enum { CTRL_C = 3, CTRL_D = 4 };

struct passphrase passphrase_of(const struct passphrase_kept *p)
{
	return (struct passphrase){ p->room, p->size };
}

void passphrase_drop(struct passphrase_kept *p)
{
	guarded_free(p->room);
	*p = (struct passphrase_kept){ 0 };
}

/* --- from a file --- */

static int read_all(int fd, struct passphrase_kept *p)
{
	ssize_t got;
	do {
		got = read(fd, p->room + p->size, PASSPHRASE_MAX + 1 - p->size);
		p->size += got > 0 ? (size_t)got : 0;
	} while (got > 0 || (got < 0 && errno == EINTR));
	return got < 0 ? -errno : 0;
}

/* A pipe is as good as a file, and nobody else reads it. */
static int from_file(struct passphrase_kept *p, const char *file, struct err *e)
{
	struct stat s;
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &s) < 0) {
		err_sys(e, "read the passphrase from %s", file);
		if (fd >= 0)
			close(fd);
		return e->code;
	}
	int r = 0;
	if (S_ISREG(s.st_mode) && s.st_mode & 077) {
		err_set(e, -EPERM, "others than its owner may read the passphrase in %s", file);
		r = err_try(e, "chmod 600 %s", file);
	} else if ((r = read_all(fd, p)) < 0) {
		errno = -r;
		r = err_sys(e, "read the passphrase from %s", file);
	}
	close(fd);
	return r;
}

/* --- from the terminal --- */

/* One line, typed blindly.  Signals are keys here, so that none leaves the terminal blind. */
static int read_line(int tty, struct passphrase_kept *p, struct err *e)
{
	char c = 0;
	while (c != '\n' && c != '\r') {
		ssize_t got = read(tty, &c, 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(e, "read the passphrase");
		if (got == 0 || c == CTRL_C || c == CTRL_D)
			return err_set(e, -ECANCELED, "no passphrase was given");
		if (c == '\b' || c == 0x7f)
			p->size -= p->size > 0;
		else if (p->size <= PASSPHRASE_MAX)
			p->room[p->size++] = c;
	}
	return 0;
}

static int from_terminal(struct passphrase_kept *p, const char *prompt, struct err *e)
{
	struct termios as_it_was, blind;
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (tty < 0 || tcgetattr(tty, &as_it_was) < 0) {
		if (tty >= 0)
			close(tty);
		err_set(e, -EACCES, "a passphrase is wanted, and there is no terminal to ask on");
		return err_try(e, "--passphrase-file FILE");
	}
	blind = as_it_was;
	blind.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG);
	blind.c_cc[VMIN] = 1;
	blind.c_cc[VTIME] = 0;
	int r = tcsetattr(tty, TCSAFLUSH, &blind) < 0 ? err_sys(e, "hide what is typed") : 0;
	if (r == 0 && write(tty, prompt, strlen(prompt)) < 0)
		r = err_sys(e, "ask for the passphrase");
	if (r == 0)
		r = read_line(tty, p, e);
	tcsetattr(tty, TCSAFLUSH, &as_it_was);
	if (write(tty, "\n", 1) < 0 && r == 0)
		r = err_sys(e, "ask for the passphrase");
	close(tty);
	return r;
}

/* --- both --- */

int passphrase_take(struct passphrase_kept *p, const char *file, const char *prompt, struct err *e)
{
	struct passphrase_kept held = { guarded_new(PASSPHRASE_MAX + 2, e), 0 };
	if (!held.room)
		return e->code;
	int r = file ? from_file(&held, file, e) : from_terminal(&held, prompt, e);
	/* One end of line is the editor's, a second one counts. */
	if (r == 0 && held.size && held.room[held.size - 1] == '\n')
		held.size--;
	if (r == 0 && held.size && held.room[held.size - 1] == '\r')
		held.size--;
	if (r == 0 && held.size == 0)
		r = err_set(e, -EACCES, "the passphrase is empty");
	if (r == 0 && held.size > PASSPHRASE_MAX)
		r = err_set(e, -EMSGSIZE, "a passphrase has at most %d bytes", PASSPHRASE_MAX);
	if (r < 0) {
		passphrase_drop(&held);
		return r;
	}
	*p = held;
	return 0;
}

int passphrase_choose(struct passphrase_kept *p, const char *file, struct err *e)
{
	struct passphrase_kept once = { 0 }, again = { 0 };
	int r = passphrase_take(&once, file, "New passphrase for the signing key: ", e);
	if (r == 0 && once.size < PASSPHRASE_LEAST)
		r = err_set(e, -EINVAL, "a passphrase has at least %d bytes", PASSPHRASE_LEAST);
	if (r == 0 && !file)
		r = passphrase_take(&again, NULL, "The same once more: ", e);
	if (r == 0 && again.room && once.room &&
		(again.size != once.size || memcmp(again.room, once.room, once.size) != 0))
		r = err_set(e, -EINVAL, "the two are not the same");
	passphrase_drop(&again);
	if (r < 0)
		passphrase_drop(&once);
	else
		*p = once;
	return r;
}

#include "net/credentials.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"

enum { FILE_SIZE = 16 * 1024 };

static const struct row {
	const char *name, *variable;
	size_t at, room;
} rows[] = {
#define ROW(name, variable, member)                                                                \
	{                                                                                          \
		name, variable, offsetof(struct credentials, member),                              \
			sizeof((struct credentials *)NULL)->member                                 \
	}
	ROW("aws_access_key_id", "AWS_ACCESS_KEY_ID", id),
	ROW("aws_secret_access_key", "AWS_SECRET_ACCESS_KEY", secret),
	ROW("aws_session_token", "AWS_SESSION_TOKEN", session),
	ROW("user", NULL, user),
	ROW("password", NULL, password),
	ROW("token", NULL, token),
};

void credentials_wipe(struct credentials *c)
{
	explicit_bzero(c, sizeof *c);
}

/* A control character would end the header that the value goes into. */
static int set(struct credentials *c, const struct row *row, const char *value, struct err *e)
{
	size_t size = strlen(value);
	for (size_t i = 0; i < size; i++)
		if (iscntrl((unsigned char)value[i]))
			return err_set(
				e, -EINVAL, "%s has a character that is none of it", row->name);
	if (size >= row->room)
		return err_set(e, -EINVAL, "%s is longer than %zu bytes", row->name, row->room - 1);
	memcpy((char *)c + row->at, value, size + 1);
	return 0;
}

static char *trim(char *text)
{
	text += strspn(text, " \t\r");
	size_t size = strlen(text);
	while (size && strchr(" \t\r", text[size - 1]))
		text[--size] = 0;
	return text;
}

static int read_lines(char *text, struct credentials *c, struct err *e)
{
	bool ours = true; /* of no section, or of [default] */
	char *rest = text;
	int r = 0;
	for (char *line; r == 0 && (line = strsep(&rest, "\n"));) {
		line = trim(line);
		char *equals = strchr(line, '=');
		if (*line == '[')
			ours = strcmp(line, "[default]") == 0;
		if (*line == '[' || *line == '#' || *line == ';' || !equals || !ours)
			continue;
		*equals = 0;
		char *name = trim(line);
		for (size_t i = 0; r == 0 && i < COUNT_OF(rows); i++)
			if (strcmp(rows[i].name, name) == 0)
				r = set(c, &rows[i], trim(equals + 1), e);
	}
	return r;
}

static int read_file(const char *path, char *text, struct err *e)
{
	struct stat s;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open the credentials %s", path);
	int r = fstat(fd, &s) < 0 ? err_sys(e, "read the credentials %s", path) : 0;
	if (r == 0 && (s.st_mode & 077)) {
		r = err_set(e, -EPERM, "others than its owner may read the credentials %s", path);
		err_try(e, "chmod 600 %s", path);
	}
	ssize_t got = r == 0 ? read(fd, text, FILE_SIZE) : 0;
	close(fd);
	if (got < 0)
		return err_sys(e, "read the credentials %s", path);
	text[got] = 0;
	return r;
}

int credentials_read(const char *path, struct credentials *out, struct err *e)
{
	char text[FILE_SIZE + 1];
	int r = 0;
	*out = (struct credentials){ 0 };
	if (path) {
		r = read_file(path, text, e);
		if (r == 0 && read_lines(text, out, e) < 0)
			r = err_in(e, "%s", path);
		explicit_bzero(text, sizeof text);
		return r;
	}
	for (size_t i = 0; r == 0 && i < COUNT_OF(rows); i++) {
		const char *value = rows[i].variable ? getenv(rows[i].variable) : NULL;
		if (value)
			r = set(out, &rows[i], value, e);
	}
	return r;
}

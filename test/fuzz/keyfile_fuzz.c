/* A key file that holds anything: a key, or refused in words. */
#include <assert.h>
#include <string.h>

#include "crypt/keyfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct keyfile file;
	struct sign_key *k = NULL;
	struct err e = { 0 };
	if (keyfile_parse(data, size, &file, &e) < 0) {
		assert(e.code < 0 && e.text[0]);
		return 0;
	}
	assert(size <= KEYFILE_MAX && memchr(file.name, 0, sizeof file.name));
	assert(file.version == 1 || memchr(file.made, 0, sizeof file.made));
	/* A sealed one costs a second of work and much memory: not for so many. */
	if (!file.sealed) {
		int r = keyfile_open(&file, (struct passphrase){ 0 }, &k, &e);
		assert(r == 0 ? k != NULL : r == e.code && !k && e.text[0]);
	}
	sign_key_free(k);
	keyfile_done(&file);
	return 0;
}

/* The processes of weir: `weir --process NAME ARGUMENT...`, each with its channel on fd 3. */
#ifndef RUN_PROCESS_H
#define RUN_PROCESS_H

#include "base/err.h"

/* Give an exit code.  Arguments are those behind the name, ended by NULL. */
int core_main(char **arguments);
int key_main(char **arguments);
int sealer_main(char **arguments);
int witness_main(char **arguments);

int key_lock(struct err *e) MUST_USE; /* what the process with the key is locked to */

#endif

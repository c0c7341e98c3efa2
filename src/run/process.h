/* The processes of weir: `weir --process NAME ARGUMENT...`, each with its channel on fd 3. */
#ifndef RUN_PROCESS_H
#define RUN_PROCESS_H

#include <stdint.h>

#include "base/err.h"

/* Give an exit code.  Arguments are those behind the name, ended by NULL. */
int core_main(char **arguments);
int evidence_main(char **arguments);
int key_main(char **arguments);
int packets_main(char **arguments);
int password_main(char **arguments);
int recall_main(char **arguments);
int sealer_main(char **arguments);
int sense_main(char **arguments);
int site_main(char **arguments);
int tap_main(char **arguments);
int witness_main(char **arguments);

int key_lock(struct err *e) MUST_USE; /* what the process with the key is locked to */

/* Waits for the descriptor that the warden sends under this word (cli/ledger/ledger.h); `what` says
 * in an error what did not come. */
int process_receive(uint16_t word, const char *what, int *fd, struct err *e) MUST_USE;

/* A terminal's ^C is for all processes of a job: this one ends when it is told to, or alone. */
void process_be_patient(void);

#endif

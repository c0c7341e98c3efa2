/* "That is enough": the first SIGINT, SIGTERM or SIGHUP ends the input, and what was read until
 * then is told.  The second ends the program, as all of them do where nobody catches them.
 *
 * A system call that waits comes back with EINTR.  A signal that is ignored from the start (a job
 * in the background) stays ignored. */
#ifndef BASE_INTERRUPT_H
#define BASE_INTERRUPT_H

#include <stdbool.h>

void interrupt_catch(void); /* before input that may take long */
void interrupt_drop(void);  /* behind it: signals end the program again */
bool interrupted(void);     /* since it was caught; stays true */

#endif

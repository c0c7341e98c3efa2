/* A word to systemd, as sd_notify(3) sends it: READY=1, STOPPING=1, WATCHDOG=1, STATUS=...  Nothing
 * where nobody waits for it. */
#ifndef BASE_NOTIFY_H
#define BASE_NOTIFY_H

void notify(const char *words);

#endif

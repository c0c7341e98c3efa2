#include "base/interrupt.h"

#include <signal.h>
#include <stddef.h>

#include "base/attr.h"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
static struct sigaction before[COUNT_OF(signals)];
static volatile sig_atomic_t caught;

void interrupt_drop(void)
{
	for (size_t i = 0; i < COUNT_OF(signals); i++)
		sigaction(signals[i], &before[i], NULL);
}

/* Calls nothing that a signal must not: signal-safety(7). */
static void on_signal(int number)
{
	(void)number;
	caught = 1;
	interrupt_drop();
}

void interrupt_catch(void)
{
	struct sigaction ours = { .sa_handler = on_signal }; /* no SA_RESTART: read(2) returns */
	sigemptyset(&ours.sa_mask);
	for (size_t i = 0; i < COUNT_OF(signals); i++)
		sigaddset(&ours.sa_mask, signals[i]);
	for (size_t i = 0; i < COUNT_OF(signals); i++)
		sigaction(signals[i], NULL, &before[i]);
	for (size_t i = 0; i < COUNT_OF(signals); i++)
		if (before[i].sa_handler != SIG_IGN)
			sigaction(signals[i], &ours, NULL);
}

bool interrupted(void)
{
	return caught;
}

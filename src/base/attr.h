/* Compiler attributes, spelled once. */
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

#define PRINTF(at) __attribute__((format(printf, at, (at) + 1)))
#define UNUSED     __attribute__((unused))
#define MUST_USE   __attribute__((warn_unused_result))
#define COLD       __attribute__((cold, noinline))
#define LIKELY(x)  __builtin_expect(!!(x), 1)
#define RARELY(x)  __builtin_expect(!!(x), 0)

/* Runs fn(&variable) when the variable's scope ends. */
#define on_exit_do(fn) __attribute__((cleanup(fn)))

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif

/* Text as a QR code (ISO/IEC 18004), on a terminal or as a drawing. */
#ifndef CLI_QR_H
#define CLI_QR_H

#include "base/err.h"
#include "base/out.h"

struct qr;

/* `robust`: a quarter of the paper may be dirty; else as small as it gets.  -EMSGSIZE: too long. */
int qr_new(struct qr **out, const char *text, bool robust, struct err *e) MUST_USE;
void qr_free(struct qr *q);
unsigned qr_columns(const struct qr *q); /* on a terminal, its white edge included */
/* Half blocks, or pairs of # where o->ascii; `colour`: black on white whatever the terminal has,
 * else blocks are what is white. */
void qr_print(const struct qr *q, struct out *o, bool colour);
void qr_svg(const struct qr *q, struct out *o, const char *title, const char *below);

#endif

/* Names of ISO 9506-2, 7.5 and 14.5: how they are read, and what those of IEC 61850 and of TASE.2
 * mean.
 *
 * Names are "domain/item"; IEC 61850 spells items "LLN0$ST$Mod$stVal", where the second part is a
 * functional constraint that tells settings from controls (IEC 61850-7-2, table 24). */
#include "sense/proto/ber.h"
#include "sense/proto/mms.h"

/* ISO 9506-2, 7.5.2: ObjectName; 14.5.1: VariableAccessSpecification and VariableSpecification */
enum { VMD_SPECIFIC = 0, DOMAIN_SPECIFIC = 1, ASSOCIATION_SPECIFIC = 2 };
/* IEC 61850-7-2, 22.2: object references */
enum { NAME_MAX_61850 = 129 };
enum { LIST_OF_VARIABLES = 0, LIST_NAME = 1, BY_NAME = 0, BY_ADDRESS = 1 };

static const struct field f_domain = { "mms.domainId", TEXT };
static const struct field f_item = { "mms.itemId", TEXT };
static const struct field f_vmd = { "mms.vmd_specific", TEXT };
static const struct field f_association = { "mms.aa_specific", TEXT };
static const struct field f_number = { "mms.numericAddress", BE32 };
static const struct field f_symbol = { "mms.symbolicAddress", TEXT };
static const struct field f_raw = { "mms.unconstrainedAddress", BYTES };

/* --- names --- */

static void keep_name(struct mms_asked *asked, const struct cur *domain, const struct cur *item)
{
	size_t stroke = domain->left ? 1 : 0;
	size_t size = domain->left + stroke + item->left;
	if (!asked || asked->full)
		return;
	/* Behind a name that is not kept none is: each answers to its place. */
	asked->full = size > UINT8_MAX || asked->name_count == UINT8_MAX ||
		asked->names_used + 1 + size > sizeof asked->names;
	if (asked->full)
		return;
	uint8_t *to = asked->names + asked->names_used;
	*to++ = (uint8_t)size;
	if (domain->left) {
		memcpy(to, domain->at, domain->left);
		to[domain->left] = '/';
	}
	if (item->left)
		memcpy(to + domain->left + stroke, item->at, item->left);
	asked->names_used = (uint16_t)(asked->names_used + 1 + size);
	asked->name_count++;
}

struct cur mms_name_at(const struct mms_asked *asked, unsigned n)
{
	struct cur c = cur_of(asked->names, asked->names_used);
	struct cur name = cur_bad();
	for (unsigned i = 0; i <= n && i < asked->name_count; i++)
		name = cur_sub(&c, cur_u8(&c));
	return n < asked->name_count ? name : cur_bad();
}

static bool read_name(struct cur *c, struct cur *domain, struct cur *item, uint32_t *kind)
{
	struct element e, part;
	if (!element_read(c, &e) || e.class != BER_CONTEXT || e.number > ASSOCIATION_SPECIFIC)
		return false;
	*kind = e.number;
	*domain = cur_none();
	*item = e.content;
	if (e.number != DOMAIN_SPECIFIC)
		return !e.made;
	struct cur in = e.content;
	if (!element_read(&in, &part))
		return false;
	*domain = part.content;
	if (!element_read(&in, &part))
		return false;
	*item = part.content;
	return in.left == 0;
}

bool mms_add_name(struct scene *s, struct cur *c, struct mms_asked *asked)
{
	struct cur domain, item;
	uint32_t kind;
	if (!read_name(c, &domain, &item, &kind))
		return false;
	if (kind == DOMAIN_SPECIFIC)
		fact_text(s, &f_domain, domain.at, domain.left);
	fact_text(s,
		kind == VMD_SPECIFIC              ? &f_vmd
			: kind == DOMAIN_SPECIFIC ? &f_item
						  : &f_association,
		item.at, item.left);
	keep_name(asked, &domain, &item);
	return true;
}

bool mms_add_address(struct scene *s, struct cur c, struct mms_asked *asked)
{
	struct element e;
	uint64_t v;
	if (!element_read(&c, &e))
		return false;
	if (e.number == 0 && ber_number(e.content, false, &v))
		fact_uint(s, &f_number, v);
	else if (e.number == 1)
		fact_text(s, &f_symbol, e.content.at, e.content.left);
	else
		fact_bytes(s, &f_raw, e.content.at, e.content.left);
	const struct cur none = cur_none();
	keep_name(asked, &none, e.number == 1 ? &e.content : &none);
	return true;
}

/* A sequence of sequences: what is meant, and which part of it (passed over). */
bool mms_add_variables(struct scene *s, struct cur *c, struct mms_asked *asked)
{
	const struct cur none = cur_none();
	struct element e, what;
	while (c->left) {
		if (!element_read(c, &e))
			return false;
		struct cur in = e.content;
		if (!element_read(&in, &what) || what.class != BER_CONTEXT)
			return false;
		if (what.number == BY_NAME) {
			if (!mms_add_name(s, &what.content, asked))
				return false;
		} else if (what.number == BY_ADDRESS) {
			if (!mms_add_address(s, what.content, asked))
				return false;
		} else {
			keep_name(asked, &none, &none); /* its place is taken all the same */
		}
	}
	return true;
}

/* The choice of one list by its name, or of variables one by one. */
bool mms_add_specification(struct scene *s, const struct element *e, struct mms_asked *asked)
{
	struct cur c = e->content;
	if (e->class != BER_CONTEXT || e->number > LIST_NAME)
		return false;
	if (e->number == LIST_OF_VARIABLES)
		return mms_add_variables(s, &c, asked);
	if (asked)
		asked->list = true;
	return mms_add_name(s, &c, asked);
}

/* --- what a name of IEC 61850 means --- */

bool mms_name_ends(const struct cur *c, const char *word)
{
	size_t size = strlen(word);
	if (size == 0 || c->left < size)
		return false;
	struct cur end = *c;
	cur_skip(&end, c->left - size);
	return cur_starts(&end, word);
}

static bool holds(struct cur c, const char *word)
{
	for (; c.left; cur_skip(&c, 1))
		if (cur_starts(&c, word))
			return true;
	return false;
}

/* The item of the first variable, without telling it. */
static struct cur first_item(struct cur c)
{
	struct element e;
	struct cur domain, item = { 0 };
	uint32_t kind;
	if (!element_read(&c, &e) || e.class != BER_CONTEXT || e.number != LIST_OF_VARIABLES)
		return item;
	struct cur in = e.content;
	if (!element_read(&in, &e))
		return item;
	in = e.content;
	if (!element_read(&in, &e) || e.class != BER_CONTEXT || e.number != BY_NAME)
		return item;
	in = e.content;
	return read_name(&in, &domain, &item, &kind) ? item : cur_none();
}

static const struct meaning {
	const char *constraint, *name; /* name: the end of the item, or a part of it; NULL any */
	uint32_t row;
	bool write;
} meanings[] = {
	{ "$CO$", "$SBO", MMS_ROW_SELECT, false },
	{ "$CO$", "$SBOw", MMS_ROW_SELECT_WITH_VALUE, true },
	{ "$CO$", "$Cancel", MMS_ROW_CANCEL_OPERATION, true },
	{ "$CO$", NULL, MMS_ROW_OPERATE, true },
	{ "$BR$", NULL, MMS_ROW_SUBSCRIBE, true },
	{ "$RP$", NULL, MMS_ROW_SUBSCRIBE, true },
	{ "$LG$", NULL, MMS_ROW_SUBSCRIBE, true },
	{ "$GO$", NULL, MMS_ROW_PUBLISHER, true },
	{ "$GS$", NULL, MMS_ROW_PUBLISHER, true },
	{ "$MS$", NULL, MMS_ROW_PUBLISHER, true },
	{ "$US$", NULL, MMS_ROW_PUBLISHER, true },
	{ "$CF$", NULL, MMS_ROW_SETTING, true },
	{ "$SE$", NULL, MMS_ROW_SETTING, true },
	{ "$SG$", NULL, MMS_ROW_SETTING, true },
	{ "$SP$SGCB$", NULL, MMS_ROW_SETTING, true }, /* another group of settings is used */
	{ "$DC$", NULL, MMS_ROW_SETTING, true },
	{ "$EX$", NULL, MMS_ROW_SETTING, true },
};

uint32_t mms_row_of(unsigned service, struct cur c)
{
	if (service != MMS_READ && service != MMS_WRITE)
		return service;
	struct element e = { 0 };
	struct cur at = c;
	if (service == MMS_READ) {
		/* The flag in front may be left out. */
		while (c.left && element_read(&c, &e) && e.number != 1)
			;
		at = e.content;
	}
	struct cur item = first_item(at);
	if (item.left > NAME_MAX_61850)
		return service;
	for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
		const struct meaning *m = &meanings[i];
		if (m->write == (service == MMS_WRITE) && holds(item, m->constraint) &&
			(!m->name || mms_name_ends(&item, m->name)))
			return m->row;
	}
	return service;
}

bool mms_is_block(const struct cur *name)
{
	if (!cur_ok(name) || name->left > NAME_MAX_61850)
		return false;
	for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
		if (meanings[i].row != MMS_ROW_SETTING && holds(*name, meanings[i].constraint))
			return true;
	return false;
}

/* Names that only one kind of server has: logical node zero of every logical device (IEC
 * 61850-7-4), and what each control centre of TASE.2 (IEC 60870-6-503) has. */
void mms_say_kind(struct scene *s, const struct cur *name)
{
	static const char *const tase2[] = { "TASE2_Version", "Supported_Features",
		"Bilateral_Table_ID", "Next_DSTransfer_Set", "DSConditions_Detected" };
	if (!cur_ok(name) || name->left > NAME_MAX_61850)
		return;
	if (holds(*name, "LLN0"))
		who_sender_is(s, TYPE_IED, "serves logical nodes of IEC 61850");
	for (size_t i = 0; i < sizeof tase2 / sizeof tase2[0]; i++)
		if (mms_name_ends(name, tase2[i]))
			who_sender_is(s, TYPE_SCADA, "serves ICCP as control centres do");
}

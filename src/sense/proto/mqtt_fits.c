/* MQTT: does this look like a packet?  Asked where nobody saw the CONNECT: at the beginning of a
 * stream that a capture joined late, and behind bytes it lost.  Everything the standard fixes has
 * to be right; what is long enough to be no accident fits, the others do weakly. */
#include "sense/proto/mqtt.h"

/* A topic shorter than this may be chance; so may a packet of which less than this is here. */
enum { TOPIC_SURE = 4, BEGINNING_SURE = 1024 };

static bool starts_with_name(struct cur c, bool *whole)
{
	static const uint8_t names[2][8] = { { 0, 4, 'M', 'Q', 'T', 'T' },
		{ 0, 6, 'M', 'Q', 'I', 's', 'd', 'p' } };
	for (unsigned n = 0; n < 2; n++) {
		size_t size = 2u + names[n][1], same = 0;
		while (same < size && cur_peek(&c, same) == names[n][same])
			same++;
		*whole = same == size;
		if (*whole || same == c.left)
			return true;
	}
	return false;
}

static enum mqtt_fit connect_fits(struct cur c)
{
	bool whole;
	if (!starts_with_name(c, &whole))
		return MQTT_FITS_NOT;
	return whole ? MQTT_FITS : MQTT_FITS_SO_FAR;
}

/* All of the properties, and nothing or something behind them. */
static bool properties_fit(struct cur *c, enum mqtt_type type)
{
	struct mqtt_properties found;
	return mqtt_properties(NULL, c, type, &found) && !found.odd;
}

static bool is_reason(uint8_t code)
{
	return code == 0 || code == 4 || (code >= 0x10 && code <= 0x19) ||
		(code >= 0x80 && code <= 0xa2);
}

static enum mqtt_fit connack_fits(struct cur c, bool three, bool five)
{
	uint8_t flags = cur_u8(&c), code = cur_u8(&c);
	if (!cur_ok(&c) || flags > 1 || (flags && code))
		return MQTT_FITS_NOT;
	if (!c.left)
		return three && code <= 5 ? MQTT_FITS_WEAKLY : MQTT_FITS_NOT;
	bool fits = five && is_reason(code) && properties_fit(&c, MQTT_CONNACK) && !c.left;
	return fits ? MQTT_FITS_WEAKLY : MQTT_FITS_NOT;
}

/* PUBACK to PUBCOMP, UNSUBACK of 3.1.1: an identifier; in version 5 a reason and properties too. */
static enum mqtt_fit acknowledge_fits(struct cur c, enum mqtt_type type, bool five)
{
	uint16_t id = cur_be16(&c);
	if (!cur_ok(&c) || !id)
		return MQTT_FITS_NOT;
	if (!c.left)
		return MQTT_FITS_WEAKLY;
	if (!five || !is_reason(cur_u8(&c)))
		return MQTT_FITS_NOT;
	bool fits = !c.left || (properties_fit(&c, type) && !c.left);
	return fits ? MQTT_FITS_WEAKLY : MQTT_FITS_NOT;
}

/* A quality of service; in version 5 with three more, and what to do with retained messages. */
static bool options_fit(uint8_t options, bool five)
{
	unsigned qos = options & 3u, retained = options >> 4 & 3u;
	return five ? qos < 3 && retained < 3 && !(options & 0xc0) : options < 3;
}

static bool filters_fit(struct cur c, bool options, bool five)
{
	bool any = c.left;
	while (c.left) {
		struct cur filter = mqtt_text(&c);
		if ((options && !options_fit(cur_u8(&c), five)) || !filter.left ||
			!text_is_utf8(filter))
			return false;
	}
	return cur_ok(&c) && any;
}

static enum mqtt_fit subscribe_fits(struct cur c, enum mqtt_type type, bool three, bool five)
{
	uint16_t id = cur_be16(&c);
	if (!cur_ok(&c) || !id)
		return MQTT_FITS_NOT;
	bool options = type == MQTT_SUBSCRIBE;
	if (three && filters_fit(c, options, false))
		return MQTT_FITS;
	bool fits = five && properties_fit(&c, type) && filters_fit(c, options, true);
	return fits ? MQTT_FITS : MQTT_FITS_NOT;
}

static bool are_codes(struct cur c)
{
	bool any = c.left;
	while (c.left) {
		uint8_t code = cur_u8(&c);
		if (code > 2 && code != 0x11 && (code < 0x80 || code > 0xa2))
			return false;
	}
	return any;
}

static enum mqtt_fit suback_fits(struct cur c, enum mqtt_type type, bool three, bool five)
{
	uint16_t id = cur_be16(&c);
	if (!cur_ok(&c) || !id)
		return MQTT_FITS_NOT;
	if (three && (type == MQTT_UNSUBACK ? !c.left : are_codes(c)))
		return MQTT_FITS_WEAKLY;
	return five && properties_fit(&c, type) && are_codes(c) ? MQTT_FITS_WEAKLY : MQTT_FITS_NOT;
}

static bool is_topic(struct cur c)
{
	return cur_find(&c, '+') < 0 && cur_find(&c, '#') < 0 && mqtt_is_name(c);
}

/* A topic declared before, which is only heard of in the midst of things. */
static enum mqtt_fit aliased_fits(struct cur c, size_t id_size, bool torn)
{
	struct mqtt_properties found;
	if (torn && c.left < BEGINNING_SURE)
		return MQTT_FITS_SO_FAR;
	cur_skip(&c, id_size);
	bool fits = mqtt_properties(NULL, &c, MQTT_PUBLISH, &found) && found.topic_alias;
	return fits ? MQTT_FITS_WEAKLY : MQTT_FITS_NOT;
}

/* Judged by what is here of it: it may be a picture. */
static enum mqtt_fit publish_fits(struct cur c, uint8_t flags, uint8_t version, size_t size)
{
	unsigned qos = flags >> 1 & 3u;
	if (c.left < 2)
		return size < 2 ? MQTT_FITS_NOT : MQTT_FITS_SO_FAR;
	size_t here = c.left, topic_size = cur_be16(&c), id_size = qos ? 2 : 0;
	if (topic_size + 2 + id_size > size)
		return MQTT_FITS_NOT;
	if (!topic_size)
		return version == MQTT_5 ? aliased_fits(c, id_size, here < size) : MQTT_FITS_NOT;
	if (c.left < topic_size + id_size)
		return MQTT_FITS_SO_FAR;
	struct cur topic = cur_sub(&c, topic_size);
	if (!is_topic(topic) || (qos && !cur_be16(&c)))
		return MQTT_FITS_NOT;
	if (here < size && here < BEGINNING_SURE)
		return MQTT_FITS_SO_FAR;
	return topic_size < TOPIC_SURE ? MQTT_FITS_WEAKLY : MQTT_FITS;
}

static enum mqtt_fit body_fits(struct cur c, enum mqtt_type type, uint8_t version)
{
	bool five = version == MQTT_UNKNOWN || version == MQTT_5, three = version != MQTT_5;
	switch (type) {
	case MQTT_CONNACK:
		return connack_fits(c, three, five);
	case MQTT_PUBACK:
	case MQTT_PUBREC:
	case MQTT_PUBREL:
	case MQTT_PUBCOMP:
		return acknowledge_fits(c, type, five);
	case MQTT_SUBSCRIBE:
	case MQTT_UNSUBSCRIBE:
		return subscribe_fits(c, type, three, five);
	case MQTT_SUBACK:
	case MQTT_UNSUBACK:
		return suback_fits(c, type, three, five);
	case MQTT_PINGREQ:
	case MQTT_PINGRESP:
		return c.left ? MQTT_FITS_NOT : MQTT_FITS_WEAKLY;
	case MQTT_DISCONNECT:
	case MQTT_AUTH:
		if (!c.left)
			return type == MQTT_AUTH && !five ? MQTT_FITS_NOT : MQTT_FITS_WEAKLY;
		if (!five || !is_reason(cur_u8(&c)) || (c.left && !properties_fit(&c, type)))
			return MQTT_FITS_NOT;
		return c.left ? MQTT_FITS_NOT : MQTT_FITS_WEAKLY;
	case MQTT_CONNECT:
	case MQTT_PUBLISH:
	case MQTT_WILL:
		break;
	}
	return MQTT_FITS_NOT;
}

/* Types that there are, with flags that they may have. */
static bool first_fits(enum mqtt_type type, uint8_t flags, uint8_t version)
{
	unsigned qos = flags >> 1 & 3u;
	if (type == MQTT_PUBLISH)
		return qos < 3 && (qos || !(flags & MQTT_DUP));
	if (type != MQTT_PUBREL && type != MQTT_SUBSCRIBE && type != MQTT_UNSUBSCRIBE)
		return type >= MQTT_CONNECT && !flags;
	return flags == MQTT_FLAGS_FIXED ||
		(version == MQTT_3_1 && flags == (MQTT_FLAGS_FIXED | MQTT_DUP));
}

enum mqtt_fit mqtt_fits(struct cur c, uint8_t version, size_t *size)
{
	size_t all = c.left;
	uint8_t first = cur_u8(&c), flags = first & 15;
	enum mqtt_type type = (enum mqtt_type)(first >> 4);
	if (!first_fits(type, flags, version))
		return MQTT_FITS_NOT;
	struct cur length = c;
	size_t body = mqtt_varint(&length);
	if (!cur_ok(&length))
		return c.left < 4 ? MQTT_FITS_SO_FAR : MQTT_FITS_NOT;
	*size = all - length.left + body;
	size_t length_size = c.left - length.left; /* no byte more than it takes, 1.5.5 */
	if (length_size > 1 && body >> 7 * (length_size - 1) == 0)
		return MQTT_FITS_NOT;
	struct cur here = cur_upto(&length, body);
	if (type == MQTT_CONNECT)
		return connect_fits(here);
	if (type == MQTT_PUBLISH)
		return publish_fits(here, flags, version, body);
	if (here.left == body)
		return body_fits(here, type, version);
	return body > BEGINNING_SURE ? MQTT_FITS_NOT : MQTT_FITS_SO_FAR;
}

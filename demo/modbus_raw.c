#include "modbus_raw.h"

bool modbus_raw(int fd, uint16_t transaction, const struct made *pdu)
{
	struct made m = { 0 };
	uint8_t answer[260];
	made_be16(&m, transaction);
	made_be16(&m, 0);
	made_be16(&m, (unsigned)pdu->used + 1);
	made_u8(&m, 1);
	made_bytes(&m, pdu->at, pdu->used);
	if (!send_made(fd, &m) || !receive_exactly(fd, answer, 7))
		return false;
	size_t length = (size_t)answer[4] << 8 | answer[5];
	return length >= 2 && length <= sizeof answer - 6 &&
		receive_exactly(fd, answer + 7, length - 1);
}

bool modbus_raw_identity(int fd, uint16_t transaction)
{
	struct made pdu = { 0 };
	made_be32(&pdu, 0x2b0e0200);
	return modbus_raw(fd, transaction, &pdu);
}

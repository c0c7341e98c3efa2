/* floor FILE: the least a capture reader does with libpcap: every packet once, its ethertype
 * touched. Prints packets and captured bytes. */
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	char problem[PCAP_ERRBUF_SIZE];
	pcap_t *capture = argc == 2 ? pcap_open_offline(argv[1], problem) : NULL;
	if (!capture) {
		fprintf(stderr, "floor: %s\n", argc == 2 ? problem : "usage: floor FILE");
		return 1;
	}
	struct pcap_pkthdr *head;
	const u_char *bytes;
	uint64_t packets = 0, size = 0, touched = 0;
	while (pcap_next_ex(capture, &head, &bytes) == 1) {
		packets++;
		size += head->caplen;
		touched += head->caplen >= 14 ? bytes[12] ^ bytes[13] : 0;
	}
	pcap_close(capture);
	/* The last number keeps the compiler from leaving the touch out. */
	printf("%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", packets, size, touched);
	return 0;
}

#include "event/class.h"

#include <assert.h>
#include <stddef.h>

#include "base/attr.h"

static const char *const severities[] = { "info", "warning", "major", "critical" };

static const char *const engines[] = { "policy violation", "protocol violation", "malware",
	"anomaly", "operational" };

const char *const finding_classes[] = { "controller-stop", "controller-start", "controller-restart",
	"program-download", "program-upload", "config-change", "firmware-change", "mode-change",
	"time-change", "unauthorised-write", "write-flood", "scan-address", "scan-port",
	"scan-function", "scan-controller", "malformed", "exceptions", "internet-from-low-level",
	"internet-to-low-level", "cleartext-remote-access", "default-credentials", "brute-force",
	"smbv1", "lateral-movement", "exploit-known", "tunnel", "beacon", "duplicate-ip",
	"arp-spoof", "flood", "file-transfer-to-controller", "goose-anomaly", "new-asset",
	"new-conversation", "new-operation", "out-of-range", "silence", "device-trouble",
	"vulnerable", "indicator", "dual-homed", NULL };

const char *severity_name(enum severity s)
{
	assert(s < COUNT_OF(severities));
	return severities[s];
}

const char *engine_name(enum finding_engine e)
{
	assert(e < COUNT_OF(engines));
	return engines[e];
}

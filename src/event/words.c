#include "event/fact.h"
#include "event/identity.h"
#include "event/plant.h"

#include <assert.h>

#include "base/attr.h"

static const char *const acts[ACT_COUNT] = { "other", "read", "write", "control", "program",
	"identify" };

static const char *const dirs[] = { "other", "request", "response" };

static const char *const effects[EFFECT_COUNT] = {
	[EFFECT_NONE] = "none",
	[EFFECT_STOP] = "stop",
	[EFFECT_START] = "start",
	[EFFECT_RESTART] = "restart",
	[EFFECT_DOWNLOAD] = "download",
	[EFFECT_UPLOAD] = "upload",
	[EFFECT_FIRMWARE] = "firmware",
	[EFFECT_CONFIG] = "config",
	[EFFECT_MODE] = "mode",
	[EFFECT_TIME] = "time",
	[EFFECT_LOGIN] = "login",
	[EFFECT_REFUSED] = "refused",
	[EFFECT_FILE] = "file",
	[EFFECT_SELECT] = "select",
};

static const char *const identity_keys[ID_KEY_COUNT] = {
	[ID_VENDOR] = "vendor",
	[ID_MODEL] = "model",
	[ID_ORDER_NUMBER] = "order_number",
	[ID_FIRMWARE] = "firmware",
	[ID_HARDWARE] = "hardware",
	[ID_SERIAL] = "serial",
	[ID_NAME] = "name",
	[ID_DESCRIPTION] = "description",
	[ID_LOCATION] = "location",
	[ID_CONTACT] = "contact",
	[ID_OS] = "os",
	[ID_SOFTWARE] = "software",
	[ID_DOMAIN] = "domain",
	[ID_USER] = "user",
	[ID_DEVICE_TYPE] = "device_type",
	[ID_CAPABILITIES] = "capabilities",
	[ID_PORT] = "port",
	[ID_MODULE] = "module",
	[ID_CERTIFICATE] = "certificate",
	[ID_JA3] = "ja3",
	[ID_JA4] = "ja4",
	[ID_MANAGEMENT] = "management",
	[ID_PROTECTION] = "protection",
	[ID_CHASSIS] = "chassis",
	[ID_ASKED_NAME] = "asked_name",
	[ID_WEB_NAME] = "web_name",
	[ID_UUID] = "uuid",
	[ID_MODE] = "mode",
};

const struct asset_type_row asset_types[TYPE_COUNT] = {
	[TYPE_UNKNOWN] = { "unknown", "unknown", 255 },
	[TYPE_PLC] = { "plc", "controller (PLC)", 10 },
	[TYPE_RTU] = { "rtu", "remote terminal unit", 10 },
	[TYPE_IED] = { "ied", "protection or bay device", 10 },
	[TYPE_IO] = { "io", "remote I/O", 0 },
	[TYPE_DRIVE] = { "drive", "drive", 0 },
	[TYPE_METER] = { "meter", "meter", 0 },
	[TYPE_SENSOR] = { "sensor", "field instrument", 0 },
	[TYPE_GATEWAY] = { "gateway", "protocol gateway", 10 },
	[TYPE_HMI] = { "hmi", "operator panel (HMI)", 20 },
	[TYPE_SCADA] = { "scada", "supervisory server", 20 },
	[TYPE_HISTORIAN] = { "historian", "historian", 30 },
	[TYPE_ENGINEERING] = { "engineering", "engineering station", 20 },
	[TYPE_WORKSTATION] = { "workstation", "workstation", 255 },
	[TYPE_SERVER] = { "server", "server", 255 },
	[TYPE_SWITCH] = { "switch", "switch", 255 },
	[TYPE_ROUTER] = { "router", "router", 255 },
	[TYPE_FIREWALL] = { "firewall", "firewall", 255 },
	[TYPE_WIRELESS] = { "wireless", "wireless access point", 255 },
	[TYPE_PRINTER] = { "printer", "printer", 255 },
	[TYPE_PHONE] = { "phone", "telephone", 255 },
	[TYPE_CAMERA] = { "camera", "camera", 255 },
	[TYPE_INTERNET] = { "internet", "public address", 50 },
};

const char unknown_function[] = "unknown_function";

const char *act_name(enum act a)
{
	assert(a < ACT_COUNT);
	return acts[a];
}

const char *dir_name(enum dir d)
{
	assert(d < COUNT_OF(dirs));
	return dirs[d];
}

const char *effect_name(enum effect e)
{
	assert(e < EFFECT_COUNT);
	return effects[e];
}

const char *identity_key_name(enum identity_key k)
{
	assert(k > 0 && k < ID_KEY_COUNT);
	return identity_keys[k];
}

const char *point_type_name(enum point_type t)
{
	static const char *const names[] = { "boolean", "integer", "real" };
	return names[t];
}

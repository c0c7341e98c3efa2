/* Who somebody is: attributes of an asset, each with the frame that gave it away. */
#ifndef EVENT_IDENTITY_H
#define EVENT_IDENTITY_H

#include <stdint.h>

enum identity_key {
	ID_VENDOR = 1,
	ID_MODEL,        /* as the vendor sells it: "CPU 315-2 PN/DP" */
	ID_ORDER_NUMBER, /* article number: "6ES7 315-2EH14-0AB0" */
	ID_FIRMWARE,
	ID_HARDWARE, /* hardware revision */
	ID_SERIAL,
	ID_NAME,        /* what people call it: station, host, system name */
	ID_DESCRIPTION, /* sysDescr, LLDP system description */
	ID_LOCATION,
	ID_CONTACT,
	ID_OS,
	ID_SOFTWARE, /* product that answers: HTTP server, SSH version, user agent */
	ID_DOMAIN,
	ID_USER,
	ID_DEVICE_TYPE,  /* the protocol's own word for what it is: "Programmable Logic Controller"
			  */
	ID_CAPABILITIES, /* LLDP/CDP: "bridge", "router" ... comma separated */
	ID_PORT,         /* switch port it was seen behind or speaks from */
	ID_MODULE,       /* what a slot holds */
	ID_CERTIFICATE,  /* subject of a certificate it presented */
	ID_JA3,
	ID_JA4,
	ID_MANAGEMENT, /* management address */
	ID_PROTECTION, /* protection level, key switch position */
	ID_CHASSIS,    /* the name of the box that all its interfaces give */
	ID_ASKED_NAME, /* what clients ask for there: the server name of TLS */
	ID_WEB_NAME,   /* what its web pages call themselves: title, realm of the login */
	ID_UUID,       /* number that is its own everywhere: UPnP's UDN */
	ID_MODE,       /* run, program, stop ...; of several the one told last comes first */
	ID_KEY_COUNT,
	ID_VENDOR_NUMBER = ID_KEY_COUNT /* to say: a vendor, in our table's word for its number */
};

const char *identity_key_name(enum identity_key k); /* "order_number" */

/* A type of asset and where such a thing usually lives. */
enum asset_type {
	TYPE_UNKNOWN,
	TYPE_PLC,
	TYPE_RTU, /* remote terminal unit, outstation */
	TYPE_IED, /* protection relay, bay controller */
	TYPE_IO,  /* remote I/O, drive, field device */
	TYPE_DRIVE,
	TYPE_METER,
	TYPE_SENSOR,
	TYPE_GATEWAY,
	TYPE_HMI,
	TYPE_SCADA, /* supervisory server */
	TYPE_HISTORIAN,
	TYPE_ENGINEERING, /* engineering workstation */
	TYPE_WORKSTATION,
	TYPE_SERVER,
	TYPE_SWITCH,
	TYPE_ROUTER,
	TYPE_FIREWALL,
	TYPE_WIRELESS,
	TYPE_PRINTER,
	TYPE_PHONE,
	TYPE_CAMERA,
	TYPE_INTERNET, /* a public address */
	TYPE_COUNT
};

struct asset_type_row {
	const char *name;  /* "plc" */
	const char *title; /* "controller (PLC)" */
	uint8_t level;     /* Purdue level x 10; 255: says nothing */
};
extern const struct asset_type_row asset_types[TYPE_COUNT];

#endif

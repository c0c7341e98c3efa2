/* What each type of asset looks like: strokes of our own in a square of 20. */
#include "report/map.h"

const struct map_glyph map_glyphs[TYPE_COUNT] = {
	[TYPE_UNKNOWN] = { "M7 7.5c0-4.2 6-4.2 6 0 0 2.6-3 2.4-3 5.2M10 15.8h.1",
		"not identified" },
	[TYPE_PLC] = { "M3 4h14v12h-14zM7.7 4v12M12.4 4v12M5 7h.8M5 9.5h.8M10 7h.2M14.5 7h.8"
		       "M14.5 9.5h.8M14.5 12h.8",
		"controllers" },
	[TYPE_RTU] = { "M3.5 9h13v7.5h-13zM6.5 12.7h.1M9.5 12.7h4M13.5 9v-4M10.8 5.2a3.4 3.4 0 0 1 5.4 0",
		"remote units" },
	[TYPE_IED] = { "M4 3h12v14h-12zM11 5.2l-3.6 5.2h4.4l-2.4 4.4", "bay devices" },
	[TYPE_IO] = { "M3 5.5h14v9h-14zM6.5 5.5v9M10 5.5v9M13.5 5.5v9M3 10h14", "remote I/O" },
	[TYPE_DRIVE] = { "M10 3a7 7 0 1 0 .01 0zM6 10c1.3-4.2 2.7-4.2 4 0s2.7 4.2 4 0", "drives" },
	[TYPE_METER] = { "M10 3a7 7 0 1 0 .01 0zM10 11l2.8-4M6 11h.1M14 11h.1M7.2 7.5h.1",
		"meters" },
	[TYPE_SENSOR] = { "M10 2.5a4.5 4.5 0 1 0 .01 0zM10 11.5v6M6.5 17.5h7M8.6 7h2.8",
		"instruments" },
	[TYPE_GATEWAY] = { "M2.5 6h6v8h-6zM11.5 6h6v8h-6zM8.5 8.8h3M8.5 11.2h3", "gateways" },
	[TYPE_HMI] = { "M2.5 3.5h15v11h-15zM6 11.5v-3M10 11.5v-5M14 11.5v-2M6.5 17.5h7", "panels" },
	[TYPE_SCADA] = { "M2.5 3.5h15v10h-15zM10 13.5v3.2M6 16.8h8M5.5 10.5l3-3 2.2 2 3.8-3.6",
		"SCADA servers" },
	[TYPE_HISTORIAN] = { "M4 5.5c0-3 12-3 12 0v9c0 3-12 3-12 0zM4 5.5c0 3 12 3 12 0M4 10c0 3 12 3 12 0",
		"historians" },
	[TYPE_ENGINEERING] = { "M4.5 4h11v8.5h-11zM4.5 12.5l-2.2 3.7h15.4l-2.2-3.7M8.3 6.5l-1.8 1.8 1.8 1.8"
			       "M11.7 6.5l1.8 1.8-1.8 1.8",
		"eng. stations" },
	[TYPE_WORKSTATION] = { "M3 4h14v9h-14zM10 13v3.4M6.5 16.6h7", "workstations" },
	[TYPE_SERVER] = { "M4 3h12v4.4h-12zM4 7.8h12v4.4h-12zM4 12.6h12v4.4h-12zM6.6 5.2h.1M6.6 10h.1"
			  "M6.6 14.8h.1",
		"servers" },
	[TYPE_SWITCH] = { "M2.5 6.8h15v6.4h-15zM5.5 10h.1M8.5 10h.1M11.5 10h.1M14.5 10h.1",
		"switches" },
	[TYPE_ROUTER] = { "M10 3a7 7 0 1 0 .01 0zM6 8.2h7l-2-2M14 11.8h-7l2 2", "routers" },
	[TYPE_FIREWALL] = { "M3 4h14v12h-14zM3 8h14M3 12h14M8 4v4M13 4v4M5.5 8v4M10.5 8v4M15 8v4M8 12v4"
			    "M13 12v4",
		"firewalls" },
	[TYPE_WIRELESS] = { "M10 15.8h.1M7.3 12.8a4 4 0 0 1 5.4 0M4.9 10a7.6 7.6 0 0 1 10.2 0"
			    "M2.6 7.2a11 11 0 0 1 14.8 0",
		"access points" },
	[TYPE_PRINTER] = { "M5.5 7v-4h9v4M3 7h14v7h-14zM5.5 11.5h9v5.5h-9z", "printers" },
	[TYPE_PHONE] = { "M6 2.5h8v15h-8zM9.4 14.8h1.2", "phones" },
	[TYPE_CAMERA] = { "M3 6h10v8h-10zM13 9l4-2.5v7l-4-2.5z", "cameras" },
	[TYPE_INTERNET] = { "M10 3a7 7 0 1 0 .01 0zM3 10h14M10 3c-4.2 4-4.2 10 0 14M10 3c4.2 4 4.2 10 0 14",
		"public hosts" },
};

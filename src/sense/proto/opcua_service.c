/* The services of OPC 10000-4, with the type ids of their messages (OPC 10000-6, annex A), what
 * they do and what they are made of. */
#include "base/attr.h"
#include "sense/proto/opcua.h"

static const struct opcua_part nothing[] = { { .kind = 0 } };

#define SERVICE(ask_, answer_, act_, effect_, name_, asks_, answers_)                              \
	{                                                                                          \
		.ask = { ask_, DIR_REQUEST, act_, effect_, name_, NULL },                          \
		.answer = { answer_, DIR_RESPONSE, act_, effect_, name_, NULL }, .asks = (asks_),  \
		.answers = (answers_)                                                              \
	}
#define IDENTIFY(a, b, name, asks, answers) SERVICE(a, b, ACT_IDENTIFY, 0, name, asks, answers)
#define OTHER(a, b, name, asks, answers)    SERVICE(a, b, ACT_OTHER, 0, name, asks, answers)
#define READ(a, b, name, asks, answers)     SERVICE(a, b, ACT_READ, 0, name, asks, answers)
#define WRITE(a, b, name, asks, answers)    SERVICE(a, b, ACT_WRITE, 0, name, asks, answers)
#define CHANGE(a, b, name, asks, answers)                                                          \
	SERVICE(a, b, ACT_PROGRAM, EFFECT_CONFIG, name, asks, answers)

const struct opcua_service opcua_services[] = {
	/* discovery, 5.5 */
	IDENTIFY(422, 425, "find_servers", opcua_asks_find_servers, opcua_answers_find_servers),
	IDENTIFY(12208, 12209, "find_servers_on_network", opcua_asks_find_on_network,
		opcua_answers_find_on_network),
	IDENTIFY(428, 431, "get_endpoints", opcua_asks_endpoints, opcua_answers_endpoints),
	OTHER(437, 440, "register_server", opcua_asks_register, nothing),
	OTHER(12211, 12212, "register_server_2", opcua_asks_register_2, opcua_answers_register_2),
	/* channels, 5.6 */
	OTHER(446, 449, "open_secure_channel", opcua_asks_open, opcua_answers_open),
	OTHER(452, 455, "close_secure_channel", nothing, nothing),
	/* sessions, 5.7 */
	OTHER(461, 464, "create_session", opcua_asks_create_session, opcua_answers_create_session),
	OTHER(467, 470, "activate_session", opcua_asks_activate, opcua_answers_activate),
	OTHER(473, 476, "close_session", opcua_asks_close_session, nothing),
	OTHER(479, 482, "cancel", opcua_asks_cancel, opcua_answers_cancel),
	/* nodes, 5.8 */
	CHANGE(488, 491, "add_nodes", opcua_asks_add_nodes, opcua_answers_add_nodes),
	CHANGE(494, 497, "add_references", opcua_asks_add_references, opcua_answers_statuses),
	CHANGE(500, 503, "delete_nodes", opcua_asks_delete_nodes, opcua_answers_statuses),
	CHANGE(506, 509, "delete_references", opcua_asks_delete_references, opcua_answers_statuses),
	/* views and queries, 5.9 and 5.10 */
	READ(527, 530, "browse", opcua_asks_browse, opcua_answers_browse),
	READ(533, 536, "browse_next", opcua_asks_browse_next, opcua_answers_browse),
	READ(554, 557, "translate_browse_paths", opcua_asks_translate, opcua_answers_translate),
	OTHER(560, 563, "register_nodes", opcua_asks_register_nodes, opcua_answers_register_nodes),
	OTHER(566, 569, "unregister_nodes", opcua_asks_unregister_nodes, nothing),
	READ(615, 618, "query_first", opcua_asks_query_first, opcua_answers_query_first),
	READ(621, 624, "query_next", opcua_asks_query_next, opcua_answers_query_next),
	/* attributes, 5.11 */
	READ(631, 634, "read", opcua_asks_read, opcua_answers_read),
	READ(664, 667, "history_read", opcua_asks_history_read, opcua_answers_history_read),
	WRITE(673, 676, "write", opcua_asks_write, opcua_answers_statuses),
	WRITE(700, 703, "history_update", opcua_asks_history_update, opcua_answers_history_update),
	/* methods, 5.12 */
	SERVICE(712, 715, ACT_CONTROL, 0, "call", opcua_asks_call, opcua_answers_call),
	/* monitored items, 5.13 */
	READ(751, 754, "create_monitored_items", opcua_asks_create_items,
		opcua_answers_create_items),
	OTHER(763, 766, "modify_monitored_items", opcua_asks_modify_items,
		opcua_answers_modify_items),
	OTHER(769, 772, "set_monitoring_mode", opcua_asks_monitoring_mode, opcua_answers_statuses),
	OTHER(775, 778, "set_triggering", opcua_asks_triggering, opcua_answers_triggering),
	OTHER(781, 784, "delete_monitored_items", opcua_asks_delete_items, opcua_answers_statuses),
	/* subscriptions, 5.14 */
	OTHER(787, 790, "create_subscription", opcua_asks_create_subscription,
		opcua_answers_create_subscription),
	OTHER(793, 796, "modify_subscription", opcua_asks_modify_subscription,
		opcua_answers_modify_subscription),
	OTHER(799, 802, "set_publishing_mode", opcua_asks_publishing_mode, opcua_answers_statuses),
	READ(826, 829, "publish", opcua_asks_publish, opcua_answers_publish),
	READ(832, 835, "republish", opcua_asks_republish, opcua_answers_republish),
	OTHER(841, 844, "transfer_subscriptions", opcua_asks_transfer, opcua_answers_transfer),
	OTHER(847, 850, "delete_subscriptions", opcua_asks_delete_subscriptions,
		opcua_answers_statuses),
	/* for testing stacks, OPC 10000-4 annex of the first editions */
	OTHER(410, 413, "test_stack", opcua_asks_test, opcua_answers_test),
	OTHER(416, 419, "test_stack_ex", nothing, nothing),
	{ .ask = { .name = NULL } },
};

unsigned opcua_service_find(uint32_t type, bool *answer)
{
	for (unsigned i = 0; opcua_services[i].ask.name; i++)
		if (opcua_services[i].ask.code == type || opcua_services[i].answer.code == type) {
			*answer = opcua_services[i].answer.code == type;
			return i + 1;
		}
	return 0;
}

/* --- the same service, meaning more or less --- */

#define ROWS(ask, answer_, act, effect, name)                                                      \
	{                                                                                          \
		{ ask, DIR_REQUEST, act, effect, name, NULL },                                     \
		{                                                                                  \
			answer_, DIR_RESPONSE, act, effect, name, NULL                             \
		}                                                                                  \
	}
#define CALL(act, effect, name) ROWS(712, 715, act, effect, name)

static const struct msg rows[OPCUA_KINDS][2] = {
	[OPCUA_LOGIN] = ROWS(467, 470, ACT_OTHER, EFFECT_LOGIN, "activate_session"),
	[OPCUA_READS] = CALL(ACT_READ, EFFECT_NONE, "call_read"),
	[OPCUA_READS_FILE] = CALL(ACT_READ, EFFECT_FILE, "call_read_file"),
	[OPCUA_CALLS] = CALL(ACT_CONTROL, EFFECT_NONE, "call"),
	[OPCUA_MODE] = CALL(ACT_CONTROL, EFFECT_MODE, "call_change_state"),
	[OPCUA_WRITES_FILE] = CALL(ACT_WRITE, EFFECT_FILE, "call_write_file"),
	[OPCUA_CONFIGURES] = CALL(ACT_PROGRAM, EFFECT_CONFIG, "call_configure"),
};
static const struct msg row_refused = { 470, DIR_RESPONSE, ACT_OTHER, EFFECT_REFUSED,
	"activate_session", NULL };

const struct msg *opcua_row(
	const struct opcua_service *service, enum opcua_kind_of kind, bool answer, bool refused)
{
	if (answer && refused && kind == OPCUA_LOGIN)
		return &row_refused;
	const struct msg *row = &rows[kind][answer];
	if (row->name && row->code == (answer ? service->answer.code : service->ask.code))
		return row;
	return answer ? &service->answer : &service->ask;
}

/* Methods that every server has, or may have, under the same number: OPC 10000-6, annex A.  What a
 * vendor's methods do nobody knows: they are calls, and a call acts. */
static const struct method {
	uint16_t id;
	uint8_t kind;
	bool secret; /* passwords or keys are among its arguments */
} methods[] = {
	{ 3875, OPCUA_READS, false },       /* ConditionRefresh */
	{ 11489, OPCUA_READS, false },      /* GetMonitoredItems */
	{ 11492, OPCUA_READS, false },      /* of the Server object */
	{ 11580, OPCUA_READS_FILE, false }, /* a file: Open */
	{ 11583, OPCUA_READS_FILE, false }, /* Close */
	{ 11585, OPCUA_READS_FILE, false }, /* Read */
	{ 11588, OPCUA_WRITES_FILE, false }, { 11590, OPCUA_READS_FILE, false }, /* GetPosition */
	{ 11593, OPCUA_READS_FILE, false },                                      /* SetPosition */
	{ 12543, OPCUA_READS, false },       /* a list of trusted certificates: OpenWithMasks */
	{ 12546, OPCUA_CONFIGURES, false },  /* CloseAndUpdate */
	{ 12548, OPCUA_CONFIGURES, false },  /* AddCertificate */
	{ 12550, OPCUA_CONFIGURES, false },  /* RemoveCertificate */
	{ 12616, OPCUA_CONFIGURES, true },   /* UpdateCertificate: with its private key */
	{ 12647, OPCUA_READS, false },       /* trusted by applications: Open */
	{ 12650, OPCUA_READS, false },       /* Close */
	{ 12652, OPCUA_READS, false },       /* Read */
	{ 12655, OPCUA_CONFIGURES, false },  /* Write */
	{ 12663, OPCUA_READS, false },       /* OpenWithMasks */
	{ 12666, OPCUA_CONFIGURES, false },  /* CloseAndUpdate */
	{ 12668, OPCUA_CONFIGURES, false },  /* AddCertificate */
	{ 12670, OPCUA_CONFIGURES, false },  /* RemoveCertificate */
	{ 12731, OPCUA_READS, false },       /* CreateSigningRequest */
	{ 12734, OPCUA_CONFIGURES, false },  /* ApplyChanges */
	{ 12737, OPCUA_READS, false },       /* CreateSigningRequest of the Server object */
	{ 12740, OPCUA_CONFIGURES, false },  /* ApplyChanges of it */
	{ 12746, OPCUA_READS, false },       /* SetSubscriptionDurable */
	{ 12749, OPCUA_READS, false },       /* of the Server object */
	{ 12775, OPCUA_READS, false },       /* GetRejectedList */
	{ 12777, OPCUA_READS, false },       /* of the Server object */
	{ 12871, OPCUA_READS, false },       /* ResendData */
	{ 12873, OPCUA_READS, false },       /* of the Server object */
	{ 12883, OPCUA_MODE, false },        /* RequestServerStateChange */
	{ 12886, OPCUA_MODE, false },        /* of the Server object */
	{ 12912, OPCUA_READS, false },       /* ConditionRefresh2 */
	{ 13387, OPCUA_WRITES_FILE, false }, /* a folder: CreateDirectory */
	{ 13390, OPCUA_WRITES_FILE, false }, /* CreateFile */
	{ 13393, OPCUA_WRITES_FILE, false }, /* DeleteFileSystemObject */
	{ 13395, OPCUA_WRITES_FILE, false }, /* MoveOrCopy */
	{ 13737, OPCUA_CONFIGURES, true },   /* UpdateCertificate of the Server object */
	{ 15215, OPCUA_READS, true },        /* GetSecurityKeys of PublishSubscribe */
	{ 15907, OPCUA_READS, true },        /* of its type */
	{ 15997, OPCUA_CONFIGURES, false },  /* AddRole */
	{ 16000, OPCUA_CONFIGURES, false },  /* RemoveRole */
	{ 16301, OPCUA_CONFIGURES, false },  /* AddRole of the Server object */
	{ 16304, OPCUA_CONFIGURES, false },  /* RemoveRole of it */
	{ 17296, OPCUA_CONFIGURES, true },   /* SetSecurityKeys */
	{ 17364, OPCUA_CONFIGURES, true },   /* of PublishSubscribe */
	{ 17519, OPCUA_CONFIGURES, true },   /* UpdateCredential */
	{ 18006, OPCUA_CONFIGURES, true },   /* of its type */
	{ 24269, OPCUA_CONFIGURES, true },   /* AddUser */
	{ 24271, OPCUA_CONFIGURES, true },   /* ModifyUser */
	{ 24273, OPCUA_CONFIGURES, false },  /* RemoveUser */
	{ 24275, OPCUA_CONFIGURES, true },   /* ChangePassword */
	{ 24304, OPCUA_CONFIGURES, true },   /* the same of the Server object */
	{ 24306, OPCUA_CONFIGURES, true }, { 24308, OPCUA_CONFIGURES, false },
	{ 24310, OPCUA_CONFIGURES, true },
	{ 25699, OPCUA_CONFIGURES, false }, /* ResetToServerDefaults */
	{ 25709, OPCUA_CONFIGURES, false }, /* of the Server object */
	{ 32296, OPCUA_READS, false },      /* GetCertificates */
	{ 32333, OPCUA_READS, false },      /* of the Server object */
};

static const struct method *method_find(const struct opcua_node *method)
{
	for (size_t i = 0; method->numeric && i < COUNT_OF(methods); i++)
		if (methods[i].id == method->numeric)
			return &methods[i];
	return NULL;
}

enum opcua_kind_of opcua_method_kind(const struct opcua_node *method)
{
	const struct method *known = method_find(method);
	return known ? known->kind : OPCUA_CALLS;
}

bool opcua_method_secret(const struct opcua_node *method)
{
	const struct method *known = method_find(method);
	return known && known->secret;
}

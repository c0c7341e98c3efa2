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
	[OPCUA_RESTARTS] = CALL(ACT_CONTROL, EFFECT_RESTART, "call_restart"),
	[OPCUA_STOPS] = CALL(ACT_CONTROL, EFFECT_STOP, "call_shut_down"),
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

/* The confirmed services of ISO 9506-2 as rows: what they do, and what stands in them. */
#include <stdio.h>

#include "sense/proto/ber.h"
#include "sense/proto/mms.h"

/* Segments of a download are asked for by the one who gets them: the effect stands with the service
 * that begins it, whose sender is the one who wants it. */
const struct msg mms_rows[] = {
	BOTH(0, ACT_READ, EFFECT_NONE, "status"),
	BOTH(1, ACT_READ, EFFECT_NONE, "get_name_list"),
	BOTH(2, ACT_IDENTIFY, EFFECT_NONE, "identify"),
	BOTH(3, ACT_WRITE, EFFECT_CONFIG, "rename"),
	BOTH(4, ACT_READ, EFFECT_NONE, "read"),
	BOTH(5, ACT_WRITE, EFFECT_NONE, "write"),
	BOTH(6, ACT_READ, EFFECT_NONE, "get_variable_access_attributes"),
	BOTH(7, ACT_WRITE, EFFECT_CONFIG, "define_named_variable"),
	BOTH(8, ACT_WRITE, EFFECT_CONFIG, "define_scattered_access"),
	BOTH(9, ACT_READ, EFFECT_NONE, "get_scattered_access_attributes"),
	BOTH(10, ACT_WRITE, EFFECT_CONFIG, "delete_variable_access"),
	BOTH(11, ACT_WRITE, EFFECT_CONFIG, "define_named_variable_list"),
	BOTH(12, ACT_READ, EFFECT_NONE, "get_named_variable_list_attributes"),
	BOTH(13, ACT_WRITE, EFFECT_CONFIG, "delete_named_variable_list"),
	BOTH(14, ACT_WRITE, EFFECT_CONFIG, "define_named_type"),
	BOTH(15, ACT_READ, EFFECT_NONE, "get_named_type_attributes"),
	BOTH(16, ACT_WRITE, EFFECT_CONFIG, "delete_named_type"),
	BOTH(17, ACT_READ, EFFECT_NONE, "input"),
	BOTH(18, ACT_WRITE, EFFECT_NONE, "output"),
	BOTH(19, ACT_CONTROL, EFFECT_NONE, "take_control"),
	BOTH(20, ACT_CONTROL, EFFECT_NONE, "relinquish_control"),
	BOTH(21, ACT_WRITE, EFFECT_CONFIG, "define_semaphore"),
	BOTH(22, ACT_WRITE, EFFECT_CONFIG, "delete_semaphore"),
	BOTH(23, ACT_READ, EFFECT_NONE, "report_semaphore_status"),
	BOTH(24, ACT_READ, EFFECT_NONE, "report_pool_semaphore_status"),
	BOTH(25, ACT_READ, EFFECT_NONE, "report_semaphore_entry_status"),
	BOTH(26, ACT_PROGRAM, EFFECT_DOWNLOAD, "initiate_download_sequence"),
	BOTH(27, ACT_PROGRAM, EFFECT_NONE, "download_segment"),
	BOTH(28, ACT_PROGRAM, EFFECT_NONE, "terminate_download_sequence"),
	BOTH(29, ACT_PROGRAM, EFFECT_UPLOAD, "initiate_upload_sequence"),
	BOTH(30, ACT_PROGRAM, EFFECT_UPLOAD, "upload_segment"),
	BOTH(31, ACT_PROGRAM, EFFECT_UPLOAD, "terminate_upload_sequence"),
	BOTH(32, ACT_PROGRAM, EFFECT_NONE, "request_domain_download"),
	BOTH(33, ACT_PROGRAM, EFFECT_NONE, "request_domain_upload"),
	BOTH(34, ACT_PROGRAM, EFFECT_DOWNLOAD, "load_domain_content"),
	BOTH(35, ACT_PROGRAM, EFFECT_UPLOAD, "store_domain_content"),
	BOTH(36, ACT_PROGRAM, EFFECT_CONFIG, "delete_domain"),
	BOTH(37, ACT_READ, EFFECT_NONE, "get_domain_attributes"),
	BOTH(38, ACT_PROGRAM, EFFECT_CONFIG, "create_program_invocation"),
	BOTH(39, ACT_PROGRAM, EFFECT_CONFIG, "delete_program_invocation"),
	BOTH(40, ACT_CONTROL, EFFECT_START, "start"),
	BOTH(41, ACT_CONTROL, EFFECT_STOP, "stop"),
	BOTH(42, ACT_CONTROL, EFFECT_START, "resume"),
	BOTH(43, ACT_CONTROL, EFFECT_RESTART, "reset"),
	BOTH(44, ACT_CONTROL, EFFECT_STOP, "kill"),
	BOTH(45, ACT_READ, EFFECT_NONE, "get_program_invocation_attributes"),
	BOTH(46, ACT_WRITE, EFFECT_FILE, "obtain_file"),
	BOTH(47, ACT_WRITE, EFFECT_CONFIG, "define_event_condition"),
	BOTH(48, ACT_WRITE, EFFECT_CONFIG, "delete_event_condition"),
	BOTH(49, ACT_READ, EFFECT_NONE, "get_event_condition_attributes"),
	BOTH(50, ACT_READ, EFFECT_NONE, "report_event_condition_status"),
	BOTH(51, ACT_WRITE, EFFECT_CONFIG, "alter_event_condition_monitoring"),
	BOTH(52, ACT_CONTROL, EFFECT_NONE, "trigger_event"),
	BOTH(53, ACT_WRITE, EFFECT_CONFIG, "define_event_action"),
	BOTH(54, ACT_WRITE, EFFECT_CONFIG, "delete_event_action"),
	BOTH(55, ACT_READ, EFFECT_NONE, "get_event_action_attributes"),
	BOTH(56, ACT_READ, EFFECT_NONE, "report_event_action_status"),
	BOTH(57, ACT_WRITE, EFFECT_CONFIG, "define_event_enrollment"),
	BOTH(58, ACT_WRITE, EFFECT_CONFIG, "delete_event_enrollment"),
	BOTH(59, ACT_WRITE, EFFECT_CONFIG, "alter_event_enrollment"),
	BOTH(60, ACT_READ, EFFECT_NONE, "report_event_enrollment_status"),
	BOTH(61, ACT_READ, EFFECT_NONE, "get_event_enrollment_attributes"),
	BOTH(62, ACT_CONTROL, EFFECT_NONE, "acknowledge_event_notification"),
	BOTH(63, ACT_READ, EFFECT_NONE, "get_alarm_summary"),
	BOTH(64, ACT_READ, EFFECT_NONE, "get_alarm_enrollment_summary"),
	BOTH(65, ACT_READ, EFFECT_NONE, "read_journal"),
	BOTH(66, ACT_WRITE, EFFECT_NONE, "write_journal"),
	BOTH(67, ACT_WRITE, EFFECT_CONFIG, "initialize_journal"), /* entries are deleted */
	BOTH(68, ACT_READ, EFFECT_NONE, "report_journal_status"),
	BOTH(69, ACT_WRITE, EFFECT_CONFIG, "create_journal"),
	BOTH(70, ACT_WRITE, EFFECT_CONFIG, "delete_journal"),
	BOTH(71, ACT_READ, EFFECT_NONE, "get_capability_list"),
	BOTH(72, ACT_READ, EFFECT_FILE, "file_open"),
	BOTH(73, ACT_READ, EFFECT_NONE, "file_read"),
	BOTH(74, ACT_READ, EFFECT_NONE, "file_close"),
	BOTH(75, ACT_WRITE, EFFECT_FILE, "file_rename"),
	BOTH(76, ACT_WRITE, EFFECT_FILE, "file_delete"),
	BOTH(77, ACT_READ, EFFECT_NONE, "file_directory"),
	BOTH(78, ACT_OTHER, EFFECT_NONE, "additional_service"),
	BOTH(MMS_ROW_UNKNOWN, ACT_OTHER, EFFECT_NONE, "unknown_service"),
	{ MMS_ROW_UNCONFIRMED, DIR_OTHER, ACT_READ, EFFECT_NONE, "information_report", NULL },
	{ MMS_ROW_UNCONFIRMED + 1, DIR_OTHER, ACT_READ, EFFECT_NONE, "unsolicited_status", NULL },
	{ MMS_ROW_UNCONFIRMED + 2, DIR_OTHER, ACT_READ, EFFECT_NONE, "event_notification", NULL },
	{ MMS_ROW_UNCONFIRMED_UNKNOWN, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "unknown_service", NULL },
	BOTH(MMS_ROW_INITIATE, ACT_OTHER, EFFECT_NONE, "initiate"),
	{ MMS_ROW_LOGIN, DIR_REQUEST, ACT_OTHER, EFFECT_LOGIN, "initiate", NULL },
	{ MMS_ROW_LOGIN, DIR_RESPONSE, ACT_OTHER, EFFECT_REFUSED, "initiate", NULL },
	BOTH(MMS_ROW_CONCLUDE, ACT_OTHER, EFFECT_NONE, "conclude"),
	BOTH(MMS_ROW_CANCEL, ACT_OTHER, EFFECT_NONE, "cancel"),
	{ MMS_ROW_REJECT, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "reject", NULL },
	BOTH(MMS_ROW_RELEASE, ACT_OTHER, EFFECT_NONE, "release"),
	{ MMS_ROW_ABORT, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "abort", NULL },
	{ MMS_ROW_SESSION, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "session", NULL },
	/* IEC 61850-8-1, 20: the control model; 17: report control blocks */
	BOTH(MMS_ROW_SELECT, ACT_OTHER, EFFECT_SELECT, "select"),
	BOTH(MMS_ROW_SELECT_WITH_VALUE, ACT_OTHER, EFFECT_SELECT, "select_with_value"),
	BOTH(MMS_ROW_OPERATE, ACT_CONTROL, EFFECT_NONE, "operate"),
	BOTH(MMS_ROW_CANCEL_OPERATION, ACT_CONTROL, EFFECT_NONE, "cancel_operation"),
	BOTH(MMS_ROW_SETTING, ACT_WRITE, EFFECT_CONFIG, "write_setting"),
	BOTH(MMS_ROW_SUBSCRIBE, ACT_OTHER, EFFECT_NONE, "write_report_control"),
	BOTH(MMS_ROW_PUBLISHER, ACT_WRITE, EFFECT_CONFIG, "write_publisher_control"),
	{ 0 },
};

static const struct field f_object_class = { "mms.objectClass", U8 };
static const struct field f_domain_scope = { "mms.domainSpecific", TEXT };
static const struct field f_continue_after = { "mms.continueAfter", TEXT };
static const struct field f_identifier = { "mms.Identifier", TEXT };
static const struct field f_more = { "mms.moreFollows", FLAG };
static const struct field f_logical = { "mms.vmdLogicalStatus", U8 };
static const struct field f_physical = { "mms.vmdPhysicalStatus", U8 };
static const struct field f_detail = { "mms.localDetail", BYTES };
static const struct field f_vendor = { "mms.vendorName", TEXT };
static const struct field f_model = { "mms.modelName", TEXT };
static const struct field f_revision = { "mms.revision", TEXT };
static const struct field f_syntax = { "mms.listOfAbstractSyntaxes", TEXT };
static const struct field f_new_name = { "mms.newIdentifier", TEXT };
static const struct field f_deletable = { "mms.mmsDeletable", FLAG };
static const struct field f_scope = { "mms.scopeOfDelete", U8 };
static const struct field f_domain = { "mms.domainName", TEXT };
static const struct field f_matched = { "mms.numberMatched", BE32 };
static const struct field f_deleted = { "mms.numberDeleted", BE32 };
static const struct field f_station = { "mms.operatorStationName", TEXT };
static const struct field f_line = { "mms.operator_text", TEXT };
static const struct field f_token = { "mms.namedToken", TEXT };
static const struct field f_priority = { "mms.priority", U8 };
static const struct field f_delay = { "mms.acceptableDelay", BE32 };
static const struct field f_timeout = { "mms.controlTimeOut", BE32 };
static const struct field f_abort = { "mms.abortOnTimeOut", FLAG };
static const struct field f_relinquish = { "mms.relinquishIfConnectionLost", FLAG };
static const struct field f_tokens = { "mms.numbersOfTokens", BE32 };
static const struct field f_capability = { "mms.listOfCapabilities", TEXT };
static const struct field f_sharable = { "mms.sharable", FLAG };
static const struct field f_size = { "mms.data_size", BE32 };
static const struct field f_upload = { "mms.ulsmID", SBE32 };
static const struct field f_file = { "mms.fileName", TEXT };
static const struct field f_state = { "mms.state", U8 };
static const struct field f_program = { "mms.programInvocationName", TEXT };
static const struct field f_reusable = { "mms.reusable", FLAG };
static const struct field f_monitor = { "mms.monitorType", FLAG };
static const struct field f_argument = { "mms.simpleString", TEXT };
static const struct field f_in_progress = { "mms.uploadInProgress", SBE32 };
static const struct field f_source = { "mms.sourceFile", TEXT };
static const struct field f_destination = { "mms.destinationFile", TEXT };
static const struct field f_entries = { "mms.currentEntries", BE32 };
static const struct field f_position = { "mms.initialPosition", BE32 };
static const struct field f_handle = { "mms.frsmID", SBE32 };
static const struct field f_file_size = { "mms.sizeOfFile", BE32 };
static const struct field f_modified = { "mms.lastModified", TEXT };
static const struct field f_current_file = { "mms.currentFileName", TEXT };
static const struct field f_new_file = { "mms.newFileName", TEXT };
static const struct field f_acknowledged = { "mms.acknowledgedState", U8 };
static const struct field f_extended = { "mms.status", FLAG };

/* How a part of a service stands in it.  SELF: the service has no parts, it is the value. */
enum kind {
	K_TEXT,
	K_TEXTS, /* a list of strings */
	K_NAME,
	K_NAMES,
	K_NUMBER,
	K_SIGNED,
	K_FLAG,
	K_BITS,
	K_SIZE, /* how many bytes it has */
	K_OBJECTS,
	K_FILE,  /* a file name: strings that belong together */
	K_CLASS, /* a number in a choice */
	K_SCOPE,
	K_VARIABLES,
	K_ATTRIBUTES,
	K_ADDRESS,
};
enum { SELF = 0xff };

/* Parts that are not named here (types, alternate access, event texts) are passed over. */
static const struct part {
	uint8_t service, dir, tag, kind;
	const struct field *field;
} parts[] = {
	{ 0, DIR_REQUEST, SELF, K_FLAG, &f_extended },
	{ 0, DIR_RESPONSE, 0, K_NUMBER, &f_logical },
	{ 0, DIR_RESPONSE, 1, K_NUMBER, &f_physical },
	{ 0, DIR_RESPONSE, 2, K_BITS, &f_detail },
	{ 1, DIR_REQUEST, 0, K_CLASS, &f_object_class },
	{ 1, DIR_REQUEST, 1, K_SCOPE, &f_domain_scope },
	{ 1, DIR_REQUEST, 2, K_TEXT, &f_continue_after },
	{ 1, DIR_RESPONSE, 0, K_TEXTS, &f_identifier },
	{ 1, DIR_RESPONSE, 1, K_FLAG, &f_more },
	{ 2, DIR_RESPONSE, 0, K_TEXT, &f_vendor },
	{ 2, DIR_RESPONSE, 1, K_TEXT, &f_model },
	{ 2, DIR_RESPONSE, 2, K_TEXT, &f_revision },
	{ 2, DIR_RESPONSE, 3, K_OBJECTS, &f_syntax },
	{ 3, DIR_REQUEST, 0, K_CLASS, &f_object_class },
	{ 3, DIR_REQUEST, 1, K_NAME, NULL },
	{ 3, DIR_REQUEST, 2, K_TEXT, &f_new_name },
	{ 6, DIR_REQUEST, 0, K_NAME, NULL },
	{ 6, DIR_RESPONSE, 0, K_FLAG, &f_deletable },
	{ 7, DIR_REQUEST, 0, K_NAME, NULL },
	{ 7, DIR_REQUEST, 1, K_ADDRESS, NULL },
	{ 8, DIR_REQUEST, 0, K_NAME, NULL },
	{ 9, DIR_REQUEST, SELF, K_NAME, NULL },
	{ 9, DIR_RESPONSE, 0, K_FLAG, &f_deletable },
	{ 10, DIR_REQUEST, 0, K_NUMBER, &f_scope },
	{ 10, DIR_REQUEST, 1, K_NAMES, NULL },
	{ 10, DIR_REQUEST, 2, K_TEXT, &f_domain },
	{ 10, DIR_RESPONSE, 0, K_NUMBER, &f_matched },
	{ 10, DIR_RESPONSE, 1, K_NUMBER, &f_deleted },
	{ 12, DIR_REQUEST, SELF, K_NAME, NULL },
	{ 12, DIR_RESPONSE, 0, K_FLAG, &f_deletable },
	{ 12, DIR_RESPONSE, 1, K_VARIABLES, NULL },
	{ 13, DIR_REQUEST, 0, K_NUMBER, &f_scope },
	{ 13, DIR_REQUEST, 1, K_NAMES, NULL },
	{ 13, DIR_REQUEST, 2, K_TEXT, &f_domain },
	{ 13, DIR_RESPONSE, 0, K_NUMBER, &f_matched },
	{ 13, DIR_RESPONSE, 1, K_NUMBER, &f_deleted },
	{ 15, DIR_REQUEST, SELF, K_NAME, NULL },
	{ 15, DIR_RESPONSE, 0, K_FLAG, &f_deletable },
	{ 16, DIR_REQUEST, 0, K_NUMBER, &f_scope },
	{ 16, DIR_REQUEST, 1, K_NAMES, NULL },
	{ 16, DIR_REQUEST, 2, K_TEXT, &f_domain },
	{ 16, DIR_RESPONSE, 0, K_NUMBER, &f_matched },
	{ 16, DIR_RESPONSE, 1, K_NUMBER, &f_deleted },
	{ 17, DIR_REQUEST, 0, K_TEXT, &f_station },
	{ 17, DIR_REQUEST, 2, K_TEXTS, &f_line },
	{ 17, DIR_RESPONSE, SELF, K_TEXT, &f_line },
	{ 18, DIR_REQUEST, 0, K_TEXT, &f_station },
	{ 18, DIR_REQUEST, 1, K_TEXTS, &f_line },
	{ 19, DIR_REQUEST, 0, K_NAME, NULL },
	{ 19, DIR_REQUEST, 1, K_TEXT, &f_token },
	{ 19, DIR_REQUEST, 2, K_NUMBER, &f_priority },
	{ 19, DIR_REQUEST, 3, K_NUMBER, &f_delay },
	{ 19, DIR_REQUEST, 4, K_NUMBER, &f_timeout },
	{ 19, DIR_REQUEST, 5, K_FLAG, &f_abort },
	{ 19, DIR_REQUEST, 6, K_FLAG, &f_relinquish },
	{ 19, DIR_RESPONSE, 1, K_TEXT, &f_token },
	{ 20, DIR_REQUEST, 0, K_NAME, NULL },
	{ 20, DIR_REQUEST, 1, K_TEXT, &f_token },
	{ 21, DIR_REQUEST, 0, K_NAME, NULL },
	{ 21, DIR_REQUEST, 1, K_NUMBER, &f_tokens },
	{ 22, DIR_REQUEST, SELF, K_NAME, NULL },
	{ 23, DIR_REQUEST, SELF, K_NAME, NULL },
	{ 24, DIR_REQUEST, 0, K_NAME, NULL },
	{ 25, DIR_REQUEST, 0, K_NAME, NULL },
	{ 26, DIR_REQUEST, 0, K_TEXT, &f_domain },
	{ 26, DIR_REQUEST, 1, K_TEXTS, &f_capability },
	{ 26, DIR_REQUEST, 2, K_FLAG, &f_sharable },
	{ 27, DIR_REQUEST, SELF, K_TEXT, &f_domain },
	{ 27, DIR_RESPONSE, 0, K_SIZE, &f_size },
	{ 27, DIR_RESPONSE, 1, K_FLAG, &f_more },
	{ 28, DIR_REQUEST, 0, K_TEXT, &f_domain },
	{ 29, DIR_REQUEST, SELF, K_TEXT, &f_domain },
	{ 29, DIR_RESPONSE, 0, K_SIGNED, &f_upload },
	{ 29, DIR_RESPONSE, 1, K_TEXTS, &f_capability },
	{ 30, DIR_REQUEST, SELF, K_SIGNED, &f_upload },
	{ 30, DIR_RESPONSE, 0, K_SIZE, &f_size },
	{ 30, DIR_RESPONSE, 1, K_FLAG, &f_more },
	{ 31, DIR_REQUEST, SELF, K_SIGNED, &f_upload },
	{ 32, DIR_REQUEST, 0, K_TEXT, &f_domain },
	{ 32, DIR_REQUEST, 1, K_TEXTS, &f_capability },
	{ 32, DIR_REQUEST, 2, K_FLAG, &f_sharable },
	{ 32, DIR_REQUEST, 4, K_FILE, &f_file },
	{ 33, DIR_REQUEST, 0, K_TEXT, &f_domain },
	{ 33, DIR_REQUEST, 1, K_FILE, &f_file },
	{ 34, DIR_REQUEST, 0, K_TEXT, &f_domain },
	{ 34, DIR_REQUEST, 1, K_TEXTS, &f_capability },
	{ 34, DIR_REQUEST, 2, K_FLAG, &f_sharable },
	{ 34, DIR_REQUEST, 4, K_FILE, &f_file },
	{ 35, DIR_REQUEST, 0, K_TEXT, &f_domain },
	{ 35, DIR_REQUEST, 1, K_FILE, &f_file },
	{ 36, DIR_REQUEST, SELF, K_TEXT, &f_domain },
	{ 37, DIR_REQUEST, SELF, K_TEXT, &f_domain },
	{ 37, DIR_RESPONSE, 0, K_TEXTS, &f_capability },
	{ 37, DIR_RESPONSE, 1, K_NUMBER, &f_state },
	{ 37, DIR_RESPONSE, 2, K_FLAG, &f_deletable },
	{ 37, DIR_RESPONSE, 3, K_FLAG, &f_sharable },
	{ 37, DIR_RESPONSE, 4, K_TEXTS, &f_program },
	{ 37, DIR_RESPONSE, 5, K_SIGNED, &f_in_progress },
	{ 38, DIR_REQUEST, 0, K_TEXT, &f_program },
	{ 38, DIR_REQUEST, 1, K_TEXTS, &f_domain },
	{ 38, DIR_REQUEST, 2, K_FLAG, &f_reusable },
	{ 38, DIR_REQUEST, 3, K_FLAG, &f_monitor },
	{ 39, DIR_REQUEST, SELF, K_TEXT, &f_program },
	{ 40, DIR_REQUEST, 0, K_TEXT, &f_program },
	{ 40, DIR_REQUEST, 1, K_TEXT, &f_argument },
	{ 41, DIR_REQUEST, 0, K_TEXT, &f_program },
	{ 42, DIR_REQUEST, 0, K_TEXT, &f_program },
	{ 42, DIR_REQUEST, 1, K_TEXT, &f_argument },
	{ 43, DIR_REQUEST, 0, K_TEXT, &f_program },
	{ 44, DIR_REQUEST, 0, K_TEXT, &f_program },
	{ 45, DIR_REQUEST, SELF, K_TEXT, &f_program },
	{ 45, DIR_RESPONSE, 0, K_NUMBER, &f_state },
	{ 45, DIR_RESPONSE, 1, K_TEXTS, &f_domain },
	{ 45, DIR_RESPONSE, 2, K_FLAG, &f_deletable },
	{ 45, DIR_RESPONSE, 3, K_FLAG, &f_reusable },
	{ 45, DIR_RESPONSE, 4, K_FLAG, &f_monitor },
	{ 45, DIR_RESPONSE, 5, K_TEXT, &f_argument },
	{ 46, DIR_REQUEST, 1, K_FILE, &f_source },
	{ 46, DIR_REQUEST, 2, K_FILE, &f_destination },
	{ 47, DIR_REQUEST, 0, K_NAME, NULL },
	{ 48, DIR_REQUEST, 0, K_NAMES, NULL },
	{ 48, DIR_REQUEST, 2, K_TEXT, &f_domain },
	{ 49, DIR_REQUEST, SELF, K_NAME, NULL },
	{ 50, DIR_REQUEST, SELF, K_NAME, NULL },
	{ 51, DIR_REQUEST, 0, K_NAME, NULL },
	{ 52, DIR_REQUEST, 0, K_NAME, NULL },
	{ 53, DIR_REQUEST, 0, K_NAME, NULL },
	{ 54, DIR_REQUEST, 0, K_NAMES, NULL },
	{ 54, DIR_REQUEST, 2, K_TEXT, &f_domain },
	{ 55, DIR_REQUEST, SELF, K_NAME, NULL },
	{ 56, DIR_REQUEST, SELF, K_NAME, NULL },
	{ 57, DIR_REQUEST, 0, K_NAME, NULL },
	{ 58, DIR_REQUEST, 0, K_NAMES, NULL },
	{ 58, DIR_REQUEST, 1, K_NAME, NULL },
	{ 58, DIR_REQUEST, 2, K_NAME, NULL },
	{ 59, DIR_REQUEST, 0, K_NAME, NULL },
	{ 60, DIR_REQUEST, SELF, K_NAME, NULL },
	{ 62, DIR_REQUEST, 0, K_NAME, NULL },
	{ 62, DIR_REQUEST, 2, K_NUMBER, &f_acknowledged },
	{ 65, DIR_REQUEST, 0, K_NAME, NULL },
	{ 65, DIR_RESPONSE, 1, K_FLAG, &f_more },
	{ 66, DIR_REQUEST, 0, K_NAME, NULL },
	{ 67, DIR_REQUEST, 0, K_NAME, NULL },
	{ 67, DIR_RESPONSE, SELF, K_NUMBER, &f_deleted },
	{ 68, DIR_REQUEST, SELF, K_NAME, NULL },
	{ 68, DIR_RESPONSE, 0, K_NUMBER, &f_entries },
	{ 68, DIR_RESPONSE, 1, K_FLAG, &f_deletable },
	{ 69, DIR_REQUEST, 0, K_NAME, NULL },
	{ 70, DIR_REQUEST, 0, K_NAME, NULL },
	{ 71, DIR_RESPONSE, 0, K_TEXTS, &f_capability },
	{ 71, DIR_RESPONSE, 1, K_FLAG, &f_more },
	{ 72, DIR_REQUEST, 0, K_FILE, &f_file },
	{ 72, DIR_REQUEST, 1, K_NUMBER, &f_position },
	{ 72, DIR_RESPONSE, 0, K_SIGNED, &f_handle },
	{ 72, DIR_RESPONSE, 1, K_ATTRIBUTES, NULL },
	{ 73, DIR_REQUEST, SELF, K_SIGNED, &f_handle },
	{ 73, DIR_RESPONSE, 0, K_SIZE, &f_size },
	{ 73, DIR_RESPONSE, 1, K_FLAG, &f_more },
	{ 74, DIR_REQUEST, SELF, K_SIGNED, &f_handle },
	{ 75, DIR_REQUEST, 0, K_FILE, &f_current_file },
	{ 75, DIR_REQUEST, 1, K_FILE, &f_new_file },
	{ 76, DIR_REQUEST, SELF, K_FILE, &f_file },
	{ 77, DIR_REQUEST, 0, K_FILE, &f_file },
	{ 77, DIR_REQUEST, 1, K_FILE, &f_continue_after },
	{ 77, DIR_RESPONSE, 1, K_FLAG, &f_more },
};

static bool add_texts(struct scene *s, const struct field *f, struct cur c)
{
	struct element e;
	while (c.left) {
		if (!element_read(&c, &e))
			return false;
		fact_text(s, f, e.content.at, e.content.left);
		if (f == &f_identifier)
			mms_say_kind(s, &e.content);
	}
	return true;
}

static bool add_objects(struct scene *s, const struct field *f, struct cur c)
{
	char text[BER_OBJECT];
	struct element e;
	while (c.left) {
		if (!element_read(&c, &e))
			return false;
		size_t size = ber_object(e.content, text);
		char *kept = size ? scene_scratch(s, size) : NULL;
		if (kept)
			fact_text(s, f, memcpy(kept, text, size), size);
	}
	return true;
}

/* ISO 9506-2, annex D: a file name is a list of strings; nearly everybody sends one. */
static bool add_file(struct scene *s, const struct field *f, struct cur c)
{
	struct element e;
	while (c.left) {
		if (!element_read(&c, &e))
			return false;
		if (e.class == BER_UNIVERSAL && e.made)
			c = e.content; /* some put the list into a sequence of its own */
		else
			fact_text(s, f, e.content.at, e.content.left);
	}
	return true;
}

static bool add_attributes(struct scene *s, struct cur c)
{
	struct element e;
	uint64_t size;
	while (c.left) {
		if (!element_read(&c, &e))
			return false;
		if (e.number == 0 && ber_number(e.content, false, &size))
			fact_uint(s, &f_file_size, size);
		else if (e.number == 1)
			fact_text(s, &f_modified, e.content.at, e.content.left);
	}
	return true;
}

static bool add_part(struct scene *s, const struct part *p, struct cur c)
{
	struct element e;
	uint64_t v;
	switch ((enum kind)p->kind) {
	case K_TEXT:
		fact_text(s, p->field, c.at, c.left);
		return true;
	case K_TEXTS:
		return add_texts(s, p->field, c);
	case K_NAME:
		return mms_add_name(s, &c, NULL);
	case K_NAMES:
		while (c.left)
			if (!mms_add_name(s, &c, NULL))
				return false;
		return true;
	case K_NUMBER:
		if (!ber_number(c, false, &v))
			return false;
		fact_uint(s, p->field, v);
		return true;
	case K_SIGNED:
		if (!ber_number(c, true, &v))
			return false;
		fact_int(s, p->field, (int64_t)v);
		return true;
	case K_FLAG:
		if (c.left != 1)
			return false;
		fact_flag(s, p->field, cur_u8(&c));
		return true;
	case K_BITS:
		cur_skip(&c, 1); /* how many of the last say nothing */
		fact_bytes(s, p->field, c.at, c.left);
		return cur_ok(&c);
	case K_SIZE:
		fact_uint(s, p->field, c.left);
		return true;
	case K_OBJECTS:
		return add_objects(s, p->field, c);
	case K_FILE:
		return add_file(s, p->field, c);
	case K_CLASS:
		if (!element_read(&c, &e) || !ber_number(e.content, false, &v))
			return false;
		fact_uint(s, p->field, v);
		return true;
	case K_SCOPE: /* 0 the whole device, 1 a domain, 2 this association */
		if (!element_read(&c, &e))
			return false;
		if (e.number == 1)
			fact_text(s, p->field, e.content.at, e.content.left);
		return true;
	case K_VARIABLES:
		return mms_add_variables(s, &c, NULL);
	case K_ADDRESS:
		return mms_add_address(s, c, NULL);
	case K_ATTRIBUTES:
		return add_attributes(s, c);
	}
	return false;
}

static const struct part *part_find(unsigned service, enum dir dir, uint32_t tag)
{
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		if (parts[i].service == service && parts[i].dir == dir && parts[i].tag == tag)
			return &parts[i];
	return NULL;
}

/* Entries of a directory: in the list itself, or in a sequence within it. */
static bool add_directory(struct scene *s, struct cur c, unsigned depth)
{
	struct element e;
	while (c.left) {
		if (depth > 3 || !element_read(&c, &e))
			return false;
		bool good = e.class == BER_UNIVERSAL ? add_directory(s, e.content, depth + 1)
			: e.number == 0              ? add_file(s, &f_file, e.content)
						     : add_attributes(s, e.content);
		if (!good)
			return false;
	}
	return true;
}

static void say_who(struct scene *s, uint32_t tag, const struct cur *c)
{
	static const enum identity_key keys[] = { ID_VENDOR, ID_MODEL, ID_FIRMWARE };
	if (tag < sizeof keys / sizeof keys[0])
		who_sender(s, keys[tag], c->at, c->left);
}

bool mms_read_body(struct scene *s, unsigned service, enum dir dir, const struct element *body)
{
	const struct part *self = part_find(service, dir, SELF);
	if (self)
		return add_part(s, self, body->content);
	struct cur c = body->content;
	struct element e;
	if (!body->made)
		return true;
	while (c.left) {
		if (!element_read(&c, &e))
			return false;
		if (service == MMS_FILE_DIRECTORY && dir == DIR_RESPONSE && e.number == 0 &&
			!add_directory(s, e.content, 0))
			return false;
		const struct part *p =
			e.class == BER_CONTEXT ? part_find(service, dir, e.number) : NULL;
		if (p && !add_part(s, p, e.content))
			return false;
		if (service == MMS_IDENTIFY && dir == DIR_RESPONSE && e.class == BER_CONTEXT)
			say_who(s, e.number, &e.content);
	}
	return true;
}

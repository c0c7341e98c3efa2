/* Somebody goes from one Windows machine to the next: what administrators do too, rarely and from
 * machines that are known for it. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "sense/detect.h"
#include "sense/text_find.h"

static bool named(const struct event *ev, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(ev->fact->msg->name, *names) == 0)
			return true;
	return false;
}

static bool of_interface(const struct event *ev, const char *prefix)
{
	return strncmp(ev->fact->msg->name, prefix, strlen(prefix)) == 0;
}

/* "svcctl create_service: Updater, C:\updater.exe" */
static void say_call(const struct event *ev, struct detected *out)
{
	const struct value *name = fact_value(ev->fact, "dcerpc.name");
	const struct value *program = fact_value(ev->fact, "dcerpc.program");
	struct out o = out_mem(out->detail, sizeof out->detail);
	out_str(&o, ev->fact->msg->name);
	if (name)
		text_show(&o, ": ", name, 20);
	if (program)
		text_show(&o, name ? ", " : ": ", program, 24);
	(void)out_text(&o);
}

static bool service(void *memory, const struct event *ev, struct detected *out)
{
	static const char *const reads[] = { "svcctl_close_handle", NULL };
	(void)memory;
	if (!of_interface(ev, "svcctl_") || named(ev, reads))
		return false;
	if (ev->fact->msg->act == ACT_CONTROL) /* it is there already */
		out->severity = SEVERITY_WARNING;
	say_call(ev, out);
	return true;
}

static bool task(void *memory, const struct event *ev, struct detected *out)
{
	static const char *const names[] = { "tasks_register_task", "tasks_run", "tasks_delete",
		"atsvc_job_add", "atsvc_job_delete", NULL };
	(void)memory;
	if (!named(ev, names))
		return false;
	say_call(ev, out);
	return true;
}

static bool registry(void *memory, const struct event *ev, struct detected *out)
{
	static const char *const copies[] = { "winreg_save_key", "winreg_save_key_ex", NULL };
	(void)memory;
	bool copied = named(ev, copies);
	if (!of_interface(ev, "winreg_") || (ev->fact->msg->act != ACT_WRITE && !copied))
		return false;
	say_call(ev, out);
	return true;
}

static bool management(void *memory, const struct event *ev, struct detected *out)
{
	(void)memory;
	if (!of_interface(ev, "wbem_"))
		return false;
	say_call(ev, out);
	return true;
}

static bool account(void *memory, const struct event *ev, struct detected *out)
{
	static const char *const names[] = { "samr_create_user", "samr_create_user2",
		"samr_set_user", "samr_set_user2", "samr_delete_user", "samr_add_to_alias",
		"samr_add_to_group", "samr_set_dsrm_password", "lsarpc_add_account_rights", NULL };
	(void)memory;
	if (!named(ev, names))
		return false;
	say_call(ev, out);
	return true;
}

static bool log_cleared(void *memory, const struct event *ev, struct detected *out)
{
	static const char *const names[] = { "eventlog_clear_log", "eventlog_clear_log_a", NULL };
	(void)memory;
	if (!named(ev, names))
		return false;
	say_call(ev, out);
	return true;
}

static bool forced(void *memory, const struct event *ev, struct detected *out)
{
	(void)memory;
	if (!of_interface(ev, "efsrpc_"))
		return false;
	say_call(ev, out);
	return true;
}

/* --- files -------------------------------------------------------------------------------------
 */

/* ADMIN$ and the drives, [MS-SRVS] 3.1.1.7: shares that only administrators reach. */
static bool share(void *memory, const struct event *ev, struct detected *out)
{
	(void)memory;
	const struct value *path = fact_value(ev->fact, "smb2.tree");
	if (!path)
		path = fact_value(ev->fact, "smb.path");
	if (!path || path->type != VALUE_TEXT || path->size < 4)
		return false;
	const uint8_t *end = path->bytes + path->size;
	bool drive = end[-1] == '$' && end[-3] == '\\' && (end[-2] | 0x20) >= 'a' &&
		(end[-2] | 0x20) <= 'z';
	if (!drive && !text_ends(path, "\\ADMIN$"))
		return false;
	struct out o = out_mem(out->detail, sizeof out->detail);
	text_show(&o, "", path, 70);
	(void)out_text(&o);
	return true;
}

static bool is_program(const struct value *name)
{
	static const char *const ends[] = { ".exe", ".dll", ".sys", ".scr", ".com", ".cpl", ".msi",
		".bat", ".cmd", ".ps1", ".vbs", ".js", ".jse", ".wsf", ".hta", ".lnk", NULL };
	for (size_t i = 0; ends[i]; i++)
		if (text_ends(name, ends[i]))
			return true;
	return false;
}

/* [MS-SMB2] 2.2.13: one that is there is opened (1), all others make one or write over it. */
static bool program(void *memory, const struct event *ev, struct detected *out)
{
	enum { OPEN = 1, OPEN_IF = 3 };
	const uint64_t writes = 0x2 | 0x4 | 0x40000000 | 0x10000000; /* data, append, generic */
	(void)memory;
	bool second = strcmp(ev->fact->protocol, "smb2") == 0;
	const struct value *name = fact_value(ev->fact, second ? "smb2.filename" : "smb.file");
	const struct value *how =
		fact_value(ev->fact, second ? "smb2.create.disposition" : "smb.create.disposition");
	const struct value *access =
		fact_value(ev->fact, second ? "smb2.access_mask" : "smb.access_mask");
	if (!name || !how || !access || how->u == OPEN || !(access->u & writes) ||
		!is_program(name))
		return false;
	struct out o = out_mem(out->detail, sizeof out->detail);
	text_show(&o, "", name, 70);
	(void)out_text(&o);
	return true;
}

/* Programs that run commands on other machines leave a service or a pipe by these names. */
static bool tool(void *memory, const struct event *ev, struct detected *out)
{
	static const char *const names[] = { "PSEXESVC", "PAExec", "RemCom_", "RemComSvc", "CSExec",
		"winexesvc", "xCmdSvc", "BTOBTO", NULL };
	static const char *const fields[] = { "dcerpc.name", "smb2.filename", "smb.file", NULL };
	(void)memory;
	size_t at = 0;
	for (const struct value *v; (v = text_among(ev->fact, &at, fields));) {
		for (size_t i = 0; names[i]; i++) {
			if (!text_contains(v, names[i]))
				continue;
			struct out o = out_mem(out->detail, sizeof out->detail);
			text_show(&o, "", v, 70);
			(void)out_text(&o);
			return true;
		}
	}
	return false;
}

/* --- the directory ------------------------------------------------------------------------------
 */

static const struct operation *asks_for(
	const struct plant *p, const struct conversation *c, const char *name)
{
	for (uint32_t n = c->operations; n; n = p->operations[n].next)
		if (strcmp(p->operations[n].msg->name, name) == 0 && p->operations[n].requests)
			return &p->operations[n];
	return NULL;
}

/* Who answers what only domain controllers answer. */
static bool is_domain_controller(const struct plant *p, uint32_t asset)
{
	for (size_t i = 0; i < p->conversation_count; i++) {
		const struct conversation *c = &p->conversations[i];
		bool kerberos = c->protocol && strcmp(c->protocol, "kerberos") == 0;
		if (c->server == asset &&
			(kerberos || asks_for(p, c, "drsuapi_get_nc_changes") ||
				asks_for(p, c, "netlogon_authenticate3")))
			return true;
	}
	return false;
}

static void survey_replicas(const struct plant *p, struct survey *s)
{
	for (size_t i = 0; i < p->conversation_count; i++) {
		const struct conversation *c = &p->conversations[i];
		const struct operation *o = asks_for(p, c, "drsuapi_get_nc_changes");
		if (c->server == NO_ASSET || !o || is_domain_controller(p, c->client))
			continue;
		struct detected said = { .n = o->requests, .severity = SEVERITY_CRITICAL };
		survey_found(
			s, c->client, c->server, &said, o->first_frame, o->first_ns, o->last_ns);
	}
}

#define ON_CALL                                                                                    \
	.events = EVENT_FACT, .labels = { "dcerpc", "smb2", "smb" }, .dirs = 1u << DIR_REQUEST,    \
	.key = KEY_PAIR

const struct detection detect_lateral[] = {
	{
		.row = { .id = "net.remote-service",
			.class = "lateral-movement",
			.engine = ENGINE_MALWARE,
			.severity = SEVERITY_MAJOR,
			.title = "A service was made, changed or run on another machine",
			.technique = "T1569.002",
			.next = "Ask whoever administers the machine whether this was meant. If not, take both "
				"machines off the network and look at the service's program." },
		.text = "{a} worked on the services of {b} ({detail}).",
		ON_CALL,
		.acts = 1u << ACT_CONTROL | 1u << ACT_PROGRAM,
		.see = service,
	},
	{
		.row = { .id = "net.remote-task",
			.class = "lateral-movement",
			.engine = ENGINE_MALWARE,
			.severity = SEVERITY_MAJOR,
			.title = "A task was scheduled on another machine",
			.technique = "T1053.005",
			.next = "Ask whoever administers the machine whether this was meant. If not, take both "
				"machines off the network and look at what the task runs." },
		.text = "{a} worked on the scheduled tasks of {b} ({detail}).",
		ON_CALL,
		.acts = 1u << ACT_CONTROL | 1u << ACT_PROGRAM,
		.see = task,
	},
	{
		.row = { .id = "net.remote-registry",
			.class = "lateral-movement",
			.engine = ENGINE_MALWARE,
			.severity = SEVERITY_MAJOR,
			.title = "The registry of another machine was written or copied",
			.technique = "T1112",
			.next = "Ask whoever administers the machine what was changed. Copies of the keys SAM, "
				"SECURITY and SYSTEM hold its passwords: change them." },
		.text = "{a} changed or copied the registry of {b} ({detail}).",
		ON_CALL,
		.acts = 1u << ACT_WRITE | 1u << ACT_READ,
		.see = registry,
	},
	{
		.row = { .id = "net.remote-wmi",
			.class = "lateral-movement",
			.engine = ENGINE_MALWARE,
			.severity = SEVERITY_MAJOR,
			.title = "Something was run on another machine by WMI",
			.technique = "T1047",
			.next = "Ask whoever administers the machine whether this was meant: a method of WMI "
				"starts any program, without a file to find later." },
		.text = "{a} ran or changed something on {b} by WMI ({detail}).",
		ON_CALL,
		.acts = 1u << ACT_CONTROL | 1u << ACT_WRITE,
		.see = management,
	},
	{
		.row = { .id = "net.account-changed",
			.class = "lateral-movement",
			.engine = ENGINE_MALWARE,
			.severity = SEVERITY_WARNING,
			.title = "Accounts of another machine were changed",
			.technique = "T1098",
			.next = "A computer that joins a domain does this once. From anybody else, ask who made "
				"which account, and what it may do." },
		.text = "{a} changed accounts at {b} ({detail}).",
		ON_CALL,
		.acts = 1u << ACT_WRITE,
		.see = account,
	},
	{
		.row = { .id = "net.log-cleared",
			.class = "lateral-movement",
			.engine = ENGINE_MALWARE,
			.severity = SEVERITY_MAJOR,
			.title = "The event log of another machine was emptied",
			.technique = "T0872",
			.next = "Somebody wanted it gone: look for copies of the log elsewhere, and at what the "
				"sender did before." },
		.text = "{a} emptied an event log of {b} ({detail}).",
		ON_CALL,
		.acts = 1u << ACT_WRITE,
		.see = log_cleared,
	},
	{
		.row = { .id = "net.forced-login",
			.class = "exploit-known",
			.engine = ENGINE_MALWARE,
			.severity = SEVERITY_MAJOR,
			.title = "A machine was made to log in somewhere",
			.technique = "T1187",
			.next = "Look where the machine logged in next: whoever sits there can pass its login on "
				"to a domain controller. Encrypted files are not asked for this way." },
		.text = "{a} asked {b} for encrypted files by a call that makes it log in elsewhere "
			"({detail}).",
		ON_CALL,
		.see = forced,
	},
	{
		.row = { .id = "net.admin-share",
			.class = "lateral-movement",
			.engine = ENGINE_POLICY,
			.severity = SEVERITY_WARNING,
			.title = "A share for administrators was reached",
			.technique = "T0886",
			.next = "Usual for whoever administers the machine, and for nobody else: ask who sat at "
				"the sender." },
		.text = "{a} reached the share {detail} of {b}.",
		.events = EVENT_FACT,
		.labels = { "smb2", "smb" },
		.dirs = 1u << DIR_REQUEST,
		.key = KEY_PAIR,
		.see = share,
	},
	{
		.row = { .id = "net.program-copied",
			.class = "lateral-movement",
			.engine = ENGINE_MALWARE,
			.severity = SEVERITY_MAJOR,
			.title = "A program was put on another machine",
			.technique = "T0867",
			.next = "Ask who put it there. If nobody did: do not run it, keep a copy, and look for it "
				"elsewhere." },
		.text = "{a} put the program {detail} on {b}.",
		.events = EVENT_FACT,
		.labels = { "smb2", "smb" },
		.dirs = 1u << DIR_REQUEST,
		.key = KEY_PAIR,
		.see = program,
	},
	{
		.row = { .id = "net.remote-tool",
			.class = "lateral-movement",
			.engine = ENGINE_MALWARE,
			.severity = SEVERITY_CRITICAL,
			.title = "A tool that runs commands on other machines was at work",
			.technique = "T1569.002",
			.next = "PsExec and its like serve administrators and thieves alike. If nobody of yours "
				"used one: take both machines off the network." },
		.text = "{a} ran commands on {b} with a tool known for it ({detail}).",
		ON_CALL,
		.see = tool,
	},
	{
		.row = { .id = "net.directory-copied",
			.class = "lateral-movement",
			.engine = ENGINE_MALWARE,
			.severity = SEVERITY_CRITICAL,
			.title = "All passwords of a domain were asked for",
			.technique = "T1003.006",
			.next = "Only domain controllers ask each other for this. If the sender is none: take it "
				"off the network, and change the passwords of the domain, krbtgt twice." },
		.text = "{a} asked the domain controller {b} for a copy of the directory, as only domain "
			"controllers do.",
		.survey = survey_replicas,
	},
	{ .row = { .id = NULL } },
};

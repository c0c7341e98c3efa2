/* What SMB version 1 can do: [MS-CIFS] 2.2.2.1 (commands), 2.2.2.2 (subcommands). */
#include "sense/proto/smb1_names.h"

#define PLAIN(code, name)  BOTH(code, ACT_OTHER, EFFECT_NONE, name)
#define READS(code, name)  BOTH(code, ACT_READ, EFFECT_NONE, name)
#define WRITES(code, name) BOTH(code, ACT_WRITE, EFFECT_NONE, name)

const struct msg smb1_commands[] = {
	BOTH(0x00, ACT_WRITE, EFFECT_FILE, "create_directory"),
	BOTH(0x01, ACT_WRITE, EFFECT_FILE, "delete_directory"),
	PLAIN(0x02, "open"),
	PLAIN(0x03, "create"),
	PLAIN(0x04, "close"),
	PLAIN(0x05, "flush"),
	BOTH(0x06, ACT_WRITE, EFFECT_FILE, "delete"),
	BOTH(0x07, ACT_WRITE, EFFECT_FILE, "rename"),
	READS(0x08, "query_information"),
	WRITES(0x09, "set_information"),
	BOTH(0x0a, ACT_READ, EFFECT_FILE, "read"),
	BOTH(0x0b, ACT_WRITE, EFFECT_FILE, "write"),
	PLAIN(0x0c, "lock_byte_range"),
	PLAIN(0x0d, "unlock_byte_range"),
	PLAIN(0x0e, "create_temporary"),
	PLAIN(0x0f, "create_new"),
	READS(0x10, "check_directory"),
	PLAIN(0x11, "process_exit"),
	PLAIN(0x12, "seek"),
	BOTH(0x13, ACT_READ, EFFECT_FILE, "lock_and_read"),
	BOTH(0x14, ACT_WRITE, EFFECT_FILE, "write_and_unlock"),
	BOTH(0x1a, ACT_READ, EFFECT_FILE, "read_raw"),
	BOTH(0x1b, ACT_READ, EFFECT_FILE, "read_multiplexed"),
	BOTH(0x1c, ACT_READ, EFFECT_FILE, "read_multiplexed_secondary"),
	BOTH(0x1d, ACT_WRITE, EFFECT_FILE, "write_raw"),
	BOTH(0x1e, ACT_WRITE, EFFECT_FILE, "write_multiplexed"),
	BOTH(0x1f, ACT_WRITE, EFFECT_FILE, "write_multiplexed_secondary"),
	PLAIN(0x20, "write_complete"),
	READS(0x21, "query_server"),
	WRITES(0x22, "set_information2"),
	READS(0x23, "query_information2"),
	PLAIN(0x24, "locking"),
	PLAIN(0x25, "transaction"),
	PLAIN(0x26, "transaction_secondary"),
	PLAIN(0x27, "ioctl"),
	PLAIN(0x28, "ioctl_secondary"),
	BOTH(0x29, ACT_WRITE, EFFECT_FILE, "copy"),
	BOTH(0x2a, ACT_WRITE, EFFECT_FILE, "move"),
	PLAIN(0x2b, "echo"),
	BOTH(0x2c, ACT_WRITE, EFFECT_FILE, "write_and_close"),
	PLAIN(0x2d, "open"),
	BOTH(0x2e, ACT_READ, EFFECT_FILE, "read"),
	BOTH(0x2f, ACT_WRITE, EFFECT_FILE, "write"),
	PLAIN(0x30, "new_file_size"),
	PLAIN(0x31, "close_and_tree_disconnect"),
	PLAIN(0x32, "transaction2"),
	PLAIN(0x33, "transaction2_secondary"),
	PLAIN(0x34, "find_close2"),
	PLAIN(0x35, "find_notify_close"),
	PLAIN(0x70, "tree_connect"),
	PLAIN(0x71, "tree_disconnect"),
	PLAIN(0x72, "negotiate"),
	PLAIN(0x73, "session_setup"),
	PLAIN(0x74, "logoff"),
	PLAIN(0x75, "tree_connect"),
	PLAIN(0x7e, "security_package"),
	READS(0x80, "query_information_disk"),
	READS(0x81, "search"),
	READS(0x82, "find"),
	READS(0x83, "find_unique"),
	PLAIN(0x84, "find_close"),
	PLAIN(0xa0, "nt_transact"),
	PLAIN(0xa1, "nt_transact_secondary"),
	PLAIN(0xa2, "nt_create"),
	PLAIN(0xa4, "nt_cancel"),
	BOTH(0xa5, ACT_WRITE, EFFECT_FILE, "nt_rename"),
	PLAIN(0xc0, "open_print_file"),
	WRITES(0xc1, "write_print_file"),
	PLAIN(0xc2, "close_print_file"),
	READS(0xc3, "get_print_queue"),
	BOTH(0xd8, ACT_READ, EFFECT_FILE, "read_bulk"),
	BOTH(0xd9, ACT_WRITE, EFFECT_FILE, "write_bulk"),
	BOTH(0xda, ACT_WRITE, EFFECT_FILE, "write_bulk_data"),
	PLAIN(0xfe, "invalid"),
	PLAIN(0xff, "no_command"),
	{ 0 },
};

/* Pipes are no files: calls pass through them. */
const struct msg smb1_pipe_commands[] = {
	READS(0x0a, "read"),
	WRITES(0x0b, "write"),
	READS(0x2e, "read"),
	WRITES(0x2f, "write"),
	{ 0 },
};

const struct msg smb1_logins[] = {
	BOTH(0x73, ACT_OTHER, EFFECT_LOGIN, "session_setup"),
	{ 0 },
};
const struct msg smb1_refusals[] = {
	BOTH(0x73, ACT_OTHER, EFFECT_REFUSED, "session_setup"),
	{ 0 },
};
const struct msg smb1_unknown[] = { PLAIN(0, "unknown_command"), { 0 } };

/* [MS-CIFS] 2.2.6 */
const struct msg smb1_trans2[] = {
	PLAIN(0x00, "open2"),
	READS(0x01, "find_first2"),
	READS(0x02, "find_next2"),
	READS(0x03, "query_fs_information"),
	WRITES(0x04, "set_fs_information"),
	READS(0x05, "query_path_information"),
	BOTH(0x06, ACT_WRITE, EFFECT_FILE, "set_path_information"),
	READS(0x07, "query_file_information"),
	BOTH(0x08, ACT_WRITE, EFFECT_FILE, "set_file_information"),
	PLAIN(0x09, "fsctl"),
	PLAIN(0x0a, "ioctl2"),
	PLAIN(0x0b, "find_notify_first"),
	PLAIN(0x0c, "find_notify_next"),
	BOTH(0x0d, ACT_WRITE, EFFECT_FILE, "create_directory2"),
	PLAIN(0x0e, "session_setup2"),
	READS(0x10, "get_dfs_referral"),
	PLAIN(0x11, "report_dfs_inconsistency"),
	{ 0 },
};

/* [MS-CIFS] 2.2.5: of named pipes */
const struct msg smb1_pipe[] = {
	PLAIN(0x01, "set_pipe_state"),
	READS(0x11, "raw_read_pipe"),
	READS(0x21, "query_pipe_state"),
	READS(0x22, "query_pipe_info"),
	READS(0x23, "peek_pipe"),
	PLAIN(0x26, "transact_pipe"),
	WRITES(0x31, "raw_write_pipe"),
	READS(0x36, "read_pipe"),
	WRITES(0x37, "write_pipe"),
	PLAIN(0x53, "wait_pipe"),
	PLAIN(0x54, "call_pipe"),
	{ 0 },
};
const struct msg smb1_mailslot[] = { WRITES(0x01, "write_mailslot"), { 0 } };

/* [MS-CIFS] 2.2.7 and [MS-SMB] 2.2.7 */
const struct msg smb1_nt_transact[] = {
	PLAIN(1, "nt_transact_create"),
	PLAIN(2, "nt_transact_ioctl"),
	WRITES(3, "nt_transact_set_security"),
	PLAIN(4, "nt_transact_notify_change"),
	BOTH(5, ACT_WRITE, EFFECT_FILE, "nt_transact_rename"),
	READS(6, "nt_transact_query_security"),
	READS(7, "nt_transact_query_quota"),
	WRITES(8, "nt_transact_set_quota"),
	{ 0 },
};

/* Interfaces by name, and what each can be asked: numbers and words of Microsoft's open
 * specifications and The Open Group C706.  Those that administer a machine from afar, which is what
 * somebody does who goes from one to the next; others keep their number. */
#include "sense/proto/dcerpc.h"

#define CALL_OF(code, act, name, body)                                                             \
	{                                                                                          \
		{ code, DIR_REQUEST, act, EFFECT_NONE, name },                                     \
			{ code, DIR_RESPONSE, act, EFFECT_NONE, name }, body                       \
	}
#define CALL(code, act, name) CALL_OF(code, act, name, BODY_OTHER)

/* C706, appendix O */
static const struct dcerpc_operation epmapper[] = {
	CALL(0, ACT_WRITE, "epmapper_insert"),
	CALL(1, ACT_WRITE, "epmapper_delete"),
	CALL(2, ACT_IDENTIFY, "epmapper_lookup"),
	CALL(3, ACT_IDENTIFY, "epmapper_map"),
	CALL(4, ACT_OTHER, "epmapper_lookup_handle_free"),
	{ { 0 } },
};

/* [MS-SCMR] 3.1.4 */
static const struct dcerpc_operation svcctl[] = {
	CALL(0, ACT_OTHER, "svcctl_close_handle"),
	CALL(1, ACT_CONTROL, "svcctl_control_service"),
	CALL(2, ACT_PROGRAM, "svcctl_delete_service"),
	CALL(4, ACT_READ, "svcctl_query_security"),
	CALL(5, ACT_WRITE, "svcctl_set_security"),
	CALL(6, ACT_READ, "svcctl_query_status"),
	CALL(11, ACT_PROGRAM, "svcctl_change_config"),
	CALL_OF(12, ACT_PROGRAM, "svcctl_create_service", BODY_SERVICE),
	CALL(13, ACT_READ, "svcctl_enum_dependent"),
	CALL(14, ACT_READ, "svcctl_enum_status"),
	CALL(15, ACT_OTHER, "svcctl_open_manager"),
	CALL_OF(16, ACT_OTHER, "svcctl_open_service", BODY_NAME),
	CALL(17, ACT_READ, "svcctl_query_config"),
	CALL(18, ACT_READ, "svcctl_query_lock_status"),
	CALL(19, ACT_CONTROL, "svcctl_start_service"),
	CALL(20, ACT_READ, "svcctl_get_display_name"),
	CALL(21, ACT_READ, "svcctl_get_key_name"),
	CALL(23, ACT_PROGRAM, "svcctl_change_config_a"),
	CALL(24, ACT_PROGRAM, "svcctl_create_service_a"),
	CALL(26, ACT_READ, "svcctl_enum_status_a"),
	CALL(27, ACT_OTHER, "svcctl_open_manager_a"),
	CALL(28, ACT_OTHER, "svcctl_open_service_a"),
	CALL(29, ACT_READ, "svcctl_query_config_a"),
	CALL(31, ACT_CONTROL, "svcctl_start_service_a"),
	CALL(36, ACT_PROGRAM, "svcctl_change_config2_a"),
	CALL(37, ACT_PROGRAM, "svcctl_change_config2"),
	CALL(38, ACT_READ, "svcctl_query_config2_a"),
	CALL(39, ACT_READ, "svcctl_query_config2"),
	CALL(40, ACT_READ, "svcctl_query_status_ex"),
	CALL(41, ACT_READ, "svcctl_enum_status_ex_a"),
	CALL(42, ACT_READ, "svcctl_enum_status_ex"),
	CALL(44, ACT_PROGRAM, "svcctl_create_service_wow64_a"),
	CALL_OF(45, ACT_PROGRAM, "svcctl_create_service_wow64", BODY_SERVICE),
	CALL(50, ACT_CONTROL, "svcctl_control_service_ex_a"),
	CALL(51, ACT_CONTROL, "svcctl_control_service_ex"),
	CALL_OF(60, ACT_PROGRAM, "svcctl_create_wow_service", BODY_SERVICE),
	{ { 0 } },
};

/* [MS-TSCH] 3.2.5.2 */
static const struct dcerpc_operation atsvc[] = {
	CALL_OF(0, ACT_PROGRAM, "atsvc_job_add", BODY_COMMAND),
	CALL(1, ACT_PROGRAM, "atsvc_job_delete"),
	CALL(2, ACT_READ, "atsvc_job_enum"),
	CALL(3, ACT_READ, "atsvc_job_get_info"),
	{ { 0 } },
};

/* [MS-TSCH] 3.2.5.3 */
static const struct dcerpc_operation sasec[] = {
	CALL(0, ACT_WRITE, "sasec_set_account"),
	CALL(1, ACT_WRITE, "sasec_set_ns_account"),
	CALL(2, ACT_READ, "sasec_get_ns_account"),
	CALL(3, ACT_READ, "sasec_get_account"),
	{ { 0 } },
};

/* [MS-TSCH] 3.2.5.4 */
static const struct dcerpc_operation tasks[] = {
	CALL(0, ACT_OTHER, "tasks_highest_version"),
	CALL_OF(1, ACT_PROGRAM, "tasks_register_task", BODY_UNIQUE),
	CALL(2, ACT_READ, "tasks_retrieve_task"),
	CALL(3, ACT_WRITE, "tasks_create_folder"),
	CALL(4, ACT_WRITE, "tasks_set_security"),
	CALL(5, ACT_READ, "tasks_get_security"),
	CALL(6, ACT_READ, "tasks_enum_folders"),
	CALL(7, ACT_READ, "tasks_enum_tasks"),
	CALL(8, ACT_READ, "tasks_enum_instances"),
	CALL(9, ACT_READ, "tasks_get_instance_info"),
	CALL(10, ACT_CONTROL, "tasks_stop_instance"),
	CALL(11, ACT_CONTROL, "tasks_stop"),
	CALL(12, ACT_CONTROL, "tasks_run"),
	CALL(13, ACT_PROGRAM, "tasks_delete"),
	CALL(14, ACT_PROGRAM, "tasks_rename"),
	CALL(15, ACT_READ, "tasks_scheduled_runtimes"),
	CALL(16, ACT_READ, "tasks_last_run_info"),
	CALL(17, ACT_READ, "tasks_get_task_info"),
	CALL(18, ACT_READ, "tasks_missed_runs"),
	CALL(19, ACT_CONTROL, "tasks_enable_task"),
	{ { 0 } },
};

/* [MS-RRP] 3.1.5 */
static const struct dcerpc_operation winreg[] = {
	CALL(0, ACT_OTHER, "winreg_open_classes_root"),
	CALL(1, ACT_OTHER, "winreg_open_current_user"),
	CALL(2, ACT_OTHER, "winreg_open_local_machine"),
	CALL(3, ACT_OTHER, "winreg_open_performance_data"),
	CALL(4, ACT_OTHER, "winreg_open_users"),
	CALL(5, ACT_OTHER, "winreg_close_key"),
	CALL_OF(6, ACT_WRITE, "winreg_create_key", BODY_KEY),
	CALL_OF(7, ACT_WRITE, "winreg_delete_key", BODY_KEY),
	CALL_OF(8, ACT_WRITE, "winreg_delete_value", BODY_KEY),
	CALL(9, ACT_READ, "winreg_enum_key"),
	CALL(10, ACT_READ, "winreg_enum_value"),
	CALL(11, ACT_OTHER, "winreg_flush_key"),
	CALL(12, ACT_READ, "winreg_get_security"),
	CALL(13, ACT_WRITE, "winreg_load_key"),
	CALL_OF(15, ACT_OTHER, "winreg_open_key", BODY_KEY),
	CALL(16, ACT_READ, "winreg_query_key"),
	CALL_OF(17, ACT_READ, "winreg_query_value", BODY_KEY),
	CALL(18, ACT_WRITE, "winreg_replace_key"),
	CALL(19, ACT_WRITE, "winreg_restore_key"),
	CALL(20, ACT_READ, "winreg_save_key"),
	CALL(21, ACT_WRITE, "winreg_set_security"),
	CALL_OF(22, ACT_WRITE, "winreg_set_value", BODY_KEY),
	CALL(23, ACT_WRITE, "winreg_unload_key"),
	CALL(26, ACT_READ, "winreg_get_version"),
	CALL(27, ACT_OTHER, "winreg_open_current_config"),
	CALL(29, ACT_READ, "winreg_query_values"),
	CALL(31, ACT_READ, "winreg_save_key_ex"),
	CALL(34, ACT_READ, "winreg_query_values2"),
	CALL_OF(35, ACT_WRITE, "winreg_delete_key_ex", BODY_KEY),
	{ { 0 } },
};

/* [MS-SAMR] 3.1.5 */
static const struct dcerpc_operation samr[] = {
	CALL(0, ACT_OTHER, "samr_connect"),
	CALL(1, ACT_OTHER, "samr_close_handle"),
	CALL(2, ACT_WRITE, "samr_set_security"),
	CALL(3, ACT_READ, "samr_query_security"),
	CALL(5, ACT_READ, "samr_lookup_domain"),
	CALL(6, ACT_READ, "samr_enum_domains"),
	CALL(7, ACT_OTHER, "samr_open_domain"),
	CALL(8, ACT_READ, "samr_query_domain"),
	CALL(9, ACT_WRITE, "samr_set_domain"),
	CALL(10, ACT_WRITE, "samr_create_group"),
	CALL(11, ACT_READ, "samr_enum_groups"),
	CALL(12, ACT_WRITE, "samr_create_user"),
	CALL(13, ACT_READ, "samr_enum_users"),
	CALL(14, ACT_WRITE, "samr_create_alias"),
	CALL(15, ACT_READ, "samr_enum_aliases"),
	CALL(16, ACT_READ, "samr_get_alias_membership"),
	CALL(17, ACT_READ, "samr_lookup_names"),
	CALL(18, ACT_READ, "samr_lookup_ids"),
	CALL(19, ACT_OTHER, "samr_open_group"),
	CALL(20, ACT_READ, "samr_query_group"),
	CALL(21, ACT_WRITE, "samr_set_group"),
	CALL(22, ACT_WRITE, "samr_add_to_group"),
	CALL(23, ACT_WRITE, "samr_delete_group"),
	CALL(24, ACT_WRITE, "samr_remove_from_group"),
	CALL(25, ACT_READ, "samr_get_group_members"),
	CALL(27, ACT_OTHER, "samr_open_alias"),
	CALL(28, ACT_READ, "samr_query_alias"),
	CALL(29, ACT_WRITE, "samr_set_alias"),
	CALL(30, ACT_WRITE, "samr_delete_alias"),
	CALL(31, ACT_WRITE, "samr_add_to_alias"),
	CALL(32, ACT_WRITE, "samr_remove_from_alias"),
	CALL(33, ACT_READ, "samr_get_alias_members"),
	CALL(34, ACT_OTHER, "samr_open_user"),
	CALL(35, ACT_WRITE, "samr_delete_user"),
	CALL(36, ACT_READ, "samr_query_user"),
	CALL(37, ACT_WRITE, "samr_set_user"),
	CALL(38, ACT_WRITE, "samr_change_password"),
	CALL(39, ACT_READ, "samr_get_groups_of_user"),
	CALL(40, ACT_READ, "samr_query_display"),
	CALL(44, ACT_READ, "samr_get_password_policy_of_user"),
	CALL(46, ACT_READ, "samr_query_domain2"),
	CALL(47, ACT_READ, "samr_query_user2"),
	CALL(48, ACT_READ, "samr_query_display2"),
	CALL(50, ACT_WRITE, "samr_create_user2"),
	CALL(51, ACT_READ, "samr_query_display3"),
	CALL(54, ACT_WRITE, "samr_change_password_oem"),
	CALL(55, ACT_WRITE, "samr_change_password_unicode"),
	CALL(56, ACT_READ, "samr_get_password_policy"),
	CALL(57, ACT_OTHER, "samr_connect2"),
	CALL(58, ACT_WRITE, "samr_set_user2"),
	CALL(62, ACT_OTHER, "samr_connect4"),
	CALL(64, ACT_OTHER, "samr_connect5"),
	CALL(65, ACT_READ, "samr_rid_to_sid"),
	CALL(66, ACT_WRITE, "samr_set_dsrm_password"),
	CALL(67, ACT_OTHER, "samr_validate_password"),
	{ { 0 } },
};

/* [MS-LSAD] 3.1.4, [MS-LSAT] 3.1.4 */
static const struct dcerpc_operation lsarpc[] = {
	CALL(0, ACT_OTHER, "lsarpc_close"),
	CALL(2, ACT_READ, "lsarpc_enum_privileges"),
	CALL(3, ACT_READ, "lsarpc_query_security"),
	CALL(4, ACT_WRITE, "lsarpc_set_security"),
	CALL(6, ACT_OTHER, "lsarpc_open_policy"),
	CALL(7, ACT_READ, "lsarpc_query_policy"),
	CALL(8, ACT_WRITE, "lsarpc_set_policy"),
	CALL(10, ACT_WRITE, "lsarpc_create_account"),
	CALL(11, ACT_READ, "lsarpc_enum_accounts"),
	CALL(12, ACT_WRITE, "lsarpc_create_trusted_domain"),
	CALL(13, ACT_READ, "lsarpc_enum_trusted_domains"),
	CALL(14, ACT_READ, "lsarpc_lookup_names"),
	CALL(15, ACT_READ, "lsarpc_lookup_sids"),
	CALL(16, ACT_WRITE, "lsarpc_create_secret"),
	CALL(17, ACT_OTHER, "lsarpc_open_account"),
	CALL(18, ACT_READ, "lsarpc_enum_account_privileges"),
	CALL(19, ACT_WRITE, "lsarpc_add_privileges"),
	CALL(20, ACT_WRITE, "lsarpc_remove_privileges"),
	CALL(28, ACT_OTHER, "lsarpc_open_secret"),
	CALL(29, ACT_WRITE, "lsarpc_set_secret"),
	CALL(30, ACT_READ, "lsarpc_query_secret"),
	CALL(37, ACT_WRITE, "lsarpc_add_account_rights"),
	CALL(38, ACT_WRITE, "lsarpc_remove_account_rights"),
	CALL(42, ACT_WRITE, "lsarpc_store_private_data"),
	CALL(43, ACT_READ, "lsarpc_retrieve_private_data"),
	CALL(44, ACT_OTHER, "lsarpc_open_policy2"),
	CALL(45, ACT_READ, "lsarpc_get_user_name"),
	CALL(46, ACT_READ, "lsarpc_query_policy2"),
	CALL(57, ACT_READ, "lsarpc_lookup_sids2"),
	CALL(58, ACT_READ, "lsarpc_lookup_names2"),
	CALL(68, ACT_READ, "lsarpc_lookup_names3"),
	CALL(76, ACT_READ, "lsarpc_lookup_sids3"),
	CALL(77, ACT_READ, "lsarpc_lookup_names4"),
	{ { 0 } },
};

/* [MS-NRPC] 3.5.4 */
static const struct dcerpc_operation netlogon[] = {
	CALL(2, ACT_OTHER, "netlogon_sam_logon"),
	CALL(3, ACT_OTHER, "netlogon_sam_logoff"),
	CALL(4, ACT_OTHER, "netlogon_request_challenge"),
	CALL(5, ACT_OTHER, "netlogon_authenticate"),
	CALL_OF(6, ACT_WRITE, "netlogon_password_set", BODY_PASSWORD_SET),
	CALL(7, ACT_READ, "netlogon_database_deltas"),
	CALL(8, ACT_READ, "netlogon_database_sync"),
	CALL_OF(15, ACT_OTHER, "netlogon_authenticate2", BODY_CREDENTIAL),
	CALL(16, ACT_READ, "netlogon_database_sync2"),
	CALL(20, ACT_READ, "netlogon_get_dc_name"),
	CALL(21, ACT_READ, "netlogon_get_capabilities"),
	CALL_OF(26, ACT_OTHER, "netlogon_authenticate3", BODY_CREDENTIAL),
	CALL(27, ACT_READ, "netlogon_get_dc_name_ex"),
	CALL(28, ACT_READ, "netlogon_get_site_name"),
	CALL(29, ACT_READ, "netlogon_get_domain_info"),
	CALL_OF(30, ACT_WRITE, "netlogon_password_set2", BODY_PASSWORD_SET),
	CALL(31, ACT_READ, "netlogon_password_get"),
	CALL(34, ACT_READ, "netlogon_get_dc_name_ex2"),
	CALL(39, ACT_OTHER, "netlogon_sam_logon_ex"),
	CALL(40, ACT_READ, "netlogon_enum_domain_trusts"),
	CALL(42, ACT_READ, "netlogon_trust_passwords_get"),
	CALL(45, ACT_OTHER, "netlogon_sam_logon_with_flags"),
	{ { 0 } },
};

/* [MS-SRVS] 3.1.4 */
static const struct dcerpc_operation srvsvc[] = {
	CALL(8, ACT_READ, "srvsvc_connection_enum"),
	CALL(9, ACT_READ, "srvsvc_file_enum"),
	CALL(10, ACT_READ, "srvsvc_file_get_info"),
	CALL(11, ACT_CONTROL, "srvsvc_file_close"),
	CALL(12, ACT_READ, "srvsvc_session_enum"),
	CALL(13, ACT_CONTROL, "srvsvc_session_delete"),
	CALL(14, ACT_WRITE, "srvsvc_share_add"),
	CALL(15, ACT_READ, "srvsvc_share_enum"),
	CALL(16, ACT_READ, "srvsvc_share_get_info"),
	CALL(17, ACT_WRITE, "srvsvc_share_set_info"),
	CALL(18, ACT_WRITE, "srvsvc_share_delete"),
	CALL(19, ACT_WRITE, "srvsvc_share_delete_sticky"),
	CALL(20, ACT_READ, "srvsvc_share_check"),
	CALL(21, ACT_IDENTIFY, "srvsvc_server_get_info"),
	CALL(22, ACT_WRITE, "srvsvc_server_set_info"),
	CALL(23, ACT_READ, "srvsvc_disk_enum"),
	CALL(24, ACT_READ, "srvsvc_statistics_get"),
	CALL(28, ACT_READ, "srvsvc_remote_time"),
	CALL(30, ACT_READ, "srvsvc_path_type"),
	CALL(31, ACT_READ, "srvsvc_path_canonicalize"),
	CALL(32, ACT_READ, "srvsvc_path_compare"),
	CALL(33, ACT_READ, "srvsvc_name_validate"),
	CALL(36, ACT_READ, "srvsvc_share_enum_sticky"),
	{ { 0 } },
};

/* [MS-WKST] 3.2.4 */
static const struct dcerpc_operation wkssvc[] = {
	CALL(0, ACT_IDENTIFY, "wkssvc_get_info"),
	CALL(1, ACT_WRITE, "wkssvc_set_info"),
	CALL(2, ACT_READ, "wkssvc_user_enum"),
	CALL(5, ACT_READ, "wkssvc_transport_enum"),
	CALL(8, ACT_WRITE, "wkssvc_use_add"),
	CALL(9, ACT_READ, "wkssvc_use_get_info"),
	CALL(10, ACT_WRITE, "wkssvc_use_delete"),
	CALL(11, ACT_READ, "wkssvc_use_enum"),
	CALL(20, ACT_READ, "wkssvc_join_info"),
	CALL(22, ACT_WRITE, "wkssvc_join_domain"),
	CALL(23, ACT_WRITE, "wkssvc_unjoin_domain"),
	{ { 0 } },
};

/* [MS-DRSR] 4.1 */
static const struct dcerpc_operation drsuapi[] = {
	CALL(0, ACT_OTHER, "drsuapi_bind"),
	CALL(1, ACT_OTHER, "drsuapi_unbind"),
	CALL(2, ACT_CONTROL, "drsuapi_replica_sync"),
	CALL(3, ACT_READ, "drsuapi_get_nc_changes"),
	CALL(4, ACT_WRITE, "drsuapi_update_refs"),
	CALL(5, ACT_WRITE, "drsuapi_replica_add"),
	CALL(6, ACT_WRITE, "drsuapi_replica_delete"),
	CALL(7, ACT_WRITE, "drsuapi_replica_modify"),
	CALL(8, ACT_READ, "drsuapi_verify_names"),
	CALL(9, ACT_READ, "drsuapi_get_memberships"),
	CALL(10, ACT_WRITE, "drsuapi_inter_domain_move"),
	CALL(11, ACT_READ, "drsuapi_get_nt4_change_log"),
	CALL(12, ACT_READ, "drsuapi_crack_names"),
	CALL(13, ACT_WRITE, "drsuapi_write_spn"),
	CALL(14, ACT_WRITE, "drsuapi_remove_server"),
	CALL(15, ACT_WRITE, "drsuapi_remove_domain"),
	CALL(16, ACT_READ, "drsuapi_domain_controller_info"),
	CALL(17, ACT_WRITE, "drsuapi_add_entry"),
	CALL(18, ACT_CONTROL, "drsuapi_execute_kcc"),
	CALL(19, ACT_READ, "drsuapi_get_replication_info"),
	CALL(20, ACT_WRITE, "drsuapi_add_sid_history"),
	{ { 0 } },
};

/* [MS-RPRN] 3.1.4 */
static const struct dcerpc_operation spoolss[] = {
	CALL(0, ACT_READ, "spoolss_enum_printers"),
	CALL(1, ACT_OTHER, "spoolss_open_printer"),
	CALL(2, ACT_CONTROL, "spoolss_set_job"),
	CALL(3, ACT_READ, "spoolss_get_job"),
	CALL(4, ACT_READ, "spoolss_enum_jobs"),
	CALL(5, ACT_PROGRAM, "spoolss_add_printer"),
	CALL(6, ACT_PROGRAM, "spoolss_delete_printer"),
	CALL(7, ACT_WRITE, "spoolss_set_printer"),
	CALL(8, ACT_READ, "spoolss_get_printer"),
	CALL_OF(9, ACT_PROGRAM, "spoolss_add_driver", BODY_UNIQUE),
	CALL(10, ACT_READ, "spoolss_enum_drivers"),
	CALL(11, ACT_READ, "spoolss_get_driver"),
	CALL(12, ACT_READ, "spoolss_get_driver_directory"),
	CALL(13, ACT_PROGRAM, "spoolss_delete_driver"),
	CALL(17, ACT_OTHER, "spoolss_start_document"),
	CALL(18, ACT_OTHER, "spoolss_start_page"),
	CALL(19, ACT_OTHER, "spoolss_write"),
	CALL(20, ACT_OTHER, "spoolss_end_page"),
	CALL(23, ACT_OTHER, "spoolss_end_document"),
	CALL(29, ACT_OTHER, "spoolss_close_printer"),
	CALL(65, ACT_OTHER, "spoolss_find_first_change"),
	CALL(69, ACT_OTHER, "spoolss_open_printer_ex"),
	CALL_OF(89, ACT_PROGRAM, "spoolss_add_driver_ex", BODY_UNIQUE),
	{ { 0 } },
};

/* [MS-PAR] 3.1.4 */
static const struct dcerpc_operation winspool[] = {
	CALL(0, ACT_OTHER, "winspool_open_printer"),
	CALL(1, ACT_PROGRAM, "winspool_add_printer"),
	CALL(20, ACT_OTHER, "winspool_close_printer"),
	CALL(38, ACT_READ, "winspool_enum_printers"),
	CALL(39, ACT_PROGRAM, "winspool_add_driver"),
	CALL(40, ACT_READ, "winspool_enum_drivers"),
	CALL(58, ACT_OTHER, "winspool_find_first_change"),
	{ { 0 } },
};

/* [MS-DCOM] 3.1.2.5.2.3.1 */
static const struct dcerpc_operation remote_activation[] = {
	CALL(0, ACT_CONTROL, "remote_activation_activate"),
	{ { 0 } },
};

/* [MS-DCOM] 3.1.2.5.2.3 */
static const struct dcerpc_operation system_activator[] = {
	CALL(3, ACT_CONTROL, "system_activator_get_class_object"),
	CALL(4, ACT_CONTROL, "system_activator_create_instance"),
	{ { 0 } },
};

/* [MS-DCOM] 3.1.2.5.1 */
static const struct dcerpc_operation object_exporter[] = {
	CALL(0, ACT_READ, "object_exporter_resolve"),
	CALL(1, ACT_OTHER, "object_exporter_simple_ping"),
	CALL(2, ACT_OTHER, "object_exporter_complex_ping"),
	CALL(3, ACT_IDENTIFY, "object_exporter_server_alive"),
	CALL(4, ACT_READ, "object_exporter_resolve2"),
	CALL(5, ACT_IDENTIFY, "object_exporter_server_alive2"),
	{ { 0 } },
};

/* [MS-DCOM] 3.1.1.5.6 */
static const struct dcerpc_operation rem_unknown[] = {
	CALL(3, ACT_OTHER, "rem_unknown_query_interface"),
	CALL(4, ACT_OTHER, "rem_unknown_add_ref"),
	CALL(5, ACT_OTHER, "rem_unknown_release"),
	{ { 0 } },
};

/* [MS-DCOM] 3.1.1.5.7 */
static const struct dcerpc_operation rem_unknown2[] = {
	CALL(3, ACT_OTHER, "rem_unknown2_query_interface"),
	CALL(4, ACT_OTHER, "rem_unknown2_add_ref"),
	CALL(5, ACT_OTHER, "rem_unknown2_release"),
	CALL(6, ACT_OTHER, "rem_unknown2_query_interface2"),
	{ { 0 } },
};

/* [MS-WMI] 3.1.4.1 */
static const struct dcerpc_operation wbem_login[] = {
	CALL(3, ACT_OTHER, "wbem_login_establish_position"),
	CALL(4, ACT_OTHER, "wbem_login_request_challenge"),
	CALL(5, ACT_OTHER, "wbem_login_wbem_login"),
	CALL(6, ACT_OTHER, "wbem_login_ntlm_login"),
	{ { 0 } },
};

/* [MS-WMI] 3.1.4.2 */
static const struct dcerpc_operation wbem_client_id[] = {
	CALL(3, ACT_OTHER, "wbem_client_id_set_client_info"),
	{ { 0 } },
};

/* [MS-WMI] 3.1.4.3 */
static const struct dcerpc_operation wbem[] = {
	CALL(3, ACT_OTHER, "wbem_open_namespace"),
	CALL(4, ACT_OTHER, "wbem_cancel"),
	CALL(5, ACT_OTHER, "wbem_query_sink"),
	CALL(6, ACT_READ, "wbem_get_object"),
	CALL(7, ACT_READ, "wbem_get_object_async"),
	CALL(8, ACT_WRITE, "wbem_put_class"),
	CALL(9, ACT_WRITE, "wbem_put_class_async"),
	CALL(10, ACT_WRITE, "wbem_delete_class"),
	CALL(11, ACT_WRITE, "wbem_delete_class_async"),
	CALL(12, ACT_READ, "wbem_enum_classes"),
	CALL(13, ACT_READ, "wbem_enum_classes_async"),
	CALL(14, ACT_WRITE, "wbem_put_instance"),
	CALL(15, ACT_WRITE, "wbem_put_instance_async"),
	CALL(16, ACT_WRITE, "wbem_delete_instance"),
	CALL(17, ACT_WRITE, "wbem_delete_instance_async"),
	CALL(18, ACT_READ, "wbem_enum_instances"),
	CALL(19, ACT_READ, "wbem_enum_instances_async"),
	CALL(20, ACT_READ, "wbem_query"),
	CALL(21, ACT_READ, "wbem_query_async"),
	CALL(22, ACT_READ, "wbem_query_events"),
	CALL(23, ACT_READ, "wbem_query_events_async"),
	CALL(24, ACT_CONTROL, "wbem_exec_method"),
	CALL(25, ACT_CONTROL, "wbem_exec_method_async"),
	{ { 0 } },
};

/* [MS-EFSR] 3.1.4.2 */
static const struct dcerpc_operation efsrpc[] = {
	CALL(0, ACT_READ, "efsrpc_open_file"),
	CALL(1, ACT_READ, "efsrpc_read_file"),
	CALL(2, ACT_WRITE, "efsrpc_write_file"),
	CALL(3, ACT_OTHER, "efsrpc_close"),
	CALL(4, ACT_WRITE, "efsrpc_encrypt_file"),
	CALL(5, ACT_WRITE, "efsrpc_decrypt_file"),
	CALL(6, ACT_READ, "efsrpc_query_users"),
	CALL(7, ACT_READ, "efsrpc_query_recovery"),
	CALL(9, ACT_WRITE, "efsrpc_add_users"),
	CALL(12, ACT_READ, "efsrpc_file_key_info"),
	CALL(13, ACT_WRITE, "efsrpc_duplicate"),
	{ { 0 } },
};

/* [MS-EFSR] 3.1.4.2 */
static const struct dcerpc_operation efsrpc_lsa[] = {
	CALL(0, ACT_READ, "efsrpc_lsa_open_file"),
	CALL(4, ACT_WRITE, "efsrpc_lsa_encrypt_file"),
	CALL(5, ACT_WRITE, "efsrpc_lsa_decrypt_file"),
	CALL(6, ACT_READ, "efsrpc_lsa_query_users"),
	CALL(7, ACT_READ, "efsrpc_lsa_query_recovery"),
	CALL(12, ACT_READ, "efsrpc_lsa_file_key_info"),
	CALL(13, ACT_WRITE, "efsrpc_lsa_duplicate"),
	{ { 0 } },
};

/* [MS-EVEN] 3.1.4 */
static const struct dcerpc_operation eventlog[] = {
	CALL(0, ACT_WRITE, "eventlog_clear_log"),
	CALL(1, ACT_READ, "eventlog_backup_log"),
	CALL(2, ACT_OTHER, "eventlog_close"),
	CALL(4, ACT_READ, "eventlog_record_count"),
	CALL(7, ACT_OTHER, "eventlog_open_log"),
	CALL(10, ACT_READ, "eventlog_read"),
	CALL(11, ACT_WRITE, "eventlog_report"),
	CALL(12, ACT_WRITE, "eventlog_clear_log_a"),
	{ { 0 } },
};

static const struct dcerpc_interface interfaces[] = {
	{ { 0x08, 0x83, 0xaf, 0xe1, 0x1f, 0x5d, 0xc9, 0x11, 0x91, 0xa4, 0x08, 0x00, 0x2b, 0x14,
		  0xa0, 0xfa },
		"epmapper", epmapper },
	{ { 0x81, 0xbb, 0x7a, 0x36, 0x44, 0x98, 0xf1, 0x35, 0xad, 0x32, 0x98, 0xf0, 0x38, 0x00,
		  0x10, 0x03 },
		"svcctl", svcctl },
	{ { 0x82, 0x06, 0xf7, 0x1f, 0x51, 0x0a, 0xe8, 0x30, 0x07, 0x6d, 0x74, 0x0b, 0xe8, 0xce,
		  0xe9, 0x8b },
		"atsvc", atsvc },
	{ { 0xb0, 0x52, 0x8e, 0x37, 0xa9, 0xc0, 0xcf, 0x11, 0x82, 0x2d, 0x00, 0xaa, 0x00, 0x51,
		  0xe4, 0x0f },
		"sasec", sasec },
	{ { 0x49, 0x59, 0xd3, 0x86, 0xc9, 0x83, 0x44, 0x40, 0xb4, 0x24, 0xdb, 0x36, 0x32, 0x31,
		  0xfd, 0x0c },
		"tasks", tasks },
	{ { 0x01, 0xd0, 0x8c, 0x33, 0x44, 0x22, 0xf1, 0x31, 0xaa, 0xaa, 0x90, 0x00, 0x38, 0x00,
		  0x10, 0x03 },
		"winreg", winreg },
	{ { 0x78, 0x57, 0x34, 0x12, 0x34, 0x12, 0xcd, 0xab, 0xef, 0x00, 0x01, 0x23, 0x45, 0x67,
		  0x89, 0xac },
		"samr", samr },
	{ { 0x78, 0x57, 0x34, 0x12, 0x34, 0x12, 0xcd, 0xab, 0xef, 0x00, 0x01, 0x23, 0x45, 0x67,
		  0x89, 0xab },
		"lsarpc", lsarpc },
	{ { 0x78, 0x56, 0x34, 0x12, 0x34, 0x12, 0xcd, 0xab, 0xef, 0x00, 0x01, 0x23, 0x45, 0x67,
		  0xcf, 0xfb },
		"netlogon", netlogon },
	{ { 0xc8, 0x4f, 0x32, 0x4b, 0x70, 0x16, 0xd3, 0x01, 0x12, 0x78, 0x5a, 0x47, 0xbf, 0x6e,
		  0xe1, 0x88 },
		"srvsvc", srvsvc },
	{ { 0x98, 0xd0, 0xff, 0x6b, 0x12, 0xa1, 0x10, 0x36, 0x98, 0x33, 0x46, 0xc3, 0xf8, 0x7e,
		  0x34, 0x5a },
		"wkssvc", wkssvc },
	{ { 0x35, 0x42, 0x51, 0xe3, 0x06, 0x4b, 0xd1, 0x11, 0xab, 0x04, 0x00, 0xc0, 0x4f, 0xc2,
		  0xdc, 0xd2 },
		"drsuapi", drsuapi },
	{ { 0x78, 0x56, 0x34, 0x12, 0x34, 0x12, 0xcd, 0xab, 0xef, 0x00, 0x01, 0x23, 0x45, 0x67,
		  0x89, 0xab },
		"spoolss", spoolss },
	{ { 0x96, 0x3f, 0xf0, 0x76, 0xfd, 0xcd, 0xfc, 0x44, 0xa2, 0x2c, 0x64, 0x95, 0x0a, 0x00,
		  0x12, 0x09 },
		"winspool", winspool },
	{ { 0xb8, 0x4a, 0x9f, 0x4d, 0x1c, 0x7d, 0xcf, 0x11, 0x86, 0x1e, 0x00, 0x20, 0xaf, 0x6e,
		  0x7c, 0x57 },
		"remote_activation", remote_activation },
	{ { 0xa0, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00,
		  0x00, 0x46 },
		"system_activator", system_activator },
	{ { 0xc4, 0xfe, 0xfc, 0x99, 0x60, 0x52, 0x1b, 0x10, 0xbb, 0xcb, 0x00, 0xaa, 0x00, 0x21,
		  0x34, 0x7a },
		"object_exporter", object_exporter },
	{ { 0x31, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00,
		  0x00, 0x46 },
		"rem_unknown", rem_unknown },
	{ { 0x43, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00,
		  0x00, 0x46 },
		"rem_unknown2", rem_unknown2 },
	{ { 0x18, 0xad, 0x09, 0xf3, 0x6a, 0xd8, 0xd0, 0x11, 0xa0, 0x75, 0x00, 0xc0, 0x4f, 0xb6,
		  0x88, 0x20 },
		"wbem_login", wbem_login },
	{ { 0xd6, 0x1c, 0x78, 0xd4, 0xd3, 0xe5, 0xdf, 0x44, 0xad, 0x94, 0x93, 0x0e, 0xfe, 0x48,
		  0xa8, 0x87 },
		"wbem_client_id", wbem_client_id },
	{ { 0x99, 0xdc, 0x56, 0x95, 0x8c, 0x82, 0xcf, 0x11, 0xa3, 0x7e, 0x00, 0xaa, 0x00, 0x32,
		  0x40, 0xc7 },
		"wbem", wbem },
	{ { 0x88, 0xd4, 0x81, 0xc6, 0x50, 0xd8, 0xd0, 0x11, 0x8c, 0x52, 0x00, 0xc0, 0x4f, 0xd9,
		  0x0f, 0x7e },
		"efsrpc", efsrpc },
	{ { 0xc5, 0x41, 0x19, 0xdf, 0x89, 0xfe, 0x79, 0x4e, 0xbf, 0x10, 0x46, 0x36, 0x57, 0xac,
		  0xf4, 0x4d },
		"efsrpc_lsa", efsrpc_lsa },
	{ { 0xdc, 0x3f, 0x27, 0x82, 0x2a, 0xe3, 0xc3, 0x18, 0x3f, 0x78, 0x82, 0x79, 0x29, 0xdc,
		  0x23, 0xea },
		"eventlog", eventlog },
	{ { 0 }, NULL, NULL },
};

const struct dcerpc_interface *dcerpc_interface(const uint8_t uuid[16])
{
	for (const struct dcerpc_interface *i = interfaces; i->name; i++)
		if (memcmp(i->uuid, uuid, sizeof i->uuid) == 0)
			return i;
	return NULL;
}

const struct dcerpc_operation *dcerpc_operation(const struct dcerpc_interface *i, uint16_t number)
{
	for (const struct dcerpc_operation *o = i->operations; o->asked.name; o++)
		if (o->asked.code == number)
			return o;
	return NULL;
}

/* HART: every command, what it does to the device, and the data of those that are fixed fields.
 * TS20127 (universal, 0 to 30 and 38, 48), TS20151 (common practice, from 33 and from 512), TS20155
 * (wireless, from 768), TS20160 (families of devices, from 1024). */
#include "sense/proto/hart_ip.h"

#include <stdlib.h>

/* Text of six bits a character, `max` bytes of it: told by min. */
#define PACKED(name, bytes)                                                                        \
	{                                                                                          \
		name, TEXT, HART_PACKED, bytes                                                     \
	}
#define DATE                                                                                       \
	{ "hart_ip.pt.rsp.day", U8 }, { "hart_ip.pt.rsp.month", U8 },                              \
	{                                                                                          \
		"hart_ip.pt.rsp.year", U8                                                          \
	}
#define CHANNEL                                                                                    \
	{                                                                                          \
		"hart_ip.channel_number", U8                                                       \
	}
#define VARIABLE                                                                                   \
	{                                                                                          \
		"hart_ip.device_var", U8                                                           \
	}
#define UNITS                                                                                      \
	{                                                                                          \
		"hart_ip.units", U8                                                                \
	}
#define SUBDEVICE                                                                                  \
	{                                                                                          \
		"hart_ip.sub_device_index", BE16                                                   \
	}

const struct field hart_hidden[] = { { "hart_ip.hidden", TEXT }, { 0 } };

static const struct field polling[] = {
	{ "hart_ip.pt.rsp.poll_address", U8 },
	{ "hart_ip.pt.rsp.loop_current_mode", U8 },
	{ 0 },
};
static const struct field classes[] = {
	{ "hart_ip.pt.rsp.primary_variable_classification", U8 },
	{ "hart_ip.pt.rsp.secondary_variable_classification", U8 },
	{ "hart_ip.pt.rsp.tertiary_variable_classification", U8 },
	{ "hart_ip.pt.rsp.quaternary_variable_classification", U8 },
	{ 0 },
};
static const struct field identity[] = {
	{ "hart_ip.pt.rsp.expansion_code", U8 },
	{ "hart_ip.pt.rsp.expanded_device_type", BE16 },
	{ "hart_ip.pt.rsp.req_min_preambles", U8 },
	{ "hart_ip.pt.rsp.hart_univ_rev", U8 },
	{ "hart_ip.pt.rsp.device_rev", U8 },
	{ "hart_ip.pt.rsp.software_rev", U8 },
	{ "hart_ip.pt.rsp.hardrev_and_physical_signal", U8 },
	{ "hart_ip.pt.rsp.flags", U8 },
	{ "hart_ip.pt.rsp.device_id", BYTES, 0, 3 },
	{ "hart_ip.pt.rsp.rsp_min_preambles", U8 },
	{ "hart_ip.pt.rsp.device_variables", U8 },
	{ "hart_ip.pt.rsp.configure_change", BE16 },
	{ "hart_ip.pt.rsp.ext_device_status", U8 },
	{ "hart_ip.pt.rsp.manufacturer_Id", BE16 },
	{ "hart_ip.pt.rsp.private_label", BE16 },
	{ "hart_ip.pt.rsp.device_profile", U8 },
	{ 0 },
};
static const struct field tag_alone[] = { PACKED("hart_ip.pt.rsp.tag", 6), { 0 } };
static const struct field message[] = { PACKED("hart_ip.pt.rsp.message", 24), { 0 } };
static const struct field tag[] = {
	PACKED("hart_ip.pt.rsp.tag", 6),
	PACKED("hart_ip.pt.rsp.descriptor", 12),
	DATE,
	{ 0 },
};
static const struct field transducer[] = {
	{ "hart_ip.pt.rsp.transducer_serail_number", BYTES, 0, 3 },
	{ "hart_ip.pt.rsp.transducer_limit_min_span_units", U8 },
	{ "hart_ip.pt.rsp.upper_transducer_limit", FBE32 },
	{ "hart_ip.pt.rsp.lower_transducer_limit", FBE32 },
	{ "hart_ip.pt.rsp.minimum_span", FBE32 },
	{ 0 },
};
static const struct field pv_serial[] = {
	{ "hart_ip.pt.rsp.transducer_serail_number", BYTES, 0, 3 },
	{ 0 },
};
static const struct field pv_alarm[] = {
	{ "hart_ip.pt.rsp.pv_alarm_selection_code", U8 },
	{ 0 },
};
static const struct field device[] = {
	{ "hart_ip.pt.rsp.pv_alarm_selection_code", U8 },
	{ "hart_ip.pt.rsp.pv_transfer_function_code", U8 },
	{ "hart_ip.pt.rsp.pv_upper_and_lower_range_values_units", U8 },
	{ "hart_ip.pt.rsp.pv_upper_range_value", FBE32 },
	{ "hart_ip.pt.rsp.pv_lower_range_value", FBE32 },
	{ "hart_ip.pt.rsp.pv_damping_value", FBE32 },
	{ "hart_ip.pt.rsp.write_protect_code", U8 },
	{ "hart_ip.pt.rsp.reserved", U8 },
	{ "hart_ip.pt.rsp.pv_analog_channel_flags", U8 },
	{ 0 },
};
static const struct field assembly[] = {
	{ "hart_ip.pt.rsp.final_assembly_number", BYTES, 0, 3 },
	{ 0 },
};
/* tshark calls the long tag a tag too. */
static const struct field long_tag[] = { { "hart_ip.long_tag", TEXT, 0, 32 }, { 0 } };
static const struct field pv_damping[] = { { "hart_ip.pt.rsp.pv_damping_value", FBE32 }, { 0 } };
static const struct field pv_range[] = {
	{ "hart_ip.pt.rsp.pv_upper_and_lower_range_values_units", U8 },
	{ "hart_ip.pt.rsp.pv_upper_range_value", FBE32 },
	{ "hart_ip.pt.rsp.pv_lower_range_value", FBE32 },
	{ 0 },
};
static const struct field change_counter[] = {
	{ "hart_ip.pt.rsp.configure_change", BE16 },
	{ 0 },
};
static const struct field code[] = { { "hart_ip.control_code", U8 }, { 0 } };
static const struct field level[] = { { "hart_ip.current_level", FBE32 }, { 0 } };
static const struct field units[] = { UNITS, { 0 } };
static const struct field status[] = {
	{ "hart_ip.pt.rsp.device_sp_status", BYTES, 0, 6 },
	{ "hart_ip.pt.rsp.ext_device_status", U8 },
	{ "hart_ip.pt.rsp.device_op_mode", U8 },
	{ "hart_ip.pt.rsp.standardized_status_0", U8 },
	{ "hart_ip.pt.rsp.standardized_status_1", U8 },
	{ "hart_ip.pt.rsp.analog_channel_saturated", U8 },
	{ "hart_ip.pt.rsp.standardized_status_2", U8 },
	{ "hart_ip.pt.rsp.standardized_status_3", U8 },
	{ "hart_ip.pt.rsp.analog_channel_fixed", U8 },
	{ 0 },
};
static const struct field assignments[] = { { "hart_ip.device_var", LIST_U8 }, { 0 } };
static const struct field variable[] = { VARIABLE, { 0 } };
static const struct field variable_units[] = { VARIABLE, UNITS, { 0 } };
static const struct field variable_told[] = {
	VARIABLE,
	{ "hart_ip.pt.rsp.transducer_serail_number", BYTES, 0, 3 },
	{ "hart_ip.pt.rsp.transducer_limit_min_span_units", U8 },
	{ "hart_ip.pt.rsp.upper_transducer_limit", FBE32 },
	{ "hart_ip.pt.rsp.lower_transducer_limit", FBE32 },
	{ "hart_ip.damping_value", FBE32 },
	{ "hart_ip.pt.rsp.minimum_span", FBE32 },
	{ "hart_ip.classification", U8 },
	{ "hart_ip.variable_family", U8 },
	{ "hart_ip.acquisition_period", BE32 },
	{ "hart_ip.variable_properties", U8 },
	{ 0 },
};
static const struct field variable_damping[] = {
	VARIABLE,
	{ "hart_ip.damping_value", FBE32 },
	{ 0 },
};
static const struct field variable_serial[] = {
	VARIABLE,
	{ "hart_ip.pt.rsp.transducer_serail_number", BYTES, 0, 3 },
	{ 0 },
};
static const struct field unit_tag[] = {
	PACKED("hart_ip.unit_tag", 6),
	PACKED("hart_ip.unit_descriptor", 12),
	DATE,
	{ 0 },
};
static const struct field channel[] = { CHANNEL, { 0 } };
static const struct field channel_told[] = {
	CHANNEL,
	{ "hart_ip.alarm_selection_code", U8 },
	{ "hart_ip.transfer_function_code", U8 },
	UNITS,
	{ "hart_ip.upper_range_value", FBE32 },
	{ "hart_ip.lower_range_value", FBE32 },
	{ "hart_ip.damping_value", FBE32 },
	{ "hart_ip.channel_flags", U8 },
	{ 0 },
};
static const struct field channel_damping[] = { CHANNEL, { "hart_ip.damping_value", FBE32 },
	{ 0 } };
static const struct field channel_range[] = {
	CHANNEL,
	UNITS,
	{ "hart_ip.upper_range_value", FBE32 },
	{ "hart_ip.lower_range_value", FBE32 },
	{ 0 },
};
static const struct field channel_level[] = {
	CHANNEL,
	UNITS,
	{ "hart_ip.channel_level", FBE32 },
	{ 0 },
};
static const struct field channel_code[] = { CHANNEL, { "hart_ip.transfer_function_code", U8 },
	{ 0 } };
static const struct field channel_ends[] = {
	CHANNEL,
	UNITS,
	{ "hart_ip.upper_range_value", FBE32 },
	{ "hart_ip.lower_range_value", FBE32 },
	{ "hart_ip.upper_limit", FBE32 },
	{ "hart_ip.lower_limit", FBE32 },
	{ 0 },
};
static const struct field io_system[] = {
	{ "hart_ip.io_cards", U8 },
	{ "hart_ip.channels_of_card", U8 },
	{ "hart_ip.sub_devices_of_channel", U8 },
	{ "hart_ip.devices_detected", BE16 },
	{ "hart_ip.delayed_responses", U8 },
	{ "hart_ip.master_mode", U8 },
	{ "hart_ip.retry_count", U8 },
	{ 0 },
};
static const struct field poll_sub_device[] = {
	{ "hart_ip.pt.rsp.io_card", U8 },
	{ "hart_ip.pt.rsp.channel", U8 },
	{ "hart_ip.pt.rsp.poll_address", U8 },
	{ 0 },
};
static const struct field trim_points[] = {
	VARIABLE,
	UNITS,
	{ "hart_ip.lower_trim_point", FBE32 },
	{ "hart_ip.upper_trim_point", FBE32 },
	{ 0 },
};
static const struct field trim[] = {
	VARIABLE,
	{ "hart_ip.trim_point", U8 },
	UNITS,
	{ "hart_ip.trim_point_value", FBE32 },
	{ 0 },
};
static const struct field sub_device[] = { SUBDEVICE, { 0 } };
static const struct field io_channel[] = {
	{ "hart_ip.pt.rsp.io_card", U8 },
	{ "hart_ip.pt.rsp.channel", U8 },
	{ "hart_ip.frame_count", LIST_BE16 },
	{ 0 },
};
static const struct field sub_device_frames[] = {
	SUBDEVICE,
	{ "hart_ip.frame_count", LIST_BE16 },
	{ 0 },
};
static const struct field clock[] = {
	{ "hart_ip.time_set_code", U8 },
	DATE,
	{ "hart_ip.time_of_day", BE32 }, /* in 1/32 ms */
	{ 0 },
};
static const struct field process_unit_tag[] = {
	{ "hart_ip.process_unit_tag", TEXT, 0, 32 },
	{ 0 },
};

static const struct field location_text[] = {
	{ "hart_ip.location_description", TEXT, 0, 32 },
	{ 0 },
};
static const struct field subscription[] = {
	{ "hart_ip.subscribed_device", BYTES, 0, 5 },
	{ "hart_ip.subscription_flags", BE16 },
	{ 0 },
};
static const struct field udp_port[] = { { "hart_ip.udp_port", BE16 }, { 0 } };
static const struct field tcp_port[] = { { "hart_ip.tcp_port", BE16 }, { 0 } };
static const struct field ports[] = {
	{ "hart_ip.udp_port", BE16 },
	{ "hart_ip.tcp_port", BE16 },
	{ 0 },
};
static const struct field syslog_port[] = { { "hart_ip.syslog_port", BE16 }, { 0 } };
static const struct field syslog_host[] = { { "hart_ip.syslog_host", TEXT, 0, 64 }, { 0 } };
static const struct field syslog[] = {
	{ "hart_ip.syslog_port", BE16 },
	{ "hart_ip.syslog_host", TEXT, 0, 64 },
	{ 0 },
};

struct row {
	struct msg ask, answer;
};
#define ROW(code, act, effect, name, asked, told)                                                  \
	{                                                                                          \
		BOTH_OF(code, ACT_##act, EFFECT_##effect, name, asked, told)                       \
	}
/* What was written comes back. */
#define SAME(code, act, effect, name, fields) ROW(code, act, effect, name, fields, fields)
#define READS(code, name, told)               ROW(code, READ, NONE, name, NULL, told)

/* In order of their numbers. */
static const struct row rows[] = {
	ROW(0, IDENTIFY, NONE, "read_unique_identifier", NULL, identity),
	READS(1, "read_primary_variable", NULL),
	READS(2, "read_loop_current", NULL),
	READS(3, "read_dynamic_variables", NULL),
	SAME(6, WRITE, CONFIG, "write_polling_address", polling),
	READS(7, "read_loop_configuration", polling),
	READS(8, "read_dynamic_variable_classes", classes),
	READS(9, "read_device_variables_with_status", NULL),
	ROW(11, IDENTIFY, NONE, "read_unique_identifier_by_tag", tag_alone, identity),
	READS(12, "read_message", message),
	ROW(13, IDENTIFY, NONE, "read_tag_descriptor_date", NULL, tag),
	READS(14, "read_pv_transducer_information", transducer),
	READS(15, "read_device_information", device),
	READS(16, "read_final_assembly_number", assembly),
	SAME(17, WRITE, CONFIG, "write_message", message),
	SAME(18, WRITE, CONFIG, "write_tag_descriptor_date", tag),
	SAME(19, WRITE, CONFIG, "write_final_assembly_number", assembly),
	ROW(20, IDENTIFY, NONE, "read_long_tag", NULL, long_tag),
	ROW(21, IDENTIFY, NONE, "read_unique_identifier_by_long_tag", long_tag, identity),
	SAME(22, WRITE, CONFIG, "write_long_tag", long_tag),
	READS(33, "read_device_variables", NULL),
	SAME(34, WRITE, CONFIG, "write_pv_damping", pv_damping),
	SAME(35, WRITE, CONFIG, "write_pv_range", pv_range),
	SAME(36, WRITE, CONFIG, "set_pv_upper_range", NULL),
	SAME(37, WRITE, CONFIG, "set_pv_lower_range", NULL),
	SAME(38, WRITE, NONE, "reset_configuration_changed", change_counter),
	SAME(39, CONTROL, NONE, "eeprom_control", code),
	SAME(40, CONTROL, MODE, "fixed_current_mode", level),
	SAME(41, CONTROL, NONE, "self_test", NULL),
	SAME(42, CONTROL, RESTART, "device_reset", NULL),
	SAME(43, WRITE, CONFIG, "set_pv_zero", NULL),
	SAME(44, WRITE, CONFIG, "write_pv_units", units),
	SAME(45, WRITE, CONFIG, "trim_loop_current_zero", level),
	SAME(46, WRITE, CONFIG, "trim_loop_current_gain", level),
	SAME(47, WRITE, CONFIG, "write_pv_transfer_function", code),
	SAME(48, READ, NONE, "read_additional_status", status),
	SAME(49, WRITE, CONFIG, "write_pv_transducer_serial", pv_serial),
	READS(50, "read_dynamic_variable_assignments", assignments),
	SAME(51, WRITE, CONFIG, "write_dynamic_variable_assignments", assignments),
	SAME(52, WRITE, CONFIG, "set_device_variable_zero", variable),
	SAME(53, WRITE, CONFIG, "write_device_variable_units", variable_units),
	ROW(54, READ, NONE, "read_device_variable_information", variable, variable_told),
	SAME(55, WRITE, CONFIG, "write_device_variable_damping", variable_damping),
	SAME(56, WRITE, CONFIG, "write_device_variable_serial", variable_serial),
	READS(57, "read_unit_tag_descriptor_date", unit_tag),
	SAME(58, WRITE, CONFIG, "write_unit_tag_descriptor_date", unit_tag),
	SAME(59, WRITE, CONFIG, "write_response_preambles", code),
	ROW(60, READ, NONE, "read_analog_channel", channel, NULL),
	READS(61, "read_dynamic_variables_and_pv_channel", NULL),
	READS(62, "read_analog_channels", NULL),
	ROW(63, READ, NONE, "read_analog_channel_information", channel, channel_told),
	SAME(64, WRITE, CONFIG, "write_analog_channel_damping", channel_damping),
	SAME(65, WRITE, CONFIG, "write_analog_channel_range", channel_range),
	SAME(66, CONTROL, MODE, "fixed_analog_channel_mode", channel_level),
	SAME(67, WRITE, CONFIG, "trim_analog_channel_zero", channel_level),
	SAME(68, WRITE, CONFIG, "trim_analog_channel_gain", channel_level),
	SAME(69, WRITE, CONFIG, "write_analog_channel_transfer_function", channel_code),
	ROW(70, READ, NONE, "read_analog_channel_endpoints", channel, channel_ends),
	SAME(71, WRITE, CONFIG, "lock_device", code),
	SAME(72, OTHER, NONE, "squawk", code),
	ROW(73, IDENTIFY, NONE, "find_device", NULL, identity),
	ROW(74, IDENTIFY, NONE, "read_io_system_capabilities", NULL, io_system),
	ROW(75, IDENTIFY, NONE, "poll_sub_device", poll_sub_device, identity),
	READS(76, "read_lock_state", code),
	SAME(77, OTHER, NONE, "send_to_sub_device", hart_hidden),
	SAME(78, OTHER, NONE, "aggregated_commands", hart_hidden),
	SAME(79, WRITE, MODE, "write_device_variable", NULL),
	ROW(80, READ, NONE, "read_trim_points", variable, trim_points),
	ROW(81, READ, NONE, "read_trim_guidelines", variable, variable),
	SAME(82, WRITE, CONFIG, "write_trim_point", trim),
	SAME(83, WRITE, CONFIG, "reset_trim", variable),
	ROW(84, IDENTIFY, NONE, "read_sub_device_identity", sub_device, NULL),
	SAME(85, READ, NONE, "read_io_channel_statistics", io_channel),
	SAME(86, READ, NONE, "read_sub_device_statistics", sub_device_frames),
	SAME(87, WRITE, CONFIG, "write_master_mode", code),
	SAME(88, WRITE, CONFIG, "write_retry_count", code),
	SAME(89, WRITE, TIME, "set_real_time_clock", clock),
	READS(90, "read_real_time_clock", NULL),
	READS(91, "read_trend_configuration", NULL),
	SAME(92, WRITE, CONFIG, "write_trend_configuration", NULL),
	READS(93, "read_trend", NULL),
	READS(94, "read_io_system_statistics", NULL),
	READS(95, "read_message_statistics", NULL),
	READS(96, "read_synchronous_action", NULL),
	SAME(97, WRITE, CONFIG, "configure_synchronous_action", NULL),
	READS(98, "read_command_action", NULL),
	SAME(99, WRITE, CONFIG, "configure_command_action", NULL),
	SAME(100, WRITE, CONFIG, "write_pv_alarm_code", pv_alarm),
	READS(101, "read_burst_map", NULL),
	SAME(102, WRITE, CONFIG, "write_burst_map", NULL),
	SAME(103, WRITE, CONFIG, "write_burst_period", NULL),
	SAME(104, WRITE, CONFIG, "write_burst_trigger", NULL),
	READS(105, "read_burst_configuration", NULL),
	SAME(106, CONTROL, NONE, "flush_delayed_responses", NULL),
	SAME(107, WRITE, CONFIG, "write_burst_variables", NULL),
	SAME(108, WRITE, CONFIG, "write_burst_command", NULL),
	SAME(109, WRITE, CONFIG, "burst_control", NULL),
	READS(110, "read_all_dynamic_variables", NULL),
	SAME(111, WRITE, FILE, "transfer_service_control", NULL),
	SAME(112, WRITE, FILE, "transfer_service", NULL),
	SAME(113, WRITE, CONFIG, "catch_device_variable", NULL),
	READS(114, "read_caught_variable", NULL),
	READS(115, "read_event_summary", NULL),
	SAME(116, WRITE, CONFIG, "write_event_mask", NULL),
	SAME(117, WRITE, CONFIG, "write_event_timing", NULL),
	SAME(118, WRITE, CONFIG, "event_control", NULL),
	SAME(119, CONTROL, NONE, "acknowledge_event", NULL),
	READS(512, "read_country_code", NULL),
	SAME(513, WRITE, CONFIG, "write_country_code", NULL),
	SAME(514, WRITE, CONFIG, "register_event_manager", NULL),
	READS(515, "read_event_manager_registration", NULL),
	READS(516, "read_device_location", NULL),
	SAME(517, WRITE, CONFIG, "write_device_location", NULL),
	READS(518, "read_location_description", location_text),
	SAME(519, WRITE, CONFIG, "write_location_description", location_text),
	READS(520, "read_process_unit_tag", process_unit_tag),
	SAME(521, WRITE, CONFIG, "write_process_unit_tag", process_unit_tag),
	SAME(522, WRITE, CONFIG, "write_volumetric_flow_classification", NULL),
	READS(523, "read_condensed_status_map", NULL),
	SAME(524, WRITE, CONFIG, "write_condensed_status_map", NULL),
	SAME(525, WRITE, CONFIG, "reset_condensed_status_map", NULL),
	SAME(526, CONTROL, MODE, "write_status_simulation_mode", NULL),
	SAME(527, CONTROL, NONE, "simulate_status_bit", NULL),
	READS(528, "read_sub_device_assignment_list", NULL),
	READS(529, "read_sub_device_assignment", NULL),
	SAME(530, WRITE, CONFIG, "write_sub_device_assignment", NULL),
	SAME(531, WRITE, CONFIG, "assign_live_sub_devices", NULL),
	ROW(532, READ, NONE, "read_client_subscription", subscription, subscription),
	SAME(533, WRITE, NONE, "write_client_subscription", subscription),
	ROW(534, READ, NONE, "read_device_variable_command_code", variable, NULL),
	READS(538, "read_hart_ip_ports", ports),
	SAME(539, WRITE, CONFIG, "write_hart_ip_udp_port", udp_port),
	SAME(540, WRITE, CONFIG, "write_hart_ip_tcp_port", tcp_port),
	SAME(541, WRITE, CONFIG, "write_client_password", hart_hidden),
	SAME(542, WRITE, CONFIG, "write_client_key", hart_hidden),
	READS(543, "read_syslog_server", syslog),
	SAME(544, WRITE, CONFIG, "write_syslog_port", syslog_port),
	SAME(545, WRITE, CONFIG, "write_syslog_host", syslog_host),
	SAME(546, WRITE, CONFIG, "write_syslog_key", hart_hidden),
	SAME(547, WRITE, CONFIG, "write_syslog_password", hart_hidden),
	READS(552, "read_dscp", code),
	SAME(553, WRITE, CONFIG, "write_dscp", code),
	SAME(768, WRITE, CONFIG, "write_join_key", hart_hidden),
	READS(769, "read_join_status", NULL),
	SAME(770, CONTROL, NONE, "request_active_advertising", NULL),
	SAME(771, CONTROL, MODE, "force_join", NULL),
	READS(772, "read_join_mode", NULL),
	SAME(773, WRITE, CONFIG, "write_network_id", NULL),
	READS(774, "read_network_id", NULL),
	SAME(775, WRITE, CONFIG, "write_network_tag", NULL),
	READS(776, "read_network_tag", NULL),
	READS(777, "read_wireless_device", NULL),
	READS(778, "read_battery_life", NULL),
	READS(779, "report_device_health", NULL),
	READS(780, "report_neighbor_health", NULL),
	READS(781, "read_nickname", NULL),
	READS(782, "read_sessions", NULL),
	READS(783, "read_superframes", NULL),
	READS(784, "read_links", NULL),
	READS(785, "read_graphs", NULL),
	READS(786, "read_neighbor_flags", NULL),
	READS(787, "report_neighbor_signals", NULL),
	SAME(788, OTHER, NONE, "alarm_path_down", NULL),
	SAME(789, OTHER, NONE, "alarm_source_route_failed", NULL),
	SAME(790, OTHER, NONE, "alarm_graph_route_failed", NULL),
	SAME(791, OTHER, NONE, "alarm_transport_failed", NULL),
	SAME(793, WRITE, TIME, "write_utc_time", NULL),
	READS(794, "read_utc_time", NULL),
	SAME(795, WRITE, CONFIG, "write_timer_interval", NULL),
	READS(796, "read_timer_interval", NULL),
	SAME(797, WRITE, CONFIG, "write_radio_power", NULL),
	READS(798, "read_radio_power", NULL),
	SAME(799, CONTROL, NONE, "request_service", NULL),
	READS(800, "read_services", NULL),
	SAME(801, WRITE, CONFIG, "delete_service", NULL),
	READS(802, "read_routes", NULL),
	READS(803, "read_source_route", NULL),
	READS(804, "read_radio_cca_mode", NULL),
	SAME(805, WRITE, CONFIG, "write_radio_cca_mode", NULL),
	READS(806, "read_handheld_superframe", NULL),
	SAME(807, CONTROL, MODE, "request_handheld_superframe", NULL),
	READS(808, "read_time_to_live", NULL),
	SAME(809, WRITE, CONFIG, "write_time_to_live", NULL),
	READS(810, "read_join_priority", NULL),
	SAME(811, WRITE, CONFIG, "write_join_priority", NULL),
	READS(812, "read_packet_priority", NULL),
	SAME(813, WRITE, CONFIG, "write_packet_priority", NULL),
	READS(814, "read_device_list", NULL),
	SAME(815, WRITE, CONFIG, "add_to_device_list", NULL),
	SAME(816, WRITE, CONFIG, "delete_from_device_list", NULL),
	READS(817, "read_channel_blacklist", NULL),
	SAME(818, WRITE, CONFIG, "write_channel_blacklist", NULL),
	READS(819, "read_back_off_exponent", NULL),
	SAME(820, WRITE, CONFIG, "write_back_off_exponent", NULL),
	SAME(821, WRITE, CONFIG, "write_network_access_mode", NULL),
	READS(822, "read_network_access_mode", NULL),
	SAME(823, CONTROL, NONE, "request_session", hart_hidden),
	SAME(832, IDENTIFY, NONE, "read_network_device", NULL),
	READS(833, "read_device_neighbor_health", NULL),
	READS(834, "read_network_topology", NULL),
	READS(835, "read_burst_messages", NULL),
	SAME(836, CONTROL, NONE, "flush_cached_responses", NULL),
	SAME(837, WRITE, CONFIG, "write_notification_mask", NULL),
	READS(838, "read_notification_mask", NULL),
	READS(839, "change_notification", NULL),
	READS(840, "read_device_statistics", NULL),
	SAME(841, IDENTIFY, NONE, "read_network_device_by_nickname", NULL),
	SAME(842, WRITE, CONFIG, "write_scheduling_flags", NULL),
	READS(843, "read_scheduling_flags", NULL),
	READS(844, "read_network_constraints", NULL),
	SAME(845, WRITE, CONFIG, "write_network_constraints", NULL),
	SAME(960, CONTROL, MODE, "disconnect_device", NULL),
	SAME(961, WRITE, CONFIG, "write_network_key", hart_hidden),
	SAME(962, WRITE, CONFIG, "write_nickname", NULL),
	SAME(963, WRITE, CONFIG, "write_session", hart_hidden),
	SAME(964, WRITE, CONFIG, "delete_session", NULL),
	SAME(965, WRITE, CONFIG, "write_superframe", NULL),
	SAME(966, WRITE, CONFIG, "delete_superframe", NULL),
	SAME(967, WRITE, CONFIG, "write_link", NULL),
	SAME(968, WRITE, CONFIG, "delete_link", NULL),
	SAME(969, WRITE, CONFIG, "write_graph_edge", NULL),
	SAME(970, WRITE, CONFIG, "delete_graph_edge", NULL),
	SAME(971, WRITE, CONFIG, "write_neighbor_flags", NULL),
	SAME(972, CONTROL, MODE, "suspend_devices", NULL),
	SAME(973, WRITE, CONFIG, "write_service", NULL),
	SAME(974, WRITE, CONFIG, "write_route", NULL),
	SAME(975, WRITE, CONFIG, "delete_route", NULL),
	SAME(976, WRITE, CONFIG, "write_source_route", NULL),
	SAME(977, WRITE, CONFIG, "delete_source_route", NULL),
};

/* Numbers without a name here.  What vendors gave their own meaning; what a network manager tells
 * devices, each a change; a family of devices has 128 numbers to read and 128 to write. */
static const struct row device_specific =
	ROW(0, OTHER, NONE, "device_specific_command", NULL, NULL);
static const struct row network = SAME(0, WRITE, CONFIG, "network_management_command", hart_hidden);
static const struct row family_read = SAME(0, READ, NONE, "device_family_read", NULL);
static const struct row family_write = SAME(0, WRITE, CONFIG, "device_family_write", NULL);
static const struct row unknown = ROW(0, OTHER, NONE, unknown_function, NULL, NULL);
static const struct row hidden = SAME(0, OTHER, NONE, unknown_function, hart_hidden);

static int by_code(const void *command, const void *row)
{
	return *(const uint16_t *)command - (int)((const struct row *)row)->ask.code;
}

static const struct row *named(uint16_t command)
{
	return bsearch(&command, rows, sizeof rows / sizeof rows[0], sizeof rows[0], by_code);
}

static bool is_device_specific(uint16_t command)
{
	return (command >= 128 && command <= 253) || command >= 0xfc00;
}

static const struct row *unnamed(uint16_t command)
{
	if (is_device_specific(command))
		return &device_specific;
	if (command >= 960 && command < 1024)
		return &network;
	if (command >= 1024 && command < 33792)
		return command & 0x80 ? &family_write : &family_read;
	/* In 31 another may stand; the newer ones, and what is wireless, write keys too. */
	bool keys = command == HART_EXTENDED || (command >= 522 && command < 960);
	return keys ? &hidden : &unknown;
}

const struct msg *hart_row(uint16_t command, bool answer)
{
	const struct row *row = named(command);
	if (!row)
		row = unnamed(command);
	return answer ? &row->answer : &row->ask;
}

bool hart_is_named(uint16_t command)
{
	return named(command) || is_device_specific(command);
}

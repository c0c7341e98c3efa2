/* The structures of the services and of what ExtensionObjects hold: OPC 10000-4, clauses 5 and 7,
 * and OPC 10000-5, in the order of their encoding.  Names are those of the standard. */
#include "sense/proto/opcua.h"

#define PART(name, kind_, many_, means_)                                                           \
	{                                                                                          \
		.field = { "opcua." name, 0, 0, 0 }, .kind = (kind_), .many = (many_),             \
		.means = (means_)                                                                  \
	}
#define ONE(name, kind)         PART(name, OPCUA_##kind, false, MEANS_NOTHING)
#define MANY(name, kind)        PART(name, OPCUA_##kind, true, MEANS_NOTHING)
#define SAYS(name, kind, what)  PART(name, OPCUA_##kind, false, MEANS_##what)
#define THESE(name, kind, what) PART(name, OPCUA_##kind, true, MEANS_##what)
#define NUMBERS(name, kind_)                                                                       \
	{                                                                                          \
		.field = { "opcua." name, NUMBERING, 0, 0 }, .kind = OPCUA_##kind_                 \
	}
#define ENUM(name) ONE(name, UINT32)
#define IN(parts_)                                                                                 \
	{                                                                                          \
		.kind = OPCUA_STRUCTURE, .of = (parts_)                                            \
	}
#define ALL(parts_)                                                                                \
	{                                                                                          \
		.kind = OPCUA_STRUCTURE, .many = true, .of = (parts_)                              \
	}
#define EACH(parts_, what)                                                                         \
	{                                                                                          \
		.kind = OPCUA_STRUCTURE, .many = true, .means = MEANS_##what, .of = (parts_)       \
	}
#define OF(parts_, what)                                                                           \
	{                                                                                          \
		.kind = OPCUA_STRUCTURE, .means = MEANS_##what, .of = (parts_)                     \
	}
#define END                                                                                        \
	{                                                                                          \
		.kind = 0                                                                          \
	}
#define DIAGNOSTICS MANY("diag", DIAGNOSTICINFO)

/* --- headers: OPC 10000-4, 7.33 and 7.34 --- */
const struct opcua_part opcua_request_header[] = { ONE("AuthenticationToken", TOKEN),
	NUMBERS("Timestamp", DATETIME), NUMBERS("RequestHandle", UINT32), ONE("returndiag", UINT32),
	ONE("AuditEntryId", STRING), ONE("TimeoutHint", UINT32),
	ONE("AdditionalHeader", EXTENSIONOBJECT), END };

const struct opcua_part opcua_response_header[] = { NUMBERS("Timestamp", DATETIME),
	NUMBERS("RequestHandle", UINT32), SAYS("ServiceResult", STATUSCODE, SERVICE_RESULT),
	ONE("diag", DIAGNOSTICINFO), MANY("StringTable", STRING),
	ONE("AdditionalHeader", EXTENSIONOBJECT), END };

const struct opcua_part opcua_answers_statuses[] = { THESE("Results", STATUSCODE, RESULT),
	DIAGNOSTICS, END };

/* --- services without a session: OPC 10000-4, 6.3.2; the service itself follows --- */
const struct opcua_part opcua_invoke[] = { ONE("UrisVersion", UINT32),
	MANY("NamespaceUris", STRING), MANY("ServerUris", STRING), MANY("LocaleIds", STRING),
	ONE("ServiceId", UINT32), END };

const struct opcua_part opcua_invoked[] = { MANY("NamespaceUris", STRING),
	MANY("ServerUris", STRING), ONE("ServiceId", UINT32), END };

/* --- discovery --- */
static const struct opcua_part application[] = { ONE("ApplicationUri", STRING),
	SAYS("ProductUri", STRING, PRODUCT_URI),
	SAYS("ApplicationName", LOCALIZEDTEXT, APPLICATION),
	SAYS("ApplicationType", UINT32, APPLICATION_TYPE), ONE("GatewayServerUri", STRING),
	ONE("DiscoveryProfileUri", STRING), MANY("DiscoveryUrls", STRING), END };

const struct opcua_part opcua_asks_find_servers[] = { ONE("EndpointUrl", STRING),
	MANY("LocaleIds", STRING), THESE("ServerUris", STRING, FILTER), END };

const struct opcua_part opcua_answers_find_servers[] = { EACH(application, SERVERS), END };

static const struct opcua_part network_server[] = { ONE("RecordId", UINT32),
	ONE("ServerName", STRING), ONE("DiscoveryUrl", STRING), MANY("ServerCapabilities", STRING),
	END };

const struct opcua_part opcua_asks_find_on_network[] = { ONE("StartingRecordId", UINT32),
	ONE("MaxRecordsToReturn", UINT32), MANY("ServerCapabilityFilter", STRING), END };

const struct opcua_part opcua_answers_find_on_network[] = { ONE("LastCounterResetTime", DATETIME),
	ALL(network_server), END };

static const struct opcua_part token_policy[] = { ONE("PolicyId", STRING), ENUM("UserTokenType"),
	ONE("IssuedTokenType", STRING), ONE("IssuerEndpointUrl", STRING),
	ONE("SecurityPolicyUri", STRING), END };

static const struct opcua_part endpoint[] = { ONE("EndpointUrl", STRING), OF(application, SERVER),
	SAYS("ServerCertificate", CERTIFICATE, SERVER_CERTIFICATE), ENUM("MessageSecurityMode"),
	ONE("SecurityPolicyUri", STRING), ALL(token_policy), ONE("TransportProfileUri", STRING),
	ONE("SecurityLevel", BYTE), END };

const struct opcua_part opcua_asks_endpoints[] = { ONE("EndpointUrl", STRING),
	MANY("LocaleIds", STRING), MANY("ProfileUris", STRING), END };

const struct opcua_part opcua_answers_endpoints[] = { ALL(endpoint), END };

static const struct opcua_part registered[] = { ONE("ServerUri", STRING),
	SAYS("ProductUri", STRING, PRODUCT_URI), THESE("ServerNames", LOCALIZEDTEXT, APPLICATION),
	SAYS("ApplicationType", UINT32, APPLICATION_TYPE), ONE("GatewayServerUri", STRING),
	MANY("DiscoveryUrls", STRING), ONE("SemaphoreFilePath", STRING), ONE("IsOnline", BOOLEAN),
	END };

const struct opcua_part opcua_asks_register[] = { OF(registered, SERVER), END };

const struct opcua_part opcua_asks_register_2[] = { OF(registered, SERVER),
	MANY("DiscoveryConfiguration", EXTENSIONOBJECT), END };

const struct opcua_part opcua_answers_register_2[] = {
	THESE("ConfigurationResults", STATUSCODE, RESULT), DIAGNOSTICS, END
};

/* --- channels and sessions --- */
static const struct opcua_part channel_token[] = { ONE("ChannelId", UINT32), ONE("TokenId", UINT32),
	ONE("CreatedAt", DATETIME), ONE("RevisedLifetime", UINT32), END };

const struct opcua_part opcua_asks_open[] = { ONE("ClientProtocolVersion", UINT32),
	ENUM("SecurityTokenRequestType"), ENUM("MessageSecurityMode"), ONE("ClientNonce", QUIET),
	ONE("RequestedLifetime", UINT32), END };

const struct opcua_part opcua_answers_open[] = { ONE("ServerProtocolVersion", UINT32),
	IN(channel_token), ONE("ServerNonce", QUIET), END };

static const struct opcua_part signature[] = { ONE("Algorithm", STRING), ONE("Signature", QUIET),
	END };

static const struct opcua_part signed_certificate[] = { ONE("CertificateData", QUIET),
	ONE("Signature", QUIET), END };

const struct opcua_part opcua_asks_create_session[] = { OF(application, CLIENT),
	ONE("ServerUri", STRING), ONE("EndpointUrl", STRING), ONE("SessionName", STRING),
	ONE("ClientNonce", QUIET), ONE("ClientCertificate", CERTIFICATE),
	ONE("RequestedSessionTimeout", DOUBLE), ONE("MaxResponseMessageSize", UINT32), END };

const struct opcua_part opcua_answers_create_session[] = { ONE("SessionId", NODEID),
	ONE("AuthenticationToken", TOKEN), ONE("RevisedSessionTimeout", DOUBLE),
	ONE("ServerNonce", QUIET), SAYS("ServerCertificate", CERTIFICATE, SERVER_CERTIFICATE),
	ALL(endpoint), ALL(signed_certificate), IN(signature), ONE("MaxRequestMessageSize", UINT32),
	END };

const struct opcua_part opcua_asks_activate[] = { IN(signature), ALL(signed_certificate),
	MANY("LocaleIds", STRING), SAYS("UserIdentityToken", IDENTITY, CREDENTIALS), IN(signature),
	END };

const struct opcua_part opcua_answers_activate[] = { ONE("ServerNonce", QUIET),
	THESE("Results", STATUSCODE, RESULT), DIAGNOSTICS, END };

const struct opcua_part opcua_asks_close_session[] = { ONE("DeleteSubscriptions", BOOLEAN), END };

const struct opcua_part opcua_asks_cancel[] = { ONE("RequestHandle", UINT32), END };

const struct opcua_part opcua_answers_cancel[] = { ONE("CancelCount", UINT32), END };

static const struct opcua_part anonymous_token[] = { ONE("PolicyId", STRING), END };

static const struct opcua_part user_token[] = { ONE("PolicyId", STRING),
	SAYS("UserName", STRING, USER), SAYS("Password", SECRET, CREDENTIALS),
	ONE("EncryptionAlgorithm", STRING), END };

static const struct opcua_part certificate_token[] = { ONE("PolicyId", STRING),
	SAYS("CertificateData", QUIET, CREDENTIALS), END };

static const struct opcua_part issued_token[] = { ONE("PolicyId", STRING),
	SAYS("TokenData", SECRET, CREDENTIALS), ONE("EncryptionAlgorithm", STRING), END };

/* --- the address space --- */
static const struct opcua_part add_node[] = { SAYS("ParentNodeId", EXPANDEDNODEID, NODE),
	ONE("ReferenceTypeId", NODEID), ONE("RequestedNewNodeId", EXPANDEDNODEID),
	SAYS("BrowseName", QUALIFIEDNAME, NAME), ENUM("NodeClass"),
	SAYS("NodeAttributes", EXTENSIONOBJECT, VALUE), ONE("TypeDefinition", EXPANDEDNODEID),
	END };

const struct opcua_part opcua_asks_add_nodes[] = { EACH(add_node, ASKED), END };

static const struct opcua_part added_node[] = { SAYS("StatusCode", STATUSCODE, STATUS),
	ONE("AddedNodeId", NODEID), END };

const struct opcua_part opcua_answers_add_nodes[] = { EACH(added_node, ANSWER), DIAGNOSTICS, END };

static const struct opcua_part add_reference[] = { SAYS("SourceNodeId", NODEID, NODE),
	ONE("ReferenceTypeId", NODEID), ONE("IsForward", BOOLEAN), ONE("TargetServerUri", STRING),
	ONE("TargetNodeId", EXPANDEDNODEID), ENUM("NodeClass"), END };

const struct opcua_part opcua_asks_add_references[] = { EACH(add_reference, ASKED), END };

static const struct opcua_part delete_node[] = { SAYS("NodeId", NODEID, NODE),
	ONE("DeleteTargetReferences", BOOLEAN), END };

const struct opcua_part opcua_asks_delete_nodes[] = { EACH(delete_node, ASKED), END };

static const struct opcua_part delete_reference[] = { SAYS("SourceNodeId", NODEID, NODE),
	ONE("ReferenceTypeId", NODEID), ONE("IsForward", BOOLEAN),
	ONE("TargetNodeId", EXPANDEDNODEID), ONE("DeleteBidirectional", BOOLEAN), END };

const struct opcua_part opcua_asks_delete_references[] = { EACH(delete_reference, ASKED), END };

static const struct opcua_part view[] = { ONE("ViewId", NODEID), ONE("Timestamp", DATETIME),
	ONE("ViewVersion", UINT32), END };

static const struct opcua_part browse_node[] = { SAYS("NodeId", NODEID, NODE),
	ENUM("BrowseDirection"), ONE("ReferenceTypeId", NODEID), ONE("IncludeSubtypes", BOOLEAN),
	ENUM("nodeclassmask"), ENUM("resultmask"), END };

const struct opcua_part opcua_asks_browse[] = { IN(view),
	ONE("RequestedMaxReferencesPerNode", UINT32), EACH(browse_node, ASKED), END };

static const struct opcua_part reference[] = { ONE("ReferenceTypeId", NODEID),
	ONE("IsForward", BOOLEAN), ONE("NodeId", EXPANDEDNODEID), ONE("BrowseName", QUALIFIEDNAME),
	ONE("DisplayName", LOCALIZEDTEXT), ENUM("NodeClass"), ONE("TypeDefinition", EXPANDEDNODEID),
	END };

static const struct opcua_part browsed[] = { SAYS("StatusCode", STATUSCODE, STATUS),
	ONE("ContinuationPoint", BYTESTRING), ALL(reference), END };

const struct opcua_part opcua_answers_browse[] = { EACH(browsed, ANSWER), DIAGNOSTICS, END };

const struct opcua_part opcua_asks_browse_next[] = { ONE("ReleaseContinuationPoints", BOOLEAN),
	MANY("ContinuationPoints", BYTESTRING), END };

static const struct opcua_part path_element[] = { ONE("ReferenceTypeId", NODEID),
	ONE("IsInverse", BOOLEAN), ONE("IncludeSubtypes", BOOLEAN),
	ONE("TargetName", QUALIFIEDNAME), END };

static const struct opcua_part browse_path[] = { SAYS("StartingNode", NODEID, NODE),
	ALL(path_element), END };

const struct opcua_part opcua_asks_translate[] = { EACH(browse_path, ASKED), END };

static const struct opcua_part path_target[] = { ONE("TargetId", EXPANDEDNODEID),
	ONE("RemainingPathIndex", UINT32), END };

static const struct opcua_part translated[] = { SAYS("StatusCode", STATUSCODE, STATUS),
	ALL(path_target), END };

const struct opcua_part opcua_answers_translate[] = { EACH(translated, ANSWER), DIAGNOSTICS, END };

const struct opcua_part opcua_asks_register_nodes[] = { THESE("NodesToRegister", NODEID, REGISTERS),
	END };

const struct opcua_part opcua_answers_register_nodes[] = {
	THESE("RegisteredNodeIds", NODEID, REGISTERED), END
};

const struct opcua_part opcua_asks_unregister_nodes[] = { MANY("NodesToUnregister", NODEID), END };

/* --- queries and filters --- */
static const struct opcua_part filter_element[] = { ENUM("FilterOperator"),
	MANY("FilterOperands", EXTENSIONOBJECT), END };

static const struct opcua_part content_filter[] = { ALL(filter_element), END };

static const struct opcua_part query_data[] = { ALL(path_element), ENUM("AttributeId"),
	ONE("IndexRange", STRING), END };

static const struct opcua_part query_type[] = { ONE("TypeDefinitionNode", EXPANDEDNODEID),
	ONE("IncludeSubTypes", BOOLEAN), ALL(query_data), END };

const struct opcua_part opcua_asks_query_first[] = { IN(view), ALL(query_type), IN(content_filter),
	ONE("MaxDataSetsToReturn", UINT32), ONE("MaxReferencesToReturn", UINT32), END };

static const struct opcua_part query_set[] = { ONE("NodeId", EXPANDEDNODEID),
	ONE("TypeDefinitionNode", EXPANDEDNODEID), MANY("Values", VARIANT), END };

static const struct opcua_part parsing_result[] = { ONE("StatusCode", STATUSCODE),
	MANY("DataStatusCodes", STATUSCODE), DIAGNOSTICS, END };

static const struct opcua_part filter_element_result[] = { ONE("StatusCode", STATUSCODE),
	MANY("OperandStatusCodes", STATUSCODE), DIAGNOSTICS, END };

static const struct opcua_part filter_result[] = { ALL(filter_element_result), DIAGNOSTICS, END };

const struct opcua_part opcua_answers_query_first[] = { ALL(query_set),
	ONE("ContinuationPoint", BYTESTRING), ALL(parsing_result), DIAGNOSTICS, IN(filter_result),
	END };

const struct opcua_part opcua_asks_query_next[] = { ONE("ReleaseContinuationPoint", BOOLEAN),
	ONE("ContinuationPoint", BYTESTRING), END };

const struct opcua_part opcua_answers_query_next[] = { ALL(query_set),
	ONE("RevisedContinuationPoint", BYTESTRING), END };

static const struct opcua_part element_operand[] = { ONE("Index", UINT32), END };

static const struct opcua_part literal_operand[] = { ONE("Value", VARIANT), END };

static const struct opcua_part attribute_operand[] = { ONE("NodeId", NODEID), ONE("Alias", STRING),
	ALL(path_element), ENUM("AttributeId"), ONE("IndexRange", STRING), END };

static const struct opcua_part simple_operand[] = { ONE("TypeDefinitionId", NODEID),
	MANY("BrowsePath", QUALIFIEDNAME), ENUM("AttributeId"), ONE("IndexRange", STRING), END };

static const struct opcua_part data_change_filter[] = { ENUM("DataChangeTrigger"),
	ONE("DeadbandType", UINT32), ONE("DeadbandValue", DOUBLE), END };

static const struct opcua_part event_filter[] = { ALL(simple_operand), IN(content_filter), END };

static const struct opcua_part aggregate_settings[] = { ONE("UseServerCapabilitiesDefaults",
								BOOLEAN),
	ONE("TreatUncertainAsBad", BOOLEAN), ONE("PercentDataBad", BYTE),
	ONE("PercentDataGood", BYTE), ONE("UseSlopedExtrapolation", BOOLEAN), END };

static const struct opcua_part aggregate_filter[] = { ONE("StartTime", DATETIME),
	ONE("AggregateType", NODEID), ONE("ProcessingInterval", DOUBLE), IN(aggregate_settings),
	END };

static const struct opcua_part event_filter_result[] = { MANY("SelectClauseResults", STATUSCODE),
	DIAGNOSTICS, IN(filter_result), END };

static const struct opcua_part aggregate_filter_result[] = { ONE("RevisedStartTime", DATETIME),
	ONE("RevisedProcessingInterval", DOUBLE), IN(aggregate_settings), END };

/* --- values --- */
static const struct opcua_part read_value_id[] = { SAYS("NodeId", NODEID, NODE),
	SAYS("AttributeId", UINT32, ATTRIBUTE), SAYS("IndexRange", STRING, RANGE),
	ONE("DataEncoding", QUALIFIEDNAME), END };

const struct opcua_part opcua_asks_read[] = { ONE("MaxAge", DOUBLE), ENUM("TimestampsToReturn"),
	EACH(read_value_id, ASKED), END };

const struct opcua_part opcua_answers_read[] = { THESE("Results", DATAVALUE, READ_RESULT),
	DIAGNOSTICS, END };

static const struct opcua_part write_value[] = { SAYS("NodeId", NODEID, NODE),
	SAYS("AttributeId", UINT32, ATTRIBUTE), SAYS("IndexRange", STRING, RANGE),
	SAYS("Value", DATAVALUE, VALUE), END };

const struct opcua_part opcua_asks_write[] = { EACH(write_value, ASKED), END };

static const struct opcua_part history_node[] = { SAYS("NodeId", NODEID, NODE),
	SAYS("IndexRange", STRING, RANGE), ONE("DataEncoding", QUALIFIEDNAME),
	ONE("ContinuationPoint", BYTESTRING), END };

const struct opcua_part opcua_asks_history_read[] = { ONE("HistoryReadDetails", EXTENSIONOBJECT),
	ENUM("TimestampsToReturn"), ONE("ReleaseContinuationPoints", BOOLEAN),
	EACH(history_node, ASKED), END };

static const struct opcua_part history_result[] = { SAYS("StatusCode", STATUSCODE, STATUS),
	ONE("ContinuationPoint", BYTESTRING), ONE("HistoryData", EXTENSIONOBJECT), END };

const struct opcua_part opcua_answers_history_read[] = { EACH(history_result, VALUES), DIAGNOSTICS,
	END };

const struct opcua_part opcua_asks_history_update[] = {
	THESE("HistoryUpdateDetails", UPDATE, ASKED), END
};

static const struct opcua_part history_updated[] = { SAYS("StatusCode", STATUSCODE, STATUS),
	MANY("OperationResults", STATUSCODE), DIAGNOSTICS, END };

const struct opcua_part opcua_answers_history_update[] = { EACH(history_updated, ANSWER),
	DIAGNOSTICS, END };

static const struct opcua_part read_event_details[] = { ONE("NumValuesPerNode", UINT32),
	ONE("StartTime", DATETIME), ONE("EndTime", DATETIME), IN(event_filter), END };

static const struct opcua_part read_raw_details[] = { ONE("IsReadModified", BOOLEAN),
	ONE("StartTime", DATETIME), ONE("EndTime", DATETIME), ONE("NumValuesPerNode", UINT32),
	ONE("ReturnBounds", BOOLEAN), END };

static const struct opcua_part read_processed_details[] = { ONE("StartTime", DATETIME),
	ONE("EndTime", DATETIME), ONE("ProcessingInterval", DOUBLE), MANY("AggregateType", NODEID),
	IN(aggregate_settings), END };

static const struct opcua_part read_at_time_details[] = { MANY("ReqTimes", DATETIME),
	ONE("UseSimpleBounds", BOOLEAN), END };

static const struct opcua_part history_data[] = { MANY("DataValues", DATAVALUE), END };

static const struct opcua_part modification[] = { ONE("ModificationTime", DATETIME),
	ENUM("HistoryUpdateType"), ONE("UserName", STRING), END };

static const struct opcua_part history_modified[] = { MANY("DataValues", DATAVALUE),
	ALL(modification), END };

static const struct opcua_part event_fields[] = { MANY("EventFields", VARIANT), END };

static const struct opcua_part history_event[] = { ALL(event_fields), END };

static const struct opcua_part update_data[] = { SAYS("NodeId", NODEID, NODE),
	ENUM("PerformUpdateType"), THESE("UpdateValues", DATAVALUE, VALUE), END };

static const struct opcua_part update_event[] = { SAYS("NodeId", NODEID, NODE),
	ENUM("PerformUpdateType"), IN(event_filter), ALL(event_fields), END };

static const struct opcua_part delete_raw[] = { SAYS("NodeId", NODEID, NODE),
	ONE("IsDeleteModified", BOOLEAN), ONE("StartTime", DATETIME), ONE("EndTime", DATETIME),
	END };

static const struct opcua_part delete_at_time[] = { SAYS("NodeId", NODEID, NODE),
	MANY("ReqTimes", DATETIME), END };

static const struct opcua_part delete_event[] = { SAYS("NodeId", NODEID, NODE),
	MANY("EventIds", BYTESTRING), END };

static const struct opcua_part method_call[] = { SAYS("ObjectId", NODEID, NODE),
	SAYS("MethodId", NODEID, METHOD), THESE("InputArguments", VARIANT, ARGUMENT), END };

const struct opcua_part opcua_asks_call[] = { EACH(method_call, ASKED), END };

static const struct opcua_part method_result[] = { SAYS("StatusCode", STATUSCODE, STATUS),
	MANY("InputArgumentResults", STATUSCODE), DIAGNOSTICS, MANY("OutputArguments", VARIANT),
	END };

const struct opcua_part opcua_answers_call[] = { EACH(method_result, VALUES), DIAGNOSTICS, END };

/* --- monitored items and subscriptions --- */
static const struct opcua_part monitoring[] = { SAYS("ClientHandle", UINT32, HANDLE),
	ONE("SamplingInterval", DOUBLE), ONE("Filter", EXTENSIONOBJECT), ONE("QueueSize", UINT32),
	ONE("DiscardOldest", BOOLEAN), END };

static const struct opcua_part create_item[] = { IN(read_value_id), ENUM("MonitoringMode"),
	IN(monitoring), END };

const struct opcua_part opcua_asks_create_items[] = { SAYS("SubscriptionId", UINT32, SUBSCRIPTION),
	ENUM("TimestampsToReturn"), EACH(create_item, ASKED), END };

static const struct opcua_part created_item[] = { SAYS("StatusCode", STATUSCODE, STATUS),
	SAYS("MonitoredItemId", UINT32, ITEM_ID), ONE("RevisedSamplingInterval", DOUBLE),
	ONE("RevisedQueueSize", UINT32), ONE("FilterResult", EXTENSIONOBJECT), END };

const struct opcua_part opcua_answers_create_items[] = { EACH(created_item, ANSWER), DIAGNOSTICS,
	END };

static const struct opcua_part modify_item[] = { SAYS("MonitoredItemId", UINT32, ITEM_ID),
	IN(monitoring), END };

const struct opcua_part opcua_asks_modify_items[] = { SAYS("SubscriptionId", UINT32, SUBSCRIPTION),
	ENUM("TimestampsToReturn"), EACH(modify_item, ASKED), END };

static const struct opcua_part modified_item[] = { SAYS("StatusCode", STATUSCODE, STATUS),
	ONE("RevisedSamplingInterval", DOUBLE), ONE("RevisedQueueSize", UINT32),
	ONE("FilterResult", EXTENSIONOBJECT), END };

const struct opcua_part opcua_answers_modify_items[] = { EACH(modified_item, ANSWER), DIAGNOSTICS,
	END };

const struct opcua_part opcua_asks_monitoring_mode[] = { SAYS("SubscriptionId", UINT32,
								 SUBSCRIPTION),
	ENUM("MonitoringMode"), MANY("MonitoredItemIds", UINT32), END };

const struct opcua_part opcua_asks_triggering[] = { SAYS("SubscriptionId", UINT32, SUBSCRIPTION),
	ONE("TriggeringItemId", UINT32), MANY("LinksToAdd", UINT32), MANY("LinksToRemove", UINT32),
	END };

const struct opcua_part opcua_answers_triggering[] = { MANY("AddResults", STATUSCODE), DIAGNOSTICS,
	MANY("RemoveResults", STATUSCODE), DIAGNOSTICS, END };

const struct opcua_part opcua_asks_delete_items[] = { SAYS("SubscriptionId", UINT32, SUBSCRIPTION),
	THESE("MonitoredItemIds", UINT32, ASKED_ID), END };

const struct opcua_part opcua_asks_create_subscription[] = {
	ONE("RequestedPublishingInterval", DOUBLE), ONE("RequestedLifetimeCount", UINT32),
	ONE("RequestedMaxKeepAliveCount", UINT32), ONE("MaxNotificationsPerPublish", UINT32),
	ONE("PublishingEnabled", BOOLEAN), ONE("Priority", BYTE), END
};

static const struct opcua_part revised_subscription[] = { ONE("RevisedPublishingInterval", DOUBLE),
	ONE("RevisedLifetimeCount", UINT32), ONE("RevisedMaxKeepAliveCount", UINT32), END };

const struct opcua_part opcua_answers_create_subscription[] = {
	SAYS("SubscriptionId", UINT32, SUBSCRIPTION), IN(revised_subscription), END
};

const struct opcua_part opcua_asks_modify_subscription[] = {
	SAYS("SubscriptionId", UINT32, SUBSCRIPTION), ONE("RequestedPublishingInterval", DOUBLE),
	ONE("RequestedLifetimeCount", UINT32), ONE("RequestedMaxKeepAliveCount", UINT32),
	ONE("MaxNotificationsPerPublish", UINT32), ONE("Priority", BYTE), END
};

const struct opcua_part opcua_answers_modify_subscription[] = { IN(revised_subscription), END };

const struct opcua_part opcua_asks_publishing_mode[] = { ONE("PublishingEnabled", BOOLEAN),
	MANY("SubscriptionIds", UINT32), END };

static const struct opcua_part acknowledgement[] = { ONE("SubscriptionId", UINT32),
	NUMBERS("SequenceNumber", UINT32), END };

const struct opcua_part opcua_asks_publish[] = { ALL(acknowledgement), END };

static const struct opcua_part notification[] = { NUMBERS("SequenceNumber", UINT32),
	NUMBERS("PublishTime", DATETIME), MANY("NotificationData", NOTIFICATION), END };

const struct opcua_part opcua_answers_publish[] = { SAYS("SubscriptionId", UINT32, SUBSCRIPTION),
	MANY("AvailableSequenceNumbers", UINT32), ONE("MoreNotifications", BOOLEAN),
	IN(notification), MANY("Results", STATUSCODE), DIAGNOSTICS, END };

const struct opcua_part opcua_asks_republish[] = { SAYS("SubscriptionId", UINT32, SUBSCRIPTION),
	ONE("RetransmitSequenceNumber", UINT32), END };

const struct opcua_part opcua_answers_republish[] = { IN(notification), END };

const struct opcua_part opcua_asks_transfer[] = { MANY("SubscriptionIds", UINT32),
	ONE("SendInitialValues", BOOLEAN), END };

static const struct opcua_part transferred[] = { SAYS("StatusCode", STATUSCODE, STATUS),
	MANY("AvailableSequenceNumbers", UINT32), END };

const struct opcua_part opcua_answers_transfer[] = { EACH(transferred, ANSWER), DIAGNOSTICS, END };

const struct opcua_part opcua_asks_delete_subscriptions[] = {
	THESE("SubscriptionIds", UINT32, ASKED_ID), END
};

static const struct opcua_part item_data[] = { SAYS("ClientHandle", UINT32, HANDLE),
	SAYS("Value", DATAVALUE, DATA), END };

static const struct opcua_part data_change[] = { ALL(item_data), DIAGNOSTICS, END };

static const struct opcua_part event_data[] = { SAYS("ClientHandle", UINT32, HANDLE),
	MANY("EventFields", VARIANT), END };

static const struct opcua_part events[] = { ALL(event_data), END };

static const struct opcua_part status_change[] = { ONE("Status", STATUSCODE),
	ONE("diag", DIAGNOSTICINFO), END };

const struct opcua_part opcua_asks_test[] = { ONE("TestId", UINT32), ONE("Iteration", INT32),
	ONE("Input", VARIANT), END };

const struct opcua_part opcua_answers_test[] = { ONE("Output", VARIANT), END };

/* --- nodes and servers: OPC 10000-4, 7.24, and OPC 10000-5, 12 --- */
static const struct opcua_part node_attributes[] = { ONE("SpecifiedAttributes", UINT32),
	ONE("DisplayName", LOCALIZEDTEXT), ONE("Description", LOCALIZEDTEXT),
	ONE("WriteMask", UINT32), ONE("UserWriteMask", UINT32), END };

static const struct opcua_part object_attributes[] = { IN(node_attributes),
	ONE("EventNotifier", BYTE), END };

static const struct opcua_part variable_attributes[] = { IN(node_attributes), ONE("Value", VARIANT),
	ONE("DataType", NODEID), ONE("ValueRank", INT32), MANY("ArrayDimensions", UINT32),
	ONE("AccessLevel", BYTE), ONE("UserAccessLevel", BYTE),
	ONE("MinimumSamplingInterval", DOUBLE), ONE("Historizing", BOOLEAN), END };

static const struct opcua_part method_attributes[] = { IN(node_attributes),
	ONE("Executable", BOOLEAN), ONE("UserExecutable", BOOLEAN), END };

static const struct opcua_part type_attributes[] = { IN(node_attributes),
	ONE("IsAbstract", BOOLEAN), END };

static const struct opcua_part variable_type_attributes[] = { IN(node_attributes),
	ONE("Value", VARIANT), ONE("DataType", NODEID), ONE("ValueRank", INT32),
	MANY("ArrayDimensions", UINT32), ONE("IsAbstract", BOOLEAN), END };

static const struct opcua_part reference_type_attributes[] = { IN(node_attributes),
	ONE("IsAbstract", BOOLEAN), ONE("Symmetric", BOOLEAN), ONE("InverseName", LOCALIZEDTEXT),
	END };

static const struct opcua_part view_attributes[] = { IN(node_attributes),
	ONE("ContainsNoLoops", BOOLEAN), ONE("EventNotifier", BYTE), END };

static const struct opcua_part argument[] = { ONE("Name", STRING), ONE("DataType", NODEID),
	ONE("ValueRank", INT32), MANY("ArrayDimensions", UINT32), ONE("Description", LOCALIZEDTEXT),
	END };

static const struct opcua_part range[] = { ONE("Low", DOUBLE), ONE("High", DOUBLE), END };

static const struct opcua_part unit[] = { ONE("NamespaceUri", STRING), ONE("UnitId", INT32),
	ONE("DisplayName", LOCALIZEDTEXT), ONE("Description", LOCALIZEDTEXT), END };

static const struct opcua_part build_info[] = { ONE("ProductUri", STRING),
	SAYS("ManufacturerName", STRING, MANUFACTURER), SAYS("ProductName", STRING, PRODUCT_NAME),
	SAYS("SoftwareVersion", STRING, SOFTWARE), SAYS("BuildNumber", STRING, BUILD),
	ONE("BuildDate", DATETIME), END };

static const struct opcua_part server_status[] = { ONE("StartTime", DATETIME),
	ONE("CurrentTime", DATETIME), SAYS("ServerState", UINT32, STATE), IN(build_info),
	ONE("SecondsTillShutdown", UINT32), ONE("ShutdownReason", LOCALIZEDTEXT), END };

static const struct opcua_part mdns[] = { ONE("MdnsServerName", STRING),
	MANY("ServerCapabilities", STRING), END };

/* Type ids of the binary encodings in namespace 0: OPC 10000-6, annex A. */
const struct opcua_structure opcua_structures[] = { { argument, 298 },
	{ anonymous_token, 321, OPCUA_IDENTITY }, { user_token, 324, OPCUA_IDENTITY },
	{ certificate_token, 327, OPCUA_IDENTITY }, { build_info, 340 }, { node_attributes, 351 },
	{ object_attributes, 354 }, { variable_attributes, 357 }, { method_attributes, 360 },
	{ type_attributes, 363 }, { variable_type_attributes, 366 },
	{ reference_type_attributes, 369 }, { type_attributes, 372 }, { view_attributes, 375 },
	{ element_operand, 594 }, { literal_operand, 597 }, { attribute_operand, 600 },
	{ simple_operand, 603 }, { read_event_details, 646 }, { read_raw_details, 649 },
	{ read_processed_details, 652 }, { read_at_time_details, 655 }, { history_data, 658 },
	{ history_event, 661 }, { update_data, 682, OPCUA_UPDATE },
	{ update_event, 685, OPCUA_UPDATE }, { delete_raw, 688, OPCUA_UPDATE },
	{ delete_at_time, 691, OPCUA_UPDATE }, { delete_event, 694, OPCUA_UPDATE },
	{ data_change_filter, 724 }, { event_filter, 727 }, { aggregate_filter, 730 },
	{ event_filter_result, 736 }, { aggregate_filter_result, 739 },
	{ data_change, 811, OPCUA_NOTIFICATION }, { status_change, 820, OPCUA_NOTIFICATION },
	{ server_status, 864 }, { range, 886 }, { unit, 889 }, { events, 916, OPCUA_NOTIFICATION },
	{ issued_token, 940, OPCUA_IDENTITY }, { history_modified, 11227 },
	{ update_data, 11300, OPCUA_UPDATE }, { mdns, 12901 }, { 0 } };

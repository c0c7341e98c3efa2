/* Methods that every server has, or may have, under the same number: OPC 10000-6, annex A.  What a
 * vendor's methods do nobody knows: they are calls, and a call acts. */
#include "base/attr.h"
#include "sense/proto/opcua.h"

/* How a file is opened, by the first argument of Open: OPC 10000-20. */
enum { TO_WRITE = 2, TO_ERASE = 4, TO_APPEND = 8 };
/* Arguments of RequestServerStateChange, and a state: OPC 10000-5, 9.4 and 12.6. */
enum { NEW_STATE = 0, RESTART = 4, SHUTDOWN = 4 };

#define ROW(first_, last_, kind_, opens_, secret_)                                                 \
	{                                                                                          \
		.first = (first_), .last = (last_), .kind = OPCUA_##kind_,                         \
		.opens = OPCUA_##opens_, .secret = (secret_)                                       \
	}
#define ONE(id, kind)           ROW(id, id, kind, PLAINLY, false)
#define ALL(first, last, kind)  ROW(first, last, kind, PLAINLY, false)
#define KEYS(first, last, kind) ROW(first, last, kind, PLAINLY, true)
/* A file, by its first method: Open, Close, Read, Write, GetPosition, SetPosition. */
#define FILE_AT(id, reads, writes)                                                                 \
	ROW(id, id, reads, writes, false), ALL((id) + 3, (id) + 5, reads), ONE((id) + 8, writes),  \
		ALL((id) + 10, (id) + 13, reads)
/* A list of trusted certificates is a file, then OpenWithMasks, which reads; CloseAndUpdate,
 * AddCertificate, RemoveCertificate. */
#define TRUST_LIST(id)                                                                             \
	FILE_AT(id, READS, CONFIGURES), ONE((id) + 16, READS), ALL((id) + 19, (id) + 24, CONFIGURES)

/* By their numbers.  Of types and of the objects that every server has under the same number. */
static const struct opcua_method methods[] = {
	ONE(3875, READS),         /* ConditionRefresh */
	ALL(11489, 11492, READS), /* GetMonitoredItems */
	FILE_AT(11580, READS_FILE, WRITES_FILE),
	ONE(11615, READS_FILE),         /* ExportNamespace */
	ONE(12543, READS),              /* a trust list: OpenWithMasks */
	ALL(12546, 12550, CONFIGURES),  /* CloseAndUpdate, AddCertificate, RemoveCertificate */
	KEYS(12616, 12616, CONFIGURES), /* UpdateCertificate, with its private key */
	TRUST_LIST(12647),              /* of applications */
	ONE(12731, READS),              /* CreateSigningRequest */
	ONE(12734, CONFIGURES),         /* ApplyChanges */
	ONE(12737, READS),              /* both of the ServerConfiguration */
	ONE(12740, CONFIGURES),
	ALL(12746, 12749, READS),       /* SetSubscriptionDurable */
	ALL(12775, 12777, READS),       /* GetRejectedList */
	ALL(12871, 12873, READS),       /* ResendData */
	ALL(12883, 12886, MODE),        /* RequestServerStateChange */
	ONE(12912, READS),              /* ConditionRefresh2 */
	ALL(13387, 13395, WRITES_FILE), /* a folder: CreateDirectory to MoveOrCopy */
	KEYS(13737, 13737, CONFIGURES), /* UpdateCertificate of the ServerConfiguration */
	TRUST_LIST(14095),              /* of web servers */
	TRUST_LIST(14129),              /* of users */
	/* PubSub: who publishes what, and who may have the keys */
	ONE(14225, CONFIGURES),        /* RemoveGroup */
	ALL(14432, 14441, CONFIGURES), /* RemoveConnection to RemovePublishedDataSet */
	ALL(14493, 14499, CONFIGURES), /* the same of a folder */
	ALL(14555, 14558, CONFIGURES), /* AddVariables, RemoveVariables */
	ONE(15052, CONFIGURES),        /* ModifyFieldSelection */
	ALL(15115, 15118, CONFIGURES), /* AddTargetVariables, RemoveTargetVariables */
	KEYS(15215, 15215, READS),     /* GetSecurityKeys */
	ONE(15440, READS),             /* GetSecurityGroup */
	ALL(15444, 15447, CONFIGURES), /* AddSecurityGroup, RemoveSecurityGroup */
	ALL(15461, 15464, CONFIGURES), /* the same of a folder */
	ALL(15491, 15494, CONFIGURES), /* AddExtensionField, RemoveExtensionField */
	/* who may do what: AddIdentity, AddApplication, AddEndpoint and their ends, role by role */
	ALL(15624, 15626, CONFIGURES),
	ALL(15648, 15722, CONFIGURES),
	ONE(15746, READS_FILE),         /* GenerateFileForRead */
	ALL(15749, 15751, WRITES_FILE), /* GenerateFileForWrite, CloseAndCommit */
	KEYS(15907, 15907, READS),      /* GetSecurityKeys */
	ONE(15910, READS),              /* GetSecurityGroup */
	ALL(15914, 15917, CONFIGURES),  /* AddSecurityGroup, RemoveSecurityGroup */
	FILE_AT(15971, READS_FILE, WRITES_FILE),
	ONE(15986, READS_FILE),        /* ExportNamespace */
	ALL(15997, 16000, CONFIGURES), /* AddRole, RemoveRole */
	ALL(16041, 16043, CONFIGURES),
	ALL(16176, 16182, CONFIGURES),
	ALL(16195, 16278, CONFIGURES),
	ALL(16290, 16304, CONFIGURES),  /* AddRole, RemoveRole */
	ALL(16348, 16356, WRITES_FILE), /* the folder that a server may have */
	ONE(16598, CONFIGURES),         /* AddConnection */
	ALL(16935, 16997, CONFIGURES),  /* AddPublishedDataItemsTemplate to RemoveDataSetFolder */
	KEYS(17296, 17296, CONFIGURES), /* SetSecurityKeys */
	KEYS(17364, 17364, CONFIGURES),
	ALL(17366, 17403, CONFIGURES),  /* AddConnection to RemoveDataSetFolder */
	ONE(17427, CONFIGURES),         /* AddWriterGroup */
	ONE(17465, CONFIGURES),         /* AddReaderGroup */
	ONE(17516, READS),              /* credentials of a server: GetEncryptingKey */
	KEYS(17519, 17519, CONFIGURES), /* UpdateCredential */
	ALL(17521, 17528, CONFIGURES),  /* DeleteCredential, CreateCredential */
	ONE(17534, READS),              /* GetEncryptingKey */
	ALL(17969, 17992, CONFIGURES),  /* AddDataSetWriter, RemoveDataSetWriter */
	KEYS(18006, 18006, CONFIGURES), /* UpdateCredential */
	ONE(18008, CONFIGURES),         /* DeleteCredential */
	ALL(21082, 21085, CONFIGURES),  /* AddDataSetReader, RemoveDataSetReader */
	ALL(23459, 23494, READS),       /* FindAlias */
	ALL(23526, 23554, READS),       /* GetRejectedList */
	ALL(23673, 23676, CONFIGURES),  /* AddDataSetFolder, RemoveDataSetFolder */
	ALL(23811, 23819, CONFIGURES),  /* AddSubscribedDataSet to RemoveDataSetFolder */
	ALL(24010, 24013, CONFIGURES),  /* AddSubscribedDataSet, RemoveSubscribedDataSet */
	KEYS(24269, 24271, CONFIGURES), /* users: AddUser, ModifyUser */
	ONE(24273, CONFIGURES),         /* RemoveUser */
	KEYS(24275, 24275, CONFIGURES), /* ChangePassword */
	KEYS(24304, 24306, CONFIGURES), /* the same of the Server object */
	ONE(24308, CONFIGURES),
	KEYS(24310, 24310, CONFIGURES),
	ALL(25229, 25231, CONFIGURES),     /* AddPriorityMappingEntry, DeletePriorityMappingEntry */
	ALL(25312, 25315, CONFIGURES),     /* AddSecurityGroupFolder, RemoveSecurityGroupFolder */
	ALL(25366, 25374, CONFIGURES),     /* AddPushTarget to RemovePushTargetFolder */
	ALL(25434, 25449, CONFIGURES),     /* the same of PublishSubscribe */
	FILE_AT(25459, READS, CONFIGURES), /* the configuration of PublishSubscribe */
	ONE(25474, READS),                 /* ReserveIds */
	ONE(25477, CONFIGURES),            /* CloseAndUpdate */
	ONE(25505, READS),
	ONE(25508, CONFIGURES),
	ALL(25572, 25620, CONFIGURES), /* roles of who has to do with keys */
	ALL(25624, 25625, CONFIGURES), /* InvalidateKeys, ForceKeyRotation */
	ALL(25641, 25647, CONFIGURES), /* ConnectSecurityGroups to TriggerKeyUpdate */
	ALL(25698, 25699, CONFIGURES), /* CancelChanges, ResetToServerDefaults */
	ALL(25708, 25709, CONFIGURES),
	ONE(26873, READS),      /* RequestTickets */
	ONE(26875, CONFIGURES), /* SetRegistrarEndpoints */
	ONE(29880, READS),
	ONE(29882, CONFIGURES),
	ONE(32296, READS), /* GetCertificates */
	ONE(32333, READS),
};

const struct opcua_method *opcua_method_find(const struct opcua_node *method)
{
	size_t from = 0, to = COUNT_OF(methods);
	while (from < to) {
		size_t middle = (from + to) / 2;
		if (method->numeric < methods[middle].first)
			to = middle;
		else if (method->numeric > methods[middle].last)
			from = middle + 1;
		else
			return &methods[middle];
	}
	return NULL;
}

enum opcua_kind_of opcua_method_with(const struct opcua_method *method, unsigned n, uint64_t v)
{
	if (method->opens && n == 0 && v & (TO_WRITE | TO_ERASE | TO_APPEND))
		return method->opens;
	if (method->kind == OPCUA_MODE && n == NEW_STATE && v == SHUTDOWN)
		return OPCUA_STOPS;
	if (method->kind == OPCUA_MODE && n == RESTART && v)
		return OPCUA_RESTARTS;
	return OPCUA_PLAINLY;
}

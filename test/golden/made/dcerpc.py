"""Calls on connections: by themselves, in pipes of SMB, sealed, refused, in parts."""
import struct

import windows_wire as w
from protocols import HMI, SERVER, capture, who


@who
def dcerpc(net):
    """An interface is looked up, agreed on, called; refusals; what nobody knows by name."""
    talk = w.Rpc(net.connect(HMI, SERVER, 135), w.EPMAPPER)
    talk.call(3, bytes(4) + struct.pack("<I", 0x20000), bytes(28))
    c = net.connect(HMI, SERVER, 49667)
    offered = [(0, w.SAMR, w.NDR), (1, w.SAMR, w.NDR64), (2, w.SAMR, w.FEATURES), (3, w.UNKNOWN, w.NDR)]
    c.talk((w.contexts(w.BIND, 1, offered, w.CONNECT, w.ntlm_negotiate()),
            w.accepted(w.BIND_ACK, 1, [0, 0, 3, 2], level=w.CONNECT, auth=w.ntlm_challenge("FILES"))),
           (w.pdu(w.AUTH3, 1, bytes(4), level=w.CONNECT, auth=w.ntlm_authenticate("clerk", "OFFICE-7")), None),
           (w.request(2, 64, w.unique("\\\\FILES"), level=w.CONNECT), w.response(2, bytes(24), level=w.CONNECT)),
           (w.request(3, 6, w.HANDLE, context=1), w.response(3, bytes(8), context=1)),
           # An operation that the interface does not have, and an interface nobody knows.
           (w.request(4, 900, b""), w.fault(4, 0x1c010002)),
           (w.request(5, 3, b"", context=3), w.response(5, bytes(4), context=3)),
           (w.contexts(w.ALTER, 6, [(4, w.WINREG, w.NDR)]), w.accepted(w.ALTER_ANSWER, 6, [0], b"")),
           # Refused by what it returns; and with a fault.
           (w.request(7, 2, bytes(8), context=4), w.response(7, bytes(20) + struct.pack("<I", 5), context=4)),
           (w.request(8, 2, bytes(8), context=4), w.fault(8, 5, context=4)),
           # A call for an object, as DCOM makes them.
           (w.request(9, 2, bytes(8), context=4, target="00000000-0000-0000-c000-000000000046"), w.response(9, bytes(24), 4)))
    # In two parts: told with the first.
    c.talk((w.request(10, 22, w.HANDLE + w.counted("Start") + bytes(8), 4, flags=1), None),
           (w.request(10, 22, bytes(8), 4, flags=2), w.response(10, bytes(8), 4, flags=1)))
    c.answer(w.response(10, bytes(4), 4, flags=2))
    c.ask(w.pdu(18, 11, b""))
    c.ask(w.pdu(19, 11, b""))
    net.connect(HMI, SERVER, 49668).talk((w.contexts(w.BIND, 1, [(0, w.UNKNOWN, w.NDR)]),
                                          w.pdu(w.BIND_NAK, 1, struct.pack("<HBBB", 4, 1, 5, 0))))
    # Numbers that begin with their first byte.
    c = net.connect(HMI, SERVER, 49669)
    c.ask(struct.pack(">BBBB4sHHI", 5, 0, w.REQUEST, 3, bytes(4), 28, 0, 1) + struct.pack(">IHH", 4, 0, 7) + bytes(4))
    c.answer(struct.pack(">BBBB4sHHI", 5, 0, w.FAULT, 3, bytes(4), 32, 0, 1) + struct.pack(">IHBBII", 0, 0, 0, 0, 5, 0))


@capture
def dcerpc_administration(net):
    """What somebody does who administers a machine from afar: services, tasks, keys, accounts, replicas, WMI."""
    talk = w.Rpc(net.connect(HMI, SERVER, 49670), w.SVCCTL)
    talk.call(15, w.unique("\\\\FILES") + bytes(8), bytes(24))
    talk.call(12, w.create_service("Updater", r"%SystemRoot%\updater.exe"), bytes(28))
    talk.call(16, w.HANDLE + w.string("Updater") + bytes(4), bytes(24))
    talk.call(19, w.HANDLE + bytes(8))
    talk.call(2, w.HANDLE)
    talk = w.Rpc(net.connect(HMI, SERVER, 49671), w.ATSVC)
    talk.call(0, w.job("cmd.exe /c whoami"), bytes(8))
    talk = w.Rpc(net.connect(HMI, SERVER, 49672), w.TASKS)
    talk.call(1, w.unique("\\Updater") + w.string("<Task/>") + bytes(12), bytes(8))
    talk.call(12, w.string("\\Updater"))
    talk = w.Rpc(net.connect(HMI, SERVER, 49673), w.WINREG)
    talk.call(2, bytes(8), bytes(24))
    talk.call(6, w.HANDLE + w.counted("SOFTWARE\\Plant") + bytes(24), bytes(28))
    talk.call(22, w.HANDLE + w.counted("Run") + bytes(12))
    talk.call(17, w.HANDLE + w.counted("Run") + bytes(24), bytes(24))
    talk = w.Rpc(net.connect(HMI, SERVER, 49674), w.NETLOGON)
    talk.call(4, w.unique("\\\\DC") + w.string("DC") + bytes(8), bytes(12))
    talk.call(26, w.authenticate("DC$", bytes(8)), bytes(12) + struct.pack("<I", 0xc0000022))
    talk.call(26, w.authenticate("DC$", bytes(range(1, 9))), bytes(16))
    talk.call(30, w.authenticate("DC$", bytes(8)) + bytes(528), bytes(16))
    # Sealed: the operation shows, what it names does not.
    talk = w.Rpc(net.connect(HMI, SERVER, 49675), w.DRSUAPI, w.PRIVACY)
    talk.call(3, bytes(64), bytes(64))
    talk = w.Rpc(net.connect(HMI, SERVER, 49676), w.WBEM, w.PRIVACY)
    talk.call(24, bytes(64), bytes(64))
    talk.call(20, bytes(64), bytes(64))
    talk = w.Rpc(net.connect(HMI, SERVER, 49677), w.SPOOLSS)
    talk.call(89, w.unique("\\\\FILES") + bytes(64))


@capture
def dcerpc_pipes(net):
    """Two pipes of one conversation, calls in each; a file beside them; an answer in two reads."""
    smb = w.Smb2(net.connect(HMI, SERVER, 445))
    smb.log_in()
    smb.pipe("svcctl", w.SVCCTL)
    smb.call(15, w.unique("\\\\FILES") + bytes(8), bytes(24))
    smb.pipe("samr", w.SAMR, first=False)
    smb.call(57, w.unique("\\\\FILES") + bytes(8), bytes(24))
    smb.file -= 1  # the first pipe again, and the same number of a call
    smb.call(12, w.create_service("Updater", r"%SystemRoot%\updater.exe"), bytes(28), call=3)
    smb.file += 1
    smb.write(w.request(3, 13, w.HANDLE + bytes(12)))
    names = w.response(3, bytes(2000))
    smb.read(names[:1024], w.BUFFER_OVERFLOW)
    smb.read(names[1024:])
    smb.connect_tree(r"\\FILES\data")
    smb.create("report.txt", disposition=5)
    smb.write(b"nothing to say")

"""Flows at the ports of OT protocols, as tshark sees them: each must have a fact, whatever it turned out to be."""
import hashlib
import os
import subprocess

FIELDS = ["frame.number", "ip.src", "ipv6.src", "ip.dst", "ipv6.dst", "tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport"]
# One byte alone keeps a connection alive; a datagram may be empty.
FILTER = "(tcp.len > 1 or udp.length > 8) and not icmp and not icmpv6"


def ask_tshark(path, cache, tool):
    """tshark's lines for frames with a payload, from the cache where they are known."""
    with open(path, "rb") as file:
        key = hashlib.sha256(file.read() + repr(("flows", FIELDS, FILTER, tool)).encode()).hexdigest()
    kept = os.path.join(cache, key)
    if not os.path.exists(kept):
        command = ["tshark", "-n", "-r", path, "-Y", FILTER, "-T", "fields", "-E", "occurrence=l"]
        done = subprocess.run(command + [w for f in FIELDS for w in ("-e", f)], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=False)
        os.makedirs(cache, exist_ok=True)
        with open(f"{kept}.{os.getpid()}", "wb") as file:
            file.write(done.stdout)
        os.replace(f"{kept}.{os.getpid()}", kept)
    with open(kept, encoding="utf-8", errors="replace") as file:
        return file.read().splitlines()


def address(ip, port):
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


def flows_of(path, ports, cache, tool):
    """{(end, end): (first frame, protocol)} of flows with a payload at one of `ports` {("tcp", 502): "modbus"}."""
    flows = {}
    for line in ask_tshark(path, cache, tool):
        frame, ip4, ip6, to4, to6, tcp, tcp_to, udp, udp_to = line.split("\t")
        transport = "tcp" if tcp else "udp"
        ends = ((ip4 or ip6, tcp or udp), (to4 or to6, tcp_to or udp_to))
        if not all(ip and port for ip, port in ends):
            continue
        name = next((ports[transport, int(port)] for _, port in ends if (transport, int(port)) in ports), None)
        if name:
            flows.setdefault(tuple(sorted(address(*end) for end in ends)), (int(frame), name))
    return flows

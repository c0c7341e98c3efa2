"""What tshark says about a capture: for each frame its layers, each a flat list of nodes.

A node is (name, show, raw, end): its subtree is the nodes after it, up to index `end`.  tshark's answer is
kept in a cache, by the hash of the file and the layers asked for.
"""
import hashlib
import os
import pickle
import subprocess
import zlib
from xml.parsers import expat

NAME, SHOW, RAW, END = range(4)
CONTROL = bytes.maketrans(bytes([*range(9), 11, 12, *range(14, 32)]), b"?" * 29)


class Layer:
    """The nodes of one layer, and where each name stands among them."""

    def __init__(self, nodes):
        self.nodes, self.name, self.at = nodes, nodes[0][NAME], {}
        for i, node in enumerate(nodes):
            self.at.setdefault(node[NAME], []).append(i)
        self.parents = None

    def above(self, index):
        """The nodes a node stands in, nearest first."""
        if self.parents is None:
            self.parents, path = [], []
            for i, node in enumerate(self.nodes):
                while path and i >= self.nodes[path[-1]][END]:
                    path.pop()
                self.parents.append(path[-1] if path else None)
                path.append(i)
        while (index := self.parents[index]) is not None:
            yield index


class Reader:
    """Builds the frames from tshark's PDML."""

    def __init__(self, layers):
        self.layers = set(layers)
        self.frames = {}
        self.number = 0
        self.nodes = None  # of the layer at hand
        self.open = []  # indices of the nodes begun; None for one left out

    def start(self, tag, attributes):
        name = attributes.get("name", "")
        if self.nodes is None:
            if tag == "field" and name == "num":
                self.number = int(attributes["show"])
            elif tag == "proto" and name in self.layers:
                self.nodes = []
                self.open = []
        if self.nodes is not None and tag in ("proto", "field"):
            if name == "filtered":
                self.open.append(None)
                return
            self.open.append(len(self.nodes))
            self.nodes.append([name, attributes.get("show", ""), attributes.get("value", ""), 0])

    def end(self, tag):
        if self.nodes is None or tag not in ("proto", "field"):
            return
        index = self.open.pop()
        if index is not None:
            self.nodes[index][END] = len(self.nodes)
        if not self.open:
            if len(self.nodes) > 1:
                self.frames.setdefault(self.number, []).append(self.nodes)
            self.nodes = None


def ask_tshark(path, layers, options):
    command = ["tshark", "-n", "-r", path, "-T", "pdml", "-J", " ".join(sorted(layers))]
    for letter, value in options:
        command += [letter, value]
    reader = Reader(layers)
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as tshark:
        # Line by line, so that no character is cut in two; what is not UTF-8 is replaced.
        for lines in iter(lambda: tshark.stdout.readlines(1 << 20), []):
            text = b"".join(lines).translate(CONTROL).decode("utf-8", "replace")
            parser.Parse(text.encode("utf-8"), False)
    # A cut capture makes tshark end with 2 after the last whole frame.
    try:
        parser.Parse(b"", True)
    except expat.ExpatError:
        pass
    return reader.frames


def version():
    done = subprocess.run(["tshark", "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          check=True)
    return done.stdout.split(b"\n")[0]


def frames_of(path, layers, options, tool, cache):
    """{frame number: [layer, ...]}; tshark is asked only for layers that nobody asked for before."""
    with open(path, "rb") as file:
        key = hashlib.sha256(file.read())
    key.update(repr(("3", options, tool)).encode())
    kept = os.path.join(cache, key.hexdigest())
    known = {}  # layer: {frame: [nodes, ...]}
    if os.path.exists(kept):
        with open(kept, "rb") as file:
            known = pickle.loads(zlib.decompress(file.read()))
    missing = set(layers) - set(known)
    if missing:
        known.update({layer: {} for layer in missing})
        for frame, some in ask_tshark(path, missing, options).items():
            for nodes in some:
                known[nodes[0][NAME]].setdefault(frame, []).append(nodes)
        os.makedirs(cache, exist_ok=True)
        with open(f"{kept}.{os.getpid()}", "wb") as file:
            file.write(zlib.compress(pickle.dumps(known, 5), 1))
        os.replace(f"{kept}.{os.getpid()}", kept)
    frames = {}
    for layer in sorted(layers):
        for frame, some in known[layer].items():
            frames.setdefault(frame, []).extend(Layer(nodes) for nodes in some)
    return frames

"""Mapping rows and known differences, as README.md says them, and how values are made comparable."""
import calendar
import fnmatch
import ipaddress
import os
import re
import shlex
import struct
import time

from tree import NAME, SHOW, RAW, END

FORMS = {"auto", "text", "lower", "hex", "raw", "rawtext", "rawwide", "rawint", "rawintle", "rawfloat", "int", "signed8",
         "signed16", "signed32", "bool", "real", "mac", "ip", "time_ms"}
OURS, THEIRS = "ours", "theirs"


class Wrong(Exception):
    """A file of the oracle that cannot be read: said with its line."""


def number(text):
    """The number a text stands for, or None."""
    try:
        return int(text, 0)
    except ValueError:
        pass
    if re.fullmatch(r"[-+]?[0-9]+", text):
        return int(text)
    try:
        return float(text) if re.fullmatch(r"[-+]?[0-9.]+([eE][-+]?[0-9]+)?", text) else None
    except ValueError:
        return None


def auto(text):
    low = text.lower()
    if low in ("true", "false"):
        return int(low == "true")
    n = number(text)
    return plain(text) if n is None else (int(n) if n == int(n) else n)


def plain(text):
    return text.rstrip("\0 ")


def unescape(text):
    """tshark writes bytes nobody can print as C does."""
    names = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}

    def one(found):
        word = found.group(1)
        if word[0] == "x" and len(word) == 3:
            return chr(int(word[1:], 16))
        if len(word) == 3:
            return chr(int(word, 8))
        return names.get(word, word)
    return re.sub(r"\\(x[0-9a-f]{2}|[0-7]{3}|.)", one, text) if "\\" in text else text


def hidden(found):
    """What was found, with our word for secrets in the place of its group 1."""
    whole, (begin, end) = found.group(0), found.span(1)
    return whole[:begin - found.start()] + "(hidden)" + whole[end - found.start():]


def time_ms(text):
    """'Jan  1, 2000 00:00:00.123000000 UTC' in milliseconds since 1970."""
    found = re.match(r"(\w{3}) +(\d+), (\d+) (\d\d:\d\d:\d\d)(?:\.(\d+))? UTC", text)
    if not found:
        return auto(text)
    month, day, year, clock, part = found.groups()
    # Forty-eight bits reach past the year 9999, the calendar's last: it repeats every 400 years.
    ages, year = (int(year) - 2000) // 400, 2000 + (int(year) - 2000) % 400
    seconds = calendar.timegm(time.strptime(f"{month} {day} {year} {clock}", "%b %d %Y %H:%M:%S"))
    return (seconds + ages * 146097 * 86400) * 1000 + int((part or "0").ljust(9, "0")[:9]) // 1000000


def parents(nodes, names):
    """The nodes right above those with one of the names, each once, in order."""
    path, found = [], {}
    for i, node in enumerate(nodes):
        while path and i >= nodes[path[-1]][END]:
            path.pop()
        if path and node[NAME] in names:
            found[path[-1]] = True
        path.append(i)
    return list(found)


class Test:
    """One `when=` or `with=`: does a run of nodes hold it?"""

    def __init__(self, text):
        found = re.fullmatch(r"(!?)([\w.-]+)(?:(==|!=)(.*))?", text)
        if not found or (found.group(1) and found.group(3)):
            raise Wrong(f"no condition: '{text}'")
        self.no = bool(found.group(1)) or found.group(3) == "!="
        self.field = found.group(2)
        self.values = {auto(v) for v in found.group(4).split("|")} if found.group(3) else None

    def holds(self, layer, begin, end):
        hit = any(begin <= i < end and (self.values is None or auto(layer.nodes[i][SHOW]) in self.values)
                  for i in layer.at.get(self.field, ()))
        return hit != self.no

    def holds_in(self, layers):
        """The same for a frame: one layer has it, or none has."""
        each = (self.holds(layer, 0, len(layer.nodes)) for layer in layers)
        return all(each) if self.no else any(each)


class Row:
    """One line of a map."""

    def __init__(self, left, right, options):
        self.left, self.right = left, right
        self.ours, self.theirs = left.split("|"), set(right.split("|"))
        self.form, self.when, self.within, self.scope = "auto", [], [], None
        self.messages = self.dirs = self.protocols = None
        self.no_messages = False
        self.once = self.wire = self.early = False
        self.told = None
        self.mask, self.shift, self.scale, self.add, self.regex = None, 0, 1, 0, None
        self.join, self.hide = None, []
        self.ours_regex, self.under, self.not_under = None, None, None
        for option in options:
            self.take(option)

    def take(self, option):
        word, _, value = option.partition("=")
        if option in FORMS:
            self.form = option
        elif option == "once":
            self.once = True
        elif option == "early":
            self.early = True
        elif option == "wire":
            self.wire = True
        elif word == "when":
            self.when.append(Test(value))
        elif word == "with":
            self.within.append(Test(value))
        elif word == "in":
            self.scope = value
        elif word == "msg":
            self.no_messages = value.startswith("!")
            self.messages = set(value.lstrip("!").split(","))
        elif word == "dir":
            self.dirs = set(value.split(","))
        elif word == "proto":
            self.protocols = set(value.split(","))
        elif word in ("mask", "shift", "scale", "add"):
            setattr(self, word, auto(value))
        elif word == "join":
            self.join = value
        elif word == "told":
            self.told = value
        elif word == "hide":
            self.hide.append(re.compile(value))
        elif word == "ours":
            self.ours_regex = re.compile(value)
        elif word == "under" and value.startswith("!"):
            self.not_under = re.compile(value[1:])
        elif word == "under":
            self.under = re.compile(value)
        elif word == "re":
            self.regex = re.compile(value)
        else:
            raise Wrong(f"no option: '{option}'")

    def wants(self, fact):
        """Whether values of this fact take part."""
        if self.messages and (fact.get("message") in self.messages) == self.no_messages:
            return False
        if self.dirs and fact.get("dir") not in self.dirs:
            return False
        return not self.protocols or fact.get("protocol") in self.protocols

    def our_value(self, value):
        """Our value in comparable form, or None where the row has none."""
        if isinstance(value, bool):
            value = int(value)
        text = str(value)
        if self.ours_regex:
            found = self.ours_regex.search(text)
            if not found:
                return None
            text = value = found.group(1)
        if self.form in ("hex", "raw"):
            return re.sub(r"[:\s]", "", text).lower()
        value = self.shaped(text) if isinstance(value, str) or self.form != "auto" else value
        if isinstance(value, float) and value == int(value):
            value = int(value)
        return value * self.scale + self.add if isinstance(value, (int, float)) else value

    def their_value(self, node):
        """tshark's value in our form, or None where the row has none."""
        show, raw = node[SHOW], node[RAW]
        if self.regex:
            found = self.regex.search(show)
            if not found:
                return None
            show = found.group(1)
        for secret in self.hide:
            show = secret.sub(hidden, show)
        if self.form == "raw":
            return raw.lower()
        if self.form == "hex":
            return re.sub(r"[:\s]", "", show).lower()
        if self.form == "rawtext":
            return plain(bytes.fromhex(raw).decode("latin-1"))
        if self.form == "rawwide":
            bare = bytes.fromhex(raw)
            wide = len(bare) > 1 and not len(bare) % 2 and not bare[1]
            return plain(bare.decode("utf-16-le" if wide else "latin-1"))
        if self.form == "rawfloat":
            bare = bytes.fromhex(raw)[1:]
            kind = {4: ">f", 8: ">d"}.get(len(bare))
            return float(f"{struct.unpack(kind, bare)[0]:.6g}") if kind else raw
        if self.form in ("rawint", "rawintle"):
            value = int.from_bytes(bytes.fromhex(raw), "big" if self.form == "rawint" else "little")
        else:
            value = self.shaped(unescape(show))
        if self.form.startswith("signed") and isinstance(value, int):
            bits = int(self.form[6:])
            value = value - (1 << bits) if value >> (bits - 1) == 1 else value
        if isinstance(value, int):
            value = (value if self.mask is None else value & self.mask) >> self.shift
        return value

    def shaped(self, text):
        if self.form in ("text", "rawtext", "rawwide"):
            return plain(text)
        if self.form == "lower":
            return plain(text).lower()
        if self.form == "bool":
            return int(text.lower() not in ("0", "false", ""))
        if self.form in ("real", "rawfloat"):
            n = number(text)
            return plain(text) if n is None else float(f"{n:.6g}")
        if self.form == "mac":
            return re.sub(r"[^0-9a-f]", "", text.lower())
        if self.form == "ip":
            try:
                return str(ipaddress.ip_address(text))
            except ValueError:
                return text
        if self.form == "time_ms":
            return time_ms(text)
        return auto(text)

    def select(self, layers):
        """tshark's values of one frame that this row compares."""
        found = []
        for layer in layers:
            if self.theirs.isdisjoint(layer.at) or not all(t.holds_in(layers) for t in self.within):
                continue
            mine = sorted(i for name in self.theirs for i in layer.at.get(name, ()))
            for begin, end in self.scopes(layer):
                if all(t.holds(layer, begin, end) for t in self.when):
                    nodes = (layer.nodes[i] for i in mine if begin <= i < end and self.stands(layer, i))
                    values = (self.their_value(n) for n in nodes if n[RAW] or not self.wire)
                    found += [v for v in values if v is not None]
        if self.join is not None:
            n = len(self.theirs)
            found = [self.join.join(map(str, found[i:i + n])) for i in range(0, len(found), n)]
        return found

    def stands(self, layer, index):
        """Whether the texts of the nodes above this one are as `under=` asks."""
        if not self.under and not self.not_under:
            return True
        texts = [layer.nodes[i][SHOW] for i in layer.above(index)]
        return (not self.under or any(self.under.search(t) for t in texts)) and \
            not (self.not_under and any(self.not_under.search(t) for t in texts))

    def scopes(self, layer):
        if self.scope is None:
            return [(0, len(layer.nodes))]
        above = parents(layer.nodes, self.theirs) if self.scope == ".." else layer.at.get(self.scope, ())
        return [(i, layer.nodes[i][END]) for i in above]


class Map:
    """One protocol's rows and known differences."""

    def __init__(self, path):
        self.name = os.path.basename(path)[:-len(".map")]
        self.layers, self.preferences, self.rows = [], [], []
        for words, where in lines_of(path):
            try:
                if words[0] == "layers":
                    self.layers += words[1:]
                elif words[0] == "prefer":
                    self.preferences += words[1:]
                elif len(words) < 2:
                    raise Wrong("expected: our.field tshark.field [options]")
                else:
                    self.rows.append(Row(words[0], words[1], words[2:]))
            except Wrong as e:
                raise Wrong(f"{where}: {e}") from None
        self.groups = {}
        for row in self.rows:
            self.groups.setdefault((row.left, row.ours_regex), []).append(row)
        self.known = known_of(path[:-len(".map")] + ".known")


class Known:
    """One listed difference, and whether it still is one."""

    def __init__(self, words, where):
        if len(words) < 4:
            raise Wrong(f"{where}: expected: capture frames field reason")
        self.capture, frames, self.field, self.reason = words
        self.where = where
        self.frames = None
        if frames != "*":
            self.frames = {}
            for part in frames.split(","):
                first, _, last = part.partition("-")
                self.frames.update({n: bool(last) for n in range(int(first), int(last or first) + 1)})
        self.used, self.seen, self.live = set(), False, False

    def of(self, path):
        return fnmatch.fnmatch(path, "*" + self.capture)

    def covers(self, frame, field):
        if (self.frames is not None and frame not in self.frames) or \
                not fnmatch.fnmatchcase(field, self.field):
            return False
        self.used.add(frame)
        return True

    def stale(self):
        """What of it no longer differs, in words; None when all does."""
        if not self.used:
            return "nothing differs any more"
        gone = sorted(n for n, ranged in (self.frames or {}).items() if not ranged and n not in self.used)
        return f"frames {gone} no longer differ" if gone else None


def known_of(path):
    return [Known(words, where) for words, where in lines_of(path, 3)] if os.path.exists(path) else []


def lines_of(path, split=None):
    """(words, "file:line") of each line that says something; the last word is the rest with `split`."""
    with open(path, encoding="utf-8") as file:
        for n, line in enumerate(file, 1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            where = f"{os.path.relpath(path)}:{n}"
            try:
                yield line.split(None, split) if split else shlex.split(line, comments=True), where
            except ValueError as e:
                raise Wrong(f"{where}: {e}") from None

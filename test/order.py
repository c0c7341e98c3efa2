#!/usr/bin/env python3
"""A cursor is read once in an expression: C does not say which of two reads comes first.

Initializers (C11, 6.7.9, 23), arguments (6.5.2.2, 10) and operands (6.5, 3) are read in any order but behind
`&&`, `||`, `?` and a comma that is an operator.  Compilers go from left to right until one does not.
"""
import pathlib
import re
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent / "src"
TOKEN = re.compile(r"[A-Za-z_]\w*|->|&&|\|\||\S")
NOISE = re.compile(r'/\*.*?\*/|"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|^[ \t]*#(?:[^\n]*\\\n)*[^\n]*', re.S | re.M)
READER = re.compile(r"\b([a-z]\w*)\(([^(){};]*\bstruct cur \*[^(){};]*)\)")
LOOKS = {"cur_ok", "cur_peek", "cur_find", "cur_starts"}  # and move nothing
IN_ORDER = {",", "&&", "||", "?", ":"}
ASKS = {"if", "while", "for", "switch"}  # what stands in brackets behind these comes before what follows
WORDS = ASKS | {"return", "sizeof"}
CLOSES = {"(": ")", "[": "]", "{": "}"}


def plain(text):
    """Without comments, texts and directives, each line where it was."""
    return NOISE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def readers(texts):
    """Which argument of a function is a cursor that it moves."""
    found = {}
    for text in texts:
        for name, parameters in READER.findall(text):
            for n, one in enumerate(parameters.split(",")):
                if re.search(r"(?<!const )struct cur \*\w*$", one.strip()):
                    found[name] = n
    return {name: n for name, n in found.items() if name not in LOOKS}


class Group(list):
    """What stands between two brackets; `opens` is the first of them."""

    def __init__(self, opens, line, tight):
        super().__init__()
        self.opens, self.line, self.tight = opens, line, tight


def tree(text):
    top = Group("{", 1, False)
    open_groups, line, at = [top], 1, 0
    for m in TOKEN.finditer(text):
        line += text.count("\n", at, m.start())
        at = m.start()
        word = m.group()
        if word in CLOSES:
            group = Group(word, line, m.start() > 0 and text[m.start() - 1] == ")")
            open_groups[-1].append(group)
            open_groups.append(group)
        elif word in CLOSES.values():
            if len(open_groups) > 1:
                open_groups.pop()
        else:
            open_groups[-1].append((word, line))
    return top


def split(items, between):
    part, parts = [], []
    for item in items:
        if word_of(item) in between:
            parts.append(part)
            part = []
        else:
            part.append(item)
    return parts + [part]


def spelled(items):
    return "".join(f"{i.opens}{spelled(i)}{CLOSES[i.opens]}" if isinstance(i, Group) else i[0] for i in items)


def line_of(item):
    return item.line if isinstance(item, Group) else item[1]


def word_of(item):
    return "" if isinstance(item, Group) else item[0]


class Reads:
    """Walks expressions; `wrong` are those that read a cursor twice in no order."""

    def __init__(self, moves):
        self.moves, self.wrong = moves, []

    def unordered(self, sets, line):
        seen = set()
        for one in sets:
            self.wrong += [(line, cursor) for cursor in sorted(seen & one)]
            seen |= one
        return seen

    def group(self, group, before):
        """What is read within brackets, which stand behind this item."""
        called = before and re.match(r"\w", word_of(before)) and word_of(before) not in WORDS
        if group.opens == "(" and called:
            arguments = split(group, {","})
            read = self.unordered([self.ordered(a) for a in arguments], group.line)
            moved = self.moves.get(before[0])
            if moved is not None and moved < len(arguments):
                read = read | {spelled(arguments[moved]).lstrip("&")}
            return read
        if group.opens == "{":
            return self.unordered([self.ordered(a) for a in split(group, {","})], group.line)
        return set().union(*(self.ordered(part) for part in split(group, {";"})))

    def ordered(self, items):
        return set().union(*(self.operands(part) for part in split(items, IN_ORDER)))

    def operands(self, items):
        sets, before = [], None
        for item in items:
            if isinstance(item, Group):
                sets.append(self.group(item, before))
            before = item
        return self.unordered(sets, line_of(items[0]) if items else 0)

    def block(self, items):
        """Statements: a brace is an initializer behind '=', or right behind the ')' of a type."""
        statement = []
        for item in items:
            initializer = isinstance(item, Group) and item.opens == "{" and (
                item.tight or (statement and word_of(statement[-1]) == "="))
            if isinstance(item, Group) and item.opens == "{" and not initializer:
                self.ordered(statement)
                self.block(item)
                statement = []
                continue
            asked = isinstance(item, Group) and statement and word_of(statement[-1]) in ASKS
            statement.append(item)
            if asked or word_of(item) == ";":
                self.ordered(statement)
                statement = []
        self.ordered(statement)


def trial(moves):
    """What the check has to find and what not; each word is one of them."""
    samples = {
        "f((struct s){ .a = cur_u8(&c), .b = cur_u8(&c) });": 1,
        "struct s a = { cur_u8(c), { cur_be16(c) } };": 1,
        "g(cur_u8(c), h + cur_u8(c));": 1,
        "v = cur_u8(c) << 8 | cur_u8(c);": 1,
        "unsigned a = cur_u8(c), b = cur_u8(c);": 0,
        "if (cur_u8(c)) cur_skip(c, cur_u8(c));": 0,
        "return cur_u8(c) && cur_u8(c) ? cur_u8(c) : cur_u8(d);": 0,
        "struct s a = { cur_u8(&c), cur_u8(&d) };": 0,
        "f() {\n\tcur_u8(c);\n\tcur_u8(c);\n}": 0,
    }
    for text, wanted in samples.items():
        reads = Reads(moves)
        reads.block(tree(text))
        assert len(reads.wrong) == wanted, text


def main():
    paths = sorted(SOURCE.rglob("*.[ch]"))
    texts = {path: plain(path.read_text(encoding="utf-8")) for path in paths}
    moves = readers(texts.values())
    trial(moves)
    wrong = 0
    for path, text in texts.items():
        reads = Reads(moves)
        reads.block(tree(text))
        for line, cursor in reads.wrong:
            wrong += 1
            print(f"{path.relative_to(SOURCE.parent)}:{line} reads '{cursor}' twice, in no order")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

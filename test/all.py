#!/usr/bin/env python3
"""Every test of every kind, counted one by one; ends with "N passed, N failed, N skipped".

Called by `./do test`, which has installed what is needed.  A kind is a function that gives
(name, result, story) for each of its tests; the story is shown only when the test failed.  Output of
the tools goes to build/log/.
"""
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LOG = "build/log"
PACKAGES = "/var/lib/dpkg/status"  # changes with each installation
BUILDS = {
    # name: (compiler, meson options)
    "debug": ("gcc", ["-Dbuildtype=debug", "-Db_sanitize=address,undefined", "-Db_lundef=false"]),
    "release": ("gcc", ["-Dbuildtype=release", "-Db_lto=true"]),
    "clang": ("clang-14", ["-Dbuildtype=release"]),
    "analyzer": ("gcc", ["-Dbuildtype=debug", "-Dc_args=-fanalyzer"]),
}
PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


def call(name, command, **more):
    """Runs a command with its output in build/log/<name>.txt; gives (exit code, output)."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          encoding="utf-8", errors="replace", check=False, **more)
    with open(f"{LOG}/{name}.txt", "w", encoding="utf-8") as log:
        log.write(done.stdout)
    return done.returncode, done.stdout


def tail(text, lines=30):
    return "\n".join(text.rstrip().split("\n")[-lines:])


def files(pattern, *folders):
    """Files below the folders whose path matches, sorted."""
    found = []
    for folder in folders:
        for where, _, names in os.walk(folder):
            found += [os.path.join(where, n) for n in names if re.search(pattern, n)]
    return sorted(found)


def each(function, things):
    """One test per thing, two at a time, in order."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        yield from pool.map(function, things)


def older(path, other):
    return os.path.exists(other) and os.stat(path).st_mtime < os.stat(other).st_mtime


def builds():
    """Each compiler without a single warning; the debug build carries the sanitizers."""
    for name, (compiler, options) in BUILDS.items():
        folder = f"build/{name}"
        code, text = 0, ""
        if not os.path.exists(f"{folder}/build.ninja"):
            code, text = call(f"setup-{name}", ["meson", "setup", folder, *options],
                              env={**os.environ, "CC": compiler})
        elif older(f"{folder}/build.ninja", PACKAGES):
            # A library that was missing then may be there now, and tests with it.
            code, text = call(f"setup-{name}", ["meson", "setup", "--reconfigure", folder])
        if code == 0:
            # A build folder made by hand or by `./do run` may lack it: asked for every time.
            call(f"configure-{name}", ["meson", "configure", folder, "-Dwerror=true"])
            # The analyzer looks at what ships; tests leak on purpose when memory ends.
            target = ["src/run/weir"] if name == "analyzer" else []
            code, text = call(f"build-{name}", ["ninja", "-C", folder, *target])
        yield name, FAILED if code else PASSED, tail(text)


def results_of(output):
    """What a program says of its tests, one line each; a name that failed once has failed."""
    words = {"OK": PASSED, "FAILED": FAILED, "SKIPPED": SKIPPED}
    seen = {}
    for word, name in re.findall(r"^\[\s*(OK|FAILED|SKIPPED)\s*\] (.*\S)$", output, re.M):
        # cmocka's summary: "3 test(s), listed below:"
        if not re.search(r"\d+ test\(s\)", name) and seen.get(name) != FAILED:
            seen[name] = words[word]
    return seen


def unit():
    """Tests that Meson knows: in the debug build, and what a sanitizer is in the way of in release."""
    yield from meson_tests("debug")
    for name, result, story in meson_tests("release", "--suite", "release"):
        yield f"release: {name}", result, story


def meson_tests(build, *more):
    """One by one where the program names them, else one per program."""
    folder = f"build/{build}"
    log = f"{folder}/meson-logs/testlog.json"
    if os.path.exists(log):
        os.remove(log)
    # Many wait for a clock more than for a processor: three at a time for each two of those.
    # A sanitizer's verdict is no exit code that a test could want.  It has the kernel clear the shadow of each large
    # buffer anew, which takes longer than all else.
    code, text = call(f"unit-{build}", ["meson", "test", "-C", folder, "--no-rebuild", "--timeout-multiplier", "4",
                                        "--num-processes", str((os.cpu_count() or 1) * 3 // 2), *more],
                      env={**os.environ, "ASAN_OPTIONS": "abort_on_error=1:clear_shadow_mmap_threshold=67108864",
                           "UBSAN_OPTIONS": "abort_on_error=1:print_stacktrace=1"})
    if not os.path.exists(log):
        yield "meson test", FAILED, tail(text)
        return
    with open(log, encoding="utf-8") as lines:
        for line in lines:
            test = json.loads(line)
            output = test.get("stdout", "") + test.get("stderr", "")
            seen = results_of(output)
            for name, result in seen.items():
                yield f"{test['name']} {name}", result, tail(output)
            if test["result"] in ("OK", "EXPECTEDFAIL"):
                if not seen:
                    yield test["name"], PASSED, ""
            elif test["result"] == "SKIP":
                if not seen:
                    yield test["name"], SKIPPED, ""
            elif FAILED not in seen.values():
                # Died outside any single test: a sanitizer, a leak, a time limit.
                yield f"{test['name']} ({test['result'].lower()})", FAILED, tail(output)
    if code not in (0, 1):
        yield "meson test ends well", FAILED, tail(text)


def floors():
    """A room includes only what stands below it."""
    code, text = call("floors", [sys.executable, "test/floors.py"])
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word in ("ok", "not"):
            yield rest, PASSED if word == "ok" else FAILED, rest
    if code not in (0, 1):
        yield "floors.py", FAILED, tail(text)


def form():
    """Sources stand as .clang-format says, and read no cursor twice in one expression."""
    code, text = call("order", [sys.executable, "test/order.py"])
    yield "reads are in order", FAILED if code else PASSED, tail(text)
    tool = shutil.which("clang-format-14") or "clang-format"

    def one(path):
        code, text = call("format-" + path.replace("/", "-"), [tool, "--dry-run", "-Werror", path])
        return path, FAILED if code else PASSED, tail(text, 8)
    yield from each(one, files(r"\.[ch]$", "src", "test", "demo"))


def tidy():
    """clang-tidy's list in .clang-tidy, file by file; its analyzer goes a part of the way (of 225,000 steps)."""
    yield from tidy_whole(*(f"--extra-arg={word}" for word in ("-Xclang", "-analyzer-config", "-Xclang", "max-nodes=20000")))


def tidy_whole(*more):
    """All the way, which takes five times as long: `./do tidy`."""
    tool = shutil.which("clang-tidy-14") or "clang-tidy"
    with open("build/clang/compile_commands.json", encoding="utf-8") as table:
        known = {os.path.normpath(os.path.join("build/clang", row["file"])) for row in json.load(table)}
    known = {os.path.relpath(path, ".") for path in known}

    def one(path):
        code, text = call("tidy-" + path.replace("/", "-"),
                          [tool, "-p", "build/clang", "--quiet", "--warnings-as-errors=*", *more, path])
        return path, FAILED if code else PASSED, tail(text)
    yield from each(one, [path for path in files(r"\.c$", "src") if path in known])


def counting():
    """No line in which a test says its result is lost, whatever its name."""
    said = ("[       OK ] a name with blanks\n[       OK ] twice\n[  FAILED  ] twice\n[       OK ] twice\n"
            "[  SKIPPED ] none\n[  FAILED  ] tests: 1 test(s), listed below:\n[  SKIPPED ] 1 test(s), listed below:\n")
    wanted = {"a name with blanks": PASSED, "twice": FAILED, "none": SKIPPED}
    yield "results are counted", PASSED if results_of(said) == wanted else FAILED, str(results_of(said))


def scripts():
    """Shell and Python parse; the shell with dash, which knows POSIX only."""
    yield from counting()
    for path in ["do", *files(r"\.sh$", "demo", "kit", "test")]:
        code, text = call("script-" + path.replace("/", "-"), ["dash", "-n", path])
        yield path, FAILED if code else PASSED, text
    for path in files(r"\.py$", "demo", "test"):
        try:
            with open(path, encoding="utf-8") as source:
                compile(source.read(), path, "exec")
            yield path, PASSED, ""
        except SyntaxError as e:
            yield path, FAILED, str(e)


def kit():
    """A protocol laid by ./do new-protocol builds without a warning, and its golden capture holds."""
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "weir")
        shutil.copytree(TOP, copy, ignore=shutil.ignore_patterns("build", "result", ".git", "__pycache__"))
        weir = "build/debug/src/run/weir"
        golden = [sys.executable, "test/golden/golden.py"]
        for name, command in (
                ("lay", ["./do", "new-protocol", "example"]),
                ("setup", ["meson", "setup", "build/debug", "-Dbuildtype=debug", "-Dwerror=true"]),
                ("build", ["ninja", "-C", "build/debug", "src/run/weir"]),
                ("accept", [*golden, "accept", weir]),
                ("check", [*golden, "check", weir])):
            code, text = call("kit-" + name, command, cwd=copy)
            good = code == 0 and (name != "check" or "OK ] built/example.pcap" in text)
            yield name, PASSED if good else FAILED, tail(text)
            if not good:
                return
        code, text = call("kit-again", ["./do", "new-protocol", "example"], cwd=copy)
        yield "nothing is overwritten", FAILED if code == 0 or "is there already" not in text else PASSED, text
        code, text = call("kit-two", ["./do", "new-protocol", "another", "one"], cwd=copy)
        there = os.path.exists(f"{copy}/src/sense/proto/another.c")
        yield "one at a time", FAILED if code == 0 or there or "one protocol at a time" not in text else PASSED, text


def install():
    """./do install leaves the program and its pages below DESTDIR; what it does not know it says."""
    with tempfile.TemporaryDirectory() as folder:
        code, text = call("install", ["./do", "install", f"DESTDIR={folder}"])
        for name in ["bin/weir", "share/man/man1/weir.1", "share/man/man1/weir-look.1",
                     "share/man/man1/weir-facts.1", "share/man/man5/weir-zones.5"]:
            there = os.path.exists(f"{folder}/usr/local/{name}")
            yield f"installs {name}", FAILED if code or not there else PASSED, tail(text)
        code, text = call("install-wrong", ["./do", "install", f"DESTDR={folder}"])
        yield "do knows its words", FAILED if code != 1 or "what is 'DESTDR=" not in text else PASSED, tail(text)


def manual():
    """Every man page without a complaint of mandoc, less the empty paragraphs that scdoc makes."""
    for path in files(r"\.[1-8]$", "build/release/man"):
        _, text = call("man-" + os.path.basename(path), ["mandoc", "-T", "lint", "-W", "warning", path])
        wrong = [line for line in text.splitlines() if "skipping paragraph macro" not in line]
        yield os.path.basename(path), FAILED if wrong else PASSED, "\n".join(wrong)
    yield from keys_described("look", ["--json"], lambda text: [json.loads(text)])
    yield from keys_described("points", ["--json"], lambda text: [json.loads(line) for line in text.splitlines()])
    yield from keys_described("facts", [], lambda text: [json.loads(line) for line in text.splitlines()])


def keys_described(verb, options, parse):
    """Every key that the program prints of the demonstration plant stands in the man page of the verb."""
    def keys_of(thing):
        for key, value in thing.items() if isinstance(thing, dict) else ():
            yield key
            if key not in ("counters", "fields"):  # names of their own, any number of them
                yield from keys_of(value)
        for value in thing if isinstance(thing, list) else ():
            yield from keys_of(value)
    done = subprocess.run(["build/release/src/run/weir", verb, *options, "demo/plant.pcapng"],
                          stdout=subprocess.PIPE, encoding="utf-8", check=False)
    with open(f"man/weir-{verb}.1.more.scd", encoding="utf-8") as page:
        described = set(re.findall(r"\b_([a-z_]+?)_(?![a-z])", page.read()))
    printed = {key for thing in parse(done.stdout) for key in keys_of(thing)}
    lost = sorted(printed - described)
    yield f"keys of {verb}", FAILED if lost or not printed else PASSED, f"not in the man page: {' '.join(lost)}"


def oracle():
    """Every value of the demonstration captures, as tshark reads them."""
    code, text = call("oracle", [sys.executable, "test/oracle/oracle.py", "--tests", "CAPTURES=demo"])
    said = 0
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word in (PASSED, FAILED, SKIPPED):
            said += 1
            yield rest, word, rest
    if code not in (0, 1) or not said:
        yield "oracle.py", FAILED, tail(text)


KINDS = [builds, floors, scripts, form, unit, kit, install, manual, oracle, tidy]
LONG = [tidy_whole]  # only where they are asked for


def main():
    os.chdir(TOP)
    os.makedirs(LOG, exist_ok=True)
    wanted = sys.argv[1:]
    count = {PASSED: 0, FAILED: 0, SKIPPED: 0}
    for kind in [kind for kind in KINDS + LONG if kind.__name__ in wanted] if wanted else KINDS:
        began = time.monotonic()
        here = {PASSED: 0, FAILED: 0, SKIPPED: 0}
        try:
            for name, result, story in kind():
                here[result] += 1
                if result == FAILED:
                    print(f"FAILED {kind.__name__}: {name}\n{story}", flush=True)
                elif result == SKIPPED:
                    print(f"skipped {kind.__name__}: {name}", flush=True)
        except OSError as e:
            here[FAILED] += 1
            print(f"FAILED {kind.__name__}: {e}", flush=True)
        for result, n in here.items():
            count[result] += n
        print(f"{kind.__name__}: {here[PASSED]} passed, {here[FAILED]} failed, "
              f"{here[SKIPPED]} skipped ({time.monotonic() - began:.0f} s)", flush=True)
    print(f"{count[PASSED]} passed, {count[FAILED]} failed, {count[SKIPPED]} skipped")
    return 1 if count[FAILED] else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""^C ends the input, not weir: what was read until then is told.

    interrupt.py WEIR CAPTURE
"""
import array
import fcntl
import os
import pty
import signal
import subprocess
import sys
import tempfile
import termios
import time

WEIR, CAPTURE = sys.argv[1:3]
PIPE = 64 * 1024  # what one holds (pipe(7))

# As tcpdump does it: on ^C it writes what it still has, and goes.
TAP = """
import array, fcntl, os, signal, sys, termios, time
data = open(sys.argv[1], "rb").read()
def end(*_):
    os.write(1, data[40000:60000])
    for at in range(60000, len(data), 4096):
        os.write(1, data[at:at + 4096])
    sys.exit()
signal.signal(signal.SIGINT, end)
os.write(1, data[:40000])
count = array.array("i", [1])
while count[0]:
    time.sleep(0.01)
    fcntl.ioctl(1, termios.FIONREAD, count)
open(sys.argv[2], "w").close()
while True:
    signal.pause()
"""


def wait_until(true):
    while not true():
        time.sleep(0.01)


def waiting(fd):
    """Bytes in a pipe that nobody has read."""
    count = array.array("i", [0])
    fcntl.ioctl(fd, termios.FIONREAD, count)
    return count[0]


def whole_blocks(data, most):
    """So many bytes of a pcapng file, and not half a block."""
    at = 0
    while at + int.from_bytes(data[at + 4:at + 8], "little") <= most:
        at += int.from_bytes(data[at + 4:at + 8], "little")
    return data[:at]


def start(verb, whole=False):
    """weir at the end of a pipe that has brought it some packets; it has read them all."""
    out, back = os.pipe()
    with open(CAPTURE, "rb") as capture:
        data = capture.read(50000)
    os.write(back, whole_blocks(data, len(data)) if whole else data)
    process = subprocess.Popen([WEIR, *verb, "-"], stdin=out, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until(lambda: waiting(out) == 0)
    os.close(out)
    return process, back


def idle(verb, number, shows):
    process, back = start(verb)
    process.send_signal(number)
    out, err = process.communicate()
    os.close(back)
    if process.returncode != 0 or b"weir: -: interrupted; what is shown covers the " not in err or b"middle" in err:
        return f"exit {process.returncode}: {err.decode()}"
    return None if shows in out else "nothing of what was read is told"


def endless():
    """The writer goes on: weir does not wait for its end."""
    process, back = start(["look"], whole=True)
    os.set_blocking(back, False)
    # The capture is pcapng: blocks of a kind that nobody reads.
    block = (0x0bad).to_bytes(4, "little") + (4096).to_bytes(4, "little") + bytes(4084) + (4096).to_bytes(4, "little")
    process.send_signal(signal.SIGINT)
    while process.poll() is None:
        try:
            os.write(back, block)
        except BlockingIOError:
            time.sleep(0.01)
        except BrokenPipeError:
            break
    out, err = process.communicate()
    os.close(back)
    good = process.returncode == 0 and b"interrupted" in err and b" assets" in out
    return None if good else f"exit {process.returncode}: {err.decode()}"


def impatient():
    """Somebody else's pipe, set to not wait: weir waits all the same."""
    out, back = os.pipe()
    os.set_blocking(out, False)
    process = subprocess.Popen([WEIR, "look", "-"], stdin=out, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with open(CAPTURE, "rb") as capture:
        data = whole_blocks(capture.read(), 50000)
    for at in range(0, len(data), 25000):
        time.sleep(0.2)
        os.write(back, data[at:at + 25000])
    os.close(back)
    shown, err = process.communicate()
    os.close(out)
    return None if process.returncode == 0 and b" assets" in shown and not err else f"exit {process.returncode}: {err}"


def stuck(signals, *files):
    """Output that nobody reads: weir stands in the middle of the file until we do."""
    process = subprocess.Popen([WEIR, "facts", *files], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until(lambda: waiting(process.stdout.fileno()) == PIPE)
    for _ in range(signals):
        process.send_signal(signal.SIGINT)
        wait_until(lambda: not catches(process.pid))  # two at once would be one
    return process


def catches(pid):
    """Whether there is a handler for SIGINT; a process that is gone has none."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        caught = [line.split()[1] for line in status if line.startswith("SigCgt")]
    return bool(caught and int(caught[0], 16) >> (signal.SIGINT - 1) & 1)


def two_files():
    with tempfile.NamedTemporaryFile() as other:
        other.write(b"never looked at")
        other.flush()
        process = stuck(1, CAPTURE, other.name)
        out, err = process.communicate()
        lines = err.decode().splitlines()
    whole = subprocess.run([WEIR, "facts", CAPTURE], stdout=subprocess.PIPE, check=True).stdout
    if process.returncode != 1 or len(lines) != 2:
        return f"exit {process.returncode}: {lines}"
    if "interrupted; what is shown covers the " not in lines[0] or "interrupted, not read" not in lines[1]:
        return str(lines)
    return None if whole.startswith(out) and PIPE < len(out) < len(whole) else "not the first part of the file"


def second():
    process = stuck(2, CAPTURE)
    process.stdout.read()
    process.wait()
    return None if process.returncode == -signal.SIGINT else f"exit {process.returncode}"


def ignored():
    """A job in the background of a script: ^C is somebody else's."""
    process = subprocess.Popen(["sh", "-c", 'trap "" INT; exec "$@"', "sh", WEIR, "facts", CAPTURE],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until(lambda: waiting(process.stdout.fileno()) == PIPE)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    return None if process.returncode == 0 and not err else f"exit {process.returncode}: {err.decode()}"


def terminal():
    """The key itself, for the whole pipeline; all that the tap still had is in the report."""
    with tempfile.TemporaryDirectory() as folder:
        script, ready = os.path.join(folder, "tap.py"), os.path.join(folder, "ready")
        with open(script, "w", encoding="ascii") as text:
            text.write(TAP)
        # The shell takes the key and goes on; who it starts does not inherit that.
        line = 'trap : INT; "$1" "$2" "$3" "$4" | "$5" look -; echo "status $?"'
        pid, fd = pty.fork()
        if pid == 0:
            os.execvp("sh", ["sh", "-c", line, "sh", sys.executable, script, CAPTURE, ready, WEIR])
        wait_until(lambda: os.path.exists(ready))
        os.write(fd, b"\x03")
        said = b""
        try:
            while part := os.read(fd, 65536):
                said += part
        except OSError:
            pass  # the other end is closed
        os.waitpid(pid, 0)
    text = said.decode(errors="replace")
    whole = subprocess.run([WEIR, "look", CAPTURE], stdout=subprocess.PIPE, check=True).stdout.decode().splitlines()
    packets = whole[1].split(": ")[1].split(" ")[0]
    good = "status 0" in text and whole[0][:20] in text and f"-: {packets} packets" in text
    return None if good and "interrupted" in text else text[:2000]


TESTS = {
    "look": lambda: idle(["look"], signal.SIGINT, b" assets"),
    "look ended by SIGTERM": lambda: idle(["look"], signal.SIGTERM, b" assets"),
    "points": lambda: idle(["points", "--csv"], signal.SIGINT, b",modbus,"),
    "facts": lambda: idle(["facts"], signal.SIGINT, b'{"frame":1,'),
    "facts --changes": lambda: idle(["facts", "--changes"], signal.SIGINT, b'{"frame":1,'),
    "a writer that goes on": endless,
    "a file, and one behind it": two_files,
    "the second one ends the program": second,
    "ignored where it was": ignored,
    "the key, in a pipeline": terminal,
    "a pipe that does not wait": impatient,
}


def main():
    bad = 0
    for name, test in TESTS.items():
        wrong = test()
        print(f"[  FAILED  ] {name}\n    {wrong}" if wrong else f"[       OK ] {name}", flush=True)
        bad += bool(wrong)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

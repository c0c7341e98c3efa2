"""By way of folders: a drop folder of a diode, a live ledger, one that is replaced; and on paper."""
import os
import shutil
import signal
import subprocess
import time

from kit import WEIR, append, check, restored, says, skip, weir


def folders(key):
    says("the ledger itself", weir("push", "--dir", "L", "L"), 1, "the ledger itself")
    sent = weir("push", "--dir", "L", "--once-each", "drop")
    says("to a drop folder", sent, 0, "entries now", 1)
    shutil.copytree("drop", "arrived")
    shutil.rmtree("drop/tile")
    os.remove("drop/checkpoint")
    append("L", 300)
    says("again, emptied", weir("push", "--dir", "L", "--once-each", "drop"), 0, "300 of them new", 1)
    check("only what is new", not os.path.exists("drop/tile/entries/000"))
    shutil.copytree("drop", "arrived", dirs_exist_ok=True)
    says("behind the diode", weir("follow", "arrived", "--dir", "far", "--key", key), 0, "entries now", 1)
    says("the far end is whole", weir("verify", "--dir", "far", "--key", key), 0, "holds", 1)
    says("no source", weir("follow", "nowhere", "--dir", "far"), 3, "nowhere")
    os.mkdir("pipe")
    os.mkfifo("pipe/checkpoint")
    says("a pipe is no checkpoint", weir("follow", "pipe", "--dir", "far"), 1, "checkpoint")
    says("two sources", weir("follow", "a", "b", "--dir", "far"), 2, "one source")
    says("no such kind of place", weir("push", "--dir", "L", "ftp://example/x"), 1, "not a URL of a kind")
    says("no such time", weir("push", "--dir", "L", "--every", "never", "drop"), 2, "expected seconds")
    shutil.rmtree("arrived")
    weir("init", "--dir", "other", "--origin", "plant.example/north")
    says("an empty folder of nobody", weir("push", "--dir", "other", "far"), 4, "another ledger")


def goes_on(key):
    """Pusher and follower run while somebody writes; ^C ends them."""
    push = subprocess.Popen([WEIR, "ledger", "push", "--dir", "L", "--every", "1", "P"], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)
    writer = subprocess.Popen([WEIR, "ledger", "append", "--dir", "L"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    until, done = time.monotonic() + 6, (1, "", "never followed")
    while time.monotonic() < until:
        writer.stdin.write(b'{"kind":"note","subject":"pump"}\n' * 50)
        writer.stdin.flush()
        done = weir("follow", "L", "--dir", "live", "--key", key)
        if done[0]:
            break
    check("follows while somebody writes", done[0] == 0, done[2])
    writer.stdin.close()
    check("the writer ends well", writer.wait(60) == 0)
    end = open("L/checkpoint", "rb").read()
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if os.path.exists("P/checkpoint") and open("P/checkpoint", "rb").read() == end:
            break
        time.sleep(0.2)
    push.send_signal(signal.SIGINT)
    out, err = push.communicate(timeout=60)
    check("pushes until ^C", push.returncode == 0, f"{push.returncode} {out} {err}")
    says("what it pushed is whole", weir("verify", "--dir", "P", "--key", key), 0, "holds", 1)
    says("live copy is whole", weir("verify", "--dir", "live", "--key", key), 0, "holds", 1)
    # A fork, told to a ledger of our own.
    weir("init", "--dir", "own", "--origin", "soc/alarms")
    restored("fork")
    append("L", 1)
    weir("follow", "L", "--dir", "live")
    weir("append", "--dir", "fork", stdin='{"kind":"note","subject":"another"}\n')
    follow = ["follow", "fork", "--dir", "live", "--alarm-to", "own", "--every", "1"]
    says("a fork ends following", weir(*follow), 4, "FORK: fork shows a head")
    says("once for all", weir(*follow), 4, "nothing is followed while it is there")
    says("an alarm is kept", weir("show", "--dir", "own", "--kind", "alarm", "--json"), 0, '"what":"fork"', 1)
    alarms = weir("show", "--dir", "own", "--kind", "alarm")[1].count("\n")
    check("one alarm", alarms == 1, str(alarms))


def replaced(key):
    """A source that is taken away, and another folder in its place, which has more."""
    shutil.copytree("L", "turning")
    with open("replaced.err", "w+", encoding="utf-8") as said, \
            subprocess.Popen([WEIR, "ledger", "follow", "turning", "--dir", "turned", "--key", key, "--every", "1"],
                             stdout=subprocess.DEVNULL, stderr=said) as process:
        def has(what):
            until = time.monotonic() + 30
            while not what() and time.monotonic() < until:
                time.sleep(0.1)
            return what()

        def same():
            return os.path.exists("turned/checkpoint") and \
                open("turned/checkpoint", "rb").read() == open("L/checkpoint", "rb").read()

        check("follows a folder", has(same))
        os.rename("turning", "turning.old")
        check("says that it is gone", has(lambda: "open the folder turning: No such file" in open("replaced.err", encoding="utf-8").read()))
        append("L", 10)
        shutil.copytree("L", "turning.new")
        os.rename("turning.new", "turning")
        check("follows the one in its place", has(same))
        process.send_signal(signal.SIGINT)
        process.wait(60)
        check("and ends well", process.returncode == 0, open("replaced.err", encoding="utf-8").read())


def paper():
    says("draws a code", weir("checkpoint", "--dir", "L", "--svg", "head.svg"), 0, "", 1)
    says("prints a code", weir("checkpoint", "--dir", "L", "--qr"), 0, "\u2588\u2588", 1)
    if not shutil.which("zbarimg") or not shutil.which("rsvg-convert"):
        skip("reads a code", "no zbarimg or no rsvg-convert")
        return
    subprocess.run(["rsvg-convert", "-w", "800", "head.svg", "-o", "head.png"], check=True)
    read = subprocess.run(["zbarimg", "-q", "--raw", "head.png"], capture_output=True, check=False).stdout
    check("reads a code", read.rstrip() == open("L/checkpoint", "rb").read().rstrip(), str(read))

"""To and from a web server and a bucket, with all entries and with some of them gone."""
import os
import re
import shutil

from kit import aged, append, bundles, check, context_of, ends, is_copy, restored, says, verdict, weir
from server import Server


def https(key):
    ca = ["--ca", "server.pem"]
    server = Server(context_of("server"))
    place = server.url + "/a/north"
    says("pushes over HTTPS", weir("push", "--dir", "L", place, *ca), 0, "1001 entries now", 1)
    ends(server, "/a/north", key, "the copy at the server is whole")
    secret = [p for p in server.files if re.search(r"settled|wal|key|head", p)]
    check("nothing local left the folder", not secret, str(secret))
    server.seen.clear()
    says("nothing new", weir("push", "--dir", "L", place, *ca), 0, "has all 1001", 1)
    check("nothing is sent again", not any(m == "PUT" for m, _ in server.seen), str(server.seen))
    append("L", 700)
    server.puts_left = 3
    says("refused half way", weir("push", "--dir", "L", place, *ca), 5, "answers 403")
    ends(server, "/a/north", key, "the copy is as it was")
    server.puts_left = None
    before = {p for p in server.files if p.endswith(("entries/003", "0/003"))}
    server.seen.clear()
    says("goes on from there", weir("push", "--dir", "L", place, *ca), 0, "1701 entries now", 1)
    check("what was there is not sent again", before and not any(server.seen["PUT", p] for p in before), str(before))
    ends(server, "/a/north", key, "the copy is whole again")
    parts = [p for p in server.files if ".p/" in p]
    check("parts of tiles that nobody needs are gone", len(parts) == 3, str(parts))
    says("an unknown certificate", weir("push", "--dir", "L", place), 5, "certificate is not trusted.*--ca")
    says("a password in the URL", weir("push", "--dir", "L", place.replace("//", "//me:hidden@"), *ca), 1,
         "^(?!.*hidden).*credentials is")
    server.elsewhere = server.url
    says("a PUT is not sent elsewhere", weir("push", "--dir", "L", server.url + "/other", *ca), 1, "answers 307")
    server.elsewhere = None
    server.flaky = 3
    says("every third request fails", weir("push", "--dir", "L", server.url + "/flaky", *ca), 0, "1701 entries now", 1)
    shutil.rmtree("C", ignore_errors=True)
    says("and so for who follows", weir("follow", server.url + "/flaky", "--dir", "C", "--key", key, *ca), 0,
         "1701 entries now", 1)
    server.flaky = 1
    server.seen.clear()
    says("every request fails", weir("push", "--dir", "L", server.url + "/never", *ca), 6, "GET checkpoint")
    check("tries are bounded", 3 <= server.asked and sum(server.seen.values()) <= 12, str(server.seen))
    server.flaky = 0
    server.files["/big/checkpoint"] = b"x" * 100000
    says("more than a checkpoint may be", weir("follow", server.url + "/big", "--dir", "X", "--key", key, *ca), 4,
         "larger than 8192 bytes")
    server.files["/page/checkpoint"] = b"<html>hello</html>"
    says("a page is no checkpoint", weir("push", "--dir", "L", server.url + "/page", *ca), 4, "no signed note")
    check("and stays", server.files["/page/checkpoint"] == b"<html>hello</html>")
    server.basic = b"me:hidden"
    with open("basic", "w", opener=lambda p, f: os.open(p, f, 0o600), encoding="utf-8") as out:
        out.write("user = me\npassword = hidden\n")
    says("a password is wanted", weir("push", "--dir", "L", place, *ca), 5, "answers 401")
    says("a password from a file", weir("push", "--dir", "L", place, *ca, "--credentials", "basic"), 0, "has all", 1)
    says("no password over http", weir("push", "--dir", "L", "http://127.0.0.1:9/x", "--credentials", "basic"), 1,
         "would be read by everybody")
    os.chmod("basic", 0o644)
    says("a password that others may read", weir("push", "--dir", "L", place, *ca, "--credentials", "basic"), 5,
         "others than its owner.*chmod 600")
    server.shutdown()
    server.server_close()
    says("nobody answers", weir("push", "--dir", "L", place, *ca), 6, "GET checkpoint")
    with_client = Server(context_of("server", "client"))
    says("our certificate is wanted", weir("push", "--dir", "L", with_client.url, *ca), 6, "GET checkpoint")
    says("our certificate is shown", weir("push", "--dir", "L", with_client.url, *ca, "--cert", "client.pem",
                                          "--cert-key", "client.key"), 0, "1701 entries now", 1)


def bucket(key):
    server = Server(context_of("server"))
    server.keys = {"id": "AKIDEXAMPLE", "secret": "hidden/EXAMPLEKEY", "region": "eu-north-1", "session": "token+/="}
    place, ca = "s3+" + server.url + "/bucket/north", ["--ca", "server.pem"]
    env = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "hidden/EXAMPLEKEY",
           "AWS_SESSION_TOKEN": "token+/="}
    done = weir("push", "--dir", "L", place, *ca, "--region", "eu-north-1", env=env)
    says("pushes to a bucket", (*done[:2], done[2] + "".join(server.refused[:1])), 0, "1701 entries now", 1)
    done = weir("follow", place, "--dir", "S", "--key", key, *ca, env={**env, "AWS_REGION": "eu-north-1"})
    says("follows a bucket", done, 0, "1701 entries now", 1)
    done = weir("push", "--dir", "L", place, *ca, "--region", "eu-north-1",
                env={**env, "AWS_SECRET_ACCESS_KEY": "hidden/another"})
    says("a wrong secret", done, 5, "^(?!.*hidden).*answers 403")
    says("no secret", weir("push", "--dir", "L", place, *ca), 5, "AWS_ACCESS_KEY_ID")
    server.keys.pop("session")
    with open("s3", "w", opener=lambda p, f: os.open(p, f, 0o600), encoding="utf-8") as out:
        out.write("[other]\naws_access_key_id = nobody\n[default]\naws_access_key_id = AKIDEXAMPLE\n"
                  "aws_secret_access_key=hidden/EXAMPLEKEY\n")
    done = weir("push", "--dir", "L", place, *ca, "--region", "eu-north-1", "--credentials", "s3")
    says("a secret from a file", done, 0, "has all 1701", 1)
    large = '{"kind":"note","subject":"pump","data":{"text":"%s"}}\n' % ("x" * 60000)
    restored("large")
    weir("append", "--dir", "large", stdin=large * 100)
    server.refused.clear()
    done = weir("push", "--dir", "large", place, *ca, "--region", "eu-north-1", "--credentials", "s3")
    says("large entries", (*done[:2], done[2] + "".join(server.refused[:1])), 0, "1801 entries now", 1)
    check("what nobody needs is removed from the bucket", sum(".p/" in p for p in server.files) == 3,
          f"{sorted(server.files)} {server.refused}")


def gone():
    """What was let go is missing in every copy that is made anew, and nothing else is."""
    key, server = aged("aged"), Server(context_of("server"))
    s3 = Server(context_of("server"))
    s3.keys = {"id": "AKIDEXAMPLE", "secret": "hidden/EXAMPLEKEY", "region": "us-east-1"}
    tls = ["--ca", "server.pem"]
    env = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "hidden/EXAMPLEKEY", "AWS_REGION": "us-east-1"}
    weir("follow", "aged", "--dir", "had", "--key", key)
    says("lets go", weir("prune", "--dir", "aged"), 0, "let go of entries 256 to", 1)
    left = len(bundles("aged"))
    places = {"a folder": ["gone"], "a drop folder": ["--once-each", "gone-drop"],
              "a web server": [server.url + "/gone", *tls], "a bucket": ["s3+" + s3.url + "/bucket/gone", *tls]}
    for name, place in places.items():
        says(f"let go, to {name}", weir("push", "--dir", "aged", *place, env=env), 0, "it has the hashes alone", 1)
        place = [word for word in place if word != "--once-each"]
        says(f"let go, from {name}", weir("follow", *place, "--dir", "fresh-gone", "--key", key, env=env), 0,
             "it has the hashes alone", 1)
        is_copy(f"the copy by way of {name} is as good as the original", "fresh-gone", key)
        shutil.rmtree("fresh-gone")
    says("who had it goes on", weir("follow", "aged", "--dir", "had"), 0, "entries now, [12] of them new", 1)
    check("and keeps it", len(bundles("had")) > left and verdict("had", key)[0][0] == 0, str(verdict("had", key)))
    # Missing, and nobody says so: named, wherever it is seen, and the exit code of damage.
    lost = bundles("aged")[5]
    os.rename(f"aged/tile/entries/{lost}", "lost")
    missing = f"tile/entries/{lost} is missing, and no entry says"
    says("missing is damage, to a new place", weir("push", "--dir", "aged", "gone-2"), 4, missing)
    says("and to a server", weir("push", "--dir", "aged", server.url + "/gone-2", *tls), 4, missing)
    says("and for who follows", weir("follow", "aged", "--dir", "gone-3", "--key", key), 4, missing)
    check("no checkpoint without it", not os.path.exists("gone-2/checkpoint") and not os.path.exists("gone-3/checkpoint")
          and "/gone-2/checkpoint" not in server.files)
    with open("lost", "rb") as file:
        server.files["/gone/tile/entries/" + lost], kept = b"", file.read()
    says("cut off at a server", weir("follow", server.url + "/gone", "--dir", "gone-4", "--key", key, *tls), 4,
         f"tile/entries/{lost}: entry [0-9]+ is cut off")
    del server.files["/gone/tile/entries/" + lost]
    says("missing at a server", weir("follow", server.url + "/gone", "--dir", "gone-4", "--key", key, *tls), 4, missing)
    server.files["/gone/tile/entries/" + lost] = kept
    says("there again", weir("follow", server.url + "/gone", "--dir", "gone-4", "--key", key, *tls), 0, "hashes alone", 1)
    os.rename("lost", f"aged/tile/entries/{lost}")
    says("there again, to push", weir("push", "--dir", "aged", server.url + "/gone-2", *tls), 0, "entries now", 1)
    says("and whole", weir("follow", server.url + "/gone-2", "--dir", "gone-5", "--key", key, *tls), 0, "hashes alone", 1)
    is_copy("as good as the original", "gone-5", key)
    moved(key, server, tls)
    # The key changes behind what is missing: who has an old one, or an old copy, reads on past the holes.
    says("changes the key", weir("key", "rotate", "--dir", "aged"), 0, "another one now", 1)
    append("aged", 3)
    says("past holes to another key", weir("follow", "aged", "--dir", "gone-6", "--key", key), 0, "hashes alone", 1)
    says("so an old copy", weir("follow", "aged", "--dir", "had"), 0, "entries now", 1)
    check("by its first key", [one[0] for one in verdict("gone-6", key)] == [0, 0, 0], str(verdict("gone-6", key)))


def moved(key, server, tls):
    """What was moved comes from where it is, for who asks for it."""
    place = [server.url + "/moved", *tls]
    says("moves", weir("move", "--to", "shelf", "--before", "2999-01-01", "--dir", "aged"), 0, "moved [0-9]+ entries in all", 1)
    says("without the shelf", weir("push", "--dir", "aged", *place), 0, "hashes alone .--also DIR pushes", 1)
    says("follows that", weir("follow", *place, "--dir", "moved-1", "--key", key), 0, "hashes alone .--also PLACE", 1)
    is_copy("a copy of what is not moved", "moved-1", key)
    says("with the shelf", weir("push", "--dir", "aged", "--also", "shelf", server.url + "/moved-2", *tls), 0, "hashes alone$", 1)
    says("follows both", weir("follow", "aged", "--also", "shelf", "--dir", "moved-2", "--key", key), 0, "hashes alone$", 1)
    says("follows a place that has them", weir("follow", server.url + "/moved-2", "--dir", "moved-3", "--key", key, *tls),
         0, "hashes alone", 1)
    weir("verify", "--dir", "aged", "--also", "shelf")
    for folder in ("moved-2", "moved-3"):
        check(f"{folder} has what was moved", set(bundles("shelf")) < set(bundles(folder)), str(bundles(folder)))
        check(f"{folder} holds", [one[0] for one in verdict(folder, key)] == [0, 0, 0], str(verdict(folder, key)))
    del server.files["/moved/checkpoint"]
    says("a place gets them later", weir("push", "--dir", "aged", "--also", "shelf", *place), 0, "hashes alone$", 1)
    says("and all of it", weir("follow", *place, "--dir", "moved-4", "--key", key), 0, "hashes alone", 1)
    check("moved-4 has what was moved", bundles("moved-4") == bundles("moved-2"), str(bundles("moved-4")))
    server.shutdown()
    server.server_close()

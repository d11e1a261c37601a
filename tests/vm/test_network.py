# SPDX-License-Identifier: MIT
"""The appliance and its network: who has no token is told nothing, who has one does what it says."""

import json
import pathlib
import ssl
import subprocess
import time

from machine import Machine
from vm import in_guest

SERVER = "10.99.0.1"
READS = ["/", "/health", "/state", "/api/state", "/api/tokens", "/openapi.json", "/docs", "/sw.js", "/nope"]
CHANGES = [
    ("POST", "/channel/1/mute", '{"mute":true}'),
    ("POST", "/tablet/1/mute", '{"mute":true}'),
    ("PUT", "/api/uplink/1/1", '{"gain_db":-6}'),
    ("POST", "/ptt/request", '{"tablet_id":1,"channel":1}'),
    ("POST", "/matrix", '{"headroom_db":3}'),
]
ADMIN = [
    ("POST", "/api/reset", "{}"),
    ("POST", "/config/reload", "{}"),
    ("GET", "/api/tokens", None),
    ("POST", "/api/tokens", '{"name":"mine","role":"admin"}'),
]


def run(*argv):
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def user(*argv):
    """As an unprivileged user of the appliance."""
    return subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *argv],
                          capture_output=True, text=True, check=False)


class Caller:
    """curl on the other machine."""

    def __init__(self, machine):
        self.machine = machine
        self.n = 0

    def ask(self, method, path, body=None, token=None):
        config = [f'url = "https://{SERVER}:8000{path}"', f'request = "{method}"', "insecure", "silent",
                  "include", "max-time = 60"]
        if body is not None:
            config += ['header = "Content-Type: application/json"', f"data = {json.dumps(body)}"]
        if token:
            config.append(f'header = "Authorization: Bearer {token}"')
        file = self.machine.folder / "curlrc"
        file.write_text("\n".join(config) + "\n")
        head, _, content = self.machine.run("curl", "-K", file).stdout.partition("\n\n")
        status, *headers = head.splitlines()
        return int(status.split()[1]), sorted(headers), content


@in_guest(systemd=True, installed=True, simulated=True)
def test_network_client():
    pathlib.Path("/etc/partyline").mkdir(exist_ok=True)
    pathlib.Path("/etc/partyline/partyline.json").write_text(json.dumps({"http": {"address": "0.0.0.0"}}))
    with Machine("other") as other:
        run("ip", "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns",
            str(other.holder.pid))
        run("ip", "address", "add", f"{SERVER}/24", "dev", "cable")
        run("ip", "link", "set", "cable", "up")
        other.run("ip", "address", "add", "10.99.0.2/24", "dev", "cable")
        other.run("ip", "link", "set", "cable", "up")
        run("systemctl", "start", "partyline.service")
        view, operate, admin = (run("partylinectl", "--system", "token", "add", role, "--role", role).strip()
                                for role in ("view", "operate", "admin"))
        caller = Caller(other)

        # no token: 401, the same on every path
        seen = set()
        for method, path, body in [("GET", p, None) for p in READS] + CHANGES + ADMIN:
            status, headers, content = caller.ask(method, path, body)
            print(f"no token:   {method:4} {path} -> {status} {content}")
            seen.add((status, tuple(headers), content))
        ((status, headers, content),) = seen
        assert status == 401 and content == '{"detail":"Unauthorized"}'
        assert not any("artyline" in line or "erver:" in line for line in headers)

        # a view token looks and changes nothing
        for path in READS[:4]:
            assert caller.ask("GET", path, None, view)[0] == 200
        before = json.loads(caller.ask("GET", "/api/state", None, view)[2])
        for method, path, body in CHANGES + ADMIN:
            status, _, content = caller.ask(method, path, body, view)
            print(f"view token: {method:4} {path} -> {status} {content}")
            assert status == 403
        after = json.loads(caller.ask("GET", "/api/state", None, view)[2])
        assert {**before, "ts": 0} == {**after, "ts": 0}

        # operate and admin do what they say
        assert [caller.ask(*change, operate)[0] for change in CHANGES] == [200] * len(CHANGES)
        assert [caller.ask(*change, operate)[0] for change in ADMIN] == [403] * len(ADMIN)
        assert caller.ask("GET", "/api/tokens", None, admin)[0] == 200

        # guessing is slowed down
        statuses = [caller.ask("GET", "/state", None, "pl_guess")[0] for _ in range(12)]
        print(f"twelve wrong tokens: {statuses}")
        assert statuses == [401] * 10 + [429] * 2

        # the certificate is for this address, by the CA that partylinectl shows
        ca = other.folder / "ca.crt"
        ca.write_text(run("partylinectl", "--system", "certificate", "ca"))
        other.run("curl", "-s", "--cacert", str(ca), f"https://{SERVER}:8000/login")
        assert "BEGIN CERTIFICATE" in ssl.get_server_certificate((SERVER, 8000))

        # in the clear the network is sent away, also with a token
        refused = other.run("curl", "-s", "-H", f"Authorization: Bearer {admin}", f"http://{SERVER}:8000/state").stdout
        print(f"in the clear: {refused}")
        assert "This port speaks HTTPS" in refused

        # a user of the appliance itself looks, changes nothing and reads no token
        plain = "http://127.0.0.1:8000"
        assert '"status"' in user("curl", "-s", f"{plain}/health").stdout
        for method, path, body in CHANGES + ADMIN:
            answer = user("curl", "-s", "-X", method, "-H", "Content-Type: application/json",
                          *(["-d", body] if body else []), plain + path).stdout
            print(f"local user: {method:4} {path} -> {answer}")
            assert "this needs the role" in answer
        for file in ("tokens.json", "tls/ca.pem", "tls/server.pem", "audit.log"):
            done = user("cat", f"/var/lib/partyline/{file}")
            print(f"local user: {done.stderr.strip()}")
            assert done.returncode != 0 and "denied" in done.stderr
        assert user("cat", "/run/partyline/session.key").returncode != 0
        for words in (("token", "list"), ("token", "add", "mine", "--role", "admin")):
            done = user("partylinectl", "--system", *words)
            print(f"local user: partylinectl {' '.join(words)} -> {done.stderr.strip()}")
            assert done.returncode == 4

        # the machine's clock jumps over the certificate's end: renewed, nobody restarts anything
        first = run("partylinectl", "--system", "--json", "certificate")
        run("date", "-s", time.strftime("%F %T", time.gmtime(time.time() + 400 * 86400)))
        time.sleep(61)  # it is looked at once a minute: that is what is tested
        second = json.loads(run("partylinectl", "--system", "--json", "certificate"))
        assert second["not_after"] > time.time() and second["ca_fingerprint"] == json.loads(first)["ca_fingerprint"]
        other.run("curl", "-s", "--cacert", str(ca), f"https://{SERVER}:8000/login")

        journal = run("journalctl", "-q", "-o", "cat", "PARTYLINE_EVENT=audit.refused")
        print(journal)
        for words in ("POST /matrix by http 10.99.0.2", "set_channel_mute by http view at 10.99.0.2",
                      "list_tokens by dbus"):
            assert words in journal, words
        assert not any(secret in journal for secret in (view, operate, admin))

# SPDX-License-Identifier: MIT
"""Beyond the loopback: TLS, and nothing without a token."""

import json
import os
import pathlib
import signal
import socket
import ssl
import stat
import subprocess
import threading
import time

import own_network
import pytest
from access import ADMIN, CHANGES, Daemon
from panel import Panel
from rig import wait_until
from wire import GUARD_SECONDS, Connection, WebSocket, ask

REFUSED = own_network.enter()
pytestmark = pytest.mark.skipif(bool(REFUSED), reason=REFUSED)
LAN = own_network.LAN


def trusting(ca_pem, **more):
    """What a client does who trusts this CA and no other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=ca_pem)
    for name, value in more.items():
        setattr(context, name, value)
    return context


def blind():
    """What a client does who looks at nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class LanDaemon(Daemon):
    """At all addresses of the namespace; ask() comes from the network and trusts the CA."""

    def __init__(self, **http):
        super().__init__({"http": {"port": 0, "address": "0.0.0.0", **http}})

    def start(self, *args):
        super().start(*args)
        self.where = {"host": LAN, "tls": blind()}
        self.ca = self.ask("GET", "/ca.crt").body.decode()
        self.where = {"host": LAN, "tls": trusting(self.ca)} if "BEGIN" in self.ca else self.where
        return self

    def local(self, method, path, body=None, **more):
        """In the clear, from the loopback."""
        return ask(self.port, method, path, body, **more)

    def shown(self, host=LAN):
        """The certificate that a new connection gets."""
        with socket.create_connection((host, self.port), GUARD_SECONDS) as sock, \
                blind().wrap_socket(sock) as tls:
            return ssl.DER_cert_to_PEM_cert(tls.getpeercert(True))

    def reload(self):
        with (self.state / "system.log").open() as log:
            log.seek(0, os.SEEK_END)
            os.kill(self.process.pid, signal.SIGHUP)
            wait_until(lambda: "auth." in log.read(), lambda: f"the certificate\n{self.process.log_text()}")


@pytest.fixture(scope="module")
def lan():
    with LanDaemon(names=["intercom.example.com"]) as daemon:
        daemon.start()
        for name, role in (("viewer", "view"), ("operator", "operate"), ("boss", "admin")):
            made = daemon.local("POST", "/api/tokens", {"name": name, "role": role})
            setattr(daemon, name, made.json()["token"])
        yield daemon


def test_a_network_client_without_a_token_learns_nothing(lan):
    seen = set()
    for method, path, body in [("GET", p, None) for p in
                               ("/", "/health", "/state", "/api/state", "/nope", "/openapi.json",
                                "/docs", "/sw.js", "/api/session", "/ws/vu", "/api/tokens")] + \
            CHANGES + ADMIN + [("DELETE", "/health", None), ("OPTIONS", "/state", None)]:
        answer = lan.ask(method, path, body)
        print(f"network, no token: {method} {path} -> {answer.status} {answer.body.decode()}")
        seen.add((answer.status, tuple(sorted(answer.headers.items())), answer.body))
    assert len(seen) == 1 and seen.pop()[0] == 401
    for path in ("/ws/vu", "/ws/events", "/ws/panel"):
        with pytest.raises(WebSocket.Refused) as refused:
            WebSocket(lan.port, path, **lan.where)
        print(f"network, no token: WebSocket {path} -> {refused.value.answer.status}")
        assert refused.value.answer.status == 401


def test_roles_over_the_network(lan):
    for method, path, body in CHANGES + ADMIN:
        answer = lan.ask(method, path, body, lan.viewer)
        print(f"network, view token: {method} {path} -> {answer.status} {answer.body.decode()}")
        assert answer.status == 403
    for path in ("/health", "/state", "/"):
        assert lan.ask("GET", path, None, lan.viewer).status == 200
    for change in CHANGES:
        assert lan.ask(*change, lan.operator).status == 200
    for change in ADMIN:
        assert lan.ask(*change, lan.operator).status == 403
    assert lan.ask("GET", "/api/tokens", None, lan.boss).status == 200


def test_the_certificate_is_for_every_name_and_address(lan):
    trusted = trusting(lan.ca)
    for name in (LAN, "127.0.0.1", "localhost", socket.gethostname(), "intercom.example.com",
                 socket.gethostname().partition(".")[0] + ".local"):
        with socket.create_connection((LAN, lan.port), GUARD_SECONDS) as sock, \
                trusted.wrap_socket(sock, server_hostname=name) as tls:
            assert tls.version() == "TLSv1.3"
    with socket.create_connection((LAN, lan.port), GUARD_SECONDS) as sock, \
            pytest.raises(ssl.SSLCertVerificationError):
        trusted.wrap_socket(sock, server_hostname="other.example.com")
    assert lan.ask("GET", "/state", None, lan.viewer,
                   {"Host": "intercom.example.com"}).status == 200
    assert lan.ask("GET", "/state", None, lan.viewer,
                   {"Host": "other.example.com"}).status == 421


def test_curl_trusts_it(lan, tmp_path):
    (tmp_path / "ca.crt").write_text(lan.ca)
    config = tmp_path / "curlrc"  # where no process list shows the token
    config.write_text(f'header = "Authorization: Bearer {lan.viewer}"\n')
    command = ["curl", "-s", "-K", config, "--cacert", tmp_path / "ca.crt",
               f"https://{LAN}:{lan.port}/health"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0 and json.loads(done.stdout)["status"] == "ok"
    command[command.index("--cacert"):command.index("--cacert") + 2] = []
    assert subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 60


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_versions_are_refused(lan, version):
    context = blind()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with socket.create_connection((LAN, lan.port), GUARD_SECONDS) as sock, \
            pytest.raises(ssl.SSLError):
        context.wrap_socket(sock)


def test_tls_1_2_with_forward_secrecy_only(lan):
    context = trusting(lan.ca, maximum_version=ssl.TLSVersion.TLSv1_2)
    with socket.create_connection((LAN, lan.port), GUARD_SECONDS) as sock, \
            context.wrap_socket(sock, server_hostname=LAN) as tls:
        assert tls.version() == "TLSv1.2"
        assert tls.cipher()[0].startswith("ECDHE-ECDSA-") and "CBC" not in tls.cipher()[0]
    context.set_ciphers("ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA384:@SECLEVEL=0")
    with socket.create_connection((LAN, lan.port), GUARD_SECONDS) as sock, \
            pytest.raises(ssl.SSLError):
        context.wrap_socket(sock, server_hostname=LAN)


def test_http_2_is_not_spoken(lan):
    context = trusting(lan.ca)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with socket.create_connection((LAN, lan.port), GUARD_SECONDS) as sock, \
            context.wrap_socket(sock, server_hostname=LAN) as tls:
        assert tls.selected_alpn_protocol() == "http/1.1"


def test_in_the_clear_the_network_is_told_where_to_go(lan):
    answer = ask(lan.port, "GET", "/state", host=LAN)
    assert answer.status == 400 and answer.json() == {"detail": "This port speaks HTTPS"}
    # a token that came in the clear is not looked at
    answer = ask(lan.port, "GET", "/state", None, {"Authorization": f"Bearer {lan.boss}"}, host=LAN)
    assert answer.status == 400
    page = {"Accept": "text/html"}
    answer = ask(lan.port, "GET", "/docs", None, page, host=LAN)
    assert answer.status == 307
    assert answer.headers["location"] == f"https://{LAN}:{lan.port}/docs"
    answer = ask(lan.port, "GET", "/docs", None, {**page, "Host": "evil.example"}, host=LAN)
    assert answer.status == 400 and "location" not in answer.headers
    answer = ask(lan.port, "POST", "/matrix", {"headroom_db": 3}, page, host=LAN)
    assert answer.status == 400
    with pytest.raises(WebSocket.Refused) as refused:
        WebSocket(lan.port, "/ws/vu", host=LAN)
    assert refused.value.answer.status == 400


def test_in_the_clear_from_this_machine_is_as_ever(lan):
    assert lan.local("GET", "/health").status == 200
    assert lan.local("GET", "/api/session").json() == {"role": "admin", "token": None}
    # the network's address from this machine is the network
    assert ask(lan.port, "GET", "/health", host=LAN, tls=blind()).status == 401


def test_always_is_always():
    with LanDaemon(address="127.0.0.1", tls={"always": True}) as daemon:
        Daemon.start(daemon)
        assert daemon.url.startswith("https://127.0.0.1:")
        assert daemon.local("GET", "/health").status == 400
        assert daemon.local("GET", "/health", tls=blind()).status == 200


def test_session_cookie_over_tls(lan):
    login = lan.ask("POST", "/api/session", {"token": lan.operator})
    cookie = login.headers["set-cookie"]
    assert cookie.startswith("__Host-partyline=")
    for word in ("Secure", "HttpOnly", "SameSite=Strict", "Path=/"):
        assert word in cookie.split("; "), cookie
    cookie = {"Cookie": cookie.split(";")[0]}
    assert lan.ask("GET", "/state", headers=cookie).status == 200
    with WebSocket(lan.port, "/ws/events", {**cookie, "Origin": f"https://{LAN}:{lan.port}"},
                   **lan.where) as stream:
        assert stream.read_json()["type"] == "state"
    wrong = lan.ask("POST", "/api/session", {"token": "pl_" + "A" * 43})
    assert wrong.status == 401 and "set-cookie" not in wrong.headers
    # nobody who is not known sends more than a token
    assert lan.ask("POST", "/api/session", {"token": "A" * 5000}).status == 413


def test_a_panel_over_tls(lan):
    """As a tablet's browser comes: with a cookie, from its own page."""
    login = lan.ask("POST", "/api/session", {"token": lan.operator})
    headers = {"Cookie": login.headers["set-cookie"].split(";")[0],
               "Origin": f"https://{LAN}:{lan.port}"}
    with WebSocket(lan.port, "/ws/events", {"Authorization": f"Bearer {lan.viewer}"}, **lan.where) as events:
        with Panel(lan.port, headers=headers, **lan.where) as panel:
            panel.claim(5, label="x" * 63)
            for n in range(300):  # many in one record, and in many
                panel.say("ping", id=n)
            assert [panel.hear_until("pong")["id"] for _ in range(300)] == list(range(300))
            panel.press(1)
        event = {}
        while event.get("step") != "away":
            event = events.read_json()
        assert event["tablets"][0]["keys"] == [] and event["actor"]["name"] == LAN


def test_large_bodies_streams_and_pipelines(lan):
    token = {"Authorization": f"Bearer {lan.operator}"}
    matrix = {"uplink": {str(c): {str(t): 0.123456789012345 for t in range(1, 17)}
                         for c in range(1, 5)}}
    text = json.dumps(matrix).encode().replace(b"{", b"{" + b" " * 3000)
    assert len(text) > 17000  # more than one record
    assert lan.ask("POST", "/matrix", text, headers=token).status == 200
    with Connection(lan.port, **lan.where) as connection:
        for _ in range(3):
            assert connection.ask("GET", "/openapi.json", headers=token).status == 200
        one = connection.request_text("GET", "/health", headers=token)
        two = connection.request_text("POST", "/matrix", b'{"headroom_db": 5}', token)
        connection.send(one + one + two)
        assert connection.read_answer().status == 200
        assert connection.read_answer().status == 200
        # as in the clear: test_wire.py
        assert connection.read_answer().status == 400
    with Connection(lan.port, **lan.where) as connection:
        assert connection.ask("POST", "/matrix", {"headroom_db": 5}, token).status == 200
        assert connection.ask("POST", "/matrix", {"headroom_db": 6}, token).status == 200
    streams = [WebSocket(lan.port, "/ws/vu?hz=60&detail=full", token, **lan.where)
               for _ in range(8)]
    for stream in streams:
        for _ in range(20):
            assert "vu_db" in stream.read_json()
        stream.close()


def test_many_handshakes_that_go_nowhere(lan):
    """Silence and nonsense in the handshake keep nobody out."""
    held = [socket.create_connection((LAN, lan.port), GUARD_SECONDS) for _ in range(50)]
    for i, sock in enumerate(held):
        sock.sendall([b"\x16\x03\x01\x02\x00", b"\x16\x03\x01\x00\x05hello", b"\x80\x01", b"\x00"][i % 4])
    assert lan.ask("GET", "/state", None, lan.viewer).status == 200
    for sock in held:
        sock.close()
    assert lan.ask("GET", "/state", None, lan.viewer).status == 200


def test_the_network_keeps_this_machine_not_out(lan):
    held = [socket.create_connection((LAN, lan.port), GUARD_SECONDS) for _ in range(950)]
    try:
        assert lan.local("GET", "/health").status == 200
    finally:
        for sock in held:
            sock.close()

    def is_served():
        try:
            return lan.ask("GET", "/state", None, lan.viewer).status
        except OSError:
            return None

    # The network is served again when the daemon has seen them go.
    assert wait_until(is_served, "the network's way in") == 200


def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, timeout=60)


def given(folder, name, days=30):
    """A certificate of somebody's own, in place at once as a careful tool does it."""
    folder.mkdir(exist_ok=True)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", f"/CN={name}", "-addext", f"subjectAltName=IP:{LAN}", "-days", days,
            "-keyout", folder / "new.key", "-out", folder / "new.crt")
    os.replace(folder / "new.key", folder / "server.key")
    os.replace(folder / "new.crt", folder / "server.crt")
    return (folder / "server.crt").read_text()


def test_given_certificates_and_their_renewal(tmp_path):
    files = tmp_path / "tls"
    first = given(files, "first")
    tls = {"certificate": str(files / "server.crt"), "key": str(files / "server.key")}
    with LanDaemon(tls=tls) as daemon:
        daemon.start()
        assert daemon.shown() == first
        assert daemon.ask("GET", "/ca.crt").status == 404
        token = daemon.local("POST", "/api/tokens", {"name": "v", "role": "view"}).json()["token"]
        header = {"Authorization": f"Bearer {token}"}
        stream = WebSocket(daemon.port, "/ws/vu?hz=60", header, host=LAN, tls=trusting(first))
        stream.read_json()
        second = given(files, "second")
        daemon.reload()
        assert daemon.shown() == second
        # who was there stays, with the certificate of then
        assert ssl.DER_cert_to_PEM_cert(stream.sock.getpeercert(True)) == first
        for _ in range(10):
            stream.read_json()
        stream.close()
        # what does not fit is refused, and the last that did goes on
        for wrong in ("no certificate", first):
            (files / "server.crt").write_text(wrong)
            daemon.reload()
            assert daemon.shown() == second
        _, record = daemon.wait_record("auth.error")
        assert str(files / "server.crt") in record["error"]
        third = given(files, "third")
        daemon.reload()
        assert daemon.shown() == third
        described = daemon.local("GET", "/api/certificate").json()
        assert described["given"] is True and described["ca_fingerprint"] is None
        assert described["names"] == LAN


def test_a_given_pair_that_does_not_fit_stops_the_start(tmp_path):
    for tls, words in (
            ({"certificate": str(tmp_path / "none"), "key": str(tmp_path / "none")}, "cannot be read"),
            ({"certificate": str(tmp_path / "none")}, "http.tls.key"),
            ({"key": str(tmp_path / "none")}, "http.tls.certificate")):
        with LanDaemon(tls=tls) as daemon:
            daemon.spawn()
            assert daemon.process.wait() == 1
            assert words in daemon.process.log_text()


def test_our_own_is_kept_and_follows_the_addresses():
    with LanDaemon() as daemon:
        daemon.start()
        first, ca = daemon.shown(), daemon.ca
        for path in (daemon.state / "tls").iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        assert stat.S_IMODE((daemon.state / "tls").stat().st_mode) == 0o700
        assert "PRIVATE" not in ca
        daemon.process.stop()
        daemon.start()
        assert (daemon.shown(), daemon.ca) == (first, ca)
        own_network.add("198.51.100.2", 2)
        daemon.reload()
        with socket.create_connection(("198.51.100.2", daemon.port), GUARD_SECONDS) as sock:
            trusting(ca).wrap_socket(sock, server_hostname="198.51.100.2").close()
        assert daemon.shown() != first
        described = daemon.local("GET", "/api/certificate").json()
        assert "198.51.100.2" in described["names"].split(", ")
        assert described["given"] is False


def test_damaged_files_are_made_anew_and_that_is_said():
    with LanDaemon() as daemon:
        daemon.start()
        ca = daemon.ca
        daemon.process.stop()
        (daemon.state / "tls/server.pem").write_text("-----BEGIN CERTIFICATE-----\n")
        daemon.start()
        assert daemon.ca == ca
        daemon.process.stop()
        (daemon.state / "tls/ca.pem").write_text("")
        daemon.start()
        assert daemon.ca != ca
        assert list((daemon.state / "tls").glob("ca.pem.bad-*"))
        assert daemon.ask("GET", "/health").status == 401  # with the new CA


def test_insecure_lan_is_open_for_operating_and_no_more():
    with LanDaemon(insecure_lan=True) as daemon:
        Daemon.start(daemon)
        for change in CHANGES:
            assert ask(daemon.port, *change, host=LAN).status == 200
        for change in ADMIN:
            assert ask(daemon.port, *change, host=LAN).status == 403
        boss = daemon.local("POST", "/api/tokens", {"name": "b", "role": "admin"}).json()["token"]
        assert ask(daemon.port, *ADMIN[0], {"Authorization": f"Bearer {boss}"}, host=LAN).status == 200


def test_wrong_tokens_from_many_addresses_do_not_lock_out_who_is_known(lan):
    """Two hundred wrong ones from twenty addresses; who has come in before goes on coming in."""
    assert lan.ask("GET", "/state", None, lan.viewer).status == 200
    statuses, begin = [], time.monotonic()
    lock = threading.Lock()

    def guess(address):
        own_network.add(address, int(address.rsplit(".", 1)[1]))
        for _ in range(11):
            status = lan.ask("GET", "/state", None, "pl_guess", source=address).status
            with lock:
                statuses.append(status)

    for i in range(10, 30):
        guess(f"198.51.100.{i}")
    assert set(statuses) == {401, 429}
    assert statuses.count(401) <= 200 + 2 * (time.monotonic() - begin) + 1
    assert lan.ask("GET", "/state", None, lan.viewer).status == 200
    # an address that nobody knows must wait now, whatever it shows
    own_network.add("198.51.100.99", 99)
    answer = lan.ask("GET", "/state", None, lan.viewer, source="198.51.100.99")
    assert answer.status in (200, 429)
    refused = [r for r in lan.audit() if r["event_type"] == "audit.refused"]
    assert {r["data"]["from"] for r in refused} >= {"198.51.100.10", "198.51.100.20"}
    assert not any("pl_guess" in json.dumps(r) for r in refused)


def test_audit_log_has_no_secrets(lan):
    text = (lan.state / "audit.log").read_text() + (lan.state / "system.log").read_text()
    for secret in (lan.viewer, lan.operator, lan.boss):
        assert secret not in text
    assert pathlib.Path(lan.state / "audit.log").stat().st_mode & 0o007 == 0

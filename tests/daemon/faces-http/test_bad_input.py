# SPDX-License-Identifier: MIT
"""Whatever is sent: a clear 4xx with `detail`, nothing changed, the daemon there as before."""

import json
import socket

import pytest
from schema import check
from wire import Connection, WebSocket, ask

BAD_IDS = [0, -1, 17, 65, 99, 2**31, 2**32, 2**63, 2**64, 10**30, 1.5, 1.0, "1", "x", "", None,
           True, [], {}, [1]]
BAD_BOOLS = ["true", "false", 1, 0, 1.0, None, [], {}, "on"]
BAD_NUMBERS = ["6", None, True, [], {}, "NaN"]
DEEP = 10000


def raw(text):
    return text.encode() if isinstance(text, str) else text


def no_json():
    """Bodies that are wrong wherever they are sent."""
    good = b'{"mute":true}'
    yield from (
        b" ", b"\0", b"nonsense", b"{", b"}", b'{"mute"', b'{"mute":', b'{"mute":true', b'{"mute":true,}',
        b'{"mute" true}', b"{'mute':true}", b"{mute:true}", b'{"mute":True}', b'{"mute":truee}',
        b'{"mute":true}}', b'{"mute":true} x', b'{"mute":true}{"mute":true}', b"[", b"]", b"[]",
        b'"mute"', b"true", b"null", b"1", b'{"mute":true} // c', b'/* c */{"mute":true}',
        b'{"mute":true,"mute":false}', b'{"mute":false,"mu\\u0074e":true}', b'{"mute\\u0000":true}',
        b'{"mute":true,"x":"\\ud800"}', b'{"mute":true,"x":"\\udc00\\ud800"}', b'{"\xff":true}',
        b'{"mute":true,"x":"\xc3"}', b'{"x":"\xed\xa0\x80"}', b'{"x":"\xf4\x90\x80\x80"}',
        b'{"x":"\xc0\xaf"}', b'{"x":"a\nb"}', b'{"x":"\\x"}', b'{"x":"\\u12"}', b"\xef\xbb\xbf" + good,
        good.decode().encode("utf-16"), b'{"mute":0x1}', b'{"mute":01}', b'{"mute":+1}', b'{"mute":.5}',
        b'{"mute":1.}', b'{"mute":1e}', b'{"mute":-}', b'{"mute":NaN}', b'{"mute":Infinity}',
        b'{"mute":-Infinity}', b'{"mute":nan}', b"[" * DEEP, b'{"mute":' * DEEP,
        b"[" * DEEP + b"]" * DEEP, b'{"mute":' + b"[" * 40 + b"]" * 40 + b"}",
    )


def cases():
    """(method, path, body)"""
    post, put = "POST", "PUT"
    for body in no_json():
        yield post, "/channel/1/mute", body
        yield post, "/matrix", body
        yield post, "/ptt/request", body
        yield put, "/api/headroom", body
        yield post, "/config/reload", body
        yield post, "/api/reset", body
    for path in ("/channel/1/mute", "/tablet/1/mute"):
        yield post, path, b""
        yield post, path, {}
        yield post, path, {"Mute": True}
        yield post, path, {"mute": True, "more": 1}
        for bad in BAD_BOOLS:
            yield post, path, {"mute": bad}
    for bad in ("0", "5", "99", "-1", "1.5", "x", "1x", "01", "+1", "%31%20", "4294967297",
                "18446744073709551617", "1e0", "0x1", "%C3%BC"):
        yield post, f"/channel/{bad}/mute", {"mute": True}
        yield put, f"/api/uplink/{bad}/1", {"gain": 1}
    for bad in ("0", "17", "99", "-1", "1.5", "x"):
        yield post, f"/tablet/{bad}/mute", {"mute": True}
        yield put, f"/api/uplink/1/{bad}", {"gain": 1}
        yield put, f"/api/downlink/{bad}/1", {"gain": 1}
        yield put, f"/api/tablet/{bad}/mode", {"mode": "open"}
        yield post, f"/api/tablet/{bad}/release", b""
    for path in ("/ptt/request", "/ptt/release"):
        yield post, path, {}
        yield post, path, {"tablet_id": 1}
        yield post, path, {"channel": 1}
        yield post, path, {"tablet_id": 1, "channel": 1, "extra": 1}
        yield post, path, {"tablet_id": 1, "channel": 5}
        for bad in BAD_IDS:
            yield post, path, {"tablet_id": bad, "channel": 1}
            yield post, path, {"tablet_id": 1, "channel": bad}
    for bad in (-1, 2**32, 1.5, "1", True, [], {}):
        yield post, "/ptt/request", {"tablet_id": 1, "channel": 1, "priority": bad}
    for bad in [*BAD_NUMBERS, -0.001, 60.001, -1e300, 1e300]:
        if bad is not None:
            yield post, "/matrix", {"headroom_db": bad}
        yield put, "/api/headroom", {"headroom_db": bad}
    for bad in ("1e999", "-1e999", "1" + "0" * 400, "NaN", "Infinity"):
        yield post, "/matrix", raw('{"headroom_db":%s}' % bad)
        yield put, "/api/uplink/1/1", raw('{"gain":%s}' % bad)
        yield put, "/api/uplink/1/1", raw('{"gain_db":%s}' % bad)
    for part in ("uplink", "downlink"):
        for bad in (
            1, "x", True, [], [1], {"1": 1}, {"1": None}, {"1": []}, {"1": "x"}, {"1": {"1": "0.5"}},
            {"1": {"1": None}}, {"1": {"1": True}}, {"1": {"1": []}}, {"1": {"1": {}}},
            {"1": {"1": -0.1}}, {"1": {"1": 10.1}}, {"1": {"1": 1e300}}, {"0": {"1": 1}},
            {"99": {"1": 1}}, {"x": {"1": 1}}, {"1.5": {"1": 1}}, {"-1": {"1": 1}}, {"": {"1": 1}},
            {" 1": {"1": 1}}, {"01": {"1": 1}}, {"1": {"0": 1}}, {"1": {"99": 1}}, {"1": {"x": 1}},
            {"1": {"": 1}}, {"1": {"1.5": 1}}, {"4294967297": {"1": 1}},
        ):
            yield post, "/matrix", {part: bad}
        # all or nothing: the good part is not taken either
        yield post, "/matrix", {part: {"1": {"1": 1, "99": 1}}, "headroom_db": 1}
        yield post, "/matrix", {part: {"1": {"1": 1}}, "headroom_db": 61}
        yield post, "/matrix", {part: {"1": {"1": 1}}, "nonsense": 61}
        yield post, "/matrix", raw('{"%s":{"1":{"1":1,"1":0}}}' % part)
        yield post, "/matrix", raw('{"%s":{"1":{"1":1},"1":{}}}' % part)
    for bad in ({}, {"gain": 1, "gain_db": 0}, {"gain": -1}, {"gain": 10.01}, {"gain_db": 20.01},
                {"gain_db": 1e9}, {"gain": "1"}, {"gain": None}, {"gain": True}, {"db": 1}):
        yield put, "/api/uplink/1/1", bad
        yield put, "/api/downlink/1/1", bad
    for bad in ({"gain": 1.01}, {"gain_db": 0.1}, {"gain": -1}, {}):
        yield put, "/api/tablet/1/sidetone", bad
    for path in ("/api/channel/1/capture", "/api/tablet/1/playback"):
        for bad in ("", "card", "card:", "Card:X", "card:X,", "card:X,256", "card:X,01", "card:X,-1",
                    "card:X Y", "card:0123456789abcdef", "card:\u00fc", "path:", "serial:,1", "x:y",
                    "path:a\tb", "serial:\u0085", "path:" + "a" * 251, 1, None, True, [], {}):
            yield put, path, {"device": bad}
        for bad in (-1, 65, 2**32, 1.5, "1", True, [], {}):
            yield put, path, {"device": "card:X", "port": bad}
        yield put, path, {"port": 1}
        yield put, path, {"device": "card:X", "more": 1}
        yield "DELETE", path, {"device": "card:X"}
    for bad in ("/api/channel/5/capture", "/api/channel/0/playback", "/api/tablet/17/capture"):
        yield put, bad, {"device": "card:X"}
        yield "DELETE", bad, b""
    for bad in ("", "Open", "openx", "push", 1, None, ["open"]):
        yield put, "/api/tablet/1/mode", {"mode": bad}
    for bad in (1, None, [], "x" * 64, "x" * 100000, "ü" * 32, "a\u0001b", "a\nb", "\u007f"):
        yield put, "/api/tablet/1/name", {"name": bad}
        yield put, "/api/channel/1/name", {"name": bad}
    for path, name, low, high in (
        ("/api/ramp", "ramp_ms", 0.99, 1000.1),
        ("/api/talk-timeout", "timeout_s", -1, 3601),
        ("/api/uniform", "gain_db", -240.1, 20.1),
    ):
        for bad in [*BAD_NUMBERS, low, high]:
            yield put, path, {name: bad}
    for bad in ({"threshold_db": -81, "hang_ms": 1}, {"threshold_db": 1, "hang_ms": 1},
                {"threshold_db": -40, "hang_ms": -1}, {"threshold_db": -40, "hang_ms": 10001},
                {"threshold_db": -40}, {"hang_ms": 1}, {}):
        yield put, "/api/vox", bad
    for path, name in (("/api/party-line", "party_line"), ("/api/busy-refusal", "refuse")):
        for bad in BAD_BOOLS:
            yield put, path, {name: bad}


@pytest.fixture
def unchanged(port):
    """What is set when the test begins is set when it ends."""
    state = ask(port, "GET", "/api/state").json()
    with WebSocket(port, "/ws/events") as events:
        events.read_json()
        yield
        # the next event is ours: nothing came in between
        ask(port, "PUT", "/api/ramp", {"ramp_ms": 77})
        assert events.read_json()["options"]["ramp_ms"] == 77
    now = ask(port, "GET", "/api/state").json()
    state["options"]["ramp_ms"] = 77
    assert {**now, "ts": 0} == {**state, "ts": 0}


def test_bad_bodies(port, unchanged):
    n = 0
    with Connection(port) as connection:
        for method, path, body in cases():
            answer = connection.ask(method, path, body)
            what = (method, path, str(body)[:200], answer.status, answer.body)
            assert 400 <= answer.status < 500, what
            assert answer.status == 422, what
            check("Detail", answer.json())
            assert isinstance(answer.detail, list) and answer.detail, what
            assert answer.detail[0]["loc"][0] in ("body", "path"), what
            n += 1
    assert n > 600


@pytest.mark.parametrize("body,loc,type_", [
    ({}, ["body", "mute"], "missing"),
    ({"mute": 1}, ["body", "mute"], "bool_type"),
    ({"mute": True, "x": 1}, ["body", "x"], "extra_forbidden"),
    (b"{", ["body"], "json_invalid"),
])
def test_detail_names_the_place(port, body, loc, type_):
    detail = ask(port, "POST", "/channel/1/mute", body).detail
    assert [(d["loc"], d["type"]) for d in detail] == [(loc, type_)]
    assert detail[0]["msg"]


def test_detail_of_a_verb_names_the_place(port):
    detail = ask(port, "POST", "/matrix", {"uplink": {"2": {"99": 0.5}}}).detail
    assert detail[0]["loc"][:3] == ["body", "uplink", "2"]
    detail = ask(port, "POST", "/channel/99/mute", {"mute": True}).detail
    assert detail[0]["loc"] == ["path", "channel"]
    detail = ask(port, "POST", "/tablet/99/mute", {"mute": True}).detail
    assert detail[0]["loc"] == ["path", "tablet_id"]
    detail = ask(port, "POST", "/ptt/request", {"tablet_id": 1, "channel": 99}).detail
    assert detail[0]["loc"] == ["body", "channel"]
    detail = ask(port, "PUT", "/api/uplink/1/1", {"gain": 11}).detail
    assert detail[0]["loc"] == ["body", "gain"]


def test_unknown_paths(port, unchanged):
    for path in ("/nope", "/state/", "/state/x", "/channel/1", "/channel//mute", "/channel/1/mute/",
                 "/ptt", "/api", "/api/", "/app.js/x", "/index.htm", "/%2e%2e/%2e%2e/etc/passwd",
                 "/..%2f..%2fetc/passwd", "/" + "a" * 3000, "/openapi.jso", "/ws/nope"):
        for method in ("GET", "POST", "PUT", "DELETE"):
            body = b"{}" if method in ("POST", "PUT") else None
            answer = ask(port, method, path, body)
            assert answer.status in (404, 414), (method, path, answer.status)
            check("Detail", answer.json())


def test_wrong_methods(port, unchanged):
    for path, allowed in (
        ("/health", {"GET", "HEAD", "OPTIONS"}), ("/matrix", {"POST", "OPTIONS"}),
        ("/channel/1/mute", {"POST", "OPTIONS"}), ("/api/uplink/1/1", {"PUT", "OPTIONS"}),
        ("/", {"GET", "HEAD", "OPTIONS"}), ("/sw.js", {"GET", "HEAD", "OPTIONS"}),
        ("/ws/vu", {"GET", "HEAD", "OPTIONS"}),
    ):
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            if method in allowed:
                continue
            answer = ask(port, method, path, b"{}" if method[0] == "P" else None)
            assert answer.status == 405, (method, path, answer.status)
            assert set(answer.headers["allow"].split(", ")) == allowed
            check("Detail", answer.json())
        answer = ask(port, "OPTIONS", path)
        assert answer.status == 204 and set(answer.headers["allow"].split(", ")) == allowed
    for method in ("TRACE", "FOO", "CONNECT", "PROPFIND"):
        answer = ask(port, method, "/health")
        assert answer.status == 400
        check("Detail", answer.json())


def test_head_is_get_without_body(port):
    for path in ("/health", "/state", "/", "/sw.js", "/openapi.json", "/api/state"):
        with Connection(port) as connection:
            head = connection.ask("HEAD", path)
            get = connection.ask("GET", path)
            assert head.status == get.status == 200
            assert head.headers["content-type"] == get.headers["content-type"]
            assert abs(int(head.headers["content-length"]) - len(get.body)) < 200
    assert ask(port, "HEAD", "/nope").status == 404


def test_length_and_type(port, unchanged):
    good = b'{"mute":true}'
    for headers, status in (
        ({"Content-Length": "x"}, 400), ({"Content-Length": "-1"}, 400), ({"Content-Length": "1 3"}, 400),
        ({"Content-Length": "99999999999999999999999"}, 400), ({"Content-Length": "0x5"}, 400),
        ({"Transfer-Encoding": "chunked", "Content-Length": None}, 411),
        ({"Content-Type": "text/plain"}, 415), ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "application/jsonx"}, 415), ({"Content-Type": "x" * 300}, 415),
        ({"Upgrade": "h2c", "Connection": "Upgrade, HTTP2-Settings", "HTTP2-Settings": "AAMAAABk"}, 400),
    ):
        answer = ask(port, "POST", "/channel/1/mute", good, headers)
        assert answer.status == status, (headers, answer.status, answer.body)
        check("Detail", answer.json())


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON", None,
                                  "application/merge-patch+json"])
def test_json_types_that_are_taken(port, kind):
    answer = ask(port, "POST", "/channel/1/mute", b'{"mute":true}', {"Content-Type": kind})
    assert answer.status == 200


@pytest.mark.parametrize("size", [1024 * 1024 + 1, 3_000_000, 7_500_000])
def test_large_bodies(port, unchanged, size):
    answer = ask(port, "POST", "/matrix", b'{"headroom_db":6' + b" " * (size - 17) + b"}")
    assert answer.status == 413
    check("Detail", answer.json())


def test_a_full_large_matrix_is_taken(port):
    rows = {str(c): {str(t): 0.123456789012345678 for t in range(1, 17)} for c in range(1, 5)}
    padded = json.dumps({"uplink": rows}).encode()
    padded += b" " * (1024 * 1024 - len(padded))
    assert ask(port, "POST", "/matrix", padded).status == 200


def test_body_in_pieces(port):
    with Connection(port) as connection:
        for byte in connection.request_text("POST", "/channel/1/mute", b'{"mute":true}'):
            connection.send(bytes([byte]))
        assert connection.read_answer().status == 200


def test_truncated_body_changes_nothing(port, unchanged):
    with Connection(port) as connection:
        text = connection.request_text("POST", "/channel/1/mute", b'{"mute":true}')
        connection.send(text[:-1])
        connection.sock.shutdown(socket.SHUT_WR)
        assert connection.at_end()


def test_huge_headers(port, unchanged):
    for headers in ({"X-Long": "x" * 100_000}, {f"X-{i}": "y" * 100 for i in range(2000)},
                    {"Host": "h" * 5000}, {"Origin": "http://" + "o" * 5000}, {"Cookie": "c" * 60_000}):
        try:
            answer = ask(port, "POST", "/channel/1/mute", b'{"mute":true}', headers)
        except ConnectionError:
            continue  # cut off, that is an answer as well
        assert 400 <= answer.status < 500


def test_no_http_at_all(port, unchanged):
    for data in (b"\0" * 100, b"\x16\x03\x01\x02\x00\x01\x00", b"hello\r\n\r\n", b"\r\n\r\n\r\n",
                 b"GET\r\n\r\n", b"GET /health\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                 bytes(range(256)) * 8, b"GET /%zz HTTP/1.1\r\n\r\n", b"GET /%00 HTTP/1.1\r\n\r\n"):
        with Connection(port) as connection:
            connection.send(data)
            connection.sock.shutdown(socket.SHUT_WR)
            try:
                while connection.sock.recv(4096):
                    pass
            except ConnectionError:
                pass
        assert ask(port, "GET", "/health").status == 200


def test_pipelined_requests(port):
    with Connection(port) as connection:
        connection.send(connection.request_text("GET", "/health") * 20)
        assert [connection.read_answer().status for _ in range(20)] == [200] * 20


@pytest.mark.parametrize("first", ["GET", "POST"])
def test_pipelined_bodies(port, first):
    """The library turns for ever on them; they are refused before that, one by one they are taken."""
    with Connection(port) as connection:
        post = connection.request_text("POST", "/channel/1/mute", b'{"mute":true}')
        get = connection.request_text("GET", "/health")
        for _ in range(5):
            connection.send(post)
            assert connection.read_answer().status == 200
        connection.send(get + post * 3 if first == "GET" else post + get + post * 3)
        answers = []
        try:
            while True:
                answers.append(connection.read_answer())
        except ConnectionError:
            pass  # the end; libwebsockets 4.3 comes to it earlier than 4.1
    good = [answer for answer in answers if answer.status == 200]
    assert len(good) <= 2
    for refused in answers[len(good) :]:
        assert refused.status == 400 and refused.headers["connection"] == "close"
        check("Detail", refused.json())
    assert len(answers) <= len(good) + 1
    assert ask(port, "GET", "/health").status == 200


# --- who may ask ------------------------------------------------------------------


@pytest.mark.parametrize("host", ["evil.example.com", "evil.example.com:8000", "localhost.evil.com",
                                  "127.0.0.1.nip.io", "neighbour.local", "neighbour"])
def test_rebound_names_are_refused(port, unchanged, host):
    for method, path, body in (("POST", "/channel/1/mute", {"mute": True}), ("GET", "/state", None)):
        answer = ask(port, method, path, body, {"Host": host})
        assert answer.status == 421
        check("Detail", answer.json())
    with pytest.raises(WebSocket.Refused) as refused:
        WebSocket(port, "/ws/vu", {"Host": host})
    assert refused.value.answer.status == 421


HOSTNAME = socket.gethostname().partition(".")[0]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]:8000", "192.168.1.7", HOSTNAME,
                                  f"{HOSTNAME}.local:8000", socket.gethostname(), None])
def test_own_names_are_taken(port, host):
    assert ask(port, "POST", "/channel/1/mute", {"mute": True}, {"Host": host}).status == 200


@pytest.mark.parametrize("origin", ["http://evil.example.com", "null", "http://127.0.0.1:1", "file://"])
def test_foreign_pages_are_refused(port, unchanged, origin):
    answer = ask(port, "POST", "/channel/1/mute", {"mute": True}, {"Origin": origin})
    assert answer.status == 403
    check("Detail", answer.json())
    assert "access-control-allow-origin" not in answer.headers
    assert "access-control-allow-origin" not in ask(port, "GET", "/state", None, {"Origin": origin}).headers
    with pytest.raises(WebSocket.Refused) as refused:
        WebSocket(port, "/ws/events", {"Origin": origin})
    assert refused.value.answer.status == 403


def test_own_page_is_taken(port):
    origin = {"Origin": f"http://127.0.0.1:{port}"}
    assert ask(port, "POST", "/channel/1/mute", {"mute": True}, origin).status == 200
    WebSocket(port, "/ws/events", origin).close()


def test_security_headers(port):
    for path in ("/", "/health", "/nope"):
        headers = ask(port, "GET", path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"


# --- WebSocket ----------------------------------------------------------------------


@pytest.mark.parametrize("query", ["hz=0", "hz=61", "hz=-1", "hz=1.5", "hz=x", "hz=", "hz", "hz=NaN", "hz=010",
                                   "hz=" + "9" * 40, "hz=%31x", "detail=no", "format=xml"])
def test_ws_bad_query(port, unchanged, query):
    with pytest.raises(WebSocket.Refused) as refused:
        WebSocket(port, "/ws/vu?" + query)
    assert refused.value.answer.status == 422
    check("Detail", refused.value.answer.json())
    assert refused.value.answer.detail[0]["loc"][0] == "query"


@pytest.mark.parametrize("path,headers,status", [
    ("/ws/nope", {}, 404), ("/state", {}, 400), ("/", {}, 400), ("/ws/vu", {"Sec-WebSocket-Key": "short"}, 400),
    ("/ws/vu", {"Sec-WebSocket-Key": None}, 400),
])
def test_ws_bad_upgrade(port, unchanged, path, headers, status):
    with pytest.raises(WebSocket.Refused) as refused:
        WebSocket(port, path, headers)
    assert refused.value.answer.status == status
    check("Detail", refused.value.answer.json())


@pytest.mark.parametrize("path", ["/ws/vu", "/ws/events"])
def test_ws_path_without_upgrade(port, path):
    answer = ask(port, "GET", path)
    assert answer.status == 426 and answer.headers["upgrade"] == "websocket"
    check("Detail", answer.json())


@pytest.mark.parametrize("path", ["/ws/vu?hz=60", "/ws/events"])
def test_ws_frames_from_clients(port, unchanged, path):
    """Text, binary, pings are borne; what breaks the protocol ends that client only."""
    with WebSocket(port, path) as ws:
        for opcode in (1, 2, 9, 10):
            ws.send_frame(opcode, b"x" * 100)
        ws.send_frame(1, b"y" * 100_000)
        ws.read_json()
        ws.send_frame(8, b"\x03\xe8")
        while ws.read_frame()[0] != 8:
            pass
    for bad in (b"\xff\xff\xff\xff", b"\x81\x05hello", b"\x83\x80\0\0\0\0", b"\x89\xfe\x01\x00" + b"\0" * 260):
        with WebSocket(port, path) as ws:
            ws.send(bad)
            try:
                for _ in range(10 if "vu" in path else 1):
                    if ws.read_frame()[0] == 8:
                        break
            except ConnectionError:
                pass
    WebSocket(port, path).close()

# SPDX-License-Identifier: MIT
"""An S3 server of the test's own: OpenStack Swift with its s3api, all of it on the loopback.

Run as a program it is the server: python3 s3_server.py FOLDER PORT. Objects are kept in memory by
Swift's own in-memory object server, accounts and containers in FOLDER.
"""

import hashlib
import hmac
import pathlib
import signal
import socket
import sys
import time
import urllib.error
import urllib.request

ACCESS_KEY = "test:tester"
SECRET_KEY = "its-secret"
REGION = "us-east-1"
GUARD_SECONDS = 60

PROXY_FILTERS = f"""
[filter:catch_errors]
use=egg:swift#catch_errors
[filter:cache]
use=egg:swift#memcache
memcache_servers=127.0.0.1:1
[filter:s3api]
use=egg:swift#s3api
location={REGION}
min_segment_size=1
[filter:tempauth]
use=egg:swift#tempauth
user_test_tester={SECRET_KEY} .admin
storage_url_scheme=http
[filter:bulk]
use=egg:swift#bulk
[filter:slo]
use=egg:swift#slo
[app:proxy-server]
use=egg:swift#proxy
account_autocreate=true
"""


class S3Server:
    """start() and stop() as often as wanted, on the same port; a restart forgets the objects."""

    def __init__(self, folder):
        from .session import free_port

        self.folder = folder / "s3"
        self.folder.mkdir()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self, bucket="clips"):
        """Comes back when it answers, with an empty bucket."""
        from .process import Process

        ready, ready_write = socket.socketpair()
        self.process = Process(
            "swift",
            ["/usr/bin/python3", __file__, self.folder, self.port, ready_write.fileno()],
            None,
            self.folder / "log",
            pass_fds=[ready_write.fileno()],
        )
        ready_write.close()
        ready.settimeout(GUARD_SECONDS)
        if ready.recv(1) != b"1":
            self.process.wait()
            self.process.check_alive()
        ready.close()
        if bucket:
            self.request("PUT", f"/{bucket}")

    def stop(self):
        if self.process:
            self.process.stop()
        self.process = None

    def request(self, method, path, data=b""):
        """Signed here, in Python: (status, bytes)."""
        request = urllib.request.Request(
            self.url + path,
            data=data or None,
            method=method,
            headers=sign(method, f"127.0.0.1:{self.port}", path, data),
        )
        return fetch(request)

    def get(self, key, bucket="clips"):
        """The object's bytes, or None."""
        status, data = self.request("GET", f"/{bucket}/{key}")
        return data if status == 200 else None


def sign(method, host, path, data):
    """The headers of AWS Signature Version 4, for a path that needs no encoding."""
    date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    scope = f"{date[:8]}/{REGION}/s3/aws4_request"
    headers = {
        "host": host,
        "x-amz-content-sha256": hashlib.sha256(data).hexdigest(),
        "x-amz-date": date,
    }
    names = ";".join(headers)
    canonical = "\n".join(
        [method, path, "", *(f"{name}:{value}" for name, value in headers.items()), "", names,
         headers["x-amz-content-sha256"]]
    )
    text = f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{SECRET_KEY}".encode()
    for word in [*scope.split("/"), text]:
        key = hmac.new(key, word.encode(), hashlib.sha256).digest()
    return {
        **headers,
        "Authorization": f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope},"
        f"SignedHeaders={names},Signature={key.hex()}",
    }


def fetch(url):
    """What a URL gives without any key: (status, bytes)."""
    try:
        with urllib.request.urlopen(url, timeout=GUARD_SECONDS) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


# --- the server -------------------------------------------------------------------------------


def listen(port=0):
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", port))
    server.listen(128)
    return server


def serve(folder, port, ready):
    import eventlet

    eventlet.monkey_patch()
    import eventlet.wsgi
    from swift.common import utils
    from swift.common.ring import RingBuilder
    from swift.common.storage_policy import reload_storage_policies

    utils.HASH_PATH_PREFIX, utils.HASH_PATH_SUFFIX = b"party", b"line"
    etc = folder / "etc"
    etc.mkdir(exist_ok=True)
    (folder / "dev/one").mkdir(parents=True, exist_ok=True)
    (etc / "swift.conf").write_text(
        "[swift-hash]\nswift_hash_path_prefix=party\nswift_hash_path_suffix=line\n"
        "[storage-policy:0]\nname=one\ndefault=yes\n"
    )
    utils.SWIFT_CONF_FILE = str(etc / "swift.conf")
    reload_storage_policies()
    sockets = {"proxy": listen(port)}
    for kind in ("account", "container", "object"):
        sockets[kind] = listen()
        address = {"ip": "127.0.0.1", "port": sockets[kind].getsockname()[1]}
        device = {f"replication_{name}": value for name, value in address.items()}
        builder = RingBuilder(1, 1, 1)
        builder.add_dev(
            {"id": 0, "region": 1, "zone": 1, "device": "one", "weight": 1, "meta": "",
             **address, **device}
        )
        builder.rebalance()
        builder.get_ring().save(str(etc / f"{kind}.ring.gz"))

    from swift.common.wsgi import loadapp

    applications = {
        "account": ("[pipeline:main]\npipeline=it\n[app:it]\nuse=egg:swift#account\n"),
        "container": ("[pipeline:main]\npipeline=it\n[app:it]\nuse=egg:swift#container\n"),
        "object": ("[pipeline:main]\npipeline=it\n[app:it]\nuse=egg:swift#mem_object\n"),
        "proxy": "[pipeline:main]\npipeline=catch_errors cache s3api tempauth bulk slo proxy-server\n"
        + PROXY_FILTERS,
    }
    for kind, text in applications.items():
        path = etc / f"{kind}.conf"
        path.write_text(
            f"[DEFAULT]\nswift_dir={etc}\ndevices={folder}/dev\nmount_check=false\n"
            f"log_address={folder}/no-syslog\nlog_name={kind}\n{text}"
        )
        application = loadapp(str(path), {"__file__": str(path)})
        eventlet.spawn(eventlet.wsgi.server, sockets[kind], application, log_output=False)
    eventlet.sleep(0)
    ready.send(b"1")
    ready.close()
    eventlet.event.Event().wait()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    serve(pathlib.Path(sys.argv[1]), int(sys.argv[2]), socket.socket(fileno=int(sys.argv[3])))

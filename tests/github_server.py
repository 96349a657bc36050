"""A GitHub on loopback: real HTTP, a real git repository behind it, and the faults that a test asks for.

It answers the part of the REST and GraphQL interfaces that diffscope uses (github_routes.py) from what a test puts in
(github_site.py). Every request is logged, so that a test can count them.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.github_answers import refusal
from tests.github_routes import answer
from tests.github_site import NAME, Account, Fault, HostedItem, HostedPull, Logged, Reply, Site

__all__ = ["NAME", "Account", "Fault", "HostedItem", "HostedPull", "Reply", "Site", "refusal", "serve"]


@contextmanager
def serve(site: Site) -> Iterator[Site]:
    """Serve ``site`` on loopback; ``site.url`` is the API root."""
    handler = type("Handler", (_Handler,), {"site": site})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    site: Site
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def _handle(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        headers = {key.lower(): value for key, value in self.headers.items()}
        reply = self._fault() or answer(self.site, self.command, self.path, headers, body)
        text = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
        data = text.encode("utf-8", "surrogatepass")
        etag = f'W/"{hashlib.sha256(data).hexdigest()}"'
        if self.command == "GET" and reply.status == 200 and headers.get("if-none-match") == etag:
            reply, data = Reply(304, "", reply.headers), b""
        self.site.log.append(Logged(self.command, self.path, reply.status, body, headers))
        if reply.status == 0:
            self.close_connection = True
            return
        self.send_response(reply.status)
        kind = {"Content-Type": "application/json; charset=utf-8"}
        tagged = {"ETag": etag} if self.command == "GET" and reply.status in {200, 304} else {}
        limits = {
            "X-RateLimit-Limit": "5000",
            "X-RateLimit-Remaining": "4990",
            "X-RateLimit-Reset": "1774760883",
        }
        for name, value in {**kind, **tagged, **limits, **reply.headers}.items():
            self.send_header(name, value)
        if reply.status not in {204, 304}:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if reply.status not in {204, 304}:
            self.wfile.write(data)

    def _fault(self) -> Reply | None:
        with self.site.lock:
            for fault in self.site.faults:
                if fault.times > 0 and re.search(fault.match, f"{self.command} {self.path}"):
                    fault.times -= 1
                    return Reply(fault.status, fault.body, dict(fault.headers))
        return None

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = _handle  # noqa: N815 - the library's names

    def log_message(self, *_: object) -> None:
        """Stay quiet."""

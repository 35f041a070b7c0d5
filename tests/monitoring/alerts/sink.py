"""A real HTTP receiver of webhooks that does what a test scripts: refuse, wait, cut, accept."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CUT = "cut"  # take the message, then drop the connection without a word


class Sink:
    """What arrived, in order; `script` holds the answers to give next, then 204 for ever."""

    def __init__(self):
        self.received = []
        self.script = []
        self.headers = {}
        self.url = ""

    def keys(self):
        return [headers["webhook-id"] for headers, _ in self.received]


@contextmanager
def sink():
    """Run a receiver; gone when the block ends."""
    told = Sink()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.received.append(({k.lower(): v for k, v in self.headers.items()}, body))
            answer = told.script.pop(0) if told.script else 204
            if answer == CUT:
                self.connection.close()
                return
            self.send_response(answer)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

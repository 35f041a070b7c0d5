import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from examples.fleet import muster_client
from examples.fleet.muster_client import Muster, MusterRefused


@pytest.fixture
def served(monkeypatch):
    """A stand-in for Muster that gives the answers it is told to, in order."""
    monkeypatch.setattr(muster_client.time, "sleep", lambda seconds: None)
    answers, seen = [], []

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            length = int(self.headers.get("Content-Length") or 0)
            seen.append((self.command, self.path, dict(self.headers), self.rfile.read(length)))
            status, content = answers.pop(0)
            body = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = answer

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Muster(f"http://127.0.0.1:{server.server_port}", "t0ken"), answers, seen
    server.shutdown()
    server.server_close()


def test_an_object_is_put_with_the_token_and_counted(served):
    muster, answers, seen = served
    answers += [(201, {"slug": "a"}), (200, {"slug": "a"})]

    assert muster.put("models", "a", body={"name": "A"}) == {"slug": "a"}
    muster.put("people", "ana@example.org", body={})

    assert muster.written == {"created": 1, "known": 1}
    method, path, headers, body = seen[0]
    assert (method, path, json.loads(body)) == ("PUT", "/api/v1/models/a/", {"name": "A"})
    assert headers["Authorization"] == "Bearer t0ken"
    assert seen[1][1] == "/api/v1/people/ana@example.org/"


def test_a_refusal_names_the_fields(served):
    muster, answers, _ = served
    problem = {
        "detail": "1 field needs attention",
        "errors": [{"pointer": "/owner", "detail": "no such person", "fix": "GET /people/?q=x"}],
    }
    answers += [(400, problem)]

    with pytest.raises(MusterRefused) as refused:
        muster.put("models", "a", body={})

    assert "PUT /api/v1/models/a/: 400 1 field needs attention" in str(refused.value)
    assert "/owner: no such person GET /people/?q=x" in str(refused.value)


def test_a_passing_trouble_is_tried_again_and_a_lasting_one_is_not_for_ever(served):
    muster, answers, seen = served
    answers += [(503, b"busy"), (429, b"slow down"), (200, {})]
    muster.put("models", "a", body={})
    answers += [(503, b"<html>busy</html>")] * 9

    with pytest.raises(MusterRefused, match="503"):
        muster.put("models", "a", body={})

    assert len(seen) == 3 + muster_client.ATTEMPTS


def test_a_list_is_read_to_its_end_and_the_token_stays_with_its_host(served):
    muster, answers, seen = served
    answers += [
        (200, {"results": [1, 2], "next": "http://elsewhere.example/api/v1/alerts/?cursor=x"}),
        (200, {"results": [3], "next": None}),
    ]

    assert list(muster.every("alerts")) == [1, 2, 3]
    assert [path for _, path, _, _ in seen] == [
        "/api/v1/alerts/?limit=500",
        "/api/v1/alerts/?cursor=x",
    ]


def test_no_answer_is_said_with_the_address(monkeypatch):
    monkeypatch.setattr(muster_client.time, "sleep", lambda seconds: None)

    with pytest.raises(MusterRefused, match="9 does not answer"):
        Muster("http://127.0.0.1:9", "t").get("me")
    with pytest.raises(MusterRefused, match="no http address"):
        Muster("file:///etc", "t").get("me")

"""Simulated vendors: contract servers on localhost that behave as the vendors' documents say.

Slack, Teams, PagerDuty and Opsgenie cannot be reached from a test. Each class here keeps what the
real one would (messages and threads, incidents by key), refuses what it refuses, and can be told to
fail: `script` holds what happens to the next requests.
"""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

CUT = "cut"  # take the request, then drop the connection without a word
MALFORMED = "malformed"  # take it, then answer what nobody can read


class Vendor:
    """What every simulated vendor has; `answer` is its own."""

    def __init__(self):
        self.url = ""
        self.calls = []  # (path, body)
        self.script = []  # a status, CUT, MALFORMED, or (status, body); empty: works
        self.headers = {}

    def handle(self, method, path, headers, content):
        parts = urlsplit(path)
        body = json.loads(content) if content else dict(parse_qsl(parts.query))
        self.calls.append((parts.path, body))
        told = self.script.pop(0) if self.script else None
        if isinstance(told, int):
            return told, {}
        if isinstance(told, tuple):
            return told
        found = self.answer(parts.path, headers, body, len(content))
        return found if told is None else (told, {})

    def bodies(self, path=""):
        return [body for called, body in self.calls if path in called]


class Slack(Vendor):
    """The Web API: chat.postMessage, chat.update, conversations.history and .replies."""

    token = "xoxb-simulated"

    def __init__(self):
        super().__init__()
        self.messages = []
        self.may_read = True
        self.error = ""  # said to every request when set

    def parents(self):
        return [m for m in self.messages if "thread_ts" not in m]

    def replies(self):
        return [m for m in self.messages if "thread_ts" in m]

    def answer(self, path, headers, body, size):
        if headers.get("authorization") != f"Bearer {self.token}":
            return 200, {"ok": False, "error": "invalid_auth"}
        method = path.rpartition("/")[2]
        error = self.error or getattr(self, "_" + method.replace(".", "_"))(body)
        return 200, error if isinstance(error, dict) else {"ok": False, "error": error}

    def _chat_postMessage(self, body):
        if error := self._wrong(body):
            return error
        if "thread_ts" in body and not self._find(body["thread_ts"]):
            return "thread_not_found"
        ts = f"17000000{len(self.messages):02}.000100"
        self.messages.append({**body, "ts": ts})
        return {"ok": True, "ts": ts, "channel": body["channel"]}

    def _chat_update(self, body):
        if error := self._wrong(body):
            return error
        found = self._find(body["ts"])
        if found is None:
            return "message_not_found"
        found |= {"text": body["text"], "blocks": body["blocks"], "edited": True}
        return {"ok": True, "ts": body["ts"]}

    def _conversations_history(self, body):
        return self._read(self.parents())

    def _conversations_replies(self, body):
        return self._read([m for m in self.messages if body["ts"] in (m["ts"], m.get("thread_ts"))])

    def _read(self, messages):
        return {"ok": True, "messages": messages} if self.may_read else "missing_scope"

    def _find(self, ts):
        return next((m for m in self.messages if m["ts"] == ts), None)

    def _wrong(self, body):
        if not body["channel"].startswith(("C", "G", "D")):
            return "channel_not_found"
        texts = [e for block in body["blocks"] for s in block["elements"] for e in s["elements"]]
        if len(body["blocks"]) > 50 or any(len(e.get("text", "")) > 3000 for e in texts):
            return "invalid_blocks"
        if len(json.dumps(body["blocks"], ensure_ascii=False)) > 20_000:
            return "msg_blocks_too_long"
        return "msg_too_long" if len(body["text"]) > 4000 else ""


class Teams(Vendor):
    """A workflow with "When a Teams webhook request is received" that posts the card it gets."""

    def __init__(self):
        super().__init__()
        self.cards = []

    def answer(self, path, headers, body, size):
        if size > 28 * 1024:
            return 413, {"error": {"code": "RequestEntityTooLarge"}}
        [attachment] = body["attachments"]
        assert body["type"] == "message"
        assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
        assert attachment["content"]["type"] == "AdaptiveCard"
        self.cards.append(attachment["content"])
        return 202, {}


class PagerDuty(Vendor):
    """The Events API v2: incidents by dedup_key, and change events."""

    key = "R" * 32

    def __init__(self):
        super().__init__()
        self.incidents = {}
        self.changes = []

    def answer(self, path, headers, body, size):
        if body.get("routing_key") != self.key:
            return self._invalid("Length of 'routing_key' is incorrect (should be 32 characters)")
        payload = body.get("payload", {})
        if len(payload.get("summary", "")) > 1024 or size > 512 * 1024:
            return self._invalid("'payload.summary' is too long")
        if path == "/v2/change/enqueue":
            self.changes.append(payload)
            return 202, {"status": "success", "message": "Change event processed"}
        action, key = body["event_action"], body.get("dedup_key")
        if action == "trigger" and not {"summary", "source", "severity"} <= payload.keys():
            return self._invalid("'payload' lacks a field")
        state = {"trigger": "triggered", "acknowledge": "acknowledged", "resolve": "resolved"}
        if action == "trigger" and self.incidents.get(key) == "acknowledged":
            action = "acknowledge"  # a further trigger of an open incident is only logged
        if action == "trigger" or key in self.incidents:
            self.incidents[key] = state[action]
        return 202, {"status": "success", "message": "Event processed", "dedup_key": key}

    def _invalid(self, text):
        found = {"status": "invalid event", "message": "Event object is invalid", "errors": [text]}
        return 400, found


class Opsgenie(Vendor):
    """The Alert API: one open alert an alias; all requests are processed later."""

    key = "simulated-genie-key"

    def __init__(self):
        super().__init__()
        self.alerts = {}

    def answer(self, path, headers, body, size):
        if headers.get("authorization") != f"GenieKey {self.key}":
            return 401, {"message": "Could not authenticate"}
        if path == "/v2/alerts":
            if len(body["message"]) > 130 or len(body["alias"]) > 512:
                return 422, {"message": "Request body is not processable."}
            found = self.alerts.setdefault(body["alias"], {"count": 0, "notes": []})
            found |= {"state": "open", "priority": body["priority"], "message": body["message"]}
            found["count"] += 1
        else:
            _, _, _, alias, action = path.split("/")
            if found := self.alerts.get(alias):
                states = {"acknowledge": "acknowledged", "close": "closed"}
                found["state"] = states.get(action, found["state"])
                found["notes"].append(body["note"])
        return 202, {"result": "Request will be processed", "requestId": "simulated"}


@contextmanager
def running(vendor):
    """Run a simulated vendor; gone when the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, body = vendor.handle(self.command, self.path, headers, content)
            if status == CUT:
                self.connection.close()
                return
            text = b"<html>" if status == MALFORMED else json.dumps(body).encode()
            self.send_response(200 if status == MALFORMED else status)
            for name, value in vendor.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    vendor.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield vendor
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

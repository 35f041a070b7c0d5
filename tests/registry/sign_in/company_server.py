"""A simulated OpenID Connect server: the code flow with PKCE over real HTTP, signed with RS256.

It holds a client to the protocol as a real one does, and can be told to lie in one respect.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

CLIENT, SECRET = "muster", "client-secret-of-muster"
CALLBACK = "http://testserver/sign-in/company/back/"


def text64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number64(number: int) -> str:
    return text64(number.to_bytes((number.bit_length() + 7) // 8, "big"))


class CompanyServer:
    """`who` are the claims of whoever signs in next; `lies` replace claims of the token."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.signing_key = self.key  # a test may sign with another one
        self.who: dict = {}
        self.lies: dict = {}
        self.document: dict = {}
        self.header: dict = {}
        self.codes: dict[str, dict] = {}
        self.requests: list[str] = []
        self.redirect_discovery_to = ""
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.answer(self, {})

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"])).decode()
                server.answer(self, {name: values[0] for name, values in parse_qs(raw).items()})

            def log_message(self, *args: object) -> None:
                """Stay quiet."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.http.shutdown()
        self.http.server_close()

    def answer(self, handler: BaseHTTPRequestHandler, form: dict) -> None:
        path = urlsplit(handler.path).path
        self.requests.append(path)
        if path == "/.well-known/openid-configuration" and self.redirect_discovery_to:
            handler.send_response(302)
            handler.send_header("Location", self.redirect_discovery_to)
            handler.end_headers()
            return
        status, body = {
            "/.well-known/openid-configuration": lambda: (200, self.description()),
            "/keys": lambda: (200, self.keys()),
            "/token": lambda: self.token(form),
            "/user": lambda: (200, {"sub": self.who["sub"], **self.who}),
        }.get(path, lambda: (404, {}))()
        raw = json.dumps(body).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(raw)))
        handler.end_headers()
        handler.wfile.write(raw)

    def description(self) -> dict:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/user",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        } | self.document

    def keys(self) -> dict:
        public = self.key.public_key().public_numbers()
        numbers = {"n": number64(public.n), "e": number64(public.e)}
        return {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "one", **numbers}]}

    def authorize(self, address: str, **who: object) -> str:
        """Do what the person's browser and the person do there; return the way back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert address.startswith(f"{self.issuer}/authorize?")
        assert (asked["client_id"], asked["redirect_uri"]) == (CLIENT, CALLBACK)
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        assert {"openid", "email"} <= set(asked["scope"].split())
        self.who = {"sub": "ana-1", "email": "ana@example.com", "email_verified": True, **who}
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return f"{urlsplit(CALLBACK).path}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, form: dict) -> tuple[int, dict]:
        asked = self.codes.pop(form.get("code", ""), None)
        if asked is None or (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            return 400, {"error": "invalid_grant"}
        challenge = text64(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if challenge != asked["code_challenge"] or form.get("redirect_uri") != CALLBACK:
            return 400, {"error": "invalid_grant"}
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": int(time.time()),
            "exp": int(time.time()) + 300,
            "nonce": asked.get("nonce"),
            **self.who,
            **self.lies,
        }
        return 200, {"access_token": "at", "token_type": "Bearer", "id_token": self.sign(claims)}

    def sign(self, claims: dict) -> str:
        header = {"alg": "RS256", "typ": "JWT", "kid": "one", **self.header}
        signed = ".".join(text64(json.dumps(part).encode()) for part in (header, claims))
        if header["alg"] == "none":
            return f"{signed}."
        signature = self.signing_key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{text64(signature)}"

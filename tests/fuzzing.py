"""Throw requests at the API that no sane client sends, and count what breaks.

Two sources: schemathesis draws requests from the OpenAPI document (valid and broken ones alike),
and mangled bodies no document describes. Addresses name real objects half of the time, ours and
another unit's, so that more than 404s is reached.
"""

import contextlib
import itertools
import json
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import requests
import schemathesis
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from registry import actors, clock, tokens
from registry.models import FleetRole, Membership, Person
from tests.isolation_rows import ROWS
from tests.world import World

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
_KEPT = 20  # examples of what broke
MANGLED: Sequence[bytes] = (
    b"",
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b"NaN",
    b'{"name": NaN}',
    b'{"name": Infinity}',
    b'{"name": "\\u0000"}',
    b'{"name": "\\ud800"}',
    b'{"name": "a", "name": "b"}',
    b'{"\\u0000": 1}',
    b'{"name": ' + b"[" * 3000 + b"]" * 3000 + b"}",
    b'{"tier_answers": {"exposure": 1e400}}',
    b'{"tier_answers": {"exposure": 99999999999999999999999999}}',
    b'{"name": {"a": 1}, "tags": "text", "owner": [], "mlflow": 3}',
    b'{"name": "' + b"x" * 100_000 + b'"}',
    b'{"tags": [' + b'"a",' * 20_000 + b'"a"]}',
    b"\xff\xfe{}",
    b'\xef\xbb\xbf{"name": "bom"}',
    '{"name": "\u202egnp.exe", "description": "\u2028"}'.encode(),
    b'{"__proto__": {"a": 1}, "constructor": 1}',
    b'{"spec": {"$ref": "#/"}, "selector": {"models": [null]}}',
    b'{"spec": {"when": {"bad": -1, "of": 0}}, "kind": "data"}',
    b"a=1&b=2",
    b"<a/>",
)
CONTENT_TYPES = ("application/json", "text/plain", "application/json; charset=utf-16", "x", "")
QUERIES = (
    "limit=0", "limit=-1", "limit=1e9", "limit=%00", "cursor=AAAA", "cursor=%ff", "q=%27%22--",
    "ordering=owner__password", "fields=password,digest", "tier=0x1", "unknown=1", "as_of=never",
    "as_of=9999-99-99", "bu=%F0%9F%92%A9", "format=yaml", "count=maybe", "limit=1&limit=2",
)  # fmt: skip


@dataclass(frozen=True)
class Caller:
    """Somebody with a token; `foreign` are words that may never reach them."""

    name: str
    key: str
    foreign: tuple[bytes, ...] = ()


@dataclass
class Tally:
    """What was sent and what broke."""

    requests: int = 0
    server_errors: int = 0
    schema_violations: int = 0
    foreign_bytes: int = 0
    codes: dict[int, int] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Keep an example of what broke."""
        if len(self.examples) < _KEPT and text not in self.examples:
            self.examples.append(text)

    def figures(self) -> dict[str, float]:
        """Return the counts as a bench prints them."""
        return {
            "requests": float(self.requests),
            "server_errors": float(self.server_errors),
            "schema_violations": float(self.schema_violations),
            "foreign_bytes": float(self.foreign_bytes),
        }


Places = Callable[[str], Sequence[Mapping[str, object]]]


@dataclass
class Fuzzer:
    """Sends and counts; `places` gives the addresses of real objects for a path."""

    callers: Sequence[Caller]
    places: Places
    seed: int = 1
    tally: Tally = field(default_factory=Tally)

    def __post_init__(self) -> None:
        """Read the OpenAPI document as the service serves it."""
        # What a test would raise, a client sees as a 500: that is what is counted.
        self.client = Client(raise_request_exception=False)
        self.dice = random.Random(self.seed)
        answer = self.client.get("/api/schema/?format=json", headers=self._bearer(self.callers[0]))
        self.schema = schemathesis.openapi.from_dict(json.loads(answer.content))
        self.operations = [found.ok() for found in self.schema.get_all_operations()]
        self._turn = itertools.cycle(self.callers)

    def _bearer(self, caller: Caller) -> dict[str, str]:
        return {"Authorization": f"Bearer {caller.key}"}

    def run(self, requests: int, *, part: int = 0, parts: int = 1) -> Tally:
        """Send about this many requests to one part of the operations."""
        mine = self.operations[part::parts]
        drawn = max(requests * 7 // 10 // len(mine), 1)
        for operation in mine:
            for mode, share in ((GenerationMode.POSITIVE, 0.5), (GenerationMode.NEGATIVE, 0.5)):
                self._draw(operation, max(int(drawn * share), 1), mode)
        for operation, body in itertools.islice(self._mangled(mine), requests - drawn * len(mine)):
            self._send_mangled(operation, body)
        return self.tally

    def _draw(self, operation: Any, examples: int, mode: GenerationMode) -> None:
        @seed(self.seed)
        @settings(
            max_examples=examples,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def send(case: Any) -> None:
            self._send(case)

        # An operation without any parameter or body has nothing that could be broken.
        with contextlib.suppress(Unsatisfiable):
            send()

    def _send(self, case: Any) -> None:
        places = self.places(case.operation.path)
        if places and self.dice.random() < 0.7:
            place = self.dice.choice(places)
            for name in case.path_parameters or {}:
                if name in place:
                    case.path_parameters[name] = str(place[name])
        caller = next(self._turn)
        kwargs = case.as_transport_kwargs(headers=self._bearer(caller))
        answer = self._call(
            case.method,
            case.formatted_path,
            query=_query(case.query),
            body=_body(case, kwargs),
            content_type=case.media_type or "application/json",
            caller=caller,
            headers=_headers(case.headers),
        )
        try:
            case.validate_response(_as_response(answer, case), checks=CHECKS)
        except BaseException as failure:
            if isinstance(failure, KeyboardInterrupt):
                raise
            if answer.status_code < 500:
                self.tally.schema_violations += 1
                self.tally.note(f"{case.method} {case.formatted_path}: {_short(failure)}")

    def _mangled(self, operations: Sequence[Any]) -> Iterator[tuple[Any, bytes]]:
        while True:
            yield self.dice.choice(operations), self.dice.choice(MANGLED)

    def _send_mangled(self, operation: Any, body: bytes) -> None:
        caller = next(self._turn)
        place = self.dice.choice(self.places(operation.path) or [{}])
        path = re.sub(r"{(\w+)}", lambda found: str(place.get(found[1], "x")), operation.path)
        query = self.dice.choice(QUERIES) if self.dice.random() < 0.3 else ""
        self._call(
            operation.method,
            path,
            query=query,
            body=body if operation.method.upper() != "GET" else b"",
            content_type=self.dice.choice(CONTENT_TYPES),
            caller=caller,
        )

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: str,
        body: bytes,
        content_type: str,
        caller: Caller,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        answer = self.client.generic(
            method.upper(),
            path,
            data=body,
            content_type=content_type,
            query_string=query,
            headers={**(headers or {}), **self._bearer(caller)},
        )
        content = b"".join(answer) if answer.streaming else answer.content
        self.tally.requests += 1
        self.tally.codes[answer.status_code] = self.tally.codes.get(answer.status_code, 0) + 1
        if answer.status_code >= 500:
            self.tally.server_errors += 1
            self.tally.note(f"{answer.status_code} {method} {path}?{query} {body[:200]!r}")
        sent = f"{path}?{query}".encode() + body
        for word in caller.foreign:
            if word in content and word not in sent:
                self.tally.foreign_bytes += 1
                self.tally.note(f"{caller.name} read '{word.decode()}' at {method} {path}?{query}")
        answer.whole = content
        return answer


def places(worlds: Sequence[World]) -> Places:
    """Return the addresses of real objects for a path of the OpenAPI document."""

    def found(path: str) -> Sequence[Mapping[str, object]]:
        row = ROWS.get(re.sub(r"{(\w+)}", r"<\1>", path).lstrip("/"))
        return [row.values(one) for one in worlds] if row else []

    return found


def callers(ours: World, foreign: bytes) -> list[Caller]:
    """Return people with every role, one token each; those of our unit may not read of others."""
    found = []
    for role, unit in (
        *((role, ours.unit) for role in ("viewer", "developer", "validator", "unit_admin")),
        ("platform_admin", None),
    ):
        person = Person.objects.create_user(f"{role}@{ours.mark}.example", name=role)
        if unit is None:
            FleetRole.objects.create(person=person, role=role)
        else:
            Membership.objects.create(person=person, unit=unit, role=role)
        with transaction.atomic():
            _, key = tokens.issue(actors.system("tests"), person=person, name=role, at=clock.now())
        found.append(Caller(role, key, () if unit is None else (foreign,)))
    return found


def _query(given: Any) -> str:
    pairs = {key: value for key, value in (given or {}).items() if isinstance(key, str)}
    return urlencode(pairs, doseq=True, errors="replace")


def _headers(given: Any) -> dict[str, str]:
    """Return the headers of a case as they would arrive; the sign-in and the body are ours."""
    ours = ("authorization", "content-type", "content-length", "cookie", "host")
    return {
        name: value.encode("latin-1", "replace").decode("latin-1")
        for name, value in (given or {}).items()
        if isinstance(value, str) and name.lower() not in ours
    }


def _body(case: Any, kwargs: Mapping[str, Any]) -> bytes:
    if "json" in kwargs:
        return json.dumps(kwargs["json"]).encode("utf-8", "surrogatepass")
    data = kwargs.get("data")
    if isinstance(data, str):
        return data.encode("utf-8", "surrogatepass")
    return data if isinstance(data, bytes) else b""


def _as_response(answer: Any, case: Any) -> Any:
    request = requests.Request(case.method, f"http://testserver{case.formatted_path}").prepare()
    return Response(
        status_code=answer.status_code,
        headers={name.lower(): [value] for name, value in answer.headers.items()},
        content=answer.whole,
        request=request,
        elapsed=0.01,
        verify=False,
    )


def _short(failure: BaseException) -> str:
    inner = getattr(failure, "exceptions", None)
    return " | ".join(" ".join(str(item).split())[:300] for item in (inner or [failure]))

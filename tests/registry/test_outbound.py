"""Nothing gets out but where it may, and whatever answers, the client ends in time."""

import hashlib
import time
from ipaddress import ip_address

import pytest

from registry import addresses, outbound, wire
from registry.outbound import OutboundError, request
from tests.registry import faults


def call(origin, path="/", **more):
    return request(
        "GET", f"{origin}{path}", **{"allowed_origins": [origin], "seconds": 1.0, **more}
    )


def refused(url, **more):
    with pytest.raises(OutboundError) as caught:
        request("GET", url, **{"seconds": 1.0, **more})
    return caught.value


def test_an_allowed_origin_is_reached_with_the_host_it_was_called_by():
    heads = []

    def behave(sock, head):
        heads.append(head)
        faults.answer(b'{"ok": 1}')(sock, head)

    with faults.server(behave) as origin:
        found = call(origin, "/a?b=c", headers={"X-Id": "7"})

    assert (found.status, found.body) == (200, b'{"ok": 1}')
    assert found.headers["content-type"] == "application/json"
    assert heads[0].startswith(b"GET /a?b=c HTTP/1.1\r\n")
    assert f"Host: {origin.removeprefix('http://')}\r\n".encode() in heads[0]
    assert b"X-Id: 7\r\n" in heads[0]


def test_a_body_is_posted_whole():
    seen = []

    def behave(sock, head):
        body = head.partition(b"\r\n\r\n")[2]
        while len(body) < 300_000:
            body += sock.recv(65_536)
        seen.append(body)
        faults.answer(b"")(sock, head)

    with faults.server(behave) as origin:
        request("POST", origin, body=b"x" * 300_000, allowed_origins=[origin], seconds=5)

    assert seen == [b"x" * 300_000]


def test_what_never_left_is_told_apart_from_what_was_not_answered():
    def cut(sock, head):
        sock.close()

    with faults.server(cut) as origin:
        taken = refused(origin, allowed_origins=[origin])

    assert not taken.unsent
    assert refused(origin, allowed_origins=[origin]).unsent, "nobody listens there any more"
    assert refused("http://127.0.0.1:9/").unsent, "refused before it was tried"


@pytest.mark.parametrize(
    "behave", [faults.hang, faults.drip, faults.drip_head], ids=lambda behave: behave.__name__
)
def test_a_server_that_takes_its_time_is_left_by_the_wall_clock(behave):
    with faults.server(behave) as origin:
        start = time.monotonic()
        with pytest.raises(OutboundError, match="No whole answer within") as caught:
            call(origin, seconds=0.6)

    assert time.monotonic() - start < 2
    assert not caught.value.permanent


@pytest.mark.parametrize(
    "host",
    ["169.254.169.254", "2852039166", "[fe80::1]", "[fd00:ec2::254]", "[::ffff:a9fe:a9fe]",
     "168.63.129.16", "[64:ff9b::a9fe:a9fe]"],
)  # fmt: skip
def test_no_list_of_allowed_origins_opens_the_link_or_a_clouds_metadata(host):
    error = refused(f"http://{host}/", allowed_origins=[f"http://{host}"])

    assert error.permanent
    assert "own cloud" in str(error)


def test_a_name_that_leads_to_metadata_is_refused_too(monkeypatch):
    found = [(2, 1, 6, "", ("169.254.169.254", 80))]
    monkeypatch.setattr(wire.socket, "getaddrinfo", lambda *a, **k: found)

    assert refused("http://m.example/", allowed_origins=["http://m.example"]).permanent


@pytest.mark.parametrize("error", [UnicodeError("label too long"), TypeError("odd")])
def test_a_resolver_that_fails_in_an_odd_way_is_a_failure(monkeypatch, error):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(wire.socket, "getaddrinfo", fail)

    assert "cannot be resolved" in str(refused("http://odd.example/"))


def test_a_server_that_does_not_read_is_left_too():
    def never_read(sock, head):
        time.sleep(30)

    with faults.server(never_read) as origin, pytest.raises(OutboundError, match="within"):
        request("POST", origin, body=b"x" * 50_000_000, allowed_origins=[origin], seconds=0.6)


def test_a_resolver_that_hangs_is_left_too(monkeypatch):
    monkeypatch.setattr(wire.socket, "getaddrinfo", lambda *a, **k: time.sleep(5))

    assert "within" in str(refused("http://slow.example/", seconds=0.4))


@pytest.mark.parametrize("head", ["", "Content-Length: 999999999999\r\n"])
def test_a_huge_answer_is_cut_off_at_the_cap(head):
    def behave(sock, _):
        sock.sendall(f"HTTP/1.1 200 OK\r\n{head}Connection: close\r\n\r\n".encode())
        while True:
            sock.sendall(b"x" * 65_536)

    with faults.server(behave) as origin, pytest.raises(OutboundError, match="larger than 1000"):
        call(origin, max_bytes=1000, seconds=5)


def test_an_answer_of_exactly_the_cap_is_taken():
    with faults.server(faults.answer(b"x" * 1000)) as origin:
        assert len(call(origin, max_bytes=1000).body) == 1000


def test_a_redirect_is_answered_not_followed():
    with faults.canary() as (port, knocks):
        target = f"http://127.0.0.1:{port}/".encode()

        def behave(sock, head):
            sock.sendall(
                b"HTTP/1.1 302 Found\r\nLocation: " + target + b"\r\nContent-Length: 0\r\n\r\n"
            )

        with faults.server(behave) as origin:
            assert call(origin).status == 302

    assert knocks == []


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n",
    ],
)
def test_what_is_no_answer_is_an_error_not_a_crash(raw):
    def behave(sock, head):
        sock.sendall(raw)

    with faults.server(behave) as origin, pytest.raises(OutboundError):
        call(origin)


def test_a_dead_port_is_an_error_that_may_pass():
    with faults.server(faults.hang) as origin:
        pass
    error = refused(origin, allowed_origins=[origin])

    assert not error.permanent
    assert "refused" in str(error).lower()


PRIVATE = [
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "0",
    "0.0.0.0", "localhost", "LOCALHOST", "localhost.", "①②⑦.⓪.⓪.①", "127。0。0。1", "[::1]", "[::]",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]", "[::ffff:0:127.0.0.1]",
    "[fe80::1%25lo]", "[fec0::1]", "[fc00::1]", "[fd12:3456::1]", "[ff02::1]", "[100::1]",
    "[2001:db8::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:169.254.169.254]", "[fe80::5efe:127.0.0.1]",
    "10.0.0.1", "10.1", "172.16.0.1", "192.168.0.1", "192.168.257", "169.254.169.254",
    "169.254.42518", "0xa9fea9fe", "2852039166", "100.64.0.1", "100.100.100.200",
    "168.63.129.16", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
    "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.88.99.1",
    "017700000001", "0x7f.0x0.0x0.0x1", "0300.0250.0.1", "[::ffff:a00:1]", "[2002:a9fe:a9fe::]",
    "[64:ff9b::a9fe:a9fe]", "[::ffff:0:0]", "[3fff::1]", "[2001:10::1]", "127.255.255.254",
]  # fmt: skip


@pytest.fixture(scope="module")
def listener():
    with faults.canary() as found:
        yield found


@pytest.mark.parametrize("host", PRIVATE)
def test_a_private_address_is_never_knocked_at(host, listener):
    port, knocks = listener
    error = refused(f"http://{host}:{port}/")

    assert knocks == []
    # Some notations are no address on some systems: then the name is simply unknown.
    assert error.permanent or "cannot be resolved" in str(error)


def test_the_canary_hears_who_is_allowed_to_knock(listener):
    port, knocks = listener
    origin = f"http://127.0.0.1:{port}"
    refused(origin, allowed_origins=[origin])
    time.sleep(0.2)

    assert len(knocks) == 1
    knocks.clear()


@pytest.mark.parametrize(
    "allowed", ["http://127.0.0.1:{other}", "https://127.0.0.1:{port}", "http://localhost:{port}"]
)
def test_only_the_exact_origin_is_allowed(listener, allowed):
    port, knocks = listener
    origins = [allowed.format(port=port, other=port - 1)]

    assert refused(f"http://127.0.0.1:{port}/", allowed_origins=origins).permanent
    assert knocks == []


def test_a_name_that_answers_differently_the_second_time_changes_nothing(monkeypatch, listener):
    port, knocks = listener
    answers = iter(["93.184.215.14", "127.0.0.1", "127.0.0.1"])
    tried = []

    def lie(host, port, type=0):
        return [(2, 1, 6, "", (next(answers), port))]

    def remember(place, timeout=None):
        tried.append(place[0])
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(wire.socket, "getaddrinfo", lie)
    monkeypatch.setattr(wire.socket, "create_connection", remember)
    refused(f"http://rebind.example:{port}/")

    assert tried == ["93.184.215.14"]
    assert knocks == []


def test_a_name_that_also_points_inside_is_refused(monkeypatch, listener):
    port, knocks = listener
    both = [(2, 1, 6, "", (ip, port)) for ip in ("93.184.215.14", "127.0.0.1")]
    monkeypatch.setattr(wire.socket, "getaddrinfo", lambda *a, **k: both)

    assert refused(f"http://both.example:{port}/").permanent
    assert knocks == []


def test_proxies_of_the_environment_are_not_asked(monkeypatch, listener):
    port, knocks = listener
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
    with faults.server(faults.answer(b"direct")) as origin:
        assert call(origin).body == b"direct"

    assert knocks == []


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.com/",
        "gopher://127.0.0.1/",
        "http://",
        "//example.com",
        "http://user:pw@example.com/",
        "http://example.com\\@127.0.0.1/",
        "http://exa mple.com/",
        "http://example.com/\r\nX: y",
        "http://example.com:99999/",
        "http://example.com/ä",
        f"http://{'a' * 64}.example/",
        "http://[::1/",
    ],
)
def test_what_is_no_plain_address_is_refused_for_good(url):
    assert refused(url).permanent


def test_a_header_cannot_smuggle_another_one():
    with faults.server(faults.answer(b"")) as origin, pytest.raises(OutboundError) as caught:
        call(origin, headers={"X": "a\r\nY: b"})

    assert caught.value.permanent


@pytest.mark.parametrize(
    "value", ["Bearer canary7f3a\n", "Bearer canary7f3a\r\nX: 1", "canary7f3a 鍵"]
)
def test_what_cannot_be_sent_is_not_repeated(value):
    """It may be a secret, and the error stands on pages that many read."""
    with faults.server(faults.answer(b"{}")) as origin:
        error = refused(f"{origin}/", allowed_origins=[origin], headers={"Authorization": value})

    assert "cannot be sent" in str(error)
    assert "canary" not in str(error)


def test_public_addresses_are_public():
    for text in ("8.8.8.8", "1.1.1.1", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"):
        assert addresses.is_public(ip_address(text)), text


def test_a_download_is_streamed_and_digested(tmp_path):
    body = bytes(range(256)) * 4000
    with faults.server(faults.answer(body)) as origin:
        found = outbound.download(
            f"{origin}/f", tmp_path / "file", allowed_origins=[origin], seconds=5
        )

    assert found == (len(body), hashlib.sha256(body).hexdigest())
    assert (tmp_path / "file").read_bytes() == body


@pytest.mark.parametrize(
    ("behave", "more"),
    [
        (faults.truncated, {}),
        (faults.drip, {"seconds": 0.5}),
        (faults.endless, {"max_bytes": 100_000}),
        (faults.answer(b"no", status="404 Not Found"), {}),
    ],
)
def test_half_a_download_leaves_nothing(tmp_path, behave, more):
    target = tmp_path / "file"
    target.write_bytes(b"before")
    with faults.server(behave) as origin, pytest.raises(OutboundError):
        outbound.download(origin, target, **{"allowed_origins": [origin], "seconds": 5, **more})

    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert target.read_bytes() == b"before"

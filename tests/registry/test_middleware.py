"""What PostgreSQL cannot store is refused before any page looks at it."""

import pytest

from tests.cast import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def pat(client):
    client.force_login(cast().pat)
    return client


@pytest.mark.parametrize(
    "address",
    [
        "/fleet/?bu=%00",
        "/fleet/?tag=a%00b",
        "/fleet/?%00=x",
        "/settings/people/%00/",
        "/nowhere/%00",
        "/admin/registry/person/?q=%00",
    ],
)
def test_an_address_with_nul_is_refused(pat, address):
    response = pat.get(address)

    assert response.status_code == 400
    assert "NUL character" in response.content.decode()
    assert response["X-Request-ID"]


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_form_with_nul_is_refused(pat, kind):
    data = {"key": "pricing", "name": "Pri\x00cing"}
    body = {"data": data}  # the client's default: multipart
    if kind != "multipart/form-data":
        body = {"data": "key=pricing&name=Pri%00cing", "content_type": kind}

    response = pat.post("/settings/units/new/", **body)

    assert response.status_code == 400
    assert "NUL character" in response.content.decode()


def test_what_only_looks_like_nul_passes(pat):
    assert pat.get("/fleet/?q=%2500").status_code == 200
    made = pat.post("/settings/units/new/", {"key": "pricing", "name": "100 %00"})
    assert made.status_code == 302

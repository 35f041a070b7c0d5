"""TLS: a server's own certificate authority counts for it alone; others are refused."""

import contextlib
import ipaddress
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from registry.mlflow import sync
from tests import factories
from tests.registry import faults
from tests.registry.api import Caller, pointers

pytestmark = pytest.mark.django_db


class Authority:
    """A certificate authority of one's own."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "intranet")])
        limits = x509.BasicConstraints(ca=True, path_length=0)
        self.pem = self._sign(self.name, self.key.public_key(), limits, critical=True)

    def _sign(self, name, key, extension, *, critical=False):
        now = datetime.now(UTC)
        built = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(extension, critical=critical)
            .sign(self.key, hashes.SHA256())
        )
        return built.public_bytes(serialization.Encoding.PEM).decode()

    def context(self, folder, address="127.0.0.1"):
        """Return a server's side of TLS with a certificate for one address."""
        key = ec.generate_private_key(ec.SECP256R1())
        named = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address)])
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        chain = folder / "chain.pem"
        chain.write_text(private.decode() + self._sign(subject, key.public_key(), named))
        found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        found.load_cert_chain(chain)
        return found


@pytest.fixture(scope="module")
def authority():
    return Authority()


def fault_of(tmp_path, authority, ca, address="127.0.0.1"):
    context = authority.context(tmp_path, address)

    with faults.server(faults.answer(b"{}"), tls=context) as origin:
        server = factories.MLflowServerFactory.create(origin=origin, ca_certificate=ca)
        with contextlib.suppress(OSError):
            sync.sweep_due(at=factories.NOW, seconds=5)
    server.refresh_from_db()
    return server.fault


def test_a_server_with_its_own_authority_is_read(tmp_path, authority):
    assert fault_of(tmp_path, authority, authority.pem) == ""


@pytest.mark.parametrize("ca", ["", Authority().pem], ids=["the system's", "another"])
def test_who_is_signed_by_nobody_we_trust_is_refused(tmp_path, authority, ca):
    assert "its certificate is not valid" in fault_of(tmp_path, authority, ca)


def test_a_certificate_for_another_host_is_refused(tmp_path, authority):
    fault = fault_of(tmp_path, authority, authority.pem, address="10.1.2.3")

    assert "its certificate is not valid" in fault


@pytest.mark.parametrize("text", ["hello", "é", "-----BEGIN CERTIFICATE-----\nAAAA", "PRIVATE KEY"])
def test_what_is_no_certificate_is_refused_when_it_is_set(people, text):
    body = {"origin": "https://ml.example.com", "ca_certificate": text}

    assert pointers(Caller(people.pat).put("mlflow-servers/m/", body)) == ["/ca_certificate"]


def test_new_credentials_fence_off_who_reads_with_the_old_ones(people, authority):
    server = factories.MLflowServerFactory.create(
        slug="m", failures=7, breaker_until=factories.NOW, progress={"a": 1}, lease_token=3
    )
    body = {"ca_certificate": authority.pem, "webhook_secret": "sixteen characters"}
    answer = Caller(people.pat).put("mlflow-servers/m/", body)
    server.refresh_from_db()

    assert answer.json()["has_own_ca"] is True
    assert answer.json()["takes_webhooks"] is True
    assert "sixteen" not in answer.content.decode()
    assert (server.lease_token, server.failures, server.progress) == (4, 0, {})

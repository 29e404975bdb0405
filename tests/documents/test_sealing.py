"""The organisation's signature in the file (PAdES): a PDF reader accepts it, and sees what was changed after it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import storages
from django.test import Client
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from occ.documents import sealing
from occ.documents.models import IssuedDocument
from occ.people.models import Site, User
from tests.documents.conftest import NOW, issue

PHRASE = "kata-sandi-kunci"


def key_file(directory: Path, *, ends: datetime = NOW + timedelta(days=400)) -> tuple[Path, Path]:
    """A PKCS#12 file and its certificate, as an organisation gets them."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Contact Center Uji")])
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
        .not_valid_before(NOW - timedelta(days=30)).not_valid_after(ends).add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    locked = serialization.BestAvailableEncryption(PHRASE.encode())
    file, certificate = directory / "key.p12", directory / "cert.pem"
    file.write_bytes(pkcs12.serialize_key_and_certificates(b"occ", key, made, None, locked))
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return file, certificate


@pytest.fixture
def certificate(tmp_path: Path, settings: Any) -> Path:
    file, made = key_file(tmp_path)
    settings.SIGNING_KEY_FILE, settings.SIGNING_KEY_PASSWORD = str(file), PHRASE
    sealing.signer.cache_clear()
    return made


def content(document: IssuedDocument) -> bytes:
    with storages["documents"].open(document.file) as file:
        return file.read()


def checked(pdf: bytes, certificate: Path) -> Any:
    (signature,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    trust = ValidationContext(trust_roots=[load_cert_from_pemder(str(certificate))], moment=NOW)
    return validate_pdf_signature(signature, trust)


@pytest.mark.req("KER-3")
def test_the_file_carries_a_signature_that_covers_all_of_it(site: Site, control: User, certificate: Path) -> None:
    document = issue(site, control)
    pdf = content(document)
    status = checked(pdf, certificate)
    assert status.bottom_line, status.pretty_print_details()
    assert status.coverage.name == "ENTIRE_FILE"
    assert "Contact Center Uji" in document.sealed_by
    assert document.size == len(pdf)
    assert b"<pdfaid:part>2</pdfaid:part>" in pdf  # still says PDF/A-2
    page = Client().get(f"/verify/{document.code}/").content.decode()
    assert "Contact Center Uji" in page


def test_a_changed_file_is_found_out(site: Site, control: User, certificate: Path) -> None:
    pdf = bytearray(content(issue(site, control)))
    at = pdf.index(b"<pdfaid:part>2</pdfaid:part>") + len(b"<pdfaid:part>")
    pdf[at] = ord("3")  # still a PDF, only another one
    assert not checked(bytes(pdf), certificate).bottom_line


def test_an_expired_certificate_issues_nothing(site: Site, control: User, tmp_path: Path, settings: Any) -> None:
    file, _made = key_file(tmp_path, ends=NOW - timedelta(days=1))
    settings.SIGNING_KEY_FILE, settings.SIGNING_KEY_PASSWORD = str(file), PHRASE
    sealing.signer.cache_clear()
    with pytest.raises(ImproperlyConfigured, match="not valid today"):
        issue(site, control)
    assert not IssuedDocument.objects.exists()
    settings.SIGNING_KEY_FILE = ""
    assert issue(site, control).sequence == 1


@pytest.mark.parametrize(
    ("name", "phrase", "says"),
    [
        ("key.p12", "falsch", "PKCS#12"),
        ("key.p12", PHRASE, ""),
        ("cert.pem", PHRASE, "PKCS#12"),
        ("none", PHRASE, "cannot be read"),
    ],
)
@pytest.mark.req("KER-3")
def test_a_key_that_cannot_be_read_stops_the_start(tmp_path: Path, name: str, phrase: str, says: str) -> None:
    key_file(tmp_path, ends=datetime.now(UTC) + timedelta(days=9))
    environment = os.environ | {"SIGNING_KEY_FILE": str(tmp_path / name), "SIGNING_KEY_PASSWORD": phrase}
    done = subprocess.run([sys.executable, "manage.py", "check"], env=environment, capture_output=True, text=True)
    assert (done.returncode != 0) == bool(says)
    assert says in done.stderr


def test_without_a_key_nothing_is_claimed(site: Site, control: User) -> None:
    document = issue(site, control)
    assert document.sealed_by == ""
    assert not PdfFileReader(io.BytesIO(content(document))).embedded_signatures

"""The organisation's signature on issued documents (PAdES, baseline B), where an installation has a key for it.

The key is a PKCS#12 file (`SIGNING_KEY_FILE`, `SIGNING_KEY_PASSWORD`) kept apart from database and documents. The
signature is a second revision of the file, which stays PDF/A; the hash that the register keeps is of the signed file.
It says that OCC issued these bytes; who approved what is in the document's own signatures.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:  # it takes long to import, and is only needed where there is a key
    from pyhanko.sign import signers

FIELD = "Organisation"


@lru_cache(maxsize=1)
def signer(path: str, password: str) -> signers.SimpleSigner:
    """The key and its certificates. Raises ImproperlyConfigured, in one line, when they cannot be read."""
    from pyhanko.sign import signers

    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise ImproperlyConfigured(f"SIGNING_KEY_FILE cannot be read: {error.strerror}") from error
    try:
        found = signers.SimpleSigner.load_pkcs12_data(content, [], password.encode() or None)
    except ValueError as error:
        raise ImproperlyConfigured("SIGNING_KEY_FILE is no PKCS#12 file that SIGNING_KEY_PASSWORD opens") from error
    if found.signing_cert is None:
        raise ImproperlyConfigured("SIGNING_KEY_FILE holds no certificate beside its key")
    return found


def key() -> signers.SimpleSigner:
    return signer(settings.SIGNING_KEY_FILE, settings.SIGNING_KEY_PASSWORD)


def sealed(pdf: bytes, *, reason: str, now: datetime) -> tuple[bytes, str]:
    """The file with the organisation's signature and the name in its certificate; as it came, and "", without a key.

    Raises ImproperlyConfigured when the certificate is not valid at `now`: nothing goes out under an expired name.
    """
    if not settings.SIGNING_KEY_FILE:
        return pdf, ""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import signers
    from pyhanko.sign.fields import SigSeedSubFilter

    organisation = key()
    certificate = organisation.signing_cert
    assert certificate is not None
    if not certificate.not_valid_before <= now.astimezone(UTC) <= certificate.not_valid_after:
        raise ImproperlyConfigured("the certificate in SIGNING_KEY_FILE is not valid today; documents are not issued")
    metadata = signers.PdfSignatureMetadata(
        field_name=FIELD, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES, reason=reason
    )
    out = io.BytesIO()
    signers.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), metadata, signer=organisation, output=out)
    return out.getvalue(), str(certificate.subject.human_friendly)

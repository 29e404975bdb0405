"""Second factors are encrypted anew when keys change (occ.encryption)."""

from allauth.mfa.models import Authenticator
from django.db import transaction

from occ.encryption import current, decrypt, encrypt, register

SECRETS = ("secret", "seed")


def rotate() -> int:
    count = 0
    for pk in list(Authenticator.objects.values_list("pk", flat=True)):
        with transaction.atomic():
            row = Authenticator.objects.select_for_update(no_key=True).filter(pk=pk).first()
            old = {name: row.data[name] for name in SECRETS if name in row.data} if row else {}
            stale = {name: encrypt(decrypt(text)) for name, text in old.items() if not current(text)}
            if row and stale:
                row.data |= stale
                row.save(update_fields=["data"])
                count += len(stale)
    return count


register("mfa.authenticator", rotate)

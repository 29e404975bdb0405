"""For modules that hear of people by their user IDs: who held which, when (occ.people.identities)."""

from collections.abc import Collection, Iterator

from django.db.models.functions import Upper

from occ.people.identities import Held, register
from userids.models import Assignment


def holders(names: Collection[str]) -> Iterator[Held]:
    """By user ID, and by the address under which an ID was held."""
    wanted = {name.upper() for name in names}
    for field, some in (("account__user_id", wanted), ("email", {name for name in wanted if "@" in name})):
        rows = Assignment.objects.annotate(name=Upper(field)).filter(name__in=some)
        for name, person_id, starts_at, ends_at in rows.values_list("name", "person_id", "starts_at", "ends_at"):
            yield Held(name, person_id, starts_at, ends_at)


register(holders)

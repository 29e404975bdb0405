"""Sources and stores set up by Team IT (RET-2): where they are, what opens them, and whether that works.

What opens a bucket is entered and never shown. It belongs to the place it was entered for: who changes the address
enters it anew, so that it cannot be sent elsewhere by changing the address. Deleting at a source is a right that is
given with a reason, which its history keeps.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from occ.addresses import Forbidden
from occ.errors import Invalid, NotAllowed
from occ.ledger.services import record
from occ.people.history import sign
from occ.people.models import Site, User
from occ.people.scope import has_role, site_ids
from retention.choices import PlaceKind
from retention.marks import numbers_hidden, without
from retention.models import Credential, Source, Store
from retention.models.places import Place
from retention.personal import PLACE_EDITORS
from retention.services.facts import ENDING, File, Read, plain, understood
from retention.services.matching import Matcher, pattern_check
from retention.storing import (
    MARKER,
    Object,
    PlaceAway,
    bucket_and_prefix,
    endpoint_judge,
    local_path,
    opened,
)

WHERE = ("kind", "url", "endpoint", "region")
SOURCE_FIELDS = (
    "name", *WHERE, "active", "record_kind", "site", "channel", "client", "pattern", "time_format", "sidecar",
    "may_delete", "scan_every_hours",
)  # fmt: skip
STORE_FIELDS = ("name", *WHERE, "active", "lock_days")
SHOWN = 20


@dataclass(frozen=True)
class Keys:
    """What opens a bucket; an empty `secret` leaves the one that is kept, if the place stays the same."""

    access: str = ""
    secret: str = ""
    forget: bool = False


def may_edit_sources(user: User, site: Site | None = None) -> bool:
    return has_role(user, PLACE_EDITORS, site=site)


def may_edit_stores(user: User) -> bool:
    """A store serves every site, so the role is needed for all of them."""
    return site_ids(user, PLACE_EDITORS) is None


def source_save(
    *, source_id: int | None, code: str = "", values: dict[str, Any], keys: Keys, note: str, actor: User, now: datetime
) -> Source:
    """Register a source (`source_id` None) or change one. Its code stays: tombstones are known by it.

    Raises NotAllowed, Invalid. The place itself need not answer now, but a directory must be there.
    """
    source = Source.objects.select_related("site").get(pk=source_id) if source_id else Source(code=code)
    if not may_edit_sources(actor, values["site"]) or (source_id and not may_edit_sources(actor, source.site)):
        raise NotAllowed
    if source_id and source.records.exists():
        for field in ("site", "record_kind"):
            if getattr(source, field) != values[field]:
                raise Invalid(_("Its records say otherwise; register another source."), field=field)
    pattern_check(values["pattern"], sidecar=values["sidecar"])
    time_format_check(values["time_format"])
    if not 1 <= values["scan_every_hours"] <= 720:
        raise Invalid(_("It is scanned at least every 720 hours."), field="scan_every_hours")
    return _save(source, values, SOURCE_FIELDS, keys, note, actor, now)


def store_save(
    *, store_id: int | None, code: str = "", values: dict[str, Any], keys: Keys, note: str, actor: User, now: datetime
) -> Store:
    """Register a store or change one, and leave its marker there. Raises NotAllowed, Invalid (it is away, too)."""
    if not may_edit_stores(actor):
        raise NotAllowed
    store = Store.objects.get(pk=store_id) if store_id else Store(code=code)
    moved = any(getattr(store, field) != values[field] for field in WHERE)
    tried = placed(Store(pk=store.pk, code=store.code), values, STORE_FIELDS, keys, kept_of(store))
    _checked(tried)
    if not store_id or moved:
        _take_possession(tried, fresh=not store_id or not store.copies.exists(), now=now)
    if values["lock_days"] and not _lockable(tried):
        raise Invalid(_("This place keeps no Object Lock."), field="lock_days")
    return _save(store, values, STORE_FIELDS, keys, note, actor, now)


def _take_possession(store: Store, *, fresh: bool, now: datetime) -> None:
    """Leave the marker where there is none. Outside of transactions: it may take long."""
    shelf = opened(store, expect_marker=False)
    try:
        found = shelf.marker()
        if found is None and not fresh:
            words = _("The packages are not there: %(name)s is missing. Move them, and it, first.")
            raise Invalid(words % {"name": MARKER}, field="url")
        if found is None:
            shelf.mark(now=now)
        elif found.get("code") != store.code:
            raise Invalid(_("This is the store %(code)s already.") % {"code": found.get("code")}, field="url")
    except (PlaceAway, FileNotFoundError) as away:
        raise Invalid(_("It cannot be reached: %(why)s") % {"why": away}, field="url") from away


def _lockable(store: Store) -> bool:
    try:
        return opened(store).lockable()
    except PlaceAway as away:
        raise Invalid(_("It cannot be reached: %(why)s") % {"why": away}, field="url") from away


@transaction.atomic
def _save(
    place: Any, values: dict[str, Any], fields: tuple[str, ...], keys: Keys, note: str, actor: User, now: datetime
) -> Any:
    new = place.pk is None
    if not note.strip():
        raise Invalid(_("Say why."), field="note")
    model = type(place)
    if not new:
        place = model.objects.select_for_update(of=("self",), no_key=True).get(pk=place.pk)
    was = {} if new else {field: str(getattr(place, field)) for field in fields}
    before = (place.kind, place.url, place.endpoint)
    for field in fields:
        setattr(place, field, values[field])
    _checked(place)
    try:
        place.clean_fields()
    except ValidationError as error:
        field, words = next(iter(error.message_dict.items()))
        raise Invalid(words[0], field=field) from error
    sign(place, actor, note.strip(), now=now)
    try:
        with transaction.atomic():
            place.save(update_fields=None if new else fields)
    except IntegrityError as error:
        raise Invalid(_("This code is taken."), field="code") from error
    told = _keep_keys(place, keys, same=not new and before == (place.kind, place.url, place.endpoint))
    said = {field: str(getattr(place, field)) for field in fields}
    data = {"was": was, "is": said, "keys": told, "note": note.strip()}
    deed = "registered" if new else "edited"
    site = getattr(place, "site", None)
    record(actor=actor, action=f"{model._meta.model_name}.{deed}", subject=place, data=data, now=now, site=site)
    return place


def _keep_keys(place: Place, keys: Keys, *, same: bool) -> str:
    """Enter, keep or remove what opens it; what was done, in words for the ledger."""
    owner: dict[str, Any] = {"store" if isinstance(place, Store) else "source": place}
    if keys.secret and place.kind == PlaceKind.S3:
        given = {"access_key": keys.access, "secret_key": keys.secret}
        Credential.objects.update_or_create(**owner, defaults=given)
        return _("entered anew")
    present = Credential.objects.filter(**owner)
    if keys.forget or not same:
        return _("removed") if present.delete()[0] else ""
    return ""


# Whether it can be right ---------------------------------------------------------------------------------------------


def _checked(place: Any) -> None:
    """Raises Invalid: the address is none, not there, or another place's."""
    if place.kind == PlaceKind.DIRECTORY:
        path = local_path(place.url)
        if path.parent == path or ".." in path.parts:
            raise Invalid(_("Name a directory of its own."), field="url")
        if not path.is_dir():
            raise Invalid(_("The directory %(path)s is not there.") % {"path": path}, field="url")
    else:
        bucket_and_prefix(place.url)
        try:
            if place.endpoint and urlsplit(place.endpoint).scheme not in {"http", "https"}:
                raise Invalid(_("The endpoint begins with https://."), field="endpoint")
            endpoint_judge(place.endpoint)
        except (Forbidden, ValueError) as refusal:
            raise Invalid(_("OCC does not connect to this address."), field="endpoint") from refusal
    for model in (Source, Store):
        others = model._default_manager.filter(kind=place.kind)
        if isinstance(place, model) and place.pk:
            others = others.exclude(pk=place.pk)
        for other in others:
            if _overlap(place, other):
                words = _("It lies within %(name)s, or that lies within it.")
                raise Invalid(words % {"name": other}, field="url")


def _overlap(one: Any, other: Any) -> bool:
    """Two sources in one tree catalogue everything twice; a store within a source would be catalogued itself."""
    if one.kind == PlaceKind.DIRECTORY:
        mine, theirs = (local_path(place.url).resolve() for place in (one, other))
        return mine.is_relative_to(theirs) or theirs.is_relative_to(mine)
    if _server(one.endpoint) != _server(other.endpoint):
        return False
    (bucket, prefix), (theirs_bucket, theirs_prefix) = (bucket_and_prefix(place.url) for place in (one, other))
    mine_parts, their_parts = (p.split("/") if p else [] for p in (prefix, theirs_prefix))
    shorter = min(len(mine_parts), len(their_parts))
    return bucket == theirs_bucket and mine_parts[:shorter] == their_parts[:shorter]


def _server(endpoint: str) -> str:
    """The same for one server however its address is written."""
    parts = urlsplit(endpoint.strip())
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        port = 0
    return f"{(parts.hostname or '').rstrip('.')}:{port}" if endpoint else ""


def time_format_check(form: str) -> None:
    sample = datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001 - a sample
    try:
        found = datetime.strptime(sample.strftime(form), form)  # noqa: DTZ007
    except (ValueError, UnicodeError) as error:
        raise Invalid(_("The format of times is none, as %Y%m%dT%H%M%S is one."), field="time_format") from error
    if found.replace(tzinfo=None).date() != sample.date():
        raise Invalid(_("The format of times leaves out the day, the month or the year."), field="time_format")


# Whether it works ----------------------------------------------------------------------------------------------------


def kept_of(place: Place) -> Credential | None:
    return getattr(place, "credential", None) if place.pk else None


def placed(
    place: Any, values: dict[str, Any], fields: tuple[str, ...], keys: Keys, kept: Credential | None
) -> Any:  # fmt: skip
    """The place as the form describes it, not saved: to be tried. The kept key goes to the place it is for only."""
    place_of_it = kept.source or kept.store if kept is not None else None
    same = all(getattr(place_of_it, field, None) == values[field] for field in ("kind", "url", "endpoint"))
    for field in fields:
        setattr(place, field, values[field])
    owner: dict[str, Any] = {"store" if isinstance(place, Store) else "source": place}
    if keys.secret:
        Credential(**owner, access_key=keys.access, secret_key=keys.secret)
    elif same and kept is not None and not keys.forget:
        Credential(**owner, access_key=kept.access_key, secret_key=kept.secret_key)
    return place


def first_objects(place: Source | Store, count: int = SHOWN) -> list[Object]:
    """The first that its list names. Raises PlaceAway."""
    objects: Iterable[Object] = opened(place).objects()
    if getattr(place, "sidecar", False):
        objects = (one for one in objects if not one.name.endswith(ENDING))
    return list(islice(objects, count))


def source_try(source: Source, *, now: datetime) -> list[Read]:
    """The first files of a source, perhaps one that is not saved yet, as its pattern reads them; customers masked.

    Raises PlaceAway, Invalid.
    """
    files = [
        File(shown(one.name), one.size, "", one.odd or ("" if plain(one.name) else _("Its name is no UTF-8.")))
        for one in first_objects(source)
    ]
    with Matcher(source.pattern) as matcher:
        found = understood(source, opened(source), matcher, files, now=now)
        return [
            replace(one, path=numbers_hidden(without(one.path, one.facts.customer if one.facts else "")),
                    why=numbers_hidden(one.why))
            for one in found
        ]  # fmt: skip


def shown(name: str) -> str:
    return name.encode(errors="replace").decode()


def place_try(*, place: Source | Store, actor: User, now: datetime) -> list[Object]:
    """Ask the place what it holds; the ledger keeps the question and the answer. Raises NotAllowed, PlaceAway."""
    allowed = may_edit_stores(actor) if isinstance(place, Store) else may_edit_sources(actor, place.site)
    if not allowed:
        raise NotAllowed
    said: dict[str, Any] = {}
    try:
        found = first_objects(place, 1)
        said = {"found": [numbers_hidden(shown(one.name)) for one in found]}
    except PlaceAway as away:
        said = {"error": str(away)}
        raise
    finally:
        action = f"{type(place)._meta.model_name}.tried"
        record(actor=actor, action=action, subject=place, data=said, now=now, site=getattr(place, "site", None))
    return found

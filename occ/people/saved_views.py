"""Filters of lists that a user keeps by name (KER-12)."""

from django.db import IntegrityError, transaction
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from occ.errors import Invalid, WrongState
from occ.people.models import SavedView, User

MOST = 20


def saved_view_keep(*, page: str, name: str, query: str, actor: User) -> SavedView:
    """Keep what a list is filtered by; the same name again replaces it. Raises Invalid, WrongState."""
    name = " ".join(name.split())
    if not name or len(name) > 60:
        raise Invalid(_("Give the view a name of at most 60 characters."), field="name")
    if "\x00" in f"{page}{name}" or len(page) > 200 or not is_list(page):
        raise Invalid(_("There is no such list."))
    mine = SavedView.objects.filter(user=actor, page=page)
    if mine.exclude(name=name).count() >= MOST:
        raise WrongState(_("You keep %(n)s views of this list already. Remove one first.") % {"n": MOST})
    try:
        with transaction.atomic():
            return SavedView.objects.update_or_create(
                user=actor, page=page, name=name, defaults={"query": query[:1000].replace("\x00", "")}
            )[0]
    except IntegrityError:  # a double click: the other one has kept it
        return mine.get(name=name)


def is_list(page: str) -> bool:
    """An address of ours that names no single thing."""
    try:
        return not resolve(page).kwargs
    except Resolver404:
        return False


def saved_view_remove(*, view_id: int, actor: User) -> None:
    SavedView.objects.filter(pk=view_id, user=actor).delete()

"""What log-ins do when something happens elsewhere."""

from datetime import datetime
from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver

from occ.login.services.logins import login_end
from occ.login.sessions import note_beginning
from occ.people.actors import Actor
from occ.people.lifecycle import left
from occ.people.models import Person, User

user_logged_in.connect(note_beginning, dispatch_uid="occ.login.note_beginning")


@receiver(left, dispatch_uid="occ.login.left")
def end(sender: type[Person], *, person: Person, actor: Actor, now: datetime, **kwargs: Any) -> None:
    if user := User.objects.filter(person=person).select_related("person__site").first():
        login_end(user=user, actor=actor, now=now)

"""Refusals: what a service says when it does not do what was asked, in words the person who asked understands.

A service that raises one of these has changed nothing (but for `leaves`). Pages show `message`; the API answers
`{"code", "message", "field", "index"}` with `status`.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Refused(Exception):
    """`leaves`: it is the exception to the rule, what was written before it is to stay (a try that is kept).
    `url` and `about`: where what it speaks of is to be seen, and its name. `more`: what else is refused of it."""

    code = "refused"
    status = 422
    leaves = False
    url = ""
    about = ""
    more: "tuple[Refused, ...]" = ()

    def __init__(self, message: "str | Promise", *, code: str | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.field = field

    def __str__(self) -> str:
        return str(self.message)


class NotAllowed(Refused):
    """The actor's roles do not cover this deed."""

    code = "not_allowed"
    status = 403

    def __init__(
        self, message: "str | Promise" = _("Your role does not cover this step."), **kwargs: str | None
    ) -> None:
        super().__init__(message, **kwargs)


class WrongState(Refused):
    """Somebody was quicker, or the step does not follow from where the process stands."""

    code = "wrong_state"
    status = 409


class Invalid(Refused):
    """What was entered cannot be right."""

    code = "invalid"


class Faults:
    """Gathers all that is wrong with what was entered, so that it is told at once and not one thing at each try."""

    def __init__(self) -> None:
        self.found: list[Refused] = []

    def add(self, message: "str | Promise", *, code: str | None = None, field: str | None = None) -> None:
        self.found.append(Invalid(message, code=code, field=field))

    @contextmanager
    def of(self) -> Iterator[None]:
        """Whatever the body refuses as invalid is one of them."""
        try:
            yield
        except Invalid as fault:
            self.found += [fault, *fault.more]

    def tell(self) -> None:
        """Raises the first of them, with the others; nothing where there is none."""
        if self.found:
            first, *others = self.found
            first.more = tuple(others)
            raise first

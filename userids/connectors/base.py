"""What OCC asks of an application whose user IDs it keeps (UID-10), whoever answers: a person, or SCIM.

A deactivation counts when the application, asked again, shows the user as inactive; so `deactivate` and `replace`
return what was read back and never what was sent.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from occ.texts import kept_within


@dataclass(frozen=True)
class RemoteUser:
    """A user as the application shows it. `user_id` is the logbook's key, `remote_id` the application's own."""

    user_id: str
    active: bool
    remote_id: str = ""
    name: str = ""
    email: str = ""
    role: str = ""
    last_login_at: datetime | None = None
    # When the application says that it was made and last changed; evidence, where it can be true.
    created_at: datetime | None = None
    modified_at: datetime | None = None


class ConnectorError(Exception):
    """The application did not do it, in words for the request's history. `retry_after`: seconds to wait, if it said.

    `temporary`: trying again later may help (it was away, busy, slow); otherwise a person has to look.
    """

    def __init__(self, message: str, *, temporary: bool, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.temporary, self.retry_after = temporary, retry_after

    @property
    def kept(self) -> str:
        """The words as a row keeps them, for whoever reads them in whatever language."""
        found: str = kept_within(self.args[0])
        return found


class Connector(Protocol):
    """Every method may raise ConnectorError."""

    def list_accounts(self) -> Iterator[RemoteUser]:
        """All users, each once, whatever the application repeats between pages; raises rather than leave one out."""

    def get(self, user_id: str) -> RemoteUser | None: ...

    def deactivate(self, user_id: str) -> RemoteUser:
        """Shut the user and read it back. Raises when it still shows as active."""

    def replace(self, user_id: str, *, name: str, email: str) -> RemoteUser:
        """Give the user ID to its next holder, active again, and read it back."""

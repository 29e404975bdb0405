"""No connector: a person does it in the application and attaches the proof (SOP-UID 8.1, step 4)."""

from collections.abc import Iterator
from typing import NoReturn

from occ.texts import told as _
from userids.connectors.base import ConnectorError, RemoteUser


class ManualConnector:
    """Refuses everything, in words that say who does it instead."""

    def list_accounts(self) -> Iterator[RemoteUser]:
        raise ConnectorError(
            _("This application has no connector. Upload its user list as a spreadsheet instead."), temporary=False
        )

    def get(self, user_id: str) -> RemoteUser | None:
        refuse()

    def deactivate(self, user_id: str) -> RemoteUser:
        refuse()

    def replace(self, user_id: str, *, name: str, email: str) -> RemoteUser:
        refuse()


def refuse() -> NoReturn:
    raise ConnectorError(
        _("This application has no connector: a person does it there and attaches the proof."), temporary=False
    )

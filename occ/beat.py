"""Beat of which any number may run: one leads and asks for the duties, the others wait to take over.

Leading is holding an advisory lock of PostgreSQL on a session of its own: the database lets go of it when the leader's
process or connection ends, so there is no lease to renew and no clock to trust. The schedule is kept in memory: who
begins to lead asks for every duty once, at once, and counts the intervals from there.

A leader cut off from the database may ask once more before it notices, while another one leads already. That does no
harm: whatever a duty does, it does once (conditional updates and locks in the services).

Never through a pooler that shares sessions (PgBouncer in transaction mode): the lock would be somebody else's.
"""

import logging
from typing import Any

import psycopg2
from celery.beat import Scheduler
from django.db import connection

logger = logging.getLogger(__name__)
LOCK = 0x0CC_BEA7
# Both sides notice within some 20 s that the other one's machine is gone; a process that ends is noticed at once.
KEEPALIVE = {"keepalives_idle": 5, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 15_000}


class LeaderScheduler(Scheduler):
    # The longest sleep, seconds: so long may pass until a lost connection is noticed or a free lock is taken.
    max_interval = 2

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.session: Any = None
        super().__init__(*args, **kwargs)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        if not self.leads():
            return self.max_interval
        return float(super().tick(*args, **kwargs))

    def leads(self) -> bool:
        """Whether this process holds the lock; takes it where nobody does."""
        try:
            if self.session is not None:
                self.session.cursor().execute("SELECT 1")
                return True
            session = connect()
        except psycopg2.Error as error:
            self.stand_down(error)
            return False
        try:
            with session.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
                if not cursor.fetchone()[0]:
                    session.close()
                    return False
        except psycopg2.Error:
            session.close()
            return False
        self.session = session
        self.catch_up()
        return True

    def stand_down(self, error: psycopg2.Error) -> None:
        if self.session is None:
            return
        logger.warning("beat leads no more: %s", " ".join(str(error).split()))
        self.session.close()
        self.session = None

    def catch_up(self) -> None:
        """Whoever begins to lead is late for everything: ask for each duty now and not one interval later."""
        logger.info("beat leads")
        for entry in list(self.schedule.values()):
            self.reserve(entry)
            self.apply_entry(entry, producer=self.producer)
        self._heap = None

    def close(self) -> None:
        super().close()
        if self.session is not None:
            self.session.close()
            self.session = None


def connect() -> Any:
    """A session that Django does not manage: it lasts as long as this process leads."""
    wanted = {name: value for name, value in connection.get_connection_params().items() if name != "cursor_factory"}
    session = psycopg2.connect(**{**wanted, **KEEPALIVE, "application_name": "occ-beat"})
    session.autocommit = True
    with session.cursor() as cursor:
        cursor.execute("SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3")
    return session

"""The mail server is away for a day, comes back, and is killed once more in the middle: everybody gets every mail, and
one that comes twice carries the same id. A real SMTP process; the day passes by the clock that is passed in.
"""

from __future__ import annotations

import email
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

from _house import House, check, run

PORT = 0


def fault(house: House, small: bool) -> None:
    from django.db import connections
    from django.utils import timezone

    from occ.notifications.models import Delivery, DeliveryState
    from occ.notifications.services import deliver_due, notify
    from occ.people.models import User
    from userids.notices import DOCUMENT

    count, step = (10, timedelta(minutes=15)) if small else (200, timedelta(minutes=1))
    users = list(User.objects.exclude(email=""))
    now = timezone.now()
    for i in range(count):
        params = {"user_id": f"OMN-{i}", "person": "Ani", "due": now.isoformat()}
        notify(to=users, kind=DOCUMENT.key, params=params, key=f"fault-{i}", now=now)
    waiting = Delivery.objects.filter(state=DeliveryState.PENDING).count()
    check(waiting == count * len(users), f"{waiting} mails wait")
    tried, back = 0, now + timedelta(days=1)
    while now < back:
        sent, failed = deliver_due(now=now, limit=10_000)
        check(sent == 0, "a mail went out to nowhere")
        tried, now = tried + failed, now + step
    house.say(f"the mail server away for a day: {waiting} mails tried {tried / waiting:.1f} times each, none given up")
    check(not Delivery.objects.filter(state=DeliveryState.FAILED).exists(), "a mail was given up")
    box = house.folder / "mail"
    server = smtp(box)
    killed = threading.Timer(0.3, server.kill) if small else threading.Timer(1.5, server.kill)
    killed.start()

    def four_workers() -> None:
        def work() -> None:
            deliver_due(now=now, limit=10_000)
            connections.close_all()

        threads = [threading.Thread(target=work) for _one in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    now += timedelta(hours=16)  # the longest pause between two attempts
    four_workers()
    killed.join()
    server.wait()
    arrived = len(list(box.glob("new/*")))
    house.say(f"it came back and was killed again after {arrived} mails")
    server = smtp(box)
    try:
        for _round in range(5):
            now += timedelta(hours=24)
            four_workers()
    finally:
        server.terminate()
        server.wait()
    check(not Delivery.objects.exclude(state=DeliveryState.SENT).exists(), "a mail is not sent")
    ids = Counter(email.message_from_bytes(path.read_bytes())["Message-ID"] for path in box.glob("new/*"))
    house.say(f"{len(ids)} of {waiting} mails arrived, {sum(ids.values()) - len(ids)} of them twice under the same id")
    check(len(ids) == waiting, "a mail never arrived")
    check(sum(ids.values()) - len(ids) <= 4, "more came twice than were under way when it was killed")


def smtp(box: Path) -> subprocess.Popen[bytes]:
    words = ["aiosmtpd", "-n", "-l", f"127.0.0.1:{PORT}", "-c", "aiosmtpd.handlers.Mailbox", str(box)]
    process = subprocess.Popen([sys.executable, "-m", *words])
    from occ.runtime.servers import answers

    while not answers(PORT):
        time.sleep(0.05)
    return process


if __name__ == "__main__":
    from occ.runtime.servers import free_port

    PORT = free_port()
    os.environ["EMAIL_URL"] = f"smtp://127.0.0.1:{PORT}"
    run(fault)

"""Two beats: the leader is killed again and again; the other one takes over, and the duties go on."""

from __future__ import annotations

import time

from _house import House, check, run

LEADS = "beat leads"


def count(house: House, name: str) -> int:
    path = house.log(name)
    return path.read_text().count(LEADS + '"') if path.exists() else 0


def fault(house: House, small: bool) -> None:
    from occ.ledger.models import Heartbeat

    house.worker()
    for name in ("a", "b"):
        house.beat(name)
    house.until(40, lambda: count(house, "a") + count(house, "b") == 1, "one leads")
    leader = "a" if count(house, "a") else "b"
    house.until(40, lambda: Heartbeat.objects.filter(name="sweep").exists(), "the duties run")
    time.sleep(3)
    taken = []
    for _time in range(1 if small else 5):
        other = "b" if leader == "a" else "a"
        before = count(house, other)
        house.kill(leader)
        took = house.until(
            20, lambda other=other, before=before: count(house, other) > before, "the other one takes over"
        )
        taken.append(took)
        house.say(f"the leader killed with -9; the other one leads after {took:.1f} s")
        last = Heartbeat.objects.get(name="sweep").at
        ran = house.until(60, lambda last=last: Heartbeat.objects.get(name="sweep").at > last, "the sweep runs again")
        house.say(f"the sweep has run again {ran:.1f} s later")
        check(house.processes[other].poll() is None, "the new leader lives")
        house.beat(leader)
        leader = other
        time.sleep(0 if small else 6)
    house.say(f"taken over in {min(taken):.1f} to {max(taken):.1f} s")
    before = count(house, "a") + count(house, "b")
    house.down("postgres", hard=True)
    time.sleep(1 if small else 20)
    house.up("postgres")
    took = house.until(60, lambda: count(house, "a") + count(house, "b") > before, "one leads again")
    house.say(f"PostgreSQL killed and brought back: one leads again after {took:.1f} s, both beats live")
    check(all(house.processes[name].poll() is None for name in ("a", "b")), "both beats live")


if __name__ == "__main__":
    run(fault)

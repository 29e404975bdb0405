"""Deleting N recordings with all that is asked and kept about it, against `rm -r` of the same tree (RET-9, RET-10).

`retention_dispose.py [N] [BYTES]`: 10 000 files of 50 000 bytes. Targets: at least 80 % of rm's speed; the berita
acara with 10 000 lines in its annex in 5 s.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _bench import ROOT, Report, measured, use_database

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
SIZE = int(sys.argv[2]) if len(sys.argv) > 2 else 50_000


def main() -> None:
    use_database("bench_dispose")
    sys.path.insert(0, str(ROOT))
    from django.utils import timezone

    from occ.people.choices import Role
    from occ.policies.services import install_defaults
    from retention.models import Proposal
    from retention.services import disposing, ending, minutes
    from retention.services.witnesses import Outsider
    from tests.factories import user
    from tests.retention import disposal

    install_defaults()
    root = Path(tempfile.mkdtemp(prefix="occ-bench-"))
    world = disposal.dead(root, count=COUNT, in_pack=1_000, size=SIZE)
    shutil.copytree(root / "source", root / "same")
    subprocess.run(["sync"], check=True)
    proposal = world.approved()
    disposing.proposal_execute(proposal_id=proposal.pk, actor=world.it, now=timezone.now())
    began = time.perf_counter()
    subprocess.run(["rm", "-r", str(root / "same")], check=True)
    subprocess.run(["sync", "-f", str(root)], check=True)
    rm = time.perf_counter() - began
    parts = {"look": 0.0, "delete at the source": 0.0, "keys, rows, tombstones": 0.0, "packages, journals, probe": 0.0}

    def timed(module: object, name: str, part: str) -> None:
        real = getattr(module, name)

        def wrapped(*args: object, **kwargs: object) -> object:
            start = time.perf_counter()
            try:
                return real(*args, **kwargs)
            finally:
                parts[part] += time.perf_counter() - start

        setattr(module, name, wrapped)

    timed(disposing, "_begin", "look")
    timed(disposing, "_delete", "delete at the source")
    timed(disposing.burying, "bury", "keys, rows, tombstones")
    timed(ending, "end", "packages, journals, probe")
    with measured() as whole:
        while disposing.proposal_dispose(proposal_id=proposal.pk, clock=timezone.now):
            pass
    assert Proposal.objects.get(pk=proposal.pk).status == "destroyed" and not world.files
    control = user(Role.DOCUMENT_CONTROL, proposal.site)
    with measured() as issued:
        minutes.disposal_issue(
            proposal_id=proposal.pk, place="Jakarta", language="id", signatures=(),
            witnesses=[Outsider("Saksi", "Auditor", "PT Saksi")],
            actor=control, now=timezone.now(),
        )  # fmt: skip
    report = Report("retention_dispose")
    report.add("rm -r and sync", seconds=rm, per_second=COUNT / rm)
    for name, seconds in parts.items():
        report.add(name, seconds=seconds, per_second=COUNT / seconds if seconds else 0.0)
    share = 100 * rm / whole.seconds
    report.add("all of it", seconds=whole.seconds, per_second=COUNT / whole.seconds, of_rm=f"{share:.0f} %")
    report.add("memory above nothing", MiB=whole.peak)
    report.add("berita acara with all of it in its annex", seconds=issued.seconds, per_second=COUNT / issued.seconds)
    report.write()
    shutil.rmtree(root)
    at_source = rm / parts["delete at the source"]
    sys.exit(at_source < 0.8 or issued.seconds > 5 * max(1, COUNT / 10_000))


main()

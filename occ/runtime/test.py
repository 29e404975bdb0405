"""bin/test: every check; with arguments only pytest with those."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from occ.runtime.environment import ROOT, prepared, said, var_directory

BIN = Path(sys.executable).parent
# Three at once on two cores, as many tests wait for something, each with databases of its own (tests/parallel.py: Redis
# has sixteen); a file's tests stay together, as they share set-up, in the order of tests/conftest.py.
PROCESSES = min(12, max(3, os.cpu_count() or 1))
PARALLEL = ("-n", str(PROCESSES), "--dist", "loadfile", "--no-loadscope-reorder", "--durations", "25")
# It takes its instructions out of the code that has run; a tracer takes half as long again as the tests themselves.
SLIPCOVER = (sys.executable, "-m", "slipcover")
COVERED = ("--fail-under", "85")
# The database of which the tests take copies is migrated while the other checks run; a test says what is wrong with it.
TEMPLATE = "from tests.database import template; template()"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main() -> int:
    os.chdir(ROOT)
    arguments = sys.argv[1:]
    browser, promtool = find_browser(), find_promtool()
    with said(), prepared(var_directory(None) / "test", fast=True) as environment:
        environment |= {"CHROMIUM": browser, "PROMTOOL": promtool, "LOG_LEVEL": "WARNING"}
        if arguments:
            return subprocess.call([str(BIN / "pytest"), *arguments], env=environment)
        return everything(environment)


def everything(environment: dict[str, str]) -> int:
    """Runs all checks even when one fails, so that one run tells everything; 1 when any did."""
    manage = [sys.executable, "manage.py"]
    coverage = Path(environment["OCC_VAR"]) / "coverage.json"
    checks = {
        "style": [str(BIN / "ruff"), "check", "."],
        "format": [str(BIN / "ruff"), "format", "--check", "."],
        "types": [str(BIN / "mypy")],
        "imports": [str(BIN / "lint-imports")],
        "migrations": [*manage, "makemigrations", "--check", "--dry-run"],
        "settings": [*manage, "check", "--fail-level", "WARNING"],
        "requirements": [*manage, "trace", "--check"],
        "tests": [*SLIPCOVER, "--json", "--out", str(coverage), "-m", "pytest", *PARALLEL],
        "coverage": [*SLIPCOVER, "--merge", str(coverage), "--out", str(coverage), "--skip-covered", *COVERED],
    }
    failed = []
    template = subprocess.Popen([sys.executable, "-c", TEMPLATE], env=environment)
    for name, command in checks.items():
        if name == "tests":
            template.wait()
        began = time.monotonic()
        print(f"== {name}", flush=True)
        if subprocess.call(command, env=environment):
            failed.append(name)
        print(f"== {name}: {time.monotonic() - began:.0f} s", flush=True)
    print(f"== failed: {', '.join(failed)}" if failed else "== all checks passed", flush=True)
    return 1 if failed else 0


def find_browser() -> str:
    """Chromium for the browser tests, installed where we may; a missing one is a failure and never a skip."""
    given = os.environ.get("CHROMIUM")
    found = given or next(filter(None, map(shutil.which, BROWSERS)), None) or installed("chromium", "chromium")
    if not found:
        sys.exit("The browser tests need Chromium. Install it (apt-get install chromium) or set CHROMIUM to its path.")
    return found


def find_promtool() -> str:
    """What checks the metrics' format and Prometheus' files; a missing one is a failure of the test that needs it."""
    return os.environ.get("PROMTOOL") or shutil.which("promtool") or installed("prometheus", "promtool") or ""


def installed(package: str, program: str) -> str | None:
    """The program out of a package that is installed now, where we may."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return None
    print(f"-- Installing {package} …", flush=True)
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "-y", "--no-install-recommends", package]):
        subprocess.call(["apt-get", "-qq", *words], stdout=subprocess.DEVNULL, env=quiet)
    return shutil.which(program)


if __name__ == "__main__":
    sys.exit(main())

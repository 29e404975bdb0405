"""bin/faults [NAME…] [--small]: the faults under tests/faults, each with servers and processes of its own.

Each says what it did to them and what came of it; the exit status is 1 when one did not end as it should.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from occ.runtime.environment import ROOT, said, var_directory

FOLDER = ROOT / "tests" / "faults"


def known() -> dict[str, Path]:
    return {path.stem: path for path in sorted(FOLDER.glob("[a-z]*.py")) if not path.stem.startswith("test_")}


def main() -> int:
    parser = argparse.ArgumentParser(prog="bin/faults", description=f"Faults: {', '.join(known())}.")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--small", action="store_true", help="scaled down, as the tests run them")
    arguments = parser.parse_args()
    names = arguments.names or list(known())
    if unknown := [name for name in names if name not in known()]:
        parser.error(f"no fault {', '.join(unknown)}; there are: {', '.join(known())}")
    var = var_directory(None) / "faults"
    var.mkdir(parents=True, exist_ok=True)
    failed = []
    with said(), tempfile.TemporaryDirectory(dir=var, prefix="run-") as folder:
        prepared = Path(folder) / "prepared"
        environment = os.environ | {"PYTHONPATH": str(ROOT), "FAULTS_PREPARED": str(prepared)}
        print("-- Preparing a database …", flush=True)
        subprocess.run([sys.executable, str(FOLDER / "_house.py"), str(prepared)], env=environment, check=True)
        for name in names:
            began = time.monotonic()
            print(f"== {name}", flush=True)
            words = [sys.executable, str(known()[name]), *(["--small"] if arguments.small else [])]
            if subprocess.call(words, env=environment):
                failed.append(name)
            print(f"== {name}: {'FAILED' if name in failed else 'as it should be'}, {time.monotonic() - began:.0f} s")
    print(f"== failed: {', '.join(failed)}" if failed else "== all as they should be", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

"""bin/manage COMMAND …: manage.py with its servers up."""

import subprocess
import sys

from occ.runtime.environment import ROOT, prepared, said, var_directory


def main() -> int:
    with said(), prepared(var_directory(None)) as environment:
        return subprocess.call([sys.executable, str(ROOT / "manage.py"), *sys.argv[1:]], env=environment)


if __name__ == "__main__":
    sys.exit(main())

"""bin/bench [NAME…]: the benchmarks under tests/benchmarks, each in its own process; results under var/bench/."""

import subprocess
import sys

from occ.runtime.environment import ROOT, prepared, said, var_directory


def main() -> int:
    known = {path.stem: path for path in sorted((ROOT / "tests" / "benchmarks").glob("[a-z]*.py"))}
    wanted = sys.argv[1:] or list(known)
    if unknown := [name for name in wanted if name not in known]:
        print(f"no benchmark {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    var = var_directory(None) / "bench"
    with said(), prepared(var, owner=True) as environment:
        environment |= {"PYTHONPATH": str(ROOT), "LOG_LEVEL": "WARNING"}
        codes = [subprocess.call([sys.executable, str(known[name])], env=environment) for name in wanted]
    return max(codes, default=0)


if __name__ == "__main__":
    sys.exit(main())

"""A process of its own in which paths are held against a pattern: what never ends there is ended from outside.

No Django here. First line in: {"pattern", "memory"}; the answer: {"groups"} or {"error"}. Then a JSON list of paths per
line; the answer is a list of the same length: an object of the groups that took part, or null.
"""

import json
import re
import resource
import sys
from typing import Any


def main() -> None:
    asked = json.loads(sys.stdin.readline())
    resource.setrlimit(resource.RLIMIT_AS, (asked["memory"], asked["memory"]))
    try:
        pattern = re.compile(asked["pattern"])
    except (re.error, RecursionError, OverflowError, MemoryError) as error:
        answer({"error": str(error) or type(error).__name__})
        return
    answer({"groups": sorted(pattern.groupindex)})
    for line in sys.stdin:
        found = (pattern.fullmatch(path) for path in json.loads(line))
        answer([{k: v for k, v in one.groupdict().items() if v is not None} if one else None for one in found])


def answer(said: Any) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

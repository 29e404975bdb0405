"""Paths held against a source's pattern, bounded in time and memory.

A pattern such as `(a+)+b` takes longer than the world has, and nothing in the process that runs it can end it. So it
runs in a child; the one that does not answer in time is killed, and the path that held it up is named.
"""

from __future__ import annotations

import json
import selectors
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from occ.errors import Invalid

CHILD = Path(__file__).with_name("matching_child.py")
LONGEST = 600  # characters of a path
SOME, SOME_SECONDS, ONE_SECONDS, START_SECONDS = 1_000, 4.0, 0.5, 5.0
MEMORY = 512 * 2**20
# What holds up a pattern that repeats a repetition: long runs of what it takes, and an end that it does not.
TRIALS = [run * 290 + end for run in ("a", "0", "a0", "_", "a-", "a/", " ", "aa.", "0_") for end in ("!", "\n")]


class TooSlow(Exception):
    """The pattern does not come to an end on this path in time."""


class _Slow(Exception):
    pass


class Matcher:
    """Raises Invalid (field pattern) where the pattern is none. To be closed, or used by `with`."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.groups: list[str] = []
        self._start()

    def __enter__(self) -> Matcher:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def match(self, paths: Sequence[str]) -> Iterator[dict[str, str] | TooSlow | None]:
        """For each path its groups, None where the whole path does not fit, or TooSlow."""
        for at in range(0, len(paths), SOME):
            some = paths[at : at + SOME]
            try:
                yield from self._ask(some, SOME_SECONDS)
            except _Slow:
                for path in some:
                    try:
                        yield from self._ask([path], ONE_SECONDS)
                    except _Slow:
                        yield TooSlow()

    def close(self) -> None:
        self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                pipe.close()

    def _start(self) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-I", str(CHILD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env={"LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        try:
            said = self._say({"pattern": self.pattern, "memory": MEMORY}, START_SECONDS)
        except _Slow:
            self.close()
            raise Invalid(_("This pattern is too much for the time it may take."), field="pattern") from None
        if "error" in said:
            self.close()
            raise Invalid(_("This is no regular expression: %(why)s") % {"why": said["error"][:120]}, field="pattern")
        self.groups = said["groups"]

    def _ask(self, paths: Sequence[str], seconds: float) -> list[Any]:
        try:
            found: list[Any] = self._say(list(paths), seconds)
        except _Slow:
            self.close()
            self._start()
            raise
        return found

    def _say(self, what: Any, seconds: float) -> Any:
        assert self._child.stdin is not None and self._child.stdout is not None
        try:
            self._child.stdin.write(json.dumps(what).encode() + b"\n")
            self._child.stdin.flush()
            with selectors.DefaultSelector() as selector:  # it writes one line when it is done, and nothing before
                selector.register(self._child.stdout, selectors.EVENT_READ)
                if not selector.select(seconds):
                    raise _Slow
            line = self._child.stdout.readline()
        except BrokenPipeError:
            raise _Slow from None
        if not line:  # it died, of memory
            raise _Slow
        return json.loads(line)


def pattern_check(pattern: str, *, sidecar: bool) -> None:
    """Raises Invalid: no regular expression, a group missing, or it runs away."""
    with Matcher(pattern) as matcher:
        if missing := {"id", "start"} - set(matcher.groups) if not sidecar else set():
            names = ", ".join(f"(?P<{name}>…)" for name in sorted(missing))
            raise Invalid(_("The pattern lacks the group %(names)s.") % {"names": names}, field="pattern")
        for trial, found in zip(TRIALS, matcher.match(TRIALS), strict=True):
            if isinstance(found, TooSlow):
                words = _("This pattern does not come to an end on a path such as %(path)s…: it repeats a repetition.")
                raise Invalid(words % {"path": trial[:12]}, field="pattern")

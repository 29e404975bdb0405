"""A directory's files, by the system's own calls: one name that is no UTF-8 would end obstore's list."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from django.utils.translation import gettext as _

from retention.marks import numbers_hidden
from retention.storing.answers import Object, PlaceAway, Unreadable

MOUNTS, OCTAL = Path("/proc/self/mountinfo"), re.compile(r"\\(\d{3})")


def of_file(name: str, found: os.stat_result) -> Object:
    """By size and time of change: the inode is another one in a copy of the tree."""
    odd = "" if stat.S_ISREG(found.st_mode) else _("It is a link or a device, no file.")
    changed_at = datetime.fromtimestamp(min(max(found.st_mtime, 0), 4e9), UTC)
    return Object(name, found.st_size, f"{found.st_size}:{found.st_mtime_ns}", changed_at, odd)


def walk(root: Path, under: str) -> Iterator[Object]:
    """Every file of the tree; links are not followed. A directory that cannot be read is no empty one: PlaceAway."""
    waiting = [under]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(root / folder) as entries:
                for entry in entries:
                    name = f"{folder}/{entry.name}" if folder else entry.name
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(name)
                        continue
                    with contextlib.suppress(FileNotFoundError):  # gone since
                        yield of_file(name, entry.stat(follow_symlinks=False))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            where = folder.encode(errors="replace").decode() or "."
            raise PlaceAway(numbers_hidden(f"{where}: {error.strerror or type(error).__name__}")) from error


def read_file(path: Path, chunk: int) -> Iterator[bytes]:
    try:  # a pipe is not waited for
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        with open(descriptor, "rb", buffering=0) as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise Unreadable(_("It is a link or a device, no file."))
            while piece := file.read(chunk):
                yield piece
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Unreadable(error.strerror or type(error).__name__) from error


def leads_in(root: Path, name: str) -> bool:
    """Whether the name is that of something below the place itself: not by "..", nor through a link."""
    if name.startswith("/") or ".." in name.split("/"):
        return False
    real, folder = os.path.realpath(root), os.path.dirname(name)
    return os.path.realpath(f"{real}/{folder}") == os.path.normpath(f"{real}/{folder}")


def unlink_many(root: Path, names: Sequence[str], other: Callable[[str, Object], str]) -> dict[str, bool | str]:
    """`other`: why what lies there is to stay; "" where nothing is."""
    done: dict[str, bool | str] = {}
    touched: set[str] = set()
    folders: dict[str, bool] = {}
    base = f"{root}/"
    for name in names:
        folder = name.rpartition("/")[0]
        if folder not in folders:
            folders[folder] = leads_in(root, name)
        if not folders[folder]:
            done[name] = _("The name leads out of its place.")
            continue
        try:
            if why := other(name, of_file(name, os.lstat(base + name))):
                done[name] = why
                continue
            os.unlink(base + name)
            touched.add(folder)
            done[name] = True
        except FileNotFoundError:
            done[name] = False if has_directory(root, name) else _("Its directory is not there: is the disk?")
        except Unreadable as error:
            done[name] = str(error)
        except OSError as error:
            done[name] = error.strerror or type(error).__name__
    for directory in touched:
        _sync(root / directory)
    return done


def mounts(root: Path) -> set[str]:
    """By the kernel's own list (proc(5)), which also knows of a directory that is mounted from the same disk."""
    try:
        lines = MOUNTS.read_text(errors="replace").split("\n")
    except FileNotFoundError:  # no Linux: then none is known of
        return set()
    inside = f"{os.path.realpath(root)}/"
    points = [OCTAL.sub(lambda one: chr(int(one[1], 8)), line.split(" ")[4]) for line in lines if line]
    return {point.removeprefix(inside) for point in points if point.startswith(inside)}


def has_directory(root: Path, name: str) -> bool:
    """Its own directory, or where that was tidied away, anything at all below the place."""
    return own_directory(root, name) or any(root.iterdir())


def own_directory(root: Path, name: str) -> bool:
    """A directory of its own, which an empty mount point does not have."""
    return "/" in name and (root / name).parent.is_dir()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def to_disk(path: Path) -> None:
    _sync(path)
    _sync(path.parent)

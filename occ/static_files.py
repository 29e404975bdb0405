"""Static files out of installed npm packages: the named files, and none beside them.

Manifest storage follows every reference in every file it collects, and whole npm distributions refer to files that
they do not ship. So each file that a page uses is named here, with its source map, and is served under `vendor/`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.checks import CheckMessage, Warning
from django.core.files.storage import FileSystemStorage

# prefix under STATIC_URL -> (directory in node_modules, files in it)
PACKAGE_FILES: dict[str, tuple[str, tuple[str, ...]]] = {
    "vendor/tabler/css": ("@tabler/core/dist/css", ("tabler.min.css", "tabler.min.css.map")),
    "vendor/tabler/js": ("@tabler/core/dist/js", ("tabler.min.js", "tabler.min.js.map")),
    "vendor/htmx": ("htmx.org/dist", ("htmx.min.js",)),
    "vendor/htmx-ext-sse": ("htmx-ext-sse/dist", ("sse.min.js",)),
    "vendor/echarts": ("echarts/dist", ("echarts.min.js",)),
}


def packages_root() -> Path:
    """Where npm installed its packages."""
    return Path(settings.BASE_DIR) / "node_modules"


class PackageFinder(BaseFinder):
    """Finds the files of `PACKAGE_FILES`; a static files finder for STATICFILES_FINDERS."""

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        missing = [
            f"{directory}/{name}"
            for directory, names in PACKAGE_FILES.values()
            for name in names
            if not (packages_root() / directory / name).is_file()
        ]
        if not missing:
            return []
        return [Warning(f"npm packages are not installed: {', '.join(missing)}", hint="Run npm ci.", id="occ.W001")]

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        prefix, _, name = path.replace("\\", "/").rpartition("/")
        directory, names = PACKAGE_FILES.get(prefix, ("", ()))
        file = packages_root() / directory / name
        found = [str(file)] if name in names and file.is_file() else []
        if find_all or kwargs.get("all"):
            return found
        return found[0] if found else []

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, FileSystemStorage]]:
        for prefix, (directory, names) in PACKAGE_FILES.items():
            storage = FileSystemStorage(location=str(packages_root() / directory))
            storage.prefix = prefix  # type: ignore[attr-defined]
            for name in names:
                if storage.exists(name):
                    yield name, storage

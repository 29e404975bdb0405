"""How a backup is made of bytes (RET-5): keys, encrypted frames, packages, the bag's tag files, and the way back.

No database here: what is packed is given, what came of it is returned. docs/retention-format.md tells a stranger how to
read what is written.
"""

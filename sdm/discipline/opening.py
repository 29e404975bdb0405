"""How modules above begin a pembinaan (coaching that does not help, violations of tata tertib that repeat).

`case_open(person=…, matter="discipline" or "performance", about=…, source_label=…, source_url=…, actor=…, now=…)`, in
the transaction of what led to it. It refuses with `Refused`; code `open_already` where one about the matter is open.
"""

from sdm.services.discipline import case_open

__all__ = ["case_open"]

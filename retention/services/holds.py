"""Legal holds (RET-12): what their setting and a deletion agree on."""

from django.dispatch import Signal

# Whoever sets a hold takes this advisory lock to the end of the transaction; a deletion takes it shared, part by part,
# from looking for holds until what it looked at is gone. So a hold that was confirmed is never overtaken.
HOLD_LOCK = 0x0CC_401D
# Sent inside the transaction that sets a hold: hold, actor, now.
hold_was_set = Signal()

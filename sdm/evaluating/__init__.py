"""The monthly evaluation and what is paid for it (SDM-6; MO 4.1.4)."""

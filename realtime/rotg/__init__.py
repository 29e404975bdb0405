"""Rules of the game, "tata tertib" (SOP-RTM 6.4, 7.5; RTM-9): words, numbers, flows, and what repeats."""

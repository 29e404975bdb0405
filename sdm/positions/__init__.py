"""What a position asks for and how many of it a site is to have (SDM-2; MO 2.1.1, 2.1.2, 2.2.A)."""

"""What is to be expected (RTM-3). `history`, `calendar`, `model` and `measures` are pure: no database, no clock."""

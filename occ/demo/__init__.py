"""The living demo: two sites, the personnel of MO 2.2.A, two years of history made through the services."""

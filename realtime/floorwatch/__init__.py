"""The floor as it is now (RTM-5): what is planned against what is done, for everybody at once."""

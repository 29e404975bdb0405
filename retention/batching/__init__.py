"""Batches, findings and checks as they are listed and exported. What is done with them is in services."""

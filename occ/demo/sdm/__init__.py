"""What the demo lives through of the people processes."""

"""What HR does in the demo, area by area."""

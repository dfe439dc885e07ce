"""What the pages cost, measured in a real browser."""

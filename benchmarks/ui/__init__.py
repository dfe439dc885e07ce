"""How soon pages answer, measured in a real browser."""

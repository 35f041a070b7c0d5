"""Session fixtures that start a real process when a test first asks for it."""

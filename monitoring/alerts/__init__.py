"""From a verdict to a message in somebody's hands: episodes, recipients, letters, delivery."""

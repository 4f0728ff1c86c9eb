"""From the texts that a recipe names to symbols on disk."""

"""From a recipe and a corpus to weights."""

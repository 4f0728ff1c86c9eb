"""Training in arithmetic that is the same everywhere: docs/exact-training.md."""

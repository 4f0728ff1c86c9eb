"""What several benchmarks share, and whom they compare with: texts, doors, peers."""

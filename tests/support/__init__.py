"""What several test modules share, a noun a module. No test module imports another."""

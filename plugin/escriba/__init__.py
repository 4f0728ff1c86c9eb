"""escriba: a static blog generator with exactly reproducible char-LSTM samples in its posts."""

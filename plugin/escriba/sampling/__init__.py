"""Text out of a model, exactly: requests, the integer kernel, and frozen samples."""

"""Step 2: what a class handed in, found, read and repaired."""

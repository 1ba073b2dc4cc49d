"""Step 4: a lab's tests, run outside the sandbox on stand-ins of a student's functions."""

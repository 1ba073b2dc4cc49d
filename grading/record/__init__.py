"""Step 5: what a hand-in earned, kept: nbgrader's gradebook, and a ledger by content."""

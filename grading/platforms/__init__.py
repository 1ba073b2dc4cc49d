"""Step 7: what Canvas, Moodle and nbgrader hand out and take in: whose a file is, marks as their tables, Formgrader."""

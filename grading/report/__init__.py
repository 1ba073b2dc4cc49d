"""Step 6: what people read: tables, a page for each student, a page for the class."""

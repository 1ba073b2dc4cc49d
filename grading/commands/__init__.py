"""What people at a terminal ask for besides grading: submit and validate (students), doctor and demo (instructors)."""

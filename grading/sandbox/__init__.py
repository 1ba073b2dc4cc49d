"""Step 3: where students' code runs and can do no harm: a process behind walls that forks a child for each hand-in."""

"""What a student is told of a hand-in, in one field of a table."""

from grading.record.ledger import Entry

LONGEST = 300  # characters of one message


def comments(entry: Entry) -> str:
    """Points, the reason for each lost one, and what the reader wrote; a line each."""
    lines = []
    for one in entry.exercises:
        if one.points is not None and one.points < one.max_points:
            reason = one.mistake or one.message.strip().partition("\n")[0]
            lines.append(f"{one.name}: {one.points:g} of {one.max_points:g}. {reason[:LONGEST]}".strip())
    lines += [f"{name}: {comment[:LONGEST]}" for name, comment in entry.comments]
    lines += [f"{answer.grade_id}: {answer.comment[:LONGEST]}" for answer in entry.answers if answer.comment]
    return "\n".join(lines)

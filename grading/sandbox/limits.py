"""What one hand-in may use."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What one hand-in may use. Seconds are of wall time; `memory_bytes` comes on top of what torch takes."""

    cell_seconds: float = 30.0
    exercise_seconds: float = 30.0
    total_seconds: float = 300.0
    grace_seconds: float = 2.0  # between asking to stop and stopping
    cpu_seconds: int = 600
    memory_bytes: int = 2 << 30
    file_bytes: int = 64 << 20
    disk_bytes: int = 64 << 20
    message_bytes: int = 64 << 20
    output_chars: int = 20_000  # of each cell

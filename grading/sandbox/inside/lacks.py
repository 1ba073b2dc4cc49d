"""What a notebook may ask for and the sandbox has not, in the words by which child and judge know it."""

NO_PROGRAMS, NO_SLOPES = "Processes and programs", "Second derivatives of a function that was handed over"
NO_NETWORK, NO_GPU, NO_PACKAGES = "Connections to a network", "Graphics processors", "Packages that a notebook installs"
NO_MEMORY, NO_ROOM = "Such amounts of memory", "Such amounts of room for files"
LACKING = (NO_PROGRAMS, NO_SLOPES, NO_NETWORK, NO_GPU, NO_PACKAGES, NO_MEMORY, NO_ROOM)
NOT_CARRIED = "are not at hand while grading"

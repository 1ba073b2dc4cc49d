"""The sentences of a lecture that interpret and that no claim covers: `python -m tests.claims course/01_pca.ipynb …`.

No test: a reader goes through them and makes each a claim, or a plainer sentence.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat

from tests.claims import FOLDER, load
from tests.claims.items import normalised, words

INTERPRETS = re.compile(
    r"\b(because|since|hence|so|therefore|thus|why|reason|more|less|fewer|most|least|better|worse|best|worst|larger|"
    r"smaller|nearly|mostly|hardly|almost|only|never|always|all|none|every|often|rarely|usually|explains?|shows?)\b",
    re.IGNORECASE,
)
_ENDS = re.compile(r"(?<=[.!?:])[*_)]*\s+(?=[A-Z*_$(])|\n\n+|\n- |\n\d+\. ")
_CUT = re.compile(r"^#+ .*$|```.*?```|<[^>]+>|\$\$.*?\$\$", re.MULTILINE | re.DOTALL)


def sentences(text: str) -> Iterator[str]:
    """The sentences of Markdown, without headings, code blocks, HTML and displayed formulas."""
    for part in _ENDS.split(_CUT.sub(" ", text.split("\n## References")[0])):
        if part and part.strip():
            yield normalised(part)


def uncovered(path: Path, quotes: list[str]) -> list[str]:
    """The sentences of the lecture that interpret, and neither hold a quote nor lie in one."""
    texts = words(nbformat.read(path, as_version=4))
    found = [sentence for text in texts for sentence in sentences(text) if INTERPRETS.search(sentence)]
    known = [normalised(quote) for quote in quotes]
    return [s for s in dict.fromkeys(found) if not any(quote in s or s in quote for quote in known)]


def main(paths: list[str]) -> int:
    if not paths:
        print("Name a lecture: python -m tests.claims course/01_pca.ipynb", file=sys.stderr)
        return 2
    for path in map(Path, paths):
        if not path.is_file():
            print(f"There is no notebook {path}.", file=sys.stderr)
            return 2
        module = FOLDER / f"{path.stem}.py"
        claims = load(module) if module.exists() else {}
        left = uncovered(path, [quote for claim in claims.values() for quote in claim.quotes])
        print(f"{path.name}: {len(claims)} claims, {len(left)} sentences that no claim covers")
        print("".join(f"  - {sentence}\n" for sentence in left))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

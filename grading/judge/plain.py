"""Plain tests: what stand-ins cannot carry (classes, figures, files, other packages …) is run whole in the child.

That is the weaker way, since the test is then where the student's code is. So it comes as code without text, puts back
what was patched before each line, and looks at what it compares; the hidden half comes last and tells nothing but
whether it passed. The answer must carry a word that is made when the student's cells have been run. The self-check
(grading/check.py) chooses this way for a test only where the other does not give the lab's own solution its points.
"""

import ast
import re
import secrets
from functools import lru_cache

from grading.course.lab import Exercise, Release
from grading.course.names import bound
from grading.judge.given import prelude, relied_on
from grading.judge.guarded import HELPERS, prepared
from grading.judge.half import fault, points_of
from grading.judge.receiving import Raised
from grading.judge.result import TIMED_OUT, Fault
from grading.judge.standins import Link
from grading.judge.verdict import (
    HIDDEN,
    Share,
    Verdict,
    ended_plainly,
    forged,
    not_carried,
    own_class,
    scored,
    stopped,
    untold,
    without_number,
)
from grading.sandbox.inside.lacks import LACKING
from grading.sandbox.inside.shell import as_python
from grading.sandbox.wire import clean

ROUNDED = 0.01  # points


def request(
    exercise: Exercise, release: Release, half: str, source: str, refuses: list, noted: tuple[str, ...]
) -> tuple[dict, list[bytes]]:
    """The message that has the child run this half, and in it the word that the answer must carry. `noted` are the
    set-up's classes that the child has."""
    helpers = [f"_{secrets.token_hex(8)}" for _ in HELPERS]
    loose = [word for word in ("mock", "ma") if re.search(rf"\b{word}\b", source)]
    names = dict(zip(HELPERS, helpers, strict=True)) | {"loose": loose}
    names["classes"] = [name for name in noted if name not in exercise.needs]
    names |= {
        "modules": sorted({"builtins", *relied_on(release.parts, release.exercises)[0]}),
        "needs": list(exercise.needs),
    }
    names["shared"] = sorted({name for one in release.parts if one.role == "code" for name in bound(one.source)})
    header = {"op": "plain", "key": secrets.token_hex(16), "hidden": half == "hidden", "exercise": exercise.grade_id}
    header |= {"names": names, "refuses": refuses}
    given = prelude(release.parts, exercise.needs, release.touched, tuple(names["classes"]))
    return header, [given, *prepared(source, f"<{half} test>", *helpers)]


def run_plain(
    exercise: Exercise,
    release: Release,
    half: str,
    source: str,
    link: Link,
    faults: list[Fault],
    candid: bool,
    noted: tuple[str, ...] = (),
) -> Verdict:
    """The verdict on this half, as the child tells it. `candid`: the lab's own notebook, whose author is told all."""
    try:
        header, blobs = request(exercise, release, half, source, link.refuses, noted)
    except SyntaxError as error:
        faults.append(fault(exercise, half, error.lineno or 0, f"{(error.text or '').strip()}\nSyntaxError: {error}"))
        return Verdict(0.0, message="The test itself is no Python.")
    key = header["key"]
    reply, _ = link.session.request(header | {"mute": half == "hidden" and not candid}, blobs)
    if link.session.interrupted:
        return stopped(exercise, TIMED_OUT, half)
    if reply.get("key") != key:
        return forged(exercise)
    if reply.get("passed") is True:
        points = points_of(reply.get("points"))
        if points is None:
            return without_number(exercise, release.counts(exercise, half))
        if half == "hidden" and not candid:
            return scored(exercise, points, held(exercise, points, reply.get("held")))
        return scored(exercise, points, shares(exercise, half, reply.get("shares"), source, faults))
    verdict = told(exercise, half, reply.get("said"), source, faults)
    if reply.get("limit") == "class":
        said = reply.get("said") if half == "visible" else None
        return own_class(exercise, str(said.get("message", "")) if isinstance(said, dict) else "")
    if half == "hidden" and reply.get("limit") in LACKING:
        return not_carried(exercise, reply["limit"], hidden=True)
    return untold(exercise) if half == "hidden" else verdict


def shares(exercise: Exercise, half: str, said: object, source: str, faults: list[Fault]) -> tuple[Share, ...]:
    """The parts that the child names, where that may be told: text and numbers, and no more."""
    found = []
    for one in said if isinstance(said, list) else ():
        if isinstance(one, list) and len(one) == 3 and type(one[1]) in (int, float):
            reason = told(exercise, half, one[2], source, faults).message if one[2] else ""
            found.append(Share(clean(str(one[0]))[:200], one[1], 0.0 if reason else one[1], reason))
    return tuple(found)


def held(exercise: Exercise, points: float, said: object) -> tuple[Share, ...]:
    """The parts of a whole test, of which the child says no more than whether each held; as the test itself names
    them, where it does so by text and numbers."""
    named = named_shares(exercise.hidden)
    if not isinstance(said, list) or len(said) != len(named) or not all(type(one) is bool for one in said):
        return ()
    found = tuple(Share(n, p, p * one, "" if one else HIDDEN) for (p, n), one in zip(named, said, strict=True))
    return found if abs(sum(one.earned for one in found) - points) < ROUNDED else ()


@lru_cache(maxsize=64)
def named_shares(test: str) -> list[tuple[float, str]]:
    """Points and names in the lines `with parts(1, "whole numbers"):` of a test, in their order."""
    nodes = [node for node in ast.walk(ast.parse(as_python(test))) if isinstance(node, ast.With)]
    items = [item.context_expr for node in nodes for item in node.items]
    items = [one for one in items if isinstance(one, ast.Call) and len(one.args) == 2]
    items.sort(key=lambda one: one.lineno)
    values = [[getattr(argument, "value", None) for argument in one.args] for one in items]
    return [(points, name) for points, name in values if type(points) in (int, float) and type(name) is str]


def told(exercise: Exercise, half: str, said: object, source: str, faults: list[Fault]) -> Verdict:
    """What the child says of a test that failed; it is text and no more."""
    said = said if isinstance(said, dict) else {}
    place = said.get("place") if type(said.get("place")) is int else 0
    pairs = said.get("compared") if isinstance(said.get("compared"), list) else []
    sides = [(clean(str(one[0])), clean(str(one[1]))) for one in pairs if isinstance(one, list) and len(one) == 2]
    verdict, line = ended_plainly(exercise, Raised.from_reply(said), said.get("bare") is True, place, sides, source)
    faults.append(fault(exercise, half, place, f"{line}\n{verdict.message}"))
    return verdict

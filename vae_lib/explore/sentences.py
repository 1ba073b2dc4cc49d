"""An explorer of the way between two sentences' codes: what is written at each step, looked up in an atlas."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import combinations, groupby
from textwrap import fill

import anywidget
import matplotlib.pyplot as plt
import torch
import traitlets
from matplotlib.figure import Figure
from torch import Tensor, nn

from vae_lib.checks import checked, require
from vae_lib.explore import page
from vae_lib.explore.decoding import at_rest
from vae_lib.explore.traits import Number, Whole
from vae_lib.figures import BLUE

MOST = 12  # sentences to choose from: the atlas has a path for every two
Words = Sequence[str]


class SentenceExplorer(page.Shown, anywidget.AnyWidget):
    """See `sentence_explorer`. The ends `a` and `b`, as numbers of sentences, and the place `t` between them, 0 to 1,
    can be read, set and observed."""

    TRAITS = ("a", "b", "t", "_spec")
    NAME = "Sentence explorer"
    _esm = page.module("sentences")
    _css = page.text("explorers.css")

    a = Whole(0).tag(sync=True)
    b = Whole(1).tag(sync=True)
    t = Number(0.0).tag(sync=True)
    _spec = traitlets.Dict().tag(sync=True)

    @traitlets.validate("a", "b", "t")
    def _within(self, proposal: dict) -> float:
        name, value = proposal["trait"].name, proposal["value"]
        most = 1 if name == "t" else len(self._spec["given"]) - 1
        require(0 <= value <= most, f"sentence_explorer: {name} must lie in 0 to {most}, not {value!r}.")
        return value

    def path(self) -> list[str]:
        """What is written at each step from `a` to `b`."""
        steps, written = self._spec["steps"], self._spec["written"]
        if self.a == self.b:
            return [written[self._spec["ends"][self.a]]] * steps
        numbers = self._spec["paths"][f"{min(self.a, self.b)} {max(self.a, self.b)}"]
        return [written[k] for k in (numbers if self.a < self.b else numbers[::-1])]

    @property
    def sentence(self) -> str:
        """What is written at the step nearest to `t`."""
        return self.path()[math.floor(self.t * (self._spec["steps"] - 1) + 0.5)]

    def figure(self) -> Figure:
        """The different sentences on the way, each as long as it stays."""
        runs = [(text, len(list(same))) for text, same in groupby(self.path())]
        fig, ax = plt.subplots(figsize=(8, 0.34 * len(runs) + 1.1), layout="constrained")
        start, steps = 0, self._spec["steps"]
        for row, (text, n) in enumerate(runs):
            ax.barh(row, n / steps, left=start / steps, height=0.7, color=BLUE)
            ax.text(1.03, row, fill(self._line(text), 68), va="center", fontsize=8)
            start += n
        ax.set(yticks=[], ylim=(len(runs) - 0.4, -0.6), xlim=(0, 1), xlabel="place between A and B")
        return fig

    def describe(self) -> str:
        """The figure in a sentence."""
        given, found = self._spec["given"], [text for text, _ in groupby(self.path())]
        return (
            f"{self.NAME} at rest: from the code of “{given[self.a]}” to that of “{given[self.b]}” "
            f"{len(found)} sentences are written, one after the other: {'; '.join(found)}."
        )

    def _line(self, text: str) -> str:
        note = self._spec["notes"][self._spec["written"].index(text)]
        return f"{text} ({note})" if note else text


@checked(tokens="whole N T", read="function", note="function", steps="count 2")
def sentence_explorer(
    model: nn.Module,
    tokens: Tensor,
    read: Callable[[Tensor], Sequence[Words]],
    *,
    note: Callable[[Words], str] | None = None,
    steps: int = 41,
) -> SentenceExplorer:
    """The straight way between the codes of two sentences, and what is written at each of its `steps`, by a slider.

    `tokens` (N, T) are the sentences to choose from, `read` makes tuples of words of tokens, and `note` says something
    of such a sentence, in a few words. `model` has `encode(tokens)`, which returns μ and log σ², and `write(z)`, which
    returns tokens: `beyond.sequences.SequenceVAE` does. All ways are written once, in Python; the browser looks them
    up. Raises InputError where these do not fit.
    """
    able = isinstance(model, nn.Module) and all(callable(getattr(model, name, None)) for name in ("encode", "write"))
    require(able, "sentence_explorer: model must be a module with encode and write.")
    require(2 <= len(tokens) <= MOST, f"sentence_explorer: give 2 to {MOST} sentences, not {len(tokens)}.")
    return SentenceExplorer(_spec=_atlas(model, tokens, read, note or (lambda words: ""), int(steps)))


def _atlas(model: nn.Module, tokens: Tensor, read: Callable, note: Callable, steps: int) -> dict:
    """The sentences that were given, the different ones that are written, and for each two ends the numbers of those
    on the way: {"given", "written", "notes", "ends", "paths", "steps"}."""
    pairs = list(combinations(range(len(tokens)), 2))
    with at_rest(model), torch.no_grad():
        mu, _ = model.encode(tokens)
        t = torch.linspace(0, 1, steps, dtype=mu.dtype, device=mu.device)[:, None]
        ways = torch.cat([(1 - t) * mu[i] + t * mu[j] for i, j in pairs])
        found = _words(read, model.write(torch.cat([mu, ways])))
    numbers = {words: k for k, words in enumerate(dict.fromkeys(found))}
    places = [numbers[words] for words in found]
    ends, ways = places[: len(tokens)], places[len(tokens) :]
    paths = {f"{i} {j}": ways[k * steps : (k + 1) * steps] for k, (i, j) in enumerate(pairs)}
    texts = [" ".join(words) for words in numbers]
    given = [" ".join(words) for words in _words(read, tokens)]
    notes = [note(words) for words in numbers]
    require(all(isinstance(one, str) for one in notes), "sentence_explorer: note must return a text for each sentence.")
    told = {"given": given, "written": texts, "notes": notes}
    return told | {"ends": ends, "paths": paths, "steps": steps}


def _words(read: Callable, tokens: Tensor) -> list[tuple[str, ...]]:
    """The sentences that `read` makes of tokens, one for each row."""
    found = read(tokens)
    listed = isinstance(found, (list, tuple)) and len(found) == len(tokens)
    listed = listed and all(isinstance(word, str) for words in found for word in words)
    require(listed, "sentence_explorer: read must return a tuple of words for each row of tokens.")
    return [tuple(words) for words in found]

"""A probabilistic grammar: sentences whose probabilities, and so whose entropy, are known exactly. In nats.

A rule `(p, "NP VP")` rewrites its symbol with probability p by symbols and words in a row; what has no rules is a word.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from vae_lib.checks import checked, is_number, require, require_within

END, PAD = 0, -1  # the token that closes a sentence, and what stands behind it
Rules = dict[str, list[tuple[float, str]]]


class Grammar:
    """Rules for each symbol; sentences grow from `start`. No symbol is the first of its own growth.

    `words` are the tokens' names: token 0 closes a sentence, the words follow in alphabetical order.
    """

    def __init__(self, rules: Rules, start: str = "S") -> None:
        known = isinstance(rules, dict) and all(map(_are_options, rules.values()))
        require(known, "Grammar: rules must be a dictionary of lists of (probability, text).")
        self.rules = {symbol: [(p, tuple(right.split())) for p, right in options] for symbol, options in rules.items()}
        for symbol, options in self.rules.items():
            total = math.fsum(p for p, _ in options)
            positive = all(p > 0 for p, _ in options)
            require(positive and abs(total - 1) < 1e-9, f"Grammar: the rules of {symbol} have probabilities {total:g}.")
        require(isinstance(start, str) and start in self.rules, f"Grammar: there is no rule for the start {start!r}.")
        self.start = start
        found = {part for options in self.rules.values() for _, right in options for part in right}
        self.words = ("END", *sorted(found - self.rules.keys()))
        self._number = {word: token for token, word in enumerate(self.words)}

    def entropy(self, symbol: str | None = None) -> float:
        """The entropy of what `symbol` (default: the start) grows into, exact where no sentence grows in two ways.

        H(A) = Σ_r p_r (−log p_r + Σ_{B in r} H(B)), a linear equation for each symbol. Source: Grenander (1967).
        """
        names, symbol = list(self.rules), self.start if symbol is None else symbol
        require(symbol in names, f"Grammar.entropy: symbol must be one with rules, not {symbol!r}.")
        own = [-math.fsum(p * math.log(p) for p, _ in options) for options in self.rules.values()]
        counts = torch.eye(len(names), dtype=torch.float64)
        for row, options in enumerate(self.rules.values()):
            for p, right in options:
                for part in right:
                    if part in self.rules:
                        counts[row, names.index(part)] -= p
        solved = torch.linalg.solve(counts, torch.tensor(own, dtype=torch.float64))
        return solved[names.index(symbol)].item()

    @checked(n="count")
    def sample(self, n: int, generator: torch.Generator | None = None) -> tuple[list[tuple[str, ...]], list[int]]:
        """n sentences, and the number of the start's rule that each began with."""
        drawn = iter(torch.rand(max(64 * n, 4096), generator=generator, dtype=torch.float64).tolist())
        sentences, first = [], []
        for _ in range(n):
            rule = self._choose(self.start, next(drawn))
            first.append(rule)
            waiting, sentence = list(reversed(self.rules[self.start][rule][1])), []
            while waiting:
                part = waiting.pop()
                if part in self.rules:
                    waiting += reversed(self.rules[part][self._choose(part, next(drawn))][1])
                else:
                    sentence.append(part)
            sentences.append(tuple(sentence))
        return sentences, first

    def _choose(self, symbol: str, u: float) -> int:
        options = self.rules[symbol]
        for number, (p, _) in enumerate(options[:-1]):
            u -= p
            if u < 0:
                return number
        return len(options) - 1

    @checked(beginning="flag")
    def log_prob(self, sentence: Sequence[str], beginning: bool = False) -> float:
        """log p(sentence), summed over all ways in which it can grow; −inf where there is none.

        With `beginning`, the log of the probability that a sentence begins so.
        """
        require(_are_words(sentence), f"Grammar.log_prob: sentence must be a list of words, not {sentence!r}.")
        known: dict[tuple[str, int], dict[int, float]] = {}

        def reached(part: str, at: int) -> dict[int, float]:
            """Where `part`, begun at position `at`, may end, with the probability of that."""
            if beginning and at == len(sentence):
                return {at: 1.0}  # whatever it grows into
            if part not in self.rules:
                return {at + 1: 1.0} if at < len(sentence) and sentence[at] == part else {}
            if (part, at) not in known:
                known[part, at] = _added(reached_by(right, at, p) for p, right in self.rules[part])
            return known[part, at]

        def reached_by(right: Sequence[str], at: int, p: float) -> dict[int, float]:
            ends = {at: p}
            for part in right:
                ends = _added({e: q * r for e, r in reached(part, b).items()} for b, q in ends.items())
            return ends

        whole = reached(self.start, 0).get(len(sentence), 0.0)
        return math.log(whole) if whole else -math.inf

    @checked(length="count")
    def encode(self, sentences: Sequence[Sequence[str]], length: int) -> Tensor:
        """Tokens with END behind each sentence and PAD behind that. -> (N, length) int64."""
        listed = isinstance(sentences, (list, tuple)) and len(sentences) > 0 and all(map(_are_words, sentences))
        require(listed, "Grammar.encode: sentences must be a list of one list of words or more.")
        unknown = sorted({word for sentence in sentences for word in sentence} - self._number.keys())
        require(not unknown, f"Grammar.encode: sentences must be of the grammar's words, not of {unknown}.")
        longest = max(len(sentence) for sentence in sentences) + 1
        require(longest <= length, f"Grammar.encode: length must be at least {longest}, not {length}.")
        rows = [[self._number[word] for word in sentence] + [END] for sentence in sentences]
        return torch.tensor([row + [PAD] * (length - len(row)) for row in rows])

    @checked(tokens="whole N T")
    def decode(self, tokens: Tensor) -> list[tuple[str, ...]]:
        """The sentences of (N, T) tokens, each up to its first END or PAD."""
        require_within(tokens, PAD, len(self.words) - 1, "Grammar.decode: tokens")
        rows = []
        for row in tokens.tolist():
            stops = [at for at, token in enumerate(row) if token in (END, PAD)]
            rows.append(tuple(self.words[token] for token in row[: min(stops, default=len(row))]))
        return rows


def _are_words(sentence: object) -> bool:
    return isinstance(sentence, (str, list, tuple)) and all(isinstance(word, str) for word in sentence)


def _are_options(options: object) -> bool:
    """Whether it is a list of (probability, text)."""
    pairs = isinstance(options, (list, tuple)) and all(isinstance(o, (list, tuple)) and len(o) == 2 for o in options)
    return pairs and all(is_number(p) and isinstance(right, str) for p, right in options)


def _added(parts) -> dict[int, float]:
    """The sum of dictionaries of probabilities."""
    total: dict[int, float] = {}
    for part in parts:
        for key, value in part.items():
            total[key] = total.get(key, 0.0) + value
    return total


NOUNS = {
    "sea": ("boat boats", "gull gulls", "wave waves"),
    "kitchen": ("cook cooks", "knife knives", "pot pots"),
    "forest": ("fox foxes", "owl owls", "tree trees"),
}
KINDS = tuple((topic, number) for topic in NOUNS for number in ("one", "many"))  # the start's rules, in this order
LONGEST = 11  # words


def small_english() -> Grammar:
    """Sentences of 3 to 11 words such as "the old boat finds some gulls": one topic each, and verbs that agree."""
    rules: Rules = {"S": [(1 / 6, f"NP.{t}.{n} VP.{t}.{n}") for t, n in KINDS]}
    for side, number in enumerate(("one", "many")):
        rules[f"D.{number}"] = [(0.5, "the"), (0.5, ("a", "some")[side])]
        rules[f"I.{number}"] = [(0.5, ("rests", "rest")[side]), (0.5, ("waits", "wait")[side])]
        rules[f"T.{number}"] = [(0.5, ("sees", "see")[side]), (0.5, ("finds", "find")[side])]
        for topic, nouns in NOUNS.items():
            rules[f"N.{topic}.{number}"] = [(1 / 3, noun.split()[side]) for noun in nouns]
            noun = f"N.{topic}.{number}"
            rules[f"NP.{topic}.{number}"] = [(0.6, f"D.{number} {noun}"), (0.4, f"D.{number} A {noun}")]
            verbs = [(0.2, f"I.{number}"), (0.2, f"I.{number} W"), (0.3, f"T.{number} O.{topic}")]
            rules[f"VP.{topic}.{number}"] = [*verbs, (0.3, f"T.{number} O.{topic} P O.{topic}")]
    for topic in NOUNS:
        rules[f"O.{topic}"] = [(0.5, f"NP.{topic}.one"), (0.5, f"NP.{topic}.many")]
    rules["A"] = [(0.25, word) for word in ("old", "small", "quiet", "red")]
    rules["W"] = [(0.5, "today"), (0.5, "again")]
    rules["P"] = [(0.5, "near"), (0.5, "under")]
    return Grammar(rules)

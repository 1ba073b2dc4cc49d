"""A grammar against enumeration of its sentences, closed forms, and counts of draws."""

from __future__ import annotations

import math
from collections import Counter
from itertools import product

import pytest
import torch

from vae_lib import InputError
from vae_lib.beyond.grammar import END, KINDS, LONGEST, PAD, Grammar, small_english

ENGLISH = small_english()


def every(rules, symbol):
    """All sentences of a symbol with their probabilities, by writing them out: {words: p}."""
    if symbol not in rules:
        return {(symbol,): 1.0}
    found = Counter()
    for p, right in rules[symbol]:
        for parts in product(*(every(rules, part).items() for part in right.split())):
            found[sum((words for words, _ in parts), ())] += p * math.prod(q for _, q in parts)
    return found


def entropy_of(probabilities):
    return -math.fsum(p * math.log(p) for p in probabilities)


def as_text(grammar):
    return {symbol: [(p, " ".join(right)) for p, right in options] for symbol, options in grammar.rules.items()}


@pytest.mark.parametrize("symbol", ["NP.sea.one", "O.forest", "VP.kitchen.many", "VP.sea.one"])
def test_entropy_is_that_of_all_sentences_written_out(symbol):
    found = every(as_text(ENGLISH), symbol)
    assert math.fsum(found.values()) == pytest.approx(1, abs=1e-12)
    assert ENGLISH.entropy(symbol) == pytest.approx(entropy_of(found.values()), rel=1e-10)


def test_entropy_of_the_whole_is_that_of_its_independent_parts():
    """Six equal starts that share no sentence: log 6, and the mean of subject and predicate, each written out."""
    parts = [f"{side}.{topic}.{number}" for topic, number in KINDS for side in ("NP", "VP")]
    sums = math.fsum(entropy_of(every(as_text(ENGLISH), part).values()) for part in parts)
    assert ENGLISH.entropy() == pytest.approx(math.log(6) + sums / 6, rel=1e-10)


def test_entropy_of_endless_sentences_is_the_geometric_closed_form():
    """S → x S with probability r, x with 1 − r: p(length n) = (1 − r) r^(n−1), entropy h(r)/(1 − r)."""
    r = 0.7
    own = -(r * math.log(r) + (1 - r) * math.log(1 - r))
    grammar = Grammar({"S": [(r, "x S"), (1 - r, "x")]})
    assert grammar.entropy() == pytest.approx(own / (1 - r), rel=1e-12)
    assert grammar.log_prob(["x"] * 5) == pytest.approx(math.log(0.3 * 0.7**4), rel=1e-12)


def test_a_probability_is_summed_over_the_ways_to_grow():
    """a a a grows from S → S' S', S' → a or a a in two ways."""
    grammar = Grammar({"S": [(1.0, "T T")], "T": [(0.25, "a"), (0.75, "a a")]})
    expected = {2: 0.25**2, 3: 2 * 0.25 * 0.75, 4: 0.75**2}
    for n, p in expected.items():
        assert grammar.log_prob("a" * n) == pytest.approx(math.log(p), rel=1e-12)
    assert grammar.log_prob("a") == grammar.log_prob("aaaaa") == grammar.log_prob("ab") == -math.inf


def test_probabilities_are_those_of_the_sentences_written_out():
    rules = as_text(ENGLISH) | {"S": [(1.0, "VP.sea.many")]}
    grammar, found = Grammar(rules), every(rules, "VP.sea.many")
    for words in list(found)[::97]:
        assert grammar.log_prob(words) == pytest.approx(math.log(found[words]), rel=1e-12)


def test_a_beginning_has_the_probability_of_all_that_begin_so():
    rules = as_text(ENGLISH) | {"S": [(1.0, "VP.sea.many")]}
    grammar, found = Grammar(rules), every(rules, "VP.sea.many")
    for words in list(found)[::1301]:
        for n in range(len(words) + 1):
            expected = math.fsum(p for other, p in found.items() if other[:n] == words[:n])
            assert grammar.log_prob(words[:n], beginning=True) == pytest.approx(math.log(expected), abs=1e-12)


def test_draws_have_the_grammars_probabilities():
    """The mean of −log p of 3,000 draws is the entropy, each start comes as often (a failure in 10,000: 4 errors)."""
    n = 3000
    sentences, kinds = ENGLISH.sample(n, torch.Generator().manual_seed(3))
    cost = torch.tensor([-ENGLISH.log_prob(words) for words in sentences])
    assert abs(cost.mean() - ENGLISH.entropy()) < 4 * cost.std() / n**0.5
    for kind in range(6):
        assert abs(kinds.count(kind) - n / 6) < 4.5 * (n * 5 / 36) ** 0.5
    assert max(map(len, sentences)) == LONGEST
    lengths = Counter(map(len, sentences))
    shortest = 0.2 * 0.6  # noun phrase of two words, a verb alone
    assert abs(lengths[3] - n * shortest) < 4 * (n * shortest * (1 - shortest)) ** 0.5


def test_the_kind_is_that_of_the_nouns():
    sentences, kinds = ENGLISH.sample(200, torch.Generator().manual_seed(4))
    for words, kind in zip(sentences, kinds, strict=True):
        topic, number = KINDS[kind]
        assert words[0] in ("the", "a" if number == "one" else "some")
        assert ({"boat", "gull", "wave", "boats", "gulls", "waves"} & {*words} != set()) == (topic == "sea")


def test_tokens_go_there_and_back():
    sentences, _ = ENGLISH.sample(50, torch.Generator().manual_seed(5))
    tokens = ENGLISH.encode(sentences, LONGEST + 1)
    assert ENGLISH.decode(tokens) == sentences
    assert ((tokens == END).sum(1) == 1).all()
    lengths = torch.tensor([len(words) for words in sentences])
    assert torch.equal((tokens == PAD).sum(1), LONGEST - lengths)
    assert (len(ENGLISH.words), ENGLISH.words[END]) == (38, "END")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Grammar({"S": [(0.5, "a"), (0.4, "b")]}), "probabilities 0.9"),
        (lambda: Grammar({"T": [(1.0, "a")]}), "no rule for the start 'S'"),
        (lambda: ENGLISH.encode([("the", "boat", "rests")], 3), "at least 4"),
        (lambda: ENGLISH.sample(0), "at least 1"),
    ],
)
def test_what_does_not_fit_is_told_in_a_sentence(call, words):
    with pytest.raises(InputError, match=words):
        call()

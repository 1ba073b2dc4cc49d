"""The sentence explorer: what is written on the way is what the model writes there."""

from __future__ import annotations

import pytest
import torch

from tests.accessibility import DESK, PHONE, violations
from vae_lib.beyond.grammar import LONGEST, small_english
from vae_lib.beyond.sequences import SequenceVAE
from vae_lib.checks import InputError
from vae_lib.explore import sentence_explorer

GRAMMAR = small_english()
TEXTS = ("the boat waits", "a cook finds the small knife near some pots", "some trees rest today")
STEPS = 21


@pytest.fixture(scope="module")
def vae():
    made = SequenceVAE(LONGEST + 1, len(GRAMMAR.words), 4, 12, 24, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        for weight in made.parameters():
            weight *= 4  # untrained as it is, it writes different sentences for different codes
    return made.requires_grad_(False)


@pytest.fixture(scope="module")
def tokens():
    return GRAMMAR.encode([text.split() for text in TEXTS], LONGEST + 1)


@pytest.fixture
def explorer(vae, tokens):
    return sentence_explorer(vae, tokens, GRAMMAR.decode, note=lambda words: f"{len(words)} words", steps=STEPS)


def written(vae, tokens, a, b, t):
    """One sentence at a time, word by word, by the writer's logits."""
    mu = vae.encode(tokens)[0].double()
    z, read, words = ((1 - t) * mu[a] + t * mu[b]).float()[None], [vae.writer.begin], []
    while len(words) < LONGEST + 1:
        word = int(vae.writer.logits(torch.tensor([read]), z)[0, -1].argmax())
        if word == 0:
            break
        words.append(GRAMMAR.words[word])
        read.append(word)
    return " ".join(words)


@pytest.mark.parametrize(("a", "b"), [(0, 1), (1, 2), (2, 0)])
def test_every_step_is_what_the_model_writes_there(vae, tokens, explorer, a, b):
    explorer.set_state({"a": a, "b": b})  # as the browser does
    seen = []
    for k in range(STEPS):
        explorer.t = k / (STEPS - 1)
        seen.append(explorer.sentence)
        assert explorer.sentence == written(vae, tokens, a, b, k / (STEPS - 1))
    assert explorer.path() == seen
    assert len(set(seen)) > 2


def test_from_a_sentence_to_itself_nothing_changes(vae, tokens, explorer):
    explorer.a = explorer.b = 1
    assert set(explorer.path()) == {written(vae, tokens, 1, 1, 0)}


def test_what_does_not_fit_is_refused_in_a_sentence(vae, tokens, explorer):
    for name, value in {"a": 3, "b": -1, "t": 1.1}.items():
        with pytest.raises(InputError, match=f"sentence_explorer: {name} must lie in"):
            setattr(explorer, name, value)
    wrong = {
        "must be a module with encode and write": (torch.nn.Linear(2, 2), tokens, GRAMMAR.decode),
        "tokens must be whole numbers": (vae, tokens.float(), GRAMMAR.decode),
        "give 2 to 12 sentences, not 1": (vae, tokens[:1], GRAMMAR.decode),
        "read must be a function": (vae, tokens, GRAMMAR),
    }
    for words, arguments in wrong.items():
        with pytest.raises(InputError, match=words):
            sentence_explorer(*arguments)
    with pytest.raises(InputError, match="steps"):
        sentence_explorer(vae, tokens, GRAMMAR.decode, steps=1)


def test_a_figure_stands_where_no_widget_can(vae, tokens, monkeypatch):
    monkeypatch.setenv("VAE_EXPLORE", "figure")
    explorer = sentence_explorer(vae, tokens, GRAMMAR.decode, steps=STEPS)
    data, metadata = explorer._repr_mimebundle_()
    assert set(data) == {"image/png", "text/plain"}
    assert f"from the code of “{TEXTS[0]}” to that of “{TEXTS[1]}”" in metadata["image/png"]["alt"]
    bars = explorer.figure().axes[0].patches
    assert sum(bar.get_width() for bar in bars) == pytest.approx(1)


@pytest.mark.slow
@pytest.mark.browser
class TestPage:
    def test_every_step_in_the_browser_is_the_models(self, visit, vae, tokens, explorer):
        explorer.a, explorer.b, explorer.t = 0, 1, 0.0
        page = visit(explorer.to_html())
        slider, sentence = page.get_by_role("slider"), page.locator(".vx-sentence")
        for k in range(STEPS):
            slider.fill(str(k / (STEPS - 1)))
            assert sentence.text_content() == written(vae, tokens, 0, 1, k / (STEPS - 1))
            assert slider.get_attribute("aria-valuetext") == sentence.text_content()
            assert page.locator("[aria-current]").text_content().endswith(sentence.text_content())
        page.get_by_role("combobox", name="sentence A").select_option(
            TEXTS[2]
        )  # from 2 to 1: the path of 1 and 2, back
        slider.fill("0.25")
        assert sentence.text_content() == written(vae, tokens, 2, 1, 0.25)
        words = sentence.text_content().split()
        assert page.locator("p.vx-sentence > *").all_text_contents() == words
        said = page.locator(".vx-note").nth(1).text_content()
        assert said == f"{len(words)} words"
        page.wait_for_function(f"document.querySelector('[aria-live=polite]').textContent.endsWith('{said}')")

    def test_keys_go_from_one_sentence_to_the_next(self, visit, explorer):
        explorer.a, explorer.b, explorer.t = 0, 1, 0.0
        page = visit(explorer.to_html())
        path = explorer.path()
        runs = [text for k, text in enumerate(path) if k == 0 or text != path[k - 1]]
        sentence, on = page.locator(".vx-sentence"), page.get_by_role("button", name="the next sentence")
        for text in runs[1:]:
            on.press("Enter")
            assert sentence.text_content() == text
        page.get_by_role("slider").press("Home")
        assert sentence.text_content() == runs[0]
        rows = page.locator(".vx-runs button")
        assert [text.lstrip("0123456789. –") for text in rows.all_text_contents()] == [
            text.lstrip("0123456789. –") for text in runs
        ]
        rows.nth(2).press("Enter")
        assert sentence.text_content() == runs[2]
        assert rows.nth(2).evaluate("node => node === document.activeElement")  # the keys stay where they are

    def test_it_fits_a_desk_and_a_phone_and_axe_finds_nothing(self, visit, explorer):
        page = visit(explorer.to_html(), width=390)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert violations(page, (PHONE, "light"), (DESK, "dark")) == []
        assert page.evaluate("document.documentElement.scrollHeight") <= DESK["height"]

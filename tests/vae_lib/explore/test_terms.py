"""The divergence explorer: its terms are those of torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import vae_lib as lib
from vae_lib.checks import InputError
from vae_lib.explore import term_explorer


@pytest.mark.parametrize(("mu", "sigma"), [(0.0, 1.0), (1.0, 0.5), (-2.3, 0.05), (3.0, 2.0)])
def test_the_terms_of_a_divergence_are_those_of_torch(mu, sigma):
    explorer = term_explorer(mu, sigma)
    normal = torch.distributions.Normal
    p, q = (normal(*torch.tensor(both, dtype=torch.float64)) for both in ((0.0, 1.0), (mu, sigma)))
    kl = torch.distributions.kl_divergence(q, p).item()
    of_library = lib.gaussian_kl(*torch.tensor([[[mu]], [[2 * np.log(sigma)]]], dtype=torch.float64))
    assert explorer.terms.kl == pytest.approx(kl, abs=1e-12)
    assert explorer.terms.kl == pytest.approx(of_library.item(), abs=1e-12)
    assert explorer.terms.width == pytest.approx(torch.distributions.kl_divergence(normal(p.loc, q.scale), p).item())
    assert min(explorer.terms.kl, explorer.terms.width) >= -1e-12


def test_mu_and_sigma_are_read_set_and_observed():
    explorer, seen = term_explorer(), []
    explorer.observe(lambda change: seen.append((change.name, change.new)), ["mu", "sigma"])
    explorer.mu = -1
    explorer.set_state({"sigma": 0.25})  # as the browser does
    assert seen == [("mu", -1), ("sigma", 0.25)]
    assert explorer.terms.kl == pytest.approx(0.5 * (1 + 0.0625 - np.log(0.0625) - 1))


@pytest.mark.parametrize("bad", [{"mu": 3.1}, {"sigma": 0.0}, {"sigma": 2.1}, {"mu": float("nan")}, {"mu": "1"}])
def test_a_q_that_the_sliders_do_not_reach_is_refused(bad):
    with pytest.raises(InputError, match=f"term_explorer: {next(iter(bad))} must"):
        term_explorer(**bad)


def test_a_figure_of_the_terms_stands_beside_the_widget(monkeypatch):
    explorer = term_explorer(1.0, 0.5)
    data, metadata = explorer._repr_mimebundle_()
    assert {"image/png", "application/vnd.jupyter.widget-view+json"} <= set(data)
    assert "0.818 nats" in metadata["image/png"]["alt"] == data["text/plain"]
    bars = explorer.figure().axes[1].patches
    assert [bar.get_width() for bar in bars] == pytest.approx([0.5, 0.125, 0.693147, -0.5, 0.818147], abs=1e-6)
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    graded = term_explorer()
    assert graded.comm is None
    assert set(graded._repr_mimebundle_()[0]) == {"image/png", "text/plain"}

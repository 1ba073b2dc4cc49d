"""The judge: an answer that is the library's earns nothing, however it was reached, and is told so."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

import pytest

import vae_lib
from grading.course.lab import read_release
from grading.judge.run import grade
from tests.handins import LAB, answered, points, preceded, released, solved
from tests.lab_bank import LABS
from vae_lib import beyond

pytestmark = pytest.mark.sandbox

SAYS = "gaussian_kl is what this exercise asks you to write; the library's "
CALL = "def gaussian_kl(mu, logvar):\n    return "
WAYS = {
    "import": "from vae_lib import gaussian_kl",
    "another name": "from vae_lib.gaussian import gaussian_kl as kl\ngaussian_kl = kl",
    "attribute": f"import vae_lib\n{CALL}vae_lib.gaussian_kl(mu, logvar)",
    "attribute of its module": f"import vae_lib.gaussian as g\n{CALL}getattr(g, 'gaussian' + '_kl')(mu, logvar)",
    "__import__": f"{CALL}__import__('vae_lib').gaussian_kl(mu, logvar)",
    "importlib": f"import importlib\n{CALL}importlib.import_module('vae_lib.gaussian').gaussian_kl(mu, logvar)",
    "sys.modules": f"import sys\n{CALL}sys.modules['vae_lib'].gaussian_kl(mu, logvar)",
    "a module that uses it": f"from vae_lib import objective\n{CALL}objective.gaussian_kl(mu, logvar)",
    "what its checks wrap": "from vae_lib import gaussian_kl\ngaussian_kl = gaussian_kl.__wrapped__",
    "partial": "import functools, vae_lib\ngaussian_kl = functools.partial(vae_lib.gaussian_kl)",
    "reload": f"import importlib, vae_lib.gaussian\n{CALL}importlib.reload(vae_lib.gaussian).gaussian_kl(mu, logvar)",
    "import anew": f"import sys\nfor n in [n for n in sys.modules if n[:7] == 'vae_lib']:\n    del sys.modules[n]\n"
    f"import vae_lib\n{CALL}vae_lib.gaussian_kl(mu, logvar)",
    "import anew when called": "def gaussian_kl(mu, logvar):\n    import sys\n"
    "    for n in [n for n in sys.modules if n[:7] == 'vae_lib']:\n        del sys.modules[n]\n"
    "    from vae_lib import gaussian_kl as kl\n    return kl(mu, logvar)",
    "what the lab lists": f"import vae_lib\n{CALL}vae_lib.gaussian_kl_per_dim(mu, logvar).sum(1)",
    "a function that uses it": f"import vae_lib\n{CALL}vae_lib.vae_loss(lambda z: z, 0 * mu, mu, logvar,"
    " mu[None])[2] + 0 * mu[:, 0]",
    "a lambda that is returned": "import vae_lib\ngaussian_kl = (lambda: lambda *a: vae_lib.gaussian_kl(*a))()",
    "a class": "import vae_lib\nclass K:\n    def __call__(self, *a):\n        return vae_lib.gaussian_kl(*a)\n"
    "gaussian_kl = K()",
}


def of(result, name="gaussian_kl"):
    return next(exercise for exercise in result.exercises if exercise.name == name)


@pytest.mark.parametrize("way", WAYS)
def test_the_librarys_own_is_refused(sandbox, way):
    release = read_release(LAB)
    found = of(grade(answered(solved(), "gaussian_kl", WAYS[way]), release, sandbox))
    assert found.points == 0
    assert SAYS in found.message
    assert "not to be had while it is tested" in found.message


def test_so_is_one_that_was_kept_in_an_earlier_cell(sandbox):
    keep = "import vae_lib\nfrom vae_lib.gaussian import gaussian_kl as kept\n"
    keep += "inner, whole = kept.__wrapped__, vars(vae_lib)"
    for use in ("kept(mu, logvar)", "inner(mu, logvar)", "whole['gaussian_kl'](mu, logvar)"):
        handin = preceded(answered(solved(), "gaussian_kl", CALL + use), keep)
        assert SAYS in of(grade(handin, read_release(LAB), sandbox)).message


def test_other_exercises_have_it_and_what_uses_it(sandbox):
    """vae_loss and train_step are written with the library's gaussian_kl, also where a student's own one is wrong."""
    handin = answered(solved(), "gaussian_kl", "from vae_lib import gaussian_kl")
    use = "import torch, vae_lib\nprint(vae_lib.elbo_terms(vae_lib.VAE(4, 2, (3,)), torch.ones(2, 4)).kl.shape)"
    parts = (*handin.parts, handin.parts[0]._replace(source=use))
    result = grade(handin._replace(parts=parts), read_release(LAB), sandbox)
    wrong = {e.name for e in result.exercises if e.points != e.max_points}
    assert wrong == {"gaussian_kl"}
    assert result.outputs[len(parts) - 1] == "torch.Size([2])\n"


@pytest.mark.parametrize("lab", LABS)
def test_imports_alone_earn_nothing(sandbox, lab):
    """Each exercise answered by what the library has under its name: 73 of the 111 points of labs 1 to 6 once."""
    release, handin = read_release(lab), released(lab)
    modules = [vae_lib, *(import_module(f"vae_lib.beyond.{part.name}") for part in iter_modules(beyond.__path__))]
    homes = {e.name: m.__name__ for e in release.exercises for m in reversed(modules) if hasattr(m, e.name)}
    assert homes
    names = list(homes)
    for name, home in homes.items():
        handin = answered(handin, name, f"from {home} import {name}")
    result = grade(handin, release, sandbox)
    assert set(points(result).values()) == {0.0}
    for name in names:
        assert f"{name} is what this exercise asks you to write" in of(result, name).message

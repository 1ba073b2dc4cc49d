"""Latent explorers: the plane of codes beside the decoded picture, moved by hand. Imported from here, not at top level.

`LatentExplorer` is an ipywidget; its browser side is one ES module, explore.js, which also serves a page without a
kernel. `compare_explorer` and `slider_explorer` are made of it.
"""

from vae_lib.explore.explorer import LatentExplorer
from vae_lib.explore.together import compare_explorer, slider_explorer

__all__ = ["LatentExplorer", "compare_explorer", "slider_explorer"]

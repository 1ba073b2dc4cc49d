"""Latent explorers: the plane of codes beside the decoded picture, moved by hand. Imported from here, not at top level.

`LatentExplorer` is an ipywidget; its browser side is one ES module, explore.js, which also serves a page without a
kernel.
"""

from vae_lib.explore.explorer import LatentExplorer

__all__ = ["LatentExplorer"]

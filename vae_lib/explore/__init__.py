"""Latent explorers: the plane of codes beside the decoded picture, moved by hand. Imported from here, not at top level.

`LatentExplorer` is an ipywidget; its browser side is an ES module, joined from the parts in browser/, which also serves
a page without a kernel. `compare_explorer`, `slider_explorer`, `traversal_explorer` and `conditional_explorer` are made
of it; `term_explorer` shows one dimension's divergence, `attribute_explorer` what directions do to codes,
`flow_explorer` points on their way through a flow, `sentence_explorer` what is written between two sentences.

They are widgets in a notebook. With VAE_EXPLORE=page in the environment an executed notebook stores each as HTML with
all that it needs, so that what `jupyter nbconvert --execute --to html` writes works without a kernel and a network;
with VAE_EXPLORE=figure it stores the figure alone.
"""

from vae_lib.explore.attributes import attribute_explorer
from vae_lib.explore.conditional import conditional_explorer
from vae_lib.explore.explorer import LatentExplorer
from vae_lib.explore.sentences import sentence_explorer
from vae_lib.explore.terms import term_explorer
from vae_lib.explore.together import compare_explorer, slider_explorer, traversal_explorer
from vae_lib.explore.winding import flow_explorer

__all__ = [
    "LatentExplorer",
    "attribute_explorer",
    "compare_explorer",
    "conditional_explorer",
    "flow_explorer",
    "sentence_explorer",
    "slider_explorer",
    "term_explorer",
    "traversal_explorer",
]

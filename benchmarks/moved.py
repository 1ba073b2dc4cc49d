"""Pictures moved a little at random, and M1+M2 whose classifier sees them in place of M1's codes.

A digit that is turned by a few degrees is the same digit: that is knowledge which neither M1 nor M2 has, and which the
methods of 2014 were not given. Hence rows of their own, for M1+M2 and for the supervised network.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from vae_lib.beyond.semi_supervised import SemiSupervised, drawn, loss_of_each, unlabelled_bound
from vae_lib.objective import ElboTerms

TURN, STRETCH, SHEAR, SHIFT = math.radians(12), 0.1, 0.12, 1.5 / 14  # the most; the shift in halves of a side


def moved(x: Tensor, generator: torch.Generator | None = None, strength: float = 1.0) -> Tensor:
    """Each picture turned, stretched, sheared and shifted by amounts drawn anew. Shapes: (B, P) -> (B, P), P square."""
    side, n = math.isqrt(x.shape[1]), len(x)
    draws = strength * (2 * torch.rand(6, n, generator=generator, device=x.device) - 1)
    turn, shear, shift = TURN * draws[0], SHEAR * draws[1], SHIFT * draws[2:4]
    wide, high = (STRETCH * draws[4:]).exp()
    cos, sin = turn.cos(), turn.sin()
    across = torch.stack([cos * wide, (shear * cos - sin) * wide, shift[0]], -1)
    down = torch.stack([sin * high, (cos + shear * sin) * high, shift[1]], -1)
    square = (n, 1, side, side)
    grid = F.affine_grid(torch.stack([across, down], 1), square, align_corners=False)
    return F.grid_sample(x.view(square), grid, align_corners=False).view(n, -1).clamp(0, 1)


class Moved(SemiSupervised):
    """M1+M2 by q(y|x) q(z|a,y): M2's bounds are of M1's code a, its classifier is given the picture, moved.

    The bound holds for any q(y|x). Columns of the examples are μ and log σ² of the code, and the picture. In the first
    `teaching` steps the bounds do not teach the classifier, which starts from the labels alone, but only learn of it:
    they begin without a meaning, and would make it forget.
    """

    teaching = 300

    def loss_terms(
        self, mu: Tensor, logvar: Tensor, x: Tensor, n_samples: int = 1, generator: torch.Generator | None = None
    ) -> ElboTerms:
        """As SemiSupervised's."""
        *known, y = self.buffers()
        rows = torch.randint(len(y), (min(self.batch, len(y)),), generator=generator, device=y.device)
        both = [torch.cat([column, of[rows]]) for column, of in zip((mu, logvar, x), known, strict=True)]
        y, n = y[rows].unsqueeze(1), len(x)
        bounds = self.model.bounds(drawn(*both[:2], generator=generator), generator=generator)
        log_qy = F.log_softmax(self.model.classifier(moved(both[2], generator)), -1)
        known = (of[n:].gather(1, y).mean() for of in (bounds, log_qy))
        loss = loss_of_each(self._unlabelled(bounds[:n], log_qy[:n]), *known, self.share, self.alpha)
        return ElboTerms(loss, torch.zeros_like(loss))

    def _unlabelled(self, bounds: Tensor, log_qy: Tensor) -> Tensor:
        """−U(x), at first with q(y|x) as it is."""
        self.teaching -= 1
        log_qy = log_qy.clamp(min=-80)  # the entropy's slope at q = 0 is infinite
        return unlabelled_bound(bounds, (log_qy.detach() if self.teaching >= 0 else log_qy).exp())

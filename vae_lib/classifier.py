"""A classifier of pictures: the judge of what a decoder makes, trained by `fit` on pictures and their classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vae_lib.checks import checked, require, require_near_unit_interval, require_within
from vae_lib.objective import ElboTerms


class Classifier(nn.Module):
    """x -> logits of the classes. 3×3 convolutions with a ReLU each, halved in size between them, then a linear layer.

    Shapes: (B, P) -> (B, C), with P the pixels of `image_shape` in rows.
    """

    @checked(image_shape="image", channels="sizes 1", n_classes="count")
    def __init__(
        self,
        image_shape: tuple[int, int],
        channels: Sequence[int] = (16, 32, 64),
        n_classes: int = 10,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.image_shape, self.channels, self.n_classes = tuple(image_shape), tuple(channels), n_classes
        self.n_pixels = image_shape[0] * image_shape[1]
        layers: list[nn.Module] = []
        for n_in, n_out in zip((1, *channels), channels, strict=False):
            layers += [nn.Conv2d(n_in, n_out, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2, ceil_mode=True)]
        sides = [-(-side // 2 ** len(channels)) for side in image_shape]
        width = channels[-1] * sides[0] * sides[1]
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(width, n_classes))
        _draw_start(self.layers, generator)
        self.layers.to(memory_format=torch.channels_last)  # on a CPU half of the time

    @checked(x="B n_pixels")
    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x.view(len(x), 1, *self.image_shape))

    @torch.no_grad()
    @checked(x="B n_pixels")
    def probabilities(self, x: Tensor) -> Tensor:
        """p(class|x), in eval mode or not as the model is. Shapes: (B, P) -> (B, C)."""
        require_near_unit_interval(x, "Classifier.probabilities: x")
        return torch.softmax(self(x), -1)

    @checked(x="unit B n_pixels", y="whole B")
    def loss_terms(self, x: Tensor, y: Tensor, n_samples: int = 1, generator: torch.Generator | None = None):
        """−log p(y|x) in nats in the place of the reconstruction, and no KL: what `fit` trains. -> (B,), (B,)."""
        require_within(y, 0, self.n_classes - 1, "Classifier.loss_terms: y")
        loss = F.cross_entropy(self(x), y, reduction="none")
        return ElboTerms(loss, torch.zeros_like(loss))


class Validity(NamedTuple):
    """How a classifier judges pictures: the `label` (B,) that it gives and its `confidence` (B,), the probability."""

    label: Tensor
    confidence: Tensor


@checked(x="B P", batch="count")
def judge(classifier: Classifier, x: Tensor, batch: int = 1000) -> Validity:
    """The class of each picture and its probability, in eval mode. Shapes: (B, P) -> (B,) int64, (B,)."""
    known = isinstance(classifier, Classifier)
    require(known, f"judge: classifier must be a Classifier, not {type(classifier).__name__}.")
    require_near_unit_interval(x, "judge: x")
    mode = classifier.training
    try:
        table = torch.cat([classifier.eval().probabilities(part) for part in x.split(batch)])
    finally:
        classifier.train(mode)
    confidence, label = table.max(1)
    return Validity(label, confidence)


def _draw_start(layers: nn.Sequential, generator: torch.Generator | None) -> None:
    """Weights and biases from U(−1/√fan_in, 1/√fan_in), as torch draws them, but from `generator`."""
    for layer in layers if generator is not None else ():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            bound = layer.weight[0].numel() ** -0.5
            nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
            nn.init.uniform_(layer.bias, -bound, bound, generator=generator)

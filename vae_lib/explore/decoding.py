"""How a decoder reaches the browser: its weights, an atlas of its pictures, or the kernel's answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from vae_lib.checks import InputError, require, require_image_shape, trusted
from vae_lib.networks import Decoder

# Layers that numbers.js has as well. Whether a model is really their sequence is found out by trying (see `travel`).
ACTIVATIONS: dict[type, Callable[[nn.Module], dict]] = {
    nn.ReLU: lambda layer: {"act": "relu"},
    nn.Tanh: lambda layer: {"act": "tanh"},
    nn.Sigmoid: lambda layer: {"act": "sigmoid"},
    nn.SiLU: lambda layer: {"act": "silu"},
    nn.Softplus: lambda layer: {"act": "softplus"},
    nn.LeakyReLU: lambda layer: {"act": "leaky", "slope": layer.negative_slope},
}
_SILENT = (nn.Dropout, nn.Identity, nn.Flatten, nn.Unflatten)  # in eval mode they leave the numbers as they are
_NUMPY = {
    "relu": lambda x, step: np.maximum(x, 0),
    "tanh": lambda x, step: np.tanh(x),
    "sigmoid": lambda x, step: _sigmoid(x),
    "silu": lambda x, step: x * _sigmoid(x),
    "softplus": lambda x, step: np.logaddexp(0, x),
    "leaky": lambda x, step: np.where(x > 0, x, step["slope"] * x),
}
MOST_WEIGHTS = 4_000_000  # 16 MB, and about 4 ms a picture in the browser
GRIDS = (41, 61)  # pictures along a side of the atlas: the second where the first is too coarse
COARSE = 0.01  # mean error of the worst interpolated picture, on the grey scale 0 to 1


class Travel(NamedTuple):
    """What goes to the browser: kind "mlp" (layers in `spec`, float32 weights in `data`), "atlas" (uint8 pictures
    row by row, the first row at the top) or "kernel" (nothing)."""

    kind: str
    spec: dict
    data: bytes


class PictureDecoder:
    """A model or a function as codes (N, D) -> pictures (N, P), float32 arrays, the grey scale clipped to [0, 1].

    Of a model `decode_mean` is used; of a `vae_lib.Decoder` the sigmoid of its logits; of another module `decode` or
    the call, of a function the call. `output` is "sigmoid" where these return logits, "identity" where they do not.
    Raises InputError where the answer is not one picture for each code.
    """

    def __init__(self, model: object, latent_dim: int, image_shape: tuple[int, int], output: str | None) -> None:
        known = (None, "sigmoid", "identity")
        require(output in known, f'LatentExplorer: output must be "sigmoid", "identity" or None, not {output!r}.')
        require_image_shape(image_shape, "LatentExplorer: image_shape")
        self.model, self.latent_dim, self.image_shape = owner_of(model), latent_dim, tuple(map(int, image_shape))
        self.function = getattr(model, "decode_mean", None) or getattr(model, "decode", None) or model
        require(callable(self.function), f"LatentExplorer: {type(model).__name__} is neither a model nor a function.")
        self.output = output or ("sigmoid" if isinstance(model, Decoder) else None)
        self._try()

    def __call__(self, z: np.ndarray) -> np.ndarray:
        return self.raw(z).clip(0, 1)

    def raw(self, z: np.ndarray) -> np.ndarray:
        """As `__call__`, before the grey scale is clipped."""
        with at_rest(self.model), torch.no_grad(), trusted():  # the checks cost more than the decoding
            x = self.function(torch.from_numpy(np.array(z, np.float32)).to(**_kind_of(self.model)))
            x = torch.as_tensor(x).sigmoid() if self.output == "sigmoid" else torch.as_tensor(x)
        n_pixels = math.prod(self.image_shape)
        require(
            x.ndim > 0 and len(x) == len(z) and x.numel() == len(z) * n_pixels,
            f"LatentExplorer: for {len(z)} codes the decoder returned shape {tuple(x.shape)}, not ({len(z)}, "
            f"{n_pixels}); set image_shape, now {self.image_shape}, to rows and columns of a picture.",
        )
        return x.reshape(len(z), n_pixels).float().cpu().numpy()

    def _try(self) -> None:
        try:
            x = self.raw(np.zeros((3, self.latent_dim), np.float32))
        except InputError:
            raise
        except Exception as error:
            cause = f"{type(error).__name__}: {error}".splitlines()[0]
            raise InputError(
                f"LatentExplorer: the decoder fails on codes of shape (3, {self.latent_dim}) ({cause}); say how many "
                "dimensions it takes with latent_dim."
            ) from error
        require(np.isfinite(x).all(), "LatentExplorer: the decoder returns NaN or infinite pixels at z = 0.")
        known = self.output is not None or getattr(self.function, "__name__", "") == "decode_mean"
        require(
            known or (x.min() >= -0.5 and x.max() <= 1.5),
            f"LatentExplorer: the decoder's pixels run from {x.min():.3g} to {x.max():.3g}, not from 0 to 1; say "
            'output="sigmoid" if they are logits, output="identity" if they are not.',
        )


def travel(decoder: PictureDecoder, limit: float) -> Travel:
    """The best way to the browser: exact weights, else for two dimensions an atlas, else the kernel."""
    weights = _mlp(decoder)
    if weights is not None:
        return weights
    if decoder.latent_dim == 2:
        return atlas(decoder, limit, np.zeros(2), (0, 1))
    return Travel("kernel", {}, b"")


def atlas(decoder: PictureDecoder, limit: float, z: np.ndarray, axes: tuple[int, int]) -> Travel:
    """n × n pictures over [−limit, limit]² of the plane `axes` through z; n grows where interpolation is coarse."""
    for n in GRIDS:
        ticks = np.linspace(-limit, limit, n)
        pictures = _quantized(decoder(_on_plane(ticks[None, :], ticks[::-1, None], z, axes)))
        if _worst(decoder, pictures.reshape(n, n, -1), limit, z, axes) <= COARSE:
            break
    return Travel("atlas", {"n": n}, pictures.tobytes())


def to_bytes(decoder: PictureDecoder, z: np.ndarray) -> bytes:
    """Pictures as the kernel sends them: (N, D) -> N · P bytes, one grey level 0 to 255 each."""
    return _quantized(decoder(z)).tobytes()


def forward(steps: list[dict], weights: np.ndarray, z: np.ndarray) -> np.ndarray:
    """The layers as numbers.js applies them, in double precision. Shapes: (N, D) -> (N, P)."""
    x, at = np.asarray(z, np.float64), 0
    for step in steps:
        if "linear" not in step:
            x = _NUMPY[step["act"]](x, step)
            continue
        n_out, n_in = step["linear"]
        w, b = np.split(weights[at : at + n_out * (n_in + 1)].astype(np.float64), [n_out * n_in])
        x, at = x @ w.reshape(n_out, n_in).T + b, at + n_out * (n_in + 1)
    return x


def mlp_layers(model: object) -> list[nn.Module] | None:
    """The linear layers and activations of a module in the order they were given, or None where it has others."""
    root = getattr(model, "decoder", model)
    if not isinstance(root, nn.Module):
        return None
    leaves = [m for m in root.modules() if not any(True for _ in m.children()) and not isinstance(m, _SILENT)]
    known = leaves and all(isinstance(m, nn.Linear) or type(m) in ACTIVATIONS for m in leaves)
    return leaves if known else None


def _mlp(decoder: PictureDecoder) -> Travel | None:
    """The layers with or without a sigmoid after them, whichever decodes as the model itself does; else None."""
    layers = mlp_layers(decoder.model)
    if not layers or sum(p.numel() for m in layers for p in m.parameters()) > MOST_WEIGHTS:
        return None
    steps = [_step(m) for m in layers]
    weights = np.concatenate([t for m in layers if isinstance(m, nn.Linear) for t in _parameters(m)])
    z = np.random.default_rng(0).normal(size=(64, decoder.latent_dim)).astype(np.float32) * 2
    expected = decoder(z)
    for end in ([], [{"act": "sigmoid"}]):
        if _fits(steps, decoder) and np.abs(forward(steps + end, weights, z).clip(0, 1) - expected).max() < 1e-4:
            return Travel("mlp", {"steps": steps + end}, weights.tobytes())
    return None


def _fits(steps: list[dict], decoder: PictureDecoder) -> bool:
    """Each layer takes what the one before it gives, from D numbers to P."""
    sizes = [step["linear"] for step in steps if "linear" in step]
    ends = [math.prod(decoder.image_shape), *(n_in for _, n_in in reversed(sizes))]
    return [n_out for n_out, _ in reversed(sizes)] == ends[:-1] and ends[-1] == decoder.latent_dim


def _step(layer: nn.Module) -> dict:
    if isinstance(layer, nn.Linear):
        return {"linear": [layer.out_features, layer.in_features]}
    return ACTIVATIONS[type(layer)](layer)


def _parameters(layer: nn.Linear) -> tuple[np.ndarray, np.ndarray]:
    bias = torch.zeros(layer.out_features) if layer.bias is None else layer.bias
    return tuple(t.detach().float().cpu().numpy().ravel() for t in (layer.weight, bias))


def _on_plane(first: np.ndarray, second: np.ndarray, z: np.ndarray, axes: tuple[int, int]) -> np.ndarray:
    """Codes equal to z except in two coordinates, which are broadcast against each other. -> (N, D) float32."""
    first, second = np.broadcast_arrays(first, second)
    codes = np.tile(np.asarray(z, np.float32), (first.size, 1))
    codes[:, axes[0]], codes[:, axes[1]] = first.ravel(), second.ravel()
    return codes


def _worst(decoder: PictureDecoder, pictures: np.ndarray, limit: float, z: np.ndarray, axes: tuple[int, int]) -> float:
    """Mean error of the worst of 200 pictures interpolated in the atlas (n, n, P)."""
    n = len(pictures)
    points = np.random.default_rng(0).uniform(-limit, limit, (200, 2)) * (1 - 1e-9)
    column, row = (points * [1, -1] / limit + 1).T * (n - 1) / 2
    c, r = column.astype(int), row.astype(int)
    u, v = (column - c)[:, None], (row - r)[:, None]
    top = (1 - u) * pictures[r, c] + u * pictures[r, c + 1]
    bottom = (1 - u) * pictures[r + 1, c] + u * pictures[r + 1, c + 1]
    exact = decoder(_on_plane(points[:, 0], points[:, 1], z, axes))
    return float(np.abs(((1 - v) * top + v * bottom) / 255 - exact).mean(1).max())


def _quantized(x: np.ndarray) -> np.ndarray:
    return np.rint(x * 255).astype(np.uint8)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(0.5 * x))


def _kind_of(model: object) -> dict:
    """Device and type of a module's first floating parameter; of a function, what it was."""
    parameters: Iterator[Tensor] = model.parameters() if isinstance(model, nn.Module) else iter(())
    first = next((p for p in parameters if p.is_floating_point()), None)
    return {} if first is None else {"device": first.device, "dtype": first.dtype}


@contextmanager
def at_rest(model: object) -> Iterator[None]:
    """In eval mode, and each module back in its own mode afterwards."""
    modules = list(model.modules()) if isinstance(model, nn.Module) else []
    modes = [m.training for m in modules]
    if modules:
        model.eval()
    try:
        yield
    finally:
        for module, mode in zip(modules, modes, strict=True):
            module.training = mode


def owner_of(function: object) -> object:
    """The model of a bound method such as `vae.decode_mean`; anything else as it is."""
    owner = getattr(function, "__self__", None)
    return owner if isinstance(owner, nn.Module) else function

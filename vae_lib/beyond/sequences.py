"""VAEs of sequences: a GRU reads a sentence into a code, and a GRU writes it word by word from the code. In nats.

Letters: T positions, V words. Token 0 closes a sentence, −1 stands behind it. The decoder is autoregressive, so it can
do without its code; three cures keep the code in use: annealing, word dropout, free bits.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from vae_lib.beyond.grammar import END, PAD
from vae_lib.beyond.sequence_terms import free_bits, kl_weight, sequence_nll, word_dropout
from vae_lib.checks import checked, require, require_within
from vae_lib.gaussian import gaussian_kl_per_dim, reparametrize
from vae_lib.objective import ElboTerms

__all__ = ["LanguageModel", "SequenceVAE", "free_bits", "kl_weight", "sequence_nll", "word_dropout"]


class LanguageModel(nn.Module):
    """p(x) = Π_t p(x_t | x_<t) by a GRU, given a code of `latent_dim` numbers at each step if there is one."""

    @checked(n_positions="count", n_words="count", embedding="count", hidden="count", latent_dim="count 0")
    def __init__(
        self,
        n_positions: int,
        n_words: int,
        embedding: int = 16,
        hidden: int = 48,
        latent_dim: int = 0,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.n_positions, self.n_words, self.latent_dim = n_positions, n_words, latent_dim
        self.unknown, self.begin = n_words, n_words + 1  # tokens that are read and never written
        self.embed = nn.Embedding(n_words + 2, embedding)
        self.gru = nn.GRU(embedding + latent_dim, hidden, batch_first=True)
        self.out = nn.Linear(hidden, n_words)
        _start(self, generator)

    @checked(tokens="whole B T")
    def read(self, tokens: Tensor) -> Tensor:
        """What is read before each token is written: `begin`, then the tokens but for the last. (B, T) -> (B, T)."""
        require_within(tokens, PAD, self.n_words - 1, "LanguageModel.read: tokens")
        shifted = torch.where(tokens == PAD, END, tokens)[:, :-1]
        return torch.cat([torch.full_like(tokens[:, :1], self.begin), shifted], 1)

    @checked(read="whole B T", z="... B latent_dim")
    def logits(self, read: Tensor, z: Tensor | None = None) -> Tensor:
        """(B, T), (..., B, D) -> (..., B, T, V)."""
        _require_code("logits", z, self.latent_dim)
        require_within(read, 0, self.begin, "LanguageModel.logits: read")
        words = self.embed(read)
        if z is None:
            return self.out(self.gru(words)[0])
        words = words.expand(*z.shape[:-2], *words.shape)
        given = torch.cat([words, z.unsqueeze(-2).expand(*words.shape[:-1], z.shape[-1])], -1)
        states = self.gru(given.flatten(0, -3))[0]
        return self.out(states).unflatten(0, given.shape[:-2])

    @torch.no_grad()
    @checked(n="count", z="n latent_dim", greedy="flag")
    def write(self, n: int, z: Tensor | None = None, generator: torch.Generator | None = None, greedy: bool = False):
        """n sentences word by word, by the likeliest word at each step if `greedy`, else by draws. -> (n, T)."""
        _require_code("write", z, self.latent_dim)
        require(z is None or len(z) == n, f"LanguageModel.write: z must have a row for each of the {n} sentences.")
        last, state, over = torch.full((n, 1), self.begin), None, torch.zeros(n, dtype=torch.bool)
        tokens = torch.full((n, self.n_positions), PAD)
        for t in range(self.n_positions):
            given = self.embed(last) if z is None else torch.cat([self.embed(last), z.unsqueeze(1)], -1)
            states, state = self.gru(given, state)
            scores = self.out(states[:, 0])
            word = scores.argmax(1) if greedy else torch.multinomial(scores.softmax(1), 1, generator=generator)[:, 0]
            tokens[:, t] = torch.where(over, PAD, word)
            over = over | (word == END)
            last = word.unsqueeze(1)
        return tokens

    @checked(x="B T", n_samples="count")
    def loss_terms(self, x: Tensor, n_samples: int = 1, generator: torch.Generator | None = None) -> ElboTerms:
        """−log p(x) in the place of the reconstruction, and no KL: what `fit` trains. (B, T) tokens as floats."""
        tokens = x.long()
        nll = sequence_nll(self.logits(self.read(tokens)), tokens)
        return ElboTerms(nll, torch.zeros_like(nll))


class SequenceVAE(nn.Module):
    """q(z|x) from the last state of a GRU, p(x|z) by a `LanguageModel` that is given z at each step.

    In training the KL is annealed over `warmup` steps, `dropout` of the words read are hidden from the decoder, and a
    KL below `floor` nats a dimension is free; each is off at 0. What is scored is the bound itself, whatever the cure.
    """

    @checked(n_positions="count", n_words="count", latent_dim="count", embedding="count", hidden="count")
    @checked(warmup="count 0", dropout="share", floor="nonnegative")
    def __init__(
        self,
        n_positions: int,
        n_words: int,
        latent_dim: int,
        embedding: int = 16,
        hidden: int = 48,
        warmup: int = 0,
        dropout: float = 0.0,
        floor: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.n_positions, self.n_words, self.latent_dim = n_positions, n_words, latent_dim
        self.warmup, self.dropout, self.floor = warmup, dropout, floor
        self.embed = nn.Embedding(n_words, embedding)
        self.reader = nn.GRU(embedding, hidden, batch_first=True)
        self.code = nn.Linear(hidden, 2 * latent_dim)
        _start(self, generator)
        self.writer = LanguageModel(n_positions, n_words, embedding, hidden, latent_dim, generator)
        self.register_buffer("risen", torch.zeros(()))  # how far the KL's weight has come, of the warm-up

    @checked(tokens="whole B T")
    def encode(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """μ and log σ² of q(z|x). (B, T) int -> (B, D), (B, D)."""
        require_within(tokens, PAD, self.n_words - 1, "SequenceVAE.encode: tokens")
        states = self.reader(self.embed(torch.where(tokens == PAD, END, tokens)))[0]
        last = (tokens != PAD).sum(1) - 1
        mu, logvar = self.code(states[torch.arange(len(tokens)), last]).chunk(2, -1)
        return mu, logvar

    @checked(z="... B latent_dim", tokens="whole B T")
    def decode(self, z: Tensor, tokens: Tensor) -> Tensor:
        """Logits of p(x_t | z, x_<t) at each position. (..., B, D), (B, T) -> (..., B, T, V)."""
        return self.writer.logits(self.writer.read(tokens), z)

    @checked(z="B latent_dim", greedy="flag")
    def write(self, z: Tensor, generator: torch.Generator | None = None, greedy: bool = True) -> Tensor:
        """A sentence for each code. (B, D) -> (B, T)."""
        return self.writer.write(len(z), z, generator, greedy)

    @checked(x="B T", n_samples="count")
    def loss_terms(self, x: Tensor, n_samples: int = 1, generator: torch.Generator | None = None) -> ElboTerms:
        """Reconstruction and KL, in training with the cures. (B, T) tokens as floats -> (B,), (B,)."""
        tokens = x.long()
        mu, logvar = self.encode(tokens)
        eps = torch.randn(n_samples, *mu.shape, generator=generator, dtype=mu.dtype)
        read = self.writer.read(tokens)
        if self.training and self.dropout:
            u = torch.rand(read.shape, generator=generator)
            read = word_dropout(read, self.dropout, u, self.writer.unknown, [self.writer.begin])
        nll = sequence_nll(self.writer.logits(read, reparametrize(mu, logvar, eps)), tokens).mean(0)
        kl = gaussian_kl_per_dim(mu, logvar)
        return ElboTerms(nll, self._cost(kl) if self.training else kl.sum(1))

    def _cost(self, kl: Tensor) -> Tensor:
        """What a training step pays for the KL (B, D). -> (B,)."""
        weight = 1.0
        if self.warmup:
            weight = kl_weight(round(self.risen.item() * self.warmup), self.warmup)
            self.risen.add_(1 / self.warmup).clamp_(max=1)
        return weight * (free_bits(kl, self.floor).expand(len(kl)) if self.floor else kl.sum(1))


def _require_code(method: str, z: Tensor | None, latent_dim: int) -> None:
    """A code is given where the model was made for one, and only there."""
    need = f"be of {latent_dim} numbers a sentence" if latent_dim else "be None, since the model has no code"
    require((z is None) == (latent_dim == 0), f"LanguageModel.{method}: z must {need}.")


def _start(module: nn.Module, generator: torch.Generator | None) -> None:
    """Every weight from U(−1/√H, 1/√H), as a GRU of torch starts, from `generator` if one is given."""
    if generator is not None:
        bound = 1 / math.sqrt(module.gru.hidden_size if hasattr(module, "gru") else module.reader.hidden_size)
        for weight in module.parameters():
            nn.init.uniform_(weight, -bound, bound, generator=generator)

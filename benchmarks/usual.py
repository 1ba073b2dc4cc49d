"""The usual training loop: model, loss and loop as in the VAE of pytorch/examples, data from torchvision."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Subset
from torchvision import datasets, transforms


class UsualVAE(nn.Module):
    """784-400-20 with a sigmoid at the end, as in the example."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(784, 400)
        self.fc21 = nn.Linear(400, 20)
        self.fc22 = nn.Linear(400, 20)
        self.fc3 = nn.Linear(20, 400)
        self.fc4 = nn.Linear(400, 784)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        h1 = F.relu(self.fc1(x.view(-1, 784)))
        mu, logvar = self.fc21(h1), self.fc22(h1)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z)))), mu, logvar


class UsualLoop:
    """`epoch()` runs one epoch and returns the mean loss."""

    def __init__(self, folder: Path, n: int) -> None:
        dataset = datasets.MNIST(folder, train=True, transform=transforms.ToTensor())
        self.loader = DataLoader(Subset(dataset, range(n)), batch_size=128, shuffle=True)
        self.model = UsualVAE()
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3)

    def epoch(self) -> float:
        total = 0.0
        for x, _ in self.loader:
            self.optimizer.zero_grad()
            x_hat, mu, logvar = self.model(x)
            bce = F.binary_cross_entropy(x_hat, x.view(-1, 784), reduction="sum")
            kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
            loss = bce + kld
            loss.backward()
            total += loss.item()
            self.optimizer.step()
        return total / len(self.loader.dataset)

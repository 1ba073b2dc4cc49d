"""python -m vae_lib.zoo list | train NAME"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from vae_lib.checks import InputError
from vae_lib.zoo import RECIPES, load
from vae_lib.zoo.card import last_gain
from vae_lib.zoo.training import train

HEADINGS = ("model", "test figure", "squared error (PCA's)", "epochs", "last gain", "seconds", "parameters", "MB")


def figures(card: dict[str, Any]) -> tuple[str, str]:
    """The test figure of a card with its standard error, and the squared error beside PCA's."""
    test, found = card["test"], []
    if "elbo" in test:
        found.append(f"−ELBO {-test['elbo']:.2f} ± {test['elbo_se']:.2f} nats")
    if "error_percent" in test:
        found.append(f"error {test['error_percent']:.2f} ± {test['error_percent_se']:.2f} %")
    if "right_of_sure_percent" in test:
        right = f"{test['right_of_sure_percent']:.2f} ± {test['right_of_sure_percent_se']:.2f}"
        found.append(f"{right} % right where p > 0.9")
    squares = ""
    if "pca_squared_error" in test:
        squares = f"{test['squared_error']:.2f} ± {test['squared_error_se']:.2f} ({test['pca_squared_error']:.2f})"
    return ", ".join(found), squares


def row(card: dict[str, Any]) -> tuple[str, ...]:
    """A line of the table; epochs are those of the rounds, each from a fresh start, and what the last one gained is of
    the held-back loss.
    """
    rounds = card["training"]["rounds"]
    epochs = " + ".join(str(one["epochs"]) for one in rounds)
    seconds, gain = f"{sum(one['seconds'] for one in rounds):,}", last_gain(card)
    cost = seconds, f"{card['parameters']:,}", f"{card['bytes'] / 1e6:.2f}"
    return card["name"], *figures(card), epochs, "" if gain is None else f"{max(gain, 0):.1f} %", *cost


def table(cards: list[dict[str, Any]]) -> str:
    """The cards as a Markdown table."""
    lines = [HEADINGS, ("---",) * len(HEADINGS), *map(row, cards)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main(arguments: list[str] | None = None) -> int:
    """List the models of the zoo, or train one until a held-back part of its training set no longer gains by it."""
    parser = argparse.ArgumentParser(prog="python -m vae_lib.zoo", description=main.__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="what there is, and what it scores, as a Markdown table")
    one = commands.add_parser("train", help="train one and write its weights and card; interrupted, it goes on")
    one.add_argument("name", choices=list(RECIPES))
    one.add_argument("--folder", help="where to write; default: the library's own folder")
    one.add_argument("--epochs", type=int, help="one round of so many epochs: for a trial, with --folder")
    one.add_argument("--data-dir", help="where MNIST lies; default: VAE_DATA_DIR, else the user's cache")
    chosen = vars(parser.parse_args(arguments))
    try:
        entries = [load(name) for name in RECIPES] if chosen.pop("command") == "list" else [train(**chosen)]
        print(table([entry.card for entry in entries]))
    except InputError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted; the same command goes on from there.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())

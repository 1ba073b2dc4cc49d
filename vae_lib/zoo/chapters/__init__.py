"""Models of the chapters beyond the core: a module for each chapter, with its RECIPES by name."""

from __future__ import annotations

from vae_lib.zoo.chapters import conditional, disentangling, family, flows, fonts, graphs, semi_supervised, sequences
from vae_lib.zoo.recipe import ChapterRecipe

_MODULES = (conditional, disentangling, flows, semi_supervised, sequences, graphs, fonts, family)
CHAPTERS: dict[str, ChapterRecipe] = {name: recipe for module in _MODULES for name, recipe in module.RECIPES.items()}
CLASSES = {recipe.model.__name__: recipe.model for recipe in CHAPTERS.values()}

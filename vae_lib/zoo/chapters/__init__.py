"""Models of the chapters beyond the core: a module for each chapter, with its RECIPES by name."""

from __future__ import annotations

from vae_lib.zoo.chapters import conditional, flows, sequences
from vae_lib.zoo.recipe import ChapterRecipe

CHAPTERS: dict[str, ChapterRecipe] = {**conditional.RECIPES, **flows.RECIPES, **sequences.RECIPES}
CLASSES = {recipe.model.__name__: recipe.model for recipe in CHAPTERS.values()}

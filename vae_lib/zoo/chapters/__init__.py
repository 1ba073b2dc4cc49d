"""Models of the chapters beyond the core: a module for each chapter, with its RECIPES by name."""

from __future__ import annotations

from vae_lib.zoo.chapters import flows
from vae_lib.zoo.recipe import ChapterRecipe

CHAPTERS: dict[str, ChapterRecipe] = {**flows.RECIPES}
CLASSES = {recipe.model.__name__: recipe.model for recipe in CHAPTERS.values()}

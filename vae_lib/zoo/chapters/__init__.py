"""Models of the chapters beyond the core: a module for each chapter, with its RECIPES by name."""

from __future__ import annotations

from vae_lib.zoo.chapters import conditional, disentangling, flows, fonts, graphs, semi_supervised
from vae_lib.zoo.recipe import ChapterRecipe

CHAPTERS: dict[str, ChapterRecipe] = {
    **conditional.RECIPES,
    **disentangling.RECIPES,
    **flows.RECIPES,
    **semi_supervised.RECIPES,
    **graphs.RECIPES,
    **fonts.RECIPES,
}
CLASSES = {recipe.model.__name__: recipe.model for recipe in CHAPTERS.values()}

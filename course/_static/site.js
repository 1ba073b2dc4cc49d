// What the theme does not see to: a page read from disk, and a page on paper.

// From disk a page may not fetch others: the results of a search come without their summaries.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

// Paper is white, whatever the screen is, and nobody can unfold there what is folded.
const printing = matchMedia("print"), page = document.documentElement;
printing.addEventListener("change", () => {
  if (printing.matches) page.dataset.screen = page.dataset.theme;
  page.dataset.theme = printing.matches ? "light" : page.dataset.screen ?? "light";
  const folded = printing.matches ? "article details:not([open])" : "article details[data-folded]";
  for (const part of document.querySelectorAll(folded)) {
    part.open = part.toggleAttribute("data-folded", printing.matches);
  }
});

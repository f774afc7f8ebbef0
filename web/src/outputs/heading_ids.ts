/** Ids of headings, as Jupyter and GitHub make them of their words. Pure. */

/** The id that JupyterLab gives a heading. */
export const headingId = (words: string): string => words.trim().replace(/\s+/g, "-");
/** The id that GitHub gives a heading. */
export const slug = (words: string): string =>
  words
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s/g, "-");

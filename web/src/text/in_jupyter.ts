/** English: what webipy says in pages of JupyterLab and Notebook. */
export const inJupyter = {
  open: "Open in webipy",
  opens: "Open this notebook in the page of webipy: the same document, the same kernel",
};

"""webipy.converter.headers: the header of a text notebook changes where its content does; and texts whose header comes with them."""

from __future__ import annotations

import json
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from webipy.converter import headers, texts

PYTHON = """\
#!/usr/bin/env python
# ---
# title: "My title"  # with a comment
# jupyter:
#   # the kernel
#   kernelspec:
#     name: python3
#     language: python
#     display_name: Python 3
#   zzz: 1
#   jupytext:
#     text_representation:
#       format_name: percent
#       extension: .py
#     formats: ipynb,py:percent
# ---

# %%
x = 1

# %%
y = 2
"""
MARKDOWN = """\
---
jupyter:
  kernelspec:
    name: python3
    display_name: Python 3
    language: python
title: hello
---

# Title

```python
x = 1
```
"""
QUARTO = """\
---
title: "A report"
format:
  html:
    code-fold: true
jupyter: python3
---

## Section {#sec-one}

```{python}
#| label: fig-plot
#| fig-cap: "A plot"
plot([1, 2])
```

::: {.callout-note}
A note.
:::

```{r}
summary(cars)
```

```{mermaid}
flowchart LR
```
"""
KERNEL = {"kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}}
NAMES = st.sampled_from(["b", "a", "c d", "name", "é"])
LEAVES = st.one_of(
    st.integers(-5, 5),
    st.booleans(),
    st.sampled_from(["x", "", "true", "a: b", "# c", "'", "x\ny"]),
    st.lists(st.integers(0, 3), max_size=2),
)
TREES = st.dictionaries(
    NAMES, st.recursive(LEAVES, lambda inner: st.dictionaries(NAMES, inner, max_size=3)), max_size=4
)


def lines(tree: dict[str, Any], is_sorted: bool) -> list[str]:
    """A header that says this."""
    return str(yaml.safe_dump(tree, allow_unicode=True, sort_keys=is_sorted)).splitlines() if tree else []


class Lines(SynchronousTestCase):
    """Of a header."""

    def test_a_value_changes_in_its_place(self) -> None:
        """Order, comments and spelling of all others stay."""
        original = ["z: 1  # last", "# about a", "a:", "  y: 'one'", "", "  x: [1, 2]", "b: two"]
        read, new = {"a": {"x": [1, 2], "y": "one"}, "b": "two", "z": 1}, {"a": {"x": [1, 2], "y": "1"}, "c": 3, "z": 1}
        made = headers.changed(original, lines(read, True), lines(new, True))
        self.assertEqual(made, ["z: 1  # last", "# about a", "a:", "  y: '1'", "", "  x: [1, 2]", "c: 3"])
        self.assertIs(headers.changed(original, ["a: 1"], ["a: 1"]), original)

    def test_what_is_not_written_line_by_line_is_left_to_jupytext(self) -> None:
        """A map in braces, a header that is no map, or no YAML."""
        for original in (["a: {x: 1, y: 2}"], ["- a"], ["a: [", "b"], ["a: &n {x: 1}"]):
            self.assertIsNone(headers.changed(original, ["a:", "  x: 1"], ["a:", "  x: 2"]), original)

    def test_it_says_what_it_should(self) -> None:
        """Whatever changes in whatever header: all of it, and nothing else."""

        @examples(60)
        @given(TREES, TREES, st.randoms(use_true_random=False))
        def holds(old: dict[str, Any], new: dict[str, Any], chance: Any) -> None:
            names = list(old)
            chance.shuffle(names)
            original = lines({name: old[name] for name in names}, False)
            made = headers.changed(original, lines(old, True), lines(new, True))
            if made is not None:
                self.assertEqual(yaml.safe_load("\n".join(made)) or {}, new)
            flat = not any("\n" in json.dumps(tree) or "\\n" in json.dumps(tree) for tree in (old, new))
            self.assertTrue(made is not None or not flat or "{}" in str((old, new)))

        holds()


class Texts(SynchronousTestCase):
    """Whole files, as the converter writes them."""

    def edited(self, text: str, format: str, metadata: dict[str, Any], source: str | None = None) -> list[str]:
        """The lines that come and go when a notebook gets other metadata, and its first code cell another source."""
        body = text.encode()
        whole = json.loads(texts.to_notebook(body, format, "a"))
        self.assertEqual(texts.from_notebook(json.dumps(whole).encode(), format, body), body)
        whole["metadata"] |= metadata
        if source is not None:
            next(cell for cell in whole["cells"] if cell["cell_type"] == "code")["source"] = source
        new = texts.from_notebook(json.dumps(whole).encode(), format, body).decode().splitlines()
        old = text.splitlines()
        return [f"-{line}" for line in old if line not in new] + [f"+{line}" for line in new if line not in old]

    def test_another_kernel_changes_its_lines_of_the_header(self) -> None:
        """It is not sorted, nothing is added to it, and there is one of it."""
        kernel = ["-#     display_name: Python 3", "+#     display_name: Python 3 (ipykernel)"]
        self.assertEqual(self.edited(PYTHON, "py:percent", KERNEL), kernel)
        both = self.edited(PYTHON, "py:percent", KERNEL, "x = 3")
        self.assertEqual(sorted(both), sorted([*kernel, "-x = 1", "+x = 3"]))
        self.assertEqual(len(self.edited(MARKDOWN, "md:markdown", KERNEL)), 2)

    def test_quarto_needs_no_quarto(self) -> None:
        """Chunks of known languages are cells, all else is text; what is not edited keeps its bytes."""
        self.assertEqual(self.edited(QUARTO, "qmd:rmarkdown", KERNEL, "#| label: fig-plot\nplot([3])"), [
            '-#| fig-cap: "A plot"', "-plot([1, 2])", "+plot([3])",
        ])  # fmt: skip
        cells = json.loads(texts.to_notebook(QUARTO.encode(), "qmd:rmarkdown", "a"))["cells"]
        self.assertEqual(
            [cell["cell_type"] for cell in cells], ["raw", "markdown", "code", "markdown", "code", "markdown"]
        )

    def test_a_new_quarto_file_names_no_format_of_jupytext(self) -> None:
        """Its kernel, if it has one."""
        cell: dict[str, Any] = {
            "cell_type": "code",
            "id": "a",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": "x = 1",
        }
        whole: dict[str, Any] = {"cells": [cell], "metadata": KERNEL, "nbformat": 4, "nbformat_minor": 5}
        written = texts.from_notebook(json.dumps(whole).encode(), "qmd:rmarkdown", None).decode()
        self.assertIn("```{python}\nx = 1\n```", written)
        self.assertIn("kernelspec", written)
        self.assertNotIn("jupytext", written)
        whole["metadata"] = {}
        self.assertTrue(
            texts.from_notebook(json.dumps(whole).encode(), "qmd:rmarkdown", None).startswith(b"```{python}")
        )

"""Files of Python packages that their outputs name by a public address, such as https://cdn.bokeh.org/bokeh/release/bokeh-3.6.2.min.js.

The package that wrote the output has the same file with it: what draws it needs no network. Pure.

Invariant: the version in the address is that of the package. An address without a version, or of a file that no package has, means nothing here.
"""

from __future__ import annotations

import re

import msgspec

_VERSION = r"(?P<version>\d[\w.!+-]*?)"
_BOKEH = "bokeh/server/static/js/"
_REST = r"(?P<rest>[\w@./+^~-]+)"


class PackageFile(msgspec.Struct, frozen=True):
    """A file of an installed package.

    Args:
        package: The name of the package, as its `.dist-info` folder has it.
        version: The version that it must have.
        path: Of the file, below the folder that packages lie in.
    """

    package: str
    version: str
    path: str


_PLACES = (
    (rf"cdn\.bokeh\.org/bokeh/(?:release|dev)/(?P<name>bokeh(?:-[a-z]+)?)-{_VERSION}(?P<end>(?:\.min)?\.js)", "bokeh", f"{_BOKEH}{{name}}{{end}}"),
    (rf"(?:cdn\.jsdelivr\.net/npm|unpkg\.com)/@bokeh/bokehjs@{_VERSION}/build/js/{_REST}", "bokeh", f"{_BOKEH}{{rest}}"),
    (rf"cdn\.holoviz\.org/panel/{_VERSION}/dist/{_REST}", "panel", "panel/dist/{rest}"),
    (rf"(?:cdn\.jsdelivr\.net/npm|unpkg\.com)/@holoviz/panel@{_VERSION}/dist/{_REST}", "panel", "panel/dist/{rest}"),
)  # fmt: skip
_PATTERNS = tuple((re.compile(rf"https://{place}\Z"), package, path) for place, package, path in _PLACES)


def package_file(address: str) -> PackageFile | None:
    """The file of a package that a public address means; none for any other address."""
    bare = address.partition("?")[0].partition("#")[0]
    for pattern, package, path in _PATTERNS:
        found = pattern.match(bare)
        if found is None:
            continue
        named = found.groupdict()
        version = re.sub(r"[-.]?(rc|dev|a|b)\.?", r"\1", named["version"])
        whole = path.format(**named)
        return None if ".." in whole.split("/") else PackageFile(package, version, whole)
    return None

"""webipy.converter.addresses: which pictures a text shows, and which files those are."""

from __future__ import annotations

from time import process_time

from twisted.trial.unittest import SynchronousTestCase

from webipy.converter.addresses import addresses, path_of, replaced


class AddressTests(SynchronousTestCase):
    """`addresses` and `replaced`."""

    def test_each_way_to_show_a_picture(self) -> None:
        """Markdown's and HTML's, with titles, brackets, spaces and quotes as they may stand there; links and code show none."""
        for source, found in (
            ("![a](a.png)", ["a.png"]),
            ("![a]( a.png 'title')", ["a.png"]),
            ('![a](a.png "ti) tle")', ["a.png"]),
            ("![a](<x y.png>)", ["x y.png"]),
            ("![a [b] c](a.png)", ["a.png"]),
            ("![](plot(1).png) ![](it's.png)", ["plot(1).png", "it's.png"]),
            ("[![a](a.png)](http://x)", ["a.png"]),
            ("![a][r]\n\n[r]: a.png 'title'\n [s]: <b c.png>", ["a.png", "b c.png"]),
            ('<img alt="x" src="d/a.jpg"> <IMG SRC=\'b.GIF\'> <img src=c.png>', ["d/a.jpg", "b.GIF", "c.png"]),
            ('<img\n  src = "a.png"\n>', ["a.png"]),
            ("![a](a.png)![a](a.png)", ["a.png", "a.png"]),
            ("![a]() [a](a.png) `src='x.png'` <imgs src='y.png'> ![a] (b.png)", []),
        ):
            self.assertEqual((source, list(addresses(source))), (source, found))
            self.assertEqual(replaced(source, lambda address: None), source)
            other = replaced(source, lambda address: "#")
            self.assertEqual(list(addresses(other)), ["#"] * len(found), other)

    def test_hostile_texts_take_no_time(self) -> None:
        """Beginnings without an end."""
        began = process_time()
        for part in (
            "![",
            "![a](",
            "![](((",
            "![](<",
            "<img ",
            "<img src",
            "[a",
            "![" + "[" * 50,
            "<img " + "a " * 100,
        ):
            list(addresses(part * (200_000 // len(part))))
        self.assertLess(process_time() - began, 30)

    def test_paths(self) -> None:
        """Relative ones of pictures that name no hidden file; `..` is for the caller to judge."""
        for address, path in (
            ("a.png", "a.png"), ("a%20b.png", "a b.png"), ("./a.png", "a.png"), ("x/../a.png", "a.png"), ("d/a.JPG", "d/a.JPG"),
            ("../a.png", "../a.png"), ("%2e%2e/a.png", "../a.png"), ("a.png?raw=true", "a.png"), ("a.svg#x", "a.svg"),
            ("a#b.png", "a#b.png"), ("a&amp;b.png", "a&b.png"), ("/a.png", None), ("http://x/a.png", None), ("file:///a.png", None),
            ("attachment:a.png", None), ("data:image/png;base64,x.png", None), (".ssh/a.png", None), ("a/.b/c.png", None),
            ("../.x.png", None), ("a.txt", None), ("a%00.png", None), ("a\\b.png", None), ("", None), ("..", None), ("x:y.png", None),
        ):  # fmt: skip
            self.assertEqual((address, path_of(address)), (address, path))

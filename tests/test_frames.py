"""webipy.io.frames: what sealed frames may load."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from webipy.io.frames import MOST_HOSTS, frame_policy


def directives(*hosts: bytes) -> dict[str, str]:
    """The directives of a policy, by name."""
    parts = [part.strip().partition(" ") for part in frame_policy(list(hosts)).split(";")]
    return {name: value for name, _, value in parts}


class Policy(SynchronousTestCase):
    """The policy of a frame."""

    def test_a_frame_has_no_origin_and_loads_nothing(self) -> None:
        """Neither from this server nor from others; its scripts are its own."""
        policy = directives()
        self.assertNotIn("allow-same-origin", policy["sandbox"])
        self.assertNotIn("allow-top-navigation", policy["sandbox"])
        self.assertNotIn("allow-popups", policy["sandbox"])
        for name, value in policy.items():
            if name != "frame-ancestors":
                self.assertNotIn("'self'", value)
            self.assertNotRegex(value, r"https?:|\*|wss?:")
        self.assertEqual(
            [policy[name] for name in ("default-src", "connect-src", "form-action", "base-uri")], ["'none'"] * 4
        )

    def test_allowed_hosts_are_named_and_no_others(self) -> None:
        """Scripts, styles, pictures, fonts, media and requests go there by https; forms and frames do not."""
        policy = directives(b"cdn.example.org", b"a-b.example:8443")
        for name in ("script-src", "style-src", "img-src", "font-src", "media-src", "connect-src"):
            self.assertTrue(policy[name].endswith("https://cdn.example.org https://a-b.example:8443"), policy[name])
        for name in ("default-src", "form-action", "base-uri", "worker-src", "sandbox"):
            self.assertNotIn("example", policy[name])

    def test_what_is_no_host_is_left_out(self) -> None:
        """Nothing that is asked for can widen the policy by anything but a host."""
        strange = [
            b"", b"*", b"*.example.org", b"https:", b"'self'", b"localhost", b"a.example;script-src *", b"a.example script-src",
            b"A.example", b"a.example/path", b"user@a.example", b"-a.example", b"a..example", b"a.example\n", b"[::1]",
            b"\xff.example", b"a" * 250 + b".example", b"a.example:123456",
        ]  # fmt: skip
        self.assertEqual(frame_policy(strange), frame_policy([]))

    def test_the_number_of_hosts_is_bounded(self) -> None:
        """`MOST_HOSTS` of them."""
        policy = directives(*(b"h%d.example" % n for n in range(100)))
        self.assertEqual(policy["connect-src"].count("https://"), MOST_HOSTS)

"""webipy.core.timestamps: texts of one form, which sort as the times do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from webipy.core.timestamps import rfc3339, rfc3339_of_ns, seconds_between

TIMES = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))])).filter(
    lambda time: 1 < time.year < 9999
)


class Times(SynchronousTestCase):
    """RFC 3339, section 5.6."""

    def test_a_time_has_microseconds_and_a_z(self) -> None:
        """Also where they are zero, and from any zone."""
        zone = timezone(timedelta(hours=1))
        self.assertEqual(rfc3339(datetime(2026, 3, 1, 10, 30, tzinfo=zone)), "2026-03-01T09:30:00.000000Z")

    def test_texts_sort_as_the_times_do(self) -> None:
        """And the seconds between them are those between the times."""

        @examples(100)
        @given(TIMES, TIMES)
        def holds(one: datetime, other: datetime) -> None:
            self.assertEqual(rfc3339(one) < rfc3339(other), one < other)
            self.assertEqual(seconds_between(rfc3339(one), rfc3339(other)), (other - one).total_seconds())

        holds()

    def test_times_of_files(self) -> None:
        """Those that no calendar has become its ends."""
        self.assertEqual(rfc3339_of_ns(1_500), "1970-01-01T00:00:00.000001Z")
        self.assertEqual(rfc3339_of_ns(-1_000_000_000), "1969-12-31T23:59:59.000000Z")
        self.assertEqual(rfc3339_of_ns(1 << 63), "2262-04-11T23:47:16.854775Z")
        self.assertEqual(rfc3339_of_ns(1 << 90), "9999-12-31T23:59:59.999999Z")
        self.assertEqual(rfc3339_of_ns(-(1 << 90)), "1970-01-01T00:00:00.000000Z")

    def test_what_is_no_time(self) -> None:
        """Has no distance."""
        self.assertRaises(ValueError, seconds_between, "yesterday", "2026-03-01T09:30:00Z")

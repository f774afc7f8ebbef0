"""Tests that start programs: converters, builds, installations. They take seconds each; `make check` leaves them out."""

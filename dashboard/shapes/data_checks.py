"""The fields of a data check: contract and drift."""

from dashboard.forms import Field, Group

LEVELS = (("watch", "▲ watch"), ("critical", "◆ critical"))
NUMERIC = (
    ("psi", "PSI"),
    ("ks", "Kolmogorov-Smirnov (p-value)"),
    ("wasserstein", "Wasserstein"),
    ("jensenshannon", "Jensen-Shannon"),
    ("hellinger", "Hellinger"),
    ("total_variation", "Total variation"),
)
CATEGORICAL = (
    ("psi", "PSI"),
    ("jensenshannon", "Jensen-Shannon"),
    ("hellinger", "Hellinger"),
    ("total_variation", "Total variation"),
    ("chisquare", "Chi-square (p-value)"),
)
_BASELINES = (
    ("training", "the training data"),
    ("season", "the same weeks of last year"),
    ("previous", "the window before"),
    ("window", "one fixed window"),
)
_KINDS_OF_TIME = (("weekday", "weekday"), ("hour", "hour of the day"), ("month", "month"))
_TIMES = (("@weekday", "by weekday"), ("@hour", "by hour of the day"), ("@day", "by day"))
_CORRECTIONS = (
    ("benjamini_hochberg", "corrected for their number"),
    ("none", "taken as they are"),
)
_WEIGHTS = (("mlflow", "as the training run says"), ("none", "alike"))
_ENGINES = (
    ("local", "the judge itself"),
    ("spark", "Spark"),
)
_FALLBACK = (("", "as bad data"), *LEVELS)
SEVERITIES = (
    Field("severity.drift", "Drift is", "select", choices=LEVELS),
    Field("severity.data_fault", "Bad data are", "select", choices=LEVELS),
    Field(
        *("severity.source_fault", "A source that cannot be read is", "select"),
        choices=_FALLBACK,
        empty="null",
    ),
)


def groups() -> list[Group]:
    """Return what only a data check has."""
    return [_compared(), _moved(), _segments(), _finer()]


def _compared() -> Group:
    return Group(
        "What a batch is compared with",
        (
            Field("baseline", "Compare with", "select", choices=_BASELINES),
            Field(
                *("baseline_window", "Start of the fixed window"),
                help="Only for one fixed window. UTC, such as 2026-08-17T00:00:00Z.",
                short=True,
            ),
            Field(
                *("match", "Only rows of the same", "checkboxes"),
                help="So that a season or a weekday is no alarm. Times are UTC.",
                choices=_KINDS_OF_TIME,
            ),
        ),
    )


def _moved() -> Group:
    return Group(
        "How far a column may move",
        (
            Field("numeric.method", "Numbers by", "select", choices=NUMERIC),
            Field("numeric.limit", "Limit for numbers", "number"),
            Field("categorical.method", "Categories by", "select", choices=CATEGORICAL),
            Field("categorical.limit", "Limit for categories", "number"),
            Field(
                *("prediction.method", "The prediction by", "select"),
                choices=(*NUMERIC, CATEGORICAL[-1]),
            ),
            Field("prediction.limit", "Limit for the prediction", "number"),
            Field("prediction.column", "Column of the prediction", short=True),
            Field("min_rows", "Rows a batch must have", "number"),
        ),
    )


def _segments() -> Group:
    own = "One a line: column=value and its limit, such as region=EU 0.3."
    return Group(
        "Segments",
        (
            Field("segments", "Segment columns", "lines", "Such as region, cohort."),
            Field(
                *("times", "Segments of time", "checkboxes"),
                help="UTC, by the time column.",
                choices=_TIMES,
            ),
            Field("segment_min_rows", "Rows a segment must have", "number"),
            Field("segment_limit", "Limit within a segment", "number"),
            Field("segment_limits", "Limits of single segments", "rows", own),
        ),
    )


def _finer() -> Group:
    own = "One a line: the column, then its method or limit or both, such as income ks 0.01."
    several = (
        "One a line: mmd or domain_classifier, its limit (else 0.01 and 0.6), and after a colon"
        " the columns (else all inputs). Such as domain_classifier 0.65: income, age."
    )
    corrected = "As they are, one clean column in twenty crosses 0.05."
    weighed = "By muster/importance.json, when it was logged."
    counted = (
        "The judge draws a sample above 200,000 rows. Spark counts all, but knows no segments,"
        " no looks at several columns, no last year and no rows of the same time."
    )
    effect = "A p-value crosses only if the effect is at least this large."
    return Group(
        "Single columns, several at once, p-values",
        (
            Field("features", "Columns with a method or limit of their own", "rows", own),
            Field("multivariate", "Looks at several columns at once", "rows", several),
            Field("correction", "P-values are", "select", corrected, choices=_CORRECTIONS),
            Field("min_effect", "Least effect", "number", effect),
            Field("importance", "Columns weigh", "select", weighed, choices=_WEIGHTS),
            Field("time", "Column of the time", short=True),
            Field("engine", "Rows are counted by", "select", counted, choices=_ENGINES),
        ),
        folded=True,
    )

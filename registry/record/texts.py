"""The kinds of text, person, place and model that a record holds."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from registry.plain_text import line, lines

LONGEST = 5_000
Short = Annotated[
    str,
    StringConstraints(min_length=1, max_length=300, strip_whitespace=True),
    AfterValidator(line),
    Field(description="a text of at most 300 characters"),
]
Text = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST, strip_whitespace=True),
    AfterValidator(lines),
    Field(description="a text of at most 5,000 characters"),
]
Person = Annotated[
    str,
    StringConstraints(pattern=r"^[^@\s<>\",;]+@[^@\s<>\",;]+$", max_length=254, to_lower=True),
    AfterValidator(line),
    Field(description="the e-mail address of somebody whom you see, such as ana@example.com"),
]
Place = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$"),
    Field(description="a country or region in capital letters, such as DE, EU or US-CA"),
]
ModelKey = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100),
    AfterValidator(line),
    Field(description="the short name of a model that you see"),
]

"""Short-lived counts and used codes of the sign-in, kept by Django's database cache.

In PostgreSQL and not in the broker: that may be gone without anybody noticing, and a sign-in
must neither stop with it nor go on without its limits.
"""

from django.db import models


class SignInCounter(models.Model):
    """One entry of the cache; the columns are those that Django's database cache reads."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)  # what is over is culled by it

    def __str__(self) -> str:
        return self.cache_key

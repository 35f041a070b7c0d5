"""A Celery beat schedule that lives in memory: doubled or dead, it harms nothing."""

from celery.beat import Scheduler


class MemoryScheduler(Scheduler):  # type: ignore[misc]  # celery has no types
    """Keep the schedule of the settings without the file that Celery's default writes."""

    def setup_schedule(self) -> None:
        self.install_default_entries(self.data)
        self.merge_inplace(self.app.conf.beat_schedule)

"""What a flow offers about time: when it runs by itself."""

from __future__ import annotations

from typing import Any

from flowbook.graph.host import Host


class Timed:
    """Schedules of a flow; `Flow` is one."""

    @property
    def host(self) -> Host:
        """What runs, checks and shows this flow."""
        raise NotImplementedError  # a flow has a host to ask

    def schedule(self, name: str, schedule: Any = None, **settings: Any) -> Any:
        """Let the published version of the flow run by itself; a schedule of that name is replaced.

        Args:
            name: What the schedule is called in its project.
            schedule: A `Schedule`; else its fields follow.
            settings: One of `cron`, `every` (seconds from `start` on) and `at` says when, on the
                clock of `timezone`; `input_data` are the parameters, `overlap`, `catch_up` and
                `after` say what becomes of moments that collide, were missed or come too early.
                `notebook` says where the flow is, if not in the one of its name.

        Raises `InvalidSchedule`, which names the field that cannot be as it is.

        >>> import flowbook, flowbook.errors
        >>> try:
        ...     flowbook.Flow("never published").schedule("nightly", cron="30 2 * * *")
        ... except flowbook.errors.InvalidSchedule as refused:
        ...     print(refused.field)
        flow
        """
        return self.host.schedules.save(name, self, schedule, **settings)

"""Threads that write many streams, none of them idle while another has streams to give."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Condition

from escriba.sampling.stream import BATCH, Batch, Stream
from escriba.sampling.writer import Writer

CHUNK = 256  # steps between two looks at the texts, at most
LOOK = 64  # the same where what a text says may end it
LEAST = 16  # and at least


@dataclass
class Job:
    """A stream, the writer of its text, and who gets it when it is written."""

    stream: Stream
    writer: Writer
    end: Callable[[str], None]
    steps: int = 0

    @property
    def left(self) -> int:
        """Steps until the stream has its length."""
        return len(self.stream.prompt) - 1 + self.stream.length - self.steps

    @property
    def unwritten(self) -> int:
        """Symbols of the length that are to be drawn."""
        return 0 if self.writer.ended else min(self.left, self.stream.length)


@dataclass(eq=False)
class Worker:
    """One thread's batch, and the jobs in its places."""

    batch: Batch
    jobs: dict[int, Job] = field(default_factory=dict)

    def begin(self, jobs: Sequence[Job]) -> None:
        places = self.batch.add([job.stream for job in jobs])
        self.jobs.update(zip(places, jobs, strict=True))

    def advance(self) -> int:
        """Write on until it is time to look at the texts; a stream whose text has ended goes. Gives
        how many symbols less there are to write."""
        jobs = list(self.jobs.values())
        before = sum(job.unwritten for job in jobs)
        most = LOOK if any(job.writer.may_end for job in jobs) else CHUNK
        steps = max(LEAST, min(most, *(job.left for job in jobs)))
        for place, drawn in self.batch.advance(steps).items():
            job = self.jobs[place]
            job.steps += steps
            if job.writer.write(drawn):
                self.batch.remove(place)
                del self.jobs[place]
                job.end(job.writer.text)
        return before - sum(job.unwritten for job in jobs)

    def give_half(self, other: Worker) -> None:
        """Let a worker that has no jobs go on with every second one."""
        for place in list(self.jobs)[1::2]:
            self.batch.move(place, other.batch)
            other.jobs[place] = self.jobs.pop(place)


class WorkerPool:
    """Jobs for the workers of some batches, the longest first. A worker takes another job whenever
    it has a free place; when none waits any more, one without jobs gets half of another's."""

    def __init__(
        self, jobs: Sequence[Job], batches: Sequence[Batch], advance: Callable[[int], None]
    ):
        self._advance = advance  # is told how many symbols less there are to write
        self._waiting = deque(sorted(jobs, key=lambda job: -job.left))
        self._workers = [Worker(batch) for batch in batches]
        self._most = min(BATCH, -(-len(jobs) // len(batches)))  # jobs of a worker
        self._idle: list[Worker] = []
        self._over = False
        self._changed = Condition()  # its lock guards all of these

    def write(self) -> None:
        """Write all jobs, each worker in a thread of its own."""
        if len(self._workers) == 1:
            self._work(self._workers[0])
            return
        from concurrent.futures import (
            ThreadPoolExecutor,
        )  # slow to import, for nothing where one worker works

        with ThreadPoolExecutor(len(self._workers)) as pool:  # a kernel works without Python's lock
            try:
                for future in [pool.submit(self._work, worker) for worker in self._workers]:
                    future.result()
            finally:
                self._end()  # where one failed, or was interrupted, the others stop

    def _work(self, worker: Worker) -> None:
        try:
            while self._find_work(worker):
                written = worker.advance()
                with self._changed:
                    self._advance(written)
        finally:
            self._end()

    def _find_work(self, worker: Worker) -> bool:
        """Fill a worker's batch, or wait until it is given jobs. False when all are written."""
        with self._changed:
            free = min(self._most - len(worker.jobs), len(self._waiting))
            if free:
                worker.begin([self._waiting.popleft() for _ in range(free)])
            if worker.jobs:
                if self._idle and len(worker.jobs) > 1:
                    worker.give_half(self._idle.pop())
                    self._changed.notify_all()
            else:
                self._idle.append(worker)
                if len(self._idle) < len(self._workers):
                    self._changed.wait_for(lambda: worker.jobs or self._over)
            return bool(worker.jobs) and not self._over

    def _end(self) -> None:
        with self._changed:
            self._over = True
            self._changed.notify_all()

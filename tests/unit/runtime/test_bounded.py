"""The bounded queue."""

from __future__ import annotations

import threading

from runtime.threads import BoundedQueue


def drain(queue: BoundedQueue[int]) -> list[int]:
    """All that waits."""
    queue.finish()
    items = []
    while (item := queue.get()) is not None:
        items.append(item)
    return items


def test_first_in_first_out() -> None:
    """Items come in order; then, once finished, None for ever."""
    queue: BoundedQueue[int] = BoundedQueue(3)
    assert all(queue.put(i, patient=False) for i in (1, 2, 3))
    assert len(queue) == 3
    assert drain(queue) == [1, 2, 3]
    assert queue.get() is None


def test_the_oldest_is_dropped_and_counted() -> None:
    """An impatient writer never waits; what is lost is counted."""
    queue: BoundedQueue[int] = BoundedQueue(2)
    assert [queue.put(i, patient=False) for i in (1, 2, 3, 4)] == [True, True, False, False]
    assert queue.dropped == 2
    assert drain(queue) == [3, 4]


def test_all_are_dropped_at_once() -> None:
    """One long gap instead of many short ones."""
    queue: BoundedQueue[int] = BoundedQueue(3, drop="all")
    for i in range(5):
        queue.put(i, patient=False)
    assert queue.dropped == 3
    assert drain(queue) == [3, 4]


def test_size_counts_not_number() -> None:
    """The limit is in units of size; a giant fits into an empty queue only."""
    queue: BoundedQueue[int] = BoundedQueue(10, size=lambda item: item)
    assert queue.put(6, patient=False)
    assert queue.put(4, patient=False)
    assert not queue.put(7, patient=False)
    assert drain(queue) == [7]
    queue = BoundedQueue(10, size=lambda item: item)
    assert queue.put(50, patient=False)
    assert drain(queue) == [50]


def test_a_patient_writer_waits_for_room() -> None:
    """Nothing is lost, and the writer goes on as soon as there is room."""
    queue: BoundedQueue[int] = BoundedQueue(1)

    def write() -> None:
        for i in range(100):
            queue.put(i, patient=True)
        queue.finish()

    writer = threading.Thread(target=write)
    writer.start()
    items = []
    while (item := queue.get()) is not None:
        items.append(item)
    writer.join()
    assert items == list(range(100))
    assert queue.dropped == 0


def test_the_end_frees_who_waits() -> None:
    """Neither a waiting writer nor a waiting reader hangs when the queue is closed."""
    full: BoundedQueue[int] = BoundedQueue(1)
    full.put(1, patient=False)
    empty: BoundedQueue[int] = BoundedQueue(1)
    results: list[object] = []
    threads = [
        threading.Thread(target=lambda: results.append(full.put(2, patient=True))),
        threading.Thread(target=lambda: results.append(empty.get())),
    ]
    for thread in threads:
        thread.start()
    assert full.close() == 1
    assert empty.close() == 0
    for thread in threads:
        thread.join(5)
    assert sorted(results, key=str) == [None, True]
    assert full.put(3, patient=False)
    assert full.get() is None
    assert full.dropped == 0


def test_a_reader_may_set_a_time() -> None:
    """Nothing within the time is None."""
    queue: BoundedQueue[int] = BoundedQueue(1)
    assert queue.get(timeout_seconds=0) is None
    queue.put(1, patient=False)
    assert queue.get(timeout_seconds=0) == 1

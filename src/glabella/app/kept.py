"""A few values kept by key: the one asked for longest ago goes first, and what ten threads ask for at once is made once."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


class _Slot(Generic[Value]):
    """A place for one value, with a lock for whoever makes it."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.values: list[Value] = []


class Kept(Generic[Value]):
    """At most ``most`` values by key, for any number of threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._slots: OrderedDict[Hashable, _Slot[Value]] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value of a key, made if it is not there; others who ask for it meanwhile wait. An error of ``make`` is not kept."""
        slot = self._slot(key)
        with slot.lock:
            if not slot.values:
                try:
                    slot.values.append(make())
                except BaseException:
                    self._drop(key, slot)
                    raise
            return slot.values[0]

    def find(self, key: Hashable) -> Value | None:
        """The value of a key, or None while there is none."""
        with self._lock:
            slot = self._slots.get(key)
            if slot is None or not slot.values:
                return None
            self._slots.move_to_end(key)
            return slot.values[0]

    def put(self, key: Hashable, value: Value) -> None:
        """Keep a value."""
        self._slot(key).values[:] = [value]

    def drop(self, unwanted: Callable[[Hashable, Value], bool]) -> None:
        """Forget the values of which ``unwanted(key, value)`` holds."""
        with self._lock:
            for key in [key for key, slot in self._slots.items() if slot.values and unwanted(key, slot.values[0])]:
                del self._slots[key]

    def _slot(self, key: Hashable) -> _Slot[Value]:
        with self._lock:
            slot = self._slots.setdefault(key, _Slot())
            self._slots.move_to_end(key)
            while len(self._slots) > self._most:
                self._slots.popitem(last=False)
            return slot

    def _drop(self, key: Hashable, slot: _Slot[Value]) -> None:
        with self._lock:
            if self._slots.get(key) is slot:
                del self._slots[key]

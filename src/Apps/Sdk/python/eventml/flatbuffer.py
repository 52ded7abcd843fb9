"""Just enough FlatBuffers for Arrow's metadata: a checked view and a back-to-front builder."""

import struct


class ArrowError(ValueError):
    """A file is damaged, or uses what this reader does not know."""


class View:
    """A table in a buffer; every access is checked against the buffer's end."""

    def __init__(self, data, position):
        self.data = data
        self.position = position
        self.vtable = position - self._at("<i", position)
        self.size = self._at("<H", self.vtable)

    @staticmethod
    def root(data):
        return View(data, struct.unpack_from("<I", data, 0)[0])

    def _at(self, form, position):
        if position < 0 or position + struct.calcsize(form) > len(self.data):
            raise ArrowError("Arrow metadata points outside itself; the file is damaged")
        return struct.unpack_from(form, self.data, position)[0]

    def field(self, slot):
        entry = 4 + 2 * slot
        offset = self._at("<H", self.vtable + entry) if entry < self.size else 0
        return self.position + offset if offset else None

    def scalar(self, slot, form, default=0):
        position = self.field(slot)
        return default if position is None else self._at("<" + form, position)

    def table(self, slot):
        position = self.field(slot)
        return None if position is None else View(self.data, position + self._at("<I", position))

    def text(self, slot):
        position = self.field(slot)
        if position is None:
            return None
        start = position + self._at("<I", position)
        length = self._at("<I", start)
        return bytes(self.data[start + 4 : start + 4 + length]).decode("utf-8", "replace")

    def vector(self, slot):
        """(position of the first element, number of elements)"""
        position = self.field(slot)
        if position is None:
            return 0, 0
        start = position + self._at("<I", position)
        return start + 4, self._at("<I", start)

    def tables(self, slot):
        start, count = self.vector(slot)
        return [View(self.data, start + 4 * i + self._at("<I", start + 4 * i)) for i in range(count)]

    def structs(self, slot, form):
        start, count = self.vector(slot)
        size = struct.calcsize("<" + form)
        if start + size * count > len(self.data):
            raise ArrowError("Arrow metadata points outside itself; the file is damaged")
        return [struct.unpack_from("<" + form, self.data, start + size * i) for i in range(count)]


class Builder:
    """Builds from the end to the beginning; positions are distances from the end."""

    def __init__(self):
        self.data = b""

    def _pad(self, size, following=0):
        self.data = b"\0" * (-(len(self.data) + following) % size) + self.data

    def _push(self, form, value):
        self.data = struct.pack("<" + form, value) + self.data

    def text(self, value):
        raw = value.encode() + b"\0"
        self._pad(4, len(raw))
        self.data = struct.pack("<I", len(raw) - 1) + raw + self.data
        return len(self.data)

    def structs(self, form, rows):
        body = b"".join(struct.pack("<" + form, *row) for row in rows)
        self._pad(8, len(body))
        self.data = struct.pack("<I", len(rows)) + body + self.data
        return len(self.data)

    def offsets(self, targets):
        self._pad(4)
        end = len(self.data)
        for i, target in enumerate(reversed(targets)):
            self._push("I", end + 4 * (i + 1) - target)
        self._push("I", len(targets))
        return len(self.data)

    def table(self, fields):
        """fields: (slot, form, value); the form 'T' is an offset to something already built."""
        self._pad(8)
        places, end = {}, len(self.data)
        for slot, form, value in sorted(fields, key=lambda f: struct.calcsize("<I" if f[1] == "T" else "<" + f[1])):
            size = 4 if form == "T" else struct.calcsize("<" + form)
            self._pad(size, size)
            if form == "T":
                self._push("I", len(self.data) + 4 - value)
            else:
                self._push(form, value)
            places[slot] = len(self.data)
        # Before the table's own offset everything is aligned to 8, whatever the vtable's length is.
        self._pad(8, 4)
        self._push("i", 0)
        table = len(self.data)
        slots = max(places, default=-1) + 1
        vtable = struct.pack("<HH", 4 + 2 * slots, table - end)
        vtable += b"".join(struct.pack("<H", table - places[s] if s in places else 0) for s in range(slots))
        padding = b"\0" * (-len(vtable) % 8)
        self.data = struct.pack("<i", len(vtable) + len(padding)) + self.data[4:]
        self.data = vtable + padding + self.data
        return table

    def finish(self, root):
        self._pad(8, 4)
        self._push("I", len(self.data) + 4 - root)
        return self.data

"""The script protocol: one request line on standard input, messages as lines on standard output."""

import json
import math
import os
import signal
import sys
import threading

PROTOCOL = 1
PREFIX = "::eventml "


class Cancelled(Exception):
    """Raised by Job.check_cancelled when the task shall end."""


class _LineStartOut:
    """Standard output for the script's own printing, which knows whether it is at the beginning of a line."""

    def __init__(self, stream, lock):
        self._stream = stream
        self._lock = lock
        self._in_line = False

    def write(self, text):
        with self._lock:
            written = self._stream.write(text)
            self._stream.flush()
            if text:
                self._in_line = not text.endswith("\n")
        return written

    def send(self, line):
        with self._lock:
            self._stream.write(("\n" if self._in_line else "") + line + "\n")
            self._stream.flush()
            self._in_line = False

    def __getattr__(self, name):
        return getattr(self._stream, name)


def _safe(value):
    """JSON has no NaN: such numbers travel as texts, which the host names in its error. numpy numbers become plain ones."""
    if isinstance(value, dict):
        return {str(k): _safe(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_safe(v) for v in value]
    if isinstance(value, bool) or value is None or isinstance(value, (int, str)):
        return value
    if hasattr(value, "tolist"):
        return _safe(value.tolist())
    if hasattr(value, "item"):
        return _safe(value.item())
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        return value
    return str(value)


class Job:
    """What a script knows about its task, and how it reports."""

    def __init__(self, request, out):
        self._out = out
        self._cancelled = threading.Event()
        self.task_id = request.get("task_id", "")
        self.attempt = request.get("attempt", 1)
        self.input_path = request.get("input_path", "")
        self.output_path = request.get("output_path", "")
        self.checkpoint_path = request.get("checkpoint_path", "")
        self.work_path = request.get("work_path", "")
        self.params = request.get("params") or {}
        self.extra = request.get("extra") or {}

    @property
    def cancelled(self):
        """True when the task shall end; a script that goes on is killed after a grace period."""
        return self._cancelled.is_set()

    def check_cancelled(self):
        """Raises Cancelled when the task shall end."""
        if self.cancelled:
            raise Cancelled("The task was cancelled.")

    def progress(self, done, total, message=None):
        """Reports how far it is, in units done of total (0 when unknown)."""
        self._send({"type": "progress", "done": int(done), "total": int(total), "message": message})

    def epoch(self, epoch, epochs, metrics, learning_rate=None, samples_per_second=None, elapsed_seconds=None):
        """Reports the end of one pass over the training data, after its checkpoint is on disk; epochs count from 1 and ascend."""
        self._send({
            "type": "epoch", "epoch": epoch, "epochs": epochs, "metrics": metrics, "learning_rate": learning_rate,
            "samples_per_second": samples_per_second, "elapsed_seconds": elapsed_seconds,
        })

    def log(self, message):
        """Writes a line for people into the task's log."""
        self._send({"type": "log", "message": str(message)})

    def _send(self, message):
        self._out.send(PREFIX + json.dumps(_safe(message), allow_nan=False))

    def _cancel(self, *_):
        self._cancelled.set()

    def _watch_host(self):
        def watch():
            for line in sys.stdin.buffer:
                if b'"cancel"' in line:
                    self._cancel()
            # End of input: the host is gone, nobody is left to take a result.
            os._exit(113)

        signal.signal(signal.SIGTERM, self._cancel)
        threading.Thread(target=watch, name="eventml host watch", daemon=True).start()


def open_job():
    """Reads the request and begins to watch the host; exits with a message when there is none."""
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    out = _LineStartOut(sys.stdout, threading.RLock())
    sys.stdout = out
    line = sys.stdin.buffer.readline()
    if not line:
        sys.exit("No request arrived on standard input; scripts are started by the platform (./eventml).")
    request = json.loads(line)
    if request.get("protocol", PROTOCOL) != PROTOCOL:
        sys.exit(f"The platform speaks script protocol {request['protocol']}; this eventml package speaks {PROTOCOL}.")
    job = Job(request, out)
    job._watch_host()
    return job

"""The platform's bus for any Python program: plain JSON commands out, events in.

The address is in EVENTML_RABBITMQ: amqp://user:password@host:port/vhost.
"""
import json
import os
import sys
import time
import uuid

import pika
import pika.exceptions

PERSISTENT = 2  # pika.DeliveryMode has no such name before pika 1.3

class BusError(Exception):
    """What went wrong, with what to do about it."""


class Bus:
    def __init__(self, address=None):
        address = address or os.environ.get("EVENTML_RABBITMQ")
        if not address:
            raise BusError("EVENTML_RABBITMQ is not set; it looks like amqp://user:password@127.0.0.1:5672/")
        parameters = pika.URLParameters(address)
        # The broker checks this name against the account, so the ledger can believe it.
        self._user = parameters.credentials.username
        try:
            self._connection = pika.BlockingConnection(parameters)
        except (pika.exceptions.AMQPError, OSError) as error:
            raise BusError(f"No broker at {parameters.host}:{parameters.port} ({self._reason(error)}); start the platform with ./eventml up") from error
        self._channel = self._connection.channel()
        self._channel.confirm_delivery()

    @staticmethod
    def _reason(error):
        # pika wraps the cause in the arguments of its exceptions.
        while error.args and isinstance(error.args[0], BaseException):
            error = error.args[0]
        error = getattr(error, "exception", error)
        return str(error) or type(error).__name__

    def listen(self, exchanges):
        """Binds a queue that lives as long as this connection to the exchanges of events."""
        queue = self._channel.queue_declare("", exclusive=True, auto_delete=True).method.queue
        for exchange in exchanges:
            try:
                self._channel.queue_bind(queue, exchange)
            except pika.exceptions.ChannelClosedByBroker as error:
                raise BusError(f"There is no exchange {exchange}; is the name right, and did the platform run on this broker?") from error
        return queue

    def publish(self, exchange, body):
        """Sends one command; the broker has it when this returns."""
        message_id = str(uuid.uuid4())
        print(f"{exchange} {message_id}", flush=True)
        properties = pika.BasicProperties(
            content_type="application/json", message_id=message_id, user_id=self._user, delivery_mode=PERSISTENT)
        try:
            self._channel.basic_publish(exchange, "", json.dumps(body).encode(), properties, mandatory=True)
        except pika.exceptions.UnroutableError as error:
            raise BusError(f"Nobody takes commands at {exchange}; is a worker of that area set up?") from error
        except pika.exceptions.ChannelClosedByBroker as error:
            raise BusError(f"The broker refused the command: {error.reply_text}") from error

    def events(self, queue, timeout):
        """Yields (exchange, event) until `timeout` seconds pass; the event is the record inside MassTransit's envelope."""
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            method, _, body = next(self._channel.consume(queue, auto_ack=True, inactivity_timeout=min(left, 1.0)))
            if method is not None:
                yield method.exchange, json.loads(body)["message"]

    def close(self):
        if self._connection.is_open:
            self._connection.close()


def send_and_follow(exchange, body, wait, show=(), key=None, timeout=3600.0):
    """Sends a command and prints the events that follow; 0 when a waited event says it went well, 1 when not, 2 when it never came."""
    key = key or next((k for k in ("taskId", "serviceId") if k in body), None)
    bus = Bus()
    try:
        # Bound before the command goes out, so that not even the first event is missed.
        queue = bus.listen([*show, *wait]) if wait or show else None
        bus.publish(exchange, body)
        if queue is None:
            return 0
        for name, event in bus.events(queue, timeout):
            if key is not None and event.get(key) != body.get(key):
                continue
            print(f"{name} {json.dumps(event, ensure_ascii=False)}", flush=True)
            if name in wait:
                return 1 if name.endswith(("-failed", "-rejected", "-refused")) else 0
        print(f"No {' or '.join(wait)} within {timeout:g} seconds.", file=sys.stderr)
        return 2
    finally:
        bus.close()


def main(run):
    """Runs a program of this folder and turns bus errors into one line."""
    try:
        sys.exit(run())
    except BusError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)

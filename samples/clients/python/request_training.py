#!/usr/bin/env python3
"""Asks for a training over the bus and prints its events until it ends.

request_training.py --name cnn --input fashion --output fashion-cnn --script samples/training/cnn.py --param epochs=3
"""
import argparse
import json
import uuid

import eventml_bus

AREA = "eventml.training."


def parameter(text):
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise argparse.ArgumentTypeError(f"KEY=VALUE is expected, not '{text}'")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def run():
    arguments = argparse.ArgumentParser(description="Ask for a training over the bus and print its events.")
    arguments.add_argument("--name", required=True)
    arguments.add_argument("--input", required=True, metavar="DATASET")
    arguments.add_argument("--output", required=True, metavar="MODEL")
    arguments.add_argument("--script", required=True, metavar="PATH", help="under an allowed root of the platform")
    arguments.add_argument("--param", action="append", default=[], type=parameter, metavar="KEY=VALUE")
    arguments.add_argument("--task-id", default=f"train-{uuid.uuid4().hex}", help="asking twice with one id trains once")
    arguments.add_argument("--timeout", type=float, default=3600.0, metavar="SECONDS")
    given = arguments.parse_args()
    command = {
        "taskId": given.task_id, "name": given.name, "input": given.input, "script": given.script,
        "params": dict(given.param), "output": given.output,
    }
    return eventml_bus.send_and_follow(
        AREA + "request-training", command,
        wait=[AREA + "training-completed", AREA + "training-failed", AREA + "training-rejected"],
        show=[AREA + "training-requested", AREA + "training-started", AREA + "epoch-completed"],
        timeout=given.timeout)


if __name__ == "__main__":
    eventml_bus.main(run)

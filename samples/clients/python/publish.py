#!/usr/bin/env python3
"""Publishes any command as plain JSON and prints the events that follow.

publish.py eventml.datasets.request-ingestion \
    '{"taskId": "ingest-…", "name": "mnist", "input": "/usr/share/datasets/fashion-mnist", "source": "idx", "output": "fashion"}' \
    --wait eventml.datasets.ingestion-completed eventml.datasets.ingestion-failed eventml.datasets.ingestion-rejected
"""
import argparse
import json

import eventml_bus


def run():
    arguments = argparse.ArgumentParser(description="Publish a command on the bus and print the events that follow.")
    arguments.add_argument("exchange", help="eventml.<area>.<command>, for instance eventml.training.cancel-training")
    arguments.add_argument("json", help="the command, an object in camelCase")
    arguments.add_argument("--wait", nargs="+", default=[], metavar="EVENT", help="print these events; the first one ends the program")
    arguments.add_argument("--show", nargs="+", default=[], metavar="EVENT", help="print these events and go on")
    arguments.add_argument("--match", metavar="KEY", help="only events with the command's value of this key (default: taskId or serviceId)")
    arguments.add_argument("--timeout", type=float, default=3600.0, metavar="SECONDS")
    given = arguments.parse_args()
    try:
        body = json.loads(given.json)
    except ValueError as error:
        arguments.error(f"the command is not JSON: {error}")
    if not isinstance(body, dict):
        arguments.error("the command is a JSON object")
    if given.show and not given.wait:
        arguments.error("--show needs --wait, else the program never ends")
    return eventml_bus.send_and_follow(given.exchange, body, given.wait, given.show, given.match, given.timeout)


if __name__ == "__main__":
    eventml_bus.main(run)

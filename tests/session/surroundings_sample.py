"""A module as users write them: nodes that use the names around them."""

import json
import math as m
from collections import Counter

import flowbook

FACTOR = 3
NAMES = {"a": [1, 2]}
handle = object()


def twice(value):
    return helper(value) * 2


def helper(value):
    return value + FACTOR


def declare(project):
    flow = flowbook.Flow("around", host=project)

    @flow.node
    def first(n: int = 1):
        return twice(m.floor(n)) + len(NAMES["a"])

    @flow.node
    def second(first=first):
        return json.dumps(Counter(str(first)))

    return flow


def declare_with_a_handle(project):
    flow = flowbook.Flow("held", host=project)

    @flow.node
    def held():
        return id(handle)

    return flow

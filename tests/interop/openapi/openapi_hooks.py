"""Loaded by schemathesis: each request comes from an address of its own, so that the limits on one address do not hide
what lies behind them. The demo believes a proxy on its own machine."""

import itertools

import schemathesis

COUNT = itertools.count(1)


@schemathesis.hook
def before_call(ctx, case, kwargs):
    number = next(COUNT)
    case.headers = dict(case.headers or {})
    case.headers["X-Forwarded-For"] = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"

#!/usr/bin/env python3
"""Streams from a running `carat serve` for a while, leaving some early, and holds the server's figures against its own.

    CARAT_URL=http://127.0.0.1:8080 scripts/test-clients/soak.py [minutes [streams]]

Nothing else may use the server meanwhile. A fifth of the clients leaves at a random moment. Exits with 1 on an answer of
5xx, on counters that are not the clients' sums, on places that are not free at the end, or where memory or descriptors
still grow in the second half of the time (the cache of prefixes fills up first: `--cache-ram` bounds it). Prints a line
each half minute.
"""
import asyncio
import json
import os
import random
import re
import sys
import time

import httpx

URL = os.environ.get("CARAT_URL", "http://127.0.0.1:8080").rstrip("/")
KEY = os.environ.get("CARAT_API_KEY", "none")
MINUTES = float(sys.argv[1]) if len(sys.argv) > 1 else 15
STREAMS = int(sys.argv[2]) if len(sys.argv) > 2 else 8
WORDS = "the sea was dark and an old man said that he had seen her house by night".split()
sums = {"answers": 0, "left": 0, "prompt": 0, "generated": 0, "errors": 0}


def metrics(text):
    values = {}
    for line in text.splitlines():
        match = re.match(r"([a-z_]+(?:\{[^}]*\})?) (\S+)$", line)
        if match:
            values[match[1]] = float(match[2])
    return values


async def one(client, random):
    body = {
        "prompt": " ".join(random.choice(WORDS) for _ in range(random.randint(2, 400))),
        "max_tokens": random.randint(1, 400), "stream": True, "stream_options": {"include_usage": True},
    }
    leaves = random.randint(0, 60) if random.random() < 0.2 else None
    async with client.stream("POST", "/v1/completions", json=body) as answer:
        if answer.status_code != 200:
            sums["errors"] += 1
            print(answer.status_code, (await answer.aread())[:300])
            return
        pieces, usage = 0, None
        async for line in answer.aiter_lines():
            if line == "data: [DONE]":
                sums["answers"] += 1
                sums["prompt"] += usage["prompt_tokens"]
                sums["generated"] += usage["completion_tokens"]
                return
            if not line.startswith("data: "):
                continue
            event = json.loads(line[6:])
            usage = event.get("usage") or usage
            if "error" in event:
                sums["errors"] += 1
                print(event)
            pieces += 1
            if leaves is not None and pieces > leaves:
                sums["left"] += 1
                return
    sums["errors"] += 1
    print("a stream ended without [DONE]")


async def stream(client, number, end):
    numbers = random.Random(number)
    while time.monotonic() < end:
        await one(client, numbers)


async def main():
    limits = httpx.Limits(max_connections=STREAMS + 2, max_keepalive_connections=STREAMS)
    headers = {"Authorization": "Bearer " + KEY}
    async with httpx.AsyncClient(base_url=URL, timeout=120, limits=limits, headers=headers) as client:
        before = metrics((await client.get("/metrics")).text)
        start = time.monotonic()
        end = start + MINUTES * 60
        workers = [asyncio.create_task(stream(client, number, end)) for number in range(STREAMS)]
        samples = []
        while time.monotonic() < end:
            await asyncio.sleep(min(30, max(end - time.monotonic(), 0.1)))
            values = metrics((await client.get("/metrics")).text)
            memory, files = values["carat_resident_memory_bytes"] / 2**20, values["carat_open_file_descriptors"]
            samples.append((time.monotonic() - start, memory, files))
            print(f"{samples[-1][0]:6.0f} s  {memory:7.1f} MiB  {files:3.0f} descriptors  {sums}", flush=True)
        await asyncio.gather(*workers)
        for _ in range(100):
            if (await client.get("/slots")).json() == []:
                break
            await asyncio.sleep(0.05)
        slots = (await client.get("/slots")).json()
        after = metrics((await client.get("/metrics")).text)
    values = {name: value - before.get(name, 0) for name, value in after.items()}
    settled = [sample for sample in samples if sample[0] > MINUTES * 30] or samples
    half = len(settled) // 2
    early, late = settled[: half or 1], settled[half:]
    mean = lambda part, index: sum(sample[index] for sample in part) / len(part)
    growth = mean(late, 1) - mean(early, 1)
    # a client that leaves at the very end may be noticed after its answer was complete, and is counted then
    finished = sum(value for name, value in values.items() if name.startswith("carat_requests_finished_total"))
    failures = sum(value for name, value in values.items() if name.startswith("carat_requests_failed_total"))
    more = finished - sums["answers"]
    print(f"finished {finished:.0f}, of which {more:.0f} after their client had left; cancelled "
          f"{values.get('carat_requests_cancelled_total', 0):.0f}; memory {growth:+.1f} MiB between the halves")
    problems = []
    if sums["errors"] or failures:
        problems.append(f"{sums['errors']} errors, {failures:.0f} counted")
    if slots:
        problems.append(f"places still taken: {slots}")
    if finished + values.get("carat_requests_cancelled_total", 0) != sums["answers"] + sums["left"]:
        cancelled = values.get("carat_requests_cancelled_total", 0)
        problems.append(f"{finished:.0f} finished and {cancelled:.0f} cancelled are not those sent")
    if more == 0 and (values["carat_prompt_tokens_total"], values["carat_generated_tokens_total"]) != (
            sums["prompt"], sums["generated"]):
        problems.append(f"tokens counted: {values['carat_prompt_tokens_total']}, {values['carat_generated_tokens_total']}")
    if more and (values["carat_generated_tokens_total"] < sums["generated"]):
        problems.append("fewer tokens counted than received")
    if growth > 16:
        problems.append(f"memory grew by {growth:.1f} MiB")
    if max(sample[2] for sample in late) > max(sample[2] for sample in early) + 4:
        problems.append("descriptors grew")
    print("; ".join(problems) or "all as it should be")
    return 1 if problems else 0


sys.exit(asyncio.run(main()))

#!/usr/bin/env python3
"""One long prefill beside short requests: how long the short ones wait, and what the whole takes.

    mixed_load.py URL [URL ...] [--long 8000] [--short 10] [--every 1.0]

Each URL is a server of /v1/completions that takes token ids and streams: carat serve, llama-server. They are asked one
after another. Times are in seconds, from sending to the first event with text."""
import argparse
import http.client
import json
import random
import statistics
import threading
import time
import urllib.parse


def ask(url, prompt, tokens):
    """(seconds to the first text, seconds to the end, tokens) of one streamed completion."""
    at = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(at.hostname, at.port, timeout=1800)
    body = json.dumps({"prompt": prompt, "max_tokens": tokens, "temperature": 0, "stream": True, "ignore_eos": True})
    begin = time.monotonic()
    connection.request("POST", "/v1/completions", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    if answer.status != 200:
        raise SystemExit(f"{url}: {answer.status} {answer.read(500)!r}")
    first, count = None, 0
    for line in answer:
        if not line.startswith(b"data: {"):
            continue
        event = json.loads(line[6:])
        if "error" in event:
            raise SystemExit(f"{url}: {event['error']}")
        if event.get("choices"):
            first = first or time.monotonic() - begin
            count += 1
    return first, time.monotonic() - begin, count


def run(url, long, short, every, seed):
    draw = random.Random(seed)
    def prompt(n):
        return [2] + [draw.randrange(300, 3800) for _ in range(n - 1)]
    ask(url, prompt(16), 4)
    alone = ask(url, prompt(16), 8)[0]
    results, threads = {}, []
    def work(name, ids, tokens):
        results[name] = ask(url, ids, tokens)
    begin = time.monotonic()
    for name, ids, tokens, wait in [("long", prompt(long), 8, 0)] + [
            (f"short {i}", prompt(16), 8, every) for i in range(short)]:
        time.sleep(wait)
        threads.append(threading.Thread(target=work, args=(name, ids, tokens)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    total = time.monotonic() - begin
    waits = sorted(first for name, (first, _, _) in results.items() if name != "long")
    done = long + 16 * short + sum(count for _, _, count in results.values())
    print(f"{url}: short alone {alone:.2f} s; beside the long one: median {statistics.median(waits):.2f}, "
          f"most {waits[-1]:.2f} s; long one's first token {results['long'][0]:.1f} s; "
          f"{done} tokens in {total:.1f} s, {done / total:.1f}/s", flush=True)


options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
options.add_argument("url", nargs="+")
options.add_argument("--long", type=int, default=8000, help="tokens of the long prompt")
options.add_argument("--short", type=int, default=10, help="requests of 16 tokens that come while it runs")
options.add_argument("--every", type=float, default=1.0, help="seconds between them")
options.add_argument("--seed", type=int, default=1)
given = options.parse_args()
for url in given.url:
    run(url, given.long, given.short, given.every, given.seed)

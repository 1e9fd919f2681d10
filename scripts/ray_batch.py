#!/usr/bin/env python3
"""Runs `carat batch` on a Ray cluster: the input in shards, a runner for each, results in one file.

Everything after -- goes to `carat batch` as it is, except that the shard and the output are given by this script:

    scripts/ray_batch.py -o out.jsonl -- -m gemma.gguf in.jsonl
    scripts/ray_batch.py -o out.jsonl --shards 16 --address auto -- -m gemma.gguf --docs texts --prompt-template ask.txt

The model, the input and the folder of the output have to be reachable under the same paths on every node (a shared file
system). Each shard writes OUT.shard-I-of-N, and tells of itself in a file beside it that ends in .log. A runner that is
lost, alone or with its worker or node, is started again, there or elsewhere, and goes on where it stopped, because a
batch never does a line twice. The same command run again goes on too.
When all shards are done, their results are put together into OUT.

Exit status: 0 when every shard is done; 1 when one failed (its text is shown, and what is done is kept); 2 for wrong
usage; 130 when interrupted.
"""

import argparse
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time

OWN_FLAGS = {"--output": "-o before --", "--shard": "--shards before --", "--error-file": "--error-file before --",
             "--metrics-file": "--metrics before --", "--restart": "--restart before --"}
LAST_LINES = 20
LOCKED = "another runner is writing"


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="ray_batch.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="%(prog)s -o OUT [options] -- ARGUMENTS OF carat batch")
    parser.add_argument("-o", "--output", required=True, metavar="OUT", help="file for all results")
    parser.add_argument("--error-file", metavar="FILE", help="put the results of failed lines here instead")
    parser.add_argument("--shards", type=int, metavar="N",
                        help="parts of the batch (default: one for each node alive when the batch is first started; "
                             "a batch goes on with the number it was begun with)")
    parser.add_argument("--cpus", type=float, metavar="N",
                        help="CPUs that Ray reserves for a runner (default: those of the smallest node, so that each "
                             "node runs one); with fewer, give -t among the arguments of carat batch as well")
    parser.add_argument("--address", metavar="ADDRESS",
                        help="the Ray cluster, such as auto or ray://head:10001 (default: RAY_ADDRESS, else a local one)")
    parser.add_argument("--retries", type=int, default=10, metavar="N",
                        help="how often a shard is started again when its worker or node is lost (default: 10)")
    parser.add_argument("--metrics", action="store_true", help="let each shard keep OUT.shard-I-of-N.prom")
    parser.add_argument("--restart", action="store_true", help="throw away the results of earlier runs")
    parser.add_argument("--carat", default="carat", metavar="PATH", help="the carat program on the nodes")
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    if "--" in arguments:
        place = arguments.index("--")
        options = parser.parse_args(arguments[:place])
        options.rest = arguments[place + 1:]
    else:
        options = parser.parse_args(arguments)
        parser.error("the arguments of carat batch are missing; they stand after --")
    if not options.rest:
        parser.error("the arguments of carat batch are missing; they stand after --")
    for argument in options.rest:
        flag = "--output" if argument == "-o" else argument.split("=")[0]
        if flag in OWN_FLAGS:
            parser.error(f"{argument} cannot stand after --; give {OWN_FLAGS[flag]}")
        if argument == "-":
            parser.error("a batch on many nodes reads a file, not stdin")
    if options.shards is not None and options.shards < 1:
        parser.error("--shards takes 1 or more")
    if options.cpus is not None and options.cpus <= 0:
        parser.error("--cpus takes more than 0")
    if options.retries < 0:
        parser.error("--retries takes 0 or more")
    return options


def part(path, index, count):
    return f"{path}.shard-{index}-of-{count}"


def begun_with(output):
    """The numbers of shards that earlier runs were begun with, and the files that they left."""
    folder, name = os.path.split(output)
    prefix = f"{name}.shard-"
    counts, files = set(), []
    for entry in os.listdir(folder):
        index, separator, rest = entry.removeprefix(prefix).partition("-of-")
        count = rest.split(".")[0]
        if entry.startswith(prefix) and separator and index.isdigit() and count.isdigit():
            counts.add(int(count))
            files.append(os.path.join(folder, entry))
    return counts, files


def command(options, index, count):
    words = [options.carat, "batch", *options.rest, "-o", part(options.output, index, count), "--shard", f"{index}/{count}"]
    if options.error_file:
        words += ["--error-file", part(options.error_file, index, count)]
    if options.metrics:
        words += ["--metrics-file", part(options.output, index, count) + ".prom"]
    return words


def run_shard(words, folder, log, retries):
    """On a node: runs one shard to its end. Returns its exit status and the last lines of what it told.

    A runner that a signal ends, such as that of a machine without memory left, is started again as a lost one is.
    """

    def end_with_parent():
        # a runner must not outlive a worker that is killed: its lock would keep the next one out
        try:
            import ctypes
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        except (OSError, AttributeError):
            pass  # not Linux

    # A node that was given up may still be running its part for a while.
    pauses = [1, 5, 10, 20, 30, 60, 60]
    while True:
        with open(log, "ab") as told:
            start = told.tell()
            process = subprocess.Popen(
                words, cwd=folder, stdin=subprocess.DEVNULL, stdout=told, stderr=told, preexec_fn=end_with_parent)
            status = process.wait()
        with open(log, "rb") as told:
            told.seek(max(start, os.path.getsize(log) - 65536))
            text = "\n".join(told.read().decode("utf-8", "replace").splitlines()[-LAST_LINES:])
        if status < 0 and retries > 0:
            retries -= 1
            time.sleep(1)
        elif status != 0 and LOCKED in text and pauses:
            time.sleep(pauses.pop(0))
        else:
            return status, text


def join(paths, target):
    """Puts files together under a temporary name, which then takes the place of `target`."""
    temporary = f"{target}.part-{os.getpid()}"
    try:
        with open(temporary, "wb") as whole:
            for path in paths:
                if os.path.exists(path):
                    with open(path, "rb") as piece:
                        shutil.copyfileobj(piece, whole, 1 << 20)
            whole.flush()
            os.fsync(whole.fileno())
        os.replace(temporary, target)
    except BaseException:
        if os.path.exists(temporary):
            os.remove(temporary)
        raise


def main(arguments):
    options = parse(arguments)
    options.output = os.path.abspath(options.output)
    if options.error_file:
        options.error_file = os.path.abspath(options.error_file)
    try:
        earlier, files = begun_with(options.output)
        if options.restart:
            for path in files:
                os.remove(path)
            earlier = set()
    except OSError as error:
        print(f"ray_batch.py: {error}. Give -o a path in a folder that exists.", file=sys.stderr)
        return 1
    try:
        import ray
    except ImportError:
        print("ray_batch.py: Ray is missing; install it with: pip install ray", file=sys.stderr)
        return 1

    ray.init(address=options.address, log_to_driver=False, configure_logging=False)
    nodes = [node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"]]
    nodes = [cpus for cpus in nodes if cpus > 0]
    if not nodes:
        print("ray_batch.py: the cluster has no node with a CPU.", file=sys.stderr)
        return 1
    if options.shards is None:
        options.shards = next(iter(earlier)) if len(earlier) == 1 else len(nodes)
    if earlier - {options.shards}:
        known = ", ".join(map(str, sorted(earlier)))
        print(f"ray_batch.py: {options.output} was begun with {known} shards, not {options.shards}. "
              f"Give --shards {known}, another output, or --restart.", file=sys.stderr)
        return 1
    cpus = options.cpus or min(nodes)
    if cpus > max(nodes):
        print(f"ray_batch.py: no node has {cpus:g} CPUs; the largest has {max(nodes):g}. Lower --cpus.", file=sys.stderr)
        return 1

    # Ray starts a task again when its worker or node is lost; only then, because a runner's own failure is a result
    task = ray.remote(num_cpus=cpus, max_retries=options.retries, scheduling_strategy="SPREAD")(run_shard)
    count = options.shards
    pending = {task.remote(command(options, index, count), os.getcwd(), part(options.output, index, count) + ".log",
                           options.retries): index
               for index in range(count)}
    print(f"{count} shards on {len(nodes)} nodes: {shlex.join(command(options, 0, count))} ...", file=sys.stderr)
    failed = []
    while pending:
        ready, _ = ray.wait(list(pending), num_returns=1)
        index = pending.pop(ready[0])
        try:
            status, text = ray.get(ready[0])
        except ray.exceptions.RayError as error:
            status, text = None, f"{type(error).__name__}: {error}"
        if status == 0:
            print(f"shard {index}/{count} is done ({count - len(pending)} of {count} ended)", file=sys.stderr)
        else:
            failed.append(index)
            how = "was lost" if status is None else f"ended with status {status}"
            print(f"shard {index}/{count} {how}:\n{text}", file=sys.stderr)
    if failed:
        print(f"ray_batch.py: {len(failed)} of {count} shards failed. What is done is kept; run the same command again "
              "to go on.", file=sys.stderr)
        return 1
    join([part(options.output, index, count) for index in range(count)], options.output)
    if options.error_file:
        join([part(options.error_file, index, count) for index in range(count)], options.error_file)
    print(f"all {count} shards are done: {options.output}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)

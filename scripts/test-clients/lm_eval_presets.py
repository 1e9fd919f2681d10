#!/usr/bin/env python3
"""Runs the presets of `carat eval` and lm-evaluation-harness's own tasks on the same made-up questions, and compares
every log-probability and figure. Offline.

    CARAT=.build/release/carat CARAT_URL=http://127.0.0.1:8080 scripts/test-clients/lm_eval_presets.py

The server has to run the model inside the program, as `carat eval` does here. --write keeps the texts that the harness
asks for in Tests/Fixtures/tasks/requests.json, which the package's own tests compare with. Exits with 1 where anything
differs.
"""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TASKS = ROOT / "Tests/Fixtures/tasks"
CARAT = os.environ.get("CARAT", str(ROOT / ".build/release/carat"))
scratch = tempfile.TemporaryDirectory()
os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", HF_HOME=scratch.name, TQDM_DISABLE="1")
os.environ["OPENAI_API_KEY"] = os.environ.get("CARAT_API_KEY", "none")

from lm_eval import simple_evaluate, utils
from lm_eval.tasks import TaskManager
from importlib.machinery import SourceFileLoader

endings = SourceFileLoader("endings", str(HERE / "lm_eval_task/run")).load_module()
utils.RemoteTokenizer = endings.CaratTokenizer

# our name: the harness's name, examples before each question
PRESETS = {
    "hellaswag": ("hellaswag", 0), "piqa": ("piqa", 0), "social_iqa": ("social_iqa", 0), "boolq": ("boolq", 0),
    "winogrande": ("winogrande", 0), "commonsense_qa": ("commonsense_qa", 0), "openbookqa": ("openbookqa", 0),
    "arc_easy": ("arc_easy", 0), "arc_challenge": ("arc_challenge", 0), "mmlu": ("mmlu_anatomy", 2),
    "truthfulqa_mc1": ("truthfulqa_mc1", 0), "truthfulqa_mc2": ("truthfulqa_mc2", 0),
    "lambada_openai": ("lambada_openai", 0), "choice": (None, 0), "exact": (None, 0), "winogrande+2": ("winogrande", 2), "hellaswag+2": ("hellaswag", 2),
}
# what the harness calls our general kinds
GENERAL = {
    "choice": {
        "output_type": "multiple_choice", "doc_to_text": "{{prompt}}", "doc_to_choice": "{{choices}}",
        "doc_to_target": "answer",
        "metric_list": [{"metric": m, "aggregation": "mean", "higher_is_better": True} for m in ("acc", "acc_norm")]},
    "exact": {
        "output_type": "generate_until", "doc_to_text": "{{prompt}}", "doc_to_target": "{{answer}}",
        "generation_kwargs": {"until": ["\n"], "do_sample": False, "max_gen_toks": 64},
        "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}]},
}
OURS = {"mc2": "acc"}  # the harness calls it acc


manager = TaskManager()


def config(task, name, shots):
    """The harness's own definition with the questions of our file."""
    # load() would fetch the dataset
    data = manager._factory._load_full_config(manager.task_index[task], None) if task else dict(GENERAL[name])
    questions = str(TASKS / f"{name}.jsonl")
    own = TASKS / f"{name}_shots.jsonl"
    data.update(
        task="own_" + name, dataset_path="json", dataset_name=None, test_split="test", training_split=None,
        validation_split=None, num_fewshot=shots,        dataset_kwargs={"data_files": {"test": questions, "shots": str(own) if own.exists() else questions}})
    data.update(fewshot_split="shots", fewshot_config={"sampler": "first_n", "split": "shots"})
    if name == "mmlu" and shots:  # the harness's file has one subject only
        rows = [json.loads(line) for line in own.read_text().splitlines()]
        kept = Path(scratch.name) / "shots.jsonl"
        kept.write_text("".join(json.dumps(r) + "\n" for r in rows if r["subject"] == "anatomy"))
        data["dataset_kwargs"]["data_files"]["shots"] = str(kept)
    for key in ("group", "tag", "task_alias", "task_list", "class"):
        data.pop(key, None)
    return data


def own(name, shots):
    output = Path(scratch.name) / "results.jsonl"
    command = [CARAT, "eval", str(TASKS / f"{name}.jsonl"), "--task", name, "--json", "-o", str(output)]
    if shots:
        examples = TASKS / f"{name}_shots.jsonl"
        command += ["--shots", str(shots), "--shots-file", str(examples if examples.exists() else TASKS / f"{name}.jsonl")]
    figures = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return figures, [json.loads(line) for line in output.read_text().splitlines()]


def main():
    model = endings.session.get(endings.URL + "/v1/models", timeout=60).json()["data"][0]["id"]
    requests, failures = {}, 0
    for label, (task, shots) in PRESETS.items():
        name = label.split("+")[0]
        results = simple_evaluate(
            model="local-completions",
            model_args={
                "base_url": endings.URL + "/v1/completions", "model": model, "tokenizer_backend": "remote",
                "tokenized_requests": True, "num_concurrent": 2, "max_length": 2048, "max_retries": 1,
            },
            tasks=[config(task, name, shots)], bootstrap_iters=10, log_samples=True)
        samples = sorted(results["samples"]["own_" + name], key=lambda s: s["doc_id"])
        figures, lines = own(name, shots)
        requests[label] = [[list(args.values()) if isinstance(args, dict) else list(args)
                            for args in (s["arguments"].values() if isinstance(s["arguments"], dict) else s["arguments"])]
                           for s in samples]
        worst, compared, figures_compared = 0.0, 0, 0
        for sample, line in zip(samples, lines, strict=True):
            if "text" in line:
                compared += 1
                worst = max(worst, float(sample["filtered_resps"][0] != line["text"]))
                continue
            theirs = [float(resp[0]) for resp in sample["filtered_resps"]] \
                if isinstance(sample["filtered_resps"][0], (list, tuple)) else [float(sample["filtered_resps"][0])]
            for a, b in zip(theirs, line.get("logprobs", [line.get("logprob")]), strict=True):
                worst, compared = max(worst, abs(a - b)), compared + 1
        differing = []
        for metric, value in results["results"]["own_" + name].items():
            key = metric.split(",")[0]
            if key == "perplexity_stderr":  # drawn by lot in the harness
                continue
            mine = next((figures[o] for o in (key, *[o for o, t in OURS.items() if t == key.removesuffix("_stderr")])
                         if o in figures), None)
            if key.endswith("_stderr"):
                base = key.removesuffix("_stderr")
                mine = figures.get(key, figures.get({v: k for k, v in OURS.items()}.get(base, base) + "_stderr"))
            if isinstance(value, float) and mine is not None:
                figures_compared += 1
                if abs(value - mine) > 1e-4 * max(1, abs(value)):
                    differing.append((metric, value, mine))
        good = worst < 1e-3 and not differing and figures_compared > 0
        failures += not good
        print(f"{label}: {compared} answers, at most {worst:.2g} apart; {figures_compared} figures "
              + ("equal" if not differing else str(differing)), flush=True)
    if "--write" in sys.argv:
        requests = {label: each for label, each in requests.items() if label not in GENERAL}
        (TASKS / "requests.json").write_text(json.dumps(requests, ensure_ascii=False, indent=1) + "\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

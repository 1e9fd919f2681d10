#!/usr/bin/env python3
"""Asks a running `carat serve` all that the `openai` package can ask, and checks the answers.

    CARAT_URL=http://127.0.0.1:8080 scripts/test-clients/openai_client.py [name of a check ...]

CARAT_API_KEY gives the server's key; set, requests without it must be refused. The model may have a chat template or
not. One line per check; exits with 1 if one failed.
"""
import array
import json
import math
import os
import sys
import time
import traceback
import uuid

import openai

URL = os.environ.get("CARAT_URL", "http://127.0.0.1:8080").rstrip("/")
KEY = os.environ.get("CARAT_API_KEY")
client = openai.OpenAI(base_url=URL + "/v1", api_key=KEY or "none", max_retries=0, timeout=120)
PROMPT = "It was a dark night and the sea"
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def model():
    return client.models.list().data[0].id


def complete(prompt=PROMPT, **options):
    return client.completions.create(model=model(), prompt=prompt, **options)


def post(path, body):
    """A route that the package has no method for."""
    return client.post(URL + path, body=body, cast_to=object)


def tokenize(text, **options):
    return post("/tokenize", {"content": text, **options})["tokens"]


def refused(kind, call, **members):
    """The error that `call` must raise; `members` are what its body must say."""
    try:
        call()
    except kind as error:
        assert {"message", "type", "param", "code"} <= set(error.body), f"members are missing: {error.body}"
        assert len(error.body["message"]) > 10, error.body
        for name, value in members.items():
            assert error.body[name] == value, f"{name} is {error.body[name]!r}, not {value!r}"
        return error
    raise AssertionError(f"{kind} was expected, and the request passed")


@check
def models():
    page = client.models.list()
    assert page.object == "list" and len(page.data) >= 1
    first = page.data[0]
    assert first.object == "model" and isinstance(first.created, int) and first.owned_by
    assert client.models.retrieve(first.id).id == first.id
    return first.id


@check
def completion():
    answer = complete(max_tokens=8, temperature=0)
    (choice,) = answer.choices
    assert answer.object == "text_completion" and answer.id.startswith("cmpl-"), answer
    assert choice.index == 0 and choice.text and choice.finish_reason in ("length", "stop") and choice.logprobs is None
    usage = answer.usage
    assert usage.prompt_tokens == len(tokenize(PROMPT, add_special=True)), usage
    assert 1 <= usage.completion_tokens <= 8
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert abs(answer.created - time.time()) < 600 and answer._request_id
    return repr(choice.text)


@check
def completion_stream():
    plain = complete(max_tokens=12, temperature=0)
    pieces = list(complete(max_tokens=12, temperature=0, stream=True, stream_options={"include_usage": True}))
    last = pieces.pop()
    assert last.choices == [] and last.usage == plain.usage.model_copy(update={
        "prompt_tokens_details": last.usage.prompt_tokens_details}), (last, plain.usage)
    assert all(piece.usage is None for piece in pieces), "usage before the last piece"
    assert len({piece.id for piece in pieces}) == 1 and len({piece.created for piece in pieces}) == 1
    text = "".join(piece.choices[0].text for piece in pieces)
    assert text == plain.choices[0].text, (text, plain.choices[0].text)
    reasons = [piece.choices[0].finish_reason for piece in pieces]
    assert reasons[-1] == plain.choices[0].finish_reason and set(reasons[:-1]) <= {None}, reasons
    bare = list(complete(max_tokens=2, temperature=0, stream=True))
    assert all(piece.choices and piece.usage is None for piece in bare), "usage that was not asked for"
    return f"{len(pieces)} pieces"


@check
def stream_that_is_left():
    """A client that goes away frees its place: as many again are served at once."""
    for _ in range(12):
        stream = complete(max_tokens=2000, stream=True)
        next(iter(stream))
        stream.close()
    start = time.monotonic()
    complete(max_tokens=1)
    return f"then one answered in {time.monotonic() - start:.2f} s"


@check
def echo_and_logprobs():
    """Scoring: the prompt's own log-probabilities, with and without a token after it."""
    scored = complete(max_tokens=0, echo=True, logprobs=3, temperature=0)
    (choice,) = scored.choices
    shape = choice.logprobs
    count = len(shape.tokens)
    assert len(shape.token_logprobs) == len(shape.top_logprobs) == len(shape.text_offset) == count
    assert scored.usage.prompt_tokens == count and scored.usage.completion_tokens == 0, (scored.usage, count)
    assert shape.token_logprobs[0] is None and shape.top_logprobs[0] is None
    assert all(-9999 <= number <= 0 for number in shape.token_logprobs[1:]), shape.token_logprobs
    assert all(token in top for token, top in zip(shape.tokens[1:], shape.top_logprobs[1:]))
    assert choice.text.strip() == PROMPT, choice.text
    assert shape.text_offset == sorted(shape.text_offset)

    more = complete(max_tokens=1, echo=True, logprobs=3, temperature=0).choices[0]
    assert len(more.logprobs.tokens) == count + 1
    assert more.logprobs.token_logprobs[:count] == shape.token_logprobs, "scores depend on what comes after"
    assert more.text.startswith(choice.text) and len(more.text) > len(choice.text)
    best = max(more.logprobs.top_logprobs[-1].values())
    assert more.logprobs.token_logprobs[-1] == best, "at temperature 0 the likeliest token is taken"

    alone = complete(max_tokens=1, logprobs=3, temperature=0).choices[0].logprobs
    assert len(alone.tokens) == 1 and alone.token_logprobs == more.logprobs.token_logprobs[-1:]
    return f"{count} tokens, sum {sum(shape.token_logprobs[1:]):.2f}"


@check
def prompts_as_tokens():
    ids = tokenize(PROMPT, add_special=True)
    by_text = complete(max_tokens=6, temperature=0)
    by_ids = complete(ids, max_tokens=6, temperature=0)
    assert by_text.choices[0].text == by_ids.choices[0].text
    assert by_text.usage.prompt_tokens == by_ids.usage.prompt_tokens == len(ids)
    both = complete([ids, ids[:3]], max_tokens=6, temperature=0)
    assert [choice.index for choice in both.choices] == [0, 1]
    assert both.choices[0].text == by_ids.choices[0].text
    assert post("/detokenize", {"tokens": tokenize(PROMPT, add_special=False)})["content"].strip() == PROMPT
    return f"{len(ids)} tokens"


@check
def several_prompts():
    prompts = [PROMPT, "My dear sister,", "The captain"]
    answer = complete(prompts, n=2, max_tokens=5, temperature=0)
    assert [choice.index for choice in answer.choices] == list(range(6))
    for index, prompt in enumerate(prompts):
        alone = complete(prompt, max_tokens=5, temperature=0).choices[0].text
        for choice in answer.choices[2 * index: 2 * index + 2]:
            assert choice.text == alone, f"beside others: {choice.text!r}, alone: {alone!r}"
    drawn = complete(n=4, max_tokens=16, temperature=1, seed=1)
    assert len({choice.text for choice in drawn.choices}) > 1, "n draws are all the same"
    return "3 prompts, n = 2"


@check
def stop():
    whole = complete(max_tokens=24, temperature=0).choices[0].text
    word = whole[len(whole) // 2: len(whole) // 2 + 4]
    expected = whole[: whole.index(word)]
    for stops in (word, ["\u2603 nowhere", word]):
        choice = complete(max_tokens=24, temperature=0, stop=stops).choices[0]
        assert choice.text == expected and choice.finish_reason == "stop", (choice, expected)
    streamed = complete(max_tokens=24, temperature=0, stop=word, stream=True)
    text = "".join(piece.choices[0].text for piece in streamed)
    assert text == expected, f"streamed {text!r}, expected {expected!r}"
    return f"before {word!r}"


@check
def seed():
    def texts(number):
        return [choice.text for choice in complete(n=2, max_tokens=16, temperature=1, seed=number).choices]

    assert texts(7) == texts(7)
    assert texts(7) != texts(8)


@check
def logit_bias():
    last = tokenize("night", add_special=False)[-1]
    always = complete(max_tokens=3, temperature=0, logprobs=1, logit_bias={str(last): 100}).choices[0]
    assert len(always.logprobs.tokens) == 3 and len(set(always.logprobs.tokens)) == 1, always.logprobs.tokens
    plain = complete(max_tokens=1, temperature=0).choices[0].text
    before, after = tokenize(PROMPT, add_special=True), tokenize(PROMPT + plain, add_special=True)
    if after[:-1] == before:  # otherwise the text's tokens are not those that were written
        other = complete(max_tokens=1, temperature=0, logit_bias={str(after[-1]): -100}).choices[0].text
        assert other != plain, "a banned token was written"
    refused(openai.BadRequestError, lambda: complete(logit_bias={"99999999": 1}), param="logit_bias")
    return repr(always.text)


@check
def chat():
    messages = [{"role": "user", "content": "Name a colour."}]

    def ask(**options):
        return client.chat.completions.create(
            model=model(), messages=messages, max_tokens=8, temperature=0, **options)

    try:
        answer = ask()
    except openai.BadRequestError as error:
        assert error.param == "messages" and "template" in error.message, error.body
        assert "/v1/completions" in error.message, "the refusal does not name the remedy"
        refused(openai.BadRequestError, lambda: ask(stream=True), type="invalid_request_error", param="messages")
        return f"refused: {error.body['message']}"
    (choice,) = answer.choices
    assert answer.object == "chat.completion" and answer.id.startswith("chatcmpl-")
    assert choice.message.role == "assistant" and choice.message.content is not None
    pieces = list(ask(stream=True, stream_options={"include_usage": True}))
    assert pieces[-1].usage.total_tokens == answer.usage.total_tokens and pieces[-1].choices == []
    deltas = [piece.choices[0].delta for piece in pieces[:-1]]
    assert deltas[0].role == "assistant" and all(delta.role is None for delta in deltas[1:])
    assert "".join(delta.content or "" for delta in deltas) == choice.message.content
    shown = ask(logprobs=True, top_logprobs=2).choices[0].logprobs.content
    assert all(math.isfinite(entry.logprob) and len(entry.top_logprobs) == 2 for entry in shown)
    return f"answered: {choice.message.content!r}"


@check
def embeddings():
    texts = ["the sea", "a quiet house by the sea", "naïve 🙂"]
    plain = client.embeddings.create(model=model(), input=texts, encoding_format="float")
    packed = client.embeddings.create(model=model(), input=texts)  # base64, which the package decodes
    raw = client.embeddings.with_raw_response.create(model=model(), input=texts[0], encoding_format="base64")
    assert isinstance(json.loads(raw.text)["data"][0]["embedding"], str), "base64 was asked for"
    for index, (one, other) in enumerate(zip(plain.data, packed.data, strict=True)):
        assert one.index == other.index == index
        # the package reads base64 as float32; the decimals must be those numbers again
        assert list(array.array("f", one.embedding)) == list(array.array("f", other.embedding)), f"text {index} differs"
        assert abs(math.hypot(*one.embedding) - 1) < 1e-3, "not of length 1"
    alone = client.embeddings.create(model=model(), input=texts[1], encoding_format="float")
    assert alone.data[0].embedding == plain.data[1].embedding, "an embedding depends on its neighbours"
    assert plain.usage.prompt_tokens == plain.usage.total_tokens > 0
    return f"{len(plain.data[0].embedding)} numbers"


@check
def errors():
    name = model()
    create = client.completions.create
    names = "any name of a model is taken"  # by a server that was given none
    try:
        create(model="no-such-model", prompt="x", max_tokens=1)
    except openai.NotFoundError:
        names = "names of models count"
        refused(openai.NotFoundError, lambda: create(model="no-such-model", prompt="x"),
                param="model", code="model_not_found", type="invalid_request_error")
    refused(openai.NotFoundError, lambda: client.models.retrieve("no-such-model"))
    refused(openai.NotFoundError, lambda: client.get("/nowhere", cast_to=object))
    refused(openai.BadRequestError, lambda: create(model=name, prompt="x", temperature=9),
            param="temperature", type="invalid_request_error")
    refused(openai.BadRequestError, lambda: create(model=name, prompt="x", temperature=9, stream=True),
            param="temperature")
    error = refused(openai.BadRequestError, lambda: complete("the sea " * 20_000, max_tokens=1),
                    code="context_length_exceeded", param="prompt")
    assert error.body["n_prompt_tokens"] > error.body["n_ctx"], error.body
    refused(openai.BadRequestError, lambda: client.chat.completions.create(model=name, messages="x"), param="messages")
    for suffix in ("", "/cancel"):
        call = client.post if suffix else client.get
        refused(openai.NotFoundError, lambda: call(f"/batches/batch_none{suffix}", cast_to=object))
    return f"400, 404; {names}"


@check
def key():
    if not KEY:
        return "no key is set"
    for wrong in ("wrong", KEY + "x", KEY[:-1] or "k"):
        stranger = client.with_options(api_key=wrong)
        refused(openai.AuthenticationError, lambda: stranger.models.list(), code="invalid_api_key")
        refused(openai.AuthenticationError, lambda: stranger.completions.create(model="m", prompt="x"))
    return "401"


def uploaded(lines):
    text = "".join(json.dumps(line) + "\n" for line in lines)
    file = client.files.create(file=("lines.jsonl", text.encode()), purpose="batch")
    assert file.object == "file" and file.bytes == len(text.encode()) and file.filename == "lines.jsonl"
    assert client.files.content(file.id).text == text, "the file came back changed"
    return file


def until_done(batch, limit=300):
    end = time.monotonic() + limit
    while batch.status not in ("completed", "failed", "expired", "cancelled"):
        assert time.monotonic() < end, f"the batch is still {batch.status}"
        time.sleep(0.2)
        batch = client.batches.retrieve(batch.id)
    return batch


@check
def batches():
    name, mark = model(), uuid.uuid4().hex[:8]
    bodies = [{"model": name, "prompt": f"{PROMPT} {index}", "max_tokens": 6, "temperature": 0} for index in range(8)]
    lines = [{"custom_id": f"{mark}-{index}", "method": "POST", "url": "/v1/completions", "body": body}
             for index, body in enumerate(bodies)]
    lines.append({"custom_id": f"{mark}-bad", "method": "POST", "url": "/v1/completions",
                  "body": {"model": name, "prompt": "x", "temperature": 9}})
    file = uploaded(lines)
    batch = client.batches.create(
        input_file_id=file.id, endpoint="/v1/completions", completion_window="24h", metadata={"mark": mark})
    assert batch.object == "batch" and batch.metadata == {"mark": mark}
    batch = until_done(batch)
    assert batch.status == "completed", batch
    counts = batch.request_counts
    assert (counts.total, counts.completed, counts.failed) == (9, 8, 1), counts

    results = [json.loads(line) for line in client.files.content(batch.output_file_id).text.splitlines()]
    if batch.error_file_id:
        results += [json.loads(line) for line in client.files.content(batch.error_file_id).text.splitlines()]
    by_id = {result["custom_id"]: result for result in results}
    assert len(results) == len(by_id) == 9, f"{len(results)} lines of {len(by_id)} ids"
    for index, body in enumerate(bodies):
        response = by_id[f"{mark}-{index}"]["response"]
        direct = client.completions.create(**body)
        assert response["status_code"] == 200
        assert response["body"]["choices"][0]["text"] == direct.choices[0].text, f"line {index} differs from the direct answer"
    bad = by_id[f"{mark}-bad"]["response"]
    assert bad["status_code"] == 400 and bad["body"]["error"]["param"] == "temperature", bad
    assert batch.id in [each.id for each in client.batches.list(limit=20).data]

    assert client.files.delete(file.id).deleted
    refused(openai.NotFoundError, lambda: client.files.retrieve(file.id))
    refused((openai.BadRequestError, openai.NotFoundError), lambda: client.batches.create(
        input_file_id="file-none", endpoint="/v1/completions", completion_window="24h"))
    return "8 lines as asked directly, 1 refused"


@check
def batch_cancel():
    name = model()
    file = uploaded([
        {"custom_id": str(index), "method": "POST", "url": "/v1/completions",
         "body": {"model": name, "prompt": PROMPT, "max_tokens": 200, "seed": index, "ignore_eos": True}}
        for index in range(200)])
    batch = client.batches.create(input_file_id=file.id, endpoint="/v1/completions", completion_window="24h")
    batch = client.batches.cancel(batch.id)
    assert batch.status in ("cancelling", "cancelled"), batch.status
    batch = until_done(batch)
    assert batch.status == "cancelled", batch.status
    client.files.delete(file.id)
    return f"{batch.request_counts.completed} of 200 were done"


@check
def json_schema():
    schema = {"type": "object", "properties": {"name": {"type": "string", "maxLength": 12}, "age": {"type": "integer"}},
              "required": ["name", "age"], "additionalProperties": False}
    wanted = {"type": "json_schema", "json_schema": {"name": "person", "strict": True, "schema": schema}}
    choice = complete(max_tokens=120, temperature=0, extra_body={"response_format": wanted}).choices[0]
    if choice.finish_reason == "length":
        return "cut at the most tokens"
    value = json.loads(choice.text)
    assert set(value) == {"name", "age"} and isinstance(value["name"], str) and type(value["age"]) is int, value
    refused(openai.BadRequestError, lambda: complete(extra_body={"response_format": {
        "type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "string", "pattern": "^+"}}}}),
        param="response_format.json_schema.schema")
    return json.dumps(value)


def main(names):
    failed = 0
    for function in CHECKS:
        if names and function.__name__ not in names:
            continue
        label = function.__name__.replace("_", " ")
        try:
            print(f"ok    {label}: {function() or 'as expected'}", flush=True)
        except Exception as error:
            failed += 1
            place = traceback.extract_tb(error.__traceback__)
            lines = [entry.lineno for entry in place if entry.filename == __file__]
            print(f"FAIL  {label}, line {lines[-1]}: {type(error).__name__}: {str(error)[:600]}", flush=True)
    print(f"openai {openai.__version__}: {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(set(sys.argv[1:])))

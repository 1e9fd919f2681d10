#!/usr/bin/env python3
"""Uses the chat page of a running `carat serve` in headless Chromium as a person would.

    CARAT_URL=http://127.0.0.1:8080 scripts/test-clients/chat_page.py [folder for screenshots]

CARAT_API_KEY gives the server's key, CARAT_CHROMIUM the browser (default /usr/bin/chromium). The model may have a chat
template or not; carat-tiny has none, so there the page continues text. Exits with 1 at the first check that fails.
"""
import json
import os
import sys
from pathlib import Path
from urllib.parse import urlparse

from playwright.sync_api import expect, sync_playwright

URL = os.environ.get("CARAT_URL", "http://127.0.0.1:8080").rstrip("/")
KEY = os.environ.get("CARAT_API_KEY")
CHROMIUM = os.environ.get("CARAT_CHROMIUM", "/usr/bin/chromium")
FOLDER = Path(sys.argv[1]) if len(sys.argv) > 1 else None


def report(what):
    print(f"ok    {what}", flush=True)


class Person:
    """A visit to the page: what is seen of it, and what went wrong unseen."""

    def __init__(self, browser, **options):
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.complaints, self.strangers = [], []
        self.page.on("console", lambda line: line.type == "error" and self.complaints.append(line.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.look_at(request.url))
        self.page.set_default_timeout(60_000)
        self.text = self.page.locator("#log .text").last
        self.facts = self.page.locator(".meta span:not(.acts)")
        self.send = self.page.locator("#send")

    def look_at(self, url):
        if urlparse(url).scheme != "data" and not url.startswith(URL + "/"):
            self.strangers.append(url)

    def visit(self):
        if KEY:
            self.page.add_init_script(f"sessionStorage.setItem('carat-key', {json.dumps(KEY)})")
        self.page.goto(URL + "/")
        # the model's name comes first, then whether it chats
        expect(self.page.locator("#model")).not_to_have_text("Carat")
        self.page.wait_for_load_state("networkidle")

    def set(self, **settings):
        self.page.get_by_role("button", name="Settings").click()
        for name, value in settings.items():
            self.page.locator("#" + name).fill(str(value))
        self.page.get_by_role("button", name="Done").click()
        expect(self.page.locator("dialog")).not_to_be_visible()

    def shot(self, name):
        if FOLDER:
            FOLDER.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=FOLDER / f"{name}.png")

    def is_answering(self):
        return self.send.get_attribute("aria-label") == "Stop"

    def finished(self):
        expect(self.page.locator("#log")).to_have_attribute("aria-busy", "false")
        expect(self.facts.first).to_be_visible()
        return self.facts.all_inner_texts()

    def stops_a_long_answer(self):
        """A small model may come to its end before the button is reached, so there are some tries."""
        self.set(max_tokens=100_000)
        for _ in range(5):
            self.page.locator("#input").fill("Then the long night began, and the sea")
            before = len(self.page.locator("#log").inner_text())
            self.send.click()
            self.page.wait_for_function("n => document.querySelector('#log').innerText.length > n + 60", arg=before)
            if self.is_answering():
                self.page.keyboard.press("Escape")
                if "stopped" in self.finished():
                    return
            self.page.get_by_role("button", name="Clear this conversation").click()
        raise AssertionError("five answers were complete before they could be stopped")

    def leave(self):
        assert not self.strangers, f"the page asks elsewhere: {self.strangers}"
        # refusals that the page expects are in the console too: its probe for a chat template, and hidden /slots
        serious = [line for line in self.complaints if "Failed to load resource" not in line]
        assert not serious, f"the console complains: {serious}"
        self.context.close()


def desktop(browser):
    person = Person(browser, viewport={"width": 1180, "height": 820})
    page = person.page
    person.visit()
    chats = page.locator("[data-mode=chat]").get_attribute("aria-pressed") == "true"
    report(f"the page shows {page.locator('#model').inner_text()}, to {'chat' if chats else 'continue text'}")
    expect(page.locator("#input")).to_be_focused()
    person.shot("desktop-begin")

    person.set(max_tokens=1500, temperature=0)
    expect(page.locator("#input")).to_be_focused()  # again, a moment after the dialog has gone
    page.keyboard.type("It was a dark night")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("and the sea")
    expect(page.locator("#input")).to_have_value("It was a dark night\nand the sea")
    page.evaluate("""() => {
        window.lengths = new Set();
        window.labels = new Set();
        const send = document.querySelector('#send');
        // seen as it happens: a small model may be done before anyone looks
        new MutationObserver(() => labels.add(send.ariaLabel)).observe(send, { attributes: true });
        new MutationObserver(() => lengths.add(document.querySelector('#log').innerText.length))
            .observe(document.querySelector('#log'), { childList: true, subtree: true, characterData: true });
    }""")
    page.keyboard.press("Enter")
    person.shot("desktop-stream")
    facts = person.finished()
    labels = page.evaluate("[...labels]")
    assert "Stop" in labels, f"the button said {labels}"
    seen = page.evaluate("lengths.size")
    assert seen > 5, f"the answer came in {seen} pieces"
    report(f"Enter sends, Shift+Enter does not; the answer grew in {seen} steps")
    assert any("first token" in fact for fact in facts), facts
    assert any("tokens/s" in fact for fact in facts) and any("prompt" in fact for fact in facts), facts
    report(f"timings: {' · '.join(facts)}")
    person.shot("desktop-answer")

    before = page.locator("#log .text").all_inner_texts()
    page.reload()
    page.wait_for_load_state("networkidle")
    expect(page.locator("#log .text").first).to_be_visible()
    assert page.locator("#log .text").all_inner_texts() == before
    report("a reload keeps the conversation")

    kept = page.evaluate("JSON.stringify(localStorage)")
    assert not KEY or KEY not in kept, "the API key is in localStorage"
    person.stops_a_long_answer()
    report("Escape stops a long answer")
    person.shot("desktop-stopped")

    page.get_by_role("button", name="Clear this conversation").click()
    expect(page.locator(".welcome")).to_be_visible()
    report("clearing brings the beginning back")
    page.route("**/v1/*completions", lambda route: route.abort())
    page.route("**/v1/chat/completions", lambda route: route.abort())
    page.locator("#input").fill("Is anybody there?")
    person.send.click()
    expect(page.get_by_role("alert")).to_contain_text("does not answer")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    report("a server that is gone is told, with the remedy")
    person.shot("desktop-error")
    person.leave()


READ_BYTE_BY_BYTE = """async text => {
    const bytes = new TextEncoder().encode(text), read = [];
    const stream = new ReadableStream({ start(to) { for (const b of bytes) to.enqueue(new Uint8Array([b])); to.close(); } });
    for await (const data of events(stream)) read.push(data);
    return read;
}"""
HOSTILE = """Some **bold** and `code` text.

```html
<script>stolen = 1</script>
```

<img src=x onerror="stolen = 1"> <a href="javascript:stolen = 1">x</a> naïve 🙂"""


def canned(browser):
    """What a server seldom says, so the browser is given it: odd event streams, markup in an answer, errors."""
    person = Person(browser, viewport={"width": 900, "height": 700})
    page = person.page
    person.visit()
    for end in ["\n", "\r\n", "\r"]:
        lines = [": comment", "", "event: x", "data: naïve", "data:  🙂", "", ":", "data:[DONE]", "", "data: cut off"]
        read = page.evaluate(READ_BYTE_BY_BYTE, end.join(lines))
        assert read == ["naïve\n 🙂", "[DONE]"], (end, read)
    report("events are read byte by byte, with every kind of line end")

    page.route("**/apply-template", lambda route: route.fulfill(json={"prompt": ""}))
    page.reload()
    page.wait_for_load_state("networkidle")
    expect(page.locator("[data-mode=chat]")).to_have_attribute("aria-pressed", "true")
    events = [json.dumps({"choices": [{"index": 0, "delta": {"content": HOSTILE[i:i + 3]}, "finish_reason": None}]})
              for i in range(0, len(HOSTILE), 3)] + ["[DONE]"]
    page.route("**/v1/chat/completions", lambda route: route.fulfill(
        content_type="text/event-stream", body="".join(f"data: {event}\n\n" for event in events)))
    page.locator("#input").fill("Show me markup")
    person.send.click()
    person.finished()
    assert page.locator("#log img, #log a, #log script").count() == 0, "an answer became markup"
    assert page.evaluate("typeof stolen") == "undefined", "an answer ran as a program"
    assert page.locator("pre").inner_text().strip() == "<script>stolen = 1</script>"
    expect(page.locator("#log strong")).to_have_text("bold")
    report("an answer's markup stays text; code is set apart")
    person.shot("canned-markup")

    error = {"message": "The prompt has 9 tokens and the context has room for 8.", "type": "invalid_request_error",
             "param": "messages", "code": "context_length_exceeded"}
    page.route("**/v1/chat/completions", lambda route: route.fulfill(status=400, json={"error": error}))
    page.get_by_role("button", name="Again").click()
    expect(page.get_by_role("alert")).to_contain_text("Clear the conversation")
    page.route("**/v1/chat/completions", lambda route: route.fulfill(
        content_type="text/event-stream", body="data: " + json.dumps({"error": {"message": "It broke."}}) + "\n\n"))
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("alert")).to_contain_text("It broke.")
    page.route("**/v1/chat/completions", lambda route: route.fulfill(status=401, json={"error": {"message": "No key."}}))
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#key")).to_be_focused()
    report("errors show the remedy; a missing key is asked for")
    page.unroute("**/v1/chat/completions")
    page.unroute("**/apply-template")
    person.leave()


def phone(browser):
    for scheme in ["light", "dark"]:
        person = Person(
            browser, viewport={"width": 360, "height": 740}, device_scale_factor=2, has_touch=True, is_mobile=True,
            color_scheme=scheme)
        page = person.page
        person.visit()
        person.shot(f"phone-{scheme}-begin")
        person.set(max_tokens=48)
        page.locator("#input").fill("The captain looked at the sea and")
        person.send.tap()
        person.finished()
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 360, f"the page is {wide} px wide on a phone of 360"
        small = page.evaluate("""() => [...document.querySelectorAll('button')].filter(b => b.offsetParent)
            .map(b => b.getBoundingClientRect()).filter(r => r.height < 24 || r.right > 360).length""")
        assert not small, f"{small} buttons are cut off or too small to touch"
        person.shot(f"phone-{scheme}-answer")
        page.get_by_role("button", name="Settings").tap()
        person.shot(f"phone-{scheme}-settings")
        report(f"360 x 740, {scheme}: nothing is cut off")
        person.leave()


def main():
    expect.set_options(timeout=60_000)
    with sync_playwright() as play:
        # the sandbox needs rights that containers seldom give; the only page visited is our own
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            desktop(browser)
            canned(browser)
            phone(browser)
        except AssertionError as failure:
            print(f"FAIL  {failure}", flush=True)
            return 1
        finally:
            browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A shop with three products, briefs for it, and a server that answers with what a test says."""

import json
import re
import threading
import time
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pandas as pd

from engine.campaign.plan import Brief, Offer
from engine.campaign.writer import drafts, prompt, server
from engine.campaign.writer.facts import facts

PRODUCTS = {
    "en": [
        ("p12", "Oat Night Cream", "Skin Care", 24.0, "A light cream with oat for sensitive skin."),
        ("p13", "Linen Tea Towel", "Home", 9.5, "Washed linen, dries quickly."),
        ("p14", "Mini Lip Balm", "Skin Care", 4.0, "Small balm with beeswax."),
    ],
    "zh": [
        ("p12", "燕麦晚霜", "护肤", 168.0, "含燕麦的清爽晚霜，适合敏感肌肤。"),
        ("p13", "亚麻茶巾", "家居", 39.0, "水洗亚麻，吸水快干。"),
        ("p14", "迷你润唇膏", "护肤", 29.0, "含蜂蜡的小支润唇膏。"),
    ],
}
OFFERS = {
    "percent": Offer(kind="percent", discount=0.15, code="HOME15"),
    "amount": Offer(kind="amount", discount=10, min_spend=50, code="TEN"),
    "spend_save": Offer(kind="spend_save", tiers=[(50, 5), (100, 15)], code="MORE"),
    "gift": Offer(kind="gift", gift_product_id="p14", min_spend=40),
    "free_shipping": Offer(kind="free_shipping", code="SHIP"),
    "buy_x_get_y": Offer(kind="buy_x_get_y", tiers=[(2, 1)]),
    "points": Offer(kind="points", discount=200),
    "early_access": Offer(kind="early_access", code="EARLY"),
    "none": Offer(),
}


class FakeShop:
    """A shop with three products; `language` picks their names and the currency."""

    def __init__(self, language="en", products=None):
        self.path = Path("maple")
        self.settings = SimpleNamespace(
            currency="CNY" if language == "zh" else "USD", sender_name="枫叶小铺" if language == "zh" else "Maple & Co"
        )
        columns = ["product_id", "name", "category", "price", "description"]
        self._products = pd.DataFrame(PRODUCTS[language] if products is None else products, columns=columns)

    def has(self, table):
        return table == "products" and len(self._products) > 0

    def table(self, name):
        return self._products


def brief(**changes) -> Brief:
    base = {
        "goal": "win_back",
        "channel": "sms",
        "product_ids": ["p12"],
        "offer": OFFERS["percent"],
        "starts_at": date(2026, 6, 1),
        "ends_at": date(2026, 6, 30),
    }
    return Brief(**(base | changes))


class FakeServer:
    """An OpenAI-compatible server. An answer: a text, or {text, finish, delay, status, cut}; the last one stays.

    A draft as JSON is said in the form that was asked for.
    """

    def __init__(self, *answers, owned_by="me", model="fake"):
        self.answers, self.requests, self.owned_by = list(answers), [], owned_by
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def do_GET(self):
                self._send(200, json.dumps({"data": [{"id": model, "owned_by": fake.owned_by}]}).encode())

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                fake.requests.append(body | {"authorization": self.headers["Authorization"]})
                answer = fake.answers.pop(0) if len(fake.answers) > 1 else fake.answers[0]
                answer = answer if isinstance(answer, dict) else {"text": answer}
                if "status" in answer:
                    return self._send(answer["status"], b'{"error": {"message": "no"}}')
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                text = in_lines(answer["text"]) if "grammar" in body else answer["text"]
                for piece in [text[i : i + 9] for i in range(0, len(text), 9)]:
                    time.sleep(answer.get("delay", 0))
                    if not self._event({"content": piece}, None):
                        return None
                if not answer.get("cut"):
                    self._event({}, answer.get("finish", "stop"))
                    self.wfile.write(b"data: [DONE]\n\n")

            def _event(self, delta, finish):
                chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "fake"}
                chunk["choices"] = [{"index": 0, "delta": delta, "finish_reason": finish}]
                try:
                    self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
                    self.wfile.flush()
                    return True
                except OSError:
                    return False

            def _send(self, status, content):
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._http.server_port}/v1"

    def endpoint(self, backend="llama_cpp"):
        return server.Endpoint(self.url, "secret", "fake", backend, "a" * 64)

    def close(self):
        self._http.shutdown()
        self._http.server_close()


def in_lines(answer: str) -> str:
    """A draft that is written as JSON, in labelled lines; any other text as it is."""
    try:
        texts = json.loads(answer)
        language = "zh" if re.search("[\u4e00-\u9fff]", "".join(map(str, texts.values()))) else "en"
    except (ValueError, AttributeError):
        return answer
    return "\n".join(f"{prompt.label(part, language)}{text}" for part, text in texts.items())


def said(body: str) -> str:
    return json.dumps({"body": body}, ensure_ascii=False)


GOOD = said("Soft skin starts with {product}.")
OTHER = said("A calm evening is near.")


def drawn(endpoint, n=1, **changes) -> list[drafts.Draft]:
    wanted = brief(**changes)
    return drafts.draft(facts(FakeShop(wanted.language), wanted), wanted, n, 7, endpoint)

"""Vendors on 127.0.0.1 that behave as documented: they verify the signature themselves (written anew from the vendors'
pages, sharing no code with the relay), throttle, put errors into the body, fall silent before or after delivering.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from aiohttp import web

from tests.relay.waiting import until

KEY_ID, KEY_SECRET, TOKEN, SECRET = "LTAI-key-id", "key-secret-1", "robot-token-1", "SEC-robot-secret-1"
KINDS = ("aliyun_sms", "tencent_sms", "dingtalk", "wecom", "feishu", "webhook")
# What a vendor may do with a message, and whether the message then is delivered.
OK, LATER, THROTTLE, REFUSE, BROKEN, LOST_BEFORE, LOST_AFTER, SILENT = (
    "ok", "later", "throttle", "refuse", "broken", "lost before", "lost after", "silent",
)  # fmt: skip
DELIVERING = (OK, LOST_AFTER, SILENT)
# The relay cannot know whether these were delivered.
AMBIGUOUS = (LOST_BEFORE, LOST_AFTER, SILENT)

Answer = tuple[int, Any]
Plan = Callable[[], str]


@dataclass(slots=True)
class Vendor:
    """A server for every kind. `plan` says what it does next; `seen` is what it saw, text by text."""

    plan: Plan = field(default=lambda: OK)
    delivered: list[tuple[str, str]] = field(default_factory=list)
    doubtful: Counter[tuple[str, str]] = field(default_factory=Counter)
    bad_signatures: list[str] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    url: str = ""
    _runner: web.AppRunner | None = None

    async def start(self, port: int = 0) -> None:
        app = web.Application(client_max_size=1 << 20)
        app.router.add_post("/", self._sms)
        app.router.add_post("/robot/send", self._dingtalk)
        app.router.add_post("/cgi-bin/webhook/send", self._wecom)
        app.router.add_post("/open-apis/bot/v2/hook/{token}", self._feishu)
        app.router.add_post("/hook", self._webhook)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def count(self, text: str) -> int:
        """How many delivered messages contain `text`."""
        return sum(text in body for _, body in self.delivered)

    async def _sms(self, request: web.Request) -> web.StreamResponse:
        if "X-TC-Action" in request.headers:
            return await self._tencent(request)
        return await self._aliyun(request)

    async def _aliyun(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        signed = request.headers["Authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
        query = "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in sorted(request.query.items()))
        lines = "".join(f"{name}:{request.headers[name].strip()}\n" for name in signed)
        canonical = f"POST\n/\n{query}\n{lines}\n{';'.join(signed)}\n{hashlib.sha256(body).hexdigest()}"
        text = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        right = hmac.new(KEY_SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
        sound = request.headers["Authorization"] == (
            f"ACS3-HMAC-SHA256 Credential={KEY_ID},SignedHeaders={';'.join(signed)},Signature={right}"
        )
        sound &= {"host", "x-acs-action", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"} <= set(signed)
        sound &= "Content-Type" not in request.headers
        answers: dict[str, Answer] = {
            OK: (200, {"Code": "OK", "Message": "OK", "BizId": "1^0"}),
            LATER: (200, {"Code": "isp.SYSTEM_ERROR", "Message": "系统错误"}),
            THROTTLE: (200, {"Code": "isv.BUSINESS_LIMIT_CONTROL", "Message": "触发分钟级流控Permits:1"}),
            REFUSE: (200, {"Code": "isv.SMS_TEMPLATE_ILLEGAL", "Message": "模版不合法"}),
            "signature": (400, {"Code": "SignatureDoesNotMatch"}),
        }
        content = request.query["PhoneNumbers"] + " " + request.query["TemplateParam"]
        return await self._answer("aliyun_sms", request, content, sound, answers)

    async def _tencent(self, request: web.Request) -> web.StreamResponse:
        body, at = await request.read(), request.headers["X-TC-Timestamp"]
        date = datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%d")
        kind, host = request.headers["Content-Type"], request.headers["Host"]
        canonical = (
            f"POST\n/\n\ncontent-type:{kind}\nhost:{host}\n\ncontent-type;host\n{hashlib.sha256(body).hexdigest()}"
        )
        scope = f"{date}/sms/tc3_request"
        text = f"TC3-HMAC-SHA256\n{at}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = b"TC3" + KEY_SECRET.encode()
        for part in (date, "sms", "tc3_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        right = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        credential = f"TC3-HMAC-SHA256 Credential={KEY_ID}/{scope}, SignedHeaders=content-type;host, Signature={right}"
        sound = request.headers["Authorization"] == credential
        data = json.loads(body)

        def status(code: str) -> Answer:
            return 200, {"Response": {"SendStatusSet": [{"Code": code, "PhoneNumber": data["PhoneNumberSet"][0]}]}}

        answers: dict[str, Answer] = {
            OK: status("Ok"),
            LATER: (200, {"Response": {"Error": {"Code": "InternalError.OtherError", "Message": "x"}}}),
            THROTTLE: status("LimitExceeded.PhoneNumberThirtySecondLimit"),
            REFUSE: status("FailedOperation.TemplateIncorrectOrUnapproved"),
            "signature": (200, {"Response": {"Error": {"Code": "AuthFailure.SignatureFailure"}}}),
        }
        content = data["PhoneNumberSet"][0] + " " + " ".join(data["TemplateParamSet"])
        return await self._answer("tencent_sms", request, content, sound, answers)

    async def _dingtalk(self, request: web.Request) -> web.StreamResponse:
        at = request.query.get("timestamp", "")
        digest = hmac.new(SECRET.encode(), f"{at}\n{SECRET}".encode(), hashlib.sha256).digest()
        sound = request.query.get("sign") == base64.b64encode(digest).decode()
        sound &= request.query["access_token"] == TOKEN
        data = await request.json()
        answers: dict[str, Answer] = {
            OK: (200, {"errcode": 0, "errmsg": "ok"}),
            LATER: (200, {"errcode": -1, "errmsg": "系统繁忙"}),
            THROTTLE: (200, {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}),
            REFUSE: (200, {"errcode": 310000, "errmsg": "keywords not in content"}),
            "signature": (200, {"errcode": 310000, "errmsg": "sign not match"}),
        }
        return await self._answer("dingtalk", request, data["markdown"]["text"], sound, answers)

    async def _wecom(self, request: web.Request) -> web.StreamResponse:
        text = (await request.json())["markdown"]["content"]
        answers: dict[str, Answer] = {
            OK: (200, {"errcode": 0, "errmsg": "ok"}),
            LATER: (200, {"errcode": -1, "errmsg": "system busy"}),
            THROTTLE: (200, {"errcode": 45009, "errmsg": "api freq out of limit"}),
            REFUSE: (200, {"errcode": 93000, "errmsg": "invalid webhook url"}),
            "signature": (200, {"errcode": 93000, "errmsg": "invalid webhook url"}),
        }
        sound = request.query["key"] == TOKEN and len(text.encode()) <= 4096
        return await self._answer("wecom", request, text, sound, answers)

    async def _feishu(self, request: web.Request) -> web.StreamResponse:
        data = await request.json()
        digest = hmac.new(f"{data['timestamp']}\n{SECRET}".encode(), b"", hashlib.sha256).digest()
        sound = data["sign"] == base64.b64encode(digest).decode() and request.match_info["token"] == TOKEN
        answers: dict[str, Answer] = {
            OK: (200, {"code": 0, "msg": "success", "data": {}}),
            LATER: (200, {"code": 1500, "msg": "internal error"}),
            THROTTLE: (200, {"code": 11232, "msg": "frequency limited"}),
            REFUSE: (400, {"code": 19024, "msg": "Key Words Not Found"}),
            "signature": (200, {"code": 19021, "msg": "sign match fail or timestamp is not within one hour"}),
        }
        card = data["card"]
        text = card["header"]["title"]["content"] + "\n" + card["elements"][0]["content"]
        return await self._answer("feishu", request, text, sound, answers)

    async def _webhook(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        at, _, found = request.headers["X-Outcall-Signature"].removeprefix("t=").partition(",v1=")
        sound = found == hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        sound &= request.headers["Authorization"] == f"Bearer {TOKEN}"
        answers: dict[str, Answer] = {
            OK: (204, None),
            LATER: (503, {"error": "later"}),
            THROTTLE: (429, {"error": "slow down"}),
            REFUSE: (422, {"error": "no"}),
            "signature": (401, None),
        }
        return await self._answer("webhook", request, body.decode(), sound, answers)

    async def _answer(
        self, kind: str, request: web.Request, content: str, sound: bool, answers: dict[str, Answer]
    ) -> web.StreamResponse:
        self.bodies.append(content)
        if not sound:
            self.bad_signatures.append(kind)
            return _json(*answers["signature"])
        action = self.plan()
        self.done[action] += 1
        if action in DELIVERING:
            self.delivered.append((kind, content))
        if action in AMBIGUOUS:
            self.doubtful[kind, content] += 1
        if action in (LOST_BEFORE, LOST_AFTER):
            if request.transport is not None:
                request.transport.abort()
            return _json(200, None)
        if action == SILENT:
            await _until_gone(request)
        return _json(500, None) if action == BROKEN else _json(*answers[action if action in answers else OK])


async def _until_gone(request: web.Request) -> None:
    """Hold the answer back until the client gives up."""
    await until(lambda: request.transport is None or request.transport.is_closing())


def _json(status: int, data: Any) -> web.Response:
    headers = {"Retry-After": "1"} if status == 429 else {}
    return web.json_response(data, status=status, headers=headers) if data is not None else web.Response(status=status)

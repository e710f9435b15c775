"""Alibaba Cloud SMS: SendSms 2017-05-25, signed by ACS3-HMAC-SHA256.

Signature: https://help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature
Codes: https://help.aliyun.com/document_detail/101346.html. An HTTP 200 says nothing, the body's Code does.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

from pydantic import SecretStr

from exporter.relay.channels.base import THROTTLE_SECONDS, Answer, Letter, Moment, Request, judge_status, next_day
from exporter.relay.channels.sms import SmsChannel, Template
from exporter.relay.outcome import DELIVERED, Outcome, doubtful, never, retry, throttled
from exporter.relay.text import Language, Wording

ENDPOINT = "https://dysmsapi.aliyuncs.com"
_ALGORITHM = "ACS3-HMAC-SHA256"
_LATER = (
    "isp.",
    "ServiceUnavailable",
    "InternalError",
    "SignatureNonceUsed",
    "SignatureDoesNotMatch",
    "InvalidTimeStamp",
    "IllegalTimestamp",
    "isv.AMOUNT_NOT_ENOUGH",
    "isv.OUT_OF_SERVICE",
)
_HOUR = 3600.0


class AliyunSms(SmsChannel):
    """`type: aliyun_sms`."""

    kind = "aliyun_sms"

    def __init__(
        self,
        wording: Wording,
        language: Language,
        timeout: float,
        template: Template,
        numbers: tuple[SecretStr, ...],
        *,
        key_id: SecretStr,
        key_secret: SecretStr,
        endpoint: str,
    ) -> None:
        super().__init__(wording, language, timeout, template, numbers)
        self._key_id, self._key_secret, self._endpoint = key_id, key_secret, endpoint

    def request(self, letter: Letter, moment: Moment) -> Request:
        text = self.text(letter, moment.now)
        variables = {"kpi": text.kpi, "where": text.where, "value": text.value, "since": text.since}
        query = {
            "PhoneNumbers": self.number(letter).removeprefix("+86").removeprefix("+"),
            "SignName": self.template.sign_name,
            "TemplateCode": self.template.template,
            "TemplateParam": json.dumps(variables, ensure_ascii=False, separators=(",", ":")),
        }
        headers = {
            "host": urlsplit(self._endpoint).netloc,
            "x-acs-action": "SendSms",
            "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
            "x-acs-date": datetime.fromtimestamp(moment.now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": moment.nonce,
            "x-acs-version": "2017-05-25",
        }
        key_id, secret = self._key_id.get_secret_value(), self._key_secret.get_secret_value()
        headers["Authorization"] = authorization("POST", query, headers, key_id, secret)
        return Request(f"{self._endpoint}/?{canonical_query(query)}", headers, b"")

    def judge(self, answer: Answer, now: float) -> Outcome:
        found = answer.json() or {}
        code = found.get("Code")
        if not isinstance(code, str):
            return judge_status(answer, now)
        if code == "OK":
            return DELIVERED if answer.status < 300 else doubtful(f"http_{answer.status}")
        if code == "isv.BUSINESS_LIMIT_CONTROL":
            return throttled(code, self._limit_over(str(found.get("Message", "")), now), whole=False)
        if code in ("isv.DAY_LIMIT_CONTROL", "isv.MONTH_LIMIT_CONTROL"):
            return throttled(code, next_day(now, self.wording.zone), whole=True)
        if code.startswith("Throttling"):
            return throttled(code, now + THROTTLE_SECONDS, whole=True)
        return retry(code) if code.startswith(_LATER) or answer.status >= 500 else never(code)

    def _limit_over(self, message: str, now: float) -> float:
        """The limit is of a number: 触发分钟级流控, 小时级, 天级; the message says which."""
        if "天级" in message or "day" in message.lower():
            return next_day(now, self.wording.zone)
        at = datetime.fromtimestamp(now, UTC)
        if "小时级" in message or "hour" in message.lower():
            return (at.replace(minute=0, second=0, microsecond=0) + timedelta(seconds=_HOUR)).timestamp()
        return now + THROTTLE_SECONDS


def authorization(
    method: str, query: Mapping[str, str], headers: Mapping[str, str], key_id: str, secret: str, path: str = "/"
) -> str:
    """The value of Authorization for lower-case `headers`, all of which are signed."""
    signed = {name: value.strip() for name, value in sorted(headers.items())}
    names = ";".join(signed)
    lines = "".join(f"{name}:{value}\n" for name, value in signed.items())
    canonical = "\n".join((method, path, canonical_query(query), lines, names, headers["x-acs-content-sha256"]))
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    signature = hmac.new(secret.encode(), f"{_ALGORITHM}\n{digest}".encode(), hashlib.sha256).hexdigest()
    return f"{_ALGORITHM} Credential={key_id},SignedHeaders={names},Signature={signature}"


def canonical_query(query: Mapping[str, str]) -> str:
    """Sorted and percent-encoded by RFC 3986."""
    return "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in sorted(query.items()))

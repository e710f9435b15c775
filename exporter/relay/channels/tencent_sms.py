"""Tencent Cloud SMS: SendSms 2021-01-11, signed by TC3-HMAC-SHA256.

API: https://cloud.tencent.com/document/api/382/55981, codes: https://cloud.tencent.com/document/api/382/59177.
Errors of the request stand in Response.Error, those of a number in Response.SendStatusSet; both with HTTP 200.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from exporter.relay.channels.base import (
    JSON,
    THROTTLE_SECONDS,
    Answer,
    Letter,
    Moment,
    Request,
    encode,
    judge_status,
    next_day,
)
from exporter.relay.channels.sms import SmsChannel, Template
from exporter.relay.outcome import DELIVERED, Outcome, doubtful, never, retry, throttled
from exporter.relay.text import Language, Wording

ENDPOINT = "https://sms.tencentcloudapi.com"
_ALGORITHM, _SERVICE = "TC3-HMAC-SHA256", "sms"
# The vendor's clock or ours, a subscription that is paid again: worth another try.
_LATER = (
    "InternalError",
    "ResourceUnavailable",
    "ServiceUnavailable",
    "AuthFailure.Signature",
    "FailedOperation.InsufficientBalanceInSmsPackage",
    "UnauthorizedOperation.ServiceSuspendDueToArrears",
)
_UNKNOWN = ("InternalError.Timeout", "InternalError.SendAndRecvFail", "InternalError.RequestTimeException")


class TencentSms(SmsChannel):
    """`type: tencent_sms`."""

    kind = "tencent_sms"

    def __init__(
        self,
        wording: Wording,
        language: Language,
        timeout: float,
        template: Template,
        numbers: tuple[SecretStr, ...],
        *,
        secret_id: SecretStr,
        secret_key: SecretStr,
        app: str,
        region: str,
        endpoint: str,
    ) -> None:
        super().__init__(wording, language, timeout, template, numbers)
        self._id, self._key, self._app, self._region, self._endpoint = secret_id, secret_key, app, region, endpoint

    def request(self, letter: Letter, moment: Moment) -> Request:
        text = self.text(letter, moment.now)
        body = encode(
            {
                "PhoneNumberSet": [self.number(letter)],
                "SmsSdkAppId": self._app,
                "SignName": self.template.sign_name,
                "TemplateId": self.template.template,
                "TemplateParamSet": [text.kpi, text.where, text.value, text.since],
            }
        )
        host, at = urlsplit(self._endpoint).netloc, int(moment.now)
        key_id, key = self._id.get_secret_value(), self._key.get_secret_value()
        headers = {
            "Content-Type": JSON,
            "Host": host,
            "X-TC-Action": "SendSms",
            "X-TC-Region": self._region,
            "X-TC-Timestamp": str(at),
            "X-TC-Version": "2021-01-11",
            "Authorization": authorization(_SERVICE, host, JSON, body, at, key_id, key),
        }
        return Request(f"{self._endpoint}/", headers, body)

    def judge(self, answer: Answer, now: float) -> Outcome:
        response = (answer.json() or {}).get("Response")
        if not isinstance(response, dict):
            return judge_status(answer, now)
        code = _code(response)
        if code == "Ok":
            return DELIVERED
        if not code:
            return doubtful("no_status")
        if code.startswith(_UNKNOWN):
            return doubtful(code)
        if code.startswith(("LimitExceeded", "RequestLimitExceeded")):
            return self._limited(code, now)
        return retry(code) if code.startswith(_LATER) else never(code)

    def _limited(self, code: str, now: float) -> Outcome:
        """Limits of a number concern the message, those of the application the channel."""
        whole = "PhoneNumber" not in code and code != "LimitExceeded.DeliveryFrequencyLimit"
        if "OneHour" in code:
            at = datetime.fromtimestamp(now, UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
            return throttled(code, at.timestamp(), whole=whole)
        if "Daily" in code or "SameContent" in code:
            return throttled(code, next_day(now, self.wording.zone), whole=whole)
        return throttled(code, now + THROTTLE_SECONDS, whole=whole)


def _code(response: dict[str, Any]) -> str:
    """The code of the request's error, else that of the one number."""
    error = response.get("Error")
    if isinstance(error, dict):
        return str(error.get("Code") or "Error")
    statuses = response.get("SendStatusSet")
    first = statuses[0] if isinstance(statuses, list) and statuses else None
    return str(first.get("Code") or "") if isinstance(first, dict) else ""


def authorization(service: str, host: str, kind: str, body: bytes, at: int, key_id: str, key: str) -> str:
    """The value of Authorization for a POST to `/` at Unix second `at`."""
    date = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
    scope, names = f"{date}/{service}/tc3_request", "content-type;host"
    lines = f"content-type:{kind}\nhost:{host}\n"
    canonical = "\n".join(("POST", "/", "", lines, names, hashlib.sha256(body).hexdigest()))
    text = "\n".join((_ALGORITHM, str(at), scope, hashlib.sha256(canonical.encode()).hexdigest()))
    secret = f"TC3{key}".encode()
    for part in (date, service, "tc3_request"):
        secret = hmac.digest(secret, part.encode(), "sha256")
    signature = hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()
    return f"{_ALGORITHM} Credential={key_id}/{scope}, SignedHeaders={names}, Signature={signature}"

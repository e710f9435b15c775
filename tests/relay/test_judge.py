"""What each vendor's answers mean, code by code; and that no answer whatever is mistaken for a yes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exporter.relay.build import build_channel
from exporter.relay.channels.base import Answer, VendorChannel
from exporter.relay.outcome import Result
from tests.relay.conftest import channel, relay_file, secret_files, setup_of
from tests.relay.vendors import KINDS

NOW = 1763791500.0  # 2025-11-22 14:05 in Shanghai
MIDNIGHT, HOUR = 1763827200.0, 1763794800.0
D, R, T, X, N = Result.DELIVERED, Result.RETRY, Result.THROTTLED, Result.DOUBTFUL, Result.NEVER


@pytest.fixture(scope="module")
def channels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, VendorChannel]:
    """One of each kind, with the vendors' real addresses."""
    folder: Path = tmp_path_factory.mktemp("judge")
    secret_files(folder, "https://hook.example.org")
    specs = {kind: channel(kind, "https://vendor.example.org") for kind in KINDS}
    setup = setup_of(relay_file(folder, specs))
    found = {name: build_channel(one, setup.wording, print, "x") for name, one in setup.config.channels.items()}
    return {name: one for name, one in found.items() if isinstance(one, VendorChannel)}


def answer(data: Any, status: int = 200, **headers: str) -> Answer:
    return Answer(status, headers, json.dumps(data).encode() if data is not None else b"")


def tencent(code: str) -> dict[str, Any]:
    return {"Response": {"SendStatusSet": [{"Code": code}]}}


CASES: list[tuple[str, Answer, Result, float, bool]] = [
    ("aliyun_sms", answer({"Code": "OK"}), D, 0, False),
    (
        "aliyun_sms",
        answer({"Code": "isv.BUSINESS_LIMIT_CONTROL", "Message": "触发分钟级流控Permits:1"}),
        T,
        NOW + 60,
        False,
    ),
    (
        "aliyun_sms",
        answer({"Code": "isv.BUSINESS_LIMIT_CONTROL", "Message": "触发小时级流控Permits:5"}),
        T,
        HOUR,
        False,
    ),
    (
        "aliyun_sms",
        answer({"Code": "isv.BUSINESS_LIMIT_CONTROL", "Message": "触发天级流控Permits:10"}),
        T,
        MIDNIGHT,
        False,
    ),
    ("aliyun_sms", answer({"Code": "isv.DAY_LIMIT_CONTROL"}), T, MIDNIGHT, True),
    ("aliyun_sms", answer({"Code": "Throttling.User"}, 400), T, NOW + 60, True),
    ("aliyun_sms", answer({"Code": "isp.SYSTEM_ERROR"}), R, 0, False),
    ("aliyun_sms", answer({"Code": "isv.AMOUNT_NOT_ENOUGH"}), R, 0, False),
    ("aliyun_sms", answer({"Code": "SignatureDoesNotMatch"}, 400), R, 0, False),
    ("aliyun_sms", answer({"Code": "isv.MOBILE_NUMBER_ILLEGAL"}), N, 0, False),
    ("aliyun_sms", answer({"Code": "InvalidAccessKeyId.NotFound"}, 404), N, 0, False),
    ("tencent_sms", answer(tencent("Ok")), D, 0, False),
    ("tencent_sms", answer(tencent("LimitExceeded.PhoneNumberThirtySecondLimit")), T, NOW + 60, False),
    ("tencent_sms", answer(tencent("LimitExceeded.PhoneNumberOneHourLimit")), T, HOUR, False),
    ("tencent_sms", answer(tencent("LimitExceeded.PhoneNumberDailyLimit")), T, MIDNIGHT, False),
    ("tencent_sms", answer(tencent("LimitExceeded.AppDailyLimit")), T, MIDNIGHT, True),
    ("tencent_sms", answer({"Response": {"Error": {"Code": "RequestLimitExceeded"}}}), T, NOW + 60, True),
    ("tencent_sms", answer({"Response": {"Error": {"Code": "InternalError"}}}), R, 0, False),
    ("tencent_sms", answer({"Response": {"Error": {"Code": "AuthFailure.SignatureExpire"}}}), R, 0, False),
    ("tencent_sms", answer({"Response": {"Error": {"Code": "AuthFailure.SecretIdNotFound"}}}), N, 0, False),
    ("tencent_sms", answer(tencent("InternalError.Timeout")), X, 0, False),
    ("tencent_sms", answer(tencent("FailedOperation.TemplateIncorrectOrUnapproved")), N, 0, False),
    ("tencent_sms", answer({"Response": {"SendStatusSet": []}}), X, 0, False),
    ("dingtalk", answer({"errcode": 0}), D, 0, False),
    (
        "dingtalk",
        answer({"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}),
        T,
        NOW + 600,
        True,
    ),
    ("dingtalk", answer({"errcode": 90030, "errmsg": "webhook over limit"}), T, NOW + 600, True),
    ("dingtalk", answer({"errcode": 310000, "errmsg": "sign not match"}), N, 0, False),
    ("dingtalk", answer({"errcode": 310000, "errmsg": "invalid timestamp"}), R, 0, False),
    ("dingtalk", answer({"errcode": 310000, "errmsg": "send too fast"}), T, NOW + 600, True),
    ("dingtalk", answer({"errcode": -1, "errmsg": "系统繁忙"}), R, 0, False),
    ("wecom", answer({"errcode": 0}), D, 0, False),
    ("wecom", answer({"errcode": 45009, "errmsg": "api freq out of limit"}), T, NOW + 60, True),
    ("wecom", answer({"errcode": -1}), R, 0, False),
    ("wecom", answer({"errcode": 93000}), N, 0, False),
    ("wecom", answer({"errcode": 40058}), N, 0, False),
    ("feishu", answer({"code": 0}), D, 0, False),
    ("feishu", answer({"StatusCode": 0}), D, 0, False),
    ("feishu", answer({"code": 11232, "msg": "frequency limited"}), T, NOW + 60, True),
    ("feishu", answer({"code": 9499, "msg": "too many request"}), T, NOW + 60, True),
    ("feishu", answer({"code": 9499, "msg": "Bad Request"}), N, 0, False),
    ("feishu", answer({"code": 19021, "msg": "sign match fail"}), R, 0, False),
    ("feishu", answer({"code": 19024, "msg": "Key Words Not Found"}), N, 0, False),
    ("webhook", answer(None, 204), D, 0, False),
    ("webhook", answer(None, 429, **{"retry-after": "7"}), T, NOW + 7, True),
    ("webhook", answer(None, 503, **{"retry-after": "soon"}), T, NOW + 60, True),
    ("webhook", answer(None, 500), R, 0, False),
    ("webhook", answer(None, 504), X, 0, False),
    ("webhook", answer(None, 302), N, 0, False),
    ("webhook", answer(None, 422), N, 0, False),
]


@pytest.mark.parametrize(("kind", "said", "result", "until", "whole"), CASES)
def test_what_an_answer_means(
    channels: dict[str, VendorChannel], kind: str, said: Answer, result: Result, until: float, whole: bool
) -> None:
    found = channels[kind].judge(said, NOW)
    assert (found.result, found.until, found.whole) == (result, until, whole)


NUMBERS = st.sampled_from(["13812345678", "+8613812345678", 13812345678])
VALUE = st.none() | st.booleans() | st.integers() | st.text(max_size=20) | NUMBERS
NAMES = st.sampled_from(["Code", "Message", "errcode", "errmsg", "code", "msg", "StatusCode", "Response", "Error"])
BODY = st.dictionaries(NAMES, VALUE | st.dictionaries(NAMES, VALUE, max_size=3), max_size=5).map(
    lambda data: json.dumps(data).encode()
)


@example("dingtalk", 200, b'{"errcode": false}')
@example("feishu", 200, b'{"code": false}')
@given(st.sampled_from(KINDS[:-1]), st.integers(100, 599), BODY | st.binary(max_size=40))
def test_no_other_answer_is_a_yes(channels: dict[str, VendorChannel], kind: str, status: int, body: bytes) -> None:
    """Delivered is only what the vendor's own success code says, and no code that is kept is a telephone number."""
    found = channels[kind].judge(Answer(status, {}, body), NOW)
    text = body.decode("utf-8", "replace")
    if found.result is D:
        assert any(yes in text for yes in ('"Code": "OK"', '"errcode": 0', '"code": 0', '"StatusCode": 0', '"Ok"'))
    assert "13812345678" not in found.code
    assert found.until <= NOW + 86_400

"""Frozen signatures, none of them computed by this project.

- Aliyun: the fixed example of help.aliyun.com "V3 request structure and signature" (06563a9e...), and a SendSms request
  signed by alibabacloud-openapi-util 0.2.4.
- Tencent: the example of the pages "Signature v3" (2230eefd..., its key masked by asterisks as printed there), and a
  SendSms request signed by tencentcloud-sdk-python-common 3.1.195.
- DingTalk: DingtalkChatbot 1.5.7. Feishu: `openssl dgst -sha256 -hmac "$(printf 'TIME\nSECRET')"` over nothing, as its
  page says.
"""

from __future__ import annotations

import hashlib

from exporter.relay.channels import aliyun_sms, dingtalk, feishu, tencent_sms, webhook

EMPTY = hashlib.sha256(b"").hexdigest()


def acs_headers(host: str, action: str, version: str, date: str, nonce: str) -> dict[str, str]:
    """The headers that every request carries."""
    return {
        "host": host,
        "x-acs-action": action,
        "x-acs-content-sha256": EMPTY,
        "x-acs-date": date,
        "x-acs-signature-nonce": nonce,
        "x-acs-version": version,
    }


def test_aliyun_example_of_its_page() -> None:
    query = {"ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd", "RegionId": "cn-shanghai"}
    date, nonce = "2023-10-26T10:22:32Z", "3156853299f313e23d1673dc12e1703d"
    headers = acs_headers("ecs.cn-shanghai.aliyuncs.com", "RunInstances", "2014-05-26", date, nonce)
    found = aliyun_sms.authorization("POST", query, headers, "YourAccessKeyId", "YourAccessKeySecret")
    assert found == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;"
        "x-acs-signature-nonce;x-acs-version,"
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def test_aliyun_sms_by_its_sdk() -> None:
    query = {
        "PhoneNumbers": "13800000000",
        "SignName": "外呼平台",
        "TemplateCode": "SMS_154950909",
        "TemplateParam": (
            '{"kpi":"30 秒内挂断率","where":"还款提醒 x 老年~","value":"33.2%(>30%,n=512)","since":"14:05"}'
        ),
    }
    date, nonce = "2025-11-22T06:05:00Z", "0123456789abcdef0123456789abcdef"
    headers = acs_headers("dysmsapi.aliyuncs.com", "SendSms", "2017-05-25", date, nonce)
    found = aliyun_sms.authorization("POST", query, headers, "testid", "testsecret")
    assert found.endswith("Signature=98fe4d8a87ef61bd3119ce47178396070300684d23bd8580f2657de36b8171ba")


def test_tencent_example_of_its_page() -> None:
    body = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
    kind, key = "application/json; charset=utf-8", "Gu5t9xGARNpq86cd98joQYCN3*******"
    found = tencent_sms.authorization("cvm", "cvm.tencentcloudapi.com", kind, body, 1551113065, "AKID", key)
    assert found == (
        "TC3-HMAC-SHA256 Credential=AKID/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host, "
        "Signature=2230eefd229f582d8b1b891af7107b91597240707d778ab3738f756258d7652c"
    )


def test_tencent_sms_by_its_sdk() -> None:
    body = (
        '{"PhoneNumberSet":["+8613800000000"],"SmsSdkAppId":"1400006666","SignName":"外呼平台","TemplateId":"1110",'
        '"TemplateParamSet":["30 秒内挂断率","老年 / 晚间","33.2%","14:05"]}'
    ).encode()
    kind = "application/json; charset=utf-8"
    found = tencent_sms.authorization("sms", "sms.tencentcloudapi.com", kind, body, 1763791500, "id", "testkey")
    assert found.endswith("Signature=ae3d2248787a1c5784e9a2965395da8ea23c4849569118226df56a8cca69b8c1")


def test_dingtalk() -> None:
    assert dingtalk.sign(1763791500123, "SECtest") == "3Vy6NexagGGGYSeengL6Yx53PL+oQHzOlzIRV0e4Jno="


def test_feishu() -> None:
    assert feishu.sign(1599360473, "demo") == "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="


def test_generic_webhook() -> None:
    """`printf '1763791500.{}' | openssl dgst -sha256 -hmac s3cret`."""
    found = webhook.signature(1763791500, b"{}", "s3cret")
    assert found == "t=1763791500,v1=6cc19f0d598842c0d0f38086b9c54ea0264cf4045e860233fc70555754adf864"

"""From the relay file to channels that can deliver."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from exporter.relay.channels.aliyun_sms import AliyunSms
from exporter.relay.channels.base import Channel
from exporter.relay.channels.dingtalk import DingTalk
from exporter.relay.channels.feishu import Feishu
from exporter.relay.channels.print import Print, PrintSms, Say
from exporter.relay.channels.sms import Template
from exporter.relay.channels.tencent_sms import TencentSms
from exporter.relay.channels.webhook import Webhook
from exporter.relay.channels.wecom import WeCom
from exporter.relay.config import Configured, RelayConfig
from exporter.relay.spec import AliyunSpec, DingTalkSpec, FeishuSpec, PrintSpec, TencentSpec, WebhookSpec, WeComSpec
from exporter.relay.text import Wording, known_secrets


def wording_of(config: RelayConfig, timezone: str, titles: Mapping[str, tuple[str, str]]) -> Wording:
    """How this installation words its messages."""
    return Wording(ZoneInfo(timezone), titles, known_secrets(config.secrets()))


def build_channel(found: Configured, wording: Wording, say: Say, installation: str) -> Channel:
    """The channel that a part of the file describes."""
    spec = found.spec
    match spec:
        case AliyunSpec() | TencentSpec():
            return _sms(spec, found, wording)
        case WebhookSpec():
            url, bearer, secret = found.secret("url"), found.secrets.get("bearer_token"), found.secrets.get("secret")
            return Webhook(
                wording, spec.language, spec.timeout, url=url, bearer=bearer, secret=secret, installation=installation
            )
        case PrintSpec():
            return PrintSms(wording, spec.language, say) if spec.form == "sms" else Print(wording, spec.language, say)
        case _:
            return _robot(spec, found, wording)


def _sms(spec: AliyunSpec | TencentSpec, found: Configured, wording: Wording) -> Channel:
    code = spec.template_code if isinstance(spec, AliyunSpec) else spec.template_id
    template = Template(spec.sign_name, code, spec.variable_length)
    if isinstance(spec, AliyunSpec):
        key_id, key_secret = found.secret("access_key_id"), found.secret("access_key_secret")
        return AliyunSms(
            wording, spec.language, spec.timeout, template, found.numbers,
            key_id=key_id, key_secret=key_secret, endpoint=spec.endpoint,
        )  # fmt: skip
    return TencentSms(
        wording, spec.language, spec.timeout, template, found.numbers,
        secret_id=found.secret("secret_id"), secret_key=found.secret("secret_key"), app=spec.sdk_app_id,
        region=spec.region, endpoint=spec.endpoint,
    )  # fmt: skip


def _robot(spec: DingTalkSpec | FeishuSpec | WeComSpec, found: Configured, wording: Wording) -> Channel:
    language, timeout, endpoint = spec.language, spec.timeout, spec.endpoint
    secret = found.secrets.get("secret")
    match spec:
        case DingTalkSpec():
            token = found.secret("access_token")
            return DingTalk(wording, language, timeout, access_token=token, secret=secret, endpoint=endpoint)
        case FeishuSpec():
            return Feishu(wording, language, timeout, token=found.secret("token"), secret=secret, endpoint=endpoint)
        case WeComSpec():
            return WeCom(wording, language, timeout, key=found.secret("key"), endpoint=endpoint)

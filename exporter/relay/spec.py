"""The relay file's shape: channels by type, and receivers. Strict: unknown keys are errors, nothing is coerced."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from exporter.relay.channels import aliyun_sms, dingtalk, feishu, tencent_sms, wecom
from exporter.relay.text import Language

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
File = Annotated[str, StringConstraints(min_length=1, max_length=4096)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]+$")]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Seconds = Annotated[float, Field(gt=0, le=86_400 * 7, strict=False)]
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def check_endpoint(url: str) -> str:
    """`https://host[:port]` without anything behind it; plain HTTP to this machine only."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValueError("is not an address of the form https://host") from None
    if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc or not parts.hostname:
        raise ValueError("is not an address of the form https://host")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ValueError("must begin with https:// (http:// to this machine only)")
    return url.rstrip("/")


Endpoint = Annotated[str, AfterValidator(check_endpoint)]


class Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ChannelSpec(Spec):
    """What every channel has. `per_minute` and `daily_budget` count messages; SMS: one for each number."""

    language: Language = "both"
    per_minute: Count = 60
    daily_budget: Count | None = None
    timeout: Annotated[float, Field(gt=0, le=120, strict=False)] = 10.0

    @property
    def is_sms(self) -> bool:
        """Whether it sends texts, which people pay for and are woken by."""
        return False


class SmsSpec(ChannelSpec):
    """What SMS channels have."""

    language: Language = "zh"
    per_minute: Count = 30
    daily_budget: Count | None = 200
    numbers_file: File
    sign_name: Words
    variable_length: Annotated[int, Field(ge=6, le=35)] = 20

    @property
    def is_sms(self) -> bool:
        return True


class AliyunSpec(SmsSpec):
    type: Literal["aliyun_sms"]
    access_key_id_file: File
    access_key_secret_file: File
    template_code: Words
    endpoint: Endpoint = aliyun_sms.ENDPOINT


class TencentSpec(SmsSpec):
    type: Literal["tencent_sms"]
    secret_id_file: File
    secret_key_file: File
    sdk_app_id: Words
    template_id: Words
    region: Words = "ap-guangzhou"
    endpoint: Endpoint = tencent_sms.ENDPOINT


class DingTalkSpec(ChannelSpec):
    type: Literal["dingtalk"]
    per_minute: Count = 18
    access_token_file: File
    secret_file: File | None = None
    endpoint: Endpoint = dingtalk.ENDPOINT


class WeComSpec(ChannelSpec):
    type: Literal["wecom"]
    per_minute: Count = 18
    key_file: File
    endpoint: Endpoint = wecom.ENDPOINT


class FeishuSpec(ChannelSpec):
    type: Literal["feishu"]
    token_file: File
    secret_file: File | None = None
    endpoint: Endpoint = feishu.ENDPOINT


class WebhookSpec(ChannelSpec):
    type: Literal["webhook"]
    url_file: File
    bearer_token_file: File | None = None
    secret_file: File | None = None


class PrintSpec(ChannelSpec):
    type: Literal["print"]
    form: Literal["chat", "sms"] = "chat"

    @property
    def is_sms(self) -> bool:
        return self.form == "sms"


AnyChannel = AliyunSpec | TencentSpec | DingTalkSpec | WeComSpec | FeishuSpec | WebhookSpec | PrintSpec
TYPES: dict[str, type[AnyChannel]] = {
    "aliyun_sms": AliyunSpec,
    "tencent_sms": TencentSpec,
    "dingtalk": DingTalkSpec,
    "wecom": WeComSpec,
    "feishu": FeishuSpec,
    "webhook": WebhookSpec,
    "print": PrintSpec,
}


class FileSpec(Spec):
    """The file without its channels, which are checked one by one. Times in seconds."""

    channels: dict[Name, object] = Field(min_length=1)
    receivers: dict[Name, list[Name]] = Field(min_length=1)
    heartbeats: list[Name] | None = None
    remind_after: Seconds = 4 * 3600.0
    give_up_after: Seconds = 86_400.0
    retry_after: Annotated[float, Field(ge=0.01, le=60, strict=False)] = 1.0
    ca_file: File | None = None

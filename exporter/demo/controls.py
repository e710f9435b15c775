"""The faults that a demo can switch on and off: the simulator's, and a platform that falls silent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from exporter.errors import UsageError
from exporter.simulate.faults import FAULTS, Fault, Faults

SILENCE = Fault(
    "platform_silent",
    "外呼平台停止写入",
    "The calling platform falls silent",
    "nothing is written any more; when it is over, what was held back arrives late",
)
SWITCHES: tuple[Fault, ...] = (*FAULTS, SILENCE)

EFFECTS_ZH: Mapping[str, str] = {
    "elderly_hangup": "接通的老年客户 70% 在 30 秒内挂断，仅业务时间 18:00–21:00",
    "dialect_asr": "方言识别率降至 55%，标注在 2 分钟内到达",
    "violations": "8% 的质检通话违规，5% 的敏感扫描未脱敏，外呼过频",
    "recordings_lost": "录音缺失、提前删除，或文件不在",
    "month_end_overload": "响应慢至 1.8 倍，4% 的外呼失败，故障处理变慢",
    "platform_silent": "不再写入任何数据；恢复后积压的数据迟到补写",
}


class Controls:
    """The switches of a running call stream. Raises UsageError for an unknown name."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.faults = Faults()
        self._silent_since: datetime | None = None
        for name in names:
            self.turn(name, on=True)

    def turn(self, name: str, *, on: bool) -> None:
        """Turn one on or off; the simulator's take effect with the next minute of the stream."""
        if name not in {fault.name for fault in SWITCHES}:
            raise UsageError(f"unknown fault {name!r}", f"choose one of {', '.join(fault.name for fault in SWITCHES)}")
        if name == SILENCE.name:
            self._silent_since = (self._silent_since or datetime.now(UTC)) if on else None
        else:
            self.faults.switch(name, on=on)

    def clock(self) -> datetime:
        """The instant up to which the stream writes: it stands still while the platform is silent."""
        return self._silent_since or datetime.now(UTC)

"""What went wrong, in Chinese: the call database and Prometheus tell it in English, in one sentence each. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

UNREACHED = "Prometheus cannot be reached"
LATE = "Prometheus did not answer in time"
REFUSED = "Prometheus refused to answer (HTTP {})"
NO_PROMETHEUS = "what answered is no Prometheus server"

# What follows a source's name, as `exporter.calldb.connect.explain_query` words it.
_OF_SOURCES: Mapping[str, str] = {
    "does not exist: create it, or map it under sources": "不存在：请建立，或在 sources 下映射",
    "names a schema that does not exist: set database_schema": "所在的 schema 不存在：请设置 database_schema",
    "lacks a column: add it, or map the source to a SELECT that has it": "缺少一列：请补上，或映射为含有该列的 SELECT",
    "may not be read: GRANT SELECT on it to the exporter's role": "没有读取权限：请对 exporter 的角色 GRANT SELECT",
    "took longer than statement_timeout: add the index that check --live names": (
        "超过 statement_timeout：请建立 check --live 指出的索引"
    ),
    "is locked: it is read again later": "被锁住，稍后再读",
    "has a syntax error in its SELECT: correct it under sources": "的 SELECT 有语法错误：请在 sources 下更正",
    "has a column of a wrong type: cast it in a SELECT under sources": "有一列类型不对：请在 sources 下用 SELECT 转换",
}
_UNREAD = re.compile(r"(\S+) cannot be read \((.*)\)")
_REFUSED = re.compile(re.escape(REFUSED).replace(r"\{\}", "(.*)"))
_WHOLE: Mapping[str, str] = {
    UNREACHED: "连接不上 Prometheus",
    LATE: "Prometheus 没有及时应答",
    NO_PROMETHEUS: "应答的不是 Prometheus 服务器",
}


def in_chinese(problem: str) -> str:
    """A problem in Chinese; what is not known stays as it is."""
    if problem in _WHOLE:
        return _WHOLE[problem]
    if found := _UNREAD.fullmatch(problem):
        return f"{found[1]} 读不到（{found[2]}）"
    if found := _REFUSED.fullmatch(problem):
        return f"Prometheus 拒绝应答（HTTP {found[1]}）"
    source, _, said = problem.partition(" ")
    return f"{source} {_OF_SOURCES[said]}" if said in _OF_SOURCES else problem

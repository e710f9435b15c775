"""A notice on its way to a relay in another process, over HTTP."""

from __future__ import annotations

import aiohttp

from exporter.errors import RunError

DEADLINE = 30.0
_FIXES = {
    401: "let relay_token_file hold the token of that relay",
    404: "name a receiver of that relay's relay_file in reviews_receiver",
    413: "let nothing between them limit bodies to less than 1 MiB",
    422: "name a receiver in reviews_receiver that has neither SMS nor heartbeats",
}


async def post(relay_url: str, token: str, receiver: str, body: str) -> None:
    """Send it; raises RunError unless the relay has it on its disk. Redirects are not followed: they get no token."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    timeout = aiohttp.ClientTimeout(DEADLINE)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.post(
                f"{relay_url}/alerts/{receiver}", data=body.encode(), headers=headers, allow_redirects=False
            ) as answer,
        ):
            status = answer.status
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        problem = f"the relay at relay_url did not answer ({type(error).__name__})"
        raise RunError(problem, "see that it runs and can be reached; it is tried again") from None
    if not 200 <= status < 300:
        problem = f"the relay at relay_url refuses receiver {receiver} (HTTP {status})"
        raise RunError(problem, _FIXES.get(status, "look at the relay's log; it is tried again"))

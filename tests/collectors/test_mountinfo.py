"""Whether a file system itself is read-only, by the kernel's texts."""

from __future__ import annotations

import pytest

from exporter.collectors.mountinfo import is_readonly, parse_readonly

# As a service under systemd's ProtectSystem=strict sees it: every mount read-only but its own folder; a store bound
# read-only into it; a disc; a file system that the kernel made read-only after an error; an empty source.
MOUNTINFO = r"""27 1 254:0 / / ro,relatime shared:1 - ext4 /dev/vda rw,discard,errors=remount-ro
31 27 254:0 /var/lib/private /var/lib/private rw,relatime shared:1 master:2 - ext4 /dev/vda rw,discard
40 27 8:16 / /srv/call\040recordings\134new ro,nosuid - xfs /dev/my\040disk rw,attr2
41 27 11:0 / /media/\344\275\240 ro - iso9660 /dev/sr0 ro,nojoliet
52 27 8:32 / /data rw,relatime - ext4 /dev/sdc ro
9 27 0:26 / /run rw - tmpfs  rw,size=64k
60 27 0:40 / /opt/\040-\040/merged rw - overlay overlay rw,lowerdir=/ro:/a,ro,upperdir=/b
"""


def fdinfo(mount: int) -> str:
    return f"pos:\t0\nflags:\t012000000\nmnt_id:\t{mount}\nino:\t2\n"


def test_options_of_the_file_system_count_not_those_of_the_mount() -> None:
    assert parse_readonly(MOUNTINFO) == {27: False, 31: False, 40: False, 41: True, 52: True, 9: False, 60: False}


@pytest.mark.parametrize(("mount", "readonly"), [(27, False), (40, False), (52, True), (28, None)])
def test_the_mount_is_that_of_the_descriptor(mount: int, readonly: bool | None) -> None:
    assert is_readonly(MOUNTINFO, fdinfo(mount)) is readonly


def test_a_kernel_that_does_not_tell_is_not_guessed_at() -> None:
    assert is_readonly(MOUNTINFO, "pos:\t0\nflags:\t012000000\n") is None
    assert is_readonly("", fdinfo(27)) is None

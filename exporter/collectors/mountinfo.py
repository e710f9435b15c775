"""Whether a file system itself is read-only, from the text of the kernel's files. Nothing here reads a file.

/proc/self/mountinfo has a line per mount (proc_pid_mountinfo(5)): its id, where it is and its own options, then " - ",
the type, the source and the options of the file system (superblock). A sandbox or a read-only bind mount makes the
mount `ro` while others write to the file system, which stays `rw`. The mount of a path is told by the line `mnt_id` of
/proc/self/fdinfo/N for a descriptor of it, whatever is mounted over what; so no path, with its octal escapes (`\\040`
for a space), has to be compared.
"""

from __future__ import annotations

import re

# The kernel escapes spaces in every field, so the first " - " is the separator; the source may be empty.
_MOUNT = re.compile(r"^(\d+) .*? - \S+ \S* (\S+)$", re.MULTILINE)
_MOUNT_ID = re.compile(r"^mnt_id:\s*(\d+)$", re.MULTILINE)


def is_readonly(mountinfo: str, fdinfo: str) -> bool | None:
    """Whether the file system of an open descriptor is read-only; None where the texts do not tell."""
    opened = _MOUNT_ID.search(fdinfo)
    return parse_readonly(mountinfo).get(int(opened[1])) if opened else None


def parse_readonly(mountinfo: str) -> dict[int, bool]:
    """Mount id -> whether its file system, not only the mount, is read-only."""
    # The kernel writes `rw` or `ro` first; what follows is the file system's own.
    return {int(line[1]): line[2].split(",", 1)[0] == "ro" for line in _MOUNT.finditer(mountinfo)}

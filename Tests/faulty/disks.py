"""File systems of our own: small, filled, and without power at a moment's notice."""

import contextlib
import ctypes
import fcntl
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

# The ioctl by which a file system forgets what it has not written, as if the power had gone; without flushing its log.
SHUTDOWN, WITHOUT_FLUSH = 0x8004587D, (2).to_bytes(4, "little")


def standApart():
    """Lets nobody else see what this process mounts: who copies it along keeps it from being unmounted."""
    if os.geteuid() == 0 and ctypes.CDLL(None, use_errno=True).unshare(0x20000) == 0:
        subprocess.run(["mount", "--make-rprivate", "/"], capture_output=True)


def cannotMount(kind="tmpfs"):
    """Why file systems cannot be mounted here; nothing if they can."""
    if os.geteuid() != 0:
        return "mounting takes root"
    if kind != "tmpfs" and not shutil.which(f"mkfs.{kind}"):
        return f"there is no mkfs.{kind}"
    folder = pathlib.Path(tempfile.mkdtemp())
    try:
        with mounted(folder, kind, 320 << 20 if kind == "xfs" else 16 << 20):
            return None
    except OSError as error:
        return f"{kind} cannot be mounted: {error}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(*words):
    result = subprocess.run(words, capture_output=True, text=True)
    if result.returncode != 0:
        raise OSError(f"{words[0]}: {result.stderr.strip()}")


@contextlib.contextmanager
def mounted(folder, kind, size):
    """A new file system below `folder`, mounted; its root."""
    disk = DiskImage(folder, kind, size)
    try:
        disk.mount()
        yield disk.root
    finally:
        disk.unmount()
        disk.remove()


class DiskImage:
    """A file system in a file, or in memory."""

    def __init__(self, folder, kind, size):
        self.kind, self.size = kind, size
        self.root, self.image = folder / "disk", folder / "image"
        self.root.mkdir()
        if kind != "tmpfs":
            with open(self.image, "wb") as file:
                file.truncate(size)
            run(f"mkfs.{kind}", "-q", *(["-F"] if kind == "ext4" else []), str(self.image))

    def mount(self):
        if self.kind == "tmpfs":
            run("mount", "-t", "tmpfs", "-o", f"size={self.size}", "tmpfs", str(self.root))
        else:
            run("mount", "-o", "loop", str(self.image), str(self.root))

    def unmount(self):
        for _ in range(100):
            result = subprocess.run(["umount", str(self.root)], capture_output=True, text=True)
            if result.returncode == 0 or "not mounted" in result.stderr:
                return
            # What was killed may be about to let go of its files.
            time.sleep(0.05)
        run("umount", "-l", str(self.root))

    def fail(self):
        """From now on nothing reaches the disk, and what had not is lost."""
        handle = os.open(self.root, os.O_RDONLY)
        try:
            fcntl.ioctl(handle, SHUTDOWN, WITHOUT_FLUSH)
        finally:
            os.close(handle)

    def remove(self):
        self.image.unlink(missing_ok=True)

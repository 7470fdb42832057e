"""Become another program that dies with its parent.

Run as a script, before anything is imported: `python -I -S launch.py SIGNAL PARENT ACCOUNT PROGRAM [ARGS…]`.
SIGNAL is what the kernel sends when the parent is gone, however it went (Linux; elsewhere it is ignored),
PARENT the parent's process id, ACCOUNT a user's name or "" to stay who we are.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_OVERRIDE = 1


def become(account: str) -> None:
    """Drop root for `account`, keeping only the right to pass folders such as /root.

    Where the kernel knows no ambient capabilities the account must be able to pass them by itself.
    """
    import pwd

    user = pwd.getpwnam(account)
    libc = ctypes.CDLL(None)
    linux = sys.platform == "linux"
    if linux:
        libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    if linux:
        kept = 1 << CAP_DAC_OVERRIDE
        header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
        sets = (ctypes.c_uint32 * 6)(kept, kept, kept, 0, 0, 0)
        libc.capset(header, sets)
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


def main(signal: str, parent: str, account: str, *program: str) -> None:
    """Take the account, tie our life to the parent's, and become the program."""
    if account:
        become(account)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal), 0, 0, 0)
        if os.getppid() != int(parent):
            sys.exit("the parent was gone before its child began")
    os.execv(program[0], program)  # noqa: S606 - a shell is what we avoid


if __name__ == "__main__":
    main(*sys.argv[1:])

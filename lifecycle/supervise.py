"""Runs one command and guarantees that nothing of it outlives the runner.

usage: supervise.py LOCK PRIVATE COMMAND...

Standard input is the lifeline: nothing is ever written to it, and its end means stop (the runner closed it, or died).
As a child subreaper this process inherits every descendant that daemonised itself (ssh's connection masters), so it
can end them all, whatever session or process group they chose. LOCK is held as long as this process lives. PRIVATE
is a directory that goes with it. Descriptor 3 is handed to the command.

Exit status: the command's, 128 + signal when a signal ended it, 75 when LOCK is taken, 76 when a process would not die.
"""

import ctypes
import fcntl
import os
import select
import shutil
import signal
import subprocess
import sys
import time

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
BUSY = 75
LEFT_OVER = 76
# A process that was asked to end politely gets this long (seconds): ssh needs it to tell its peer, ansible nothing.
GRACE = 1.0
# After SIGKILL only a process stuck in the kernel stays; do not wait for it for ever.
LIMIT = 10.0

libc = ctypes.CDLL(None, use_errno=True)


def prctl(option, value):
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), 'prctl(%d)' % option)


def descendants(root):
    """All live processes below root, from the parent numbers in /proc."""
    parents = {}
    for entry in os.listdir('/proc'):
        if not entry.isdigit():
            continue
        try:
            with open('/proc/%s/stat' % entry, 'rb') as stat:
                # The name in parentheses may hold anything, so count from its end.
                fields = stat.read().rpartition(b')')[2].split()
        except OSError:
            continue
        if fields[0] != b'Z':
            parents[int(entry)] = int(fields[1])
    found, frontier = [], {root}
    while frontier:
        frontier = {pid for pid, parent in parents.items() if parent in frontier}
        found.extend(frontier)
    return found


def reap(main, statuses):
    """Collects ended children, adopted ones too; remembers the status of the command itself. True when no child is left."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return True
        if pid == 0:
            return False
        if pid == main:
            statuses.append(status)


def end_all(main, statuses):
    """Ends every descendant; False when one is left."""
    started = time.monotonic()
    asked = set()
    while True:
        # Every orphan becomes a child of this process: without one there is no descendant. /proc alone does not tell that,
        # for a process that was made while it was read is not in it.
        if reap(main, statuses):
            return True
        pids = descendants(os.getpid())
        elapsed = time.monotonic() - started
        if elapsed > GRACE + LIMIT:
            return False
        for pid in pids:
            if elapsed <= GRACE and pid in asked:
                continue
            asked.add(pid)
            try:
                os.kill(pid, signal.SIGTERM if elapsed <= GRACE else signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.01)


def main(lock_path, private, command):
    lock = os.open(lock_path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return BUSY
    prctl(PR_SET_CHILD_SUBREAPER, 1)

    woken, waker = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    stops = []
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stops.append(True))

    # Should this process itself be killed, the command goes with it.
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT, pass_fds=(3,),
                             preexec_fn=lambda: prctl(PR_SET_PDEATHSIG, signal.SIGKILL))
    os.close(3)
    statuses = []
    while not statuses and not stops:
        ready = select.select([0, woken], [], [])[0]
        if woken in ready:
            os.read(woken, 4096)
        if 0 in ready and os.read(0, 4096) == b'':
            break
        reap(child.pid, statuses)

    clean = end_all(child.pid, statuses)
    shutil.rmtree(private, ignore_errors=True)
    if not clean:
        return LEFT_OVER
    status = statuses[0]
    return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


if __name__ == '__main__':
    sys.stdout.flush()
    code = main(sys.argv[1], sys.argv[2], sys.argv[3:])
    # The command's own Popen object would complain that it was reaped elsewhere.
    os._exit(code)

# -*- coding: utf-8 -*-
"""Directories that everybody may enter."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os


def make_directory(path):
    """Makes a directory and those above it with mode 0755, whatever the umask; what is there stays as it is."""
    if os.path.isdir(path):
        return
    make_directory(os.path.dirname(path))
    os.mkdir(path)
    os.chmod(path, 0o755)

#!/usr/bin/python
# -*- coding: utf-8 -*-
"""Puts verified executables of a component where the services look for them."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: place_binaries
short_description: Verify executables and link them into place
description:
  - Links executables from a directory that is already on the machine, or downloads them first.
  - No executable is linked before its SHA-256 is proved. A proved file is recorded with its size, times and inode, and
    hashed again only when one of these changes.
options:
  component: {description: Names the folder below I(root)., type: str, required: true}
  version: {description: Version of the component; names the folder of downloads., type: str, required: true}
  source:
    description: Where the files come from (cluster.spec.<component>.binaries.source).
    type: dict
    required: true
    options:
      type: {description: Kind of source., type: str, choices: [directory, url], required: true}
      path: {description: Directory on the machine., type: path}
      url: {description: Base URL; <url>/<name> is downloaded., type: str}
  sha256: {description: Map of file name to SHA-256 in hexadecimal., type: dict, required: true}
  names: {description: Executables to place., type: list, elements: str, required: true}
  destination: {description: Directory of the links., type: path, default: /usr/local/bin}
  root: {description: Directory of downloads and records., type: path, default: /opt/proofgrid}
attributes:
  check_mode: {support: full}
author: Proofgrid
"""

EXAMPLES = r"""
- name: Place the executables of etcd
  place_binaries:
    component: etcd
    version: "{{ cluster.spec.etcd.version }}"
    source: "{{ cluster.spec.etcd.binaries.source }}"
    sha256: "{{ cluster.spec.etcd.binaries.sha256 }}"
    names: [etcd, etcdctl]
"""

RETURN = r"""
changed_names:
  description: Executables that were downloaded, or whose link was made or changed.
  type: list
  elements: str
  returned: always
"""

import hashlib
import json
import os
import tempfile

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.open_directory import make_directory
from ansible.module_utils.urls import open_url

CHUNK_BYTES = 1024 * 1024
# Between two reads of the socket, not for the whole download.
DOWNLOAD_STALL_SECONDS = 30


def digest(path):
    found = hashlib.sha256()
    with open(path, 'rb') as stream:
        for chunk in iter(lambda: stream.read(CHUNK_BYTES), b''):
            found.update(chunk)
    return found.hexdigest()


def fingerprint(path):
    """What changes when a file's content does, without reading it."""
    current = os.stat(path)
    return [current.st_size, current.st_mtime_ns, current.st_ino]


class Records(object):
    """Files proved earlier: path to [sha256, size, mtime in ns, inode]."""

    def __init__(self, path):
        self.path = path
        try:
            with open(path) as stream:
                self.proved = json.load(stream)
        except (OSError, ValueError):
            self.proved = {}
        self.before = dict(self.proved)

    def prove(self, path, wanted):
        """Raises ValueError unless the file's SHA-256 is the wanted one."""
        key = [wanted] + fingerprint(path)
        if self.proved.get(path) == key:
            return
        found = digest(path)
        if found != wanted:
            raise ValueError('%s has SHA-256 %s, expected %s; replace the file' % (path, found, wanted))
        self.proved[path] = key

    def save(self):
        if self.proved != self.before:
            replace(self.path, lambda stream: stream.write(json.dumps(self.proved).encode()), 0o644)


def replace(path, write, mode):
    """Writes a file beside its final name, then renames it."""
    directory = os.path.dirname(path)
    make_directory(directory)
    handle, temporary = tempfile.mkstemp(dir=directory, prefix='.' + os.path.basename(path))
    try:
        with os.fdopen(handle, 'wb') as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def download(url, path, wanted):
    found = hashlib.sha256()

    def copy(stream):
        response = open_url(url, timeout=DOWNLOAD_STALL_SECONDS, follow_redirects='safe')
        for chunk in iter(lambda: response.read(CHUNK_BYTES), b''):
            found.update(chunk)
            stream.write(chunk)
        if found.hexdigest() != wanted:
            raise ValueError('%s has SHA-256 %s, expected %s; nothing was installed' % (url, found.hexdigest(), wanted))

    replace(path, copy, 0o755)


def link(path, target):
    directory, name = os.path.split(path)
    make_directory(directory)
    temporary = os.path.join(directory, '.%s.%d' % (name, os.getpid()))
    os.symlink(target, temporary)
    os.replace(temporary, path)


def linked(path, target):
    return os.path.islink(path) and os.readlink(path) == target


def place(params, name, records, check):
    """Returns whether the executable was, or would be, changed."""
    wanted, source = params['sha256'].get(name), params['source']
    if wanted is None:
        raise ValueError('no SHA-256 is given for %s of %s; add it' % (name, params['component']))
    if source['type'] == 'directory':
        target = os.path.join(source['path'], name)
    else:
        target = os.path.join(params['root'], params['component'], params['version'], name)
    changed = False
    if source['type'] == 'url' and not os.path.exists(target):
        if check:
            return True
        download('%s/%s' % (source['url'].rstrip('/'), name), target, wanted)
        changed = True
    records.prove(target, wanted)
    path = os.path.join(params['destination'], name)
    if linked(path, target):
        return changed
    if not check:
        link(path, target)
    return True


def main():
    module = AnsibleModule(
        argument_spec={
            'component': {'type': 'str', 'required': True},
            'version': {'type': 'str', 'required': True},
            'source': {
                'type': 'dict', 'required': True,
                'options': {
                    'type': {'type': 'str', 'choices': ['directory', 'url'], 'required': True},
                    'path': {'type': 'path'},
                    'url': {'type': 'str'},
                },
                'required_if': [('type', 'directory', ['path']), ('type', 'url', ['url'])],
            },
            'sha256': {'type': 'dict', 'required': True},
            'names': {'type': 'list', 'elements': 'str', 'required': True},
            'destination': {'type': 'path', 'default': '/usr/local/bin'},
            'root': {'type': 'path', 'default': '/opt/proofgrid'},
        },
        supports_check_mode=True,
    )
    params = module.params
    records = Records(os.path.join(params['root'], params['component'], 'proved.json'))
    try:
        changed_names = [name for name in params['names'] if place(params, name, records, module.check_mode)]
        if not module.check_mode:
            records.save()
    except Exception as error:  # urllib raises a wide family; the message says which file or URL
        module.fail_json(msg='%s: %s' % (type(error).__name__, error))
    module.exit_json(changed=bool(changed_names), changed_names=changed_names)


if __name__ == '__main__':
    main()

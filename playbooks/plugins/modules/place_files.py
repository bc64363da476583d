#!/usr/bin/python
# -*- coding: utf-8 -*-
"""Places the directories and files of a whole role in one task."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: place_files
short_description: Place the directories and files of a whole role in one task
description:
  - Makes users, makes directories, writes files and removes paths, in this order, and reports what it changed.
  - A file appears under its name only when it is complete (written beside it, synced, then renamed).
  - File contents never appear in the result, the invocation or the machine's log.
options:
  users:
    description: >-
      System users, with a group of the same name, that own or read what is placed. They cannot log in. One that exists
      already stays as it is.
    type: list
    elements: str
    default: []
  directories:
    description: Directories to make; missing parents are made with mode 0755.
    type: list
    elements: dict
    default: []
    suboptions:
      path: {description: Absolute path., type: path, required: true}
      mode: {description: Octal mode as a string., type: str, default: '0755'}
      owner: {description: Name of the owner; default the user that runs the module., type: str}
      group: {description: Name of the group; default that user's group., type: str}
  files:
    description: Files to write. Their directories must exist or be named in I(directories).
    type: list
    elements: dict
    default: []
    suboptions:
      path: {description: Absolute path., type: path, required: true}
      content: {description: The whole content; a mapping or list is written as JSON., type: raw, required: true}
      mode: {description: Octal mode as a string., type: str, default: '0644'}
      owner: {description: Name of the owner; default the user that runs the module., type: str}
      group: {description: Name of the group; default that user's group., type: str}
      sensitive: {description: Leave this file out of the diff., type: bool, default: false}
  absent:
    description: Files, links or directories (with all they hold) to remove. Mount points inside are an error.
    type: list
    elements: path
    default: []
attributes:
  check_mode: {support: full}
  diff_mode: {support: full}
author: Proofgrid
"""

EXAMPLES = r"""
- name: Place the files of etcd
  place_files:
    directories:
      - {path: /etc/etcd/pki, mode: '0700'}
    files:
      - path: /etc/etcd/pki/server.key
        content: "{{ lookup('ansible.builtin.file', key_path, rstrip=false) }}"
        mode: '0600'
        sensitive: true
    absent: [/etc/default/etcd]
"""

RETURN = r"""
changed_paths:
  description: Users that were made, and paths that were made, written, removed, or whose mode or owner was changed.
  type: list
  elements: str
  returned: always
"""

import grp
import json
import os
import pwd
import shutil
import stat
import tempfile

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils import open_directory

DIFF_LIMIT_BYTES = 100 * 1024


class PlaceFilesModule(AnsibleModule):
    """Keeps file contents, keys among them, out of the machine's log and out of every result."""

    def _log_invocation(self):
        return None

    def _return_formatted(self, kwargs):
        kwargs['invocation'] = {'module_args': {'files': [
            entry.get('path') for entry in self.params.get('files') or [] if isinstance(entry, dict)]}}
        super(PlaceFilesModule, self)._return_formatted(kwargs)


def as_bytes(content):
    if isinstance(content, (dict, list)):
        content = json.dumps(content, indent=2, sort_keys=True) + '\n'
    return content if isinstance(content, bytes) else str(content).encode('utf-8')


def status(path):
    try:
        return os.lstat(path)
    except OSError:
        return None


def wanted_owner(entry):
    try:
        user = os.geteuid() if entry['owner'] is None else pwd.getpwnam(entry['owner']).pw_uid
        group = os.getegid() if entry['group'] is None else grp.getgrnam(entry['group']).gr_gid
        return user, group
    except KeyError:
        raise ValueError('no user %(owner)s or no group %(group)s on this machine, wanted for %(path)s' % entry)


def exists(find, name):
    try:
        return bool(find(name))
    except KeyError:
        return False


def make_user(module, name):
    """Returns whether the user or its group was missing."""
    commands = []
    if not exists(grp.getgrnam, name):
        commands.append(['groupadd', '--system', name])
    if not exists(pwd.getpwnam, name):
        commands.append(['useradd', '--system', '--gid', name, '--no-create-home', '--home-dir', '/nonexistent',
                         '--shell', '/usr/sbin/nologin', name])
    for words in [] if module.check_mode else commands:
        code, output, error = module.run_command(words)
        if code != 0:
            raise ValueError('%s failed with %d: %s' % (' '.join(words), code, (error or output).strip()))
    return bool(commands)


def attributes_differ(current, entry):
    owner = (current.st_uid, current.st_gid)
    return stat.S_IMODE(current.st_mode) != int(entry['mode'], 8) or owner != wanted_owner(entry)


def make_directory(entry, check):
    """Returns whether the directory was missing or had another mode or owner."""
    current = status(entry['path'])
    if current is not None and stat.S_ISLNK(current.st_mode):
        current = os.stat(entry['path'])
    if current is not None and not stat.S_ISDIR(current.st_mode):
        raise ValueError('%(path)s exists and is not a directory; remove it' % entry)
    if current is not None and not attributes_differ(current, entry):
        return False
    if not check:
        open_directory.make_directory(entry['path'])
        os.chown(entry['path'], *wanted_owner(entry))
        os.chmod(entry['path'], int(entry['mode'], 8))
    return True


def read(path):
    with open(path, 'rb') as stream:
        return stream.read()


def write_whole(entry, content):
    directory, name = os.path.split(entry['path'])
    handle, temporary = tempfile.mkstemp(dir=directory, prefix='.%s.' % name)
    try:
        with os.fdopen(handle, 'wb') as stream:
            stream.write(content)
            os.fchown(stream.fileno(), *wanted_owner(entry))
            os.fchmod(stream.fileno(), int(entry['mode'], 8))
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, entry['path'])
    except BaseException:
        os.unlink(temporary)
        raise


def place_file(entry, check):
    """Returns (changed, content before as bytes or None)."""
    current = status(entry['path'])
    if current is not None and stat.S_ISDIR(current.st_mode):
        raise ValueError('%(path)s is a directory, a file is wanted; remove it' % entry)
    content = as_bytes(entry['content'])
    regular = current is not None and stat.S_ISREG(current.st_mode)
    before = read(entry['path']) if regular else None
    if regular and before == content and not attributes_differ(current, entry):
        return False, before
    if not check:
        write_whole(entry, content)
    return True, before


def remove(path, check):
    current = status(path)
    if current is None:
        return False
    if check:
        return True
    if stat.S_ISDIR(current.st_mode):
        shutil.rmtree(path)
    else:
        os.unlink(path)
    return True


def diff_of(entry, before):
    after = as_bytes(entry['content'])
    if entry['sensitive'] or max(len(after), len(before or b'')) > DIFF_LIMIT_BYTES:
        return {'header': entry['path'], 'prepared': '(content not shown)\n'}
    return {
        'before_header': entry['path'], 'after_header': entry['path'],
        'before': (before or b'').decode('utf-8', 'replace'), 'after': after.decode('utf-8', 'replace'),
    }


def apply(module):
    params, check, diffs = module.params, module.check_mode, []
    made = [name for name in params['users'] if make_user(module, name)]
    changed_paths = ['user %s' % name for name in made]
    for entry in params['directories']:
        # In check mode nobody has that user yet.
        if entry['owner'] in made and check or make_directory(entry, check):
            changed_paths.append(entry['path'])
    for entry in params['files']:
        changed, before = place_file(entry, check)
        if changed:
            changed_paths.append(entry['path'])
            diffs.append(diff_of(entry, before))
    changed_paths.extend(path for path in params['absent'] if remove(path, check))
    return changed_paths, diffs


def attributes(mode):
    return {
        'path': {'type': 'path', 'required': True},
        'mode': {'type': 'str', 'default': mode},
        'owner': {'type': 'str'},
        'group': {'type': 'str'},
    }


def main():
    file_options = dict(attributes('0644'), content={'type': 'raw', 'required': True},
                        sensitive={'type': 'bool', 'default': False})
    module = PlaceFilesModule(
        argument_spec={
            'users': {'type': 'list', 'elements': 'str', 'default': []},
            'directories': {'type': 'list', 'elements': 'dict', 'default': [], 'options': attributes('0755')},
            'files': {'type': 'list', 'elements': 'dict', 'default': [], 'options': file_options},
            'absent': {'type': 'list', 'elements': 'path', 'default': []},
        },
        supports_check_mode=True,
    )
    try:
        changed_paths, diffs = apply(module)
    except (OSError, ValueError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=bool(changed_paths), changed_paths=changed_paths, diff=diffs if module._diff else [])


if __name__ == '__main__':
    main()

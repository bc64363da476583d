#!/usr/bin/python
# -*- coding: utf-8 -*-
"""Loads container image archives into the container engine, and proves by it that the engine answers."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: image_archives
short_description: Load verified image archives into containerd or Docker
description:
  - Asks the engine for its version and images, and loads the archives whose image it does not hold.
  - An archive is loaded only when its SHA-256 is the wanted one. What was loaded from which archive is recorded, so an
    image that the engine lost, or that somebody replaced, is loaded again.
  - In containerd every image is pinned, so that no kubelet removes it when a disk fills up; Docker cannot pin.
options:
  engine: {description: Container engine., type: str, choices: [containerd, docker], required: true}
  images:
    description: Archives in docker-archive format, on the machine.
    type: list
    elements: dict
    default: []
    suboptions:
      reference: {description: Full name of the image as pods name it., type: str, required: true}
      path: {description: Archive., type: path, required: true}
      sha256: {description: SHA-256 of the archive., type: str, required: true}
  record: {description: Where the loaded archives are recorded., type: path, default: /var/lib/proofgrid/images.json}
attributes:
  check_mode: {support: full}
author: Proofgrid
"""

EXAMPLES = r"""
- name: Load the images
  image_archives:
    engine: containerd
    images: "{{ cluster.spec.runtime.images }}"
"""

RETURN = r"""
version: {description: Version that the engine's daemon reports., type: str, returned: always}
loaded: {description: References that were loaded., type: list, elements: str, returned: always}
pinned: {description: References that were pinned., type: list, elements: str, returned: always}
"""

import hashlib
import http.client
import json
import os
import socket
import tempfile
import urllib.parse

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.open_directory import make_directory

CHUNK_BYTES = 1024 * 1024
DOCKER_SOCKET = '/run/docker.sock'
# Of one request; loading a gigabyte from a slow disk is the longest.
DOCKER_TIMEOUT_SECONDS = 300
# containerd 1.7 and later report an image with this label as pinned (https://github.com/containerd/containerd/pull/8867),
# and kubelets since 1.26.9 never remove it (https://github.com/kubernetes/kubernetes/pull/120055). Older ones ignore it.
PIN = 'io.cri-containerd.pinned=pinned'


class Containerd(object):
    """containerd over ctr, in the namespace that its CRI plugin uses."""

    def __init__(self, module):
        self.module = module

    def ctr(self, *arguments):
        command = ['ctr', '--namespace', 'k8s.io'] + list(arguments)
        code, out, err = self.module.run_command(command)
        if code != 0:
            raise ValueError('%s failed: %s' % (' '.join(command), (err or out).strip()))
        return out

    def version(self):
        """Of the daemon: the second half of the output."""
        server = self.ctr('version').partition('Server:')[2]
        for line in server.splitlines():
            key, _, value = line.strip().partition(':')
            if key == 'Version':
                # Upstream's releases put a v before it, packages do not.
                return value.strip().lstrip('v')
        raise ValueError('containerd does not say its version')

    def known(self, references):
        """Reference to (identifier, whether it is pinned) of those that the engine has. Labels are the last column."""
        listed = [line.split() for line in self.ctr('images', 'list').splitlines()[1:]]
        return dict((columns[0], (columns[2], PIN in columns[-1].split(','))) for columns in listed
                    if columns and columns[0] in references)

    def load(self, path):
        self.ctr('images', 'import', path)

    def pin(self, reference):
        self.ctr('images', 'label', reference, PIN)


class UnixConnection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(DOCKER_SOCKET)


class Docker(object):
    """Docker over its API: newer Debian packages have no client beside the daemon."""

    def __init__(self, module):
        self.module = module

    def request(self, method, path, body=None, headers=None):
        connection = UnixConnection('docker', timeout=DOCKER_TIMEOUT_SECONDS)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status == 404:
            return None
        if answer.status != 200 or b'"errorDetail"' in content:
            raise ValueError('Docker refused %s %s: %s %s' % (
                method, path, answer.status, content.decode('utf-8', 'replace')[:500]))
        return content

    def version(self):
        return json.loads(self.request('GET', '/version'))['Version']

    def known(self, references):
        """Docker pins nothing; its kubelet's threshold is all that keeps an image."""
        found = dict((reference, self.request('GET', '/images/%s/json' % urllib.parse.quote(reference))) for reference in references)
        return dict((reference, (json.loads(content)['Id'], True)) for reference, content in found.items() if content is not None)

    def load(self, path):
        with open(path, 'rb') as stream:
            self.request('POST', '/images/load?quiet=1', stream, {
                'Content-Type': 'application/x-tar', 'Content-Length': str(os.path.getsize(path))})


def verify(image):
    found = hashlib.sha256()
    with open(image['path'], 'rb') as stream:
        for chunk in iter(lambda: stream.read(CHUNK_BYTES), b''):
            found.update(chunk)
    if found.hexdigest() != image['sha256']:
        raise ValueError('%s has SHA-256 %s, expected %s; nothing was loaded from it, replace the file' % (
            image['path'], found.hexdigest(), image['sha256']))


def read_record(path):
    try:
        with open(path) as stream:
            return json.load(stream)
    except (OSError, ValueError):
        return {}


def write_record(path, record):
    make_directory(os.path.dirname(path))
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path))
    with os.fdopen(handle, 'w') as stream:
        json.dump(record, stream, indent=2, sort_keys=True)
    os.replace(temporary, path)


def run(engine, images, record_path, check):
    """Returns the references of what was, or would be, loaded and pinned."""
    references, record = [image['reference'] for image in images], read_record(record_path)
    known = engine.known(references)
    loaded = [image for image in images
              if record.get(image['reference']) != [image['sha256'], known.get(image['reference'], (None,))[0]]]
    if not check:
        for image in loaded:
            verify(image)
            engine.load(image['path'])
        known = engine.known(references) if loaded else known
        for image in loaded:
            if image['reference'] not in known:
                raise ValueError('%s was loaded but holds no image %s; name it as the archive does' % (
                    image['path'], image['reference']))
            record[image['reference']] = [image['sha256'], known[image['reference']][0]]
        if loaded:
            write_record(record_path, record)
    pinned = [reference for reference in references if not known.get(reference, (None, False))[1]]
    for reference in [] if check else pinned:
        engine.pin(reference)
    return [image['reference'] for image in loaded], pinned


def main():
    module = AnsibleModule(
        argument_spec={
            'engine': {'type': 'str', 'choices': ['containerd', 'docker'], 'required': True},
            'images': {
                'type': 'list', 'elements': 'dict', 'default': [],
                'options': {
                    'reference': {'type': 'str', 'required': True},
                    'path': {'type': 'path', 'required': True},
                    'sha256': {'type': 'str', 'required': True},
                },
            },
            'record': {'type': 'path', 'default': '/var/lib/proofgrid/images.json'},
        },
        supports_check_mode=True,
    )
    engine = {'containerd': Containerd, 'docker': Docker}[module.params['engine']](module)
    try:
        version = engine.version()
        loaded, pinned = run(engine, module.params['images'], module.params['record'], module.check_mode)
    except (OSError, ValueError, http.client.HTTPException) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=bool(loaded or pinned), version=version, loaded=loaded, pinned=pinned)


if __name__ == '__main__':
    main()

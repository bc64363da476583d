#!/usr/bin/python
# -*- coding: utf-8 -*-
"""Documentation only: the action plugin of the same name does the work, on the controller."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: pki
short_description: Issue all certificates of a cluster in one task
description:
  - Runs in Ansible's own process on the controller; no machine is touched.
  - Makes certificate authorities, certificates, key pairs, random secrets and kubeconfigs below one directory.
  - Keeps what is valid. A certificate is issued again when it or its key is missing, does not belong to its key, was not
    signed by its authority, has another subject, other names or usages, or expires soon. Its key is kept where possible.
  - An authority that expires soon is issued again for the same key, so that what it signed stays valid.
  - Every file appears whole; a run that was killed is completed by the next one.
requirements: ['cryptography >= 38']
options:
  directory: {description: Where the files go; made with mode 0700., type: path, required: true}
  authorities:
    description: Certificate authorities, written as <name>.crt and <name>.key.
    type: list
    elements: dict
    default: []
    suboptions:
      name: {description: File name without suffix., type: str, required: true}
      common_name: {description: Common name of the subject., type: str, required: true}
  certificates:
    description: Certificates, written as <name>.crt and <name>.key.
    type: list
    elements: dict
    default: []
    suboptions:
      name: {description: Path without suffix., type: str, required: true}
      authority: {description: Name of the authority that signs., type: str, required: true}
      common_name: {description: Common name of the subject (the user's name in Kubernetes)., type: str, required: true}
      organizations: {description: The user's groups in Kubernetes., type: list, elements: str, default: []}
      usages: {description: Extended key usages., type: list, elements: str, choices: [server, client], required: true}
      names: {description: Subject alternative names; addresses are recognised., type: list, elements: str, default: []}
  key_pairs: {description: Key pairs without certificate (<name>.key and <name>.pub)., type: list, elements: str, default: []}
  secrets:
    description: Random secrets, written in base64.
    type: list
    elements: dict
    default: []
    suboptions:
      name: {description: File name., type: str, required: true}
      bytes: {description: Length before encoding., type: int, default: 32}
  kubeconfigs:
    description: Kubeconfigs with embedded credentials.
    type: list
    elements: dict
    default: []
    suboptions:
      path: {description: Path below I(directory) or absolute., type: str, required: true}
      cluster: {description: Name of the cluster., type: str, required: true}
      server: {description: URL of the API., type: str, required: true}
      authority: {description: Authority of the API server's certificate., type: str, required: true}
      certificate: {description: Certificate of the user., type: str, required: true}
  networks:
    description: Parts of a network, kept for names as long as they are asked for; written as a JSON mapping.
    type: list
    elements: dict
    default: []
    suboptions:
      path: {description: Path below I(directory) or absolute., type: str, required: true}
      cidr: {description: The whole network., type: str, required: true}
      prefix: {description: Length of a part's prefix., type: int, required: true}
      names: {description: 'Who gets a part, in this order.', type: list, elements: str, required: true}
  authority_days: {description: Validity of authorities., type: int, default: 3650}
  certificate_days: {description: Validity of certificates., type: int, default: 365}
  renew_before_days: {description: Issue again what expires sooner., type: int, default: 90}
attributes:
  action: {support: full}
  check_mode: {support: full}
author: Proofgrid
"""

EXAMPLES = r"""
- name: Issue the certificates
  pki:
    directory: /var/lib/cluster/pki
    authorities: [{name: ca, common_name: kubernetes-ca}]
    certificates:
      - {name: m1/apiserver, authority: ca, common_name: kube-apiserver, usages: [server], names: [m1, 192.0.2.1]}
  run_once: true
"""

RETURN = r"""
changed_names:
  description: What was written, each with the reason.
  type: dict
  returned: always
"""

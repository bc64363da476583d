#!/usr/bin/python
# -*- coding: utf-8 -*-
"""Documentation of the action plugin of this name, which does all of it on the controller."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: cluster_guard
short_description: Refuse what would destroy a cluster, and write down whose a machine is
description:
  - Compares the document with the state directory and with what M(cluster_traces) found on the machines.
  - Fails with every reason, each with the place of its field, before anything is changed.
options:
  document:
    description: >-
      name, service_cidr, pod_cidr, engine, cni_directory, cni_file (ours, or null where a manifest brings it), machines
      (name, roles, peer_url, ports).
    type: dict
    required: true
  state_directory: {description: State directory of the cluster., type: path, required: true}
  traces: {description: Machine to its fact C(cluster_traces)., type: dict, required: true}
  purpose:
    description: >-
      C(judge) refuses a deploy, C(remove) a reset; C(claim) keeps the cluster's id in the state directory, makes it where
      there is none, and returns what each machine is to keep.
    type: str
    choices: [judge, claim, remove]
    required: true
  cluster_id: {description: With C(remove) the id of the cluster whose state directory is lost., type: str}
attributes:
  check_mode: {support: full}
author: Proofgrid
"""

EXAMPLES = r"""
- name: Refuse what would destroy a cluster
  cluster_guard:
    purpose: judge
    document: "{{ cluster_guard_document }}"
    state_directory: "{{ cluster_state_directory }}"
    traces: "{{ cluster_guard_traces }}"
  run_once: true
"""

RETURN = r"""
refusals:
  description: What is refused, each with field (the path of a field of the document) and text.
  type: list
  elements: dict
  returned: failure
ours:
  description: Machines that hold this cluster.
  type: list
  elements: str
  returned: judge and remove
records:
  description: Machine to its record.
  type: dict
  returned: success
"""

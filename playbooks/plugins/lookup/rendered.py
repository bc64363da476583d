"""The text of a role's template, without the copy of every variable that ansible.builtin.template makes."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
name: rendered
short_description: The text that a template becomes
description:
  - Renders a file of the role's C(templates) as M(ansible.builtin.template) would. The result is always text.
  - The builtin lookup copies all variables deeply for each file, which took a third of the time of a task that places
    nine files.
options:
  _terms: {description: Files below C(templates)., required: true}
notes:
  - Every other argument is a variable of the template.
author: Proofgrid
"""

EXAMPLES = r"""
unit: "{{ lookup('rendered', 'client.service.j2', control_plane_component='kube-scheduler') }}"
"""

RETURN = r"""
_list: {description: Text of each file., type: list, elements: str}
"""

import os

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible.utils.native_jinja import NativeJinjaText


class LookupModule(LookupBase):

    def run(self, terms, variables=None, **kwargs):
        # Values are shared and names are not: what a template sets stays in it.
        return [self.render(term, dict(variables, **kwargs)) for term in terms]

    def render(self, term, variables):
        path = self.find_file_in_search_path(variables, 'templates', term)
        if not path:
            raise AnsibleLookupError('no template %s in the role' % term)
        with open(path, encoding='utf-8') as stream:
            source = stream.read()
        with self._templar.set_temporary_context(available_variables=variables, searchpath=[os.path.dirname(path)]):
            # This type of text is left as it is, even where it reads like a list or a number.
            return NativeJinjaText(self._templar.template(
                source, preserve_trailing_newlines=True, convert_data=False, escape_backslashes=False))

# -*- coding: utf-8 -*-
"""A client of the Kubernetes API with one kept connection and nothing but Python's standard library."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import http.client
import json
import os
import ssl
import time
import urllib.parse

POLL_SECONDS = 0.1
REQUEST_TIMEOUT_SECONDS = 30
# An API server that restarts and a store that elects a leader are back well within it.
RETRY_LIMIT_SECONDS = 90
LONGEST_DELAY_SECONDS = 2
# A second time changes nothing more: reads, server-side applies, merge patches with a resource version.
IDEMPOTENT = ('GET', 'PATCH')
# Refused before it was looked at (API priority and fairness); what a load balancer says; "etcdserver: leader changed".
TRANSIENT = (429, 500, 502, 503, 504)
# A CustomResourceDefinition is served a moment after it is established.
DISCOVERY_LIMIT_SECONDS = 15


class ApiError(Exception):
    def __init__(self, status, message):
        super(ApiError, self).__init__(message)
        self.status = status


# Of a module: the controller sends them with the task, so that no machine keeps the key of an administrator.
ADMIN_OPTIONS = {
    'server': {'type': 'str', 'required': True},
    'ca': {'type': 'str', 'required': True},
    'certificate': {'type': 'str', 'required': True},
    'key': {'type': 'str', 'required': True, 'no_log': True},
}


def tls_of(admin):
    """A TLS context for an administrator's credentials, all PEM. ssl reads the key from files alone: one in memory."""
    context = ssl.create_default_context(cadata=admin['ca'])
    handle = os.memfd_create('admin')
    try:
        os.write(handle, (admin['certificate'] + '\n' + admin['key']).encode())
        context.load_cert_chain('/proc/self/fd/%d' % handle)
    finally:
        os.close(handle)
    return context


class Api(object):
    """One kept connection to the API server of an administrator's credentials."""

    def __init__(self, admin):
        tls = tls_of(admin)
        self.server = admin['server']
        url = urllib.parse.urlsplit(self.server)
        self.connection = http.client.HTTPSConnection(
            url.hostname, url.port or 443, context=tls, timeout=REQUEST_TIMEOUT_SECONDS)
        self.resources = {}

    def request(self, method, path, body=None, content_type='application/json', retry_seconds=RETRY_LIMIT_SECONDS):
        """Returns the decoded answer. What is idempotent is asked again while the server gives none, or says that it cannot
        now; then raises what it said at last: ApiError, OSError or HTTPException."""
        end, delay = time.time() + retry_seconds, POLL_SECONDS
        while True:
            try:
                return self.once(method, path, body, content_type)
            except (ApiError, OSError, http.client.HTTPException) as error:
                if not isinstance(error, ApiError):
                    self.connection.close()
                if not self.repeatable(method, error) or time.time() + delay > end:
                    raise
            time.sleep(delay)
            delay = min(2 * delay, LONGEST_DELAY_SECONDS)

    @staticmethod
    def repeatable(method, error):
        if isinstance(error, ssl.SSLCertVerificationError):
            return False
        if isinstance(error, ConnectionRefusedError):
            return True
        return method in IDEMPOTENT and (not isinstance(error, ApiError) or error.status in TRANSIENT)

    def once(self, method, path, body, content_type):
        """A kept connection that the server closed is opened again."""
        payload = None if body is None else json.dumps(body)
        headers = {'Accept': 'application/json', 'Content-Type': content_type}
        for last in (False, True):
            try:
                self.connection.request(method, path, payload, headers)
                answer = self.connection.getresponse()
                content = answer.read()
                break
            except (http.client.RemoteDisconnected, BrokenPipeError):
                self.connection.close()
                if last:
                    raise
        if answer.status >= 400:
            raise ApiError(answer.status, self.explain(content))
        return json.loads(content)

    @staticmethod
    def explain(content):
        try:
            return json.loads(content)['message']
        except (ValueError, KeyError, TypeError):
            return content.decode('utf-8', 'replace')[:300]

    def resource(self, api_version, kind):
        """The entry of the API's resource list that serves a kind."""
        prefix = '/api/' if '/' not in api_version else '/apis/'
        end = time.time() + DISCOVERY_LIMIT_SECONDS
        while (api_version, kind) not in self.resources:
            try:
                for entry in self.request('GET', prefix + api_version)['resources']:
                    if '/' not in entry['name']:
                        self.resources[api_version, entry['kind']] = entry
            except ApiError as error:
                if error.status != 404:
                    raise
            if (api_version, kind) in self.resources:
                break
            if time.time() > end:
                raise ValueError('the API server serves no %s of %s; apply its CustomResourceDefinition first' % (
                    kind, api_version))
            time.sleep(POLL_SECONDS)
        return prefix + api_version, self.resources[api_version, kind]

    def path(self, api_version, kind, namespace, name):
        base, entry = self.resource(api_version, kind)
        if entry['namespaced']:
            base += '/namespaces/' + urllib.parse.quote(namespace or 'default')
        return '%s/%s/%s' % (base, entry['name'], urllib.parse.quote(name))

    def get(self, path, retry_seconds=RETRY_LIMIT_SECONDS):
        try:
            return self.request('GET', path, retry_seconds=retry_seconds)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

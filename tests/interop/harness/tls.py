# SPDX-License-Identifier: LGPL-2.1-or-later
"""Certificates of a private authority, and stunnel as the TLS end before a plain RTMP server."""

from .process import Process, free_port, listening, output_of, wait_until

START_SECONDS = 10

_CONFIGURATION = '''
[ ca ]
default_ca = own
[ own ]
database = {base}/index.txt
serial = {base}/serial
new_certs_dir = {base}
certificate = {base}/ca.pem
private_key = {base}/ca.key
default_md = sha256
policy = any
copy_extensions = copy
[ any ]
commonName = supplied
[ req ]
distinguished_name = name
[ name ]
[ authority ]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
'''
_NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']


class Authority:
    """A certificate authority; `ca` is what a client has to trust."""

    def __init__(self, base):
        base.mkdir()
        self.base = base
        self.ca = base / 'ca.pem'
        self.configuration = base / 'openssl.cnf'
        self.configuration.write_text(_CONFIGURATION.format(base=base))
        (base / 'index.txt').touch()
        (base / 'serial').write_text('01\n')
        output_of(['openssl', 'req', '-x509', *_NEW_KEY, '-config', self.configuration,
                   '-extensions', 'authority', '-days', '2', '-subj', '/CN=interop authority',
                   '-keyout', base / 'ca.key', '-out', self.ca])

    def issue(self, name, alternative_name, expired=False):
        """A key and a certificate in one file, for `alternative_name` (as in subjectAltName)."""
        key, request, pem = (self.base / f'{name}.{suffix}' for suffix in ('key', 'csr', 'pem'))
        output_of(['openssl', 'req', *_NEW_KEY, '-config', self.configuration, '-subj',
                   f'/CN={name}', '-addext', f'subjectAltName={alternative_name}',
                   '-keyout', key, '-out', request])
        dates = ['-startdate', '20200101000000Z', '-enddate', '20200201000000Z']
        output_of(['openssl', 'ca', '-batch', '-notext', '-config', self.configuration,
                   '-in', request, '-out', pem, *(dates if expired else ['-days', '2'])])
        pem.write_text(key.read_text() + pem.read_text())
        return pem


class Stunnel:
    """stunnel: TLS on `port`, plain to `target_port`."""

    def __init__(self, base, certificate, target_port):
        base.mkdir()
        self.port = free_port()
        configuration = base / 'stunnel.conf'
        configuration.write_text(
            f'foreground = yes\npid =\nsyslog = no\n[rtmps]\naccept = 127.0.0.1:{self.port}\n'
            f'connect = 127.0.0.1:{target_port}\ncert = {certificate}\n')
        self.process = Process(['stunnel', configuration], base / 'stunnel.log')
        wait_until(lambda: not self.process.running() or listening(self.port), START_SECONDS,
                   'stunnel to listen')

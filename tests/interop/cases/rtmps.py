# SPDX-License-Identifier: LGPL-2.1-or-later
"""RTMPS: stunnel before nginx, with certificates of a private authority, good and bad."""

from harness.live import (END_SECONDS, ROUND_SECONDS, compare, publish_paced, recorded)
from harness.media import paced
from harness.outcome import Failure
from harness.suite import case
from harness.tls import Stunnel

NEEDS = ['nginx', 'stunnel', 'openssl']
GOOD_NAME = 'IP:127.0.0.1,DNS:localhost'


def _certificate(ctx, kind):
    name = 'DNS:example.invalid' if kind == 'wrong-name' else GOOD_NAME
    return ctx.suite.certificate(kind, name, expired=kind == 'expired')


def _address(ctx, application, kind='good'):
    stunnel = ctx.own(Stunnel(ctx.dir / f'stunnel-{kind}', _certificate(ctx, kind),
                              ctx.nginx.port))
    return ctx.nginx.url(application, ctx.key, scheme='rtmps', port=stunnel.port)


def _trust(ctx):
    return ['--ca', ctx.suite.authority.ca]


def _publish(ctx, url, *options, **properties):
    sink = ctx.ours.element('rtmp2sink', url, **properties)
    return ctx.run(ctx.ours, 'publisher', paced(ctx.media.path, ctx.dir / 'sent.flv', sink),
                   *options)


@case('stunnel', 'rtmp2sink → TLS → nginx', 'a certificate of a trusted authority: every tag',
      NEEDS)
def publishes(ctx):
    publisher = _publish(ctx, _address(ctx, 'rec'), *_trust(ctx))
    return compare(ctx, arrived=recorded(ctx, publisher))


@case('stunnel', 'nginx → TLS → rtmp2src', 'a certificate of a trusted authority: every tag',
      NEEDS)
def plays(ctx):
    source = ctx.ours.element('rtmp2src', _address(ctx, 'live'))
    player = ctx.run(ctx.ours, 'player', f'{source} ! filesink location={ctx.dir}/arrived.flv',
                     *_trust(ctx))
    ctx.nginx.wait_for_players('live', ctx.key, 1)
    publish_paced(ctx, ctx.ours, ctx.nginx.url('live', ctx.key)).succeed(ROUND_SECONDS)
    player.succeed(END_SECONDS)
    return compare(ctx)


def _check_refused(ctx, name, process):
    status = process.wait(END_SECONDS)
    errors = [line for line in process.text().splitlines() if line.startswith('error ')]
    if status != 1 or not errors:
        raise Failure(f'{name} reported no error')
    ctx.note(f'{name}: {errors[0]}')
    if 'certificate' not in errors[0].lower():
        raise Failure(f'the error of {name} does not speak of the certificate: {errors[0]}')


def _refuses(ctx, kind, *options):
    url = _address(ctx, 'live', kind)
    source = ctx.ours.element('rtmp2src', url)
    _check_refused(ctx, 'rtmp2sink', _publish(ctx, url, *options))
    _check_refused(ctx, 'rtmp2src', ctx.run(ctx.ours, 'player', f'{source} ! fakesink', *options))
    if ctx.nginx.stream('live', ctx.key):
        raise Failure('the server saw the stream')
    return 'both elements refuse, with an error that names the certificate'


@case('stunnel', 'both elements → TLS', 'a certificate of an unknown authority is refused', NEEDS)
def unknown_authority(ctx):
    return _refuses(ctx, 'good')


@case('stunnel', 'both elements → TLS', 'a certificate for another name is refused', NEEDS)
def wrong_name(ctx):
    return _refuses(ctx, 'wrong-name', *_trust(ctx))


@case('stunnel', 'both elements → TLS', 'an expired certificate is refused', NEEDS)
def expired(ctx):
    return _refuses(ctx, 'expired', *_trust(ctx))


@case('stunnel', 'rtmp2sink → TLS → nginx', 'tls-validation-flags=0 takes an unknown authority',
      NEEDS)
def no_validation(ctx):
    publisher = _publish(ctx, _address(ctx, 'rec'), tls_validation_flags=0)
    return compare(ctx, arrived=recorded(ctx, publisher))


@case('stunnel', 'rtmp2sink → TLS → nginx', 'the signal accept-certificate takes an unknown '
      'authority', NEEDS)
def accepted_by_the_application(ctx):
    publisher = _publish(ctx, _address(ctx, 'rec'), '--accept-certificate')
    return compare(ctx, arrived=recorded(ctx, publisher))

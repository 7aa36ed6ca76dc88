# SPDX-License-Identifier: LGPL-2.1-or-later
"""rtmp2sink publishes to nginx, which records."""

from harness import flv
from harness.live import check_decodes, compare, publish_file, publish_paced, recorded
from harness.outcome import Failure, Skip
from harness.suite import case

REFUSAL_SECONDS = 10


@case('nginx', 'rtmp2sink → recording', 'paced live H.264/AAC, every tag; ffmpeg decodes it',
      ['nginx', 'ffmpeg'])
def paced_recording(ctx):
    recording = recorded(ctx, publish_paced(ctx, ctx.ours, ctx.nginx.url('rec', ctx.key)))
    check_decodes(recording)
    return compare(ctx, arrived=recording)


@case('nginx', 'rtmp2sink → recording', '`filesrc ! rtmp2sink`: FLV cut at any byte', ['nginx'])
def sliced_recording(ctx):
    path = ctx.media.path
    publisher = publish_file(ctx, ctx.ours, ctx.nginx.url('rec', ctx.key), path, blocksize=1009)
    return compare(ctx, path, recorded(ctx, publisher))


def _register_chunk_size(size):
    @case('nginx', 'rtmp2sink → recording', f'chunk-size={size}', ['nginx'])
    def chunk_size(ctx):
        url, path = ctx.nginx.url('rec', ctx.key), ctx.media.path
        return compare(ctx, path, recorded(ctx, publish_file(ctx, ctx.ours, url, path,
                                                             chunk_size=size)))


for chunk_size_in_bytes in (128, 4096, 65536):
    _register_chunk_size(chunk_size_in_bytes)


def _from_timestamp(ctx, milliseconds):
    path = ctx.dir / 'sent.flv'
    flv.write(path, flv.shifted(ctx.media.tags, milliseconds))
    publisher = publish_file(ctx, ctx.ours, ctx.nginx.url('rec', ctx.key), path)
    return compare(ctx, path, recorded(ctx, publisher), timestamps='constant')


@case('nginx', 'rtmp2sink → recording', 'timestamps that cross 2^24 ms (4.66 hours)', ['nginx'])
def crosses_24_bits(ctx):
    return _from_timestamp(ctx, (1 << 24) - 2500)


@case('nginx', 'rtmp2sink → recording', 'timestamps that cross 2^32 ms (49.7 days)', ['nginx'])
def crosses_32_bits(ctx):
    return _from_timestamp(ctx, (1 << 32) - 2500)


@case('nginx', 'rtmp2sink → recording', 'a stream name with a query (`key?token=a/b`)', ['nginx'])
def query_in_stream_name(ctx):
    url = ctx.nginx.url('rec', ctx.key + '?token=a/b')
    path = ctx.media.path
    return compare(ctx, path, recorded(ctx, publish_file(ctx, ctx.ours, url, path)))


@case('nginx', 'rtmp2sink → recording', 'an IPv6 address', ['nginx'])
def ipv6(ctx):
    if not ctx.nginx.has_ipv6:
        raise Skip('no IPv6 loopback address')
    url, path = ctx.nginx.url('rec', ctx.key, host='[::1]'), ctx.media.path
    return compare(ctx, path, recorded(ctx, publish_file(ctx, ctx.ours, url, path)))


def refused(ctx, sink):
    """Runs a live test picture into `sink`; the error line it ends with."""
    source = ('videotestsrc is-live=true ! video/x-raw,width=160,height=120 '
              '! x264enc tune=zerolatency ! flvmux streamable=true')
    refusal = ctx.run(ctx.ours, 'refused', f'{source} ! {sink}')
    status = refusal.wait(REFUSAL_SECONDS)
    errors = [line for line in refusal.text().splitlines() if line.startswith('error ')]
    if status != 1 or not errors:
        raise Failure(f'no error message; status {status}')
    if ctx.key in refusal.text().partition('\n')[2]:
        raise Failure('the error shows the stream name, which may be a secret')
    ctx.note(errors[0])
    return errors[0]


@case('nginx', 'rtmp2sink → nginx', 'a name that is taken: an error with NetStream.Publish.BadName',
      ['nginx'])
def name_taken(ctx):
    url = ctx.nginx.url('live', ctx.key)
    first = publish_paced(ctx, ctx.ours, url)
    ctx.nginx.wait_for_publisher('live', ctx.key)
    error = refused(ctx, ctx.ours.element('rtmp2sink', url))
    if 'NetStream.Publish.BadName' not in error:
        raise Failure(f"the error does not carry the server's code: {error}")
    if not first.running():
        raise Failure('the first publisher was disturbed')


@case('nginx', 'rtmp2sink → nginx', 'publishing denied: an error, soon', ['nginx'])
def publish_denied(ctx):
    refused(ctx, ctx.ours.element('rtmp2sink', ctx.nginx.url('deny', ctx.key)))

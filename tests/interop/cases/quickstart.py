# SPDX-License-Identifier: LGPL-2.1-or-later
"""The program behind docs/quickstart."""

from harness.outcome import Failure, Skip
from harness.suite import case

SECONDS = 3
RUN_SECONDS = SECONDS + 30
PNG_SIGNATURE = b'\x89PNG\r\n\x1a\n'


@case(None, 'docs/quickstart', 'no frame is missing, and a picture and statistics are left',
      ['nginx', 'decodebin'])
def quickstart(ctx):
    program = ctx.suite.build / 'docs' / 'examples' / 'quickstart'
    if not program.exists():
        raise Skip('docs/examples/quickstart was not built')
    secret = f'secret-{ctx.key}'
    url = ctx.nginx.url('live', secret)
    process = ctx.spawn('quickstart', [
        program, '--publish', url, '--play', url, '--seconds', SECONDS, '--output', ctx.dir,
        '--plugin-dir', ctx.ours.plugin_file().parent, '--strict'], env=ctx.ours.env)
    process.succeed(RUN_SECONDS)
    if not (ctx.dir / 'frame.png').read_bytes().startswith(PNG_SIGNATURE):
        raise Failure('frame.png is not a PNG file')
    statistics = (ctx.dir / 'statistics.txt').read_text()
    for element in ('[rtmp2sink]', '[rtmp2src]'):
        if element not in statistics:
            raise Failure(f'statistics.txt has no {element}')
    if secret in process.text().partition('\n')[2] + statistics:
        raise Failure('the stream name, which may be a secret, was shown')
    return next(line for line in process.text().splitlines() if line.startswith('Delay'))

#!/usr/bin/env bash
# An AMR-NB recording with pauses is decoded too short: its comfort-noise frames are dropped.
#
# Versions: av 18.1.0 (FFmpeg 8.1.2), numpy 2.2.6, on Linux x86-64; FFmpeg 5.1.9 does the same.
# What is done: a valid AMR file (RFC 4867, storage format) is made of 50 speech frames (frame type
#   7, 12.2 kbit/s), 100 comfort-noise frames (type 8, SID, as telephones write them in pauses) and
#   50 speech frames: 200 frames of 20 ms, 4 s. The demuxer states 20 ms for each of them.
# Behaviour: each comfort-noise packet raises PatchWelcomeError and gives no frame. Who goes on
#   with the next packet, as the program ffmpeg does, gets 2 s: all that follows a pause is early.
# Output seen:
#   packets 200, together 4.00 s; errors 100 (PatchWelcomeError); decoded 2.00 s
# What helps: put silence of the packet's duration where a packet gives no frame.
# Exit status: 0 while that is so, 1 once the time is kept.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install av==18.1.0 numpy==2.2.6
"$folder/venv/bin/python" - <<'PYTHON'
import io
import sys

import av

speech = bytes([7 << 3 | 4]) + bytes(31)  # frame type 7, good quality; 244 bits
noise = bytes([8 << 3 | 4]) + bytes(5)  # frame type 8: SID; 39 bits
data = b"#!AMR\n" + 50 * speech + 100 * noise + 50 * speech
packets = errors = samples = 0
seconds = 0.0
kinds = set()
with av.open(io.BytesIO(data)) as container:
    stream = container.streams.audio[0]
    for packet in container.demux(stream):
        if packet.size:
            packets += 1
            seconds += float(packet.duration * packet.time_base)
        try:
            samples += sum(frame.samples for frame in packet.decode())
        except av.error.FFmpegError as error:
            errors += 1
            kinds.add(type(error).__name__)
print(
    f"packets {packets}, together {seconds:.2f} s; errors {errors} ({', '.join(sorted(kinds))});"
    f" decoded {samples / 8000:.2f} s"
)
sys.exit(0 if (packets, errors, samples) == (200, 100, 16_000) else 1)
PYTHON

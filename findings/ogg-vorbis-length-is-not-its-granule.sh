#!/usr/bin/env bash
# FFmpeg's length of an Ogg Vorbis file is not the one that its last page states, where one page of
# sound is all there is, and where files are chained.
#
# Versions: av 18.1.0 (FFmpeg 8.1.2), soundfile 0.13.1 (libsndfile 1.2.2), numpy 2.2.6, on Linux
#   x86-64.
# What is done: a tone of 0.5 s and one of 5 s are written as Ogg Vorbis at 44.1 kHz by libsndfile,
#   and two of the long ones are joined (a chained Ogg file, valid by RFC 3533). The granule position
#   of the last page says how many samples there are, and libsndfile reads so many.
# Behaviour: FFmpeg gives exactly 220500 for the long one. Of the short one, whose sound is in a
#   single page, it leaves the last 128 samples out: it takes the first for number 128 and cuts by
#   the granule position. Of a chained file it does not cut the end of the first link off, so that
#   all that follows is late.
# Output seen:
#   short: 22050 samples, libsndfile 22050, FFmpeg 21922
#   long: 220500 samples, libsndfile 220500, FFmpeg 220500
#   chained: 441000 samples, FFmpeg 441576
# What helps: decode each link by itself, and cut by the granule position of its last page.
# Exit status: 0 while the short and the chained file are of another length, 1 otherwise.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install \
    av==18.1.0 numpy==2.2.6 soundfile==0.13.1
"$folder/venv/bin/python" - <<'PYTHON'
import io
import sys

import av
import numpy as np
import soundfile

RATE = 44_100


def ogg(seconds: float) -> bytes:
    tone = 0.4 * np.sin(np.arange(round(seconds * RATE)) ** 1.3 / 300)
    target = io.BytesIO()
    soundfile.write(target, tone, RATE, format="OGG", subtype="VORBIS")
    return target.getvalue()


def decoded(data: bytes) -> int:
    with av.open(io.BytesIO(data)) as container:
        return sum(frame.samples for frame in container.decode(audio=0))


short, long = ogg(0.5), ogg(5.0)
by_libsndfile = [len(soundfile.read(io.BytesIO(data))[0]) for data in (short, long)]
by_ffmpeg = [decoded(short), decoded(long), decoded(2 * long)]
print(f"short: 22050 samples, libsndfile {by_libsndfile[0]}, FFmpeg {by_ffmpeg[0]}")
print(f"long: 220500 samples, libsndfile {by_libsndfile[1]}, FFmpeg {by_ffmpeg[1]}")
print(f"chained: 441000 samples, FFmpeg {by_ffmpeg[2]}")
same = by_libsndfile == [22_050, 220_500] and by_ffmpeg[1] == 220_500
sys.exit(0 if same and by_ffmpeg[0] != 22_050 and by_ffmpeg[2] != 441_000 else 1)
PYTHON

"""The shortest program: print what is heard.

python examples/three_lines.py [SOURCE]

The sounds are those that ``wakesound enroll`` made; SOURCE is ``mic`` or a recording.
"""

import sys

from runtime import listen

for event in listen(source=sys.argv[1] if len(sys.argv) > 1 else "mic"):
    print(event.sound, round(event.score, 2))

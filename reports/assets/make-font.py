"""Makes chart-sans.ttf and chart-sans.woff2 from Noto Sans Regular (fonttools and brotli are needed):

    python3 make-font.py NotoSans-Regular.ttf

Kept are Latin, Greek and Cyrillic letters, digits, punctuation and a few signs, without hints, kerning or ligatures: a
text is as wide as the sum of its characters, in whatever program it is drawn. The height of a line is set to 1.24 em,
which is what the drawing library assumes of any font. The family gets a name of its own, as it is no longer Noto Sans.
"""

import sys

from fontTools import subset
from fontTools.ttLib import TTFont

KEPT = [
    (0x20, 0x7E), (0xA0, 0x17F), (0x386, 0x3CE), (0x401, 0x45F), (0x2010, 0x2015), (0x2018, 0x201E), (0x2020, 0x2022),
    (0x2026, 0x2026), (0x2030, 0x2030), (0x2039, 0x203A), (0x2070, 0x2079), (0x20AC, 0x20AC), (0x2190, 0x2193),
    (0x2212, 0x2212), (0x221E, 0x221E), (0x2248, 0x2248), (0x2260, 0x2260), (0x2264, 0x2265), (0xFFFD, 0xFFFD),
]
FAMILY = "DispatchLab Chart Sans"

options = subset.Options()
options.hinting = False
options.layout_features = []
options.notdef_outline = True
options.name_IDs = [0, 1, 2, 3, 4, 6, 13, 14]
options.recalc_timestamp = False
font = TTFont(sys.argv[1], recalcTimestamp=False)
subsetter = subset.Subsetter(options)
subsetter.populate(unicodes=[code for first, last in KEPT for code in range(first, last + 1)])
subsetter.subset(font)
for table in ("kern", "GPOS", "GSUB", "GDEF"):
    if table in font:
        del font[table]

font["hhea"].ascent, font["hhea"].descent, font["hhea"].lineGap = 960, -280, 0
metrics = font["OS/2"]
metrics.sTypoAscender, metrics.sTypoDescender, metrics.sTypoLineGap = 960, -280, 0
for name in font["name"].names:
    if name.nameID in (1, 4):
        name.string = FAMILY
    elif name.nameID in (3, 6):
        name.string = FAMILY.replace(" ", "")
font.save("chart-sans.ttf")
font.flavor = "woff2"
font.save("chart-sans.woff2")

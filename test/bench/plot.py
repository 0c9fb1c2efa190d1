"""A plot of runs as SVG: each case's cost beside the best peer's."""

from xml.sax.saxutils import escape

import compare
import goals

CASES = ("haproxy", "nginx", "stunnel", "sluice")
COLOURS = {"haproxy": "#8da0cb", "nginx": "#a6d854", "stunnel": "#cccccc",
           "sluice": "#d1495b"}
# Title, cost of a case, goals as ratios to the best peer (reach, stretch).
GROUPS = (
    ("QoS 0, 64 B|CPU a message", "W1", 0.7, 0.5),
    ("QoS 1, 256 B|CPU a message", "W2", 0.8, 0.6),
    ("1,000/s|p50", "p50", 1.0, None),
    ("1,000/s|p99", "p99", 1.0, None),
    ("connection|CPU", "W4", 1.3, 1.0),
    ("2,000 idle|memory", "W5", None, None),
    ("{many} idle|memory", "W6", None, None),
)
WIDTH, HEIGHT = 900, 360
LEFT, TOP, BASE = 50, 50, 300
TALLEST = 2.0  # ratios above are cut off, and say so


def _figure(runs, case_name, key):
    if key in compare.WORKLOADS:
        return goals.cost_of(runs, case_name, key)
    return goals.latency_of(runs, case_name, key)


def _y(ratio):
    return BASE - (BASE - TOP) * min(ratio, TALLEST) / TALLEST


def _text(x, y, text, anchor="middle", size=11):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" '
            f'font-size="{size}">{escape(text)}</text>')


def _line(x1, x2, y, style):
    return (f'<line x1="{x1:.1f}" x2="{x2:.1f}" y1="{y:.1f}" y2="{y:.1f}" '
            f'{style}/>')


def _group(runs, group, left, width):
    title, key, reach, stretch = group
    title = title.format(many=goals.idle_many(runs))
    figures = {case: _figure(runs, case, key) for case in CASES}
    peers = [figures[peer] for peer in goals.PEERS if figures[peer]]
    if not peers:
        return
    bar = width / (len(CASES) + 1)
    for i, case in enumerate(CASES):
        if figures[case] is None:
            continue
        ratio = figures[case] / min(peers)
        x, top = left + (i + 0.5) * bar, _y(ratio)
        yield (f'<rect x="{x:.1f}" y="{top:.1f}" width="{bar * 0.9:.1f}" '
               f'height="{BASE - top:.1f}" fill="{COLOURS[case]}"/>')
        yield _text(x + bar * 0.45, top - 3, f"{ratio:.2f}", size=9)
    for goal, style in ((reach, 'stroke="#222"'),
                        (stretch, 'stroke="#222" stroke-dasharray="4 3"')):
        if goal:
            yield _line(left + 2, left + width - 2, _y(goal), style)
    for i, part in enumerate(title.split("|")):
        yield _text(left + width / 2, BASE + 16 + 14 * i, part)


def svg(runs, caption):
    width = (WIDTH - LEFT - 10) / len(GROUPS)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
             f'height="{HEIGHT}" font-family="sans-serif">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
             _text(LEFT, 20, "Ratio to the best peer; less is better. Line: "
                   "goal; dashes: stretch", "start", 13)]
    for ratio in (0, 0.5, 1, 1.5, 2):
        parts.append(_line(LEFT, WIDTH - 10, _y(ratio), 'stroke="#eee"'))
        parts.append(_text(LEFT - 6, _y(ratio) + 4, f"{ratio:g}", "end"))
    for i, group in enumerate(GROUPS):
        parts.extend(_group(runs, group, LEFT + i * width, width))
    for i, case in enumerate(CASES):
        x = WIDTH - 330 + i * 82
        parts.append(f'<rect x="{x}" y="28" width="10" height="10" '
                     f'fill="{COLOURS[case]}"/>')
        parts.append(_text(x + 14, 37, case, "start"))
    parts.append(_text(LEFT, HEIGHT - 10, caption, "start"))
    return "\n".join([*parts, "</svg>", ""])

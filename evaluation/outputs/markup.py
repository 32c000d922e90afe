"""Pieces of HTML: escaped text in two languages, tables, figures and tiles."""

from collections.abc import Sequence
from html import escape

from evaluation.intervals import Estimate
from evaluation.suggestions.wording import number, percent

Row = Sequence[str]
# Cards of a gallery that are seen at once.
SHOWN_CARDS = 24


def text(value: object) -> str:
    """Return escaped text; control and lone surrogate characters become visible marks."""
    clean = "".join(
        c if c.isprintable() or c in " \n" else "\N{REPLACEMENT CHARACTER}" for c in str(value)
    )
    return escape(clean, quote=True)


def both(en: str, zh: str, tag: str = "span") -> str:
    """Return text in both languages, of which the page shows one."""
    return f'<{tag} lang="en">{text(en)}</{tag}><{tag} lang="zh">{text(zh)}</{tag}>'


def section(anchor: str, en: str, zh: str, body: str) -> str:
    """Return a section of the page, or nothing for an empty body."""
    if not body:
        return ""
    return f'<section id="{anchor}"><h2>{both(en, zh)}</h2>{body}</section>'


def note(en: str, zh: str) -> str:
    """Return a paragraph of explanation."""
    return f'<p class="note">{both(en, zh)}</p>'


def table(header: Sequence[str], rows: Sequence[Row], caption: str = "") -> str:
    """Return a sortable table of ready HTML cells."""
    if not rows:
        return ""
    head = "".join(f'<th><button type="button">{cell}</button></th>' for cell in header)
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    title = f"<caption>{caption}</caption>" if caption else ""
    return (
        f'<div class="scroll"><table class="sortable">{title}<thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def cell(content: str, key: float | str | None = None) -> str:
    """Return a table cell; `key` is what the column is sorted by."""
    if key is None:
        return f"<td>{content}</td>"
    kind = ' class="n"' if isinstance(key, int | float) else ""
    return f'<td{kind} data-key="{text(key)}">{content}</td>'


def numeric(value: float | None, shown: str | None = None) -> str:
    """Return a right-aligned cell of a number."""
    if value is None:
        return '<td class="n" data-key="">–</td>'
    content = text(number(value) if shown is None else shown)
    return f'<td class="n" data-key="{value:.6g}">{content}</td>'


def interval(estimate: Estimate, share: bool = True) -> str:
    """Return a cell of a figure with its interval, and a small bar where it lies in [0, 1]."""
    if estimate.value is None:
        return f'<td class="n" data-key="" data-tip="{text(estimate.reason)}">–</td>'
    shown = with_interval(estimate, share)
    bar = ""
    # A difference may be negative: a bar from 0 to 1 would say nothing of it.
    if share and estimate.low is not None and estimate.high is not None and estimate.low >= 0:
        low, high = 100 * max(estimate.low, 0), 100 * min(estimate.high, 1)
        middle = 100 * min(max(estimate.value, 0), 1)
        bar = (
            '<svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
            '<rect class="ground" width="100" height="6"/>'
            f'<rect class="value" width="{middle:.1f}" height="6"/><rect class="ci" '
            f'x="{low:.1f}" y="2" width="{max(high - low, 0.4):.1f}" height="2"/></svg>'
        )
    return f'<td class="n" data-key="{estimate.value:.6g}">{shown}{bar}</td>'


def with_interval(estimate: Estimate, share: bool = True) -> str:
    """Return "value (low – high)"; shares in percent."""
    show = percent if share else number
    if estimate.low is None or estimate.high is None:
        return text(show(estimate.value))
    low, high = show(estimate.low).removesuffix(" %"), show(estimate.high)
    return f"{text(show(estimate.value))} <small>({text(low)} – {text(high)})</small>"


def tile(label: str, value: str, detail: str = "") -> str:
    """Return a box with one figure."""
    return (
        f'<div class="tile"><div class="label">{label}</div><div class="figure">{value}</div>'
        f'<div class="detail">{detail}</div></div>'
    )


def figure(picture: str, caption: str) -> str:
    """Return a picture with a caption."""
    return f"<figure>{picture}<figcaption>{caption}</figcaption></figure>" if picture else ""


def gallery(cards: Sequence[str]) -> str:
    """Return cards side by side; many are folded away but for the first."""
    if not cards:
        return ""
    first = f'<div class="gallery">{"".join(cards[:SHOWN_CARDS])}</div>'
    more = cards[SHOWN_CARDS:]
    if not more:
        return first
    label = both(f"{len(more)} more", f"另外 {len(more)} 个")
    rest = f'<div class="gallery">{"".join(more)}</div>'
    return f"{first}<details><summary>{label}</summary>{rest}</details>"


def facts(rows: Sequence[tuple[str, str]]) -> str:
    """Return a list of names and values."""
    items = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in rows)
    return f'<dl class="facts">{items}</dl>'

"""Small copies of images inside the page, each stored once, within a fixed budget."""

import base64
import io
import json
from collections.abc import Sequence

from evaluation.findings import Findings
from evaluation.images import open_image
from evaluation.outputs.markup import text

MOST = 200
SIDE = 96


class Thumbnails:
    """Collects the images that the page shows; at most 200, of at most 96 pixels a side."""

    def __init__(self, found: Findings) -> None:
        self.found = found
        self.stored: dict[int, str] = {}

    def picture(self, index: int, overlay: str = "") -> str:
        """Return the picture of a sample, or "" where there is none or the budget is spent."""
        if not self._store(index):
            return ""
        name = text(self.found.predictions.name(index))
        return f'<span class="frame"><img data-thumb="{index}" alt="{name}">{overlay}</span>'

    def _store(self, index: int) -> bool:
        if index in self.stored:
            return True
        table = self.found.images
        if table is None or not table.readable[index] or len(self.stored) >= MOST:
            return False
        path = table.paths[index]
        if path is None:
            return False
        try:
            image, _ = open_image(path)
        except OSError:
            # It was readable a moment ago; a file that vanishes meanwhile only costs its picture.
            return False
        image.thumbnail((SIDE, SIDE))
        stream = io.BytesIO()
        small = max(image.size) <= 32
        image.save(stream, "PNG" if small else "JPEG", **({} if small else {"quality": 82}))
        kind = "png" if small else "jpeg"
        data = base64.b64encode(stream.getvalue()).decode("ascii")
        self.stored[index] = f"data:image/{kind};base64,{data}"
        return True

    def card(self, index: int, lines: Sequence[str], overlay: str = "") -> str:
        """Return a picture with lines of ready HTML under it."""
        name = text(self.found.predictions.name(index))
        body = "".join(f"<div>{line}</div>" for line in lines)
        return (
            f'<div class="card" data-tip="{name}">{self.picture(index, overlay)}'
            f'<div class="name">{name}</div>{body}</div>'
        )

    def script(self) -> str:
        """Return the data that fills the pictures in."""
        content = json.dumps({str(i): uri for i, uri in self.stored.items()})
        return f'<script type="application/json" id="thumbs">{content}</script>'

"""Files: upload (multipart, as the SDK sends it), retrieve, list. What was uploaded is kept and never shown again.

Evidence is a PDF, JPEG or PNG of at most 5 MB. Source: docs.stripe.com/file-upload.
"""

from __future__ import annotations

import base64
from typing import Final

from azora_admin.sandbox.stripe.book import Book
from azora_admin.sandbox.stripe.errors import refused_parameter
from azora_admin.sandbox.stripe.json_types import Json
from azora_admin.sandbox.stripe.listing import list_objects
from azora_admin.sandbox.stripe.params import CREATED, PAGE, Text, Upload, accepts
from azora_admin.sandbox.stripe.registry import Call, Kind, Routes

_PURPOSES: Final = ("dispute_evidence",)
_MARKS: Final = {b"%PDF-": "pdf", b"\xff\xd8\xff": "jpg", b"\x89PNG\r\n": "png"}
LARGEST: Final = 5_000_000


def present(_book: Book, shown: Json) -> Json:
    """A file has no livemode."""
    del shown["livemode"]
    return shown


KINDS = (Kind("file", "file", filters=("purpose",), present=present),)
ROUTES = Routes()
_CREATE = accepts(file=Upload(), purpose=Text(choices=_PURPOSES), required=("file", "purpose"))
_LIST = accepts(PAGE, CREATED, purpose=Text())


@ROUTES.post("/v1/files", _CREATE)
def create(call: Call, book: Book) -> Json:
    name, content = call.params["file"]
    kind = next((kind for mark, kind in _MARKS.items() if content.startswith(mark)), None)
    if kind is None:
        raise refused_parameter("Evidence is a PDF, JPEG or PNG file.", "file")
    if len(content) > LARGEST:
        raise refused_parameter(f"The file is {len(content)} bytes: at most {LARGEST} are allowed.", "file")
    made = book.create(
        "file",
        {
            "expires_at": None,
            "filename": name,
            "links": {"object": "list", "data": [], "has_more": False, "url": "/v1/file_links"},
            "purpose": call.params["purpose"],
            "size": len(content),
            "title": None,
            "type": kind,
            "url": None,
            "_content": base64.b64encode(content).decode(),
        },
    )
    return book.present(made)


@ROUTES.get("/v1/files/{file}", accepts())
def retrieve(call: Call, book: Book) -> Json:
    return book.present(book.get("file", call.path["file"], "file"))


@ROUTES.get("/v1/files", _LIST)
def list_all(call: Call, book: Book) -> Json:
    return list_objects(book, "file", call.params, url="/v1/files")

"""The method `table.read`: rows of a file of values between delimiters, by their numbers; the file is never in memory as a whole."""

from __future__ import annotations

from typing import Literal, cast

from webipy.core import errors
from webipy.core.api.table_calls import ReadTable, TablePart
from webipy.server.methods.failures import OF_FILE
from webipy.server.methods.method import Connection, Methods, Services
from webipy.server.ports.files import TableQuery

METHODS = Methods()
method = METHODS.method


@method(
    "table.read",
    "read",
    "paths",
    paths={"path": "read"},
    raises=(*OF_FILE, errors.TooLarge),
    example={"path": "numbers.csv"},
)
async def table_read(services: Services, connection: Connection, params: ReadTable) -> TablePart:
    """Rows of a CSV or TSV file; quoted values may have lines in them, and delimiter and encoding are found out."""
    query = TableQuery(
        path=params.path,
        offset=params.offset,
        limit=params.limit,
        delimiter=params.delimiter,
        sort=params.sort,
        is_descending=params.descending,
        filter=params.filter.strip(),
    )
    found = await services.world.files.rows(query)
    return TablePart(
        columns=found.columns,
        rows=found.rows,
        offset=params.offset,
        total=found.total,
        is_whole=found.is_whole,
        can_order=found.can_order,
        delimiter=found.delimiter,
        encoding=cast(Literal["utf-8", "windows-1252"], found.encoding),
        size=found.record.size,
        etag=found.record.etag,
    )

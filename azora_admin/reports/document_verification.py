"""Documents proved for ``azora verify``: each fact has its own, it says what the fact is, and no number is missing."""

from __future__ import annotations

from typing import Final

_SETTLED_AND_ENDED: Final = "settled_at IS NOT NULL AND ended_at IS NOT NULL"

PROOFS: Final = (
    (
        "receipt_differs",
        "Payment {id} and its receipt don't say the same, or one of them is missing.",
        """SELECT COALESCE(p.id, d.payment_id) AS id
             FROM (SELECT id, amount_minor, currency FROM payment WHERE settled_at IS NOT NULL) p
             FULL JOIN (SELECT payment_id, total_minor, currency FROM document WHERE kind = 'receipt') d
                    ON d.payment_id = p.id
            WHERE (p.amount_minor, p.currency) IS DISTINCT FROM (d.total_minor, d.currency)""",
    ),
    (
        "credit_note_differs",
        "Refund {id} and its credit note don't say the same, or one of them is missing.",
        """SELECT COALESCE(r.id, d.refund_id) AS id
             FROM (SELECT id, amount_minor, currency FROM refund WHERE settled_at IS NOT NULL) r
             FULL JOIN (SELECT n.refund_id, n.total_minor, n.currency FROM document n
                          JOIN document p ON p.id = n.refers_to AND p.kind = 'receipt' AND p.payment_id = n.payment_id
                         WHERE n.kind = 'credit_note') d ON d.refund_id = r.id
            WHERE (r.amount_minor, r.currency) IS DISTINCT FROM (d.total_minor, d.currency)""",
    ),
    (
        "cancellation_differs",
        "Refund {id} came back, and its credit note is not cancelled, or the other way round.",
        f"""SELECT COALESCE(r.id, d.refund_id) AS id
             FROM (SELECT id, amount_minor, currency FROM refund WHERE {_SETTLED_AND_ENDED}) r
             FULL JOIN (SELECT c.refund_id, c.total_minor, c.currency FROM document c
                          JOIN document n ON n.id = c.refers_to AND n.kind = 'credit_note' AND n.refund_id = c.refund_id
                         WHERE c.kind = 'cancellation') d ON d.refund_id = r.id
            WHERE (r.amount_minor, r.currency) IS DISTINCT FROM (d.total_minor, d.currency)""",  # noqa: S608  ours
    ),
    (
        "document_without_number",
        "Document {id} has no number.",
        "SELECT id FROM document WHERE number IS NULL",
    ),
    (
        "series_with_gap",
        "The documents of series {id} are not numbered from 1 to the last one without a gap.",
        """SELECT COALESCE(d.series, s.series) AS id
             FROM (SELECT seller_code, series, count(*) AS counted, min(number) AS first, max(number) AS last
                     FROM document WHERE number IS NOT NULL GROUP BY seller_code, series) d
             FULL JOIN document_series s ON s.seller_code = d.seller_code AND s.series = d.series
            WHERE (d.first, d.last, d.counted) IS DISTINCT FROM (1, s.last_number, s.last_number)""",
    ),
    (
        "lines_of_another_sum",
        "The lines of document {id} don't add up to its total.",
        """SELECT d.id FROM document d
            WHERE d.total_minor IS DISTINCT FROM (
              SELECT sum((line ->> 'amount')\\:\\:bigint) FROM json_array_elements(d.content -> 'lines') line)""",
    ),
)

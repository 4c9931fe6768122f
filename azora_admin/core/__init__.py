"""What everything stands on: money, ids, time, errors, paging, settings and the database."""

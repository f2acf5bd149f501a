"""The form TIC-FM007 and the restore requests: their rows, where they are kept, proven and read.

``store`` writes and reads them, ``spool`` keeps what the database cannot take now, ``migrate`` builds the
tables, ``history`` proves that nobody altered the form, ``copies`` says what must be in the repositories,
``export`` shows rows.
"""

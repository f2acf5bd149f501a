"""The form TIC-FM007: its rows, where they are kept, how they are proven and how they are read.

``store`` writes and reads it, ``spool`` keeps what the database cannot take now, ``migrate`` builds its
tables, ``history`` proves that nobody altered it, ``export`` shows it.
"""
